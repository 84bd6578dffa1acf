// SPDX-License-Identifier: GPL-2.0
/*
 * "period_ms: time between two updates; 5000 unless set, 10 to 3,600,000,
 * else EINVAL; a new value takes effect at once". "max_processes: the most
 * lines kept; 4096 unless set". Both may be given at load.
 */
#include "process.h"
#include "urt.h"

int main(void)
{
	static const char * const bad[] = {
		"9", "0", "-1", "3600001", "4294967396", " ", "ten", "100x",
	};
	static const char * const good[] = { "10", "3600000" };
	pid_t sleeper;
	int fd;

	plan(2 + 8 + 8);

	for (unsigned int i = 0; i < 2; i++) {
		parameter_write("period_ms", good[i]);
		is(parameter("period_ms"), atol(good[i]),
		   "period_ms may be %s", good[i]);
	}
	for (unsigned int i = 0; i < 8; i++) {
		long before = parameter("period_ms");
		int err = parameter_write("period_ms", bad[i]);
		long after = parameter("period_ms");

		if (!ok(err == -EINVAL && after == before,
			"period_ms may not be '%s'", bad[i]))
			diag("error %d, expected %d; value %ld, expected %ld",
			     -err, EINVAL, after, before);
	}

	/* The period is an hour now. */
	sleeper = start_sleeper();
	fd = status_open();
	status_register(fd, sleeper);
	time_now(fd, 0);
	set_period(50);
	ok(changed(fd, 20000), "a shorter period takes effect at once");
	wait_update(fd);
	wait_update(fd);
	stop_updates();
	/* One update may have begun before. */
	time_now(fd, 0);
	changed(fd, 500);
	time_now(fd, 0);
	ok(!changed(fd, 500), "a longer period takes effect at once");

	set_parameter("max_processes", 100);
	is(parameter("max_processes"), 100, "max_processes can be set");

	close(fd);
	unload();
	is(load("period_ms=9"), -EINVAL, "no loading with a bad period");
	ok(access("/proc/urt", F_OK), "which leaves nothing behind");
	is(load("period_ms=250 max_processes=7"), 0,
	   "parameters may be given at load");
	is(parameter("period_ms"), 250, "period_ms is what was given");
	is(parameter("max_processes"), 7, "max_processes is, too");
	return done();
}
