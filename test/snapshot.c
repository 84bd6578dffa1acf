// SPDX-License-Identifier: GPL-2.0
/*
 * "A read at offset 0 takes a snapshot of the whole list. Reads that continue
 * from it, one after the other, continue in the same snapshot, whatever their
 * size and whatever has changed since. lseek(2) and pread(2) to any other
 * position work as on other /proc files (seq_file): they see the list as it is
 * at that time."
 */
#include "process.h"
#include "urt.h"

#define COUNT	1000	/* processes: several pages of text */
#define FAR	5000	/* an offset beyond the first page */

static pid_t pids[COUNT];
static struct list old, new, list;

/* Whether reads from @fd continue in @expected at @offset. */
static int continues(int fd, off_t offset, const struct list *expected)
{
	list_read_on(fd, &list, 512);
	if (list.length == expected->length - offset &&
	    !memcmp(list.text, expected->text + offset, list.length))
		return 1;
	diag("%zu bytes, expected %zu; they begin with:\n# %.40s", list.length,
	     expected->length - (size_t)offset, list.text);
	return 0;
}

/* Whether pread(2) at @offset reads a part of @expected. */
static int sees(int fd, off_t offset, const struct list *expected)
{
	char bytes[100];

	return pread(fd, bytes, sizeof(bytes), offset) == sizeof(bytes) &&
	       !memcmp(bytes, expected->text + offset, sizeof(bytes));
}

/* Moves a line to the end of the list. */
static void change(int fd, int i)
{
	status_write(fd, "-%d", pids[i]);
	status_register(fd, pids[i]);
}

int main(void)
{
	char bytes[100];
	int fd, other;

	plan(14);
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
	is(new.lines, COUNT - 2, "another open file has a snapshot of its own");
	ok(continues(fd, 5, &old), "the first one continues in its own");
	is(read(fd, bytes, sizeof(bytes)), 0, "the first one reads to its end");

	is(lseek(fd, FAR, SEEK_SET), FAR, "lseek(2) works");
	change(fd, 1);
	lseek(fd, FAR + 1, SEEK_SET);
	list_read(other, &new);
	ok(continues(fd, FAR + 1, &new),
	   "reads after lseek(2) see the list at that time");

	is(lseek(fd, 7, SEEK_SET), 7, "lseek(2) works again");
	ok(sees(fd, FAR, &new), "pread(2) works");
	change(fd, 2);
	list_read(other, &new);
	ok(sees(fd, FAR, &new), "pread(2) sees the list at that time");
	is(lseek(fd, 0, SEEK_CUR), 7, "pread(2) leaves the offset as it was");
	change(fd, 3);
	list_read(other, &new);
	ok(sees(fd, 0, &new), "pread(2) at offset 0 takes a new snapshot");

	status_write(fd, "-%d", getpid());
	list_read(other, &new);
	is(new.lines, COUNT - 3, "the list has changed once more");
	list_read(fd, &list);
	ok(list_same(&list, &new),
	   "a read back at offset 0 takes a new snapshot");

	change(fd, 4);
	ok(pread(fd, bytes, sizeof(bytes), new.length) == 0 &&
	   pread(fd, bytes, sizeof(bytes), new.length + FAR) == 0,
	   "there is nothing at the end of the list or beyond it");
	return done();
}
