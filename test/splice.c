// SPDX-License-Identifier: GPL-2.0
/*
 * "Reads that continue from it, one after the other, continue in the same
 * snapshot, whatever their size and whatever has changed since. lseek(2) and
 * pread(2) to any other position work as on other /proc files (seq_file): they
 * see the list as it is at that time. splice(2) and sendfile(2) from the file
 * work. splice(2) and sendfile(2) into the file fail with EINVAL, and pwrite(2)
 * fails with ESPIPE."
 */
#include "process.h"
#include "urt.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

#define COUNT	2000	/* processes: the list is too long for a pipe */
#define FAR	5000	/* an offset beyond the first page */

static pid_t pids[COUNT];
static struct list old, new, list;
static int pipe_out, pipe_in;

/*
 * Moves the rest of the list from @fd through a pipe to @list, at most @size
 * bytes at a time. Returns 0, or an error.
 */
static int splice_on(int fd, loff_t *offset, size_t size)
{
	ssize_t moved, got;

	list.length = 0;
	for (;;) {
		moved = splice(fd, offset, pipe_in, NULL, size, 0);
		if (moved <= 0)
			return moved < 0 ? errno : 0;
		while (moved > 0) {
			got = read(pipe_out, list.text + list.length, moved);
			if (got <= 0)
				die("the pipe can be read");
			list.length += got;
			moved -= got;
		}
	}
}

/* Like splice_on(), with sendfile(2) and a file. */
static int sendfile_on(int fd, off_t *offset, size_t size)
{
	int file = memfd_create("list", MFD_CLOEXEC);
	ssize_t moved;

	if (file < 0)
		die("memfd_create(2)");
	do {
		moved = sendfile(file, fd, offset, size);
	} while (moved > 0);
	lseek(file, 0, SEEK_SET);
	list_read_on(file, &list, sizeof(list.text));
	close(file);
	return moved < 0 ? errno : 0;
}

/* Checks that @list is @expected from @offset to its end. */
static void is_rest(int error, const struct list *expected, size_t offset,
		    const char *name, size_t size)
{
	if (!ok(!error && list.length == expected->length - offset &&
		!memcmp(list.text, expected->text + offset, list.length),
		name, size))
		diag("error %d, %zu bytes, expected %zu from '%.20s'", error,
		     list.length, expected->length - offset,
		     expected->text + offset);
}

static void from_the_file(int fd)
{
	static const size_t sizes[] = { 1000, 4096, 65536 };
	loff_t offset;

	for (int i = 0; i < 3; i++) {
		lseek(fd, 0, SEEK_SET);
		is_rest(splice_on(fd, NULL, sizes[i]), &old, 0,
			"splice(2) of at most %zu bytes", sizes[i]);
		lseek(fd, 0, SEEK_SET);
		is_rest(sendfile_on(fd, NULL, sizes[i]), &old, 0,
			"sendfile(2) of at most %zu bytes", sizes[i]);
	}
	lseek(fd, 0, SEEK_SET);
	is_rest(sendfile_on(fd, NULL, sizeof(list.text)), &old, 0,
		"sendfile(2) of the whole list", 0);
	lseek(fd, 7, SEEK_SET);
	offset = FAR;
	is_rest(splice_on(fd, &offset, 4096), &old, FAR,
		"splice(2) with an offset", 0);
	is(lseek(fd, 0, SEEK_CUR), 7, "splice(2) leaves the file's own offset");
}

