// SPDX-License-Identifier: GPL-2.0
/*
 * Adds up the time of each command name since urt export started
 *
 * If a process started after urt, all of its time counts. Otherwise only the
 * time since the first read of its line counts. When a read finds that a time
 * has grown, the growth counts for the current name of the process. Totals are
 * never removed, because Prometheus expects counters not to decrease.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <search.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/*
 * A process may change its name very often, so the number of totals is limited.
 * All later names share one total. Its name is longer than any command name.
 */
#define NAMES_MAX	1024
#define OTHER_NAMES	"(all other names)"

/*
 * Names that look the same after escaping share a total. node_exporter would
 * reject a file in which two series have the same labels.
 */
struct total {
	char name[SHOWN_SIZE];
	unsigned long long time;	/* in microseconds */
	size_t processes;		/* with a line now */
};

static struct total totals[NAMES_MAX + 1];	/* the last: other names */
static size_t count;
static void *tree;				/* for tsearch(3) */
static unsigned long long began;		/* as in struct stat_line */

static int by_name(const void *a, const void *b)
{
	const struct total *first = a, *second = b;

	return strcmp(first->name, second->name);
}

/* Returns the total of the command @comm, after adding it if necessary. */
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
 * Whether @process, whose line is new, started after urt. If it has already
 * ended, its start time is unknown. But if it registered after the first read,
 * it most likely started after urt.
 */
static bool is_new(const struct process *process, bool first_read)
{
	if (process->start)
		return process->start >= began;
	return !first_read && kill(process->pid, 0) && errno == ESRCH;
}

/* Adds the times that the last read of the list found. */
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

/* Writes the total and the number of processes of each name for Prometheus. */
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
