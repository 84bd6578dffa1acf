// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs, and what the alternatives cost
 *
 * usage: bench USERTIME.KO LEAST.KO [short]
 *
 * Prints lines "what,processes,figure,goal", where the goal may be missing,
 * and lines that begin with a '#', which are notes. scripts/bench makes a table
 * of them. A figure is in instructions per process, unless its name ends with
 * another unit or with "(in all)".
 *
 * It runs as root in a guest where a nanosecond is an executed instruction:
 * qemu -icount shift=0,sleep=off -smp 1. The clock advances in steps of 16
 * there, and it jumps ahead while the CPU is idle, so that sleeping is free.
 * Each figure is the least of several measurements, because interrupts only
 * ever add to it.
 *
 * The registered processes sleep. All their PIDs have five digits, so a line is
 * as long with few processes as with many. Updates happen only when this
 * program asks for one.
 *
 * A process is called young if it has used almost no time yet, and aged if it
 * has used 40 seconds of user time and 10 seconds of system time: then the
 * module must divide, and the time has eight digits. A process is called active
 * if it has run since the last update. The module least (test/bench/least.c)
 * makes processes aged and active. Updates and reads are those of aged
 * processes, unless their names say otherwise; the other figures do not depend
 * on the age.
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

/* A max_processes that no test reaches. */
#define NO_LIMIT	1000000

/* A user without privileges. */
#define ORDINARY_USER	65534

/* Seconds of user time and of system time that an aged process has used. */
#define AGE		"40 10"

/* The numbers of threads of the processes that are compared. */
#define THREADS_FEW	2
#define THREADS_MANY	4

/* CPUCLOCK_VIRT, the user time, of a process: linux/posix-timers.h. */
#define USER_CLOCK(pid)	((clockid_t)(~(unsigned int)(pid) << 3 | 1))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define NO_GOAL		-1

static int rounds;		/* how many times everything is measured */

static int status_fd, null_fd;
static int user_fd;			/* opened by the ordinary user */
static pid_t pids[PROCESSES_MAX];
static char words[PROCESSES_MAX][12];	/* the PIDs in decimal */
static char all_words[PROCESSES_MAX * 12]; /* those of count processes */
static int stat_fds[PROCESSES_MAX];
static char text[PROCESSES_MAX * 40];	/* in memory before it is timed */
static int count;			/* the number of processes measured */
static int active_every;		/* one in this many is, 0: none */

/* The addresses of these functions in the kernel. */
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

/* Prints a figure and its goal for 1,000 or for 10,000 processes. */
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
 * Returns what @work takes when it is called with 0 to @calls - 1, after
 * @before. What the loop and the clock take is subtracted.
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

static int threads;		/* of each process that is started next */

