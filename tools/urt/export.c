// SPDX-License-Identifier: GPL-2.0
/*
 * urt export: the list in a file for Prometheus
 *
 * The file never has old figures: it is removed before the list is read, and
 * whenever urt exits. As long as nothing in it changes, it is not written again,
 * because that may be a gigabyte a day. Only its time stamp is set, which tells
 * users that the export is alive.
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

/* The time stamp is set at least this often, however long the period is. */
#define STAMP_MS	60000

static const char *path;
static char temporary[PATH_MAX];	/* the next file while it is written */
static struct stat written;		/* of the file, as written last */
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

/* What Prometheus reads: see its text-based format. */
static void put_metrics(FILE *out, const struct status *status)
{
	if (!only_commands)
		put_processes(out, status);
	put_totals(out, status);
	fprintf(out,
		"# HELP usertime_registered_processes Processes registered.\n"
		"# TYPE usertime_registered_processes gauge\n"
		"usertime_registered_processes %zu\n"
		"# HELP usertime_max_processes The limit of the processes registered.\n"
		"# TYPE usertime_max_processes gauge\n"
		"usertime_max_processes %ld\n", status->count, max_processes);
}

/* Puts a new file in the place of the old one, which is whole until then. */
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

/* Whether the file is there, and is the one that was written last. */
static bool is_ours(void)
{
	struct stat file;

	return !lstat(path, &file) && file.st_dev == written.st_dev &&
	       file.st_ino == written.st_ino;
}

/* Brings the file up to date. @changed: the list is not what it was then. */
static void keep_file(const struct status *status, bool changed)
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

/* Called by exit(3), so that no failure leaves a file behind. */
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
 * How long to wait, in ms, if no update comes. None comes while the list is
 * empty, but the time stamp is set as if they did.
 */
static int quiet_ms(const struct status *status)
{
	long period = status->count ? STAMP_MS : parameter("period_ms");

	return period < STAMP_MS ? period : STAMP_MS;
}

static int urt_export(const struct command *command, int argc, char **argv)
{
	bool changed = true;		/* since the file was written */
	bool due = true;		/* an update has come since then */
	struct status status = { 0 };
	double next = 0;		/* no earlier write than then */
	int signals, came = NEWS;

	while (next_option(command, argc, argv) != -1)
		only_commands = true;
	want_arguments(command, argc, 1);
	path = argv[optind];
	remove_old_file();
	status.fd = status_open(O_RDONLY);
	signals = open_end_signals(0);
	while (!(came & SIGNAL)) {
		int timeout;

		if (came & NEWS) {
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
			keep_file(&status, changed);
			changed = false;
			due = false;
		}
		timeout = due ? 1000 * (next - now()) + 1 : quiet_ms(&status);
		came = wait_for(status.fd, signals, -1,
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
	"Keep the list in FILE for Prometheus, in the format that the textfile\n"
	"collector of its node_exporter reads. FILE is replaced after an update if\n"
	"anything has changed, at most once a second; otherwise its time stamp is\n"
	"set. Ends when it is interrupted, and then removes FILE.\n"
	"\n"
	"      --only-commands   only the series by command name, none by PID\n",
	urt_export
};
