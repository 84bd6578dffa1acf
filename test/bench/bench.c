// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs, and what else one could use costs
 *
 * usage: bench USERTIME.KO LEAST.KO [short]
 *
 * Prints lines "what,processes,instructions,goal", where the goal may be
 * missing, and lines that begin with a '#', for people; scripts/bench makes
 * a table of them. A "what" with a unit in brackets is not in instructions.
 *
 * It runs as root in a guest of its own, in which a nanosecond is an executed
 * instruction: qemu -icount shift=0,sleep=off -smp 1. The clock moves by 16 at
 * once there. Whatever can be repeated is, and the least of it counts, since
 * timer interrupts only ever add to it.
 *
 * The processes sleep. Their PIDs have five digits, all of them, so that
 * lines are equally long for few processes and for many. Updates come when
 * this program wants one, and else never.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "usertime.h"

#define TRACING		"/sys/kernel/tracing/"
#define PARAMETERS	"/sys/module/usertime/parameters/"
#define LEAST		"/sys/module/least/parameters/"

#define PROCESSES_MAX	30000
#define FIRST_PID	10000

/* Threads that a process has, where it has more than one. */
#define THREADS		4

/* CPUCLOCK_VIRT, the user time, of a process: linux/posix-timers.h. */
#define USER_CLOCK(pid)	((clockid_t)(~(unsigned int)(pid) << 3 | 1))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define NO_GOAL		-1

static int rounds;		/* how often all is measured */

static int status_fd, null_fd;
static pid_t pids[PROCESSES_MAX];
static char words[PROCESSES_MAX][12];	/* the PIDs, as one writes them */
static int stat_fds[PROCESSES_MAX];
static char text[PROCESSES_MAX * 40];	/* that is touched before it is timed */
static int count;			/* how many processes just now */

/* Where these functions are, in the kernel. */
static unsigned long long update_cputimes, schedule_cput_upds, least_walk;

/*
 * Tools
 */

static void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	exit(1);
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	return fd;
}

static void write_file(const char *path, const char *format, ...)
{
	char line[64];
	va_list args;
	int fd, length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fd = open_file(path, O_WRONLY | O_TRUNC);
	if (write(fd, line, length) != length)
		die("%s: '%s'", path, line);
	close(fd);
}

static long long read_number(const char *path)
{
	char line[64] = "";
	int fd = open_file(path, O_RDONLY);

	if (read(fd, line, sizeof(line) - 1) <= 0)
		die("%s", path);
	close(fd);
	return atoll(line);
}

static void load_module(const char *path, const char *parameters)
{
	int fd = open_file(path, O_RDONLY);

	if (syscall(SYS_finit_module, fd, parameters, 0))
		die("%s", path);
	close(fd);
}

static void unload_module(const char *name)
{
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		die("unloading %s", name);
}

/* Prints one figure, which has a goal with 1,000 or with 10,000 processes. */
static void report(const char *what, double figure, double goal_1000,
		   double goal_10000)
{
	double goal = count == 1000 ? goal_1000 :
		      count == 10000 ? goal_10000 : NO_GOAL;

	printf("%s,%d,%.1f,", what, count, figure);
	if (goal != NO_GOAL)
		printf("%g", goal);
	printf("\n");
}

/*
 * Time
 */

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void nothing(int i)
{
	asm volatile("" : : "r" (i));
}

static long long least_time(int times, void (*before)(void),
			    void (*work)(int i), int calls)
{
	long long start, spent, least = LLONG_MAX;

	while (times--) {
		if (before)
			before();
		start = now();
		for (int i = 0; i < calls; i++)
			work(i);
		spent = now() - start;
		if (spent < least)
			least = spent;
	}
	return least;
}

/*
 * What @work takes, called with 0 to @calls - 1, and after @before: without
 * what the loop and the clock itself do.
 */
static double instructions(void (*before)(void), void (*work)(int i), int calls)
{
	return least_time(rounds, before, work, calls) -
	       least_time(rounds, NULL, nothing, calls);
}

/*
 * The processes
 */

