// SPDX-License-Identifier: GPL-2.0
/*
 * TIME covers "all its threads, including those that have ended", also those
 * that end while the time is summed up: none is missing from the sum.
 *
 * Most kernels, if a sum is too low, report the last time once more. So this can
 * fail only with native accounting, as on s390x; on others, it is for what KASAN
 * and lockdep report, and make quick checks the sum.
 */
#include "process.h"
#include "urt.h"

#include <semaphore.h>

#define SLEEPERS	500	/* to make the sum take long */
#define SPINNERS	24
#define SPIN_MS		100

static pthread_barrier_t barrier;
static sem_t turns[SPINNERS];

static void *sleep_on(void *unused)
{
	sleep_work(unused);
	return NULL;
}

static void *spin_and_end(void *turn)
{
	spin(SPIN_MS);
	pthread_barrier_wait(&barrier);
	sem_wait(turn);
	return NULL;
}

/* The spinners end one by one. The kernel lists them behind the sleepers. */
static void end_in_turn(void *unused)
{
	pthread_t threads[SPINNERS], sleeper;

	(void)unused;
	pthread_barrier_init(&barrier, NULL, SPINNERS + 1);
	for (int i = 0; i < SLEEPERS; i++)
		start_thread(&sleeper, sleep_on, NULL);
	for (int i = 0; i < SPINNERS; i++) {
		sem_init(&turns[i], 0, 0);
		start_thread(&threads[i], spin_and_end, &turns[i]);
	}
	pthread_barrier_wait(&barrier);
	raise(SIGSTOP);
	for (int i = 0; i < SPINNERS; i++) {
		sem_post(&turns[i]);
		pthread_join(threads[i], NULL);
	}
	raise(SIGSTOP);
}

/* Registers the process again. Returns its time, which is summed up again. */
static long long fresh_time(int fd, pid_t pid)
{
	if (status_write(fd, "-%d %d", pid, pid) < 0)
		die("process %d registers again", pid);
	return time_now(fd, pid);
}

int main(void)
{
	long long before, least;
	int sums = 0, status;
	pid_t pid;
	int fd;

	plan(2);
	stop_updates();
	fd = status_open();
	pid = start(end_in_turn, NULL);
	stopped(pid);
	status_register(fd, pid);

	before = fresh_time(fd, pid);
	least = before;
	ok(before > SPINNERS * SPIN_MS * 1000LL / 2,
	   "%d threads use %d ms each", SPINNERS, SPIN_MS);
	go_on(pid);
	for (; !waitpid(pid, &status, WNOHANG | WUNTRACED); sums++) {
		long long time = fresh_time(fd, pid);

		if (time < least)
			least = time;
	}
	if (!ok(least > before - SPIN_MS * 1000LL / 2,
		"%d sums while threads end: none is missing", sums))
		diag("seen %lld us, %lld before", least, before);
	return done();
}
