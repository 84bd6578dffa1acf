// SPDX-License-Identifier: GPL-2.0
/*
 * "A new process that gets the number of a process that has ended is a
 * different process. Its time is never counted on the old line. If it
 * registers, its line takes the place of the old one."
 */
#include "process.h"
#include "urt.h"

#define OLD	50	/* ms that the old one spins, and the new one */
#define NEW	200
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
 * A process with the number of one that was registered. No update has come
 * since that ended, having used so much.
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

/* The new one registers: does its line stay, and the old one's not? */
static void register_new(int fd, pid_t keeper, pid_t pid, const char *name)
{
	status_register(fd, pid);
	list_read(fd, &list);
	list_is(&list, name, keeper, pid, 0);
	is_stat_user_time(list_time(&list, pid), pid, "with its own time");

	first_update(fd, 50);
	for (int i = 0; i < 3; i++)
		next_update(fd);
	list_read(fd, &list);
	list_is(&list, "the line stays", keeper, pid, 0);
	is_stat_user_time(list_time(&list, pid), pid, "with its own time");
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
	is(status_write(fd, "-%d", pid), -ESRCH, "-PID is not the old process");
	first_update(fd, PERIOD);
	is(time_now(fd, pid), used,
	   "the new process is not counted on the old line");
	is(status_write(fd, "-%d", pid), -ESRCH, "-PID is not the final line");
	next_update(fd);
	list_read(fd, &list);
	list_is(&list, "the old line goes", keeper, 0);
	is(status_write(fd, "-%d", pid), -ESRCH, "the new has none");
	end(pid);

	pid = start_new(fd, &used);
	register_new(fd, keeper, pid, "it registers before an update: one line");

	pid = start_new(fd, &used);
	first_update(fd, PERIOD);
	stop_updates();
	is(time_now(fd, pid), used, "the final line of another one");
	register_new(fd, keeper, pid, "it registers after an update: one line");
	return done();
}
