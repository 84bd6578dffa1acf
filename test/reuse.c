// SPDX-License-Identifier: GPL-2.0
/*
 * "A new process that gets the number of a process that has ended is a
 * different process. Its time is never counted on the old line. If it
 * registers, its line takes the place of the old one."
 */
#include "process.h"
#include "urt.h"

#define OLD	50	/* ms that the old process spins */
#define NEW	200	/* ms that the new process spins */
#define PERIOD	1000

static struct list list;

static void spin_old(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	spin(OLD);
}

static void spin_new(void *unused)
{
	(void)unused;
	spin(NEW);
	raise(SIGSTOP);
}

/*
 * Starts a process with the number of a registered process that has ended,
 * having used @used. There has been no update since.
 */
static pid_t start_new(int fd, long long *used)
{
	pid_t pid = start(spin_old, NULL);

	stop_updates();
	stopped(pid);
	status_register(fd, pid);
	go_on(pid);
	*used = final_time(pid);
	start_numbered(pid, spin_new, NULL);
	rests(pid);
	stopped(pid);
	return pid;
}

/* Registers the new process. Checks that its line stays, not the old one. */
static void register_new(int fd, pid_t keeper, pid_t pid, const char *name)
{
	status_register(fd, pid);
	list_read(fd, &list);
	list_is(&list, name, keeper, pid, 0);
	is_stat_user_time(list_time(&list, pid), pid, "it has its own time");

	first_update(fd, 50);
	for (int i = 0; i < 3; i++)
		next_update(fd);
	list_read(fd, &list);
	list_is(&list, "the line stays", keeper, pid, 0);
	is_stat_user_time(list_time(&list, pid), pid, "it has its own time");
	end(pid);
	while (time_now(fd, pid) >= 0)
		changed(fd, -1);
}

int main(void)
{
	pid_t keeper, pid;
	long long used;
	int fd;

	plan(5 + 4 + 5);
	stop_updates();
	fd = status_open();
	keeper = start_sleeper();
	status_register(fd, keeper);

	pid = start_new(fd, &used);
	is(status_write(fd, "-%d", pid), -ESRCH,
	   "-PID does not name the old process");
	first_update(fd, PERIOD);
	is(time_now(fd, pid), used,
	   "the new process is not counted on the old line");
	is(status_write(fd, "-%d", pid), -ESRCH,
	   "-PID does not name the final line");
	next_update(fd);
	list_read(fd, &list);
	list_is(&list, "the old line is removed", keeper, 0);
	is(status_write(fd, "-%d", pid), -ESRCH, "the new process has no line");
	end(pid);

	pid = start_new(fd, &used);
	register_new(fd, keeper, pid, "it registers before an update: one line");

	pid = start_new(fd, &used);
	first_update(fd, PERIOD);
	stop_updates();
	is(time_now(fd, pid), used, "the old process has its final line");
	register_new(fd, keeper, pid, "it registers after an update: one line");
	return done();
}
