// SPDX-License-Identifier: GPL-2.0
/*
 * "A read at offset 0 takes a snapshot of the whole list. Reads that continue
 * from it, one after the other, continue in the same snapshot, whatever their
 * size and whatever has changed since."
 *
 * The list has 2,000 processes and is many pages long. It is read in chunks of
 * several sizes, first while nothing changes, then while it changes all the
 * time.
 */
#include "process.h"
#include "urt.h"

#define COUNT	2000
#define PID_MAX	4194304

static const size_t chunks[] = { 1, 2, 7, 100, 1024, 4096, 131072 };

static pid_t pids[COUNT];
static struct list whole, list;

static void register_all(int fd)
{
	static char text[COUNT * 12];
	size_t length = 0, taken = 0;

	for (int i = 0; i < COUNT; i++)
		length += sprintf(text + length, "%d\n", pids[i]);
	while (taken < length) {
		long more = status_write_bytes(fd, text + taken,
					       length - taken);

		if (more <= 0)
			die("%d processes register", COUNT);
		taken += more;
	}
}

static int in_order(const struct list *list)
{
	for (int i = 0; i < COUNT; i++)
		if (i >= list->lines || list->line[i].pid != pids[i])
			return 0;
	return list->lines == COUNT;
}

/* Unregisters and registers some processes, forever. */
static void change(void *unused)
{
	int fd = status_open();

	(void)unused;
	for (;;)
		for (int i = 0; i < 100; i++)
			status_write(fd, "-%d %d", pids[i], pids[i]);
}

/* Whether every process has one line. One may be unregistered at the moment. */
static int all_once(void)
{
	static char missing[PID_MAX];

	if (!list_parse(&list))
		return 0;
	for (int i = 0; i < COUNT; i++)
		missing[pids[i]] = 1;
	for (int i = 0; i < list.lines; i++)
		if (--missing[list.line[i].pid]) {
			diag("%d is listed twice", list.line[i].pid);
			return 0;
		}
	if (list.lines < COUNT - 1)
		diag("%d lines, expected %d", list.lines, COUNT);
	return list.lines >= COUNT - 1;
}

int main(void)
{
	pid_t changer;
	int fd;

	plan(1 + 7 + 7);
	stop_updates();
	fd = status_open();
	start_crowd(pids, COUNT);
	register_all(fd);
	list_read(fd, &whole);
	ok(in_order(&whole), "all are listed, in order of registration");

	for (int i = 0; i < 7; i++) {
		lseek(fd, 0, SEEK_SET);
		list_read_on(fd, &list, chunks[i]);
		ok(list_same(&whole, &list),
		   "chunks of %zu bytes: the list is the same", chunks[i]);
	}

	set_period(10);
	changer = start(change, NULL);
	for (int i = 0; i < 7; i++) {
		lseek(fd, 0, SEEK_SET);
		list_read_on(fd, &list, chunks[i]);
		changed(fd, -1);
		ok(all_once(),
		   "chunks of %zu bytes: a changing list is whole", chunks[i]);
	}
	end(changer);
	return done();
}
