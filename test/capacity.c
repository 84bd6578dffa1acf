// SPDX-License-Identifier: GPL-2.0
/*
 * "max_processes: maximum number of lines kept". ENOSPC, if "the list has
 * max_processes lines [...] and CAP_SYS_RESOURCE is missing". "Exceeding either
 * limit requires CAP_SYS_RESOURCE in both the writer and the opener."
 *
 * The lines are those of several users, of whom none has reached the limit for
 * one user, which is half of max_processes.
 */
#include "process.h"
#include "urt.h"

#define ALICE	1000
#define BOB	1001
#define CAROL	1002
#define NONE	-1

static struct list before, list;

int main(void)
{
	int fd, alices, bobs, carols, log_fd;
	pid_t a, b, c, d, e, f;

	plan(15);
	stop_updates();
	log_fd = log_open();
	fd = status_open();
	alices = status_open_as(ALICE);
	bobs = status_open_as(BOB);
	carols = status_open_as(CAROL);
	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	d = start_sleeper();
	e = start_sleeper();
	f = start_sleeper();

	set_parameter("max_processes", 4);
	ok(status_write_as(ALICE, NONE, alices, "%d %d", a, b) > 0 &&
	   status_write_as(BOB, NONE, bobs, "%d %d", c, d) > 0,
	   "two users have two lines each where there is room for four");
	list_read(fd, &before);
	list_is(&before, "which are listed", a, b, c, d, 0);
	is(status_write_as(CAROL, NONE, carols, "%d", e), -ENOSPC,
	   "there is no room for a third user");
	is(status_write_as(0, NONE, fd, "%d", e), -ENOSPC,
	   "nor for user 0 without capabilities");
	is(status_write_as(0, CAP_SYS_ADMIN, fd, "%d", e), -ENOSPC,
	   "nor with another capability");
	is(status_write_as(CAROL, CAP_SYS_RESOURCE, carols, "%d", e), -ENOSPC,
	   "nor if only the writer has CAP_SYS_RESOURCE");
	is(status_write_as(CAROL, NONE, fd, "%d", e), -ENOSPC,
	   "nor if only the opener has it");
	ok(status_write_as(CAROL, NONE, carols, "%d", a) > 0,
	   "registering a registered process succeeds");
	list_read(fd, &list);
	ok(list_same(&before, &list), "all this changes nothing");
	is(log_lines(log_fd), 0, "nor does it log anything");

	ok(status_write_as(CAROL, CAP_SYS_RESOURCE, fd, "%d", e) > 0,
	   "with CAP_SYS_RESOURCE in both, there are more lines");
	list_read(fd, &list);
	list_is(&list, "which are five", a, b, c, d, e, 0);

	/* One is unregistered and one ends: four lines stay. */
	status_write(fd, "-%d", b);
	end(c);
	is(status_write_as(CAROL, NONE, carols, "%d", f), -ENOSPC,
	   "the line of a process that has ended takes room");
	set_period(50);
	while (time_now(fd, c) >= 0)
		changed(fd, -1);
	ok(status_write_as(CAROL, NONE, carols, "%d", f) > 0,
	   "there is room when that line has gone");
	list_read(fd, &list);
	list_is(&list, "for one more line", a, d, e, f, 0);
	return done();
}
