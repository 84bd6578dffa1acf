// SPDX-License-Identifier: GPL-2.0
/*
 * "Pollers are woken outside the list's mutex, so no registration has to wait
 * for this, however many pollers there are."
 *
 * A user adds so many epoll entries for the file that waking them all takes
 * several periods. The kernel wakes the latest entry first. The test adds the
 * first entry and the last. Between the wakeups of its last entry and its
 * first, the kernel wakes the crowd: this is a walk. Whatever happens during a
 * walk did not have to wait for its end.
 */
#define TAP_SECONDS	300	/* debug kernels need it */

#include "process.h"
#include "urt.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define NOBODY		65534
#define WAKE_NS		50000000	/* the least length of a walk */
#define ENTRIES_MIN	20000
#define ENTRIES_MAX	400000
#define FDS		500		/* entries of one epoll instance */
#define BATCH		4000		/* entries */
#define WALKS		100		/* the most that most() watches */
#define CPU_MASK	"/sys/devices/virtual/workqueue/cpumask"
#define WATCHES		"/proc/sys/fs/epoll/max_user_watches"

static int fd;
static int unread;	/* never read: there is always news for it */
static int first, last;	/* epoll instances with one entry each */
static int entries;
static pid_t sleeper;
static char old_mask[256], old_watches[32];

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void restore(void)
{
	if (*old_mask)
		file_write(CPU_MASK, old_mask);
	if (*old_watches)
		file_write(WATCHES, old_watches);
}

/* Moves this test to CPU 0, and the waking of pollers to the other CPUs. */
static void move_away(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char mask[16];

	if (run_on(0))
		die("CPU 0 can be used");
	snprintf(mask, sizeof(mask), "%lx", (1UL << (cpus < 32 ? cpus : 32)) - 2);
	file_read(CPU_MASK, old_mask, sizeof(old_mask));
	file_write(CPU_MASK, mask);
}

/* Whether the entry of @epoll has been woken since the last call. */
static int woken(int epoll)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0) == 1;
}

static int entry(void)
{
	struct epoll_event event = { .events = EPOLLPRI | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, unread, &event))
		die("epoll(7)");
	woken(epoll);	/* clears the news so far */
	return epoll;
}

/* Becomes nobody. Then adds a batch of entries and stops, again and again. */
static void crowd(void *unused)
{
	const struct rlimit limit = {
		FDS + ENTRIES_MAX / FDS + 100, FDS + ENTRIES_MAX / FDS + 100
	};
	struct epoll_event event = { .events = EPOLLPRI };
	int fds[FDS];

	(void)unused;
	if (setrlimit(RLIMIT_NOFILE, &limit) ||
	    setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		die("a child becomes nobody");
	fds[0] = status_open();
	for (int i = 1; i < FDS; i++)
		fds[i] = dup(fds[0]);
	for (;;) {
		raise(SIGSTOP);
		for (int i = 0; i < BATCH; i++) {
			static int epoll;

			if (i % FDS == 0)
				epoll = epoll_create1(EPOLL_CLOEXEC);
			if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i % FDS],
				      &event))
				die("epoll_ctl(2) adds an entry");
		}
	}
}

/*
 * What may happen during a walk. Each returns whether it has happened.
 */

/* Registers or unregisters a process. */
static int registered(void)
{
	static int listed;

	if (status_write(fd, listed ? "-%d" : "%d", sleeper) < 0)
		die("a process registers and unregisters");
	listed = !listed;
	return 1;
}

/* Looks for an update since the last call. */
static int updated(void)
{
	if (!changed(fd, 0))
		return 0;
	see_news(fd);
	return 1;
}

struct walk {
	long long ns;
	int done;	/* how often something happened during it */
};

/*
 * Calls @what again and again until a walk has ended, and counts what happens
 * during it. The call during which the walk ends does not count.
 */
