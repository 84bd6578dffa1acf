// SPDX-License-Identifier: GPL-2.0
/*
 * The order of the lines that urt list and urt watch show, and their layout
 */
#define _GNU_SOURCE

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/* Microseconds are exact in a double for 285 years. */
static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_pid(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return compare((*one)->pid, (*other)->pid);
}

static int by_time(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return compare((*other)->time, (*one)->time) ?: by_pid(a, b);
}

/* Unknown shares last: they compare as neither more nor less. */
int by_share(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;
	double share = isnan((*one)->share) ? -1 : (*one)->share;
	double than = isnan((*other)->share) ? -1 : (*other)->share;

	return compare(than, share) ?: by_time(a, b);
}

static int by_name(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return strcmp((*one)->comm, (*other)->comm) ?: by_pid(a, b);
}

static const struct {
	const char *name;
	compare_fn *compare;
} keys[] = {
	{ "pid", by_pid },
	{ "time", by_time },
	{ "share", by_share },
	{ "name", by_name },
};

/* Takes the options of list and watch. Return: whether one was --now. */
bool take_order(const struct command *command, int argc, char **argv,
		       struct order *order)
{
	const size_t count = sizeof(keys) / sizeof(*keys);
	bool at_once = false;
	int option;
	size_t i;

	while ((option = next_option(command, argc, argv)) != -1) {
		if (option == '0')
			at_once = true;
		if (option == 'r')
			order->reverse = true;
		if (option != 's')
			continue;
		for (i = 0; i < count && strcmp(keys[i].name, optarg); i++)
			;
		if (i == count) {
			warnx("cannot sort by %s", optarg);
			bad_usage(command);
		}
		order->compare = keys[i].compare;
	}
	want_arguments(command, argc, 0);
	return at_once;
}

/* The processes in this order; to be freed. */
const struct process **sort(const struct status *status,
				   const struct order *order)
{
	const struct process **sorted, *process;

	sorted = malloc((status->count + 1) * sizeof(*sorted));
	if (!sorted)
		err(failure, "memory");
	for (size_t i = 0; i < status->count; i++)
		sorted[i] = &status->processes[i];
	if (order->compare)
		qsort(sorted, status->count, sizeof(*sorted), order->compare);
	for (size_t i = 0; order->reverse && i < status->count / 2; i++) {
		process = sorted[i];
		sorted[i] = sorted[status->count - 1 - i];
		sorted[status->count - 1 - i] = process;
	}
	return sorted;
}

/* Colors are for people who want them: see https://no-color.org. */
bool want_colors(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no || !*no);
}

/* As many characters of @text as there are columns, in @color, if any. */
void put_line(const char *text, int columns, const char *color)
{
	int length = 0;

	while (text[length] && columns-- > 0)
		length += character_length(text + length) ?: 1;
	printf("%s%.*s%s", color, length, text, *color ? "\33[m" : "");
}

void put_header(int columns, bool colors)
{
	put_line("    PID       USER TIME   SHARE  COMMAND", columns,
		 colors ? "\33[7m" : "");
}

/* The line of a process, green if it uses half a processor. */
void put_process(const struct process *process, int columns,
			bool colors)
{
	char line[SHOWN_SIZE + 64], share[32] = "-", shown[SHOWN_SIZE];

	if (!isnan(process->share))
		snprintf(share, sizeof(share), "%.1f%%", 100 * process->share);
	snprintf(line, sizeof(line), "%7d %8llu.%06llu %7s  %s", process->pid,
		 process->time / URT_UNIT_PER_SEC,
		 process->time % URT_UNIT_PER_SEC, share,
		 printable(process->comm, shown, sizeof(shown)));
	put_line(line, columns,
		 colors && process->share >= 0.5 ? "\33[32m" : "");
}
