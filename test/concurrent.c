// SPDX-License-Identifier: GPL-2.0
/*
 * "No PID appears on two lines." "Registering a process that is already
 * registered changes nothing and succeeds."
 *
 * Both hold while several writers register processes at the same time: first
 * each its own share of them, then all the same process.
 */
#include "process.h"
#include "urt.h"

#define WRITERS	8
#define EACH	50
#define ROUNDS	100

static struct list list;
static pid_t pids[WRITERS * EACH];
static pthread_barrier_t *barrier;
static int fd;

/* Opens the file as a user with room for the expected lines and no more. */
static int open_as_user(void)
{
	if (seteuid(1000))
		die("seteuid(2)");
	return status_open();
}

/* Registers the writer's share, one by one, and then the next writer's. */
static void register_shares(void *writer)
{
	int first = *(int *)writer * EACH;
	int own = open_as_user();

	pthread_barrier_wait(barrier);
	for (int i = 0; i < 2 * EACH; i++)
		status_register(own, pids[(first + i) % (WRITERS * EACH)]);
}

/* Registers the same process as all other writers at once, again and again. */
static void register_same(void *unused)
{
	int own = open_as_user();

	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(barrier);
		status_register(own, pids[i]);
	}
}

static void run(void (*work)(void *))
{
	pid_t writers[WRITERS];

	for (int i = 0; i < WRITERS; i++)
		writers[i] = start(work, &i);
	for (int i = 0; i < WRITERS; i++)
		reap(writers[i]);
}

static void all_once(int count, const char *name)
{
	int missing = 0, twice = 0;

	list_read(fd, &list);
	for (int i = 0; i < count; i++) {
		missing += list_count(&list, pids[i]) == 0;
		twice += list_count(&list, pids[i]) > 1;
	}
	if (!ok(!missing && !twice && list.lines == count, "%s", name))
		diag("%d lines, expected %d; %d missing, %d more than once",
		     list.lines, count, missing, twice);
}

int main(void)
{
	pthread_barrierattr_t shared;

	plan(3);
	fd = status_open();
	barrier = mmap(NULL, sizeof(*barrier), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(barrier, &shared, WRITERS);
	start_crowd(pids, WRITERS * EACH);

	/* Updates walk the list meanwhile. */
	set_period(10);
	set_parameter("max_processes", 2 * WRITERS * EACH);
	run(register_shares);
	all_once(WRITERS * EACH,
		 "writers of separate processes: one line each");

	for (int i = 0; i < WRITERS * EACH; i++)
		status_write(fd, "-%d", pids[i]);
	list_read(fd, &list);
	is(list.length, 0, "all are unregistered");

	set_parameter("max_processes", 2 * ROUNDS);
	run(register_same);
	all_once(ROUNDS, "writers of the same process: one line each");
	return done();
}
