// SPDX-License-Identifier: GPL-2.0
/*
 * Waits for news of the list, for signals and for keys
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>

#include "urt.h"

/* Returns the time on CLOCK_MONOTONIC, in seconds. */
double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * Waits until one of the first @count files in @fds is ready, but no longer
 * than @timeout_ms, unless that is -1. Returns one bit for each file, set if it
 * is ready.
 */
int wait_on(struct pollfd *fds, int count, int timeout_ms)
{
	int ready = 0;

	while (poll(fds, count, timeout_ms) < 0) {
		if (errno != EINTR)
			err(failure, "poll");
	}
	for (int i = 0; i < count; i++) {
		if (fds[i].revents)
			ready |= 1 << i;
	}
	return ready;
}

/*
 * Waits for news of the list, a signal or a key, as wait_on() does. Ignores the
 * files that are -1. Returns the bits NEWS, SIGNAL and KEY.
 */
int wait_for(int status, int signals, int keys, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = status, .events = POLLPRI },
		{ .fd = signals, .events = POLLIN },
		{ .fd = keys, .events = POLLIN },
	};

	return wait_on(fds, 3, timeout_ms);
}

/*
 * Blocks the signals in @set, and stores the previous signal mask in @mask.
 * Returns a file from which the signals can be read.
 */
int open_signals(const sigset_t *set, sigset_t *mask)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		err(failure, "signalfd");
	sigprocmask(SIG_BLOCK, set, mask);
	return fd;
}

/*
 * Like open_signals(), for the termination signals, and for @another unless it
 * is 0. Leaves out SIGHUP if it is ignored, as under nohup(1), since
 * signalfd(2) would deliver it nevertheless.
 */
int open_end_signals(int another)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (another)
		sigaddset(&set, another);
	return open_signals(&set, NULL);
}

/* Takes the default action of the blocked signal @number. */
void take_default_action(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}
