// SPDX-License-Identifier: GPL-2.0
/*
 * An open file holds the reader's PID namespace, and memory for the lines that
 * are visible in it. After close(2), nothing is left: the namespace goes away,
 * which a limit on the number of namespaces shows. A reader in a container is
 * charged for the lines that it sees, "to within the doubling of seq_file's
 * buffer", and not for the whole list.
 */
#include "cgroup.h"

#include <limits.h>

#define LINES	2000
#define FILES	100
#define READER	"usertime-reader"	/* a cgroup */
#define LIMIT	"/proc/sys/user/max_pid_namespaces"
#define MOST	10000	/* PID namespaces that may already exist */
#define SECONDS	10	/* for a namespace, or memory, to be freed */

static pid_t pids[LINES];
static struct list list;
static char old_limit[32];

/*
 * PID namespaces
 */

static void restore_limit(void)
{
	if (*old_limit)
		file_write(LIMIT, old_limit);
}

/* Starts a new PID namespace. Returns its first process, or -1. */
static pid_t start_inside(void (*work)(void *))
{
	pid_t pid = fork_inside();

	if (!pid) {
		work(NULL);
		_exit(0);
	}
	return pid;
}

static void do_nothing(void *unused)
{
	(void)unused;
}

/*
 * Runs @work in a new PID namespace, and waits until it ends. Only one
 * namespace is allowed, and the previous one may still be going away. Returns
 * whether the new one could be made.
 */
static int runs_inside(void (*work)(void *))
{
	long long deadline = now_ms() + paced(SECONDS * 1000);
	pid_t pid;

	while ((pid = start_inside(work)) < 0) {
		if (now_ms() > deadline)
			return 0;
		usleep(20000);
	}
	reap(pid);
	return 1;
}

/* Allows one more namespace than exist. */
static void allow_one(void)
{
	char value[16];
	pid_t pid;

	file_read(LIMIT, old_limit, sizeof(old_limit));
	for (int n = 1; n < MOST; n++) {
		snprintf(value, sizeof(value), "%d", n);
		file_write(LIMIT, value);
		pid = start_inside(do_nothing);
		if (pid > 0) {
			reap(pid);
			return;
		}
	}
	die("a PID namespace can be made");
}

static void read_all(void *unused)
{
	(void)unused;
	list_read(status_open(), &list);
}

static void read_some(void *unused)
{
	(void)unused;
	see_news(status_open());
}

static void register_and_read(void *unused)
{
	int fd = status_open();

	status_register(fd, getpid());
	read_all(unused);
	status_write(fd, "-%d", getpid());
}

/* Each reader needs the place of the one before it. */
static void readers(const char *what)
{
	ok(runs_inside(read_all), "a reader of %s", what);
	ok(runs_inside(read_some), "one that does not read it to the end");
	ok(runs_inside(register_and_read), "one that registers");
	ok(runs_inside(do_nothing), "no namespace is left");
}

/*
 * Memory
 */

/* Of all lines, this reader sees at most its own. */
static void open_and_read(void *unused)
{
	int files[FILES], fd;
	char bytes[64];

	(void)unused;
	mlockall(MCL_CURRENT);
	cgroup_move(READER, 0);
	fd = status_open();
	for (int i = 0; i < FILES; i++)
		files[i] = status_open();
	raise(SIGSTOP);
	/* The list changes before each read. */
	for (int i = 0; i < FILES; i++) {
		if (status_write(fd, i % 2 ? "-%d" : "%d", getpid()) < 0 ||
		    pread(files[i], bytes, sizeof(bytes), 0) >= 30)
			die("the list can be changed and read");
	}
	raise(SIGSTOP);
	for (int i = 0; i < FILES; i++)
		close(files[i]);
	close(fd);
	raise(SIGSTOP);
}

/*
 * Returns the reader's memory once it is between @least and @most. Since 6.8,
 * memory.stat may be two seconds old, and the kernel may free memory later.
 */
static long held(long least, long most)
{
	cgroup_held_between(READER, least, most, SECONDS);
	return cgroup_held_at_rest(READER);
}

static void memory(void)
{
	long before, read, closed, page = sysconf(_SC_PAGESIZE);
	pid_t reader;

	cgroup_make(READER);
	/* The first process of a namespace could not stop itself. */
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	start_sleeper();
	reader = start(open_and_read, NULL);
	stopped(reader);
	before = held(FILES * 100, LONG_MAX);	/* each takes 200 or more */
	next_stop(reader);
	read = held(before + FILES * page / 2, LONG_MAX);
	next_stop(reader);
	closed = held(0, before + 2 * page);
	diag("%ld bytes for each file that is read; the list has %zu",
	     (read - before) / FILES, list.length);
	/* With KASAN, a page takes two pages and some bytes. */
	ok(read - before < FILES * (2 * page + 64),
	   "a reader is charged for what its namespace sees");
	if (!ok(closed < before + 2 * page, "and for nothing after close(2)"))
		diag("%ld bytes before, %ld after", before, closed);
	end(reader);
	cgroup_remove(READER);
	cgroup_remove(OTHER_CGROUP);
}

int main(void)
{
	const char *missing = NULL;
	int fd;

	plan(4 + 4 + 2);
	stop_updates();
	fd = status_open();
	atexit(restore_limit);

	allow_one();
	readers("an empty list");
	start_crowd(pids, LINES);
	for (int i = 0; i < LINES; i++)
		status_register(fd, pids[i]);
	readers("a long list");
	restore_limit();

	list_read(fd, &list);
	if (stat_coarseness())
		missing = "memory.stat is too coarse before Linux 5.13";
	missing = missing ?: cgroups_mount_memory();
	if (missing) {
		skip("memory of a reader", missing);
		skip("memory of a reader after close(2)", missing);
	} else {
		memory();
	}
	cgroups_unmount();
	return done();
}
