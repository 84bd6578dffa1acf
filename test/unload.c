// SPDX-License-Identifier: GPL-2.0
/*
 * The module "unloads only when no process holds the file open (otherwise rmmod
 * reports that the module is in use)." "Unloading is safe while processes are
 * registered, timers are pending and updates are in progress."
 */
#include "process.h"
#include "urt.h"

#define COUNT	300
#define TIMES	25
#define CPU_MASK	"/sys/devices/virtual/workqueue/cpumask"

static void poll_work(void *fd)
{
	changed(*(int *)fd, -1);
}

/*
 * Occupies CPU 1 for 700 ms. The kernel reserves a twentieth of each second for
 * threads without real-time priority.
 */
static void hog_work(void *unused)
{
	const struct sched_param first = { .sched_priority = 1 };
	long long end;

	(void)unused;
	if (run_on(1) || sched_setscheduler(0, SCHED_FIFO, &first))
		die("a process can occupy CPU 1");
	raise(SIGSTOP);
	end = now_ms() + 700;
	while (now_ms() < end)
		;
}

/* If unloading did not wait, the queued update would run in freed memory. */
static void unload_with_update_queued(pid_t pid)
{
	char mask[256];
	pid_t hog;
	int fd;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || access(CPU_MASK, W_OK)) {
		skip("the module unloads while an update is queued",
		     "the update cannot be delayed");
		return;
	}
	/* Unbound workqueues that are created from now on run on CPU 1. */
	file_read(CPU_MASK, mask, sizeof(mask));
	file_write(CPU_MASK, "2");
	hog = start(hog_work, NULL);
	stopped(hog);
	load("period_ms=10");
	fd = status_open();
	go_on(hog);
	status_register(fd, pid);
	close(fd);
	usleep(100 * 1000);	/* ten periods: an update is queued */
	is(unload(), 0, "the module unloads while an update is queued");
	reap(hog);
	file_write(CPU_MASK, mask);
}

int main(void)
{
	static pid_t pids[COUNT];
	int fd, log_fd, unloaded = 0;
	pid_t poller, spinner;

	plan(10);
	log_fd = log_open();
	spinner = start_spinner();
	start_crowd(pids, COUNT);

	fd = status_open();
	status_register(fd, spinner);
	is(unload(), -EWOULDBLOCK, "in use: the file is open");
	update_once(fd);
	status_register(fd, pids[0]);
	ok(time_now(fd, pids[0]) >= 0, "the module still works");
	poller = start(poll_work, &fd);
	close(fd);
	is(unload(), -EWOULDBLOCK, "in use: a process polls the file");
	end(poller);
	is(unload(), 0, "not in use: processes are registered");
	ok(access("/proc/urt", F_OK) && errno == ENOENT, "/proc/urt is gone");

	/* Each time, it unloads at another moment of the period. */
	for (int i = 0; i < TIMES; i++) {
		if (load("period_ms=10"))
			break;
		fd = status_open();
		status_register(fd, spinner);
		for (int j = 0; j < COUNT; j++)
			status_register(fd, pids[j]);
		wait_update(fd);
		close(fd);
		spin(i % 12);
		unloaded += !unload();
	}
	is(unloaded, TIMES, "the module unloads while it updates");
	unload_with_update_queued(spinner);
	is(load(""), 0, "the module loads again");
	fd = status_open();
	status_register(fd, spinner);
	ok(time_now(fd, spinner) > 0, "it works");
	is(log_lines(log_fd), 0, "nothing is logged");
	return done();
}
