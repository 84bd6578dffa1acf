// SPDX-License-Identifier: GPL-2.0
/*
 * "IDs are processed in order. The write stops at the first ID that fails. It
 * returns the number of bytes taken up by the IDs accepted before that one, as
 * any short write does (the caller writes the rest and then gets the error). If
 * no ID was accepted, it returns the error."
 */
#include "process.h"
#include "urt.h"

static struct list list;

int main(void)
{
	char text[64], *rest;
	pid_t a, b, c, none;
	int fd, taken;
	long written;

	plan(10);
	stop_updates();
	fd = status_open();
	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	none = start_sleeper();
	end(none);

	taken = sprintf(text, "%d %d", a, b);
	sprintf(text + taken, "  bad %d", c);
	written = status_write_bytes(fd, text, strlen(text));
	/* The white space after the last ID may count as taken, or not. */
	is_near(written, taken + 1, 1,
		"a write returns the bytes before a bad ID");
	list_read(fd, &list);
	list_is(&list, "the IDs before it are accepted, others not", a, b, 0);
	rest = text + (written > 0 ? written : 0);
	is(status_write_bytes(fd, rest, strlen(rest)), -EINVAL,
	   "writing the rest returns the error");

	taken = sprintf(text, "%d", a);
	sprintf(text + taken, " %d %d", none, c);
	is_near(status_write_bytes(fd, text, strlen(text)), taken + 1, 1,
		"a write returns the bytes before a PID of no process");
	is(status_write(fd, "%d %d", none, c), -ESRCH,
	   "the error, if there is no ID before it");
	list_read(fd, &list);
	list_is(&list, "nothing has changed", a, b, 0);

	taken = sprintf(text, "-%d", a);
	sprintf(text + taken, " -%d %d", a, c);
	is_near(status_write_bytes(fd, text, strlen(text)), taken + 1, 1,
		"a write returns the bytes before a second -PID");
	list_read(fd, &list);
	list_is(&list, "the first -PID has unregistered the process", b, 0);

	taken = sprintf(text, "%d %d -%d %d\n", a, c, b, b);
	is(status_write_bytes(fd, text, taken), taken,
	   "registering and unregistering in one write");
	list_read(fd, &list);
	list_is(&list, "they are done in order", a, c, b, 0);
	return done();
}
