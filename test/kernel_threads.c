// SPDX-License-Identifier: GPL-2.0
/*
 * "A kernel thread also fails with ESRCH, because it has no user time."
 */
#include "process.h"
#include "urt.h"

#include <dirent.h>

#define KERNEL_THREAD	0x00200000	/* PF_KTHREAD in linux/sched.h */

static struct list list;

/* Whether @pid is a kernel thread, by the 9th field of /proc/PID/stat. */
static int is_kernel_thread(pid_t pid)
{
	char path[32], text[512] = "";
	unsigned int flags;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return *text && sscanf(strrchr(text, ')'),
			       ") %*c %*s %*s %*s %*s %*s %u", &flags) == 1 &&
	       flags & KERNEL_THREAD;
}

/* Writes @format for each kernel thread. Returns how many do not get ESRCH. */
static int try_all(int fd, const char *format, int *tried)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int wrong = 0;

	*tried = 0;
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		long result;

		if (!pid || !is_kernel_thread(pid))
			continue;
		++*tried;
		result = status_write(fd, format, pid);
		if (result != -ESRCH && !wrong++)
			diag("kernel thread %d: the write returned %ld", pid,
			     result);
	}
	closedir(proc);
	return wrong;
}

int main(void)
{
	int fd, log_fd, tried, wrong, length;
	pid_t before, after;
	char text[64];
	long written;

	plan(8);
	if (!is_kernel_thread(2))
		die("process 2 is a kernel thread");
	stop_updates();
	log_fd = log_open();
	fd = status_open();

	is(status_write(fd, "2"), -ESRCH, "kthreadd cannot be registered");
	wrong = try_all(fd, "%d", &tried);
	is(wrong, 0, "none of %d kernel threads can be registered", tried);
	is(try_all(fd, "-%d", &tried), 0, "none can be unregistered");
	list_read(fd, &list);
	list_is(&list, "none is listed", 0);

	before = start_sleeper();
	after = start_sleeper();
	length = sprintf(text, "%d", before);
	written = status_write(fd, "%d 2 %d", before, after);
	/* The white space after the last ID may count as taken, or not. */
	is_near(written, length + 1, 1, "a write stops at a kernel thread");
	is(status_write_bytes(fd, "2", 1), -ESRCH,
	   "the rest of the write gets the error");
	list_read(fd, &list);
	list_is(&list, "the ID before it is accepted", before, 0);
	is(log_lines(log_fd), 0, "nothing is logged");
	return done();
}
