// SPDX-License-Identifier: GPL-2.0
/*
 * urt list: the list, with the share of a CPU that each process uses
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "urt.h"

/*
 * Waits until the shares are known, which they are from the second update on.
 * After a second, this tells the user at the terminal why.
 */
static void wait_for_shares(struct status *status)
{
	bool told = !isatty(STDERR_FILENO);
	double patience = now() + 1;
	int left, updates = 2;

	while (updates && status->count) {
		left = told ? -1 : (patience - now()) * 1000 + 1;
		if (!told && left < 0)
			left = 0;
		if (wait_for(status->fd, -1, -1, left)) {
			status_read(status);
			updates -= status->update;
			continue;
		}
		warnx("waiting for two updates to compute the shares; "
		      "--now does not wait");
		told = true;
	}
}

static void put_table(const struct row *rows, size_t count,
		      const struct view *view)
{
	bool colors = want_colors();

	put_header(view, INT_MAX, colors);
	for (size_t i = 0; i < count; i++) {
		putchar('\n');
		put_row(&rows[i], view, INT_MAX, colors);
	}
	putchar('\n');
}

/* The same text that the table has is in "command", so it needs few escapes. */
static void put_json(const struct row *rows, size_t count,
		     const struct view *view)
{
	putchar('[');
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		fputs(i ? ",\n" : "\n", stdout);
		if (view->group)
			printf("{\"processes\":%zu", row->count);
		else
			printf("{\"pid\":%d", row->process->pid);
		printf(",\"microseconds\":%llu,\"share\":", row->time);
		if (isnan(row->share))
			fputs("null", stdout);
		else
			printf("%.6f", row->share);
		fputs(",\"command\":", stdout);
		put_quoted(stdout, row_name(row, view), "\"\\", '\\');
		putchar('}');
	}
	puts("\n]");
}

static int urt_list(const struct command *command, int argc, char **argv)
{
	struct status status = { 0 };
	struct view view = { 0 };
	struct row *rows;
	size_t count;

	take_view(command, argc, argv, &view);
	status.fd = status_open(O_RDONLY);
	status_read(&status);
	if (!view.at_once)
		wait_for_shares(&status);
	rows = make_rows(&status, &view, &count);
	(view.json ? put_json : put_table)(rows, count, &view);
	free(rows);
	return finish();
}

static const struct option options[] = {
	HELP_OPTION,
	{ "command-line", no_argument, NULL, 'l' },
	{ "group", no_argument, NULL, 'g' },
	{ "json", no_argument, NULL, 'j' },
	{ "now", no_argument, NULL, '0' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 's' },
	{ }
};

const struct command list_command = {
	"list", "0glrs:", options, "list [-0r] [-g|-l] [-s KEY] [--json]",
	"List the registered processes. This waits for two updates, to measure the\n"
	"share of a CPU between them.\n"
	"\n"
	"  -0, --now           at once, without the shares\n"
	"  -g, --group         a line for all processes with the same command name\n"
	"  -l, --command-line  the command line, not the command name\n"
	"  -r, --reverse       in reverse order\n"
	"  -s, --sort=KEY      by pid, time, share or name, not as registered\n"
	"      --json          as JSON: an array with an object for each line\n",
	urt_list
};
