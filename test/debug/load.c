// SPDX-License-Identifier: GPL-2.0
/*
 * Load: writers, readers, pollers and many short-lived processes, with updates
 * as often as possible, while the module is reloaded again and again.
 * load/readers.h describes what is checked.
 *
 * In the environment, LOAD_SECONDS is the least duration, LOAD_RELOADS the
 * number of reloads, and LOAD_SEED the seed of the random numbers.
 */
static int tap_seconds;
#define TAP_SECONDS	tap_seconds

#include "load/listed.h"
#include "load/readers.h"
#include "load/shared.h"
#include "load/writers.h"

#define PID_MAX	"/proc/sys/kernel/pid_max"

static unsigned int seed;

static void (* const workers[])(void) = {
	writer, writer, user_writer, reader, reader, reader, poller, poller,
	crowd, namespaces,
};

#define WORKERS	(MOTHERS + COUNT(workers))

static void work(void *which)
{
	int number = *(int *)which;

	srandom(seed * WORKERS + number);
	if (number < MOTHERS)
		mother(number);
	else
		workers[number - MOTHERS]();
}

/* Unloads the module under load, as soon as no file is open, and loads it. */
static void reload(void)
{
	static const char * const parameters[] = {
		"period_ms=10", "period_ms=10 max_processes=30",
	};
	int error;

	set(shared->closing, 1);
	while ((error = unload()) && !get(shared->stop)) {
		if (error != -EWOULDBLOCK)
			wrong("unloading: %s", strerror(-error));
		happened(BUSY);
		usleep(100);
	}
	if (!error) {
		add(shared->loads, 1);
		if (one_in(4))
			usleep(below(3000));
		error = load(parameters[below(COUNT(parameters))]);
		if (error)
			wrong("loading: %s", strerror(-error));
		happened(RELOAD);
	}
	set(shared->closing, 0);
}

static int not_happened(void)
{
	int count = 0;

	for (int i = 0; i < EVENTS; i++)
		count += !get(shared->events[i]);
	return count;
}

static void go_on_until(long long ms)
{
	while (now_ms() < ms && !get(shared->stop))
		usleep(1000);
}

/*
 * Runs until @seconds are over and all reloads are done. If some event has not
 * happened by then, runs for up to twice that time more.
 */
static void run(int seconds, int reloads)
{
	long long begun = now_ms(), due, least;

	for (int i = 0; i < reloads && !get(shared->stop); i++) {
		/* Even if reloads are slow, leave time for the load. */
		least = now_ms() + 500LL * seconds / reloads;
		due = begun + 1000LL * seconds * i / reloads;
		go_on_until(due > least ? due : least);
		reload();
	}
	go_on_until(begun + 1000LL * seconds);
	due = now_ms() + 2000LL * paced(seconds);
	while (not_happened() && now_ms() < due && !get(shared->stop))
		usleep(1000);
	diag("it took %lld s", (now_ms() - begun) / 1000);
}

/* Whether the list can be emptied. All other processes have ended. */
static bool list_empties(void)
{
	static struct list list;
	int fd = status_open();

	set_period(URT_PERIOD_MS_MIN);
	do {
		list_read(fd, &list);
		for (int i = 0; i < list.lines; i++)
			status_write(fd, "-%d", list.line[i].pid);
	} while (list.lines && changed(fd, paced(20000)));
	if (list.lines)
		diag("still there:\n%s", list.text);
	close(fd);
	return !list.lines;
}

static unsigned int environment(const char *name, unsigned int value)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : value;
}

int main(int argc, char **argv)
{
	int seconds, reloads, status, failed = 0;
	pid_t known[KNOWN], pids[WORKERS];
	char pid_max[16];

	(void)argv;
	if (argc == 2) {	/* see execute() */
		spin(5);
		return 0;
	}

	seconds = environment("LOAD_SECONDS", 60);
	reloads = environment("LOAD_RELOADS", 200);
	/* Differs each time, even on a machine without a clock. */
	seed = environment("LOAD_SEED", time(NULL) ^ now_ms());
	tap_seconds = 800 + 10 * seconds;
	plan(6);
	diag("LOAD_SECONDS=%d LOAD_RELOADS=%d LOAD_SEED=%u", seconds, reloads,
	     seed);

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	shared->loads = 1;
	file_read(PID_MAX, pid_max, sizeof(pid_max));
	file_write(PID_MAX, "4194304");
	set_period(URT_PERIOD_MS_MIN);
	for (int i = 0; i < KNOWN; i++)
		known[i] = start_numbered(FIRST_KNOWN + i, live_long, &i);
	for (int i = 0; i < WORKERS; i++)
		pids[i] = start(work, &i);

	srandom(seed);
	run(seconds, reloads);
	set(shared->stop, 1);
	for (int i = 0; i < WORKERS; i++) {
		waitpid(pids[i], &status, 0);
		failed += status != 0;
	}
	for (int i = 0; i < KNOWN; i++)
		end(known[i]);

	is(shared->wrong, 0, "nothing was wrong");
	is(failed, 0, "no worker failed");
	for (int i = 0; i < EVENTS; i++)
		diag("%9lld %s", shared->events[i], event_names[i]);
	is(not_happened(), 0, "every event happened");
	is(shared->events[RELOAD], reloads, "the module was reloaded");
	ok(list_empties(), "the list can be emptied");
	is(unload(), 0, "the module unloads");
	load("");
	file_write(PID_MAX, pid_max);
	return done();
}
