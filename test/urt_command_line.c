// SPDX-License-Identifier: GPL-2.0
/*
 * "-l shows the command line instead of the name (list and watch)." A process
 * without a command line is shown by its name. No line shows the command line
 * of another process.
 */
#include "screen.h"

static int fd;
static char self[4096];

/* Starts and registers a process with these arguments, which stops. */
static pid_t start_command(const char *first, const char *second)
{
	pid_t pid = fork();

	if (!pid) {
		execl(self, first, second, "", NULL);
		_exit(127);
	}
	stopped(pid);
	status_register(fd, pid);
	return pid;
}

int main(int argc, char **argv)
{
	pid_t pid, late;
	char begin[16];

	if (argc > 1) {		/* as a process of start_command() */
		prctl(PR_SET_NAME, "short");
		raise(SIGSTOP);
		return 0;
	}
	if (!realpath(argv[0], self))
		die("the path of this test is found");
	plan(5 + 5 + 2);
	fd = status_open();
	stop_updates();
	start_command("a command", "and\nits\t\342\200\256\377\"argument");
	start_command("two", "words");
	start_command("", "");
	is(tool_run("list", "-0l"), 0, "list -l");
	said("       -  a command and\\x0aits\\x09\\xe2\\x80\\xae\\xff\"argument\n",
	     "unprintable characters are escaped");
	said("       -  two words\n", "blanks separate the arguments");
	said("       -  short\n", "without arguments, the name is shown");
	tool_run("list", "-0");
	is(!!strstr(tool.text, "two words"), 0, "no command line without -l");

	late = start_command("shown", "until its end");
	start_watch(12, 60, "-l");
	ok(shows("  two words"), "watch -l");
	ok(shows("  a command and\\x0aits\\x0"), "a long command line is cut");
	ok(shows("  shown until its end"),
	   "the command line of one that will end");
	end(late);
	pid = start_numbered(late, sleep_work, NULL);
	press("pr");
	snprintf(begin, sizeof(begin), "%7d ", late);
	ok(shows_in(3, begin), "the largest PID is first");
	ok(shows_in(3, "       -  short"),
	   "it is a new process, which is shown by its name");
	press("q");
	ends(0, "q leaves");
	end(pid);
	return done();
}