/* The threads share the stack: none of them ever returns. */
static int sleeping_threads(void *stack)
{
	for (int i = 1; i < threads; i++)
		if (clone(sleeping, (char *)stack - 512 * i, CLONE_VM |
			  CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
			_exit(1);
	return sleeping(NULL);
}

/*
 * Starts processes that sleep and that cost as little as possible. They share
 * our memory but not our files: if they did, each system call of ours that uses
 * a file would take longer.
 */
static void start_processes(int number, int threads_of_each)
{
	static char stacks[PROCESSES_MAX][4096];

	threads = threads_of_each;
	write_file("/proc/sys/kernel/ns_last_pid", "%d", FIRST_PID - 1);
	for (int i = 0; i < number; i++) {
		char *stack = stacks[i] + sizeof(stacks[i]);

		pids[i] = clone(sleeping_threads, stack,
				CLONE_VM | CLONE_FS | SIGCHLD, stack);
		if (pids[i] < 0)
			die("process %d of %d", i, number);
		snprintf(words[i], sizeof(words[i]), "%d", pids[i]);
	}
	/* The clock jumps to the end of this second when all of them sleep. */
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

static void set_limit(int processes)
{
	write_file(PARAMETERS "max_processes", "%d", processes);
}

static ssize_t read_list(void)
{
	ssize_t length = pread(status_fd, text, sizeof(text), 0);

	if (length < 0)
		die("reading the list");
	return length;
}

/*
 * Waits until all registrations have been announced, which takes 0.1 s. After
 * that, only an update is news.
 */
static void settle(void)
{
	const struct timespec enough = { .tv_nsec = 200000000 };

	nanosleep(&enough, NULL);
}

/* Makes the module do exactly one update. */
static void make_update(void)
{
	struct pollfd news = { .fd = status_fd, .events = POLLPRI };

	settle();
	read_list();
	set_period(URT_PERIOD_MS_MIN);
	if (poll(&news, 1, -1) != 1 || !(news.revents & POLLPRI))
		die("no update comes");
	set_period(URT_PERIOD_MS_MAX);
}

/* Makes processes active. They are those in the list of least. */
static void run_active(void)
{
	if (active_every)
		write_file(LEAST "run", "%d", active_every);
}

static void make_active_update(void)
{
	run_active();
	make_update();
}

/*
 * Tracing: how long a work item ran, how long a mutex was held, and how often
 * a timer was started
 */

/* Returns the address of a function of a module. */
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

/* Traces @event if it is about the function at @address. */
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
 * Returns the time of the first event of type @id that is not before @time, or
 * 0; and in @events, how many such events there are. Only the raw form of a
 * trace, "PID CPU TIME type: ID", has nanoseconds.
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

/* Returns how long the work item ran that @run starts. */
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

/*
 * Returns the longest time, between two traced moments, that this program held
 * a mutex without taking another one in the meantime. While it reads the list,
 * that mutex is the module's: those of seq_file and of the file's offset are
 * taken around it. The probes themselves add some 1,600 instructions.
 */
static long long longest_hold(long long lock_id, long long unlock_id)
{
	FILE *trace = fopen(TRACING "trace", "r");
	long long at, type, locked = 0, longest = 0;
	char line[256];

	if (!trace)
		die(TRACING "trace");
	while (fgets(line, sizeof(line), trace)) {
		if (sscanf(line, "%*d %*d %lld type: %lld", &at, &type) != 2)
			continue;
		if (type == lock_id) {
			locked = at;
		} else if (type == unlock_id) {
			if (locked && at - locked > longest)
				longest = at - locked;
			locked = 0;
		}
	}
	fclose(trace);
	return longest;
}

/*
 * Returns for how long @read holds the module's mutex. Tracing is off except
 * during @read, because tracing itself takes mutexes.
 */
static long long least_hold(void (*read)(int unused))
{
	long long lock_id, unlock_id, hold, least = LLONG_MAX;

	write_file(TRACING "tracing_on", "0");
	write_file(TRACING "kprobe_events",
		   "p:bench/lock mutex_lock\np:bench/unlock mutex_unlock\n");
	lock_id = read_number(TRACING "events/bench/lock/id");
	unlock_id = read_number(TRACING "events/bench/unlock/id");
	write_file(TRACING "events/bench/filter", "common_pid == %d", getpid());
	write_file(TRACING "events/bench/enable", "1");
	for (int i = 0; i < 2 * rounds; i++) {
		write_file(TRACING "trace", "");
		write_file(TRACING "tracing_on", "1");
		read(0);
		write_file(TRACING "tracing_on", "0");
		hold = longest_hold(lock_id, unlock_id);
		if (hold < least)
			least = hold;
	}
	write_file(TRACING "events/bench/enable", "0");
	write_file(TRACING "kprobe_events", "");
	write_file(TRACING "tracing_on", "1");
	return least;
}

/*
 * Returns how long an update of the first @number processes takes. One process
 * in @every is active; with 0, none is.
 */
static double update_length(int number, int every)
{
	double length;
	int all = count;

	count = number;
	register_all();
	count = all;
	active_every = every;
	trace_work(update_cputimes);
	length = least_work_length(make_active_update);
	trace_nothing();
	active_every = 0;
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
	run_active();
	write_file(LEAST "walk", "1");
}

/* Does the same with the module least. */
static double least_length(int number, int every)
{
	double length;

	add_to_least(number);
	active_every = every;
	trace_work(least_walk);
	length = least_work_length(walk_least);
	trace_nothing();
	active_every = 0;
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

/* Registers all with as few calls as possible: each takes up to a page. */
static void register_together(int unused)
{
	size_t left = strlen(all_words);
	const char *at = all_words;
	ssize_t taken;

	(void)unused;
	while (left) {
		taken = write(status_fd, at, left);
		if (taken <= 0)
			die("registering %d processes together", count);
		at += taken;
		left -= taken;
	}
}

static void register_costs(void)
{
	char *end = all_words;

	for (int i = 0; i < count; i++)
		end += sprintf(end, "%s\n", words[i]);
	report("register (one write each)",
	       instructions(unregister_all, register_one, count) / count,
	       2700, 2700);
	report("register (one write for all)",
	       instructions(unregister_all, register_together, 1) / count,
	       1600, 1600);
	report("- write(2) of the same to /dev/null",
	       instructions(NULL, write_null, count) / count, NO_GOAL, NO_GOAL);
}

static void set_user(uid_t uid)
{
	if (seteuid(uid))
		die("becoming user %d", uid);
}

/* The ordinary user registers the process after those of root. */
static void register_next(int unused)
{
	(void)unused;
	if (write(user_fd, words[count], strlen(words[count])) < 0)
		die("registering process %s", words[count]);
}

static void unregister_next(void)
{
	set_user(0);
	if (dprintf(status_fd, "-%s", words[count]) < 0)
		die("unregistering process %s", words[count]);
	set_user(ORDINARY_USER);
}

static double register_next_cost(void)
{
	double cost;

	set_user(ORDINARY_USER);
	register_next(0);
	cost = instructions(unregister_next, register_next, 1);
	unregister_next();
	set_user(0);
	return cost;
}

/*
 * No user may have more than half of max_processes lines. The module counts a
 * user's lines when that many are taken, here by root.
 */
static void share_cost(void)
{
	double alone, counting;

	register_all();
	alone = register_next_cost();
	set_limit(2 * count);
	counting = register_next_cost();
	set_limit(NO_LIMIT);
	report("register: half the list taken (in all)", counting,
	       NO_GOAL, NO_GOAL);
	report("- with a higher limit (in all)", alone, NO_GOAL, NO_GOAL);
}

static void young_update_costs(void)
{
	double of_one = update_length(1, 0);

	report("update: 0 % active (young)",
	       (update_length(count, 0) - of_one) / (count - 1), 30, 30);
	add_to_least(count);
	report("update: 100 % active (young)",
	       (update_length(count, 1) - of_one) / (count - 1),
	       NO_GOAL, NO_GOAL);
}

static void read_kept(int unused)
{
	(void)unused;
	read_list();
}

static void read_anew(int unused)
{
	int fd = open_file(URT_STATUS_PATH, O_RDONLY);
	ssize_t length;

	(void)unused;
	do
		length = read(fd, text, sizeof(text));
	while (length > 0);
	if (length < 0)
		die("reading the list");
	close(fd);
}

/* Returns what the first read after an update takes through a kept descriptor. */
static double read_costs(void)
{
	double first = instructions(make_update, read_kept, 1);

	report("read (new open): first after an update", instructions(make_update, read_anew, 1)
	       / count, 70, 45);
	report("read (new open): repeated", instructions(NULL, read_anew, 1)
	       / count, 70, 45);
	report("read (kept descriptor): first after an update", first / count, 32, 28);
	report("read (kept descriptor): repeated",
	       instructions(NULL, read_kept, 1) / count, 32, 28);
	return first;
}

static void aged_costs(void)
{
	static const struct {
		const char *percent;
		int every;
		double update_1000, update_10000, period_1000, period_10000;
	} activities[] = {
		{ "0 %", 0, 30, 30, NO_GOAL, 58 },
		{ "1 %", 100, NO_GOAL, NO_GOAL, NO_GOAL, 60 },
		{ "10 %", 10, NO_GOAL, NO_GOAL, NO_GOAL, 75 },
		{ "100 %", 1, 200, NO_GOAL, 240, NO_GOAL },
	};
	double of_one, least_of_one, least_asleep, least_active;
	double read, length[ARRAY_SIZE(activities)];
	char what[64];

	/* After this, least has all these processes and can make them active. */
	least_of_one = least_length(1, 0);
	least_asleep = least_length(count, 0);
	least_active = least_length(count, 1);
	of_one = update_length(1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(activities); i++) {
		length[i] = update_length(count, activities[i].every);
		snprintf(what, sizeof(what), "update: %s active",
			 activities[i].percent);
		report(what, (length[i] - of_one) / (count - 1),
		       activities[i].update_1000, activities[i].update_10000);
	}
	report("- the least: 0 % active",
	       (least_asleep - least_of_one) / (count - 1), NO_GOAL, NO_GOAL);
	report("- the least: 100 % active",
	       (least_active - least_of_one) / (count - 1), NO_GOAL, NO_GOAL);
	read = read_costs();
	printf("# at %d: a line has %.1f bytes\n", count,
	       (double)read_list() / count);
	for (size_t i = 0; i < ARRAY_SIZE(activities); i++) {
		snprintf(what, sizeof(what), "update and read: %s active",
			 activities[i].percent);
		report(what, (length[i] + read) / count,
		       activities[i].period_1000, activities[i].period_10000);
	}
	report("mutex held by a read (in all)", least_hold(read_anew),
	       NO_GOAL, 450000);
	report("mutex held by an update: 0 % (in all)", length[0],
	       NO_GOAL, NO_GOAL);
	report("mutex held by an update: 100 % (in all)",
	       length[ARRAY_SIZE(activities) - 1], NO_GOAL, NO_GOAL);
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

static void other_costs(void)
{
	report("- /proc/PID/stat opened each time",
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
}

static void make_aged(int number)
{
	add_to_least(number);
	write_file(LEAST "age", AGE);
}

/* Returns how often the timer is started in 60 s with @number processes. */
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

/* Free objects are given back first: /proc/slabinfo may count them as used. */
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
 * Returns how many bytes each of @number things takes that exist now and did
 * not exist @before. slabinfo counts whole pages of objects, so the result is
 * rounded to whole objects. Every open file in /proc has a struct pde_opener,
 * whatever module the file belongs to.
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

static long long memory_of_files(const char *path, const char *what)
{
	static struct slabs before;
	long long grown;

	read_slabs(&before);
	for (int i = 0; i < count; i++)
		stat_fds[i] = open_file(path, O_RDONLY);
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
	       slabs_grown(&before, count, "a registered process"), 112, 112);
	file = memory_of_files("/dev/null", "an open file, any");
	report("memory: an open file (bytes)",
	       memory_of_files(URT_STATUS_PATH, "an open file") - file,
	       NO_GOAL, NO_GOAL);
}

/* Measures an update, and least, for processes of @threads_of_each threads. */
static void lengths_of(int threads_of_each, double *update, double *least)
{
	start_processes(count, threads_of_each);
	*update = update_length(count, 0);
	*least = least_length(count, 0);
	write_file(LEAST "clear", "1");
	unregister_all();
	end_processes(count);
}

/*
 * Processes of several threads are compared with each other, because an update
 * skips a sleeping process only if it has one thread.
 */
static void thread_costs(void)
{
	double update_few, update_many, least_few, least_many;
	double more = (double)count * (THREADS_MANY - THREADS_FEW);

	lengths_of(THREADS_FEW, &update_few, &least_few);
	lengths_of(THREADS_MANY, &update_many, &least_many);
	report("update: each additional thread",
	       (update_many - update_few) / more, 20, 20);
	report("- the least: each additional thread",
	       (least_many - least_few) / more, NO_GOAL, NO_GOAL);
}

/* Measures what the plot shows: whether the points are on a straight line. */
static void update_lengths(int most)
{
	static const int counts[] = {
		10, 30, 100, 300, 1000, 3000, 6000, 10000, 15000, 20000, 25000,
		PROCESSES_MAX
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts) && counts[i] <= most; i++) {
		count = counts[i];
		report("update (in all)", update_length(count, 0),
		       NO_GOAL, NO_GOAL);
	}
}

int main(int argc, char **argv)
{
	static const int all_counts[] = { 100, 1000, 10000 };
	const struct rlimit many = { 1000000, 1000000 };
	const int *counts = all_counts;
	struct utsname kernel;
	int most, sizes;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bench USERTIME.KO LEAST.KO [short]\n");
		return 1;
	}
	rounds = 3;
	sizes = ARRAY_SIZE(all_counts);
	most = PROCESSES_MAX;
	if (argc == 4) {
		rounds = 2;
		counts++;
		sizes--;
		most = 10001;
	}

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

	load_module(argv[1], "period_ms=3600000");
	set_limit(NO_LIMIT);
	load_module(argv[2], "");
	update_cputimes = symbol_address("usertime", "update_cputimes");
	schedule_cput_upds = symbol_address("usertime", "schedule_cput_upds");
	least_walk = symbol_address("least", "least_walk");
	status_fd = open_file(URT_STATUS_PATH, O_RDWR);
	null_fd = open_file("/dev/null", O_WRONLY);
	set_user(ORDINARY_USER);
	user_fd = open_file(URT_STATUS_PATH, O_RDWR);
	set_user(0);

	start_processes(most, 1);
	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		register_costs();
		share_cost();
		young_update_costs();
	}
	make_aged(most);
	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		aged_costs();
		other_costs();
	}
	memory_costs();
	timer_costs();
	update_lengths(most);

	write_file(LEAST "clear", "1");
	unregister_all();
	end_processes(most);

	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		thread_costs();
	}
	close(user_fd);
	close(status_fd);
	unload_module("least");
	unload_module("usertime");
	return 0;
}
