// SPDX-License-Identifier: GPL-2.0
/*
 * "FILE holds the same, one per line, with comments. A wrong line is reported
 * with its line number, and nothing starts. On SIGHUP, follow rereads the file."
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
		die("a file in /tmp");
	close(file);
}

static void write_file(const char *text)
{
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		die("%s can be written", path);
	close(file);
}

/* Something is wrong, and urt says @text about it. */
static void fails(const char *text, const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), text, path);
	is(tool_run("follow", "-n", "one", "-f", path), 1, "%s", name);
	said(line, "says so");
}

static void wrong_files(void)
{
	pid_t one = start_named("one", 0);

	write_file("name two\n\n# a comment\nnam three\nname four\n");
	fails("urt: %s:4: the first word is not name, exe or unit\n",
	      "a line with another word");
	write_file("name two\nunit \t\nexe no/such/file");
	fails("urt: %s:2: nothing follows the first word\n",
	      "a line without a name");
	said(":3: no such file, and not an absolute path\n",
	     "and so for each wrong line");
	write_file("name two # a comment\n");
	fails("urt: %s:1: a comment needs a line of its own\n",
	      "a comment behind a name");
	unlink(path);
	fails("urt: %s: No such file or directory\n", "no file");
	list_read(fd, &list);
	list_is(&list, "nothing was registered", 0);
	end(one);
	is(tool_run("follow"), 1, "no criterion");
	said("urt: nothing to follow", "says so");
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
	list_is(&list, "a name with a blank, and no comment", one, 0);

	write_file("name two\n");
	kill(tool.pid, SIGHUP);
	ok(gets_line(fd, two), "SIGHUP: a process that matches now");
	tool_says(0, " was read: 2 processes registered\n");
	said(" was read: 2 processes registered\n", "is reported");
	list_read(fd, &list);
	list_is(&list, "and another stays", one, two, 0);

	write_file("name two\nfoo\n");
	kill(tool.pid, SIGHUP);
	ok(tool_says(0, ":2: the first word is not name, exe or unit\n"
		     "urt: keeping the old criteria\n") != NULL,
	   "SIGHUP with a wrong file is reported");
	three = start_named("two", 0);
	ok(gets_line(fd, three), "and changes nothing");
	is(follow_ends(), 0, "SIGTERM ends it");
	list_read(fd, &list);
	list_is(&list, "and the processes stay", one, two, three, 0);
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
