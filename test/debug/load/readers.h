/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes of the load that read and check the list, or wait for news
 *
 * Lines must be well-formed. In a snapshot, no PID may appear twice. A process
 * must not have a smaller TIME than before. Two kinds of processes have PIDs
 * that no random writer uses, so it is known which lines are of one process:
 *
 * - The known ones live until the end, and are never unregistered. Once one is
 *   registered, it must be in every snapshot until the module is unloaded, in
 *   the same order, and with a TIME that never gets smaller.
 * - The short-lived ones reuse a few PIDs. The registrations of each PID that
 *   have begun and that have finished are counted. If none happens from before
 *   one snapshot to after the next, both show the same process.
 *
 * An open file keeps the module loaded, so it shows the list of one load only.
 * The number of that load is in shared->loads.
 */
#ifndef LOAD_READERS_H
#define LOAD_READERS_H

#include "shared.h"

#include <sys/epoll.h>

#define CROWD	64	/* files that one process polls */

struct snapshot {
	struct list list;
	/* Copies of the values in shared, made before the list was read. */
	unsigned int registered[KNOWN];
	unsigned long long least[KNOWN];
	unsigned int begun[NUMBERS];
	bool pending[NUMBERS];
};

/* Combines a load and the least TIME in it, in a number that only grows. */
static unsigned long long floor_of(unsigned int load, long long time)
{
	return (unsigned long long)load << 48 | time;
}

static void raise_floor(struct known *known, unsigned long long to)
{
	unsigned long long from = get(known->least);

	while (from < to &&
	       !__atomic_compare_exchange_n(&known->least, &from, to, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void check_known(const struct snapshot *snapshot, unsigned int load)
{
	for (int i = 0; i < KNOWN; i++) {
		long long time = list_time(&snapshot->list, FIRST_KNOWN + i);

		if (time >= 0) {
			if (floor_of(load, time) < snapshot->least[i])
				wrong("%d: TIME is %lld and was %lld",
				      FIRST_KNOWN + i, time,
				      snapshot->least[i] - floor_of(load, 0));
			raise_floor(&shared->known[i], floor_of(load, time));
			happened(TIME_KNOWN);
		} else if (snapshot->registered[i] == load) {
			wrong("%d is registered but has no line",
			      FIRST_KNOWN + i);
		}
	}
}

static void check_short(const struct snapshot *old, const struct snapshot *new)
{
	for (int i = 0; i < NUMBERS; i++) {
		long long before = list_time(&old->list, FIRST_NUMBER + i);
		long long after = list_time(&new->list, FIRST_NUMBER + i);

		if (after < 0 || old->pending[i] ||
		    get(shared->numbers[i].begun) != old->begun[i])
			continue;
		if (before < 0)
			wrong("%d has a line again", FIRST_NUMBER + i);
		if (after < before)
			wrong("%d: TIME is %lld and was %lld",
			      FIRST_NUMBER + i, after, before);
		happened(TIME_SHORT);
	}
}

/* Returns the next line of a known process, from @at on, or list->lines. */
static int next_known(const struct list *list, int at)
{
	while (at < list->lines &&
	       (list->line[at].pid < FIRST_KNOWN ||
		list->line[at].pid >= FIRST_KNOWN + KNOWN))
		at++;
	return at;
}

/* Checks that the known ones in @old are the first ones in @new, in order. */
static void check_order(const struct list *old, const struct list *new)
{
	int at = next_known(new, 0);

	for (int i = next_known(old, 0); i < old->lines;
	     i = next_known(old, i + 1), at = next_known(new, at + 1))
		if (at >= new->lines || new->line[at].pid != old->line[i].pid) {
			wrong("%d is not in its place", old->line[i].pid);
			return;
		}
}

/*
 * Takes a snapshot and checks it, also against @old, the previous snapshot of
 * the same open file, if there is one.
 */
static void take_snapshot(int fd, struct snapshot *new,
			  const struct snapshot *old)
{
	unsigned int load = get(shared->loads);
	struct list *list = &new->list;
	long long before;

	for (int i = 0; i < KNOWN; i++) {
		new->registered[i] = get(shared->known[i].registered);
		new->least[i] = get(shared->known[i].least);
	}
	for (int i = 0; i < NUMBERS; i++) {
		/* In this order, equal numbers mean that none is pending. */
		unsigned int finished = get(shared->numbers[i].finished);

		new->begun[i] = get(shared->numbers[i].begun);
		new->pending[i] = new->begun[i] != finished;
	}
	lseek(fd, 0, SEEK_SET);
	list_read_on(fd, list, 1 << below(18));
	if (!list_parse(list))
		wrong("not a list:\n%s", list->text);
	for (int i = 0; i < list->lines; i++)
		if (list_count(list, list->line[i].pid) != 1)
			wrong("%d has two lines in\n%s", list->line[i].pid,
			      list->text);
	happened(SNAPSHOT);
	check_known(new, load);
	if (!old)
		return;
	check_short(old, new);
	check_order(&old->list, list);
	/* The first known one spins, so each update changes its TIME. */
	before = list_time(&old->list, FIRST_KNOWN);
	if (before >= 0 && before != list_time(list, FIRST_KNOWN))
		happened(UPDATE);
}

static void reader(void)
{
	static struct snapshot snapshots[2];
	char bytes[100];

	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(20);
		struct snapshot *old = NULL;

		for (int i = 0; fd >= 0 && i < count && !is_over(); i++) {
			struct snapshot *new = &snapshots[old == snapshots];

			take_snapshot(fd, new, old);
			old = new;
			/* At another offset, the list is generated again. */
			if (pread(fd, bytes, sizeof(bytes), below(3000)) < 0)
				wrong("pread: %s", strerror(errno));
		}
		if (fd >= 0)
			close(fd);
	}
}

static void poller(void)
{
	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(20);

		if (fd < 0)
			continue;
		if (!changed(fd, 0))
			wrong("a file never read does not report POLLPRI");
		for (int i = 0; i < count && !is_over(); i++) {
			see_news(fd);
			if (changed(fd, below(40)))
				happened(NEWS);
		}
		close(fd);
	}
}

/* Opens up to CROWD files, until is_over(). Returns how many. */
static int open_crowd(int ep, int *fds)
{
	struct epoll_event event = { .events = EPOLLPRI | EPOLLET };
	int count = 0;

	for (; count < CROWD && !is_over(); count++) {
		fds[count] = try_open();
		if (fds[count] < 0)
			break;
		event.data.fd = fds[count];
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[count], &event))
			die("epoll_ctl(2)");
	}
	return count;
}

/* Polls many files at once: each news wakes all of them. */
static void crowd(void)
{
	struct epoll_event events[CROWD];
	int fds[CROWD], count, ready, ep;

	while (!get(shared->stop)) {
		ep = epoll_create1(EPOLL_CLOEXEC);
		count = open_crowd(ep, fds);
		for (int i = 0; count && i < 50 && !is_over(); i++) {
			ready = epoll_wait(ep, events, CROWD, 50);
			/* Reading all of them would take too long. */
			for (int j = 0; j < ready; j++) {
				if (one_in(50))
					see_news(events[j].data.fd);
				happened(NEWS_CROWD);
			}
		}
		while (count > 0)
			close(fds[--count]);
		close(ep);
		usleep(1000);
	}
}

#endif
