// SPDX-License-Identifier: GPL-2.0
/*
 * The most kernel memory that one user can make the module hold, to whom it is
 * charged, and that it is freed. A line costs
 *
 *	entry + pid + task_struct + signal_struct + cred
 *
 * where cred includes what a security module adds to it. The last three are
 * held only until the process has been gone for an update; but a user who may
 * have few processes can have many that have registered and ended. One user can
 * register half of max_processes lines, rounded up. An open file costs
 *
 *	struct file + pde_opener + seq_file + seq_operations + buffer
 *
 * where struct file includes what a security module adds, too. The first read
 * allocates the buffer, and close(2) frees it. It is a page, doubled until the
 * list fits: 27 bytes for each line, those of other users, too. There are as
 * many files as the user may open. So
 *
 *	max_processes / 2 * (entry + pid + task_struct + signal_struct + cred) +
 *	files * (struct file + pde_opener + seq_file + seq_operations + buffer)
 *
 * All of it is charged to the user's memory cgroup, and stops at its limit.
 *
 * MEMORY_LINES=512 in the environment: a lower max_processes, where processes
 * take long.
 */
#define TAP_SECONDS	600	/* kernels that check everything take it */

#include "process.h"
#include "urt.h"

#include <sys/mount.h>
#include <sys/resource.h>

#define TESTS		19
#define USER		1000
#define FILES		1000
#define CROWD		500
#define LIMIT		"8388608"	/* memory.max of a small group */

/* The sizes in usertime.c, where the kernel has no debugging in them. */
#define WORD		sizeof(void *)
#define LINE		27
#define ENTRY(level)	/* of PID namespaces */ \
	(round_up(3 * WORD, 8) + 3 * 8 + round_up(2 + LINE, WORD) + \
	 3 * WORD * ((level) + 1))

/* What may be left of what comes back: a table of files has grown. */
#define REST		(64 * 1024)
#define SECONDS		20		/* for it to come back */
#define SECONDS_TO_TELL	3		/* for the kernel to tell what is held */

static long coarse;	/* see stat_coarseness() */

static char cgroups[32];
static pid_t crowd[CROWD];
static int files[FILES];
static struct list list;

/* What the user, a process of its own, has to tell. */
static struct {
	long at_bound;		/* what one more registration returned */
	int read;		/* files read before there was no memory */
	long error;
	int intact, again;
} *told;

/*
 * Control groups
 */

/* Return: a file of a group, or of the root for the group "". */
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

/* The number that stands behind @key in a file of a group; 0 if none does. */
static long group_number(const char *group, const char *name, const char *key)
{
	char text[8192], *at = text;
	int fd = group_open(group, name, O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	size_t length = strlen(key);

	close(fd);
	if (got < 0)
		die("%s of %s can be read", name, group);
	text[got] = '\0';
	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, key, length))
			return atol(at + length);
	}
	return 0;
}

static int run_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

/*
 * A CPU keeps back up to a page of what it has allocated or freed for a group,
 * and reports it when it allocates for another: here, for a child that opens a
 * file on each CPU.
 */
