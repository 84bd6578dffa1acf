// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for news of the list, for signals and for keys
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>

#include "urt.h"

/* CLOCK_MONOTONIC, in seconds. */
double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * Waits for the first @count of @fds, at most @timeout_ms; -1 for no timeout.
 * Return: which of them came, with a bit for each.
 */
int wait_on(struct pollfd *fds, int count, int timeout_ms)
{
	int came = 0;

	while (poll(fds, count, timeout_ms) < 0) {
		if (errno != EINTR)
			err(failure, "poll");
	}
	for (int i = 0; i < count; i++) {
		if (fds[i].revents)
			came |= 1 << i;
	}
	return came;
}

/*
 * Waits for news of the list, a signal or a key, at most @timeout_ms; -1 for a
 * file that is not waited for, and for no timeout. Return: which of them came.
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
 * Blocks the signals in @set. Return: a file from which they can be read. @mask
 * receives the signals that were blocked before.
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
 * Like open_signals(), for the termination signals and @another, 0 for none.
 * Under nohup(1), SIGHUP is ignored, but signalfd(2) would deliver it
 * nevertheless.
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

/* Does what the blocked signal @number does by default. */
void take_default(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}
