// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is user CPU time in microseconds [...], as an unsigned 64-bit number":
 * TIME is right beyond 2^32 microseconds, before the process has gone and
 * after.
 *
 * That is more than an hour. It takes only seconds on a machine whose clock
 * advances by many nanoseconds with each instruction.
 */
#include "process.h"
#include "urt.h"

#define BEYOND	4500		/* seconds: 2^32 us are 4294.97 */
#define LOOPS	1000000
#define FAST	40		/* ms for LOOPS: no CPU is that slow */

static long long loops_ms(void)
{
	long long begin = cpu_ms();

	for (int i = 0; i < LOOPS; i++)
		asm volatile("");
	return cpu_ms() - begin;
}

static void spin_beyond(void *unused)
{
	(void)unused;
	spin(BEYOND * 1000);
	raise(SIGSTOP);
}

int main(void)
{
	long long used;
	pid_t pid;
	int fd;

	plan(3);
	if (loops_ms() < FAST || loops_ms() < FAST) {
		for (int i = 0; i < 3; i++)
			skip("TIME beyond 2^32 us", "the clock does not run fast");
		return done();
	}
	fd = status_open();
	pid = start(spin_beyond, NULL);
	status_register(fd, pid);
	used = rest_time(pid);
	wait_update(fd);
	ok(used > 1LL << 32, "a process uses more than 2^32 us: %lld", used);
	is(time_now(fd, pid), used, "TIME is what wait4(2) reports");
	kill(pid, SIGKILL);
	used = final_time(pid);
	first_update(fd, URT_PERIOD_MS_DEFAULT);
	is(time_now(fd, pid), used, "the final TIME is, too");
	return done();
}
