// SPDX-License-Identifier: GPL-2.0
/*
 * "ENOSPC: max_processes reached, and the caller lacks CAP_SYS_RESOURCE";
 * max_processes is "the most lines kept".
 */
#include "process.h"
#include "urt.h"

#define USER	1000
#define NONE	-1

static struct list before, list;

int main(void)
{
	pid_t a, b, c, d;
	int fd, log_fd;

	plan(12);
	stop_updates();
	log_fd = log_open();
	fd = status_open();
	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	d = start_sleeper();

	set_parameter("max_processes", 2);
	ok(status_write_as(USER, NONE, fd, "%d %d", a, b) > 0,
	   "two where there is room for two");
	list_read(fd, &before);
	is(status_write_as(USER, NONE, fd, "%d", c), -ENOSPC, "one more");
	is(status_write_as(0, NONE, fd, "%d", c), -ENOSPC,
	   "nor for user 0 without capabilities");
	is(status_write_as(0, CAP_SYS_ADMIN, fd, "%d", c), -ENOSPC,
	   "nor with another capability");
	ok(status_write_as(USER, NONE, fd, "%d", a) > 0,
	   "one that is there already succeeds");
	list_read(fd, &list);
	ok(list_same(&before, &list), "all this changes nothing");
	is(log_lines(log_fd), 0, "nor does it log anything");

	ok(status_write_as(USER, CAP_SYS_RESOURCE, fd, "%d", c) > 0,
	   "CAP_SYS_RESOURCE makes room");
	list_read(fd, &list);
	list_is(&list, "there are three then", a, b, c, 0);

	/* One leaves by -PID, one by ending: one line is kept then. */
	status_write(fd, "-%d", b);
	end(c);
	is(status_write_as(USER, NONE, fd, "%d", d), -ENOSPC,
	   "the line of one that has ended takes its room");
	set_period(50);
	while (time_now(fd, c) >= 0)
		changed(fd, -1);
	ok(status_write_as(USER, NONE, fd, "%d", d) > 0,
	   "there is room again where one has left");
	list_read(fd, &list);
	list_is(&list, "which it takes", a, d, 0);
	return done();
}
