// SPDX-License-Identifier: GPL-2.0
/*
 * urt follow "does not keep the module from being unloaded. When the module
 * goes away, follow waits for it to return. It then registers everything again,
 * and it reports both events." This includes a process that no longer matches:
 * "Once registered, a process stays registered until it ends."
 */
#include "tool.h"

static struct list list;

/* Loads the module. Waits until follow has registered @count, or any if 0. */
static void load_and_wait(int count, const char *name)
{
	size_t from = tool.length;
	char line[80];

	if (load(""))
		die("the module loads");
	snprintf(line, sizeof(line), "urt: the module was loaded: ");
	if (count)
		snprintf(line, sizeof(line),
			 "urt: the module was loaded: %d processes registered\n",
			 count);
	tool_says(from, "the module was loaded");
	tool_says(from, "registered\n");
	if (!ok(!!strstr(tool.text + from, line), "%s", name))
		diag("expected: %s# in: %s", line, tool.text + from);
}

/* Unloads the module as soon as follow has closed the file. */
static void unload_and_wait(const char *name)
{
	long long deadline = now_ms() + paced(20000);
	size_t from = tool.length;
	int error;

	while ((error = unload()) && now_ms() < deadline)
		usleep(1000);
	is(error, 0, "%s", name);
	ok(tool_says(from, "urt: the module was unloaded; waiting for it\n") !=
	   NULL, "follow reports it");
}

/* Reads the list without keeping the file open. */
static void read_list(void)
{
	int fd = status_open();

	list_read(fd, &list);
	close(fd);
}

/* Like gets_line(), without keeping the file open. */
static int wait_for_line(pid_t pid)
{
	int fd = status_open(), found = gets_line(fd, pid);

	list_read(fd, &list);
	close(fd);
	return found;
}

/* When it is continued, becomes another program with another name. */
static void change_work(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "follow me");
	raise(SIGSTOP);
	execl("/proc/self/exe", "other", "sleep", NULL);
	die("execve(2)");
}

static char read_first(pid_t pid)
{
	char path[32], first = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &first, 1) != 1)
		die("%s can be read", path);
	close(fd);
	return first;
}

/* Without the module, there is also no file that shows the period. */
static void no_reason_is_lost(int events)
{
	if (unload())
		die("the module unloads");
	if (!tool_fork()) {
		if (unshare(CLONE_NEWNET))
			die("a child gets its own network namespace");
		tool_exec("follow", "-n", "marker", NULL);
	}
	follow_ready();
	said(events ?
	     "urt: no process events (Connection refused), scanning" :
	     "urt: no process events (Protocol not supported), scanning",
	     "it says why there are no events");
	follow_ends();
}

int main(int argc, char **argv)
{
	pid_t one, two, three, four;
	int events;

	if (argc > 1 && !strcmp(argv[1], "sleep"))
		sleep_work(NULL);
	plan(1 + 2 + 2 + 2 + 1 + 3 + 2 + 1);
	events = has_process_events();
	one = start(change_work, NULL);
	stopped(one);

	if (unload())
		die("the module unloads");
	follow_start("-n", "follow me");
	said("urt: the module is not loaded; waiting for it\n",
	     "follow starts without the module");
	load_and_wait(1, "follow registers a process after loading");
	read_list();
	list_is(&list, "the running process is registered", one, 0);

	go_on(one);
	while (read_first(one) == 'f')
		usleep(1000);
	two = start_named("follow me", 0);
	if (!events)
		set_period(100);
	wait_for_line(two);
	list_is(&list, "a new process is registered", one, two, 0);
	ok(read_first(one) != 'f', "the first has another name by now");

	unload_and_wait("follow does not keep the module loaded");
	three = start_named("follow me", 0);
	/* Without events, the third may be found before or after that. */
	load_and_wait(events ? 3 : 0, "follow registers again after loading");
	read_list();
	ok(list_count(&list, one) && list_count(&list, two),
	   "the same processes are registered");
	if (!events)
		set_period(100);
	ok(wait_for_line(three), "so is the one that started meanwhile");
	four = start_named("follow me", 0);
	ok(wait_for_line(four), "a new process is registered");
	is(follow_ends(), 0, "SIGTERM ends it");
	is(follow_count("registered "), 4, "each process was counted once");
	no_reason_is_lost(events);
	end(one);
	end(two);
	end(three);
	end(four);
	return done();
}
