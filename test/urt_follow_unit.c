// SPDX-License-Identifier: GPL-2.0
/*
 * "-u matches a systemd unit or any cgroup v2 path and matches every process in
 * it or below it, and so nginx's workers after every reload. It matches every
 * cgroup of that name, and if there is more than one, it says so. A move into a
 * cgroup produces no event, so follow reads cgroup.procs once a minute for
 * that." Once a minute, it also tries again to register processes that found
 * the list full.
 */
#define TAP_SECONDS	300	/* for what follow does once a minute */

#include "cgroup.h"
#include "tool.h"

#define REPLACED	20

#define PARENT		"usertime-test"
#define UNIT		PARENT "/usertime.service"
#define BELOW		UNIT "/below"
#define OTHER		PARENT "/other"
#define SECOND		OTHER "/usertime.service"

static const char * const all[] = { PARENT, UNIT, BELOW, OTHER, SECOND };
static struct list list;
static int fd, events;

static void in_cgroup(void *arg)
{
	cgroup_move(arg, getpid());
	raise(SIGSTOP);
	sleep_work(NULL);
}

/* Starts a process that stops in this cgroup. */
static pid_t start_in(const char *cgroup)
{
	pid_t pid = start(in_cgroup, (void *)cgroup);

	stopped(pid);
	return pid;
}

/*
 * A service. When it is continued, it starts a worker whenever the last one has
 * ended, and writes the PID of the worker to a pipe.
 */
static int workers[2];

static void service_work(void *arg)
{
	pid_t pid;

	(void)arg;
	raise(SIGSTOP);
	for (;;) {
		pid = start_sleeper();
		if (write(workers[1], &pid, sizeof(pid)) != sizeof(pid))
			die("the service reports its worker");
		reap(pid);
	}
}

static pid_t next_worker(void)
{
	pid_t pid;

	if (read(workers[0], &pid, sizeof(pid)) != sizeof(pid))
		die("the service reports its worker");
	return pid;
}

static void by_path(void)
{
	pid_t one = start_in(UNIT), below = start_in(BELOW);
	pid_t other = start_in(OTHER), second = start_in(SECOND);

	follow_start("-u", "usertime.service");
	list_read(fd, &list);
	list_is(&list, "by name: all cgroups with this name, and below",
		one, below, second, 0);
	said("urt: 2 cgroups are named usertime.service: using all of them\n",
	     "urt says that there are two");
	follow_ends();
	status_write(fd, "-%d -%d -%d", one, below, second);

	follow_start("-u", "/" BELOW "/", "-u", "/sys/fs/cgroup/" OTHER,
		     "-u", "time.service", "-u", "/" PARENT "/usertime");
	list_read(fd, &list);
	list_is(&list, "by path: these cgroups, and below",
		below, other, second, 0);
	ok(!strstr(tool.text, "cgroups are named"),
	   "there is only one cgroup at each path");
	follow_ends();
	end(one);
	end(below);
	end(other);
	end(second);
}

/*
 * A second follow, without units. Two processes match, but it may register only
 * one of them. A minute later, there is room for both.
 */
static struct tool full;
static pid_t full_pids[2];

static void start_full(void)
{
	static struct tool none;

	for (int i = 0; i < 2; i++)
		full_pids[i] = start_named("full", 0);
	set_parameter("max_processes", 2);	/* of which one user has half */
	if (!tool_fork()) {
		if (prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE))
			die("a child drops CAP_SYS_RESOURCE");
		tool_exec("follow", "-n", "full", NULL);
	}
	follow_ready();
	said(": No space left on device\n", "the list is full");
	set_parameter("max_processes", URT_MAX_PROCESSES_DEFAULT);
	full = tool;
	tool = none;
}

static void end_full(void)
{
	tool = full;
	ok(gets_line(fd, full_pids[0]) && gets_line(fd, full_pids[1]),
	   "a minute later, both have a line");
	follow_ends();
	end(full_pids[0]);
	end(full_pids[1]);
}

static void replace_workers(void)
{
	long long begun = now_ms();
	int found = 1, replaced = 0;
	pid_t master, worker;

	if (pipe(workers))
		die("pipe(2)");
	master = start(service_work, NULL);
	stopped(master);
	start_full();
	follow_start("-u", UNIT);
	cgroup_move(UNIT, master);
	go_on(master);
	worker = next_worker();
	while (found && replaced < REPLACED && now_ms() < begun + 40000) {
		found = gets_line(fd, worker);
		list_read(fd, &list);
		/* The kernel does not report that the service was moved. */
		if (events && list_count(&list, master))
			found = 0;
		kill(worker, SIGKILL);
		worker = next_worker();
		replaced++;
	}
	ok(found, "each worker of the service is registered");
	diag("%d workers were replaced", replaced);
	ok(gets_line(fd, master), "the service is registered within a minute");
	is(follow_ends(), 0, "SIGTERM ends it");
	end_full();
	end(master);
	end(worker);
}

int main(void)
{
	plan(4 + 1 + 3 + 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fd = status_open();
	cgroups_mount();
	for (int i = 0; i < 5; i++)
		cgroup_make(all[i]);
	events = set_events_period();
	by_path();
	/* Wait until the lines of the processes that have ended are gone. */
	set_period(20);
	gets_empty(fd);
	set_events_period();
	replace_workers();
	for (int i = 5; i-- > 0;)
		cgroup_remove(all[i]);
	cgroups_unmount();
	return done();
}
