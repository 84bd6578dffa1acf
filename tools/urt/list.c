// SPDX-License-Identifier: GPL-2.0
/*
 * urt list: the list, with the share of a CPU that each process uses
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "urt.h"

/* A share is known from the second update on. */
static int urt_list(const struct command *command, int argc, char **argv)
{
	const struct process **sorted;
	bool colors = want_colors();
	struct status status = { 0 };
	struct order order = { 0 };
	int updates;

	updates = take_order(command, argc, argv, &order) ? 0 : 2;
	status.fd = status_open(O_RDONLY);
	for (status_read(&status); updates && status.count; updates--)
		next_update(&status, -1);
	sorted = sort(&status, &order);
	put_header(INT_MAX, colors);
	for (size_t i = 0; i < status.count; i++) {
		putchar('\n');
		put_process(sorted[i], INT_MAX, colors);
	}
	putchar('\n');
	return finish();
}

static const struct option options[] = {
	HELP_OPTION,
	{ "now", no_argument, NULL, '0' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 's' },
	{ }
};

const struct command list_command = {
	"list", "0rs:", options, "list [-0r] [-s KEY]",
	"List the registered processes after two updates, between which the share\n"
	"of a CPU that each has used is measured.\n"
	"\n"
	"  -0, --now           at once, without the shares\n"
	"  -r, --reverse       in reverse order\n"
	"  -s, --sort=KEY      by pid, time, share or name, not as registered\n",
	urt_list
};
