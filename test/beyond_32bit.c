// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is user CPU time in microseconds [...], as an unsigned 64-bit number":
 * it is right beyond 2^32 microseconds, while the process is there and when it
 * is gone.
 *
 * That is more than an hour. It passes in seconds where the clock counts
 * instructions, and counts many nanoseconds for each.
 */
#include "process.h"
#include "urt.h"

#define BEYOND	4500		/* seconds: 2^32 us are 4294.97 */
#define LOOPS	1000000
#define FAST	40		/* ms for LOOPS: no processor is that slow */

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
	is(time_now(fd, pid), used, "its TIME is that");
	kill(pid, SIGKILL);
	used = final_time(pid);
	first_update(fd, URT_PERIOD_MS_DEFAULT);
	is(time_now(fd, pid), used, "and so is its final TIME");
	return done();
}
