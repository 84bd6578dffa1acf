// SPDX-License-Identifier: GPL-2.0
/*
 * "No user can fill the list and lock out the others." Any user may start many
 * processes with a name that urt follow registers. The module refuses nothing
 * to follow, which has CAP_SYS_RESOURCE, but follow takes no more than
 * max_processes lines. After some of these processes have ended, it registers
 * others, within a minute. The test runs on a machine whose clock skips idle
 * time.
 */
#include "tool.h"

#define PIDS	5
#define MOST	3

static pid_t pids[PIDS];
static struct list list;

static int listed(int fd)
{
	int count = 0;

	list_read(fd, &list);
	for (int i = 0; i < PIDS; i++)
		count += list_count(&list, pids[i]);
	return count;
}

int main(void)
{
	long long refused;
	pid_t late;
	int fd;

	plan(7);
	fd = status_open();
	set_events_period();
	set_parameter("max_processes", MOST);
	for (int i = 0; i < PIDS; i++)
		pids[i] = start_named("many", 0);
	follow_start("-n", "many");
	said(": No space left on device\n", "it says that the list is full");
	is(listed(fd), MOST, "it has registered max_processes processes");
	for (int i = 0; i < PIDS; i++)
		end(pids[i]);
	late = start_named("many", 0);
	ok(gets_line(fd, late), "there is room after they have ended");
	kill(tool.pid, SIGUSR1);
	ok(!!tool_says(0, ", overruns 0\n"), "SIGUSR1: it reports its counts");
	is(follow_ends(), 0, "SIGTERM ends it");
	refused = follow_count("refused ");
	/* The late process may be refused if the others have just ended. */
	if (!ok(refused == PIDS - MOST || refused == PIDS - MOST + 1,
		"it counts those it refused"))
		diag("seen %lld, expected %d or one more", refused, PIDS - MOST);
	is(follow_count("registered "), MOST + 1,
	   "it counts those it registered");
	end(late);
	return done();
}
