// SPDX-License-Identifier: GPL-2.0
/*
 * What other methods of watching processes cost, and what they lose
 *
 * usage: peers USERTIME.KO LEAST.KO [short]
 *
 * Prints lines "method,processes,what,figure", after a note that begins with a
 * '#'. scripts/bench-peers makes docs/comparison.md of them. A method that this
 * kernel refuses has only one line, "method,0,refused,why".
 *
 * It runs as root in a guest of the same kind as that of test/bench/bench.c: a
 * nanosecond is an executed instruction. Here, too, the watched processes sleep,
 * their PIDs have five digits, and they are aged by the module least. What is
 * measured while nothing watches the processes is subtracted from each figure,
 * and printed, too. Times that a method finds as text are not parsed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers.h"

#define LEAST		"/sys/module/least/parameters/"

#define FIRST_PID	10000
#define OTHER_PIDS	100000	/* of what is started after the processes */
#define STACK_SIZE	4096

/* How many times all is measured. */
#define ROUNDS		3

/*
 * How often two processes take turns, and how many processes end, while nothing
 * else happens: a round does either several times, each in less than the 4 ms
 * between two ticks, so that the least has no tick in it.
 */
#define TURNS		250
#define EXITS		50
#define TIMES		10

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static const struct peer * const peers[] = {
	&peer_usertime,
	&peer_usertime_opened,
	&peer_sched_switch_array,
	&peer_sched_switch,
	&peer_task_kptr_active,
	&peer_task_kptr_leader,
	&peer_task_kptr,
	&peer_task_iter,
	&peer_task_iter_filtered,
	&peer_clock,
	&peer_perf,
	&peer_cgroup,
	&peer_schedstat,
	&peer_taskstats,
	&peer_stat_kept,
	&peer_stat_uring,
	&peer_stat_opened,
};

/*
 * What is measured, all in instructions but the memory, which is in bytes.
 * TENTH is a sample when only one process in ten is watched.
 */
enum { SAMPLE, TENTH, ADD, TURN, EXIT, MEMORY, FIGURES };

static const char * const what[] = {
	"sample", "sample of a tenth", "register", "context switch", "exit",
	"memory"
};

pid_t pids[PROCESSES_MAX];
const char *usertime_ko;

static int count;		/* of processes that are watched */
static int largest;		/* count of all */
static int alive;		/* of them, the first that have not ended */
static int schedstat_fd;

/* Pipes: a byte in the first makes two processes take turns. */
static int begin[2], there[2], back[2], done[2];

/*
 * Tools
 */

void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	fprintf(stderr, "peers: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	exit(1);
}

void *allocate(int number, size_t size)
{
	void *memory = calloc(number, size);

	if (!memory)
		die("memory for %d", number);
	return memory;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	return fd;
}

void write_file(const char *path, const char *format, ...)
{
	int fd = open_file(path, O_WRONLY | O_TRUNC);
	va_list args;

	va_start(args, format);
	if (vdprintf(fd, format, args) < 0)
		die("writing %s", path);
	va_end(args);
	close(fd);
}

/*
 * The processes
 */

pid_t start_process(int (*run)(void *), void *argument, char *stack_end,
		    pid_t pid)
{
	pid_t started;

	if (pid)
		write_file("/proc/sys/kernel/ns_last_pid", "%d", pid - 1);
	started = clone(run, stack_end, CLONE_VM | CLONE_FS | SIGCHLD,
			argument);
	if (started < 0)
		die("clone(2)");
	if (pid && started != pid)
		die("started process %d instead of %d", started, pid);
	return started;
}

static void pass(int *pipe)
{
	if (write(pipe[1], "", 1) != 1)
		_exit(1);
}

static void await(int *pipe)
{
	char byte;

	if (read(pipe[0], &byte, 1) != 1)
		_exit(1);
}

/* The first two take turns when they are told to. */
static int run_process(void *number)
{
	for (;;) {
		if (number == (void *)0) {
			await(begin);
			for (int i = 0; i < TURNS; i++) {
				pass(there);
				await(back);
			}
			pass(done);
		} else if (number == (void *)1) {
			await(there);
			pass(back);
		} else {
			pause();
		}
	}
	return 0;
}

