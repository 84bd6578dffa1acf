// SPDX-License-Identifier: GPL-2.0
/*
 * "period_ms: time between two updates; default 5000, range 10 to 3,600,000
 * (any other value fails with EINVAL); a new value takes effect immediately".
 * "max_processes: maximum number of lines kept; default 4096".
 *
 * A bad value of a parameter is reported in the kernel log with the range, at
 * load and later.
 */
#include "process.h"
#include "urt.h"

#define PERIOD_RANGE	"usertime: period_ms must be a number from 10 to 3600000"
#define MAX_RANGE	\
	"usertime: max_processes must be a number from 0 to 4294967295"

static int log_fd;

/* Checks that the parameter refuses @value and that the log shows @range. */
static void refuses(const char *name, const char *value, const char *range)
{
	long long before = parameter_value(name), after;
	int err, logged;

	log_lines(log_fd);
	err = parameter_write(name, value);
	logged = log_has(log_fd, range);
	after = parameter_value(name);
	if (!ok(err == -EINVAL && after == before && logged,
		"%s may not be '%s', and the log says why", name, value))
		diag("error %d, expected %d; value %lld, expected %lld; logged: %d",
		     -err, EINVAL, after, before, logged);
}

static void refuses_load(const char *parameters, const char *range)
{
	int err, logged;

	log_lines(log_fd);
	err = load(parameters);
	logged = log_has(log_fd, range);
	if (!ok(err == -EINVAL && logged && access("/proc/urt", F_OK),
		"loading with %s fails, and the log says why", parameters))
		diag("error %d, expected %d; logged: %d", -err, EINVAL, logged);
}

int main(void)
{
	static const char * const bad[] = {
		"9", "0", "-1", "3600001", "4294967396", " ", "ten", "100x",
	};
	static const char * const bad_max[] = {
		"abc", "-1", "4294967296", "4294971392", "\n", "100 ", "1.5",
	};
	static const char * const good[] = { "10", "3600000" };
	static const char * const good_max[] = { "0", "100", "4294967295" };
	pid_t sleeper;
	int fd;

	plan(2 + 8 + 3 + 7 + 2 + 5 + 3);
	log_fd = log_open();

	for (unsigned int i = 0; i < 2; i++) {
		parameter_write("period_ms", good[i]);
		is(parameter("period_ms"), atol(good[i]),
		   "period_ms may be %s", good[i]);
	}
	for (unsigned int i = 0; i < 8; i++)
		refuses("period_ms", bad[i], PERIOD_RANGE);
	for (unsigned int i = 0; i < 3; i++) {
		parameter_write("max_processes", good_max[i]);
		is(parameter_value("max_processes"), atoll(good_max[i]),
		   "max_processes may be %s", good_max[i]);
	}
	set_parameter("max_processes", 100);
	for (unsigned int i = 0; i < 7; i++)
		refuses("max_processes", bad_max[i], MAX_RANGE);

	/* The period is an hour now. */
	sleeper = start_sleeper();
	fd = status_open();
	status_register(fd, sleeper);
	settle(fd);
	see_news(fd);
	set_period(50);
	ok(changed(fd, paced(20000)), "a shorter period takes effect at once");
	next_update(fd);
	next_update(fd);
	stop_updates();
	/* One update may have begun before. */
	time_now(fd, 0);
	changed(fd, 500);
	time_now(fd, 0);
	ok(!changed(fd, 500), "a longer period takes effect at once");

	close(fd);
	unload();
	refuses_load("period_ms=9", PERIOD_RANGE);
	refuses_load("period_ms=", PERIOD_RANGE);
	refuses_load("max_processes=abc", MAX_RANGE);
	refuses_load("max_processes=-1", MAX_RANGE);
	refuses_load("period_ms=100 max_processes=4294967296", MAX_RANGE);
	is(load("period_ms=250 max_processes=7"), 0,
	   "parameters may be given at load");
	is(parameter("period_ms"), 250, "period_ms is what was given");
	is(parameter("max_processes"), 7, "max_processes is what was given");
	return done();
}
