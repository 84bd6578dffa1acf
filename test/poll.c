// SPDX-License-Identifier: GPL-2.0
/*
 * "poll(2), select(2) and epoll(7) always report the file readable, and report
 * POLLPRI when the list has changed since this open file's last snapshot: by
 * an update, a registration or an unregistration. Reading at offset 0 clears
 * it. A file that has never been read reports POLLPRI at once."
 */
#include "process.h"
#include "urt.h"

#include <sys/epoll.h>
#include <sys/select.h>

#define WAITERS	4

static int fd;

/* What poll(2), select(2) and epoll(7) report, all as poll(2)'s bits. */
static int poll_bits(int timeout)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLPRI };

	if (timeout)
		poll_fd.events = POLLPRI;
	poll(&poll_fd, 1, timeout);
	return poll_fd.revents;
}

static int select_bits(int timeout)
{
	struct timeval none = { 0, 0 };
	fd_set in, pri;

	FD_ZERO(&in);
	FD_ZERO(&pri);
	FD_SET(fd, &pri);
	if (!timeout)
		FD_SET(fd, &in);
	select(fd + 1, &in, NULL, &pri, timeout ? NULL : &none);
	return (FD_ISSET(fd, &in) ? POLLIN : 0) |
	       (FD_ISSET(fd, &pri) ? POLLPRI : 0);
}

static int epoll_on(unsigned int events)
{
	struct epoll_event event = { .events = events };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll(7)");
	return epoll;
}

static int epoll_bits(int epoll, int timeout)
{
	struct epoll_event event = { 0 };

	epoll_wait(epoll, &event, 1, timeout);
	return event.events;
}

static void reports(int bits, const char *when)
{
	static int epoll = -1;

	if (epoll < 0)
		epoll = epoll_on(EPOLLIN | EPOLLPRI);
	is(poll_bits(0), bits, "poll(2) %s", when);
	is(select_bits(0), bits, "select(2) %s", when);
	is(epoll_bits(epoll, 0), bits, "epoll(7) %s", when);
}

static void read_at(off_t offset)
{
	char bytes[4];

	if (pread(fd, bytes, sizeof(bytes), offset) < 0)
		die("pread(2)");
}

static void poll_work(void *unused)
{
	(void)unused;
	_exit(poll_bits(-1) != POLLPRI);
}

static void select_work(void *unused)
{
	(void)unused;
	_exit(select_bits(-1) != POLLPRI);
}

static void epoll_work(void *unused)
{
	(void)unused;
	_exit(epoll_bits(epoll_on(EPOLLPRI), -1) != EPOLLPRI);
}

/* Wait until a process does. */
static void sleeps(pid_t pid)
{
	char path[32], state = 'R';
	FILE *stat;

	sprintf(path, "/proc/%d/stat", pid);
	while (state != 'S') {
		stat = fopen(path, "r");
		if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			die("%s can be read", path);
		fclose(stat);
	}
}

/* Processes that wait for what @write, or an update, brings. */
static void wake(const char *write, pid_t pid, const char *name)
{
	void (* const works[WAITERS])(void *) = {
		poll_work, poll_work, select_work, epoll_work,
	};
	pid_t waiters[WAITERS];
	int status, woken = 0;

	read_at(0);
	for (int i = 0; i < WAITERS; i++)
		waiters[i] = start(works[i], NULL);
	for (int i = 0; i < WAITERS; i++)
		sleeps(waiters[i]);
	if (write)
		status_write(fd, write, pid);
	else
		set_period(50);
	for (int i = 0; i < WAITERS; i++)
		woken += waitpid(waiters[i], &status, 0) == waiters[i] &&
			 !status;
	is(woken, WAITERS, "%s is told to all who wait", name);
}

int main(void)
{
	pid_t sleeper;
	int edge;

	plan(3 * 9 + 3 + 3);
	stop_updates();
	sleeper = start_sleeper();
	fd = status_open();

	reports(POLLIN | POLLPRI, "on a file that was never read");
	read_at(0);
	reports(POLLIN, "when it was read at offset 0");
	status_write(fd, "%d", sleeper);
	reports(POLLIN | POLLPRI, "after a registration");
	read_at(1);
	reports(POLLIN | POLLPRI, "when it was read at another offset");
	read_at(0);
	status_write(fd, "%d", sleeper);
	status_write(fd, "bad");
	reports(POLLIN, "after writes that change nothing");
	status_write(fd, "-%d", sleeper);
	reports(POLLIN | POLLPRI, "after an unregistration");
	status_write(fd, "%d", sleeper);
	reports(POLLIN | POLLPRI, "after one more change");
	read_at(0);
	reports(POLLIN, "when it was read again");
	update_once(fd);
	reports(POLLIN | POLLPRI, "after an update");

	read_at(0);
	edge = epoll_on(EPOLLPRI | EPOLLET);
	is(epoll_bits(edge, 0), 0, "edges: none as yet");
	status_write(fd, "-%d", sleeper);
	is(epoll_bits(edge, 0), EPOLLPRI, "edges: a change");
	is(epoll_bits(edge, 0), 0, "edges: no more than that");

	wake("%d", sleeper, "a registration");
	wake("-%d", sleeper, "an unregistration");
	status_write(fd, "%d", sleeper);
	wake(NULL, 0, "an update");
	return done();
}