/* Starts the processes from @first on, and makes them aged. */
static void start_processes(int first)
{
	static char stacks[PROCESSES_MAX][STACK_SIZE];

	for (int i = first; i < count; i++) {
		pids[i] = start_process(run_process, (void *)(long)i,
					stacks[i] + STACK_SIZE, FIRST_PID + i);
		write_file(LEAST "add", "%d", pids[i]);
	}
	write_file("/proc/sys/kernel/ns_last_pid", "%d", OTHER_PIDS);
	write_file(LEAST "age", "40 10");
	write_file(LEAST "clear", "1");
	alive = count;
}

/*
 * What is measured
 */

/*
 * Returns the nanoseconds in which the CPU has run tasks, interrupts included.
 * They do not include the time that it was idle, through which the guest's clock
 * jumps, nor interrupts then. What this program itself has run is included when
 * it stops running: it sleeps for a moment.
 */
static long long busy(void)
{
	char text[4096] = "", *cpu;
	long long ns;

	usleep(1);
	if (pread(schedstat_fd, text, sizeof(text) - 1, 0) < 0)
		die("/proc/schedstat");
	cpu = strstr(text, "\ncpu0 ");
	if (!cpu ||
	    sscanf(cpu, "\ncpu0 %*u %*u %*u %*u %*u %*u %lld", &ns) != 1)
		die("/proc/schedstat");
	return ns;
}

static void shrink_slabs(void)
{
	glob_t files;

	glob("/sys/kernel/slab/*/shrink", 0, NULL, &files);
	for (size_t i = 0; i < files.gl_pathc; i++)
		write_file(files.gl_pathv[i], "1");
	globfree(&files);
}

/*
 * Returns the bytes of the pages that are free, each CPU's supply of them
 * included, after all caches were emptied. What the kernel frees later may leave
 * other things unused, so this takes several turns. Sleeping costs nothing here.
 */
static long long free_memory(void)
{
	long long pages, sum = 0;
	char line[256];
	FILE *zones;

	for (int i = 0; i < 3; i++) {
		write_file("/proc/sys/vm/drop_caches", "3");
		sleep(4);
		shrink_slabs();
	}
	write_file("/proc/sys/vm/stat_refresh", "1");
	zones = fopen("/proc/zoneinfo", "r");
	while (zones && fgets(line, sizeof(line), zones))
		if (sscanf(line, " pages free %lld", &pages) == 1 ||
		    sscanf(line, " count: %lld", &pages) == 1)
			sum += pages;
	if (!sum)
		die("/proc/zoneinfo");
	fclose(zones);
	return sum * sysconf(_SC_PAGESIZE);
}

static void add_all(const struct peer *peer)
{
	for (int i = 0; i < count; i++) {
		errno = -peer->add(i);
		if (errno)
			die("%s: process %d of %d", peer->name, i, count);
	}
}

static void take_sample(const struct peer *peer)
{
	peer->sample();
}

static void take_turns(const struct peer *unused)
{
	(void)unused;
	pass(begin);
	await(done);
}

static void end_some(const struct peer *unused)
{
	int end = alive;

	(void)unused;
	alive -= EXITS;
	for (int i = alive; i < end; i++)
		if (kill(pids[i], SIGKILL) ||
		    waitpid(pids[i], NULL, 0) != pids[i])
			die("ending process %d", pids[i]);
}

/* Measures @work, and keeps in @figure the least for each of @number. */
static void measure(double *figure, const struct peer *peer,
		    void (*work)(const struct peer *peer), int number)
{
	long long before = busy();
	double each;

	work(peer);
	each = (double)(busy() - before) / number;
	if (each < *figure)
		*figure = each;
}

static void start(const struct peer *peer)
{
	errno = -peer->start(count);
	if (errno)
		die("%s", peer->name);
}

/*
 * Samples all, after a while in which the method comes to rest: the fewer they
 * are, the more often, because what else happens then matters more.
 */
static void measure_samples(double *figure, const struct peer *peer)
{
	int samples = 3 + 3000 / count;

	sleep(1);
	peer->sample();
	for (int i = 0; i < samples; i++)
		measure(figure, peer, take_sample, count);
}

/* Measures only samples, while @number of all processes are watched. */
static void watch_some(double *figure, const struct peer *peer, int number)
{
	int all = count;

	count = number;
	start(peer);
	add_all(peer);
	for (int i = 0; i < ROUNDS; i++)
		measure_samples(figure, peer);
	peer->stop();
	count = all;
}

