// SPDX-License-Identifier: GPL-2.0
/*
 * "A read at offset 0 takes a snapshot of the whole list."
 *
 * This also holds when several processes read the same open file at once while
 * the list changes.
 */
#include "process.h"
#include "urt.h"

#define READERS	4
#define ROUNDS	300
#define CROWD	100

static pid_t pids[CROWD];
static int fd;

/* A list is whole if it begins with all the processes that stay registered. */
static void read_again_and_again(void *unused)
{
	static struct list list;

	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t got = pread(fd, list.text, sizeof(list.text) - 1, 0);

		list.length = got < 0 ? 0 : got;
		if (!list_parse(&list) || list.lines < CROWD ||
		    list.line[0].pid != pids[0] ||
		    list.line[CROWD - 1].pid != pids[CROWD - 1])
			_exit(1);
	}
}

int main(void)
{
	pid_t readers[READERS], other;
	int own, left = READERS, status;

	plan(READERS + 1);
	set_period(URT_PERIOD_MS_MIN);
	fd = status_open();
	own = status_open();
	start_crowd(pids, CROWD);
	for (int i = 0; i < CROWD; i++)
		status_register(own, pids[i]);
	other = start_sleeper();
	for (int i = 0; i < READERS; i++)
		readers[i] = start(read_again_and_again, NULL);
	while (left) {
		status_register(own, other);
		status_write(own, "-%d", other);
		for (int i = 0; i < READERS; i++)
			if (waitpid(readers[i], &status, WNOHANG) > 0) {
				is(status, 0, "reader %d sees whole lists", i);
				left--;
			}
	}
	is(time_now(fd, other), -1,
	   "the process that was unregistered last has no line");
	return done();
}
