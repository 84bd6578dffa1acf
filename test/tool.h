/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests do with urt, the tool, which is beside them: start it, wait
 * for what it says, and see it end
 */
#ifndef TOOL_H
#define TOOL_H

#include "process.h"
#include "urt.h"

#include <libgen.h>

static struct tool {
	pid_t pid;
	int out;		/* what it says, on standard error too */
	size_t length;
	char text[1 << 20];	/* all that was read from there */
} tool;

/* Become urt with these arguments, the last of which is NULL. */
static inline void tool_exec(const char *argument, ...)
{
	const char *argv[16] = { "urt" };
	char path[4096] = "";
	va_list args;
	int argc = 1;

	va_start(args, argument);
	for (; argument && argc < 15; argument = va_arg(args, const char *))
		argv[argc++] = argument;
	va_end(args);
	if (readlink("/proc/self/exe", path, sizeof(path) - 5) < 0)
		die("the path of this test");
	strcat(dirname(path), "/urt");
	execv(path, (char **)argv);
	die("execve(2) of %s", path);
}

/* In the child, this is 0: it does what urt is to inherit, and tool_exec(). */
static inline pid_t tool_fork(void)
{
	int out[2];

	if (pipe(out))
		die("pipe(2)");
	tool.length = 0;
	tool.text[0] = '\0';
	tool.pid = fork();
	if (tool.pid < 0)
		die("fork(2)");
	if (!tool.pid) {
		close(out[0]);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(out[1]);
		return 0;
	}
	close(out[1]);
	tool.out = out[0];
	return tool.pid;
}

#define tool_start(...) do { \
	if (!tool_fork()) \
		tool_exec(__VA_ARGS__, NULL); \
} while (0)

/* Read more of what it says. Returns 0 at the end of it. */
static inline int tool_read(void)
{
	size_t room = sizeof(tool.text) - 1 - tool.length;
	ssize_t got = read(tool.out, tool.text + tool.length, room);

	if (got < 0 && errno != EIO)	/* EIO: a terminal's other end */
		die("what urt says can be read");
	if (got <= 0)
		return 0;
	tool.length += got;
	tool.text[tool.length] = '\0';
	return 1;
}

/* Read until it has said @text, @from or later. Returns where; NULL: not. */
static inline char *tool_says(size_t from, const char *text)
{
	char *found;

	while (!(found = strstr(tool.text + from, text)) && tool_read())
		;
	return found;
}

/* Read to its end, and return its exit status, or -1 less the signal. */
static inline int tool_ends(void)
{
	int status;

	while (tool_read())
		;
	close(tool.out);
	if (waitpid(tool.pid, &status, 0) != tool.pid)
		die("urt ends");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1 - WTERMSIG(status);
}

#define tool_run(...) ({ \
	tool_start(__VA_ARGS__); \
	tool_ends(); \
})

/* What it has said in all has @text in it. */
static inline int said(const char *text, const char *name)
{
	int passed = !!strstr(tool.text, text);

	if (!ok(passed, "%s", name))
		diag("no '%s' in:\n%s", text, tool.text);
	return passed;
}

struct named {
	const char *name;
	int ms;
};

static inline void named_work(void *arg)
{
	struct named *named = arg;

	prctl(PR_SET_NAME, named->name);
	spin(named->ms);
	raise(SIGSTOP);
	spin_work(NULL);
}

/* A child with this name that has spun for @ms and is stopped; then it spins. */
static inline pid_t start_named(const char *name, int ms)
{
	struct named named = { name, ms };
	pid_t pid = start(named_work, &named);

	stopped(pid);
	return pid;
}

#endif
