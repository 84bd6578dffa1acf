// SPDX-License-Identifier: GPL-2.0
/*
 * "With TERM=dumb, or when the output is not a terminal, urt prints no escape
 * sequences, and watch refuses to run." A terminal without TERM is dumb, too.
 */
#include "screen.h"

/* Runs urt in a terminal. Returns its exit status. */
static int run(const char *subcommand, const char *option)
{
	int status;

	start_in_terminal(24, 80, subcommand, option);
	while (!waitpid(tool.pid, &status, WNOHANG))
		usleep(1000);
	close(terminal);	/* so that its output has an end */
	while (tool_read())
		;
	close(tool.out);
	return WEXITSTATUS(status);
}

static void no_escapes(const char *name)
{
	if (!ok(!strchr(tool.text, '\033'), "no escape sequences: %s", name))
		diag("%s", tool.text);
}

int main(void)
{
	static const char * const terms[] = { "dumb", "", NULL };
	int fd;

	plan(2 + 3 * 6 + 2);
	fd = status_open();
	stop_updates();
	status_register(fd, start_named("sleeper", 0));
	setenv("TERM", "linux", 1);
	is(run("list", "--now"), 0, "list");
	ok(!!strchr(tool.text, '\033'), "the header has a color");
	for (int i = 0; i < 3; i++) {
		const char *term = terms[i] ?: "not set";

		if (terms[i])
			setenv("TERM", terms[i], 1);
		else
			unsetenv("TERM");
		is(run("list", "--now"), 0, "list, TERM is '%s'", term);
		said("       -  sleeper\r\n", "the process is listed");
		no_escapes("list");
		is(run("watch", NULL), 1, "watch fails, TERM is '%s'", term);
		said("cannot draw on this terminal; use urt list\r\n",
		     "urt says why");
		no_escapes("watch");
	}
	setenv("TERM", "linux", 1);
	is(tool_run("list", "--now"), 0, "list, not in a terminal");
	no_escapes("list");
	return done();
}