/* Measures everything, and returns the memory in this round. */
static double watch_all(double *figures, const struct peer *peer)
{
	long long before = free_memory();
	double memory;

	start(peer);
	measure(&figures[ADD], peer, add_all, count);
	peer->sample();
	memory = (double)(before - free_memory()) / count;
	measure_samples(&figures[SAMPLE], peer);
	for (int i = 0; i < TIMES; i++)
		measure(&figures[TURN], peer, take_turns, 2 * TURNS);
	for (int i = 0; i < TIMES && alive >= EXITS; i++)
		measure(&figures[EXIT], peer, end_some, EXITS);
	peer->stop();
	start_processes(alive);
	return memory;
}

static int compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Each figure is the least of all rounds, because interrupts only ever add to
 * it. The memory is the median: other things are freed and allocated meanwhile.
 * Returns how many figures there are: only one if there are more processes
 * later.
 */
static int measure_peer(double *figures, const struct peer *peer)
{
	double memory[ROUNDS];

	for (int i = 0; i < FIGURES; i++)
		figures[i] = 1e18;
	if (count < largest) {
		watch_some(&figures[SAMPLE], peer, count);
		return 1;
	}
	watch_some(&figures[TENTH], peer, count / 10);
	for (int i = 0; i < ROUNDS; i++)
		memory[i] = watch_all(figures, peer);
	qsort(memory, ROUNDS, sizeof(memory[0]), compare_numbers);
	figures[MEMORY] = memory[ROUNDS / 2];
	return FIGURES;
}

/*
 * The method that watches nothing
 */

static int start_nothing(int unused)
{
	(void)unused;
	return 0;
}

static void sample_nothing(void)
{
}

static const struct peer nothing = {
	.name = "nothing",
	.start = start_nothing,
	.add = start_nothing,
	.sample = sample_nothing,
	.stop = sample_nothing,
};

static void compare(const bool *working)
{
	double with[FIGURES], without[FIGURES];
	int figures = measure_peer(without, &nothing);

	for (int i = 0; i < figures; i++)
		printf("nothing,%d,%s,%.1f\n", count, what[i], without[i]);
	for (size_t p = 0; p < ARRAY_SIZE(peers); p++) {
		if (!working[p])
			continue;
		measure_peer(with, peers[p]);
		for (int i = 0; i < figures; i++)
			printf("%s,%d,%s,%.1f\n", peers[p]->name, count,
			       what[i], with[i] - without[i]);
	}
}

static void load_module(const char *path)
{
	if (syscall(SYS_finit_module, open_file(path, O_RDONLY), "", 0))
		die("%s", path);
}

static void prepare(void)
{
	const struct rlimit many = { 1000000, 1000000 };

	write_file("/proc/sys/kernel/pid_max", "4000000");
	write_file("/proc/sys/kernel/threads-max", "200000");
	if (setrlimit(RLIMIT_NPROC, &many) || setrlimit(RLIMIT_NOFILE, &many))
		die("setrlimit(2)");
	if (pipe2(begin, O_CLOEXEC) || pipe2(there, O_CLOEXEC) ||
	    pipe2(back, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
		die("pipe2(2)");
	/* It takes no more memory than it uses, and free() gives all back. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		die("prctl(2)");
	mallopt(M_MMAP_THRESHOLD, 4096);
	schedstat_fd = open_file("/proc/schedstat", O_RDONLY);
}

int main(int argc, char **argv)
{
	static const int counts[] = { 100, 1000, 10000 };
	size_t sizes = ARRAY_SIZE(counts);
	bool working[ARRAY_SIZE(peers)];
	struct utsname kernel;
	int started = 0;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: peers USERTIME.KO LEAST.KO [short]\n");
		return 1;
	}
	if (argc == 4)
		sizes = 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&kernel);
	printf("# %s %s %s\n", kernel.sysname, kernel.release, kernel.machine);
	usertime_ko = argv[1];
	load_module(argv[2]);
	prepare();
	sleep(10);	/* the kernel goes on with its own beginning */
	for (size_t p = 0; p < ARRAY_SIZE(peers); p++)
		working[p] = works(peers[p]);
	largest = counts[sizes - 1];
	for (size_t i = 0; i < sizes; i++) {
		count = counts[i];
		start_processes(started);
		started = count;
		compare(working);
	}
	return 0;
}
