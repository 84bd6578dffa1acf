// SPDX-License-Identifier: GPL-2.0
/*
 * "The timer function `schedule_cput_upds()` is the top half. It queues
 * `update_cputimes()` on a workqueue if the list is not empty, and does nothing
 * else." "While no process is registered, no timer is pending: an idle module
 * causes no wake-ups."
 *
 * The kernel's trace events show which timers are started, canceled and expire,
 * and which functions are queued on a workqueue, on which CPU, and run.
 */
#include "process.h"
#include "urt.h"

#include <sys/mount.h>

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/usertime"
#define TESTS		11

/* What the trace shows. */
static struct {
	int started, expired, queued, run;	/* how many times */
	int queued_elsewhere;		/* than in the top half */
	int started_there;		/* in the top half */
	int started_since_run;		/* since the last bottom half began */
	int pending;			/* whether the timer is */
} seen;

static int trace_write(const char *file, const char *text)
{
	char path[128];
	int fd, failed;

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	fd = open(path, O_WRONLY);
	failed = fd < 0 || write(fd, text, strlen(text)) < 0;
	close(fd);
	return failed;
}

/* Makes a trace instance for this test. Returns 0 on success. */
static int trace_begin(void)
{
	if (access(TRACING "/instances", F_OK) &&
	    mount("tracefs", TRACING, "tracefs", 0, NULL))
		return 1;
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		return 1;
	return trace_write("trace_clock", "global") ||
	       trace_write("events/timer/timer_start/enable", "1") ||
	       trace_write("events/timer/timer_expire_entry/enable", "1") ||
	       trace_write("events/timer/timer_expire_exit/enable", "1") ||
	       trace_write("events/timer/timer_cancel/enable", "1") ||
	       trace_write("events/workqueue/enable", "1");
}

/* Whether a line, TASK-PID [CPU] FLAGS TIME: EVENT: DETAILS, is of @event. */
static int is_event(const char *line, const char *event)
{
	const char *at = strstr(line, event);

	return at && at[-1] == ' ' && at[strlen(event)] == ':';
}

/* Reads the whole trace, from its beginning. */
static void trace_read(void)
{
	FILE *trace = fopen(INSTANCE "/trace", "r");
	char line[1024], timer[32] = "none";
	int cpu, top_half = -1;		/* the CPU that runs it */

	if (!trace)
		die("the trace can be read");
	memset(&seen, 0, sizeof(seen));
	while (fgets(line, sizeof(line), trace)) {
		const char *at = strchr(line, '[');

		if (!at || sscanf(at, "[%d]", &cpu) != 1)
			continue;
		if (strstr(line, "function=schedule_cput_upds"))
			sscanf(strstr(line, "timer="), "timer=%31s", timer);
		if (strstr(line, timer)) {
			if (is_event(line, "timer_start")) {
				seen.started++;
				seen.started_since_run++;
				seen.started_there += cpu == top_half;
				seen.pending = 1;
			} else if (is_event(line, "timer_expire_entry")) {
				seen.expired++;
				seen.pending = 0;
				top_half = cpu;
			} else if (is_event(line, "timer_expire_exit")) {
				top_half = -1;
			} else if (is_event(line, "timer_cancel")) {
				seen.pending = 0;
			}
		} else if (strstr(line, "update_cputimes")) {
			if (is_event(line, "workqueue_queue_work")) {
				seen.queued++;
				seen.queued_elsewhere += cpu != top_half;
			} else if (is_event(line, "workqueue_execute_start")) {
				seen.run++;
				seen.started_since_run = 0;
			}
		}
	}
	fclose(trace);
}

/* Checks that nothing happens for several periods. */
static void idle(int fd, const char *when)
{
	int started, expired;

	trace_read();
	is(seen.pending, 0, "no timer is pending %s", when);
	started = seen.started;
	expired = seen.expired;
	time_now(fd, 0);
	changed(fd, 300);
	trace_read();
	ok(seen.started == started && seen.expired == expired,
	   "no timer is started %s", when);
}

int main(void)
{
	pid_t sleeper;
	int fd;

	plan(TESTS);
	sleeper = start_sleeper();
	fd = status_open();
	if (trace_begin()) {
		for (int i = 0; i < TESTS; i++)
			skip("trace events", "no tracefs");
		return done();
	}

	set_period(50);
	idle(fd, "before anything is registered");

	status_register(fd, sleeper);
	settle(fd);
	for (int i = 0; i < 5; i++)
		next_update(fd);
	trace_read();
	if (!ok(seen.started >= 5 && seen.expired >= 5 && seen.queued >= 5 &&
		seen.run >= 5, "top half and bottom half take turns"))
		diag("started %d, expired %d, queued %d, run %d, expected 5",
		     seen.started, seen.expired, seen.queued, seen.run);
	is(seen.queued_elsewhere, 0,
	   "only the top half queues the bottom half");
	is(seen.started_there, 0, "the top half does not start the timer");

	status_write(fd, "-%d", sleeper);
	settle(fd);
	idle(fd, "after the last process is unregistered");

	/* The timer has an hour to go: it is pending unless it is deleted. */
	stop_updates();
	status_register(fd, sleeper);
	status_write(fd, "-%d", sleeper);
	trace_read();
	is(seen.pending, 0, "no timer that would expire in an hour is pending");

	set_period(50);
	status_register(fd, sleeper);
	end(sleeper);
	while (time_now(fd, sleeper) >= 0)
		changed(fd, -1);
	idle(fd, "after the last line has gone");
	is(seen.started_since_run, 0,
	   "the update that removed it started no timer");
	rmdir(INSTANCE);
	return done();
}
