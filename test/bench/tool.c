// SPDX-License-Identifier: GPL-2.0
/*
 * What urt costs
 *
 * usage: tool USERTIME.KO URT [short]
 *
 * Prints lines as bench does, see there, in a guest of the same kind: a
 * nanosecond of CPU time is an executed instruction. What urt takes is the CPU
 * time that the scheduler counts for it, system calls included. The registered
 * processes sleep, and there is an update every 5 s, as usual.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usertime.h"

#define SLEEPERS_MAX	10000
#define FIRST_PID	10000
#define PERIOD_S	(URT_PERIOD_MS_DEFAULT / 1000)

/* A quarter of an hour: urt looks at each name twelve times. */
#define UPDATES		180

/* Forks of other programs that urt follow looks at. */
#define FORKS		2000

#define NO_GOAL		-1

static const char *urt;
static pid_t pids[SLEEPERS_MAX];

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void report(const char *what, int processes, double figure, double goal)
{
	printf("%s,%d,%.1f,", what, processes, figure);
	if (goal != NO_GOAL)
		printf("%g", goal);
	printf("\n");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* The number behind @name in /proc/@pid/@file. */
static long long proc_number(pid_t pid, const char *file, const char *name)
{
	char path[64], text[4096] = "", *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die(path);
	close(fd);
	at = strstr(text, name);
	if (!at)
		die(name);
	return atoll(at + strlen(name));
}

static long long cpu_ns(pid_t pid)
{
	return proc_number(pid, "schedstat", "");
}

/* Starts urt with these arguments, the last of which is NULL. */
static pid_t start_urt(const char * const *arguments)
{
	const char *argv[16] = { "urt" };
	pid_t pid;

	for (int i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	pid = fork();
	if (pid < 0)
		die("fork(2)");
	if (!pid) {
		/* What urt follow says is no figure. */
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		execv(urt, (char **)argv);
		_exit(1);
	}
	return pid;
}

static void end_urt(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/*
 * Sleepers
 */

static int sleeping(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* Starts processes that share our memory, and registers them. */
static void start_sleepers(int count)
{
	static char stacks[SLEEPERS_MAX][1024];
	int fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		die(URT_STATUS_PATH);
	for (int i = 0; i < count; i++) {
		pids[i] = clone(sleeping, stacks[i] + sizeof(stacks[i]),
				CLONE_VM | CLONE_FS | SIGCHLD, NULL);
		if (pids[i] < 0 || dprintf(fd, "%d", pids[i]) < 0)
			die("a process that sleeps");
	}
	close(fd);
	sleep(1);
}

static void end_sleepers(int count)
{
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
	sleep(2 * PERIOD_S + 1);	/* until their lines are gone */
}

/* Reports what urt takes for each update, and its memory at the end. */
static void follow_updates(const char *what, int count, double goal,
			   const char * const *arguments)
{
	pid_t pid = start_urt(arguments);
	long long before;
	char name[64];

	sleep(6 * PERIOD_S);
	before = cpu_ns(pid);
	sleep(UPDATES * PERIOD_S);
	report(what, count, (double)(cpu_ns(pid) - before) / UPDATES / count,
	       goal);
	snprintf(name, sizeof(name), "%s: resident memory (KiB)", what);
	report(name, count, proc_number(pid, "smaps_rollup", "Rss:"),
	       count == 10000 ? 4096 : NO_GOAL);
	end_urt(pid);
}

static const char * const export_arguments[] = {
	"export", "/tmp/usertime.prom", NULL
};

static const char * const record_arguments[] = {
	"record", "-o", "/tmp/record.csv", NULL
};

static void update_costs(int count)
{
	double goal = count == 1000 ? 1000 : NO_GOAL;

	start_sleepers(count);
	follow_updates("urt export", count, goal, export_arguments);
	follow_updates("urt record", count, goal, record_arguments);
	unlink("/tmp/record.csv");
	end_sleepers(count);
}

/*
 * Reports what a fork of a program that does not match costs urt follow. The
 * child sleeps, so that urt finds it alive, which is what costs most.
 */
static void fork_cost(const char *what, const char * const *arguments)
{
	pid_t follow = start_urt(arguments), pid;
	long long before;

	sleep(2);
	before = cpu_ns(follow);
	for (int i = 0; i < FORKS; i++) {
		pid = fork();
		if (!pid) {
			usleep(1000);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork(2)");
	}
	/* It does not depend on how many processes are registered. */
	report(what, 1000, (double)(cpu_ns(follow) - before) / FORKS, NO_GOAL);
	end_urt(follow);
}

static void fork_costs(void)
{
	static const char * const name[] = { "follow", "-n", "none", NULL };
	static const char * const exe[] = { "follow", "-x", "/none", NULL };
	static const char * const unit[] = { "follow", "-u", "none", NULL };
	static const char * const all[] = {
		"follow", "-n", "none", "-x", "/none", "-u", "none", NULL
	};

	fork_cost("urt follow -n: a stranger's fork (in all)", name);
	fork_cost("urt follow -x: a stranger's fork (in all)", exe);
	fork_cost("urt follow -u: a stranger's fork (in all)", unit);
	fork_cost("urt follow -n -x -u: a stranger's fork (in all)", all);
}

int main(int argc, char **argv)
{
	static const int counts[] = { 100, 1000, 10000 };
	int first = 0, last = 2, fd;	/* of counts */

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: tool USERTIME.KO URT [short]\n");
		return 1;
	}
	urt = argv[2];
	if (argc == 4) {
		first = 1;
		last = 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	write_file("/proc/sys/kernel/pid_max", "4000000");
	write_file("/proc/sys/kernel/threads-max", "200000");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_finit_module, fd, "max_processes=1000000", 0))
		die(argv[1]);
	close(fd);
	for (int i = first; i <= last; i++)
		update_costs(counts[i]);
	fork_costs();
	return 0;
}
