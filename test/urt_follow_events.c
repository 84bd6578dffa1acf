// SPDX-License-Identifier: GPL-2.0
/*
 * How urt follow learns of processes: a filter "makes sure that only an exec,
 * the fork of a process and a change of its name wake it, not threads or exits.
 * After an overrun (ENOBUFS), follow looks through /proc once. Without the
 * connector it looks once every period_ms, and says so once." If a PID passes
 * to another process before follow writes it, follow unregisters that stranger.
 * It also "counts the processes that matched but were gone".
 */
#include "tool.h"

#include <sys/ptrace.h>

#define THREADS		200
#define CROWD		200
#define NO_EVENTS	"this kernel reports no processes"

static struct list list;
static int fd, events;

/*
 * The filter
 */

/* Returns how often follow has slept since it started. */
static long sleeps(void)
{
	static const char key[] = "voluntary_ctxt_switches:";
	char path[32], line[256];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tool.pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key)))
			count = atol(line + strlen(key));
	}
	if (count < 0)
		die("%s can be read", path);
	fclose(file);
	return count;
}

/* Waits until follow has handled all events up to now. */
static void handled(void)
{
	pid_t pid = start_named("marker", 0);

	if (!gets_line(fd, pid))
		die("a new process is registered");
	end(pid);
}

static void *name_thread(void *arg)
{
	prctl(PR_SET_NAME, "marker");
	return arg;
}

static void filter(void)
{
	static pid_t crowd[CROWD];
	long before, after;
	pthread_t thread;

	if (!events) {
		skip("threads do not wake follow", NO_EVENTS);
		skip("processes that end do not wake follow", NO_EVENTS);
		return;
	}
	follow_start("-n", "marker");
	handled();
	before = sleeps();
	for (int i = 0; i < THREADS; i++) {
		start_thread(&thread, name_thread, NULL);
		pthread_join(thread, NULL);
	}
	handled();
	after = sleeps();
	ok(after - before < THREADS / 4, "threads do not wake follow");
	diag("%d threads wake it %ld times", THREADS, after - before);

	start_crowd(crowd, CROWD);
	handled();
	before = sleeps();
	for (int i = 0; i < CROWD; i++)
		end(crowd[i]);
	handled();
	after = sleeps();
	ok(after - before < CROWD / 4, "processes that end do not wake follow");
	diag("%d processes wake it %ld times", CROWD, after - before);
	follow_ends();
}

/*
 * An overrun
 */

/* Returns how many events the kernel has dropped for lack of room. */
static long dropped(void)
{
	unsigned int protocol, port;
	char line[256];
	FILE *file = fopen("/proc/net/netlink", "re");
	long drops, found = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %ld", &protocol,
			   &port, &drops) == 3 && protocol == 11 &&
		    port == (unsigned int)tool.pid)
			found = drops;
	}
	if (file)
		fclose(file);
	if (found < 0)
		die("/proc/net/netlink has the socket of follow");
	return found;
}

static void lose_events(void)
{
	pid_t first, lost, next;

	if (!events) {
		skip("a process whose event was lost is registered", NO_EVENTS);
		skip("a later process is registered", NO_EVENTS);
		skip("the overrun is counted", NO_EVENTS);
		return;
	}
	follow_start("-n", "marker");
	first = start_named("marker", 0);
	gets_line(fd, first);
	stop(tool.pid);
	do {		/* changes of our name are the cheapest events */
		for (int i = 0; i < 1000; i++)
			prctl(PR_SET_NAME, "name");
	} while (!dropped());
	lost = start_named("marker", 0);
	go_on(tool.pid);
	ok(gets_line(fd, lost), "a process whose event was lost is registered");
	next = start_named("marker", 0);
	ok(gets_line(fd, next), "a later process is registered");
	follow_ends();
	ok(follow_count("overruns ") >= 1, "the overrun is counted");
	end(first);
	end(lost);
	end(next);
}

/*
 * A stranger
 */

static void name_work(void *arg)
{
	prctl(PR_SET_NAME, arg);
	sleep_work(NULL);
}

/* Lets follow run until it is about to write a PID. */
static void stop_at_write(pid_t pid)
{
	struct __ptrace_syscall_info info;
	int status;

	do {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
			   &info) < 0)
			die("follow can be traced");
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
		 info.entry.nr != SYS_write);
}

