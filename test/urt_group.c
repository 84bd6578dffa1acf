// SPDX-License-Identifier: GPL-2.0
/*
 * "-g groups by command name": list and watch show one line for all processes
 * of a name, with their number, their time and their share.
 */
#include "screen.h"

static int fd;
static struct list list;

/* Returns the line of the table for @count processes @name, those in @pids. */
static const char *line_of(int count, const char *name, const pid_t *pids,
			   const char *share)
{
	static char line[80];
	long long sum = 0;

	for (int i = 0; i < count; i++)
		sum += list_time(&list, pids[i]);
	snprintf(line, sizeof(line), "%7d %8lld.%06lld %7s  %s", count,
		 sum / 1000000, sum % 1000000, share, name);
	return line;
}

/* Checks that urt has printed these three texts in this order. */
static void in_order(const char *first, const char *second, const char *third,
		     const char *name)
{
	const char *one = strstr(tool.text, first);
	const char *two = strstr(tool.text, second);
	const char *three = strstr(tool.text, third);

	if (!ok(one && two && three && one < two && two < three, "%s", name))
		diag("not %s,%s,%s:\n%s", first, second, third, tool.text);
}

int main(void)
{
	pid_t a[3], b[2], c;
	double share = 0;
	const char *line;
	int lines = 0;

	plan(4 + 4 + 2 + 2 + 5);
	fd = status_open();
	stop_updates();
	for (int i = 0; i < 3; i++)
		a[i] = start_named("a", 20);
	b[0] = start_named("b", 20);
	b[1] = start_named("b", 20);
	c = start_named("c", 20);
	spin_beyond(c, stat_user_time(a[0]) + stat_user_time(a[1]) +
		    stat_user_time(a[2]) + 3 * TICK);
	spin_beyond(b[1], stat_user_time(c));
	status_register(fd, b[0]);
	status_register(fd, a[0]);
	status_register(fd, b[1]);
	status_register(fd, a[1]);
	status_register(fd, c);
	status_register(fd, a[2]);
	list_read(fd, &list);
	is(tool_run("list", "-0g"), 0, "list --now -g");
	said(line_of(3, "a\n", a, "-"), "one line for three processes");
	said(line_of(2, "b\n", b, "-"), "one line for two processes");
	for (line = tool.text; (line = strchr(line, '\n')); line++)
		lines++;
	is(lines, 4, "a header and three lines");
	in_order("  COUNT ", "  b\n", "  a\n",
		 "in order of first registration");
	tool_run("list", "-0", "--group", "--sort=pid");
	in_order("  a\n", "  b\n", "  c\n", "sorted by count, the largest first");
	tool_run("list", "-0gs", "time");
	in_order("  b\n", "  c\n", "  a\n", "sorted by time");
	tool_run("list", "-0grs", "name");
	in_order("  c\n", "  b\n", "  a\n", "sorted by name, in reverse order");

	is(tool_run("list", "-0gl"), 1, "-g with -l fails");
	said("urt: a group has no command line: -g or -l, not both\n",
	     "urt says why");

	go_on(a[1]);
	set_period(2000);
	is(tool_run("list", "-g"), 0, "list -g");
	line = strstr(tool.text, "%  a\n");
	while (line && line > tool.text && *line != ' ')
		line--;
	if (!ok(line && sscanf(line, "%lf%%", &share) == 1 && share > 30 &&
		share < 300, "the share of the group is that of its spinner"))
		diag("%f:\n%s", share, tool.text);
	stop(a[1]);

	stop_updates();
	list_read(fd, &list);
	start_watch(10, 80, "-g");
	ok(shows("  COUNT       USER TIME   SHARE  COMMAND"), "watch -g");
	ok(shows(line_of(3, "a", a, "-")), "one line for three processes");
	ok(shows("  6 processes"), "the total counts all processes");
	press("q");
	ends(0, "q leaves");
	end(c);
	return done();
}