static void into_the_file(int fd)
{
	char text[16];
	size_t length = snprintf(text, sizeof(text), "%d ", getpid());
	struct iovec piece = { text, length };
	int file = memfd_create("ids", MFD_CLOEXEC);
	int log = log_open();

	if (write(pipe_in, text, length) < 0 || write(file, text, length) < 0)
		die("a pipe and a file can be written");
	is(splice(pipe_out, NULL, fd, NULL, length, 0) < 0 ? errno : 0, EINVAL,
	   "splice(2) into the file fails with EINVAL");
	lseek(file, 0, SEEK_SET);
	is(sendfile(fd, file, NULL, length) < 0 ? errno : 0, EINVAL,
	   "sendfile(2) into the file fails with EINVAL");
	is(pwrite(fd, text, length, 0) < 0 ? errno : 0, ESPIPE,
	   "pwrite(2) at offset 0 fails with ESPIPE");
	is(pwrite(fd, text, length, FAR) < 0 ? errno : 0, ESPIPE,
	   "pwrite(2) at another offset fails with ESPIPE");
	is(pwritev(fd, &piece, 1, 0) < 0 ? errno : 0, ESPIPE,
	   "pwritev(2) fails with ESPIPE");
	is(time_now(fd, getpid()), -1, "none of them registers a process");
	is(log_lines(log), 0, "nothing is logged");
	close(file);
	if (read(pipe_out, text, length) != (ssize_t)length)
		die("the pipe can be emptied");
}

static void change(int fd)
{
	status_write(fd, "-%d", pids[0]);
	status_write(fd, "-%d", pids[COUNT / 2]);
	status_write(fd, "-%d", pids[COUNT - 1]);
	list_read(fd, &new);
}

/*
 * Registers all processes again. Their times may differ from those in the old
 * list: the last process may still have been running when it was registered.
 */
static void restore(int fd)
{
	while (new.lines)
		status_write(fd, "-%d", new.line[--new.lines].pid);
	for (int i = 0; i < COUNT; i++)
		status_register(fd, pids[i]);
	list_read(fd, &old);
}

int main(void)
{
	int fd, other, ends[2];
	loff_t start = 0;
	char bytes[100];

	plan(6 + 3 + 7 + 3 + 2 + 5);
	if (pipe2(ends, O_CLOEXEC))
		die("pipe(2)");
	pipe_out = ends[0];
	pipe_in = ends[1];
	stop_updates();
	fd = status_open();
	other = status_open();
	start_crowd(pids, COUNT);
	for (int i = 0; i < COUNT; i++)
		status_register(fd, pids[i]);
	list_read(other, &old);

	from_the_file(fd);
	into_the_file(fd);

	/* Reads, splice(2) and sendfile(2) continue in one snapshot. */
	lseek(fd, 0, SEEK_SET);
	is(read(fd, bytes, 5), 5, "a short read at offset 0");
	change(other);
	list_read_on(fd, &list, 512);
	is_rest(0, &old, 5, "reads continue in the same snapshot", 0);
	is(read(fd, bytes, sizeof(bytes)), 0,
	   "reads reach the end of the snapshot");
	restore(other);

	lseek(fd, 0, SEEK_SET);
	if (read(fd, bytes, 10) != 10)
		die("the list can be read");
	change(other);
	is_rest(splice_on(fd, NULL, 1000), &old, 10,
		"splice(2) continues in it, too",
		0);
	restore(other);
	lseek(fd, 0, SEEK_SET);
	if (read(fd, bytes, 10) != 10)
		die("the list can be read");
	change(other);
	is_rest(sendfile_on(fd, NULL, 1000), &old, 10,
		"sendfile(2) continues in it, too",
		0);

	/* The list has changed. At other offsets, the new list is seen. */
	lseek(fd, FAR, SEEK_SET);
	list_read_on(fd, &list, 512);
	is_rest(0, &new, FAR, "a seek to the middle finds the new list", 0);
	restore(other);
	lseek(fd, 0, SEEK_SET);
	if (read(fd, bytes, 10) != 10)
		die("the list can be read");
	change(other);
	ok(pread(fd, bytes, sizeof(bytes), FAR) == sizeof(bytes) &&
	   !memcmp(bytes, new.text + FAR, sizeof(bytes)),
	   "pread(2) finds the new list");
	is(lseek(fd, 0, SEEK_CUR), 10, "pread(2) leaves the offset as it was");
	is_rest(splice_on(fd, &start, 1000), &new, 0,
		"splice(2) from offset 0 finds the new list", 0);
	list_read(fd, &list);
	ok(list_same(&list, &new), "a read at offset 0 finds the new list");
	return done();
}
