// SPDX-License-Identifier: GPL-2.0
/*
 * urt record: the list as CSV, at every update
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "urt.h"

/* A row for each process, with the time of day; see RFC 4180 for the quotes. */
static void put_rows(FILE *out, const struct status *status)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	for (size_t i = 0; i < status->count; i++) {
		const struct process *process = &status->processes[i];
		char shown[SHOWN_SIZE];

		printable(process->comm, shown, sizeof(shown));
		fprintf(out, "%lld.%03ld,%d,%llu,", (long long)time.tv_sec,
			time.tv_nsec / 1000000, process->pid, process->time);
		if (strpbrk(shown, ",\""))
			put_quoted(out, shown, "\"", '"');
		else
			fputs(shown, out);
		fputs("\n", out);
	}
}

static int urt_record(const struct command *command, int argc, char **argv)
{
	struct status status = { 0 };
	const char *path = NULL;
	FILE *out = stdout;
	int signals;

	while (next_option(command, argc, argv) != -1)
		path = optarg;
	want_arguments(command, argc, 0);
	status.fd = status_open(O_RDONLY);
	if (path)
		out = fopen(path, "we");
	if (!out)
		err(failure, "%s", path);
	signals = open_end_signals();
	fputs("time,pid,microseconds,command\n", out);
	status_read(&status);
	do {
		if (status.update)
			put_rows(out, &status);
		if (fflush(out) || ferror(out))
			err(failure, "%s", path ?: "standard output");
	} while (next_update(&status, signals));
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "output", required_argument, NULL, 'o' },
	{ }
};

const struct command record_command = {
	"record", "o:", options, "record [-o FILE]",
	"Write the list as CSV, with a row for each process at every update:\n"
	"time,pid,microseconds,command. Ends when it is interrupted.\n"
	"\n"
	"  -o, --output=FILE   write to FILE, not to standard output\n",
	urt_record
};
