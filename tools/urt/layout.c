// SPDX-License-Identifier: GPL-2.0
/*
 * Prints a row of urt list or urt watch as a line of text
 */
#define _GNU_SOURCE

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/* The width with all decimals and the longest name that needs no escapes. */
#define FULL_COLUMNS	(33 + COMM_SIZE - 1)

/* Whether standard output is a terminal that understands escape sequences. */
bool can_draw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

/* For NO_COLOR, see https://no-color.org. */
bool want_colors(void)
{
	const char *no = getenv("NO_COLOR");

	return can_draw() && (!no || !*no);
}

/*
 * Prints at most @columns characters of @text, in @color unless that is empty.
 * A wide character counts as one column. For watch, the terminal then cuts off
 * the line.
 */
void put_line(const char *text, int columns, const char *color)
{
	int length = 0;

	while (text[length] && columns-- > 0)
		length += character_length(text + length) ?: 1;
	printf("%s%.*s%s", color, length, text, *color ? "\33[m" : "");
}

/* Returns the number of decimals of a time that leave room for the name. */
static int time_decimals(int columns)
{
	if (columns >= FULL_COLUMNS)
		return 6;
	return columns > FULL_COLUMNS - 6 ? columns - (FULL_COLUMNS - 6) : 0;
}

/* Whether the share has no decimals, which makes it two columns narrower. */
static bool has_short_share(int columns)
{
	return columns < FULL_COLUMNS - 6;
}

static void put_fields(const char *number, const char *time, const char *share,
		       const char *text, int columns, const char *color)
{
	static char line[4 * COMMAND_LINE_SIZE + 64];

	snprintf(line, sizeof(line), "%7s %*s %*s  %s", number,
		 9 + time_decimals(columns), time,
		 has_short_share(columns) ? 5 : 7, share, text);
	put_line(line, columns, color);
}

static void put_times(const char *number, const struct row *row,
		      const char *text, int columns, const char *color)
{
	int length, decimals = time_decimals(columns);
	char time[32], share[32] = "-";

	length = snprintf(time, sizeof(time), "%llu.%06llu",
			  row->time / URT_UNIT_PER_SEC,
			  row->time % URT_UNIT_PER_SEC);
	/* Cuts off decimals, and the point with the last one. */
	time[length - 6 + (decimals ?: -1)] = '\0';
	if (!isnan(row->share))
		snprintf(share, sizeof(share), "%.*f%%",
			 !has_short_share(columns), 100 * row->share);
	put_fields(number, time, share, text, columns, color);
}

void put_header(const struct view *view, int columns, bool colors)
{
	put_fields(view->group ? "COUNT" : "PID", "USER TIME", "SHARE",
		   "COMMAND", columns, colors ? "\33[7m" : "");
}

/*
 * Returns the name to show for @row: the command line if @view asks for it and
 * the process has one, otherwise the command name. Valid until the next call.
 */
const char *row_name(const struct row *row, const struct view *view)
{
	static char text[COMMAND_LINE_SIZE], shown[4 * COMMAND_LINE_SIZE];

	if (view->command_line &&
	    read_command_line(row->process, text, sizeof(text)))
		return printable(text, shown, sizeof(shown));
	return printable(row->process->comm, shown, sizeof(shown));
}

/* Prints @row, in green if it uses half a CPU or more. */
void put_row(const struct row *row, const struct view *view, int columns,
	     bool colors)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", view->group ?
		 (long long)row->count : row->process->pid);
	put_times(number, row, row_name(row, view), columns,
		  colors && row->share >= 0.5 ? "\33[32m" : "");
}

void put_total(const struct row *total, const char *text, int columns)
{
	put_times("TOTAL", total, text, columns, "");
}
