/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations in which the kernel's fault injection makes allocations fail
 *
 * It can do so in two ways (Documentation/fault-injection).
 * /proc/self/fail-nth makes the Nth allocation of one system call fail. It also
 * counts copies from and to user memory. The knobs in debugfs make allocations
 * (failslab) or copies (fail_usercopy) fail, once or from some point on.
 */
#ifndef FAILING_H
#define FAILING_H

#include "process.h"

#include <sys/mount.h>

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_COPY	"/sys/kernel/debug/fail_usercopy/"
#define FAILURES	1000	/* more than an operation can have */

struct operation {
	const char *name;
	int enomem, efault;	/* the least number of these errors */
	void (*prepare)(void);
	/* Makes one system call. Returns its result, or -errno. */
	long (*act)(void);
	/* Returns what does not match the result, or NULL. */
	const char *(*check)(long result);
};

static int fail_nth, make_it_fail;	/* files of the calling thread */

static inline int failing_exists(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	return !access(FAILSLAB "probability", F_OK) &&
	       !access("/proc/self/fail-nth", F_OK);
}

/* Lets allocations that may wait for memory fail, too. None fails yet. */
static inline void failing_set_up(void)
{
	file_write(FAILSLAB "verbose", "0");
	file_write(FAILSLAB "task-filter", "Y");
	file_write(FAILSLAB "ignore-gfp-wait", "N");
	file_write(FAIL_COPY "verbose", "0");
	file_write(FAIL_COPY "task-filter", "Y");
}

/* Prepares the caller, whose allocations will fail. */
static inline void failing_begin(void)
{
	/* A page fault must not allocate after a knob is set. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail = open("/proc/thread-self/make-it-fail",
			    O_WRONLY | O_CLOEXEC);
}

static inline void set_number(const char *path, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	file_write(path, text);
}

/* The copy of @text may itself fail, but only once. */
static inline void set_knob(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0 &&
	    write(fd, text, strlen(text)) < 0)
		die("a knob can be set to %s", text);
}

/* Acts while allocation @nth fails. Returns whether one failed. */
static inline int act_nth(const struct operation *operation, int nth,
			  long *result)
{
	char text[16];
	int failed;

	snprintf(text, sizeof(text), "%d", nth);
	set_knob(fail_nth, text);
	*result = operation->act();

	/* The file shows the rest of the count. At 1, reading it fails. */
	memset(text, 0, sizeof(text));
	failed = pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	set_knob(fail_nth, "0");
	return failed;
}

/* Acts while all allocations after the first @space bytes fail. */
static inline int act_rest(const struct operation *operation, int space,
			   long *result)
{
	char text[16];

	set_number(FAILSLAB "space", space);
	set_number(FAILSLAB "times", FAILURES);
	set_number(FAILSLAB "probability", 100);
	set_knob(make_it_fail, "1");
	*result = operation->act();
	set_knob(make_it_fail, "0");
	set_number(FAILSLAB "probability", 0);
	file_read(FAILSLAB "times", text, sizeof(text));
	return atoi(text) < FAILURES;
}

/* Acts while copy @nth fails. Returns whether one failed. */
static inline int act_copy(const struct operation *operation, int nth,
			   long *result)
{
	int failed;

	set_number(FAIL_COPY "space", nth);
	set_number(FAIL_COPY "times", 1);
	set_number(FAIL_COPY "probability", 100);
	set_knob(make_it_fail, "1");
	*result = operation->act();

	/* If there was no copy @nth, this one fails. */
	failed = write(make_it_fail, "0", 1) == 1;
	set_knob(make_it_fail, "0");
	set_number(FAIL_COPY "probability", 0);
	return failed;
}

struct tally {
	int failures, enomem, efault, bad;
};

typedef int act_function(const struct operation *operation, int at,
			 long *result);

/* Repeats @operation until nothing fails; each time, more succeeds. */
static inline void fail_once(const struct operation *operation,
			     act_function *act, int at, int step,
			     struct tally *tally)
{
	const char *why;
	int failed = 1;
	long result;

	for (; failed && tally->failures < FAILURES; at += step) {
		operation->prepare();
		failed = act(operation, at, &result);
		tally->failures += failed;
		tally->enomem += result == -ENOMEM;
		tally->efault += result == -EFAULT;
		why = operation->check(result);
		if (result < 0 &&
		    (!failed || (result != -ENOMEM && result != -EFAULT)))
			why = why ?: "another error";
		if (why) {
			tally->bad++;
			diag("at %d, it returned %ld: %s", at, result, why);
		}
	}
	tally->bad += failed;
}

/*
 * Sometimes the kernel allocates something for its own checkers, and the count
 * misses what follows. Then everything is repeated. The count may miss a copy
 * each time, so copies are also made to fail separately.
 */
static inline void fail(const struct operation *operation, const char *how,
			act_function *act, int at, int step)
{
	struct tally tally = { 0 };

	for (int i = 0; i < 5 && tally.enomem < operation->enomem; i++)
		fail_once(operation, act, at, step, &tally);
	if (operation->efault)
		fail_once(operation, act_copy, 1, 1, &tally);
	if (!ok(!tally.bad && tally.enomem >= operation->enomem &&
		tally.efault >= operation->efault, "%s%s", operation->name,
		how))
		diag("%d wrong results; expected %d ENOMEM and %d EFAULT or more",
		     tally.bad, operation->enomem, operation->efault);
	diag("%d failures: %d ENOMEM, %d EFAULT, the others had no effect",
	     tally.failures, tally.enomem, tally.efault);
}

static inline void fail_each(const struct operation *operation,
			     const char *where)
{
	char how[64];

	snprintf(how, sizeof(how), "%s, with each allocation failing", where);
	fail(operation, how, act_nth, 1, 1);
}

/* If all fail from some point on, kvmalloc() cannot fall back on vmalloc(). */
static inline void fail_rest(const struct operation *operation, int space,
			     int step)
{
	fail(operation, ", with all later allocations failing", act_rest, space,
	     step);
}

#endif
