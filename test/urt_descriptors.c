// SPDX-License-Identifier: GPL-2.0
/*
 * "urt opens closed standard descriptors on /dev/null before it does anything
 * else." Otherwise, an error message could register a process.
 */
#include "tool.h"

static int fd;

/* Runs urt without the standard descriptors whose bits are set in @closed. */
static int run_closed(int closed, const char *subcommand, const char *argument)
{
	if (!tool_fork()) {
		for (int i = 0; i < 3; i++) {
			if (closed & 1 << i)
				close(i);
		}
		tool_exec(subcommand, argument, NULL);
	}
	return tool_ends();
}

/* Returns the number of lines that @pid has. */
static int lines(pid_t pid)
{
	struct list list;

	list_read(fd, &list);
	return list_count(&list, pid);
}

int main(void)
{
	pid_t sleeper;
	char pid[16];

	plan(3 * 8 + 2);
	fd = status_open();
	stop_updates();
	sleeper = start_sleeper();
	snprintf(pid, sizeof(pid), "%d", sleeper);
	for (int closed = 0; closed < 8; closed++) {
		is(run_closed(closed, "run", pid), 127,
		   "run of a missing command (closed: %d)", closed);
		is(lines(sleeper), 0, "its error message registers nothing");
		is(run_closed(closed, "list", "--now"), 0, "list works");
	}
	is(run_closed(4, "add", pid), 0, "add");
	is(lines(sleeper), 1, "add registers the process");
	return done();
}
