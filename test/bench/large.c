// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs with very many processes, and what does not grow in a
 * straight line
 *
 * usage: large USERTIME.KO LEAST.KO COUNT...
 *
 * Starts as many processes as the last COUNT says, registers one COUNT of them
 * after the other, and prints lines "what,processes,figure".
 *
 * It runs as root in a guest of the same kind as that of test/bench/bench.c: a
 * nanosecond is an executed instruction, there is one CPU, the processes sleep,
 * and the module least makes them aged and active.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "usertime.h"

#define PARAMETERS	"/sys/module/usertime/parameters/"
#define LEAST		"/sys/module/least/parameters/"

#define PROCESSES_MAX	1000000
#define ORDINARY_USER	65534	/* a user without privileges */
#define READ_SIZE	(128 << 10)	/* as cat reads */
#define ROUNDS		2

/* How many registrations are measured together. */
#define REGISTRATIONS	90

/* How often the watch looks whether it can run. */
#define WATCH_NS	20000

static char pids[PROCESSES_MAX + 1][12];	/* in decimal */
static int count;		/* of those that are registered */
static long long overhead;	/* of what an update of one process takes */
static int status_fd, user_fd, schedstat_fd;
static char text[PROCESSES_MAX * 27];

static long long longest;	/* that the watch waited for the CPU */
static atomic_bool watching;

static void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	fprintf(stderr, "large: ");
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

static void write_word(int fd, const char *word)
{
	if (write(fd, word, strlen(word)) < 0)
		die("writing %s", word);
}

static void set(const char *path, const char *word)
{
	int fd = open_file(path, O_WRONLY);

	write_word(fd, word);
	close(fd);
}

static void set_number(const char *path, int number)
{
	char word[16];

	snprintf(word, sizeof(word), "%d", number);
	set(path, word);
}

static void load_module(const char *path, const char *parameters)
{
	if (syscall(SYS_finit_module, open_file(path, O_RDONLY), parameters, 0))
		die("%s", path);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* As in test/bench/peers/peers.c: for how long the CPU has run tasks. */
static long long busy(void)
{
	char line[4096] = "", *cpu;
	long long ns;

	usleep(1);
	if (pread(schedstat_fd, line, sizeof(line) - 1, 0) < 0)
		die("/proc/schedstat");
	cpu = strstr(line, "\ncpu0 ");
	if (!cpu ||
	    sscanf(cpu, "\ncpu0 %*u %*u %*u %*u %*u %*u %lld", &ns) != 1)
		die("/proc/schedstat");
	return ns;
}

static void report(const char *what, double figure)
{
	printf("%s,%d,%.1f\n", what, count, figure);
}

/*
 * The watch: a thread that runs as soon as the CPU calls schedule()
 */

static void *watch(void *unused)
{
	long long due = now(), late;
	struct timespec time;

	(void)unused;
	while (watching) {
		due += WATCH_NS;
		time.tv_sec = due / 1000000000;
		time.tv_nsec = due % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		late = now() - due;
		if (late > longest)
			longest = late;
		if (late > WATCH_NS)
			due += late;
	}
	return NULL;
}

/* Returns for how long at most the CPU did not call schedule() during @work. */
static long long longest_gap(void (*work)(void))
{
	const struct sched_param priority = { .sched_priority = 50 };
	pthread_t thread;

	longest = 0;
	watching = true;
	if (pthread_create(&thread, NULL, watch, NULL) ||
	    pthread_setschedparam(thread, SCHED_FIFO, &priority))
		die("the watch");
	work();
	watching = false;
	pthread_join(thread, NULL);
	return longest;
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

static long long free_memory(void)
{
	FILE *info = fopen("/proc/meminfo", "r");
	long long kib = 0;
	char line[128];

	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "MemAvailable: %lld", &kib) == 1)
			break;
	if (!kib)
		die("/proc/meminfo");
	fclose(info);
	return kib;
}

/* They share our memory, and one stack: none of them ever returns. */
static void start_processes(int number)
{
	static char stack[4096];
	long long before = free_memory();
	int add = open_file(LEAST "add", O_WRONLY);

	for (int i = 0; i <= number; i++) {
		pid_t pid = clone(sleeping, stack + sizeof(stack), CLONE_VM |
				  CLONE_FS | CLONE_SIGHAND | SIGCHLD, NULL);

		if (pid < 0)
			die("process %d of %d", i, number);
		snprintf(pids[i], sizeof(pids[i]), "%d", pid);
		lseek(add, 0, SEEK_SET);
		write_word(add, pids[i]);
	}
	close(add);
	sleep(1);
	set(LEAST "age", "40 10");
	printf("# a process takes %.1f KiB\n",
	       (double)(before - free_memory()) / number);
}

/*
 * What is measured
 */

static void nothing(void)
{
	usleep(10000);
}

/* Registers up to @number, and measures the last of them. */
static void register_more(int number)
{
	long long start = now();

	for (; count < number; count++) {
		if (count == number - REGISTRATIONS)
			start = now();
		write_word(status_fd, pids[count]);
	}
	report("register", (double)(now() - start) / REGISTRATIONS);
}

