// SPDX-License-Identifier: GPL-2.0
/*
 * "period_ms: time between two updates; default 5000".
 *
 * The test watches four updates and the TIME of a spinning process.
 */
#include "process.h"
#include "urt.h"

#define UPDATES	4
#define PERIOD	5000

int main(void)
{
	long long at[UPDATES], time[UPDATES];
	int last = UPDATES - 1;
	pid_t spinner;
	int fd;

	plan(2 * last + 2);
	spinner = start_spinner();
	fd = status_open();
	status_register(fd, spinner);
	settle(fd);

	for (int i = 0; i < UPDATES; i++) {
		next_update(fd);
		at[i] = now_ms();
		time[i] = time_now(fd, spinner) / 1000;
	}
	for (int i = 1; i < UPDATES; i++) {
		is_near(at[i] - at[i - 1], PERIOD, PERIOD / 5,
			"ms until update %d", i);
		is_near(time[i] - time[i - 1], PERIOD, PERIOD / 5,
			"ms by which TIME grew until update %d", i);
	}
	is_near(at[last] - at[0], last * PERIOD, last * PERIOD / 20,
		"ms from the first update to the last");
	is_near(time[last] - time[0], last * PERIOD, last * PERIOD / 20,
		"ms by which TIME grew from the first to the last");
	return done();
}
