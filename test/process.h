/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes for the tests to register, and the CPU time that the kernel reports
 * for them
 *
 * A child that has done its work stops itself, so that the test can look at it.
 * stopped() waits for that.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

/* Reads the beginning of a file, as a string. */
static inline void file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		die("%s can be read", path);
	text[length] = '\0';
	close(fd);
}

static inline void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("'%s' can be written to %s", text, path);
	close(fd);
}

static inline long long user_time(const struct rusage *usage)
{
	return usage->ru_utime.tv_sec * 1000000LL + usage->ru_utime.tv_usec;
}

/* Returns the user time that getrusage(2) reports for the caller. */
static inline long long own_user_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return user_time(&usage);
}

/* Returns the unit of /proc/PID/stat, in microseconds. */
static inline long long stat_unit(void)
{
	return 1000000 / sysconf(_SC_CLK_TCK);
}

/* Returns the 14th field of /proc/PID/stat: the user time, rounded down. */
static inline long long stat_user_time(pid_t pid)
{
	char path[32], text[512];
	long long ticks;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file_read(path, text, sizeof(text));
	if (sscanf(strrchr(text, ')'),
		   ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld",
		   &ticks) != 1)
		die("%s: %s", path, text);
	return ticks * stat_unit();
}

/* Checks that @listed, rounded down too, is the user time in /proc/PID/stat. */
static inline int is_stat_user_time(long long listed, pid_t pid,
				    const char *name)
{
	return is(listed < 0 ? listed : listed - listed % stat_unit(),
		  stat_user_time(pid), "%s", name);
}

static inline long long cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Uses @ms of CPU time in user mode, in this thread. */
static inline void spin(int ms)
{
	long long end = cpu_ms() + ms;

	while (cpu_ms() < end)
		for (int i = 0; i < 200000; i++)
			asm volatile("");
}

/* Runs this thread on one CPU. Returns nonzero if there is no such CPU. */
static inline int run_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

/*
 * Uses @ms of CPU time in the kernel, in this thread. Each call is long,
 * because QEMU delivers many ticks at the return to user mode, where they count
 * as user time.
 */
static inline void spin_in_kernel(int ms)
{
	static char zeros[65536];
	struct iovec pieces[64];
	long long end = cpu_ms() + ms;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 64; i++) {
		pieces[i].iov_base = zeros;
		pieces[i].iov_len = sizeof(zeros);
	}
	while (cpu_ms() < end)
		if (readv(fd, pieces, 64) < 0)
			die("/dev/zero can be read");
	close(fd);
}

/*
 * Like fork(2), but the child is the first process of a new PID namespace.
 * clone(2) takes its arguments in another order on s390; clone3(2) does not.
 */
static inline pid_t fork_inside(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID,
		.exit_signal = SIGCHLD,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Starts a child that calls @work with @arg and ends. */
static inline pid_t start(void (*work)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork(2)");
	if (!pid) {
		work(arg);
		_exit(0);
	}
	return pid;
}

static inline void sleep_work(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static inline void spin_work(void *arg)
{
	(void)arg;
	for (;;)
		asm volatile("");
}

static inline void spin_and_stop_work(void *ms)
{
	spin(*(int *)ms);
	raise(SIGSTOP);
}

static inline pid_t start_sleeper(void)
{
	return start(sleep_work, NULL);
}

static inline pid_t start_spinner(void)
{
	return start(spin_work, NULL);
}

static inline void stopped(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		die("process %d stops", pid);
}

/*
 * Whether a thread is off its CPU, or gone. The kernel shows a thread's system
 * call only after checking that it is off its CPU; otherwise it shows
 * "running".
 */
static inline int is_off_cpu(pid_t pid, pid_t tid)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT && errno != ESRCH)
		die("%s opens", path);
	if (fd < 0)
		return 1;
	if (read(fd, text, sizeof(text) - 1) < 0 && errno != ESRCH)
		die("%s can be read", path);
	close(fd);
	return strncmp(text, "running", 7) != 0;
}

/*
 * Waits until no thread of a child that has stopped or ended is on a CPU. From
 * then on, the child uses no time. When wait4(2) can report the child, its last
 * thread may still be on a CPU, and so may threads that are ending. @pid is the
 * number in the PID namespace that /proc belongs to.
 */
