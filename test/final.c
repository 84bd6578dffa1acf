// SPDX-License-Identifier: GPL-2.0
/*
 * "The first update after the process is gone (reaped by its parent) records
 * its final TIME. This is all the time that the process ever used. It equals,
 * to the microsecond, what wait4(2) reports for the process, minus the time of
 * its children. (If a process is reaped while its last thread is still leaving
 * the CPU, its TIME may include those additional microseconds.) The line then
 * stays unchanged for one whole period, and the update after that removes it.
 * So a program that reads once in every period sees the final time of every
 * process, however short its life."
 *
 * The processes here are reaped after they have left the CPU.
 */
#include "process.h"
#include "urt.h"

#define PERIOD	2000
#define CASES	4

static struct list list, later;

static void single(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	spin(70);
	spin_in_kernel(30);
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

static void *end_last(void *leader)
{
	pthread_join(*(pthread_t *)leader, NULL);
	spin(50);
	return NULL;
}

static void without_leader(void *unused)
{
	static pthread_t leader;
	pthread_t thread;

	(void)unused;
	raise(SIGSTOP);
	spin(50);
	leader = pthread_self();
	start_thread(&thread, end_last, &leader);
	pthread_exit(NULL);
}

static void brief(void *fd)
{
	status_register(*(int *)fd, getpid());
}

int main(void)
{
	static void (* const work[CASES])(void *) = {
		single, threaded, without_leader, brief,
	};
	static const char * const name[CASES] = {
		"one thread", "three threads", "a leader that ends first",
		"a brief life",
	};
	long long used[CASES];
	pid_t pid[CASES], keeper;
	int fd;

	plan(7);
	stop_updates();
	fd = status_open();
	keeper = start_sleeper();
	status_register(fd, keeper);

	for (int i = 0; i < CASES; i++) {
		pid[i] = start(work[i], &fd);
		if (work[i] != brief) {
			stopped(pid[i]);
			status_register(fd, pid[i]);
			go_on(pid[i]);
		}
		used[i] = final_time(pid[i]);
	}

	list_read(fd, &list);
	list_is(&list, "all lines stay until an update",
		keeper, pid[0], pid[1], pid[2], pid[3], 0);

	first_update(fd, PERIOD);
	list_read(fd, &list);
	for (int i = 0; i < CASES; i++)
		is(list_time(&list, pid[i]), used[i],
		   "%s: the update records the final TIME", name[i]);

	/* Half a period is clearly more than none and less than one. */
	if (!changed(fd, PERIOD / 2))
		list_read(fd, &later);
	ok(list_same(&list, &later), "the lines stay unchanged for one period");

	next_update(fd);
	list_read(fd, &list);
	list_is(&list, "the next update removes them", keeper, 0);
	return done();
}
