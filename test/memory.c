// SPDX-License-Identifier: GPL-2.0
/*
 * The most kernel memory that one user can make the module hold. It is charged
 * to that user, and it is freed. A line costs
 *
 *	entry + pid + task_struct + signal_struct + cred
 *
 * where cred includes what a security module adds to it. The last three are
 * freed by the first update after the process is gone. Until then, even a user
 * with a low limit on processes can have many that have registered and ended.
 * One user can register half of max_processes lines, rounded up. An open file
 * costs
 *
 *	struct file + pde_opener + seq_file + seq_operations + buffer
 *
 * where struct file also includes what a security module adds. The first read
 * allocates the buffer, and close(2) frees it. It is a page, doubled until the
 * list fits: 27 bytes for each line, including those of other users. A user can
 * open as many files as the limits allow. So the most is
 *
 *	max_processes / 2 * (entry + pid + task_struct + signal_struct + cred) +
 *	files * (struct file + pde_opener + seq_file + seq_operations + buffer)
 *
 * All of it is charged to the user's memory cgroup, whose limit bounds it.
 *
 * MEMORY_LINES=512 in the environment sets a lower max_processes, for a kernel
 * that is slow to start processes.
 */
#define TAP_SECONDS	600	/* debug kernels need it */

#include "cgroup.h"

#define TESTS		19
#define USER		1000
#define FILES		1000
#define CROWD		500
#define GROUP		"usertime-user"
#define SMALL_GROUP	"usertime-small"
#define LIMIT		"8388608"	/* memory.max of the small group */

/* The sizes in usertime.c, on a kernel without debugging. */
#define WORD		sizeof(void *)
#define LINE		27
#define ENTRY(level)	/* of PID namespaces */ \
	(round_up(3 * WORD, 8) + 3 * 8 + round_up(2 + LINE, WORD) + \
	 3 * WORD * ((level) + 1))

/* Memory that is not freed: the table of open files has grown. */
#define REST		(64 * 1024)
#define SECONDS		20		/* for memory to be freed */
#define SECONDS_TO_GROW	3		/* for memory.stat to grow */

static long coarse;	/* see stat_coarseness() */

static pid_t crowd[CROWD];
static int files[FILES];
static struct list list;

/* What the user, a separate process, reports. */
static struct {
	long at_bound;		/* what one more registration returned */
	int read;		/* files read before there was no memory */
	long error;
	int intact, again;
} *told;

/*
 * The memory of a cgroup
 */

/* Returns the memory once it has grown to @expected, or time is up. */
static long held_more(long expected, long margin)
{
	return cgroup_held_between(GROUP, expected - margin, expected + margin,
				   SECONDS_TO_GROW);
}

/* Returns the memory once it has fallen to @expected, or time is up. */
static long held_less(const char *group, long expected, long margin)
{
	return cgroup_held_between(group, expected - margin, expected + margin,
				   SECONDS);
}

/* Becomes a user without privileges in a cgroup. */
static void become(const char *group)
{
	const struct rlimit limit = { FILES + 100, FILES + 100 };

	/* From here on, only kernel memory is charged. */
	mlockall(MCL_CURRENT);
	cgroup_move(group, 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		die("the test becomes user %d", USER);
}

/*
 * Sizes
 */

/* Returns what an object of a slab cache costs, or 0 if that is unknown. */
static long cost(const char *cache)
{
	char path[128], number[32];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/slab_size", cache);
	if (access(path, R_OK))
		return 0;
	file_read(path, number, sizeof(number));
	return atol(number) + sizeof(void *);
}

/* Returns the cost in the smallest cache that fits. Not all sizes have one. */
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
	die("the kernel shows what %ld bytes cost", size);
	return 0;
}

static long round_up(long size, long to)
{
	return (size + to - 1) / to * to;
}

/* Returns the size of seq_file's buffer for this many lines. */
static long buffer_size(long lines)
{
	long size = sysconf(_SC_PAGESIZE);

	while (size / LINE < lines)
		size *= 2;
	return size;
}

static int is_between(long seen, long least, long most, const char *name)
{
	int passed = ok(seen >= least && seen <= most, "%s", name);

	if (!passed)
		diag("seen %ld, expected %ld to %ld", seen, least, most);
	return passed;
}

/*
 * Other processes, which are root's and not in these cgroups
 */

/* Starts and registers @count processes. */
static pid_t *start_others(int fd, int count)
{
	pid_t *pids = calloc(count + 1, sizeof(*pids));

	start_crowd(pids, count);
	for (int i = 0; i < count; i++)
		status_register(fd, pids[i]);
	return pids;
}

static void end_all(const pid_t *pids, int count)
{
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < count; i++)
		reap(pids[i]);
}

/* Starts the crowd in a new PID namespace, and returns its first process. */
static pid_t start_inner_crowd(void)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t first;

	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	first = start_sleeper();
	start_crowd(crowd, CROWD);
	if (setns(own, CLONE_NEWPID))
		die("setns(2)");
	close(own);
	return first;
}

/* Waits until processes that have ended are gone, and @lines are left. */
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
	become(GROUP);
	fd = status_open();
	raise(SIGSTOP);
	for (int i = 0; i < CROWD; i++)
		status_register(fd, crowd[i]);
	raise(SIGSTOP);
}

