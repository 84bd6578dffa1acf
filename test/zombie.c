// SPDX-License-Identifier: GPL-2.0
/*
 * "A zombie is not gone: its line stays until it has been reaped."
 */
#include "process.h"
#include "urt.h"

#define UPDATES	8

static void spin_50(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	spin(50);
}

int main(void)
{
	long long used, listed;
	pid_t keeper, zombie;
	int fd, updates;

	plan(4);
	keeper = start_sleeper();
	zombie = start(spin_50, NULL);
	stopped(zombie);
	stop_updates();
	fd = status_open();
	status_register(fd, keeper);
	status_register(fd, zombie);

	go_on(zombie);
	ended(zombie);
	leaves_cpu(zombie);
	set_period(50);
	wait_update(fd);
	listed = time_now(fd, zombie);
	for (updates = 0; updates < UPDATES; updates++) {
		next_update(fd);
		if (time_now(fd, zombie) != listed)
			break;
	}
	is(updates, UPDATES, "the line of a zombie stays unchanged");
	ok(status_write(fd, "-%d %d", zombie, zombie) > 0 &&
	   time_now(fd, zombie) == listed, "a zombie can register again");
	used = reap(zombie);
	is(listed, used, "it shows all the time that the process used");

	while (time_now(fd, zombie) >= 0)
		changed(fd, -1);
	ok(1, "it is removed after the zombie is reaped");
	return done();
}
