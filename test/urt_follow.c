// SPDX-License-Identifier: GPL-2.0
/*
 * "urt follow registers all processes that match, both those that already exist
 * and those that start later, until it is interrupted." It matches the command
 * name, in the form that the kernel keeps, or the executable. It learns of new
 * processes from events.
 */
#include "tool.h"

#include <sys/sendfile.h>

#define PROGRAMS	300

static char dir[32] = "/tmp/usertime-follow-XXXXXX";
static struct list list;
static int fd, events;

/* Waits until the lines of processes that have ended are gone. */
static void clear_list(void)
{
	set_period(20);
	gets_empty(fd);
	set_events_period();
}

/*
 * By name
 */

static void by_name(void)
{
	pid_t one, other, two;

	one = start_named("some name", 0);
	other = start_named("some names", 0);
	follow_start("-n", "some name", "-n", "urt");
	list_read(fd, &list);
	list_is(&list,
		"a running process is registered, not urt itself", one, 0);
	two = start_named("some name", 0);
	ok(gets_line(fd, two), "a process that takes this name is registered");
	list_read(fd, &list);
	list_is(&list, "no other process is registered", one, two, 0);
	end(one);
	end(two);
	end(other);
	is(follow_ends(), 0, "SIGTERM ends it");
	is(follow_count("registered "), 2, "it reports how many it registered");
}

static void long_name(void)
{
	pid_t pid = start_named("sixteen bytes...", 0);

	follow_start("-n", "sixteen bytes...");
	said("urt: the kernel keeps 15 bytes of a name: matching 'sixteen bytes..'\n",
	     "urt says that the name is longer than the kernel's");
	ok(gets_line(fd, pid), "the process is registered");
	end(pid);
	follow_ends();
}

/* Starts two workers, which have their parent's name. */
static void fork_work(void *arg)
{
	prctl(PR_SET_NAME, "forks");
	for (int i = 0; i < 2; i++)
		start_sleeper();
	sleep_work(arg);
}

static void workers(void)
{
	clear_list();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	follow_start("-n", "forks");
	start(fork_work, NULL);
	do {
		list_read(fd, &list);
	} while (list.lines < 3 && changed(fd, paced(60000)));
	is(list.lines, 3, "the children of a matching process are registered");
	follow_ends();
	for (int i = 0; i < list.lines; i++)	/* the parent first */
		end(list.line[i].pid);
}

/*
 * By executable
 */

static void path_of(char *path, const char *name)
{
	sprintf(path, "%s/%s", dir, name);
}

/* Copies this test: as run_copy() starts it, it does nothing. */
static void copy(const char *name)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	char path[64];
	struct stat file;

	path_of(path, name);
	to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (from < 0 || to < 0 || fstat(from, &file) ||
	    sendfile(to, from, NULL, file.st_size) != file.st_size)
		die("this test can be copied to %s", path);
	close(from);
	close(to);
}

static void remove_copies(void)
{
	static const char * const names[] = { "one", "two", "link" };
	char path[64];

	for (int i = 0; i < 3; i++) {
		path_of(path, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void link_to(const char *name)
{
	char path[64], temporary[64];

	path_of(path, "link");
	path_of(temporary, "new");
	if (symlink(name, temporary) || rename(temporary, path))
		die("a symbolic link to %s is made", name);
}

static pid_t run_copy(const char *name, const char *argument)
{
	char path[64];
	pid_t pid = fork();

	path_of(path, name);
	if (!pid) {
		execl(path, path, argument, NULL);
		die("execve(2) of %s", path);
	}
	return pid;
}

static void by_exe(void)
{
	pid_t one, two, three, old;
	char path[64];

	copy("one");
	copy("two");
	link_to("one");
	path_of(path, "link");
	one = run_copy("one", "sleep");
	follow_start("-x", path);
	ok(gets_line(fd, one), "a process with this executable is registered");
	two = run_copy("one", "sleep");
	ok(gets_line(fd, two), "a later one is registered");
	link_to("two");
	three = run_copy("two", "sleep");
	ok(gets_line(fd, three),
	   "so is one with a new executable at this path");
	follow_ends();
	end(one);
	end(two);
	end(three);

	old = run_copy("two", "sleep");
	follow_start("-x", path);
	ok(gets_line(fd, old), "a process that is running is registered");
	follow_ends();
	status_write(fd, "-%d", old);
	path_of(path, "two");
	unlink(path);
	follow_start("-x", path);
	ok(gets_line(fd, old), "so is one whose executable was removed");
	follow_ends();
	end(old);
}

/*
 * Programs that end at once
 */

static void short_lived(void)
{
	char name[] = "each registered program has a line";
	long long registered, missed, unseen;

	if (!events) {
		skip("some short-lived programs are registered", "no events");
		skip(name, "no events");
		skip("the others are counted", "no events");
		return;
	}
	clear_list();
	follow_start("-n", "one");
	for (int i = 0; i < PROGRAMS; i++)
		reap(run_copy("one", "end"));
	follow_ends();
	registered = follow_count("registered ");
	missed = follow_count("missed ");
	unseen = follow_count("unseen ");
	diag("%d programs that ended at once: %lld registered, %lld missed, %lld unseen",
	     PROGRAMS, registered, missed, unseen);
	ok(registered > 0, "some short-lived programs are registered");
	list_read(fd, &list);
	is(list.lines, registered, "%s", name);
	/* Other programs on this machine may end unseen, too. */
	ok(registered + missed <= PROGRAMS &&
	   registered + missed + unseen >= PROGRAMS,
	   "the others are counted");
}

int main(int argc, char **argv)
{
	if (argc > 1) {		/* as a program that follow finds */
		if (!strcmp(argv[1], "sleep"))
			sleep_work(NULL);
		return 0;
	}
	plan(5 + 2 + 1 + 5 + 3);
	if (!mkdtemp(dir))
		die("a folder in /tmp is made");
	fd = status_open();
	events = set_events_period();
	by_name();
	long_name();
	workers();
	by_exe();
	short_lived();
	remove_copies();
	return done();
}