static inline void leaves_cpu(pid_t pid)
{
	struct dirent *thread;
	char path[32];
	DIR *threads;
	int on_cpu;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	do {
		on_cpu = 0;
		threads = opendir(path);
		if (!threads)
			die("%s opens", path);
		while ((thread = readdir(threads)))
			if (*thread->d_name != '.' &&
			    !is_off_cpu(pid, atoi(thread->d_name)))
				on_cpu = 1;
		closedir(threads);
	} while (on_cpu);
}

/* Waits until a child has stopped and left its CPUs. */
static inline void rests(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT))
		die("process %d stops", pid);
	leaves_cpu(pid);
}

/* Waits until a child rests. Returns its user time as wait4(2) reports it. */
static inline long long rest_time(pid_t pid)
{
	struct rusage usage;
	int status = 0;

	rests(pid);
	if (wait4(pid, &status, WUNTRACED, &usage) != pid ||
	    !WIFSTOPPED(status))
		die("process %d stops", pid);
	return user_time(&usage);
}

/* Starts a child that spins for @ms and stops, and waits for that. */
static inline pid_t start_spun(int ms)
{
	pid_t pid = start(spin_and_stop_work, &ms);

	stopped(pid);
	return pid;
}

/* Continues a stopped child. */
static inline void go_on(pid_t pid)
{
	kill(pid, SIGCONT);
}

/* Continues a stopped child, and waits until it stops again. */
static inline void next_stop(pid_t pid)
{
	go_on(pid);
	stopped(pid);
}

static inline void stop(pid_t pid)
{
	kill(pid, SIGSTOP);
	stopped(pid);
}

/* Reaps a child. Returns its user time as wait4(2) reports it. */
static inline long long reap(pid_t pid)
{
	struct rusage usage;

	if (wait4(pid, NULL, __WALL, &usage) != pid)
		die("process %d ends", pid);
	return user_time(&usage);
}

/* Like reap(), but first waits until the child has left its CPUs. */
static inline long long final_time(pid_t pid)
{
	siginfo_t info;

	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		die("process %d ends", pid);
	leaves_cpu(pid);
	return reap(pid);
}

static inline long long end(pid_t pid)
{
	kill(pid, SIGKILL);
	return reap(pid);
}

/* Waits until a child has ended. It stays a zombie until it is reaped. */
static inline void ended(pid_t pid)
{
	siginfo_t info;

	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		die("process %d ends", pid);
}

static inline void start_thread(pthread_t *thread, void *(*work)(void *),
				void *arg)
{
	pthread_attr_t small;

	/* A 32-bit process has no room for hundreds of large stacks. */
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	if (pthread_create(thread, &small, work, arg))
		die("pthread_create(3)");
	pthread_attr_destroy(&small);
}

static inline int crowd_work(void *arg)
{
	sleep_work(arg);
	return 0;
}

/* Starts many sleeping children, which share our memory to be cheap. */
static inline void start_crowd(pid_t *pids, int count)
{
	const int stack = 2048;
	char *stacks = malloc((size_t)count * stack);

	for (int i = 0; i < count; i++) {
		pids[i] = clone(crowd_work, stacks + (i + 1) * (size_t)stack,
				CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
		if (pids[i] < 0)
			die("process %d of %d starts", i, count);
	}
}

/* Starts a child with the PID @pid, which must be free. */
static inline pid_t start_numbered(pid_t pid, void (*work)(void *), void *arg)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));

	if (child < 0)
		die("a process gets the PID %d", pid);
	if (!child) {
		work(arg);
		_exit(0);
	}
	return child;
}

/*
 * become_user() changes the effective user ID and the capabilities of the
 * caller, whose real user is root. It keeps only the capability @cap, none if
 * @cap is -1. become_root() changes both back.
 */
static inline void set_capabilities(__u32 low, __u32 high)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		die("capget(2)");
	data[0].effective = data[0].permitted & low;
	data[1].effective = data[1].permitted & high;
	if (syscall(SYS_capset, &header, data))
		die("capset(2)");
}

static inline void become_user(uid_t uid, int cap)
{
	__u64 caps = cap < 0 ? 0 : 1ULL << cap;

	if (seteuid(uid))
		die("user ID %u can be taken", uid);
	set_capabilities(caps, caps >> 32);
}

static inline void become_root(void)
{
	set_capabilities(-1, -1);
	if (seteuid(0))
		die("user ID 0 can be taken back");
}

#endif
