/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benches share
 *
 * They run as root in a guest where a nanosecond is an executed instruction:
 * qemu -icount shift=0,sleep=off -smp 1. The clock advances in steps of 16
 * there, and it jumps ahead while the CPU is idle, so that sleeping is free.
 * Each figure is the least of several measurements, because interrupts only
 * ever add to it.
 *
 * The processes that they register sleep, and share the bench's memory. All
 * their PIDs have five digits, so a line is as long with few processes as with
 * many.
 * Updates happen only when a bench asks for one.
 *
 * A process is called young if it has used almost no time yet, and aged if it
 * has used 40 seconds of user time and 10 seconds of system time: then the
 * module must divide, and the time has eight digits. A process is called active
 * if it has run since the last update. The module least (test/bench/least.c)
 * makes processes aged and active.
 */
#ifndef BENCH_H
#define BENCH_H

#include "urt.h"

#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#define LEAST		"/sys/module/least/parameters/"

/* Seconds of user time and of system time that an aged process has used. */
#define AGE		"40 10"

#define FIRST_PID	10000
#define ORDINARY_USER	65534	/* a user without privileges */
#define NO_GOAL		-1

/* CPUCLOCK_VIRT, the user time of a process (linux/posix-timers.h). */
#define USER_CLOCK(pid)	((clockid_t)(~(unsigned int)(pid) << 3 | 1))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static inline int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s opens", path);
	return fd;
}

/* Writes a file in one write. */
static inline void write_file(const char *path, const char *format, ...)
{
	int fd = open_file(path, O_WRONLY | O_TRUNC);
	va_list args;

	va_start(args, format);
	if (vdprintf(fd, format, args) < 0)
		die("%s can be written", path);
	va_end(args);
	close(fd);
}

static inline FILE *open_lines(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		die("%s opens", path);
	return file;
}

static inline int open_stat(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return open_file(path, O_RDONLY);
}

static inline void load_module(const char *path, const char *parameters)
{
	int fd = open_file(path, O_RDONLY);

	if (syscall(SYS_finit_module, fd, parameters, 0))
		die("%s loads", path);
	close(fd);
}

static inline void print_kernel(void)
{
	struct utsname kernel;

	uname(&kernel);
	printf("# %s %s %s\n", kernel.sysname, kernel.release, kernel.machine);
}

/* Prints a figure for @processes and its goal, which may be NO_GOAL. */
static inline void report(const char *what, int processes, double figure,
			  double goal)
{
	printf("%s,%d,%.1f,", what, processes, figure);
	if (goal != NO_GOAL)
		printf("%g", goal);
	printf("\n");
}

/* Allows as many processes and open files as the benches need. */
static inline void lift_limits(void)
{
	const struct rlimit many = { 1000000, 1000000 };

	write_file("/proc/sys/kernel/pid_max", "4000000");
	write_file("/proc/sys/kernel/threads-max", "2000000");
	if (setrlimit(RLIMIT_NOFILE, &many))
		die("setrlimit(2)");
}

static inline long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/*
 * Returns how many nanoseconds the CPU has run tasks, including interrupts in
 * them. Idle time, through which the guest's clock jumps, is not included. The
 * scheduler adds the time of this program when it stops running, so it sleeps
 * for a moment.
 */
static inline long long busy(void)
{
	static int fd;
	char text[4096] = "", *cpu;
	long long ns;

	if (!fd)
		fd = open_file("/proc/schedstat", O_RDONLY);
	usleep(1);
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		die("/proc/schedstat can be read");
	cpu = strstr(text, "\ncpu0 ");
	if (!cpu ||
	    sscanf(cpu, "\ncpu0 %*u %*u %*u %*u %*u %*u %lld", &ns) != 1)
		die("/proc/schedstat has the time of the CPU");
	return ns;
}

/* Makes the slab caches free their empty slabs. */
static inline void shrink_slabs(void)
{
	glob_t files;

	glob("/sys/kernel/slab/*/shrink", 0, NULL, &files);
	for (size_t i = 0; i < files.gl_pathc; i++)
		write_file(files.gl_pathv[i], "1");
	globfree(&files);
}

static inline int sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* The next process gets the first free number from @pid on. */
static inline void set_next_pid(pid_t pid)
{
	write_file("/proc/sys/kernel/ns_last_pid", "%d", pid - 1);
}

/*
 * Starts a process that costs as little as possible: it shares our memory, but
 * not our files, because our system calls on shared files would take longer.
 */
static inline pid_t start_process(int (*work)(void *), void *arg,
				  char *stack_end)
{
	pid_t pid = clone(work, stack_end, CLONE_VM | CLONE_FS | SIGCHLD, arg);

	if (pid < 0)
		die("clone(2)");
	return pid;
}

/*
 * Waits until all registrations have been announced, which takes 0.1 s. After
 * that, only an update is news.
 */
static inline void await_announcement(void)
{
	usleep(200000);
}

/* Makes the module do exactly one update, if all other news has been read. */
static inline void make_update(int status_fd)
{
	set_period(URT_PERIOD_MS_MIN);
	changed(status_fd, -1);
	stop_updates();
}

#endif
