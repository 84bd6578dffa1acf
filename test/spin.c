// SPDX-License-Identifier: GPL-2.0
/*
 * Uses CPU time and shows its line of /proc/urt/status
 *
 * usage: spin [SECONDS] [THREADS]
 *
 * Registers itself, spins in each of its threads, and then prints its own line
 * of the list and the time that getrusage(2) reports. Exits 1 on any error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "usertime.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void *spin(void *seconds)
{
	double end = now() + *(long *)seconds;

	while (now() < end)
		for (int i = 0; i < 100000; i++)
			asm volatile("");
	return NULL;
}

/* Spins in @threads threads, including the caller. */
static int spin_in_threads(long threads, long seconds)
{
	pthread_t others[threads];
	int err = 0;

	for (long i = 1; i < threads && !err; i++)
		err = pthread_create(&others[i], NULL, spin, &seconds);
	if (err)
		return err;
	spin(&seconds);
	for (long i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	return 0;
}

/* Returns what getrusage(2) reports for this process, in the list's unit. */
static long long used_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec * (long long)URT_UNIT_PER_SEC +
	       usage.ru_utime.tv_usec * (URT_UNIT_PER_SEC / 1000000);
}

/* Reads the list again. Returns the time of this process, or -1. */
static long long listed_time(int fd)
{
	/* A new stream each time, because rewind() may keep the old buffer. */
	FILE *list = fdopen(dup(fd), "r");
	long long time;
	int pid = 0;

	if (!list)
		return -1;
	rewind(list);
	while (pid != getpid() && fscanf(list, "%d: %lld", &pid, &time) == 2)
		;
	fclose(list);
	return pid == getpid() ? time : -1;
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? atol(argv[1]) : 6;
	long threads = argc > 2 ? atol(argv[2]) : 1;
	struct pollfd change = { .events = POLLPRI };
	long long before, listed, used = 0;
	int fd, err;

	if (argc > 3 || seconds < 1 || threads < 1 || threads > 1000) {
		fprintf(stderr, "usage: spin [SECONDS] [THREADS]\n");
		return 1;
	}

	fd = open(URT_STATUS_PATH, O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "spin: %s: %s\n"
			"Is the module loaded? sudo insmod usertime.ko\n",
			URT_STATUS_PATH, strerror(errno));
		return 1;
	}
	if (dprintf(fd, "%d\n", getpid()) < 0) {
		perror("spin: registering");
		return 1;
	}

	err = spin_in_threads(threads, seconds);
	if (err) {
		fprintf(stderr, "spin: cannot start a thread: %s\n",
			strerror(err));
		return 1;
	}

	/*
	 * Waits for an update: it covers all time used before poll(2) sleeps,
	 * which the last update could not.
	 */
	change.fd = fd;
	before = listed_time(fd);
	listed = before;
	while (listed >= 0 && listed == before) {
		used = used_time();
		poll(&change, 1, -1);
		listed = listed_time(fd);
	}
	if (listed < 0) {
		fprintf(stderr, "spin: no longer registered\n");
		return 1;
	}
	printf("%s: %d: %lld\n", URT_STATUS_PATH, getpid(), listed);
	printf("getrusage(2): %*d: %lld\n", (int)strlen(URT_STATUS_PATH) - 7,
	       getpid(), used);
	return 0;
}
