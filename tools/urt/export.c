// SPDX-License-Identifier: GPL-2.0
/*
 * urt export: keeps the list in a file for Prometheus
 *
 * The file is removed before the list is read and when urt exits, so it never
 * contains outdated values. It is only written when its contents change, since
 * writing a long list at every update takes gigabytes a day. Otherwise its time
 * stamp is set, to show that the export is running.
 */
#define _FILE_OFFSET_BITS 64	/* for large inode numbers on 32-bit machines */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "urt.h"

/* The time stamp is set at least this often, even if the period is longer. */
#define STAMP_MS	60000

static const char *path;
static char temporary[PATH_MAX];	/* the new file while it is written */
static struct stat written;		/* of the file, when last written */
static bool only_commands;
static long max_processes;

static void put_processes(FILE *out, const struct status *status)
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
}

/* Writes the text-based format of Prometheus. */
static void put_metrics(FILE *out, const struct status *status)
{
	if (!only_commands)
		put_processes(out, status);
	put_totals(out, status);
	fprintf(out,
		"# HELP usertime_registered_processes Number of registered processes.\n"
		"# TYPE usertime_registered_processes gauge\n"
		"usertime_registered_processes %zu\n"
		"# HELP usertime_max_processes Maximum number of registered processes.\n"
		"# TYPE usertime_max_processes gauge\n"
		"usertime_max_processes %ld\n", status->count, max_processes);
}

/* Replaces the file atomically. */
static void replace_file(const struct status *status)
{
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
	if (!out || ferror(out) || fchmod(fd, 0666 & ~mask) ||
	    fstat(fd, &written) || fclose(out) || rename(temporary, path))
		err(failure, "%s", path);
	*temporary = '\0';
}

/* Whether the file exists, and is the one that urt wrote last. */
static bool is_ours(void)
{
	struct stat file;

	return !lstat(path, &file) && file.st_dev == written.st_dev &&
	       file.st_ino == written.st_ino;
}

/* Updates the file. @changed: the list has changed since the last write. */
static void update_file(const struct status *status, bool changed)
{
	long limit = parameter("max_processes");

	if (limit != max_processes || !is_ours())
		changed = true;
	max_processes = limit;
	if (changed)
		replace_file(status);
	else if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW))
		err(failure, "%s", path);
}

/* Called by exit(3), so no file is left after an error. */
static void remove_files(void)
{
	if (*temporary)
		unlink(temporary);
	unlink(path);
}

static void remove_old_file(void)
{
	struct stat file;

	if (!lstat(path, &file) && !S_ISREG(file.st_mode))
		errx(failure, "%s: not a regular file", path);
	if (unlink(path) && errno != ENOENT)
		err(failure, "%s", path);
	atexit(remove_files);
}

/*
 * Returns how long to wait for an update before the time stamp is set without
 * one, in ms. This is one period for an empty list, which has no updates.
 */
static int stamp_ms(const struct status *status)
{
	long period = status->count ? STAMP_MS : parameter("period_ms");

	return period < STAMP_MS ? period : STAMP_MS;
}

static int urt_export(const struct command *command, int argc, char **argv)
{
	bool changed = true;		/* since the last write */
	bool due = true;		/* updated since the last write */
	struct status status = { 0 };
	double next = 0;		/* earliest time of the next write */
	int signals, ready = NEWS;

	while (next_option(command, argc, argv) != -1)
		only_commands = true;
	require_arguments(command, argc, 1);
	path = argv[optind];
	remove_old_file();
	status.fd = status_open(O_RDONLY);
	signals = open_end_signals(0);
	while (!(ready & SIGNAL)) {
		int timeout;

		if (ready & NEWS) {
			status_read(&status);
			add_to_totals(&status);
			changed |= status.changed;
			due |= status.update || !status.count ||
			       now() >= next + STAMP_MS / 1000;
		} else {
			due = true;
		}
		if (due && now() >= next) {
			next = now() + 1;
			update_file(&status, changed);
			changed = false;
			due = false;
		}
		timeout = due ? 1000 * (next - now()) + 1 : stamp_ms(&status);
		ready = wait_for(status.fd, signals, -1,
				 timeout > 0 ? timeout : 0);
	}
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "only-commands", no_argument, NULL, 'c' },
	{ }
};

const struct command export_command = {
	"export", "", options, "export [--only-commands] FILE",
	"Keep the list in FILE for Prometheus, in the format of the textfile collector\n"
	"of its node_exporter, until interrupted. FILE is replaced at an update if\n"
	"anything has changed, at most once a second. Otherwise only its time stamp is\n"
	"set. At the end, FILE is removed.\n"
	"\n"
	"      --only-commands   leave out the series of single processes\n",
	urt_export
};
