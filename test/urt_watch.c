// SPDX-License-Identifier: GPL-2.0
/*
 * "urt watch: that list, redrawn at every update, in a terminal of any size;
 * q leaves; colors only on a terminal and not under NO_COLOR." "The time, the
 * period, the time until the next update, and a TOTAL line. Narrow terminals
 * lose decimals before columns." However it ends or stops, the terminal is as
 * it was before.
 */
#include "screen.h"

static int fd;

static void sizes(pid_t spinner)
{
	char begin[16];

	snprintf(begin, sizeof(begin), "%7d ", spinner);
	start_watch(24, 80, NULL);
	ok(shows("%  spinner"), "the share of a spinner, after an update");
	is(strncmp(row(3), begin, 8), 0,
	   "the spinner is in the first line of the list");
	is(strcmp(row(2), "    PID       USER TIME   SHARE  COMMAND"), 0,
	   "the header is above it");
	ok(row_of("  sleeper") == 5 || row_of("  other") == 5,
	   "the list has three lines");
	ok(row_of("  TOTAL ") == 6 && row_of("%  3 processes") == 6,
	   "the total is below them");
	ok(screen.alternate && screen.hidden && !screen.uncut && !as_before(),
	   "urt has set up the terminal");
	ok(screen.colors, "there are colors");

	resize(3, 20);
	ok(shows_in(1, "    PID USER TIME SH"), "three lines of twenty columns");
	is(strcmp(row(1), "    PID USER TIME SH"), 0, "lines are cut");
	resize(1, 1);
	resize(1, 7);
	begin[7] = '\0';
	ok(shows_in(1, begin), "one line of seven columns");
	resize(50, 132);
	ok(shows("  spinner"), "a large terminal");
	press("xQ");
	press("q");
	ends(0, "q leaves");
}

/* Checks the header, and the row of @pid, in a terminal of this width. */
static void has_row(int columns, pid_t pid, const char *expected,
		    const char *header)
{
	char begin[16];

	snprintf(begin, sizeof(begin), "%7d ", pid);
	resize(10, columns);
	shows_in(2, header);
	shows(expected);
	shows(begin);
	if (!ok(!strcmp(row(row_of(begin)) + 8, expected) &&
		!strcmp(row(2), header), "%d columns", columns))
		diag("%s\n# %s", row(2), row(row_of(begin)));
}

/*
 * The row of a stopped process with a name of 15 bytes. It fits into 40
 * columns, with fewer decimals.
 */
static void narrow(void)
{
	pid_t pid = start_named("fifteen_letters", 100);
	unsigned long long time;
	struct list list;
	char row[80];

	leaves_cpu(pid);
	status_register(fd, pid);
	wait_update(fd);
	list_read(fd, &list);
	time = list_time(&list, pid);
	start_watch(10, 48, NULL);
	snprintf(row, sizeof(row), "%8llu.%06llu    0.0%%  fifteen_letters",
		 time / 1000000, time % 1000000);
	has_row(48, pid, row, "    PID       USER TIME   SHARE  COMMAND");
	snprintf(row, sizeof(row), "%8llu.%05llu    0.0%%  fifteen_letters",
		 time / 1000000, time % 1000000 / 10);
	has_row(47, pid, row, "    PID      USER TIME   SHARE  COMMAND");
	snprintf(row, sizeof(row), "%8llu.%01llu    0.0%%  fifteen_letters",
		 time / 1000000, time % 1000000 / 100000);
	has_row(43, pid, row, "    PID  USER TIME   SHARE  COMMAND");
	snprintf(row, sizeof(row), "%9llu    0.0%%  fifteen_letters",
		 time / 1000000);
	has_row(42, pid, row, "    PID USER TIME   SHARE  COMMAND");
	snprintf(row, sizeof(row), "%9llu    0%%  fifteen_letters",
		 time / 1000000);
	has_row(40, pid, row, "    PID USER TIME SHARE  COMMAND");
	snprintf(row, sizeof(row), "%9llu    0%%  fifteen_lett",
		 time / 1000000);
	has_row(37, pid, row, "    PID USER TIME SHARE  COMMAND");
	press("q");
	ends(0, "q leaves");
	end(pid);
}

/* The total of stopped processes, when the lines of all others have gone. */
static void total_row(void)
{
	pid_t one = start_named("one", 20), other = start_named("other", 30);
	unsigned long long all = 0;
	struct list list;
	char text[80];

	leaves_cpu(one);
	leaves_cpu(other);
	status_register(fd, one);
	status_register(fd, other);
	do {
		wait_update(fd);
		list_read(fd, &list);
	} while (list.lines != 4);
	for (int i = 0; i < list.lines; i++)
		all += list.line[i].time;
	snprintf(text, sizeof(text), "  TOTAL %8llu.%06llu    0.0%%  %d processes",
		 all / 1000000, all % 1000000, list.lines);
	start_watch(10, 80, NULL);
	ok(shows(text), "the total is the sum");
	press("q");
	ends(0, "q leaves");
	end(one);
	end(other);
}

/* The title, which changes with time, also between two updates. */
static void title(void)
{
	int hour, minute, second, found, end = 0;

	set_period(3000);
	start_watch(5, 80, NULL);
	ok(shows_in(1, "  an update every 3 s, the next one within 3 s  (h: help)"),
	   "the next update is within a period");
	ok(shows_in(1, "the next one in 3 s"),
	   "after an update, the next one is a period away");
	ok(shows_in(1, "the next one in 1 s"), "the time until then runs down");
	found = sscanf(row(1), "%2d:%2d:%2d  an%n", &hour, &minute, &second,
		       &end);
	is(found, 3, "the time of day is shown");
	is(end, 12, "it is at the beginning");
	set_period(7500);
	ok(shows_in(1, "  an update every 7.5 s,"), "a new period is shown");
	press("q");
	ends(0, "q leaves");
}

static void ends_and_stops(void)
{
	char *stopped, *more;

	start_watch(24, 80, "-r");
	shows("  spinner");
	press("\003");
	ends(128 + SIGINT, "^C ends it");

	start_watch(10, 40, "--sort=name");
	shows("  spinner");
	press("\032");
	stopped = tool_says(0, "stopped: ");
	more = tool_says(stopped - tool.text, "\n");
	ok(stopped[9] == '1', "^Z stops it, with the modes as before");
	memset(screen.cell, ' ', sizeof(screen.cell));
	screen.seen = more + 1 - tool.text;
	ok(shows("  spinner") && screen.alternate, "^Z: then it continues");
	press("\034");
	ends(128 + SIGQUIT, "^\\ ends it");

	setenv("NO_COLOR", "1", 1);
	start_watch(24, 80, "--sort=time");
	shows("%  spinner");
	is(screen.colors, 0, "no colors under NO_COLOR");
	press("q");
	ends(0, "q leaves");
}

int main(void)
{
	pid_t spinner, sleeper, other;

	plan(11 + 2 + 2 + 2 + 2 + 1 + 2 + 2 + 6 + 2 + 1 + 2 + 6 + 2);
	fd = status_open();
	set_period(300);
	sleeper = start_named("sleeper", 0);
	other = start_named("other", 0);
	spinner = start_named("spinner", 0);
	status_register(fd, sleeper);
	status_register(fd, other);
	status_register(fd, spinner);
	go_on(spinner);
	sizes(spinner);
	ends_and_stops();
	is(tool_run("watch"), 1, "watch without a terminal fails");
	said("urt: not a terminal", "urt says that it needs one");
	end(spinner);
	narrow();
	total_row();
	title();
	return done();
}
