// SPDX-License-Identifier: GPL-2.0
/*
 * Draws the screen of urt watch: a title, the list, and a total
 */
#define _GNU_SOURCE

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "urt.h"

static const char help[] =
	"p pid  t time  s share  n name  r reverse  arrows page home end: scroll  q quit";

static struct winsize get_size(void)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	size.ws_row = size.ws_row ?: 24;
	size.ws_col = size.ws_col ?: 80;
	return size;
}

/* Small terminals show the list without a title, a total or a header. */
static bool has_title(const struct winsize *size)
{
	return size->ws_row >= 5;
}

static bool has_help(const struct screen *screen, const struct winsize *size)
{
	return screen->help && has_title(size);
}

static bool has_total(const struct winsize *size)
{
	return size->ws_row >= 4;
}

static bool has_header(const struct winsize *size)
{
	return size->ws_row >= 2;
}

/* Moves the cursor to the line @row, counted from 1, and clears the line. */
static void go_to(int row)
{
	printf("\33[%d;1H\33[K", row);
}

static void flush(void)
{
	if (fflush(stdout))
		err(failure, "standard output");
}

/*
 * Writes the time until the next update to @text. Before the first update, only
 * the period is known. If the list is empty, there are no updates, and @text is
 * set to "".
 */
static void format_next(char *text, size_t size, const struct screen *screen,
			const struct status *status, long period_ms)
{
	double left = status->updated + period_ms / 1000.0 - now();

	if (!status->count)
		*text = '\0';
	else if (!screen->timed)
		snprintf(text, size, ", the next one within %g s",
			 period_ms / 1000.0);
	else
		snprintf(text, size, ", the next one in %ld s",
			 left > 0 ? (long)left + 1 : 0);
}

static void put_title(const struct screen *screen, const struct status *status,
		      int columns)
{
	long period_ms = parameter("period_ms");
	char title[160], next[64], day[16] = "";
	time_t seconds = time(NULL);

	strftime(day, sizeof(day), "%H:%M:%S", localtime(&seconds));
	format_next(next, sizeof(next), screen, status, period_ms);
	snprintf(title, sizeof(title), "%s  an update every %g s%s  (h: help)",
		 day, period_ms / 1000.0, next);
	put_line(title, columns, "");
}

/* Draws only the title again. */
void draw_title(const struct screen *screen, const struct status *status)
{
	struct winsize size = get_size();

	if (!has_title(&size))
		return;
	go_to(1);
	put_title(screen, status, size.ws_col);
	flush();
}

/* Draws the total, and which rows are visible if there is no room for all. */
static void draw_total(const struct screen *screen, const struct row *rows,
		       size_t count, int columns)
{
	struct row total = make_total(rows, count);
	char text[120];
	int length;

	length = snprintf(text, sizeof(text), "%zu process%s", total.count,
			  total.count == 1 ? "" : "es");
	if (count > screen->page)
		snprintf(text + length, sizeof(text) - length,
			 ", lines %zu to %zu of %zu", screen->first + 1,
			 screen->first + screen->page, count);
	put_total(&total, text, columns);
}

/* Draws the lines above the list. Returns the next row of the terminal. */
static int draw_top(const struct screen *screen, const struct status *status,
		    const struct winsize *size)
{
	int row = 1;

	if (has_title(size)) {
		go_to(row++);
		put_title(screen, status, size->ws_col);
	}
	if (has_help(screen, size)) {
		go_to(row++);
		put_line(help, size->ws_col, "");
	}
	if (has_header(size)) {
		go_to(row++);
		put_header(&screen->view, size->ws_col, screen->colors);
	}
	return row;
}

/* Draws the whole screen. */
void draw(struct screen *screen, const struct status *status)
{
	struct winsize size = get_size();
	struct row *rows;
	size_t count;
	int row;

	rows = make_rows(status, &screen->view, &count);
	row = draw_top(screen, status, &size);
	screen->page = size.ws_row - (row - 1) - has_total(&size);
	screen->last = count > screen->page ? count - screen->page : 0;
	if (screen->first > screen->last)
		screen->first = screen->last;
	for (size_t i = screen->first;
	     i < count && i - screen->first < screen->page; i++) {
		go_to(row++);
		put_row(&rows[i], &screen->view, size.ws_col, screen->colors);
	}
	if (has_total(&size)) {
		go_to(row++);
		draw_total(screen, rows, count, size.ws_col);
	}
	if (row <= size.ws_row)
		printf("\33[%d;1H\33[J", row);
	free(rows);
	flush();
}