static int sleeping(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* The threads share the stack: none of them ever returns. */
static int sleeping_threads(void *stack)
{
	for (int i = 1; i < THREADS; i++)
		if (clone(sleeping, (char *)stack - 512 * i, CLONE_VM |
			  CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
			_exit(1);
	return sleeping(NULL);
}

/*
 * Processes that sleep, as cheap as can be: they share our memory, but not our
 * files, as that would make every system call of ours that uses one longer.
 */
static void start_processes(int number, int (*work)(void *stack))
{
	static char stacks[PROCESSES_MAX][4096];

	write_file("/proc/sys/kernel/ns_last_pid", "%d", FIRST_PID - 1);
	for (int i = 0; i < number; i++) {
		char *stack = stacks[i] + sizeof(stacks[i]);

		pids[i] = clone(work, stack,
				CLONE_VM | CLONE_FS | SIGCHLD, stack);
		if (pids[i] < 0)
			die("process %d of %d", i, number);
		snprintf(words[i], sizeof(words[i]), "%d", pids[i]);
	}
	/* Till they have all come to sleep. */
	sleep(1);
}

static void end_processes(int number)
{
	for (int i = 0; i < number; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

/*
 * The list
 */

static void register_one(int i)
{
	if (write(status_fd, words[i], strlen(words[i])) < 0)
		die("registering process %s", words[i]);
}

static void unregister_all(void)
{
	FILE *list = fopen(URT_STATUS_PATH, "r");
	int pid;

	if (!list)
		die("%s", URT_STATUS_PATH);
	while (fscanf(list, "%d: %*u", &pid) == 1)
		if (dprintf(status_fd, "-%d", pid) < 0)
			die("unregistering process %d", pid);
	fclose(list);
}

static void register_all(void)
{
	unregister_all();
	for (int i = 0; i < count; i++)
		register_one(i);
}

static void set_period(int ms)
{
	write_file(PARAMETERS "period_ms", "%d", ms);
}

static ssize_t read_list(void)
{
	ssize_t length = pread(status_fd, text, sizeof(text), 0);

	if (length < 0)
		die("reading the list");
	return length;
}

/* Has the module make an update, and no more. */
static void make_update(void)
{
	struct pollfd news = { .fd = status_fd, .events = POLLPRI };

	read_list();
	set_period(URT_PERIOD_MS_MIN);
	if (poll(&news, 1, -1) != 1 || !(news.revents & POLLPRI))
		die("no update comes");
	set_period(URT_PERIOD_MS_MAX);
}

/*
 * Tracing: how long a work item ran, and how often a timer was started
 */

/* Where a function of a module is. */
static unsigned long long symbol_address(const char *module, const char *name)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long long address = 0;
	char line[256], end[128];
	int length;

	snprintf(end, sizeof(end), " %s\t[%s]\n", name, module);
	length = strlen(end);
	while (symbols && !address && fgets(line, sizeof(line), symbols)) {
		int start = strlen(line) - length;

		if (start > 0 && !strcmp(line + start, end))
			address = strtoull(line, NULL, 16);
	}
	if (!address)
		die("%s of %s in /proc/kallsyms", name, module);
	fclose(symbols);
	return address;
}

/* Has @event be traced where it is about the function at @address. */
static void trace(const char *event, unsigned long long address)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/%s/filter", event);
	write_file(path, "function == 0x%llx", address);
	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	write_file(path, "1");
}

static void trace_work(unsigned long long function)
{
	trace("workqueue/workqueue_execute_start", function);
	trace("workqueue/workqueue_execute_end", function);
}

static void trace_nothing(void)
{
	write_file(TRACING "events/enable", "0");
}

/*
 * The raw form "PID CPU TIME type: ID" has nanoseconds, unlike the others.
 * Returns the time of the first event of type @id that is not before @time,
 * or 0; and in @events, how many of these there are.
 */
static long long traced(long long id, long long time, int *events)
{
	FILE *trace = fopen(TRACING "trace", "r");
	long long at, type, first = 0;
	char line[256];

	if (!trace)
		die(TRACING "trace");
	*events = 0;
	while (fgets(line, sizeof(line), trace)) {
		if (sscanf(line, "%*d %*d %lld type: %lld", &at, &type) != 2 ||
		    type != id || at < time)
			continue;
		if (!(*events)++)
			first = at;
	}
	fclose(trace);
	return first;
}

/* How long the work item ran that @run starts. */
static long long work_length(void (*run)(void))
{
	long long start_id, end_id, start, end;
	int events;

	start_id = read_number(TRACING
			       "events/workqueue/workqueue_execute_start/id");
	end_id = read_number(TRACING
			     "events/workqueue/workqueue_execute_end/id");
	write_file(TRACING "trace", "");
	run();
	do {
		start = traced(start_id, 1, &events);
		end = start ? traced(end_id, start, &events) : 0;
	} while (!end);
	return end - start;
}

static long long least_work_length(void (*run)(void))
{
	long long length, least = LLONG_MAX;

	for (int i = 0; i < 2 * rounds; i++) {
		length = work_length(run);
		if (length < least)
			least = length;
	}
	return least;
}

/* How long an update takes of the first @number processes. */
static double update_length(int number)
{
	double length;
	int all = count;

	count = number;
	register_all();
	count = all;
	trace_work(update_cputimes);
	length = least_work_length(make_update);
	trace_nothing();
	return length;
}

static void add_to_least(int number)
{
	write_file(LEAST "clear", "1");
	for (int i = 0; i < number; i++)
		write_file(LEAST "add", "%d", pids[i]);
}

static void walk_least(void)
{
	write_file(LEAST "walk", "1");
}

/* The same for the module least. */
static double least_length(int number)
{
	double length;

	add_to_least(number);
	trace_work(least_walk);
	length = least_work_length(walk_least);
	trace_nothing();
	write_file(LEAST "clear", "1");
	return length;
}

/*
 * What is measured
 */

static void write_null(int i)
{
	if (write(null_fd, words[i], strlen(words[i])) < 0)
		die("/dev/null");
}

static void register_costs(void)
{
	static double at_100;
	double cost;

	cost = instructions(unregister_all, register_one, count) / count;
	report("register (one write each)", cost, 3000, NO_GOAL);
	report("- write(2) of the same to /dev/null",
	       instructions(NULL, write_null, count) / count, NO_GOAL, NO_GOAL);
	if (count == 100)
		at_100 = cost;
	report("- growth since 100 processes (per cent)",
	       100 * (cost / at_100 - 1), NO_GOAL, 5);
}

static void read_once(int unused)
{
	(void)unused;
	read_list();
}

static void read_again(void)
{
	read_list();
}

static void read_stat(int i)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/stat", words[i]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, 4096) <= 0)
		die("%s", path);
	close(fd);
}

static void read_kept_stat(int i)
{
	if (pread(stat_fds[i], text, 4096, 0) <= 0)
		die("/proc/PID/stat");
}

static void read_clock(int i)
{
	struct timespec time;

	if (clock_gettime(USER_CLOCK(pids[i]), &time))
		die("clock_gettime(2) of %d", pids[i]);
}

/* Has the processes have used 50 seconds, for times of eight digits. */
static void make_old(void)
{
	add_to_least(count);
	write_file(LEAST "age", "50");
	write_file(LEAST "clear", "1");
}

static void read_costs(void)
{
	double first, again;

	register_all();
	make_update();
	first = instructions(make_update, read_once, 1) / count;
	again = instructions(read_again, read_once, 1) / count;
	printf("# at %d: a line has %.1f bytes\n", count,
	       (double)read_list() / count);
	report("first read after an update", first, 150, 130);
	report("- of this: the call and copying", again, NO_GOAL,
	       NO_GOAL);
	report("read with nothing new since", again, 14, 3.5);

	report("- /proc/PID/stat opened anew",
	       instructions(NULL, read_stat, count) / count, NO_GOAL, NO_GOAL);
	for (int i = 0; i < count; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
		stat_fds[i] = open_file(path, O_RDONLY);
	}
	report("- /proc/PID/stat kept open",
	       instructions(NULL, read_kept_stat, count) / count,
	       NO_GOAL, NO_GOAL);
	for (int i = 0; i < count; i++)
		close(stat_fds[i]);
	report("- clock_gettime(2) of CPUCLOCK_VIRT",
	       instructions(NULL, read_clock, count) / count, NO_GOAL, NO_GOAL);

	make_old();
	make_update();
	printf("# at %d: a line has %.1f bytes after 50 s of CPU time\n", count,
	       (double)read_list() / count);
	first = instructions(make_update, read_once, 1) / count;
	again = instructions(read_again, read_once, 1) / count;
	report("first read after 50 s of CPU time", first, NO_GOAL, NO_GOAL);
	report("- then a read with nothing new", again, NO_GOAL, NO_GOAL);
}

static void update_costs(void)
{
	double length, read;

	length = update_length(count);
	report("update: a process of one thread",
	       (length - update_length(1)) / (count - 1), 200, 200);
	report("- the least: a process of one thread",
	       (least_length(count) - least_length(1)) /
	       (count - 1), NO_GOAL, NO_GOAL);
	register_all();
	read = instructions(make_update, read_once, 1);
	report("a period: the update and a first read",
	       (length + read) / count, NO_GOAL, NO_GOAL);
	report("- the lock held: by an update (in all)", length, NO_GOAL, NO_GOAL);
	report("- the lock held: by a first read (in all)",
	       read - instructions(read_again, read_once, 1), NO_GOAL, NO_GOAL);
}

/* The longest that a read takes where updates come as often as they can. */
static void waiting_cost(void)
{
	struct timespec pause = { 0 };
	long long start, spent, longest = 0;

	register_all();
	set_period(URT_PERIOD_MS_MIN);
	for (int i = 0; i < 120; i++) {
		pause.tv_nsec = 1000000 + i * 97001 % 9000000;
		nanosleep(&pause, NULL);
		start = now();
		read_list();
		spent = now() - start;
		if (spent > longest)
			longest = spent;
	}
	set_period(URT_PERIOD_MS_MAX);
	report("- a read at most (in all)",
	       longest, NO_GOAL, NO_GOAL);
}

/* How often the module starts its timer in 60 s with @number processes. */
static int timers_started(int number)
{
	int events;

	unregister_all();
	for (int i = 0; i < number; i++)
		register_one(i);
	set_period(URT_PERIOD_MS_DEFAULT);
	write_file(TRACING "trace", "");
	trace("timer/timer_start", schedule_cput_upds);
	sleep(60);
	traced(read_number(TRACING "events/timer/timer_start/id"), 0, &events);
	trace_nothing();
	set_period(URT_PERIOD_MS_MAX);
	return events;
}

static void timer_costs(void)
{
	register_all();
	report("timers in 60 s: none registered (times)",
	       timers_started(0), 0, 0);
	report("- one registered (times)", timers_started(1),
	       NO_GOAL, NO_GOAL);
}

/*
 * Memory, of the kernel's slabs
 */

#define SLABS_MAX	512

struct slabs {
	int number;
	struct {
		char name[64];
		long long objects, size;
	} slab[SLABS_MAX];
};

/* What is free has to be given back first: /proc/slabinfo counts it as used. */
static void read_slabs(struct slabs *slabs)
{
	char line[512];
	FILE *info;
	glob_t shrink;

	glob("/sys/kernel/slab/*/shrink", 0, NULL, &shrink);
	for (size_t i = 0; i < shrink.gl_pathc; i++)
		write_file(shrink.gl_pathv[i], "1");
	globfree(&shrink);

	info = fopen("/proc/slabinfo", "r");
	if (!info)
		die("/proc/slabinfo");
	slabs->number = 0;
	while (slabs->number < SLABS_MAX && fgets(line, sizeof(line), info)) {
		int i = slabs->number;

		if (sscanf(line, "%63s %lld %*d %lld", slabs->slab[i].name,
			   &slabs->slab[i].objects, &slabs->slab[i].size) == 3)
			slabs->number++;
	}
	fclose(info);
}

/*
 * The bytes that each of @number things takes which are there now and were not
 * @before. Slabs count by whole pages, so this is rounded to whole objects. An
 * open file of /proc has a struct pde_opener whatever the module does.
 */
static long long slabs_grown(const struct slabs *before, int number,
			     const char *what)
{
	static struct slabs after;
	long long sum = 0;

	read_slabs(&after);
	for (int i = 0; i < after.number && i < before->number; i++) {
		long long more = after.slab[i].objects -
				 before->slab[i].objects;
		long long each = (more + number / 2) / number;

		if (each < 1 || !strcmp(after.slab[i].name, "pde_opener"))
			continue;
		sum += each * after.slab[i].size;
		printf("# %s: %lld of %lld bytes in %s\n", what, each,
		       after.slab[i].size, after.slab[i].name);
	}
	return sum;
}

static long long memory_of_files(const char *path, int read_it,
				 const char *what)
{
	static struct slabs before;
	long long grown;

	read_slabs(&before);
	for (int i = 0; i < count; i++) {
		stat_fds[i] = open_file(path, O_RDONLY);
		if (read_it && read(stat_fds[i], text, sizeof(text)) < 0)
			die("%s", path);
	}
	grown = slabs_grown(&before, count, what);
	for (int i = 0; i < count; i++)
		close(stat_fds[i]);
	return grown;
}

static void memory_costs(void)
{
	static struct slabs before;
	long long file;

	unregister_all();
	read_list();
	read_slabs(&before);
	for (int i = 0; i < count; i++)
		register_one(i);
	report("memory: a registered process (bytes)",
	       slabs_grown(&before, count, "a registered process"), 64, 64);

	read_list();
	file = memory_of_files("/dev/null", 0, "an open file, any");
	report("memory: an open file (bytes)",
	       memory_of_files(URT_STATUS_PATH, 0, "an open file") - file,
	       NO_GOAL, NO_GOAL);
	report("memory: a reader beside its snapshot (bytes)",
	       memory_of_files(URT_STATUS_PATH, 1, "a reader") - file, 0, 0);
}

/* What an update, and the least, take of as many processes that @work. */
static void lengths_of(int (*work)(void *stack), double *update, double *least)
{
	start_processes(count, work);
	*update = update_length(count);
	*least = least_length(count);
	unregister_all();
	end_processes(count);
}

static void thread_costs(void)
{
	double update_one, update_more, least_one, least_more;
	double more = (double)count * (THREADS - 1);

	lengths_of(sleeping, &update_one, &least_one);
	lengths_of(sleeping_threads, &update_more, &least_more);
	report("update: each further thread", (update_more - update_one) / more,
	       130, 130);
	report("- the least: each further thread",
	       (least_more - least_one) / more, NO_GOAL, NO_GOAL);
}

/* For the plot: is it a straight line? */
static void update_lengths(int most)
{
	static const int counts[] = {
		10, 30, 100, 300, 1000, 3000, 6000, 10000, 15000, 20000, 25000,
		PROCESSES_MAX
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts) && counts[i] <= most; i++) {
		count = counts[i];
		report("update (in all)", update_length(count), NO_GOAL, NO_GOAL);
	}
}

int main(int argc, char **argv)
{
	static const int counts[] = { 100, 1000, 10000 };
	const struct rlimit many = { 1000000, 1000000 };
	struct utsname kernel;
	int most, sizes;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bench USERTIME.KO LEAST.KO [short]\n");
		return 1;
	}
	rounds = argc == 4 ? 2 : 3;
	sizes = argc == 4 ? 2 : 3;
	most = argc == 4 ? 1000 : PROCESSES_MAX;

	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&kernel);
	printf("# %s %s %s\n", kernel.sysname, kernel.release, kernel.machine);
	write_file("/proc/sys/kernel/pid_max", "4000000");
	write_file("/proc/sys/kernel/threads-max", "200000");
	if (setrlimit(RLIMIT_NPROC, &many) || setrlimit(RLIMIT_NOFILE, &many))
		die("setrlimit(2)");
	write_file(TRACING "trace_clock", "mono");
	write_file(TRACING "options/raw", "1");
	memset(text, 1, sizeof(text));

	load_module(argv[1], "period_ms=3600000 max_processes=1000000");
	load_module(argv[2], "");
	update_cputimes = symbol_address("usertime", "update_cputimes");
	schedule_cput_upds = symbol_address("usertime", "schedule_cput_upds");
	least_walk = symbol_address("least", "least_walk");
	status_fd = open_file(URT_STATUS_PATH, O_RDWR);
	null_fd = open_file("/dev/null", O_WRONLY);

	start_processes(most, sleeping);
	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		register_costs();
		update_costs();
		waiting_cost();
		read_costs();
	}
	memory_costs();
	timer_costs();
	update_lengths(most);

	unregister_all();
	end_processes(most);

	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		thread_costs();
	}
	close(status_fd);
	unload_module("least");
	unload_module("usertime");
	return 0;
}
