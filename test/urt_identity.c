// SPDX-License-Identifier: GPL-2.0
/*
 * "A new process with the same PID comes at the end; if the old one was the
 * last, compare the start times." Neither the order of the lines nor a time
 * that has grown shows that the last line belongs to another process.
 */
#include "tool.h"

static int fd;

static struct named new = { "new", 200 };

static void new_work(void *unused)
{
	(void)unused;
	named_work(&new);
}

/* Ends @old and starts a process with its number that has used more time. */
static pid_t replace(pid_t old)
{
	pid_t pid;

	end(old);
	pid = start_numbered(old, new_work, NULL);
	stopped(pid);
	return pid;
}

int main(void)
{
	pid_t one, two;
	char line[64];
	char *row;

	plan(5);
	fd = status_open();
	stop_updates();
	one = start_named("first", 20);
	two = start_named("second", 20);
	status_register(fd, one);
	status_register(fd, two);
	tool_start("record");
	set_period(500);
	ok(tool_says(0, ",first\n") && tool_says(0, ",second\n"),
	   "the old processes have rows");
	wait_update(fd);
	stop_updates();

	/* Both lines are replaced, in the same order, with more time each. */
	one = replace(one);
	two = replace(two);
	status_register(fd, one);
	status_register(fd, two);
	settle(fd);
	set_period(500);
	snprintf(line, sizeof(line), ",%d,%lld,new\n", one, time_now(fd, one));
	row = tool_says(0, line);
	ok(!!row, "the first new process has its own name");
	snprintf(line, sizeof(line), ",%d,%lld,new\n", two, time_now(fd, two));
	ok(!!tool_says(0, line), "the second new process has its own name");
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 0, "SIGTERM ends it, with status 0");
	ok(!strstr(row, ",first\n") && !strstr(row, ",second\n"),
	   "no row after that has an old name");
	stop_updates();
	end(one);
	end(two);
	return done();
}
