// SPDX-License-Identifier: GPL-2.0
/*
 * The module "unloads only when nobody holds the file open (rmmod: in use)".
 * "Unloading with processes registered, timers pending and updates under way
 * is safe."
 */
#include "process.h"
#include "urt.h"

#define COUNT	300
#define TIMES	25

static void poll_work(void *fd)
{
	changed(*(int *)fd, -1);
}

int main(void)
{
	static pid_t pids[COUNT];
	int fd, log_fd, unloaded = 0;
	pid_t poller, spinner;

	plan(9);
	log_fd = log_open();
	spinner = start_spinner();
	start_crowd(pids, COUNT);

	fd = status_open();
	status_register(fd, spinner);
	is(unload(), -EWOULDBLOCK, "in use: the file is open");
	update_once(fd);
	status_register(fd, pids[0]);
	ok(time_now(fd, pids[0]) >= 0, "and all goes on");
	poller = start(poll_work, &fd);
	close(fd);
	is(unload(), -EWOULDBLOCK, "in use: someone waits for a change");
	end(poller);
	is(unload(), 0, "not in use: processes are registered");
	ok(access("/proc/urt", F_OK) && errno == ENOENT, "/proc/urt is gone");

	/* Ever another place in an update, or between two. */
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
	is(unloaded, TIMES, "it unloads while it updates");
	is(load(""), 0, "it loads once more");
	fd = status_open();
	status_register(fd, spinner);
	ok(time_now(fd, spinner) > 0, "and works");
	is(log_lines(log_fd), 0, "nothing in the kernel log");
	return done();
}
