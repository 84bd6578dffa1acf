// SPDX-License-Identifier: GPL-2.0
/*
 * "A new process that gets the number of one that ended is another process: it
 * is never counted on the old line. If it registers, its line takes the old
 * one's place."
 */
#include "process.h"
#include "urt.h"

#define OLD	50	/* ms that the old one spins, and the new one */
#define NEW	200

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
	*used = reap(pid);
	start_numbered(pid, spin_new, NULL);
	stopped(pid);
	return pid;
}

/* The new one registers: does its line stay, and the old one's not? */
static void register_new(int fd, pid_t keeper, pid_t pid, const char *name)
{
	status_register(fd, pid);
	list_read(fd, &list);
	list_is(&list, name, keeper, pid, 0);
	is_near(list_time(&list, pid), stat_user_time(pid), TICK,
		"with its own time");

	set_period(50);
	for (int i = 0; i < 4; i++)
		wait_update(fd);
	list_read(fd, &list);
	list_is(&list, "the line stays", keeper, pid, 0);
	is_near(list_time(&list, pid), stat_user_time(pid), TICK,
		"with its own time");
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
	set_period(500);
	wait_update(fd);
	is_near(time_now(fd, pid), used, TICK,
		"the new process is not counted on the old line");
	is(status_write(fd, "-%d", pid), -ESRCH, "-PID is not the final line");
	changed(fd, -1);
	list_read(fd, &list);
	list_is(&list, "the old line goes", keeper, 0);
	is(status_write(fd, "-%d", pid), -ESRCH, "the new has none");
	end(pid);

	pid = start_new(fd, &used);
	register_new(fd, keeper, pid, "it registers before an update: one line");

	pid = start_new(fd, &used);
	set_period(500);
	wait_update(fd);
	stop_updates();
	is_near(time_now(fd, pid), used, TICK, "the final line of another one");
	register_new(fd, keeper, pid, "it registers after an update: one line");
	return done();
}
