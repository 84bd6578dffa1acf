// SPDX-License-Identifier: GPL-2.0
/*
 * "A read at offset 0 takes a snapshot of the whole list, and later reads of
 * that open file go on in it, whatever their size and whatever has changed
 * since. lseek(2) and pread(2) work; going back to 0 and reading takes a new
 * snapshot."
 */
#include "process.h"
#include "urt.h"

#define COUNT	1000	/* processes: several pages of text */
#define FAR	5000	/* an offset beyond the first page */

static pid_t pids[COUNT];
static struct list old, new, list;

/* Does @fd go on in @expected from @offset? */
static int goes_on(int fd, off_t offset, const struct list *expected)
{
	list_read_on(fd, &list, 512);
	return list.length == expected->length - offset &&
	       !memcmp(list.text, expected->text + offset, list.length);
}

int main(void)
{
	char bytes[100];
	int fd, other;

	plan(12);
	stop_updates();
	fd = status_open();
	other = status_open();
	start_crowd(pids, COUNT);
	for (int i = 0; i < COUNT; i++)
		status_register(fd, pids[i]);
	list_read(other, &old);

	is(read(fd, bytes, 5), 5, "a short read at offset 0");
	status_write(fd, "-%d", pids[0]);
	status_write(fd, "-%d", pids[COUNT / 2]);
	status_write(fd, "-%d", pids[COUNT - 1]);
	status_register(fd, getpid());
	list_read(other, &new);
	is(new.lines, COUNT - 2, "another open file has a list of its own");
	ok(goes_on(fd, 5, &old), "the first one goes on in its own");
	is(read(fd, bytes, sizeof(bytes)), 0, "to its end");
	is(lseek(fd, FAR, SEEK_SET), FAR, "lseek(2) works");
	ok(goes_on(fd, FAR, &old), "and stays in that list");

	is(lseek(fd, 7, SEEK_SET), 7, "lseek(2) again");
	ok(pread(fd, bytes, sizeof(bytes), FAR) == sizeof(bytes) &&
	   !memcmp(bytes, old.text + FAR, sizeof(bytes)), "pread(2) works");
	is(lseek(fd, 0, SEEK_CUR), 7, "and leaves the offset");
	ok(pread(fd, bytes, sizeof(bytes), 0) == sizeof(bytes) &&
	   !memcmp(bytes, new.text, sizeof(bytes)),
	   "pread(2) at offset 0 takes a new snapshot");
	ok(goes_on(fd, 7, &new), "in which the next read goes on");

	status_write(fd, "-%d", getpid());
	list_read(fd, &list);
	is(list.lines, COUNT - 3, "back at 0, there is a new snapshot");
	return done();
}
