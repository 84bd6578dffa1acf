// SPDX-License-Identifier: GPL-2.0
/*
 * "-u matches a systemd unit or any cgroup v2 path and matches every process in
 * it or below it, and so nginx's workers after every reload. It matches every
 * cgroup of that name, and if there is more than one, it says so. A move into a
 * cgroup produces no event, so follow reads cgroup.procs once a minute for that."
 * Once a minute, it also tries again to register those for which the list was
 * full.
 */
#define TAP_SECONDS	300	/* a minute, at its pace */

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

/* A process in this cgroup, where it stopped. */
static pid_t start_in(const char *cgroup)
{
	pid_t pid = start(in_cgroup, (void *)cgroup);

	stopped(pid);
	return pid;
}

/*
 * A service: when it goes on, it starts a worker whenever the last has ended,
 * and writes its PID to a pipe.
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
	list_is(&list, "a name: all cgroups that have it, and below",
		one, below, second, 0);
	said("urt: 2 cgroups are named usertime.service: taking all of them\n",
	     "says that there are two");
	follow_ends();
	status_write(fd, "-%d -%d -%d", one, below, second);

	follow_start("-u", "/" BELOW "/", "-u", "/sys/fs/cgroup/" OTHER,
		     "-u", "time.service", "-u", "/" PARENT "/usertime");
	list_read(fd, &list);
	list_is(&list, "paths: those cgroups, and below",
		below, other, second, 0);
	ok(!strstr(tool.text, "cgroups are named"),
	   "there is one at each path");
	follow_ends();
	end(one);
	end(below);
	end(other);
	end(second);
}

/*
 * Another follow, without units, that may register one process less than there
 * are. A minute later, there is room.
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
			die("no capability to exceed the limits");
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
	   "there is room, and all have a line a minute later");
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
		/* What the kernel does not report is the move of the service. */
		if (events && list_count(&list, master))
			found = 0;
		kill(worker, SIGKILL);
		worker = next_worker();
		replaced++;
	}
	ok(found, "the workers of a service, one after the other");
	diag("%d were replaced", replaced);
	ok(gets_line(fd, master), "a process that was moved is seen in a minute");
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
	/* Without the lines of the processes that have ended. */
	set_period(20);
	gets_empty(fd);
	set_events_period();
	replace_workers();
	for (int i = 5; i-- > 0;)
		cgroup_remove(all[i]);
	cgroups_unmount();
	return done();
}
