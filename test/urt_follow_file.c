// SPDX-License-Identifier: GPL-2.0
/*
 * "FILE holds the same, one per line, with comments. A wrong line is reported
 * with its line number, and nothing starts. On SIGHUP, follow rereads the
 * file."
 */
#include "tool.h"

static char path[64];
static struct list list;
static int fd;

static void make_file(void)
{
	int file;

	strcpy(path, "/tmp/usertime-follow-XXXXXX");
	file = mkstemp(path);
	if (file < 0)
		die("a file in /tmp is made");
	close(file);
}

static void write_file(const char *text)
{
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		die("%s can be written", path);
	close(file);
}

/* Checks that follow fails and says @text, where %s stands for the path. */
static void fails(const char *text, const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), text, path);
	is(tool_run("follow", "-n", "one", "-f", path), 1, "%s", name);
	said(line, "urt says so");
}

static void wrong_files(void)
{
	pid_t one = start_named("one", 0);

	write_file("name two\n\n# a comment\nnam three\nname four\n");
	fails("urt: %s:4: the first word is not name, exe or unit\n",
	      "a line that begins with another word fails");
	write_file("name two\nunit \t\nexe no/such/file");
	fails("urt: %s:2: nothing follows the first word\n",
	      "a line without a name fails");
	said(":3: no such file, and not an absolute path\n",
	     "urt reports each wrong line");
	write_file("name two # a comment\n");
	fails("urt: %s:1: a comment needs a line of its own\n",
	      "a comment after a name fails");
	unlink(path);
	fails("urt: %s: No such file or directory\n", "a missing file fails");
	list_read(fd, &list);
	list_is(&list, "nothing was registered", 0);
	end(one);
	is(tool_run("follow"), 1, "follow without a criterion fails");
	said("urt: nothing to follow", "urt says so");
}

static void read_again(void)
{
	pid_t one, two, three;

	make_file();
	write_file("# names\r\n\n  \tname\t some one \r\n#name two");
	one = start_named("some one", 0);
	two = start_named("two", 0);
	follow_start("-f", path);
	list_read(fd, &list);
	list_is(&list,
		"a name with a blank matches; a comment does not", one, 0);

	write_file("name two\n");
	kill(tool.pid, SIGHUP);
	ok(gets_line(fd, two),
	   "SIGHUP: a process that now matches is registered");
	tool_says(0, " was read: 2 processes registered\n");
	said(" was read: 2 processes registered\n", "urt reports the new file");
	list_read(fd, &list);
	list_is(&list, "one that no longer matches stays", one, two, 0);

	write_file("name two\nfoo\n");
	kill(tool.pid, SIGHUP);
	ok(tool_says(0, ":2: the first word is not name, exe or unit\n"
		     "urt: keeping the old criteria\n") != NULL,
	   "SIGHUP with a wrong file is reported");
	three = start_named("two", 0);
	ok(gets_line(fd, three), "it changes nothing");
	is(follow_ends(), 0, "SIGTERM ends it");
	list_read(fd, &list);
	list_is(&list, "the processes stay registered", one, two, three, 0);
	unlink(path);

	follow_start("-n", "one");
	kill(tool.pid, SIGHUP);
	is(tool_ends(), 0, "SIGHUP without a file ends it");
}

int main(void)
{
	plan(12 + 9);
	fd = status_open();
	set_events_period();
	make_file();
	wrong_files();
	read_again();
	return done();
}
