// SPDX-License-Identifier: GPL-2.0
/*
 * TIME "never decreases". The processes here spin, some of them in user mode
 * and in the kernel in turns, and some have threads that start and end.
 */
#include "process.h"
#include "urt.h"

#define COUNT	4
#define UPDATES	200

static void *spin_briefly(void *unused)
{
	spin(1);
	return unused;
}

static void spin_by_turns(void *unused)
{
	(void)unused;
	for (;;) {
		spin(30);
		spin_in_kernel(30);
	}
}

static void spin_in_threads(void *unused)
{
	pthread_t threads[3];

	for (;;) {
		for (int i = 0; i < 3; i++)
			start_thread(&threads[i], spin_briefly, unused);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
	}
}

static void *spin_kernel_briefly(void *unused)
{
	spin_in_kernel(5);
	return unused;
}

/*
 * Spins in user mode, its threads in the kernel. When they end, the ratio of
 * the two times jumps.
 */
static void spin_unlike_threads(void *unused)
{
	pthread_t thread;

	for (;;) {
		start_thread(&thread, spin_kernel_briefly, unused);
		spin(5);
		pthread_join(thread, NULL);
	}
}

int main(void)
{
	static void (* const works[COUNT])(void *) = {
		spin_work, spin_by_turns, spin_in_threads, spin_unlike_threads,
	};
	static const char * const names[COUNT] = {
		"spinning", "in user mode and the kernel in turns",
		"in threads that start and end", "in threads and the kernel",
	};
	long long time, first[COUNT], last[COUNT], back[COUNT] = { 0 };
	static struct list list;
	pid_t pids[COUNT];
	int fd;

	plan(2 * COUNT);
	set_period(10);
	for (int i = 0; i < COUNT; i++)
		pids[i] = start(works[i], NULL);
	fd = status_open();
	for (int i = 0; i < COUNT; i++) {
		status_register(fd, pids[i]);
		first[i] = time_now(fd, pids[i]);
		last[i] = first[i];
	}

	for (int update = 0; update < UPDATES; update++) {
		changed(fd, -1);	/* or a registration, at first */
		list_read(fd, &list);
		for (int i = 0; i < COUNT; i++) {
			time = list_time(&list, pids[i]);
			if (last[i] - time > back[i])
				back[i] = last[i] - time;
			last[i] = time;
		}
	}
	for (int i = 0; i < COUNT; i++) {
		is(back[i], 0, "TIME never decreases: %s", names[i]);
		ok(last[i] > first[i], "TIME has grown: %s", names[i]);
	}
	return done();
}
