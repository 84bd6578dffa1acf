// SPDX-License-Identifier: GPL-2.0
/*
 * urt list: prints the list, with the share of a CPU that each process uses
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
 * Waits for the second update, which shows the shares. If this takes more than
 * a second and standard error is a terminal, prints the reason.
 */
static void wait_for_shares(struct status *status)
{
	bool warned = !isatty(STDERR_FILENO);
	double patience = now() + 1;
	int left, updates = 2;

	while (updates && status->count) {
		left = warned ? -1 : (patience - now()) * 1000 + 1;
		if (!warned && left < 0)
			left = 0;
		if (wait_for(status->fd, -1, -1, left)) {
			status_read(status);
			updates -= status->update;
			continue;
		}
		warnx("waiting for two updates to compute the shares; "
		      "--now does not wait");
		warned = true;
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

/* Prints JSON. row_name() returns printable text, which needs few escapes. */
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

	parse_view(command, argc, argv, &view);
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
	"List the registered processes. This waits for two updates to measure each\n"
	"process's share of a CPU between them.\n"
	"\n"
	"  -0, --now           do not wait, and show no shares\n"
	"  -g, --group         show one line for each command name\n"
	"  -l, --command-line  show command lines instead of command names\n"
	"  -r, --reverse       reverse the order\n"
	"  -s, --sort=KEY      sort by pid, time, share or name; the default is the\n"
	"                      order of registration\n"
	"      --json          print a JSON array, with an object for each line\n",
	urt_list
};
