// SPDX-License-Identifier: GPL-2.0
/*
 * An open file holds the reader's PID namespace, and memory for the lines that
 * this namespace sees. A reader that has closed the file leaves nothing behind:
 * its namespace goes, which a limit on their number shows. A reader in a
 * container is charged for the lines that it sees, "to within the doubling of
 * seq_file's buffer", and not for the whole list.
 */
#include "process.h"
#include "urt.h"

#include <limits.h>
#include <sys/mount.h>

#define LINES	2000
#define FILES	100
#define LIMIT	"/proc/sys/user/max_pid_namespaces"
#define MOST	10000	/* PID namespaces that there may be already */
#define SECONDS	10	/* for a namespace, or memory, to come back */

static pid_t pids[LINES];
static struct list list;
static char old_limit[32], cgroups[32];

/*
 * PID namespaces
 */

static void set_limit(const char *value, char *old, size_t size)
{
	int fd = open(LIMIT, O_RDWR | O_CLOEXEC);

	if (fd < 0 || (old && read(fd, old, size - 1) <= 0) ||
	    pwrite(fd, value, strlen(value), 0) < 0)
		die("%s can be %s", LIMIT, value);
	close(fd);
}

static void restore_limit(void)
{
	if (*old_limit)
		set_limit(old_limit, NULL, 0);
}

/* The first process of a new PID namespace. Return: -1 if none can be made. */
static pid_t start_inside(void (*work)(void *), void *arg)
{
	pid_t pid = fork_inside();

	if (!pid) {
		work(arg);
		_exit(0);
	}
	return pid;
}

static void do_nothing(void *unused)
{
	(void)unused;
}

/*
 * The same, where the only namespace that is allowed may still be going away.
 * Return: whether one could be made, after its first process has ended.
 */
static int runs_inside(void (*work)(void *))
{
	long long deadline = now_ms() + paced(SECONDS * 1000);
	pid_t pid;

	while ((pid = start_inside(work, NULL)) < 0) {
		if (now_ms() > deadline)
			return 0;
		usleep(20000);
	}
	reap(pid);
	return 1;
}

/* Allow one namespace more than there are. */
static void allow_one(void)
{
	char value[16];

	set_limit("0", old_limit, sizeof(old_limit));
	for (int n = 1; n < MOST; n++) {
		pid_t pid;

		snprintf(value, sizeof(value), "%d", n);
		set_limit(value, NULL, 0);
		pid = start_inside(do_nothing, NULL);
		if (pid > 0) {
			reap(pid);
			return;
		}
	}
	die("a PID namespace can be made");
}

static void read_all(void *unused)
{
	static struct list inside;

	(void)unused;
	list_read(status_open(), &inside);
}

static void read_some(void *unused)
{
	char byte;

	(void)unused;
	if (read(status_open(), &byte, 1) < 0)
		die("the list can be read");
}

static void register_and_read(void *unused)
{
	int fd = status_open();

	status_register(fd, getpid());
	read_all(unused);
	status_write(fd, "-%d", getpid());
}

/* Each of these needs the place of the one before it. */
static void readers(const char *what)
{
	ok(runs_inside(read_all), "a reader of %s", what);
	ok(runs_inside(read_some), "one that does not read it to the end");
	ok(runs_inside(register_and_read), "one that registers");
	ok(runs_inside(do_nothing), "and none of them is in the way");
}

/*
 * Memory
 */

static int group_open(const char *group, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", cgroups, group, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s opens", path);
	return fd;
}

