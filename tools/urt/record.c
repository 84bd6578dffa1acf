// SPDX-License-Identifier: GPL-2.0
/*
 * urt record: writes the list as CSV at every update
 *
 * If the output is not a regular file, it is written in pieces of at most
 * PIPE_BUF bytes, each with whole rows, and only when poll(2) reports that
 * there is room. So urt never blocks in write(2), and can be interrupted even
 * if nobody reads the output.
 *
 * If nothing has changed, the rows of the last update are written again with
 * the new time, because this is much faster than formatting them.
 */
#define _FILE_OFFSET_BITS 64	/* for large files on 32-bit machines */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "urt.h"

#define HEADER		"time,pid,microseconds,command\n"

static const char *path;	/* NULL: standard output */
static int out = STDOUT_FILENO, signals;
static bool regular;		/* the output is a regular file */
static bool hung_up;		/* the file must be opened again */
static char *rows;		/* of the last update */
static size_t rows_length;

/*
 * Opens the file. If it is a FIFO without a reader, waits for one, or fails if
 * @again.
 */
static void open_file(bool again)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
		      (again ? O_NONBLOCK : 0), 0666);

	if (fd < 0)
		err(failure, "%s", path);
	if (again)
		close(out);
	out = fd;
}

/* Reads a signal. Returns whether it ends urt. */
static bool read_end_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP || !path)
		return true;
	hung_up = true;
	return false;
}

/*
 * Waits for a signal, for @events of the output, and for news of the list
 * unless @status is -1. Returns the bits SIGNAL, OUTPUT and NEWS. OUTPUT is
 * also set if the output no longer has a reader.
 */
static int wait_for_output(int status, short events)
{
	struct pollfd fds[] = {
		{ .fd = status, .events = POLLPRI },
		{ .fd = signals, .events = POLLIN },
		{ .fd = out, .events = events },
	};

	return wait_on(fds, 3, -1);
}

/*
 * Removes an incomplete last row from the file. Only the bytes from @begin to
 * @end were written, for example because the disk is full.
 */
static void remove_partial_row(const char *begin, const char *end)
{
	const char *row = end;
	struct stat file;

	while (row > begin && row[-1] != '\n')
		row--;
	if (regular && row < end && !fstat(out, &file) &&
	    ftruncate(out, file.st_size - (end - row)))
		warn("%s", path ?: "standard output");
}

/* Writes whole rows. Returns false if a signal ends the wait for the reader. */
static bool put(const char *text, size_t length)
{
	const char *begin = text;

	while (length) {
		size_t piece = length;
		ssize_t done;

		if (!(wait_for_output(-1, POLLOUT) & OUTPUT)) {
			if (read_end_signal())
				return false;
			continue;
		}
		if (piece > PIPE_BUF && !regular)
			piece = (char *)memrchr(text, '\n', PIPE_BUF) + 1 - text;
		done = write(out, text, piece);
		if (done < 0 && errno != EAGAIN) {
			int error = errno;

			remove_partial_row(begin, text);
			errno = error;
			err(failure, "%s", path ?: "standard output");
		}
		if (done > 0) {
			text += done;
			length -= done;
		}
	}
	return true;
}

/* Formats a row for each process. RFC 4180 specifies the quotes. */
static void format_rows(const struct status *status, const char *time)
{
	FILE *text;

	free(rows);
	text = open_memstream(&rows, &rows_length);
	if (!text)
		err(failure, "memory");
	for (size_t i = 0; i < status->count; i++) {
		const struct process *process = &status->processes[i];
		char shown[SHOWN_SIZE];

		printable(process->comm, shown, sizeof(shown));
		fprintf(text, "%s%d,%llu,", time, process->pid, process->time);
		if (strpbrk(shown, ",\""))
			put_quoted(text, shown, "\"", '"');
		else
			fputs(shown, text);
		fputs("\n", text);
	}
	if (fclose(text))
		err(failure, "memory");
}

/* Writes a row for each process. Returns false if a signal ends this. */
static bool put_rows(const struct status *status, bool changed)
{
	static char time[32];
	size_t width = strlen(time);
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	snprintf(time, sizeof(time), "%lld.%03ld,", (long long)at.tv_sec,
		 at.tv_nsec / 1000000);
	if (changed || strlen(time) != width) {
		format_rows(status, time);
	} else {
		char *row = rows, *end = rows + rows_length;

		for (; row < end; row = strchr(row, '\n') + 1)
			memcpy(row, time, width);
	}
	return put(rows, rows_length);
}

/*
 * Writes the header if necessary. A regular file needs one whenever it is
 * empty, since it may be truncated at any time. Other outputs need one if they
 * were just @opened. Returns false if a signal ends this.
 */
static bool write_header(bool opened)
{
	struct stat file;

	if (fstat(out, &file))
		err(failure, "%s", path ?: "standard output");
	regular = S_ISREG(file.st_mode);
	if (regular && (path || !opened))
		opened = !file.st_size;
	if (!opened)
		return true;
	return put(HEADER, strlen(HEADER));
}

/*
 * Waits for news of the list. Returns false if a signal ends urt. If the output
 * no longer has a reader, ends urt as write(2) would.
 */
static bool wait_for_news(int status)
{
	for (;;) {
		int ready;

		if (hung_up) {
			hung_up = false;
			open_file(true);
			if (!write_header(true))
				return false;
		}
		ready = wait_for_output(status, 0);
		if (ready & OUTPUT) {
			raise(SIGPIPE);
			errno = EPIPE;
			err(failure, "%s", path ?: "standard output");
		}
		if (!(ready & SIGNAL))
			return true;
		if (read_end_signal())
			return false;
	}
}

static int urt_record(const struct command *command, int argc, char **argv)
{
	struct status status = { 0 };
	int option, updates = 0;	/* 0: no limit */
	bool changed = true;		/* since the last rows */

	while ((option = next_option(command, argc, argv)) != -1) {
		if (option == 'o') {
			path = optarg;
			continue;
		}
		updates = parse_pid(optarg);
		if (!updates) {
			warnx("not a number of updates: %s", optarg);
			bad_usage(command);
		}
	}
	require_arguments(command, argc, 0);
	status.fd = status_open(O_RDONLY);
	if (path)
		open_file(false);
	signals = open_end_signals(0);
	if (!write_header(true))
		return EXIT_SUCCESS;
	do {
		status_read(&status);
		changed |= status.changed;
		if (!status.update)
			continue;
		if (!write_header(false) || !put_rows(&status, changed) || updates == 1)
			break;
		updates -= updates > 0;
		changed = false;
	} while (wait_for_news(status.fd));
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "count", required_argument, NULL, 'c' },
	{ "output", required_argument, NULL, 'o' },
	{ }
};

const struct command record_command = {
	"record", "c:o:", options, "record [-c N] [-o FILE]",
	"Write the list as CSV, with a row for each process at every update, until\n"
	"interrupted. The columns are time,pid,microseconds,command.\n"
	"\n"
	"  -c, --count=N       end after N updates\n"
	"  -o, --output=FILE   append to FILE, and open it again after SIGHUP\n",
	urt_record
};
