// SPDX-License-Identifier: GPL-2.0
/*
 * "Updates do not drift: at 5000 ms, there are twelve updates per minute."
 *
 * The kernel rounds a timer up. With 5000 ms, it takes long to see a drift.
 * With the periods used here, a drift shows soon: at 250 ticks per second, a
 * timer of 300 ms takes 320 ms, and one of 21 ms takes 24 ms.
 */
#include "process.h"
#include "urt.h"

/* How long to try again: a busy machine may delay the timer or the test. */
#define TRY_MS	10000

/* Returns how long so many updates take, in ms. */
static int duration(int fd, int updates)
{
	long long begin;

	wait_update(fd);
	begin = now_ms();
	for (int i = 0; i < updates; i++)
		next_update(fd);
	return now_ms() - begin;
}

static void no_drift(int fd, int period, int updates, int percent)
{
	int expected = period * updates, took = 0;

	set_period(period);
	for (int ms = 0; ms < paced(TRY_MS); ms += took) {
		took = duration(fd, updates);
		if (abs(took - expected) <= expected * percent / 100)
			break;
	}
	is_near(took, expected, expected * percent / 100,
		"%d updates every %d ms", updates, period);
}

int main(void)
{
	pid_t sleeper;
	int fd;

	plan(2);
	sleeper = start_sleeper();
	fd = status_open();
	status_register(fd, sleeper);
	no_drift(fd, 300, 10, 3);
	no_drift(fd, 21, 25, 10);
	return done();
}
