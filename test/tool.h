/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for the tests of urt, the tool, which is in the same folder: start
 * it, wait for its output, and wait for its end
 */
#ifndef TOOL_H
#define TOOL_H

#include "process.h"
#include "urt.h"

#include <libgen.h>

static struct tool {
	pid_t pid;
	int folder;		/* where urt is, for tool_exec() */
	int out;		/* its standard output and standard error */
	size_t length;
	char text[1 << 20];	/* all output read so far */
} tool;

/* Executes urt with these arguments, the last of which is NULL. */
static inline void tool_exec(const char *argument, ...)
{
	const char *argv[16] = { "urt" };
	va_list args;
	int argc = 1;

	va_start(args, argument);
	for (; argument && argc < 15; argument = va_arg(args, const char *))
		argv[argc++] = argument;
	va_end(args);
	syscall(SYS_execveat, tool.folder, "urt", argv, environ, 0);
	die("urt can be executed");
}

/*
 * Opens the folder of this test and of urt. The child may become a user who
 * cannot reach it by its path.
 */
static inline int tool_folder(void)
{
	char path[4096] = "";
	int folder;

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		die("the path of this test can be read");
	folder = open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		die("the folder of this test opens");
	return folder;
}

/*
 * Like fork(2), with the child's output going to tool.out. The child sets up
 * what urt inherits and calls tool_exec().
 */
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
		tool.folder = tool_folder();
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

/* Reads more of the output. Returns 0 at its end. */
static inline int tool_read(void)
{
	size_t room = sizeof(tool.text) - 1 - tool.length;
	ssize_t got = read(tool.out, tool.text + tool.length, room);

	if (got < 0 && errno != EIO)	/* EIO: a terminal's other end */
		die("the output of urt can be read");
	if (got <= 0)
		return 0;
	tool.length += got;
	tool.text[tool.length] = '\0';
	return 1;
}

/* Reads until the output has @text, at @from or later. Returns it, or NULL. */
static inline char *tool_says(size_t from, const char *text)
{
	char *found;

	while (!(found = strstr(tool.text + from, text)) && tool_read())
		;
	return found;
}

/* Waits until urt ends. Returns its exit status, or -1 minus the signal. */
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

/* Checks that the output read so far contains @text. */
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

/*
 * Starts a child with this name, which spins for @ms and stops. When continued,
 * it spins on.
 */
static inline pid_t start_named(const char *name, int ms)
{
	struct named named = { name, ms };
	pid_t pid = start(named_work, &named);

	stopped(pid);
	return pid;
}

/* Waits until a process has a line. Returns 0 after 2 minutes without news. */
static inline int gets_line(int fd, pid_t pid)
{
	static struct list list;

	for (;;) {
		list_read(fd, &list);
		if (list_count(&list, pid))
			return 1;
		if (!changed(fd, paced(120000)))
			return 0;
	}
}

/*
 * urt follow is ready when it reports how many processes it has registered. A
 * signal ends it, and then it reports its counts.
 */
#define follow_start(...) do { \
	tool_start("follow", __VA_ARGS__); \
	follow_ready(); \
} while (0)

static inline void follow_ready(void)
{
	if (!tool_says(0, " processes registered\n"))
		die("urt follow starts: %s", tool.text);
}

static inline int follow_ends(void)
{
	kill(tool.pid, SIGTERM);
	return tool_ends();
}

/* Returns the count @name from the last report, or -1 if there is none. */
static inline long long follow_count(const char *name)
{
	const char *at = NULL, *found = tool.text;

	while ((found = strstr(found, name))) {
		found += strlen(name);
		at = found;
	}
	return at ? atoll(at) : -1;
}

/* Whether the kernel reports new processes (the process events connector). */
static inline int has_process_events(void)
{
	FILE *file = fopen("/proc/net/connector", "re");
	char line[256];
	int found = 0;

	while (file && fgets(line, sizeof(line), file))
		found |= !strncmp(line, "cn_proc", 7);
	if (file)
		fclose(file);
	return found;
}

/*
 * With events, follow must work without updates. Without events, it searches
 * /proc at every update.
 */
static inline int set_events_period(void)
{
	int events = has_process_events();

	set_period(events ? URT_PERIOD_MS_MAX : 100);
	return events;
}

/*
 * Lets a process of start_named() spin until it has clearly used more than
 * @time microseconds. On a busy machine, a process may use more time than was
 * asked.
 */
static inline void spin_beyond(pid_t pid, long long time)
{
	while (stat_user_time(pid) <= time + 2 * TICK) {
		go_on(pid);
		usleep(10000);
		stop(pid);
	}
}

#endif
