// SPDX-License-Identifier: GPL-2.0
/*
 * "The first update after it is gone (reaped by its parent) records its final
 * TIME: all that it ever used, what wait4(2) reports of it, within one tick.
 * The line then stands unchanged for one whole period, and goes with the
 * update after that. So whoever reads once in every period sees the final
 * time of every process, however short its life."
 */
#include "process.h"
#include "urt.h"

#define PERIOD	1000
#define CASES	3

static struct list list, later;

static void single(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	spin(100);
}

static void *spin_thread(void *unused)
{
	spin(50);
	return unused;
}

static void threaded(void *unused)
{
	pthread_t ended, live;

	raise(SIGSTOP);
	start_thread(&ended, spin_thread, unused);
	pthread_join(ended, NULL);
	start_thread(&live, spin_thread, unused);
	spin(100);
}

static void brief(void *fd)
{
	status_register(*(int *)fd, getpid());
}

int main(void)
{
	const char *name[CASES] = {
		"one thread", "three threads", "a brief life"
	};
	long long used[CASES];
	pid_t pid[CASES], keeper;
	int fd;

	plan(6);
	stop_updates();
	fd = status_open();
	keeper = start_sleeper();
	status_register(fd, keeper);

	pid[0] = start(single, NULL);
	pid[1] = start(threaded, NULL);
	for (int i = 0; i < 2; i++) {
		stopped(pid[i]);
		status_register(fd, pid[i]);
		go_on(pid[i]);
		used[i] = reap(pid[i]);
	}
	pid[2] = start(brief, &fd);
	used[2] = reap(pid[2]);

	list_read(fd, &list);
	list_is(&list, "the lines of the dead wait for an update",
		keeper, pid[0], pid[1], pid[2], 0);

	set_period(PERIOD);
	changed(fd, -1);
	list_read(fd, &list);
	for (int i = 0; i < CASES; i++)
		is_near(list_time(&list, pid[i]), used[i], TICK,
			"%s: the update records the final TIME", name[i]);

	/* Half of the period is easily told from none and from two. */
	if (!changed(fd, PERIOD / 2))
		list_read(fd, &later);
	ok(list_same(&list, &later), "which stands for one period");

	changed(fd, -1);
	list_read(fd, &list);
	list_is(&list, "and goes with the next update", keeper, 0);
	return done();
}
