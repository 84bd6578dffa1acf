// SPDX-License-Identifier: GPL-2.0
/*
 * What urt costs
 *
 * usage: tool USERTIME.KO URT [short]
 *
 * Prints lines as described in test/bench/module.c. The cost of urt is the CPU
 * time that the scheduler counts for it, including system calls. There is an
 * update every 5 s, as usual.
 */
#include "bench.h"

#define SLEEPERS_MAX	10000
#define PERIOD_S	(URT_PERIOD_MS_DEFAULT / 1000)

/* A quarter of an hour: urt looks at each name twelve times. */
#define UPDATES		180

/* The number of forks that urt follow looks at. */
#define FORKS		2000

static const char *urt;
static pid_t pids[SLEEPERS_MAX];

/* Returns the number after @name in /proc/@pid/@file. */
static long long proc_number(pid_t pid, const char *file, const char *name)
{
	char path[64], text[4096] = "", *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open_file(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		die("%s can be read", path);
	close(fd);
	at = strstr(text, name);
	if (!at)
		die("%s has %s", path, name);
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
		/* The messages of urt follow are not figures. */
		dup2(open_file("/dev/null", O_WRONLY), STDERR_FILENO);
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

static void start_sleepers(int count)
{
	static char stacks[SLEEPERS_MAX][1024];
	int fd = status_open();

	for (int i = 0; i < count; i++) {
		pids[i] = start_process(sleep_on, NULL,
					stacks[i] + sizeof(stacks[i]));
		status_register(fd, pids[i]);
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

/* Reports what each update costs urt, and its memory at the end. */
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

static void update_costs(int count)
{
	static const char * const export[] = {
		"export", "/tmp/usertime.prom", NULL
	};
	static const char * const record[] = {
		"record", "-o", "/tmp/record.csv", NULL
	};
	double goal = count == 1000 ? 1000 : NO_GOAL;

	start_sleepers(count);
	follow_updates("urt export", count, goal, export);
	follow_updates("urt record", count, goal, record);
	unlink("/tmp/record.csv");
	end_sleepers(count);
}

/*
 * Reports what a fork of a program that does not match costs urt follow. The
 * child sleeps, so that urt finds it alive, which costs most.
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

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: tool USERTIME.KO URT [short]\n");
		return 1;
	}
	urt = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	lift_limits();
	load_module(argv[1], "max_processes=1000000");
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (argc == 3 || counts[i] == 1000)
			update_costs(counts[i]);
	fork_costs();
	return 0;
}
