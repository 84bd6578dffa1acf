// SPDX-License-Identifier: GPL-2.0
/*
 * "A name that cannot be read (hidepid) is shown as ?." So is a command line
 * that cannot be read.
 */
#include "tool.h"

#include <grp.h>
#include <sys/mount.h>

/* Runs urt list as a user from whom /proc hides other users' processes. */
static int run_hidden(const char *option)
{
	if (!tool_fork()) {
		if (unshare(CLONE_NEWNS) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("proc", "/proc", "proc", 0, "hidepid=2"))
			die("a child gets its own /proc");
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			die("a child becomes nobody");
		tool_exec("list", "--now", option, NULL);
	}
	return tool_ends();
}

/* Checks that the line of @pid ends with @expected. */
static void shows_name(pid_t pid, const char *expected, const char *name)
{
	char begin[16], *line, *end;

	snprintf(begin, sizeof(begin), "\n%7d ", pid);
	line = strstr(tool.text, begin);
	end = line ? strchr(line + 1, '\n') : NULL;
	if (!ok(end && (size_t)(end - line) > strlen(expected) &&
		!strncmp(end - strlen(expected), expected, strlen(expected)),
		"%s", name))
		diag("no '%s' in the line of %d:\n%s", expected, pid,
		     tool.text);
}

int main(void)
{
	pid_t pid = 0, own = 0;
	int fd;

	plan(6);
	fd = status_open();
	stop_updates();
	pid = start_named("secret", 0);
	own = fork();
	if (!own) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		prctl(PR_SET_NAME, "own");
		prctl(PR_SET_DUMPABLE, 1);
		raise(SIGSTOP);
		_exit(0);
	}
	stopped(own);
	status_register(fd, pid);
	status_register(fd, own);
	is(run_hidden(NULL), 0,
	   "list, where other users' processes are hidden");
	shows_name(pid, "      -  ?", "another user's process has the name ?");
	shows_name(own, "      -  own", "the user's own process has its name");
	is(run_hidden("-l"), 0, "list -l");
	shows_name(pid, "      -  ?", "another user's process has the name ?");
	is(tool_run("list", "--now"), 0, "list, as root");
	return done();
}
