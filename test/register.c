// SPDX-License-Identifier: GPL-2.0
/*
 * "A write contains any number of decimal process IDs, separated by white space
 * (blanks, tabs, newlines). A NUL counts as white space." "Each segment of
 * writev(2) is also one write".
 *
 * "Each registered process has one line, `PID: TIME`. Lines are in order of
 * registration." "Registering a process that is already registered changes
 * nothing and succeeds." "A write never changes the file's offset". "pwrite(2)
 * fails with ESPIPE."
 */
#include "process.h"
#include "urt.h"

#include <sys/uio.h>

static struct list before, list;

int main(void)
{
	struct iovec line[2] = { { NULL, 0 }, { "\n", 1 } };
	struct iovec number[2] = { { "1", 1 }, { "2", 1 } };
	pid_t a, b, c, d, e;
	char text[64];
	int fd, length;

	plan(17);
	stop_updates();
	fd = status_open();
	list_read(fd, &list);
	is(list.length, 0, "the list is empty at first");

	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	d = start_sleeper();
	e = start_sleeper();

	length = sprintf(text, "%d\n", c);
	is(status_write_bytes(fd, text, length), length,
	   "a PID and a newline, as echo writes them");
	length = sprintf(text, "%d", b);
	is(status_write_bytes(fd, text, length), length,
	   "a PID alone, as printf writes it");
	length = sprintf(text, "%d", e);
	is(status_write_bytes(fd, text, length + 1), length + 1,
	   "a C string with its terminator");
	length = sprintf(text, " \t\n%d%c%d\t\n\n ", a, '\0', d);
	is(status_write_bytes(fd, text, length), length,
	   "two PIDs in a write, with all kinds of white space");
	list_read(fd, &list);
	list_is(&list, "the list is in order of registration",
		c, b, e, a, d, 0);

	list_read(fd, &before);
	length = sprintf(text, "%d %d\n", c, a);
	is(status_write_bytes(fd, text, length), length,
	   "registering twice succeeds");
	list_read(fd, &list);
	ok(list_same(&before, &list), "registering twice changes nothing");
	status_write(fd, "-%d %d\n", b, b);
	list_read(fd, &list);
	list_is(&list, "a process that registers again is last",
		c, e, a, d, b, 0);

	status_register(fd, getpid());
	ok(time_now(fd, getpid()) >= 0,
	   "a process registers itself with getpid(2)");

	list_read(fd, &list);
	is(lseek(fd, 0, SEEK_CUR), list.length, "reading moves the offset");
	status_write(fd, "%d", a);
	is(lseek(fd, 0, SEEK_CUR), list.length,
	   "writing does not move the offset");

	length = sprintf(text, "-%d %d\n", getpid(), getpid());
	list_read(fd, &before);
	ok(pwrite(fd, text, length, 1000) < 0 && errno == ESPIPE &&
	   pwrite(fd, text, length, 0) < 0 && errno == ESPIPE,
	   "pwrite(2) fails with ESPIPE");
	list_read(fd, &list);
	ok(list_same(&before, &list), "pwrite(2) changes nothing");

	status_write(fd, "-%d", a);
	line[0].iov_base = text;
	line[0].iov_len = sprintf(text, "%d", a);
	is(writev(fd, line, 2), line[0].iov_len + 1,
	   "an ID and a newline may be two segments of writev(2)");
	/* Two segments turn 12 into 1, init, and 2, a kernel thread. */
	is(writev(fd, number, 2), 1, "each segment of writev(2) is a write");
	list_read(fd, &list);
	list_is(&list, "a number in two segments is split",
		c, e, d, b, getpid(), a, 1, 0);
	return done();
}