static void watch(int (*what)(void), struct walk *walk)
{
	int started = 0, done;
	long long before = 0;

	walk->done = 0;
	while (!started) {
		int first_woken;

		before = nanoseconds();
		what();
		started = woken(last);
		first_woken = woken(first);
		if (started && first_woken) {
			walk->ns = nanoseconds() - before;
			return;
		}
	}
	for (;;) {
		done = what();
		if (woken(first))
			break;
		walk->done += done;
	}
	walk->ns = nanoseconds() - before;
}

/*
 * Returns how often @what happens during the best of several walks; twice is
 * enough. Since 6.7, a walk keeps interrupts off, which delays the timers of
 * that CPU, so there are walks without an update. @least receives the length of
 * the shortest walk.
 */
static int most(int (*what)(void), long long *least)
{
	struct walk walk;
	int most = 0;

	*least = LLONG_MAX;
	for (int i = 0; i < WALKS && most < 2; i++) {
		watch(what, &walk);
		if (walk.done > most)
			most = walk.done;
		if (walk.ns < *least)
			*least = walk.ns;
	}
	return most;
}

static int compare(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Returns the median time of a registration, the shortest of five medians. */
static long long registration_ns(void)
{
	long long ns[51], best = LLONG_MAX;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 51; i++) {
			long long before = nanoseconds();

			registered();
			ns[i] = nanoseconds() - before;
		}
		qsort(ns, 51, sizeof(*ns), compare);
		if (ns[25] < best)
			best = ns[25];
	}
	return best;
}

static void add_entries(pid_t user, int count)
{
	for (int i = 0; i < count; i += BATCH) {
		next_stop(user);
		entries += BATCH;
	}
	if (last)
		close(last);
	last = entry();
}

/* Adds entries until a walk takes WAKE_NS. */
static void gather(pid_t user)
{
	int more = ENTRIES_MIN;
	long long least;
	struct walk walk;

	do {
		add_entries(user, more);
		least = LLONG_MAX;
		for (int i = 0; i < 3; i++) {
			watch(registered, &walk);
			if (walk.ns < least)
				least = walk.ns;
		}
		more = entries;
		if (least > WAKE_NS / 2)
			more = entries * (WAKE_NS - least) / least + BATCH;
	} while (least < WAKE_NS && entries + more <= ENTRIES_MAX);
	diag("waking %d entries takes %lld us", entries, least / 1000);
}

/*
 * Returns how often @what happens during a walk. On a busy machine, gather()
 * may have stopped too early because walks seemed long; then this adds more
 * entries.
 */
static int done_while_woken(int (*what)(void), pid_t user)
{
	long long least;
	int done = most(what, &least);

	while (done < 2 && least < WAKE_NS && 2 * entries < ENTRIES_MAX) {
		gather(user);
		done = most(what, &least);
	}
	diag("%d times during a walk", done);
	return done;
}

int main(void)
{
	long long alone, crowded;
	char watches[32];
	pid_t user;

	plan(3);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		for (int i = 0; i < 3; i++)
			skip("a crowd of pollers", "there is one CPU");
		return done();
	}
	atexit(restore);
	stop_updates();
	snprintf(watches, sizeof(watches), "%d", ENTRIES_MAX + 1000);
	file_read(WATCHES, old_watches, sizeof(old_watches));
	file_write(WATCHES, watches);
	user = start(crowd, NULL);
	stopped(user);
	move_away();
	fd = status_open();
	unread = status_open();
	sleeper = start_sleeper();

	alone = registration_ns();
	first = entry();
	gather(user);
	crowded = registration_ns();
	diag("a registration takes %lld ns, with the crowd %lld ns", alone,
	     crowded);
	ok(crowded < 3 * alone, "a crowd does not slow down a registration");
	ok(done_while_woken(registered, user) > 1,
	   "processes register while the crowd is woken");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 3) {
		skip("updates go on while the crowd is woken",
		     "only one CPU for both, beside that of the test");
		return done();
	}
	status_register(fd, getpid());
	set_period(URT_PERIOD_MS_MIN);
	ok(done_while_woken(updated, user) > 1,
	   "updates go on while the crowd is woken");
	return done();
}
