// SPDX-License-Identifier: GPL-2.0
/*
 * "poll(2), select(2) and epoll(7) always report the file as readable and
 * writable. They report POLLPRI if there is news since this open file was last
 * read at offset 0, or if it has never been read at offset 0."
 *
 * "Every update is news. Registrations and unregistrations are news too.
 * Together they are announced [...] about 0.1 s after the first of them". "A
 * read or a seek to another position that generates the list again clears
 * POLLPRI, as a read at offset 0 does."
 */
#include "process.h"
#include "urt.h"

#include <sys/epoll.h>
#include <sys/select.h>

#define WAITERS		4
#define EARLY_MS	50	/* much less than 0.1 s */
#define ALWAYS		(POLLIN | POLLOUT)

static int fd;

/*
 * The next three return what poll(2), select(2) and epoll(7) report, as the
 * bits of poll(2).
 */

static int poll_bits(int timeout)
{
	struct pollfd poll_fd = { .fd = fd, .events = ALWAYS | POLLPRI };

	if (timeout)
		poll_fd.events = POLLPRI;
	poll(&poll_fd, 1, timeout);
	return poll_fd.revents;
}

static int select_bits(int timeout)
{
	struct timeval none = { 0, 0 };
	fd_set in, out, pri;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&pri);
	FD_SET(fd, &pri);
	if (!timeout) {
		FD_SET(fd, &in);
		FD_SET(fd, &out);
	}
	select(fd + 1, &in, &out, &pri, timeout ? NULL : &none);
	return (FD_ISSET(fd, &in) ? POLLIN : 0) |
	       (FD_ISSET(fd, &out) ? POLLOUT : 0) |
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
		epoll = epoll_on(EPOLLIN | EPOLLOUT | EPOLLPRI);
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

/* Waits until a process sleeps. */
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

/* Checks that @write, or an update if it is NULL, wakes waiting processes. */
static void wake(const char *write, pid_t pid, const char *name)
{
	void (* const works[WAITERS])(void *) = {
		poll_work, poll_work, select_work, epoll_work,
	};
	pid_t waiters[WAITERS];
	int status, woken = 0;

	settle(fd);
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
	is(woken, WAITERS, "%s wakes all waiting processes", name);
}

/* Checks which writes are announced, and when. */
static void registrations(pid_t sleeper)
{
	long long begin, took;

	settle(fd);
	read_at(0);
	reports(ALWAYS, "after everything has been announced");
	begin = now_ms();
	status_write(fd, "%d", sleeper);
	ok(changed(fd, -1), "a registration is announced");
	took = now_ms() - begin + 1;
	if (!ok(took > EARLY_MS, "a registration is not announced at once"))
		diag("after %lld ms", took);
	reports(ALWAYS | POLLPRI, "after a registration");
	read_at(0);
	reports(ALWAYS, "after the file was read");

	/* There is no event to wait for: wait several times as long. */
	status_write(fd, "%d", sleeper);
	status_write(fd, "\n");
	status_write(fd, "bad");
	ok(!changed(fd, 5 * took),
	   "writes that change nothing are not announced");

	status_write(fd, "-%d", sleeper);
	ok(changed(fd, -1), "an unregistration is announced");
	reports(ALWAYS | POLLPRI, "after an unregistration");
}

/* Registers and unregisters a process, and waits for the news. */
static void make_news(pid_t pid)
{
	status_write(fd, "%d -%d", pid, pid);
	changed(fd, -1);
}

static void other_offsets(pid_t sleeper)
{
	char byte;

	/* The list needs a line to read. */
	status_register(fd, getpid());
	settle(fd);
	lseek(fd, 0, SEEK_SET);
	if (read(fd, &byte, 1) != 1)
		die("the list can be read");
	make_news(sleeper);
	if (read(fd, &byte, 1) != 1)
		die("the list can be read on");
	reports(ALWAYS | POLLPRI, "after a read in an old snapshot");
	read_at(1);
	reports(ALWAYS, "after a read at another offset");
	make_news(sleeper);
	lseek(fd, 3, SEEK_SET);
	reports(ALWAYS, "after a seek to another offset");
	status_write(fd, "-%d", getpid());
	settle(fd);
}

static void edge_triggered(pid_t sleeper)
{
	int edge;

	settle(fd);
	read_at(0);
	edge = epoll_on(EPOLLPRI | EPOLLET);
	is(epoll_bits(edge, 0), 0, "edge-triggered: no news yet");
	status_write(fd, "%d", sleeper);
	is(epoll_bits(edge, -1), EPOLLPRI, "edge-triggered: a registration");
	is(epoll_bits(edge, 0), 0, "edge-triggered: reported only once");
	close(edge);
}

int main(void)
{
	pid_t sleeper;
	int other;

	plan(3 * 10 + 4 + 3 + 1 + 3);
	stop_updates();
	sleeper = start_sleeper();
	fd = status_open();

	reports(ALWAYS | POLLPRI, "on a file that was never read");
	read_at(0);
	reports(ALWAYS, "after a read at offset 0");
	registrations(sleeper);
	other_offsets(sleeper);
	edge_triggered(sleeper);

	other = status_open();
	see_news(other);
	first_update(fd, 1000);
	stop_updates();
	reports(ALWAYS | POLLPRI, "after an update");
	see_news(fd);
	ok(changed(other, 0), "another open file still has that news");

	wake("-%d", sleeper, "an unregistration");
	wake("%d", sleeper, "a registration");
	wake(NULL, 0, "an update");
	return done();
}
