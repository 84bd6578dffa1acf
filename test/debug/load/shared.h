/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data and functions that all processes of the load share
 */
#ifndef LOAD_SHARED_H
#define LOAD_SHARED_H

#include "process.h"
#include "urt.h"

#include <stdbool.h>

#define KNOWN		24
#define FIRST_KNOWN	4194000	/* the PIDs of the known processes */
#define MOTHERS		3
#define CHILDREN	6	/* of each mother, at a time */
#define FIRST_NUMBER	4194100	/* the PIDs of the short-lived ones */
#define NUMBERS		(MOTHERS * CHILDREN)
#define USER		1000	/* not root */

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

/* Each event must happen at least once. */
enum event {
	REGISTERED, UNREGISTERED, RANDOM, PARAMETER, SNAPSHOT, TIME_KNOWN,
	TIME_SHORT, UPDATE, NEWS, NEWS_CROWD, START, THREAD, EXECUTION, KILL,
	NAMESPACE, ABSENT, BUSY, RELOAD, EVENTS
};

static const char * const event_names[EVENTS] = {
	[REGISTERED] = "writes that register",
	[UNREGISTERED] = "writes that unregister",
	[RANDOM] = "writes of random bytes",
	[PARAMETER] = "parameters set",
	[SNAPSHOT] = "snapshots read",
	[TIME_KNOWN] = "times of known processes compared",
	[TIME_SHORT] = "times of short-lived processes compared",
	[UPDATE] = "updates seen",
	[NEWS] = "polls that reported POLLPRI",
	[NEWS_CROWD] = "files of a crowd that reported POLLPRI",
	[START] = "short-lived processes",
	[THREAD] = "threads",
	[EXECUTION] = "programs executed",
	[KILL] = "processes killed",
	[NAMESPACE] = "PID namespaces",
	[ABSENT] = "opens that found no module",
	[BUSY] = "unloads refused while files were open",
	[RELOAD] = "unloads and loads",
};

struct known {
	unsigned int registered;	/* in this load of the module */
	unsigned long long least;	/* least possible TIME: floor_of() */
};

struct number {
	unsigned int begun, finished;	/* registrations */
};

static struct {
	int stop, closing;
	unsigned int loads;
	long long events[EVENTS];
	int wrong;
	struct known known[KNOWN];
	struct number numbers[NUMBERS];
} *shared;

#define get(what)	__atomic_load_n(&(what), __ATOMIC_SEQ_CST)
#define set(what, to)	__atomic_store_n(&(what), to, __ATOMIC_SEQ_CST)
#define add(what, n)	__atomic_fetch_add(&(what), n, __ATOMIC_SEQ_CST)

static void happened(enum event event)
{
	add(shared->events[event], 1);
}

/* Reports an error of the module, and ends the load. Shows the first ten. */
static void wrong(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (add(shared->wrong, 1) < 10)
		diag("load %u: %s", get(shared->loads), text);
	set(shared->stop, 1);
}

static int below(int n)
{
	return random() % n;
}

static bool one_in(int n)
{
	return !below(n);
}

/* Whether all files must be closed, so that the module can be unloaded. */
static bool is_over(void)
{
	return get(shared->stop) || get(shared->closing);
}

/*
 * While the module is reloaded, processes that keep a CPU busy mostly wait
 * here. Otherwise, reloading would take too long.
 */
static void let_reload(void)
{
	while (get(shared->closing) && !get(shared->stop) && !one_in(200))
		usleep(5000);
}

/*
 * Opens the file, if the module is loaded. While it is being reloaded, most
 * processes wait for the end of that, but some keep trying.
 */
static int try_open(void)
{
	static unsigned int asked;
	static bool is_daring;
	int fd;

	if (get(shared->closing)) {
		if (asked != get(shared->loads)) {
			asked = get(shared->loads);
			is_daring = one_in(6);
		}
		usleep(is_daring ? below(3000) : 1000);
		if (!is_daring)
			return -1;
	}
	fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV)
		happened(ABSENT);
	else
		wrong("open: %s", strerror(errno));
	usleep(500);
	return -1;
}

#endif
