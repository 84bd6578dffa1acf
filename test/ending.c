// SPDX-License-Identifier: GPL-2.0
/*
 * TIME covers "all its threads, including those that have ended" -- and one that
 * ends while they are summed up: it is not missing from the sum.
 *
 * What a sum has found before, the kernel remembers for the process: a thread
 * could only be missed by the first sum after it has spun. So one thread after
 * the other spins and ends, and there is one sum for each, at about that moment.
 */
#define TAP_SECONDS	300	/* busy machines take it */
#include "process.h"
#include "urt.h"

#include <limits.h>

#define SLEEPERS	1500	/* to make the sum take long */
#define SPIN_MS		20
#define WARM_UP		9	/* threads, to see how long it takes to end */
#define TIMES		80

/* What the process says; shared with it. */
static struct {
	int spun, ended;	/* threads */
} *seen;

static long loops;
static int turns[2];	/* a pipe: each byte lets a thread spin */

static void *sleep_on(void *unused)
{
	sleep_work(unused);
	return NULL;
}

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void loop(long count)
{
	for (long i = 0; i < count; i++)
		asm volatile("");
}

/*
 * How many loops take SPIN_MS. The thread could look at a clock instead; but in
 * a virtual machine that has to wait for its CPU, it might then see no tick.
 */
static long count_loops(void)
{
	long long least = LLONG_MAX;

	for (int i = 0; i < 10; i++) {
		long long begin = nanoseconds();

		loop(100000);
		if (nanoseconds() - begin < least)
			least = nanoseconds() - begin;
	}
	return 100000LL * SPIN_MS * 1000000 / (least + 1);
}

static int compare(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void *spin_and_end(void *unused)
{
	loop(loops);
	__atomic_fetch_add(&seen->spun, 1, __ATOMIC_SEQ_CST);
	return unused;
}

/* Each that spins is the last in the list of threads, behind the sleepers. */
static void end_in_turn(void *unused)
{
	pthread_t thread;
	char byte;

	for (int i = 0; i < SLEEPERS; i++)
		start_thread(&thread, sleep_on, unused);
	raise(SIGSTOP);
	while (read(turns[0], &byte, 1) == 1) {
		start_thread(&thread, spin_and_end, unused);
		pthread_join(thread, NULL);
		__atomic_fetch_add(&seen->ended, 1, __ATOMIC_SEQ_CST);
	}
}

/* Wait, without sleeping, for another thread. */
static long long wait_for(int *count, int value)
{
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < value)
		sched_yield();
	return nanoseconds();
}

int main(void)
{
	long long time, before, begin, least = LLONG_MAX, ends[WARM_UP];
	int fd, missed = 0;
	pid_t pid;

	plan(1);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pipe2(turns, O_CLOEXEC))
		die("pipe(2)");
	loops = count_loops();
	stop_updates();
	fd = status_open();
	pid = start(end_in_turn, NULL);
	stopped(pid);
	status_register(fd, pid);
	before = time_now(fd, pid);
	go_on(pid);

	for (int i = 1; i <= WARM_UP + TIMES; i++) {
		status_write(fd, "-%d", pid);
		if (write(turns[1], "", 1) != 1)
			die("the pipe can be written");
		begin = wait_for(&seen->spun, i);
		if (i <= WARM_UP) {
			ends[i - 1] = wait_for(&seen->ended, i) - begin;
			qsort(ends, i, sizeof(*ends), compare);
		} else {
			begin += ends[WARM_UP - 1] * (i - WARM_UP - 1) / TIMES;
			while (nanoseconds() < begin)
				;
		}
		status_register(fd, pid);
		time = time_now(fd, pid);
		wait_for(&seen->ended, i);
		if (i > WARM_UP && time - before < least)
			least = time - before;
		if (i > WARM_UP && time - before < SPIN_MS * 1000 / 4)
			missed++;
		before = time;
	}
	is(missed, 0, "no thread that ends is missing from %d sums", TIMES);
	diag("at least %lld us more in each, after %d ms", least, SPIN_MS);
	diag("a thread takes %lld us to end", ends[WARM_UP - 1] / 1000);
	end(pid);
	return done();
}
