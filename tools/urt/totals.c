// SPDX-License-Identifier: GPL-2.0
/*
 * The time used under each command name since urt export began
 *
 * A process that started since then counts with all of its time, any other with
 * what it has used since its first line. The time that a read finds counts for
 * the name that the process has then. Totals are never forgotten, since
 * Prometheus expects that a counter does not fall.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <search.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/*
 * A process may change its name as often as it likes, so the number of names with
 * a total of their own is limited. All names that come later share one total,
 * whose name is longer than that of any command.
 */
#define NAMES_MAX	1024
#define OTHER_NAMES	"(all other names)"

/*
 * Names that are shown in the same way share a total: two series with the same
 * labels would make node_exporter refuse the whole file.
 */
struct total {
	char name[SHOWN_SIZE];
	unsigned long long time;	/* in microseconds */
	size_t processes;		/* that have a line now */
};

static struct total totals[NAMES_MAX + 1];	/* the last: of other names */
static size_t count;
static void *tree;				/* for tsearch(3) */
static unsigned long long began;		/* as in struct stat_line */

static int by_name(const void *a, const void *b)
{
	const struct total *first = a, *second = b;

	return strcmp(first->name, second->name);
}

/* Return: the total of the command @comm. If there is none, this adds it. */
static struct total *find_total(const char *comm)
{
	struct total key = { 0 }, **found, *new = &totals[NAMES_MAX];

	printable(comm, key.name, sizeof(key.name));
	found = tfind(&key, &tree, by_name);
	if (found)
		return *found;
	if (count >= NAMES_MAX) {
		strcpy(new->name, OTHER_NAMES);
		count = NAMES_MAX + 1;
		return new;
	}
	new = &totals[count++];
	*new = key;
	if (!tsearch(new, &tree, by_name))
		err(failure, "memory");
	return new;
}

/*
 * Whether @process, whose line is new, has started since urt began. If it has
 * ended already, its start time is not known. But if it registered after the
 * first read, it most likely also started after urt began.
 */
static bool is_new(const struct process *process, bool first_read)
{
	if (process->start)
		return process->start >= began;
	return !first_read && kill(process->pid, 0) && errno == ESRCH;
}

/* Adds what the last read of the list has found. */
void add_to_totals(const struct status *status)
{
	bool first_read = !began;
	struct stat_line self;

	if (first_read && read_stat(getpid(), &self))
		began = self.start;
	if (!status->changed)
		return;
	for (size_t i = 0; i < status->count; i++) {
		const struct process *process = &status->processes[i];
		unsigned long long used = process->growth;

		if (process->fresh && is_new(process, first_read))
			used = process->time;
		if (used)
			find_total(process->comm)->time += used;
	}
}

static void count_processes(const struct status *status)
{
	for (size_t i = 0; i < count; i++)
		totals[i].processes = 0;
	for (size_t i = 0; i < status->count; i++)
		find_total(status->processes[i].comm)->processes++;
}

/* Writes the totals for Prometheus, and how many processes have each name. */
void put_totals(FILE *out, const struct status *status)
{
	count_processes(status);
	fputs("# HELP usertime_command_user_seconds_total User CPU time of a command.\n"
	      "# TYPE usertime_command_user_seconds_total counter\n", out);
	for (size_t i = 0; i < count; i++) {
		fputs("usertime_command_user_seconds_total{comm=", out);
		put_quoted(out, totals[i].name, "\"\\", '\\');
		fputs("} ", out);
		put_seconds(out, totals[i].time);
		fputs("\n", out);
	}
	fputs("# HELP usertime_command_processes Registered processes of a command.\n"
	      "# TYPE usertime_command_processes gauge\n", out);
	for (size_t i = 0; i < count; i++) {
		fputs("usertime_command_processes{comm=", out);
		put_quoted(out, totals[i].name, "\"\\", '\\');
		fprintf(out, "} %zu\n", totals[i].processes);
	}
}