static void have_all_told(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	pid_t pid = fork();

	if (!pid) {
		group_write("usertime-other", "cgroup.procs", "0");
		for (int cpu = 0; cpu < cpus; cpu++)
			if (!run_on(cpu))
				open("/proc/self/stat", O_RDONLY);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* The kernel memory of a group that may be the module's doing. */
static long held(const char *group)
{
	have_all_told();
	return group_number(group, "memory.stat", "slab_unreclaimable ") +
	       group_number(group, "memory.stat", "vmalloc ");
}

static long held_within(const char *group, long expected, long margin,
			int seconds)
{
	long long deadline = now_ms() + paced(seconds * 1000);
	long bytes;

	while (llabs((bytes = held(group)) - expected) > margin &&
	       now_ms() < deadline)
		usleep(20000);
	return bytes;
}

/* When what was freed before has come back. */
static long held_before(const char *group)
{
	long bytes = held(group);

	for (int same = 0; same < 10; same++) {
		long old = bytes;

		usleep(30000);
		bytes = held(group);
		if (bytes != old)
			same = 0;
	}
	return bytes;
}

/* After more has been allocated, which may become @expected. */
static long held_more(const char *group, long expected, long margin)
{
	return held_within(group, expected, margin, SECONDS_TO_TELL);
}

/* After something has been freed, which should leave @expected. */
static long held_less(const char *group, long expected, long margin)
{
	return held_within(group, expected, margin, SECONDS);
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

/* Return: NULL, or why there are no memory cgroups. */
static const char *mount_cgroups(void)
{
	char names[256] = "";
	int fd;

	unshare(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	strcpy(cgroups, "/tmp/usertime-cgroups-XXXXXX");
	if (!mkdtemp(cgroups) || mount("cgroup2", cgroups, "cgroup2", 0, NULL))
		return "there is no cgroup2";
	fd = group_open("", "cgroup.controllers", O_RDONLY);
	if (read(fd, names, sizeof(names) - 1) < 0)
		die("cgroup.controllers can be read");
	close(fd);
	if (!strstr(names, "memory"))
		return "cgroup2 has no memory controller";
	group_write("", "cgroup.subtree_control", "+memory");
	return NULL;
}

/* Become a user without privileges in a group. */
static void become(const char *group)
{
	const struct rlimit limit = { FILES + 100, FILES + 100 };

	/* What is charged from here on is the kernel's. */
	mlockall(MCL_CURRENT);
	group_write(group, "cgroup.procs", "0");
	setrlimit(RLIMIT_NOFILE, &limit);
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		die("becoming user %d", USER);
}

/*
 * Sizes
 */

/* What an object of a slab cache costs, or 0 if the kernel does not say. */
static long cost(const char *cache)
{
	char path[128], number[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/slab_size", cache);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, number, sizeof(number) - 1) < 0)
		return 0;
	close(fd);
	return atol(number) + sizeof(void *);
}

/* The smallest cache that fits; some machines have none for little. */
static long cost_of_size(long size)
{
	char cache[32];
	long bytes;

	for (long fit = 32; fit <= 1024; fit += 32) {
		snprintf(cache, sizeof(cache), "kmalloc-cg-%ld", fit);
		bytes = cost(cache);
		snprintf(cache, sizeof(cache), "kmalloc-%ld", fit);
		bytes = bytes ?: cost(cache);
		if (bytes && fit >= size)
			return bytes;
	}
	die("the kernel tells what %ld bytes cost", size);
	return 0;
}

static long round_up(long size, long to)
{
	return (size + to - 1) / to * to;
}

/* The size of seq_file's buffer, when it holds so many lines. */
static long buffer_size(long lines)
{
	long size = sysconf(_SC_PAGESIZE);

	while (size / LINE < lines)
		size *= 2;
	return size;
}

static long memory(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kb = 0;

	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			kb = atol(line + strlen(key));
	fclose(file);
	return kb;
}

static void show(const char *what, long bytes)
{
	diag("%-32s%9ld KiB; Slab %ld, SUnreclaim %ld, VmallocUsed %ld", what,
	     bytes / 1024, memory("Slab:"), memory("SUnreclaim:"),
	     memory("VmallocUsed:"));
}

static int is_between(long seen, long least, long most, const char *name)
{
	int passed = ok(seen >= least && seen <= most, "%s", name);

	if (!passed)
		diag("seen %ld, expected %ld to %ld", seen, least, most);
	return passed;
}

/*
 * The others, who are root, and outside of all groups
 */

static void end_crowd(void)
{
	for (int i = 0; i < CROWD; i++)
		kill(crowd[i], SIGKILL);
	for (int i = 0; i < CROWD; i++)
		reap(crowd[i]);
}

static void start_crowd_and_wait(void *unused)
{
	start_crowd(crowd, CROWD);
	sleep_work(unused);
}

/*
 * A crowd in a PID namespace. Return: the first process there, with which all
 * end. Their numbers outside are what /proc says.
 */
static pid_t start_inner_crowd(void)
{
	pid_t first = fork_inside();
	char path[64];
	FILE *file;
	int found;

	if (first < 0)
		die("clone(2)");
	if (!first)
		start_crowd_and_wait(NULL);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", first, first);
	do {
		file = fopen(path, "r");
		if (!file)
			die("%s can be read", path);
		for (found = 0; found < CROWD; found++)
			if (fscanf(file, "%d", &crowd[found]) != 1)
				break;
		fclose(file);
	} while (found < CROWD);
	return first;
}

/* Wait until processes that have ended are gone, and @lines are left. */
static void two_updates(int fd, int lines)
{
	set_period(URT_PERIOD_MS_MIN);
	do {
		list_read(fd, &list);
	} while (list.lines > lines && changed(fd, SECONDS * 1000));
	stop_updates();
}

/*
 * What the user does
 */

static int register_self(void *fd)
{
	return status_write(*(int *)fd, "%d", getpid()) < 0;
}

static void open_files(void)
{
	for (int i = 0; i < FILES; i++)
		files[i] = status_open();
}

static void close_files(int first)
{
	for (int i = first; i < FILES; i++)
		close(files[i]);
}

static void register_crowd(void *unused)
{
	int fd;

	(void)unused;
	become("usertime-user");
	fd = status_open();
	raise(SIGSTOP);
	for (int i = 0; i < CROWD; i++)
		status_register(fd, crowd[i]);
	raise(SIGSTOP);
}

/* Register and end @lines times, and then open and read files. */
static void hoard(void *lines)
{
	static long double stack[1024];	/* which is aligned */
	int fd, status, room = *(long *)lines;
	char byte;

	become("usertime-user");
	fd = status_open();
	raise(SIGSTOP);

	status_register(fd, getpid());
	while (--room) {
		pid_t pid = clone(register_self, stack + 1024,
				  CLONE_VM | CLONE_FILES | CLONE_VFORK |
				  SIGCHLD, &fd);

		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			die("a process registers and ends");
	}
	told->at_bound = status_write(fd, "%d", getppid());
	raise(SIGSTOP);

	open_files();
	raise(SIGSTOP);

	for (int i = 0; i < FILES; i++)
		if (pread(files[i], &byte, 1, 0) != 1)
			die("the list can be read");
	raise(SIGSTOP);

	close_files(0);
	status_write(fd, "-%d", getpid());
	raise(SIGSTOP);
}

/* Read what there is memory for. */
static void run_out(void *unused)
{
	char byte;

	(void)unused;
	become("usertime-small");
	open_files();
	raise(SIGSTOP);

	for (told->read = 0; told->read < FILES; told->read++) {
		if (pread(files[told->read], &byte, 1, 0) != 1) {
			told->error = -errno;
			break;
		}
	}
	told->intact = pread(files[0], &byte, 1, 1) == 1;
	raise(SIGSTOP);

	close(files[0]);
	close_files(told->read + 1);
	told->again = pread(files[told->read], &byte, 1, 0) == 1;
}

static void protect_from_oom(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (write(fd, "-1000", 5) != 5)
		die("%s can be written", path);
	close(fd);
}

/*
 * What comes of it
 */

static void next(pid_t pid)
{
	go_on(pid);
	stopped(pid);
}

/* What the module allocates for a line, apart from what the kernel does. */
static void entries_are_charged(int fd, const char *where, long expected)
{
	pid_t first = *where ? start_inner_crowd() : 0;
	long before, after, rest;
	char name[100];
	pid_t user;

	if (!first)
		start_crowd(crowd, CROWD);
	user = start(register_crowd, NULL);
	stopped(user);
	before = held_before("usertime-user");
	next(user);
	after = held_more("usertime-user", before + expected, expected / 10);
	diag("%d lines%s: %ld bytes, expected %ld", CROWD, where,
	     after - before, expected);
	snprintf(name, sizeof(name), "lines%s are charged to who registers",
		 where);
	if (coarse > expected)
		skip(name, "memory.stat is too coarse before Linux 5.13");
	else
		is_between(after - before, expected * 9 / 10,
			   expected * 11 / 10, name);
	if (first)
		end(first);
	else
		end_crowd();
	two_updates(fd, 0);
	rest = expected / 4 + coarse;
	after = held_less("usertime-user", before, rest);
	is_between(after - before, -rest, rest, "and no longer when they end");
	end(user);
}

/* @count processes of other users, which are registered. */
static pid_t *start_others(int fd, long count)
{
	pid_t *pids = calloc(count + 1, sizeof(*pids));

	start_crowd(pids, count);
	for (long i = 0; i < count; i++)
		status_register(fd, pids[i]);
	return pids;
}

static void end_others(pid_t *pids, long count)
{
	for (long i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (long i = 0; i < count; i++)
		reap(pids[i]);
	free(pids);
}

static void the_bound(int fd)
{
	long most = parameter("max_processes"), lines = (most + 1) / 2;
	long cred = cost("cred_jar") ?: cost("cred");	/* since 6.8 */
	long line = cost("urt_process") + cost("pid") + cost("task_struct") +
		    cost("signal_cache") + cred + cost_of_size(1) +
		    cost("task_exec_state") +		/* since 7.2 or so */
		    (access("/proc/sys/kernel/task_delayacct", F_OK) ?
		     cost("task_delay_info") : 0);	/* before 5.14 */
	long buffer = buffer_size(most);
	long file = cost("filp") + cost("lsm_file_cache") +
		    cost("pde_opener") + cost("seq_file") +
		    cost_of_size(4 * WORD);
	long before, ended, opened, read, bound;
	pid_t *others = start_others(fd, most - lines);
	pid_t user = start(hoard, &lines);

	stopped(user);
	before = held_before("usertime-user");
	show("a user who holds nothing", before);

	next(user);
	is(told->at_bound, -ENOSPC,
	   "a user can register no more than half of max_processes");
	ended = held_more("usertime-user", before + lines * line,
			  lines * line / 25);
	show("with as many ended processes", ended);
	diag("%ld bytes for each of %ld, expected %ld",
	     (ended - before) / lines, lines, line);
	is_between(ended - before, lines * line * 9 / 10, lines * line * 21 / 20,
		   "what ended processes hold");

	next(user);
	opened = held_more("usertime-user", ended + FILES * file,
			   FILES * cost("pde_opener"));
	show("with many files open", opened);
	diag("%ld bytes for each of %d, expected %ld",
	     (opened - ended) / FILES, FILES, file);
	is_between(opened - ended,
		   FILES * (cost("filp") + cost("seq_file")) - coarse,
		   FILES * (file * 21 / 20) + coarse, "what open files hold");

	next(user);
	read = held_more("usertime-user", opened + FILES * buffer, FILES * 1024);
	show("with each file half read", read);
	diag("%ld bytes for each, expected %ld", (read - opened) / FILES,
	     buffer);
	is_between(read - opened, FILES * (buffer - 1024),
		   FILES * (buffer + 1024), "what files that were read hold");
	bound = lines * line + FILES * (file + buffer);
	diag("the bound is %ld KiB", bound / 1024);
	ok(read - before <= bound + REST + coarse,
	   "together, no more than the bound");

	next(user);
	opened = held_less("usertime-user", ended, REST + coarse);
	show("with the files closed", opened);
	is_between(opened - ended, -REST - coarse, REST + coarse,
		   "which comes back with close(2)");

	two_updates(fd, most - lines);
	is(list.lines, most - lines, "ended processes go with the updates");
	read = held_less("usertime-user", before, REST + coarse);
	show("after two updates", read);
	is_between(read - before, -REST - coarse, REST + coarse,
		   "and so is what they hold");
	end(user);
	end_others(others, most - lines);
	two_updates(fd, 0);
}

static void others_go_on(int fd, const char *name)
{
	pid_t pid = start_sleeper();

	status_register(fd, pid);
	ok(time_now(fd, pid) >= 0, "%s", name);
	status_write(fd, "-%d", pid);
	end(pid);
}

static void a_limit(int fd)
{
	pid_t user;
	int status;

	start_crowd(crowd, CROWD);
	for (int i = 0; i < CROWD; i++)
		status_register(fd, crowd[i]);

	user = start(run_out, NULL);
	stopped(user);
	protect_from_oom(user);
	group_write("usertime-small", "memory.max", LIMIT);
	next(user);
	diag("%d files read", told->read);
	is(told->error, -ENOMEM, "at its group's limit a user gets ENOMEM");
	ok(told->read > 0 && told->intact, "and keeps what it has");
	others_go_on(fd, "while others go on");
	go_on(user);
	reap(user);
	ok(told->again, "there is memory again where files are closed");

	group_write("usertime-small", "memory.max", "max");
	told->error = 0;
	user = start(run_out, NULL);
	stopped(user);
	group_write("usertime-small", "memory.max", LIMIT);
	go_on(user);
	if (waitpid(user, &status, WUNTRACED) != user)
		die("the user comes to an end");
	ok((WIFSIGNALED(status) &&
	    group_number("usertime-small", "memory.events", "oom_kill ")) ||
	   (WIFSTOPPED(status) && told->error == -ENOMEM),
	   "or is killed for lack of memory in its group");
	others_go_on(fd, "while others go on, too");
	if (WIFSTOPPED(status))
		end(user);
	is_between(held_less("usertime-small", 0, REST + coarse), 0,
		   REST + coarse,
		   "which has then given everything back");
	end_crowd();
}

int main(void)
{
	const char *missing, *lines = getenv("MEMORY_LINES");
	int fd, most;

	plan(TESTS);
	/* Short processes take less time where their parent is. */
	run_on(sched_getcpu());
	missing = mount_cgroups();
	if (!missing && !cost("task_struct"))
		missing = "the kernel does not tell the sizes of its objects";
	if (missing) {
		for (int i = 0; i < TESTS; i++)
			skip("memory of a user", missing);
		return done();
	}
	make_group("usertime-user");
	make_group("usertime-small");
	make_group("usertime-other");
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	coarse = stat_coarseness();
	stop_updates();
	most = parameter("max_processes");
	fd = status_open();

	entries_are_charged(fd, "", CROWD * cost("urt_process"));
	entries_are_charged(fd, " in a PID namespace",
			    CROWD * cost_of_size(ENTRY(1)));
	if (lines)
		set_parameter("max_processes", atoi(lines));
	the_bound(fd);
	set_parameter("max_processes", most);
	a_limit(fd);

	remove_group("usertime-user");
	remove_group("usertime-small");
	remove_group("usertime-other");
	umount2(cgroups, MNT_DETACH);
	rmdir(cgroups);
	return done();
}
