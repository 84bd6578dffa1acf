// SPDX-License-Identifier: GPL-2.0
/*
 * urt export: the list in a file for Prometheus, at every update
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "urt.h"

/* What Prometheus reads: see its text-based format. */
static void put_metrics(FILE *out, const struct status *status)
{
	fputs("# HELP usertime_user_seconds_total User CPU time of a process.\n"
	      "# TYPE usertime_user_seconds_total counter\n", out);
	for (size_t i = 0; i < status->count; i++) {
		const struct process *process = &status->processes[i];
		char shown[SHOWN_SIZE];

		fprintf(out, "usertime_user_seconds_total{pid=\"%d\",comm=",
			process->pid);
		put_quoted(out, printable(process->comm, shown,
					  sizeof(shown)), "\"\\", '\\');
		fputs("} ", out);
		put_seconds(out, process->time);
		fputs("\n", out);
	}
	fprintf(out,
		"# HELP usertime_registered_processes Processes registered.\n"
		"# TYPE usertime_registered_processes gauge\n"
		"usertime_registered_processes %zu\n", status->count);
}

/* Puts a new file in the place of @path, which is whole at every moment. */
static void replace_file(const char *path, const struct status *status)
{
	char temporary[PATH_MAX];
	mode_t mask = umask(0);
	FILE *out = NULL;
	int fd;

	umask(mask);
	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (out)
		put_metrics(out, status);
	if (!out || ferror(out) || fchmod(fd, 0666 & ~mask) || fclose(out) ||
	    rename(temporary, path)) {
		warn("%s", path);
		unlink(temporary);
		unlink(path);	/* rather none than one that grows old */
		exit(failure);
	}
}

static int urt_export(const struct command *command, int argc, char **argv)
{
	struct status status = { 0 };
	const char *path;
	struct stat file;
	int signals;

	next_option(command, argc, argv);
	want_arguments(command, argc, 1);
	path = argv[optind];
	if (!lstat(path, &file) && !S_ISREG(file.st_mode))
		errx(failure, "%s: not a regular file", path);
	status.fd = status_open(O_RDONLY);
	signals = open_end_signals();
	status_read(&status);
	do {
		replace_file(path, &status);
	} while (next_update(&status, signals));
	unlink(path);
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ }
};

const struct command export_command = {
	"export", "", options, "export FILE",
	"Keep the list in FILE for Prometheus, in the format that the textfile\n"
	"collector of its node_exporter reads. FILE is replaced at every update.\n"
	"Ends when it is interrupted, and then removes FILE.\n",
	urt_export
};
