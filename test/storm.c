// SPDX-License-Identifier: GPL-2.0
/*
 * "Registrations and unregistrations are news too. Together they are announced
 * at most ten times a second, about 0.1 s after the first of them (a reader may
 * already have seen it by then). So no user can keep another user's program, or
 * the machine, awake."
 *
 * A user registers and unregisters a process at full speed. Meanwhile, another
 * process polls, and reads a long list whenever there is news. A busy machine
 * can spoil a round, so there are several.
 */
#include "process.h"
#include "urt.h"

#include <limits.h>

#define NOBODY	65534
#define LINES	1000
#define ROUNDS	8
#define ROUND_MS	3000
#define GUSTS	20	/* short storms */
#define LOST_MS	20000	/* news that takes longer is lost */

static long *changes;	/* how many the storm has made; in shared memory */

static pid_t pids[LINES];
static struct list list;

static void storm_work(void *unused)
{
	char add[16], remove[16];
	int fd;

	(void)unused;
	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		die("a child becomes nobody");
	fd = status_open();
	snprintf(add, sizeof(add), "%d\n", getpid());
	snprintf(remove, sizeof(remove), "-%d\n", getpid());
	for (;;) {
		if (status_write_bytes(fd, add, strlen(add)) < 0 ||
		    status_write_bytes(fd, remove, strlen(remove)) < 0)
			die("nobody registers and unregisters");
		__atomic_fetch_add(changes, 2, __ATOMIC_RELAXED);
	}
}

static long long microseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void read_list(int fd)
{
	if (pread(fd, list.text, sizeof(list.text), 0) < LINES)
		die("the list can be read");
}

/* Returns the CPU time of ten reads without a storm, in us; the least of 5. */
static long long ten_reads(int fd)
{
	long long least = LLONG_MAX;

	for (int i = 0; i < 5; i++) {
		long long cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID);

		for (int n = 0; n < 10; n++)
			read_list(fd);
		cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (cpu < least)
			least = cpu;
	}
	return least;
}

/* What the poller sees in one round. */
struct round {
	long long elapsed, cpu;	/* in microseconds */
	long wakes, changes;
};

static void poll_and_read(int fd, struct round *round)
{
	long long start = microseconds(CLOCK_MONOTONIC);
	long long cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID);
	long before = __atomic_load_n(changes, __ATOMIC_RELAXED);

	round->wakes = 0;
	do {
		if (changed(fd, ROUND_MS)) {
			round->wakes++;
			read_list(fd);
		}
		round->elapsed = microseconds(CLOCK_MONOTONIC) - start;
	} while (round->elapsed < ROUND_MS * 1000);
	round->cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	round->changes = __atomic_load_n(changes, __ATOMIC_RELAXED) - before;
}

/*
 * @ten is the CPU time of ten reads without a storm. It is a small part of the
 * limit, except on debug kernels. In a storm, a read takes longer because it
 * has to wait for the lock.
 */
static void rounds(int fd, long long ten)
{
	int stormed = 0, told = 0, few = 0, cheap = 0;
	struct round round;

	diag("ten reads take %lld us", ten);
	for (int i = 0; i < ROUNDS && !(stormed && told && few && cheap); i++) {
		poll_and_read(fd, &round);
		diag("%ld changes, %ld wakes in %lld us, %lld us of CPU time",
		     round.changes, round.wakes, round.elapsed, round.cpu);
		stormed |= round.changes > 10 * (round.elapsed / 100000 + 2);
		told |= round.wakes > 0;
		few |= round.wakes <= round.elapsed / 100000 + 2;
		cheap |= round.cpu < round.elapsed / 20 +
				     10 * ten * round.elapsed / 1000000;
	}
	ok(stormed, "a user changes the list all the time");
	ok(told, "a poller is woken");
	ok(few, "it is woken at most ten times a second");
	ok(cheap, "it uses less than 5 %% of a CPU");
}

/* Changes the list for @ms and then registers @last. */
struct gust {
	pid_t sleeper, last;
	int ms;
};

static void gust_work(void *arg)
{
	const struct gust *gust = arg;
	long long end = microseconds(CLOCK_MONOTONIC) + gust->ms * 1000;
	int fd = status_open();

	do {
		status_write(fd, "%d -%d", gust->sleeper, gust->sleeper);
	} while (microseconds(CLOCK_MONOTONIC) < end);
	status_register(fd, gust->last);
}

static void last_changes(int fd)
{
	struct gust gust = { .sleeper = start_sleeper() };
	int told = 0;
	pid_t pid;

	for (int i = 0; i < GUSTS; i++) {
		gust.last = start_sleeper();
		gust.ms = 13 * i;
		see_news(fd);
		pid = start(gust_work, &gust);
		while (changed(fd, LOST_MS))
			if (time_now(fd, gust.last) >= 0) {
				told++;
				break;
			}
		reap(pid);
		status_write(fd, "-%d", gust.last);
		end(gust.last);
	}
	is(told, GUSTS, "the last change of each storm is announced");
}

int main(void)
{
	long long ten;
	pid_t stormer;
	int fd;

	plan(5);
	changes = mmap(NULL, sizeof(*changes), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop_updates();
	fd = status_open();
	start_crowd(pids, LINES);
	for (int i = 0; i < LINES; i++)
		status_register(fd, pids[i]);
	ten = ten_reads(fd);
	stormer = start(storm_work, NULL);
	rounds(fd, ten);
	end(stormer);
	last_changes(fd);
	return done();
}