/*
 * Starts follow and a process that matches. Stops follow when it is about to
 * write the PID. Returns the process.
 */
static pid_t start_victim(void)
{
	pid_t pid;

	follow_start("-n", "victim");
	if (ptrace(PTRACE_SEIZE, tool.pid, NULL, PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_INTERRUPT, tool.pid, NULL, NULL) ||
	    waitpid(tool.pid, NULL, 0) != tool.pid)
		die("follow can be traced");
	pid = start(name_work, "victim");
	stop_at_write(tool.pid);
	return pid;
}

static void stranger(void)
{
	pid_t pid = start_victim(), other;

	usleep(2 * TICK);	/* the unit of start times */
	end(pid);
	other = start_numbered(pid, sleep_work, NULL);
	ptrace(PTRACE_DETACH, tool.pid, NULL, NULL);
	is(follow_ends(), 0,
	   "the PID passes to another process before the write");
	list_read(fd, &list);
	is(list_count(&list, other), 0, "that process is not registered");
	is(follow_count("strangers "), 1, "it is counted as a stranger");
	is(follow_count("registered "), 0, "it is not counted as registered");
	end(other);
	set_events_period();
}

static void come_late(void)
{
	pid_t pid = start_victim();

	end(pid);
	ptrace(PTRACE_DETACH, tool.pid, NULL, NULL);
	is(follow_ends(), 0, "a process ends before the write");
	is(follow_count("missed "), 1, "it is counted as missed");
	set_events_period();
	follow_start("-n", "kthreadd");
	follow_ends();
	is(follow_count("missed "), 0,
	   "a kernel thread is not counted as missed");
}

/*
 * No connector
 */

/* Checks that urt says @text exactly once. */
static void said_once(const char *text, const char *name)
{
	const char *first = strstr(tool.text, text);

	ok(first && !strstr(first + 1, text), "%s", name);
	if (!first || strstr(first + 1, text))
		diag("not exactly one '%s' in: %s", text, tool.text);
}

static void without_events(void)
{
	pid_t one, two;

	set_period(100);
	one = start_named("marker", 0);
	if (!tool_fork()) {
		if (unshare(CLONE_NEWNET))
			die("a child gets its own network namespace");
		tool_exec("follow", "-n", "marker", NULL);
	}
	follow_ready();
	ok(gets_line(fd, one),
	   "without events, a running process is registered");
	two = start_named("marker", 0);
	ok(gets_line(fd, two), "so is one that starts later");
	for (int i = 0; i < 5; i++)
		next_update(fd);
	is(follow_ends(), 0, "SIGTERM ends it");
	said_once(events ?
		  "urt: no process events (Connection refused), scanning /proc every 0.1 s\n" :
		  "urt: no process events (Protocol not supported), scanning /proc every 0.1 s\n",
		  "it says once that there are no events");
	end(one);
	end(two);
}

/*
 * A full list: without events, follow tries again once in every period
 */

static void fill_list(void)
{
	pid_t one, two, three;

	set_parameter("max_processes", 2);	/* of which one user has half */
	one = start_named("full", 0);
	two = start_named("full", 0);
	three = start_named("full", 0);
	gets_empty(fd);
	if (!tool_fork()) {
		if (unshare(CLONE_NEWNET) ||
		    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE))
			die("a child drops CAP_SYS_RESOURCE");
		tool_exec("follow", "-n", "full", NULL);
	}
	follow_ready();
	for (int i = 0; i < 5; i++)
		next_update(fd);
	list_read(fd, &list);
	is(list.lines, 1, "the list is full");
	set_parameter("max_processes", 100);
	ok(gets_line(fd, one) && gets_line(fd, two) && gets_line(fd, three),
	   "all have a line as soon as there is room");
	follow_ends();
	said_once(": No space left on device\n", "urt says so once");
	is(follow_count("refused "), 2, "two are counted as refused");
	is(follow_count("registered "), 3, "all are counted as registered");
	end(one);
	end(two);
	end(three);
}

int main(void)
{
	plan(2 + 3 + 4 + 3 + 4 + 5);
	fd = status_open();
	events = set_events_period();
	filter();
	lose_events();
	stranger();
	come_late();
	without_events();
	fill_list();
	return done();
}