static void group_write(const char *group, const char *name, const char *value)
{
	int fd = group_open(group, name, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		die("%s of %s can be %s", name, group, value);
	close(fd);
}

static void make_group(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", cgroups, group);
	rmdir(path);
	if (mkdir(path, 0755))
		die("%s can be made", path);
}

static void remove_group(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", cgroups, group);
	rmdir(path);
}

/* Return: whether there are memory cgroups. */
static int mount_cgroups(void)
{
	char names[256] = "";
	int fd;

	unshare(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	strcpy(cgroups, "/tmp/usertime-cgroups-XXXXXX");
	if (!mkdtemp(cgroups) || mount("cgroup2", cgroups, "cgroup2", 0, NULL))
		return 0;
	fd = group_open("", "cgroup.controllers", O_RDONLY);
	if (read(fd, names, sizeof(names) - 1) < 0)
		die("cgroup.controllers can be read");
	close(fd);
	if (!strstr(names, "memory"))
		return 0;
	group_write("", "cgroup.subtree_control", "+memory");
	return 1;
}

static long stat_bytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? atol(at + strlen(key)) : 0;
}

/*
 * What the kernel has allocated for a group. A CPU accounts for a part of it
 * only when it next allocates for another group: here, a child that opens a
 * file.
 */
static long held(const char *group)
{
	char text[8192] = "";
	pid_t pid = fork();
	int fd;

	if (!pid) {
		group_write("usertime-other", "cgroup.procs", "0");
		_exit(open("/proc/self/stat", O_RDONLY) < 0);
	}
	waitpid(pid, NULL, 0);
	fd = group_open(group, "memory.stat", O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		die("memory.stat can be read");
	close(fd);
	return stat_bytes(text, "slab_unreclaimable ") +
	       stat_bytes(text, "vmalloc ");
}

/* The least that is held for a while, once what was freed has come back. */
static long held_at_rest(const char *group)
{
	long least = held(group);

	for (int same = 0; same < 20; same++) {
		long bytes = held(group);

		if (bytes < least) {
			least = bytes;
			same = 0;
		}
		usleep(20000);
	}
	return least;
}

/*
 * Since 6.8, memory.stat may be two seconds old. Wait until it says what it will
 * say in the end, or for as long as memory may take to come back.
 */
static void wait_until_held(long least, long most)
{
	long long deadline = now_ms() + paced(SECONDS * 1000);
	long bytes;

	do {
		usleep(20000);
		bytes = held("usertime-reader");
	} while ((bytes < least || bytes >= most) && now_ms() < deadline);
}

/*
 * The reader stops between what it does, but not by a signal: the first process
 * of a namespace does not get one from inside.
 */
static int wait_here[2], has_come[2];	/* pipes */

static void come_to_here(void)
{
	char byte;

	if (write(has_come[1], "", 1) != 1 || read(wait_here[0], &byte, 1) != 1)
		_exit(1);
}

static void wait_for_reader(void)
{
	char byte;

	if (read(has_come[0], &byte, 1) != 1)
		die("the reader comes so far");
}

static void next(void)
{
	if (write(wait_here[1], "", 1) != 1)
		die("the reader goes on");
	wait_for_reader();
}

/* Of all the lines, it sees one at most: its own. */
static void open_and_read(void *unused)
{
	int files[FILES], fd;
	char bytes[64];

	(void)unused;
	close(has_come[0]);
	mlockall(MCL_CURRENT);
	group_write("usertime-reader", "cgroup.procs", "0");
	fd = status_open();
	for (int i = 0; i < FILES; i++)
		files[i] = status_open();
	come_to_here();
	/* The list is another one for each file. */
	for (int i = 0; i < FILES; i++) {
		if (status_write(fd, i % 2 ? "-%d" : "%d", getpid()) < 0 ||
		    pread(files[i], bytes, sizeof(bytes), 0) >= 30)
			die("the list can be changed and read");
	}
	come_to_here();
	for (int i = 0; i < FILES; i++)
		close(files[i]);
	close(fd);
	come_to_here();
}

static void memory(void)
{
	long before, read, closed, page = sysconf(_SC_PAGESIZE);
	pid_t pid;

	make_group("usertime-reader");
	make_group("usertime-other");
	if (pipe2(wait_here, O_CLOEXEC) || pipe2(has_come, O_CLOEXEC))
		die("pipe(2)");
	pid = start_inside(open_and_read, NULL);
	if (pid < 0)
		die("a reader starts in a PID namespace");
	close(has_come[1]);
	wait_for_reader();
	wait_until_held(FILES * 100, LONG_MAX);	/* each takes 200 or more */
	before = held_at_rest("usertime-reader");
	next();
	wait_until_held(before + FILES * page / 2, LONG_MAX);
	read = held_at_rest("usertime-reader");
	next();
	wait_until_held(0, before + 2 * page);
	closed = held_at_rest("usertime-reader");
	diag("%ld bytes for each file that is read; the list has %zu",
	     (read - before) / FILES, list.length);
	/* With KASAN, a page takes two and some bytes. */
	ok(read - before < FILES * (2 * page + 64),
	   "a reader is charged for what its namespace sees");
	ok(closed < before + 2 * page, "and for nothing once it has closed");
	if (closed >= before + 2 * page)
		diag("%ld bytes before, %ld after", before, closed);
	end(pid);
	remove_group("usertime-reader");
	remove_group("usertime-other");
}

int main(void)
{
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
	if (stat_coarseness()) {
		skip("memory of a reader",
		     "memory.stat is too coarse before Linux 5.13");
		skip("and of one that has closed", "as above");
	} else if (mount_cgroups()) {
		memory();
	} else {
		skip("memory of a reader", "there are no memory cgroups");
		skip("and of one that has closed", "nor here");
	}
	umount2(cgroups, MNT_DETACH);
	rmdir(cgroups);
	return done();
}
