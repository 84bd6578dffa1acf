// SPDX-License-Identifier: GPL-2.0
/*
 * "A write never [...] splits a number. If a write is very long, a part of it
 * that ends between two numbers is accepted, and the write returns the length
 * of that part."
 */
#include "process.h"
#include "urt.h"

#define COUNT	50
#define SIZE	(200 * 1024)
#define PLACES	100

static pid_t pids[COUNT];
static char text[SIZE];
static struct list list;

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Writes all, as programs do. Checks that each ID is accepted and none is
 * split.
 */
static void write_all(int fd, size_t length, const char *name)
{
	size_t at = 0;
	int passed = 1;

	while (at < length && passed) {
		long taken = status_write_bytes(fd, text + at, length - at);

		if (taken <= 0 || (size_t)taken > length - at) {
			diag("%ld from %zu bytes at %zu", taken,
			     length - at, at);
			passed = 0;
			break;
		}
		at += taken;
		if (at < length && is_digit(text[at - 1]) &&
		    is_digit(text[at])) {
			diag("split at %zu: %.20s", at, text + at - 8);
			passed = 0;
		}
	}
	list_read(fd, &list);
	for (int i = 0; i < COUNT; i++)
		if (list_count(&list, pids[i]) != 1)
			passed = 0;
	if (!ok(passed && list.lines == COUNT, "%s", name))
		diag("%d lines, expected %d", list.lines, COUNT);
}

/* Puts all IDs in the text, each before @gap white spaces. Returns the end. */
static size_t fill(size_t at, const char *sign, int gap)
{
	for (int i = 0; i < COUNT; i++) {
		at += sprintf(text + at, "%s%d", sign, pids[i]);
		for (int j = 0; j < gap; j++)
			text[at++] = "\n \t"[j % 3];
	}
	return at;
}

/* Checks that a short write is accepted whole, wherever a piece of it ends. */
static void short_writes(int fd)
{
	int whole = 0;

	for (int blanks = 0; blanks < PLACES; blanks++) {
		size_t length;

		memset(text, ' ', blanks);
		length = fill(blanks, "", 1);
		whole += status_write_bytes(fd, text, length) == (long)length;
	}
	is(whole, PLACES, "writes of %d IDs are accepted whole", COUNT);
}

int main(void)
{
	size_t length;
	int fd;

	plan(7);
	stop_updates();
	fd = status_open();
	start_crowd(pids, COUNT);
	short_writes(fd);

	/* The gaps put IDs at every place around the end of a piece. */
	length = 0;
	for (int gap = 1; length < 120 * 1024; gap = gap % 41 + 1)
		length = fill(length, "", gap);
	write_all(fd, length, "120 KiB of IDs");

	length = 0;
	while (length < 120 * 1024) {
		length = fill(length, "-", 1);
		length = fill(length, "", 2);
	}
	write_all(fd, length, "120 KiB of IDs that unregister and register");

	length = fill(0, "-", 1000);
	length = fill(length, "", 1);
	write_all(fd, length, "50 KiB of white space between IDs");

	for (int i = 0; i < COUNT; i++)
		status_write(fd, "-%d", pids[i]);
	memset(text, ' ', 10000);
	length = fill(10000, "", 1);
	write_all(fd, length, "10,000 blanks, then IDs");
	length = fill(0, "", 1);
	memset(text + length, '\n', 10000);
	write_all(fd, length + 10000, "IDs, then 10,000 newlines");
	memset(text + length, '\0', 10000);
	write_all(fd, length + 10000, "IDs, then 10,000 NULs");
	return done();
}