static void read_first_piece(void)
{
	if (pread(status_fd, text, READ_SIZE, 0) < 0)
		die("reading the list");
}

static void read_list(void)
{
	ssize_t length, all = 0;

	lseek(status_fd, 0, SEEK_SET);
	while ((length = read(status_fd, text + all, READ_SIZE)) > 0)
		all += length;
	if (length < 0)
		die("reading the list");
}

static void update(void)
{
	struct pollfd news = { .fd = status_fd, .events = POLLPRI };

	set_number(PARAMETERS "period_ms", URT_PERIOD_MS_MIN);
	if (poll(&news, 1, -1) != 1)
		die("poll(2)");
	set_number(PARAMETERS "period_ms", URT_PERIOD_MS_MAX);
}

/* One process in @every has run since the last update; with 0, none has. */
static void prepare_update(int every)
{
	usleep(200000);		/* until the registrations are announced */
	read_list();
	if (every)
		set_number(LEAST "run", every);
}

static long long update_length(int every)
{
	long long before, length, least = 1LL << 60;

	for (int i = 0; i < ROUNDS; i++) {
		prepare_update(every);
		before = busy();
		update();
		length = busy() - before;
		if (length < least)
			least = length;
	}
	return least - overhead;
}

static void measure_update(const char *state, int every)
{
	long long length = update_length(every);
	char what[64];

	snprintf(what, sizeof(what), "update: %s", state);
	report(what, (double)length / count);
	snprintf(what, sizeof(what), "mutex held by an update: %s (in all)",
		 state);
	report(what, length);
	snprintf(what, sizeof(what), "no schedule() in an update: %s (in all)",
		 state);
	prepare_update(every);
	report(what, longest_gap(update));
}

/* Its first piece is what the mutex is held for, and a little more. */
static void measure_read(void)
{
	long long start = now(), first, all;

	read_first_piece();
	first = now() - start;
	start = now();
	read_list();
	all = now() - start;
	report("read", (double)all / count);
	report("mutex held by a read (in all)", first);
	report("no schedule() in a read (in all)", longest_gap(read_list));
}

/* Only of this thread: the watch stays root's. */
static void set_user(uid_t uid)
{
	if (syscall(SYS_setresuid, -1, uid, -1))
		die("becoming user %d", uid);
}

/* The ordinary user registers one more process than root has. */
static void register_as_user(void)
{
	set_user(ORDINARY_USER);
	write_word(user_fd, pids[count]);
	set_user(0);
}

static void unregister_it(void)
{
	char word[16];

	snprintf(word, sizeof(word), "-%s", pids[count]);
	write_word(status_fd, word);
}

/* Half of the list is taken: the module counts the lines of the user. */
static void measure_share(void)
{
	long long start;

	set_number(PARAMETERS "max_processes", 2 * count);
	start = now();
	register_as_user();
	report("mutex held by a user's registration: half taken (in all)",
	       now() - start);
	unregister_it();
	report("no schedule() in a user's registration (in all)",
	       longest_gap(register_as_user));
	unregister_it();
	set_number(PARAMETERS "max_processes", 2 * PROCESSES_MAX);
}

static void unload(void)
{
	if (syscall(SYS_delete_module, "usertime", O_NONBLOCK))
		die("unloading usertime");
}

int main(int argc, char **argv)
{
	const struct rlimit many = { 2 * PROCESSES_MAX, 2 * PROCESSES_MAX };
	struct utsname kernel;

	if (argc < 4 || atoi(argv[argc - 1]) > PROCESSES_MAX) {
		fprintf(stderr, "usage: large USERTIME.KO LEAST.KO COUNT...\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&kernel);
	printf("# %s %s %s\n", kernel.sysname, kernel.release, kernel.machine);
	set("/proc/sys/kernel/pid_max", "4000000");
	set_number("/proc/sys/kernel/threads-max", 2 * PROCESSES_MAX);
	if (setrlimit(RLIMIT_NPROC, &many))
		die("setrlimit(2)");
	memset(text, 1, sizeof(text));
	schedstat_fd = open_file("/proc/schedstat", O_RDONLY);
	load_module(argv[1], "period_ms=3600000 max_processes=2000000");
	load_module(argv[2], "");
	/* The processes have copies of the files that are open now. */
	start_processes(atoi(argv[argc - 1]));
	status_fd = open_file(URT_STATUS_PATH, O_RDWR);
	set_user(ORDINARY_USER);
	user_fd = open_file(URT_STATUS_PATH, O_RDWR);
	set_user(0);

	report("no schedule() while nothing happens (in all)",
	       longest_gap(nothing));
	write_word(status_fd, pids[count++]);
	overhead = update_length(0);
	for (int i = 3; i < argc; i++) {
		register_more(atoi(argv[i]));
		measure_update("0 % active", 0);
		measure_update("1 % active", 100);
		measure_update("100 % active", 1);
		measure_read();
		measure_share();
	}
	close(user_fd);
	close(status_fd);
	report("no schedule() in rmmod (in all)", longest_gap(unload));
	return 0;
}
