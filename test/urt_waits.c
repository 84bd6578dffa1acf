// SPDX-License-Identifier: GPL-2.0
/*
 * "If the shares take more than a second and standard error is a terminal, urt
 * list says on standard error that it is waiting for two updates to compute
 * them." It says nothing if it need not wait.
 */
#include "screen.h"

#define WAITING	"urt: waiting for two updates to compute the shares; --now does not wait\r\n"

/* Reads what urt says on the terminal: up to @text, or to the end if NULL. */
static char heard[4096];

static void hear(int master, const char *text)
{
	size_t length = 0;
	ssize_t got;

	heard[0] = '\0';
	while (!(text && strstr(heard, text))) {
		got = read(master, heard + length, sizeof(heard) - 1 - length);
		if (got <= 0)
			break;
		length += got;
		heard[length] = '\0';
	}
}

/* Runs urt with a terminal as standard error. Returns its other end. */
static int start_list(const char *option)
{
	int master;

	make_terminal(24, 80);
	master = tool.out;
	if (!tool_fork()) {
		dup2(terminal, 2);
		close(terminal);
		tool_exec("list", option, NULL);
	}
	close(terminal);
	return master;
}

int main(void)
{
	long long before = now_ms();
	int fd, master;

	plan(5 + 3 + 2);
	fd = status_open();
	stop_updates();
	master = start_list(NULL);
	is(tool_ends(), 0, "list of an empty list");
	close(master);

	status_register(fd, start_named("sleeper", 0));
	before = now_ms();
	master = start_list(NULL);
	hear(master, WAITING);
	ok(!!strstr(heard, WAITING), "list says that it is waiting");
	ok(now_ms() - before >= 1000, "it does so after a second");
	set_period(1500);
	is(tool_ends(), 0, "it ends after two updates");
	ok(!strstr(tool.text, "urt: ") && strstr(tool.text, "%  sleeper\n"),
	   "the shares, and nothing else, are on standard output");
	hear(master, NULL);
	is(strlen(heard), 0, "it says so once");
	close(master);

	stop_updates();
	master = start_list("--now");
	is(tool_ends(), 0, "list --now");
	hear(master, NULL);
	is(strlen(heard), 0, "it does not wait");
	close(master);

	set_period(1500);
	is(tool_run("list"), 0, "list, not in a terminal");
	ok(!strstr(tool.text, "waiting"), "it says nothing");
	return done();
}
