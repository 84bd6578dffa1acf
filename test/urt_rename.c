// SPDX-License-Identifier: GPL-2.0
/*
 * "It looks at each name again about once a minute, because a process may
 * change its name." The test runs on a machine whose clock runs fast.
 */
#include "tool.h"

static void rename_work(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	prctl(PR_SET_NAME, "after");
	sleep_work(NULL);
}

int main(void)
{
	long long begin, took;
	pid_t pid;
	int fd;

	plan(3);
	fd = status_open();
	pid = start(rename_work, NULL);
	stopped(pid);
	status_register(fd, pid);
	tool_start("record");
	ok(!!tool_says(0, ",urt_rename\n"), "a row with the old name");
	begin = now_ms();
	go_on(pid);
	ok(!!tool_says(0, ",after\n"), "a row with the new name");
	took = now_ms() - begin;
	if (!ok(took < 90000, "it comes within 90 seconds"))
		diag("it took %lld ms", took);
	kill(tool.pid, SIGTERM);
	tool_ends();
	end(pid);
	return done();
}
