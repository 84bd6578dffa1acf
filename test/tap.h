/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports the results of a test in the Test Anything Protocol (TAP)
 *
 *	plan(2);
 *	ok(fd >= 0, "it opens");
 *	is(found, expected, "its length is right");
 *	return done();
 *
 * plan() forks: the test runs in the child, with default signals. The parent
 * waits for the child, TAP_SECONDS at most, and then kills every process that
 * the test has left behind.
 *
 * If FAIL_FAST is in the environment, a test ends at the first point that
 * fails.
 *
 * All time limits are for a machine that boots in one second; see paced().
 */
#ifndef TAP_H
#define TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TAP_SECONDS
#define TAP_SECONDS	100
#endif

/*
 * In shared memory once there is a plan, so that the children of a test can call
 * ok(), too. Without a plan, only die() works.
 */
static struct {
	int planned, run, failed;
} no_plan, *tap = &no_plan;

static pid_t tap_group;

/* Returns @limit times PACE, which test/run sets higher on a slow machine. */
static inline long paced(long limit)
{
	const char *pace = getenv("PACE");

	return limit * (pace ? atoi(pace) : 1);
}

static inline void diag(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

static inline int tap_say(int passed, const char *format, va_list args)
{
	char name[256];

	vsnprintf(name, sizeof(name), format, args);
	if (!passed)
		tap->failed++;
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++tap->run, name);
	if (!passed && getenv("FAIL_FAST"))
		kill(0, SIGKILL);
	return passed;
}

static inline int ok(int passed, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_say(passed, format, args);
	va_end(args);
	return passed;
}

/* Like ok(), for two numbers that must be equal. */
static inline int is(long long seen, long long expected,
		     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_say(seen == expected, format, args);
	va_end(args);
	if (seen != expected)
		diag("seen %lld, expected %lld", seen, expected);
	return seen == expected;
}

/* Like is(), but the numbers may differ by @margin. */
static inline int is_near(long long seen, long long expected,
			  long long margin, const char *format, ...)
{
	int passed = llabs(seen - expected) <= margin;
	va_list args;

	va_start(args, format);
	tap_say(passed, format, args);
	va_end(args);
	if (!passed)
		diag("seen %lld, expected %lld, at most %lld more or less",
		     seen, expected, margin);
	return passed;
}

static inline void skip(const char *name, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap->run, name, reason);
}

/* Fails and ends the test: something that it needs does not work. */
static inline void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	tap_say(0, format, args);
	va_end(args);
	diag("the test stops here (errno: %s)", strerror(error));
	exit(1);
}

static inline int done(void)
{
	if (tap->run != tap->planned)
		diag("%d tests run, %d planned", tap->run, tap->planned);
	return tap->failed || tap->run != tap->planned;
}

static inline void tap_kill(int sig)
{
	(void)sig;
	kill(-tap_group, SIGKILL);
}

/*
 * Resets all signals to their defaults: a shell without job control starts
 * background commands (&) with SIGINT and SIGQUIT ignored.
 */
static inline void tap_default_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static inline void plan(int tests)
{
	siginfo_t end = { 0 };

	tap_default_signals();
	tap = mmap(NULL, sizeof(*tap), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tap->planned = tests;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", tests);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	tap_group = fork();
	if (!tap_group) {
		setpgid(0, 0);
		return;
	}
	setpgid(tap_group, tap_group);
	signal(SIGALRM, tap_kill);
	signal(SIGINT, tap_kill);
	signal(SIGTERM, tap_kill);
	alarm(paced(TAP_SECONDS));
	while (waitid(P_PID, tap_group, &end, WEXITED | WNOWAIT) &&
	       errno == EINTR)
		;
	tap_kill(0);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	if (end.si_code == CLD_EXITED)
		_exit(end.si_status);
	printf("not ok %d - the test ends by itself in %ld s\n",
	       ++tap->run, paced(TAP_SECONDS));
	diag("it was ended by signal %d", end.si_status);
	_exit(1);
}

#endif
