// SPDX-License-Identifier: GPL-2.0
/*
 * "max_processes: maximum number of lines kept". ENOSPC, if "the list has
 * max_processes lines [...] and CAP_SYS_RESOURCE is missing". "Exceeding either
 * limit requires CAP_SYS_RESOURCE in both the writer and the opener."
 *
 * The lines belong to several users, none of whom exceeds the limit for one
 * user, which is half of max_processes.
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
	   "two users fill a list of four lines");
	list_read(fd, &before);
	list_is(&before, "the four processes are listed", a, b, c, d, 0);
	is(status_write_as(CAROL, NONE, carols, "%d", e), -ENOSPC,
	   "a third user gets no line");
	is(status_write_as(0, NONE, fd, "%d", e), -ENOSPC,
	   "user 0 without capabilities gets none");
	is(status_write_as(0, CAP_SYS_ADMIN, fd, "%d", e), -ENOSPC,
	   "user 0 with another capability gets none");
	is(status_write_as(CAROL, CAP_SYS_RESOURCE, carols, "%d", e), -ENOSPC,
	   "CAP_SYS_RESOURCE in the writer alone is not enough");
	is(status_write_as(CAROL, NONE, fd, "%d", e), -ENOSPC,
	   "CAP_SYS_RESOURCE in the opener alone is not enough");
	ok(status_write_as(CAROL, NONE, carols, "%d", a) > 0,
	   "registering a registered process succeeds");
	list_read(fd, &list);
	ok(list_same(&before, &list), "none of this changes the list");
	is(log_lines(log_fd), 0, "none of this is logged");

	ok(status_write_as(CAROL, CAP_SYS_RESOURCE, fd, "%d", e) > 0,
	   "CAP_SYS_RESOURCE in both is enough");
	list_read(fd, &list);
	list_is(&list, "five processes are listed", a, b, c, d, e, 0);

	/* One is unregistered and one ends: four lines stay. */
	status_write(fd, "-%d", b);
	end(c);
	is(status_write_as(CAROL, NONE, carols, "%d", f), -ENOSPC,
	   "the line of a process that has ended still counts");
	set_period(50);
	while (time_now(fd, c) >= 0)
		changed(fd, -1);
	ok(status_write_as(CAROL, NONE, carols, "%d", f) > 0,
	   "there is room once that line has gone");
	list_read(fd, &list);
	list_is(&list, "the new process is listed", a, d, e, f, 0);
	return done();
}
