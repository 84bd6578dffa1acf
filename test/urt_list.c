// SPDX-License-Identifier: GPL-2.0
/*
 * "urt list: list with command, user time and the share of a processor since
 * the update before, sorted as asked." A registration between two updates does
 * not count as an update. A name is never that of another process.
 */
#include "tool.h"

#include <math.h>

static int fd;

/* Returns the line of @pid after the PID; empty if there is none. */
static const char *line_of(pid_t pid)
{
	const char *line;
	char begin[16];

	snprintf(begin, sizeof(begin), "\n%7d ", pid);
	line = strstr(tool.text, begin);
	return line ? line + strlen(begin) : "";
}

/* Checks that the table has three lines, which end with these texts. */
static void in_order(const char *first, const char *second, const char *third,
		     const char *name)
{
	const char *header = "    PID       USER TIME   SHARE  COMMAND\n";
	const char * const ends[] = { first, second, third };
	const char *line = tool.text + strlen(header);
	int same = !strncmp(tool.text, header, strlen(header));

	for (int i = 0; i < 3 && same; i++) {
		const char *end = strchr(line, '\n') ?: line;
		size_t length = strlen(ends[i]);

		same = (size_t)(end - line) > length &&
		       !strncmp(end - length, ends[i], length);
		line = end + 1;
	}
	if (!ok(same && !*line, "%s", name))
		diag("not %s,%s,%s:\n%s", first, second, third, tool.text);
}

static void sorted(void)
{
	pid_t pids[] = {
		start_named("b", 200),
		start_named("c", 20),
		start_named("a", 100),
	};

	spin_beyond(pids[2], stat_user_time(pids[1]));
	spin_beyond(pids[0], stat_user_time(pids[2]));
	for (int i = 0; i < 3; i++)
		status_register(fd, pids[i]);
	is(tool_run("list", "--now"), 0, "list --now");
	in_order("      -  b", "  c", "  a", "in order of registration");
	is(tool_run("list", "-0r"), 0, "list -r");
	in_order("  a", "  c", "  b", "in reverse order");
	is(tool_run("list", "-0", "-s", "pid"), 0, "list --sort=pid");
	in_order("  b", "  c", "  a", "the smallest PID first");
	is(tool_run("list", "-0", "--sort=time"), 0, "list --sort=time");
	in_order("  b", "  a", "  c", "the largest time first");
	is(tool_run("list", "-0", "--sort=name"), 0, "list --sort=name");
	in_order("  a", "  b", "  c", "in alphabetical order");
	is(tool_run("list", "-0rs", "name"), 0, "list -r --sort=name");
	in_order("  c", "  b", "  a", "in reverse alphabetical order");
	is(tool_run("list", "-0", "--sort=age"), 1, "list --sort=age fails");
	said("urt: cannot sort by age\n", "urt says so");
	for (int i = 0; i < 3; i++) {
		status_write(fd, "-%d", pids[i]);
		end(pids[i]);
	}
}

static double share_of(pid_t pid)
{
	double share = NAN;

	if (sscanf(line_of(pid), "%*f %lf%%", &share) != 1)
		diag("no share of %d in:\n%s", pid, tool.text);
	return share;
}

/*
 * Between the two updates, two processes register: one that sleeps and one that
 * spins.
 */
static void shares(void)
{
	pid_t sleeper = start_named("sleeper", 0);
	pid_t spinner = start_named("spinner", 0);
	pid_t late = start_named("late", 0), other;
	double share;

	status_register(fd, sleeper);
	status_register(fd, spinner);
	go_on(spinner);
	go_on(late);
	set_period(3000);
	tool_start("list", "--sort=share");
	wait_update(fd);
	other = start_sleeper();
	status_register(fd, other);
	spin(500);
	status_register(fd, late);
	settle(fd);	/* makes news, too, though the list stays the same */
	is(tool_ends(), 0, "list, with two spinners and a sleeper");
	is(share_of(sleeper), 0, "the sleeper's share is 0");
	share = share_of(spinner);
	ok(share > 60 && share < 150, "the spinner's share is about one CPU");
	share = share_of(late);
	ok(share > 60 && share < 150,
	   "so is that of a spinner that registers meanwhile");
	ok(strstr(tool.text, "  sleeper\n") > strstr(tool.text, "  spinner\n") &&
	   strstr(tool.text, "  sleeper\n") > strstr(tool.text, "  late\n"),
	   "the smallest share comes last");
	end(spinner);
	end(late);
	stop_updates();
}

int main(void)
{
	const int many = 1000;
	pid_t odd, *crowd = calloc(many, sizeof(*crowd));
	int lines = 0;

	plan(2 + 14 + 5 + 2 + 2);
	fd = status_open();
	stop_updates();
	is(tool_run("list"), 0, "list of an empty list");
	is(strcmp(tool.text, "    PID       USER TIME   SHARE  COMMAND\n"), 0,
	   "only a header");
	sorted();
	shares();

	odd = start_named("\033[2J\tgr\303\266\377", 20);
	status_register(fd, odd);
	tool_run("list", "--now");
	said("  \\x1b[2J\\x09gr\303\266\\xff\n",
	     "unprintable characters in a name are escaped");
	ok(!strchr(tool.text, '\033'), "no colors without a terminal");

	start_crowd(crowd, many);
	for (int i = 0; i < many; i++)
		status_register(fd, crowd[i]);
	is(tool_run("list", "--now"), 0, "list of 1,000 processes");
	for (int i = 0; i < many; i++)
		lines += *line_of(crowd[i]) != '\0';
	is(lines, many, "a line for each");
	return done();
}