/* Registers @lines processes, which end. Then opens and reads files. */
static void hoard(void *lines)
{
	static long double stack[1024];	/* which is aligned */
	int fd, status, room = *(long *)lines;
	char byte;

	become(GROUP);
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

/* Reads files until there is no more memory. */
static void run_out(void *unused)
{
	char byte;

	(void)unused;
	become(SMALL_GROUP);
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

/*
 * The checks
 */

/* Checks only what the module itself allocates for a line. */
static void entries_are_charged(int fd, const char *where, long expected)
{
	pid_t user, first = 0;
	long before, after, rest;
	char name[100];

	if (*where)
		first = start_inner_crowd();
	else
		start_crowd(crowd, CROWD);
	user = start(register_crowd, NULL);
	stopped(user);
	before = cgroup_held_at_rest(GROUP);
	next_stop(user);
	after = held_more(before + expected, expected / 10);
	diag("%d lines%s: %ld bytes, expected %ld", CROWD, where,
	     after - before, expected);
	snprintf(name, sizeof(name),
		 "lines%s are charged to the user who registers them", where);
	if (coarse > expected)
		skip(name, "memory.stat is too coarse before Linux 5.13");
	else
		is_near(after - before, expected, expected / 10, name);
	end_all(crowd, CROWD);
	if (first)
		end(first);
	two_updates(fd, 0);
	rest = expected / 4 + coarse;
	after = held_less(GROUP, before, rest);
	is_near(after, before, rest, "and no longer charged after they end");
	end(user);
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
	long before, ended, opened, read, bound, rest = REST + coarse;
	pid_t *others = start_others(fd, most - lines);
	pid_t user = start(hoard, &lines);

	stopped(user);
	before = cgroup_held_at_rest(GROUP);

	next_stop(user);
	is(told->at_bound, -ENOSPC,
	   "a user can register no more than half of max_processes");
	ended = held_more(before + lines * line, lines * line / 25);
	diag("%ld bytes for each of %ld, expected %ld",
	     (ended - before) / lines, lines, line);
	is_between(ended - before, lines * line * 9 / 10, lines * line * 21 / 20,
		   "memory of ended processes");

	next_stop(user);
	opened = held_more(ended + FILES * file, FILES * cost("pde_opener"));
	diag("%ld bytes for each of %d, expected %ld",
	     (opened - ended) / FILES, FILES, file);
	is_between(opened - ended,
		   FILES * (cost("filp") + cost("seq_file")) - coarse,
		   FILES * (file * 21 / 20) + coarse, "memory of open files");

	next_stop(user);
	read = held_more(opened + FILES * buffer, FILES * 1024);
	diag("%ld bytes for each, expected %ld", (read - opened) / FILES,
	     buffer);
	is_near(read - opened, FILES * buffer, FILES * 1024,
		"memory of files that were read");
	bound = lines * line + FILES * (file + buffer);
	diag("the bound is %ld KiB", bound / 1024);
	ok(read - before <= bound + rest, "the sum is within the bound");

	next_stop(user);
	opened = held_less(GROUP, ended, rest);
	is_near(opened, ended, rest, "close(2) frees the memory of files");

	two_updates(fd, most - lines);
	is(list.lines, most - lines, "updates remove ended processes");
	read = held_less(GROUP, before, rest);
	is_near(read, before, rest, "and free their memory");
	end(user);
	end_all(others, most - lines);
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
	pid_t user, *others = start_others(fd, CROWD);
	char path[64];
	int status;

	user = start(run_out, NULL);
	stopped(user);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", user);
	file_write(path, "-1000");
	cgroup_write(SMALL_GROUP, "memory.max", LIMIT);
	next_stop(user);
	diag("%d files read", told->read);
	is(told->error, -ENOMEM, "at the cgroup's limit, a user gets ENOMEM");
	ok(told->read > 0 && told->intact, "and can still read earlier files");
	others_go_on(fd, "while other users are not affected");
	go_on(user);
	reap(user);
	ok(told->again, "closing files makes memory available");

	cgroup_write(SMALL_GROUP, "memory.max", "max");
	told->error = 0;
	user = start(run_out, NULL);
	stopped(user);
	cgroup_write(SMALL_GROUP, "memory.max", LIMIT);
	go_on(user);
	if (waitpid(user, &status, WUNTRACED) != user)
		die("the user stops or ends");
	ok((WIFSIGNALED(status) &&
	    cgroup_number(SMALL_GROUP, "memory.events", "oom_kill ")) ||
	   (WIFSTOPPED(status) && told->error == -ENOMEM),
	   "without OOM protection, the user gets ENOMEM or is killed");
	others_go_on(fd, "while other users are not affected, either");
	if (WIFSTOPPED(status))
		end(user);
	is_near(held_less(SMALL_GROUP, 0, REST + coarse), 0, REST + coarse,
		"and all memory of the cgroup is freed");
	end_all(others, CROWD);
}

int main(void)
{
	const char *missing, *lines = getenv("MEMORY_LINES");
	int fd, most;

	plan(TESTS);
	/* A short process takes less time on the CPU of its parent. */
	run_on(sched_getcpu());
	missing = cgroups_mount_memory();
	if (!missing && !cost("task_struct"))
		missing = "the kernel does not show the sizes of its objects";
	if (missing) {
		for (int i = 0; i < TESTS; i++)
			skip("memory of a user", missing);
		return done();
	}
	cgroup_make(GROUP);
	cgroup_make(SMALL_GROUP);
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

	cgroup_remove(GROUP);
	cgroup_remove(SMALL_GROUP);
	cgroup_remove(OTHER_CGROUP);
	cgroups_unmount();
	return done();
}
