// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the rows of urt list and urt watch, sorted as requested
 *
 * A row shows one process, or all processes with the same command name.
 */
#define _GNU_SOURCE

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "urt.h"

/* A double represents up to 285 years in microseconds exactly. */
static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_registration(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return (one->process > other->process) -
	       (one->process < other->process);
}

/* Compares the PIDs or, for groups, the number of processes. */
static int by_pid(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return compare(other->count, one->count) ?:
	       compare(one->process->pid, other->process->pid);
}

static int by_time(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return compare(other->time, one->time) ?: by_pid(a, b);
}

/* Puts unknown shares last. */
int by_share(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return compare(isnan(other->share) ? -1 : other->share,
		       isnan(one->share) ? -1 : one->share) ?: by_time(a, b);
}

static int by_name(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return strcmp(one->process->comm, other->process->comm) ?: by_pid(a, b);
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

/* Sets the sort key by name or first letter. Returns false if unknown. */
bool sort_by(struct view *view, const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(keys[i].name, name) &&
		    (name[0] != keys[i].name[0] || name[1]))
			continue;
		view->compare = keys[i].compare;
		return true;
	}
	return false;
}

/* Parses the options of list and watch. */
void parse_view(const struct command *command, int argc, char **argv,
		struct view *view)
{
	int option;

	while ((option = next_option(command, argc, argv)) != -1) {
		if (option == '0')
			view->at_once = true;
		if (option == 'g')
			view->group = true;
		if (option == 'j')
			view->json = true;
		if (option == 'l')
			view->command_line = true;
		if (option == 'r')
			view->reverse = true;
		if (option == 's' && !sort_by(view, optarg)) {
			warnx("cannot sort by %s", optarg);
			bad_usage(command);
		}
	}
	if (view->group && view->command_line) {
		warnx("a group has no command line: -g or -l, not both");
		bad_usage(command);
	}
	require_arguments(command, argc, 0);
}

/* Adds @other to @row. An unknown share adds nothing. */
static void add_row(struct row *row, const struct row *other)
{
	row->count += other->count;
	row->time += other->time;
	if (isnan(row->share))
		row->share = other->share;
	else if (!isnan(other->share))
		row->share += other->share;
}

struct row make_total(const struct row *rows, size_t count)
{
	struct row total = { .share = NAN };

	for (size_t i = 0; i < count; i++)
		add_row(&total, &rows[i]);
	return total;
}

static int by_group(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return strcmp(one->process->comm, other->process->comm) ?:
	       by_registration(a, b);
}

/* Merges the rows with the same name. Returns the new number of rows. */
static size_t group(struct row *rows, size_t count)
{
	size_t groups = 0;

	qsort(rows, count, sizeof(*rows), by_group);
	for (size_t i = 0; i < count; i++) {
		if (groups && !strcmp(rows[groups - 1].process->comm,
				      rows[i].process->comm))
			add_row(&rows[groups - 1], &rows[i]);
		else
			rows[groups++] = rows[i];
	}
	return groups;
}

static void reverse(struct row *rows, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct row row = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
}

/* Allocates and returns the rows for @view. Stores their number in @count. */
struct row *make_rows(const struct status *status, const struct view *view,
		      size_t *count)
{
	struct row *rows = malloc((status->count + 1) * sizeof(*rows));

	if (!rows)
		err(failure, "memory");
	for (size_t i = 0; i < status->count; i++) {
		const struct process *process = &status->processes[i];

		rows[i] = (struct row){ process, 1, process->time,
					process->share };
	}
	*count = status->count;
	if (view->group)
		*count = group(rows, *count);
	qsort(rows, *count, sizeof(*rows), view->compare ?: by_registration);
	if (view->reverse)
		reverse(rows, *count);
	return rows;
}
