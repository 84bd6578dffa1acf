// SPDX-License-Identifier: GPL-2.0
/*
 * urt record: the list as CSV, at every update
 *
 * What may have a reader gets the rows in pieces of at most PIPE_BUF bytes, each
 * of whole rows, and only when poll(2) says that there is room. So urt never
 * waits in write(2), and can be ended while the output is stuck.
 *
 * If nothing has changed, the rows of the last update are written again with the
 * new time, which costs a small part of making them.
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
static bool hung_up;		/* the file is to be opened again */
static char *rows;		/* of the last update */
static size_t rows_length;

/*
 * Opens the file. The first time, this waits for the reader of a FIFO; @again, it
 * fails if there is none.
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

/* Reads one of the signals. Return: whether it asks urt to end. */
static bool is_end(void)
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
 * Waits for a signal, for @events of the output, and for news of the list if
 * @status is its file. Return: which of them came. The output also comes when
 * its reader is gone.
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
 * Writing failed, perhaps because the disk is full, after the bytes from @begin
 * to @end: takes back the row of which they have a part.
 */
static void take_back(const char *begin, const char *end)
{
	const char *row = end;
	struct stat file;

	while (row > begin && row[-1] != '\n')
		row--;
	if (regular && row < end && !fstat(out, &file) &&
	    ftruncate(out, file.st_size - (end - row)))
		warn("%s", path ?: "standard output");
}

/* Writes whole rows. Return: false if a signal ended the wait for the reader. */
static bool put(const char *text, size_t length)
{
	const char *begin = text;

	while (length) {
		size_t piece = length;
		ssize_t done;

		if (!(wait_for_output(-1, POLLOUT) & OUTPUT)) {
			if (is_end())
				return false;
			continue;
		}
		if (piece > PIPE_BUF && !regular)
			piece = (char *)memrchr(text, '\n', PIPE_BUF) + 1 - text;
		done = write(out, text, piece);
		if (done < 0 && errno != EAGAIN) {
			int error = errno;

			take_back(begin, text);
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

/* Makes a row for each process; see RFC 4180 for the quotes. */
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

/* Writes a row for each process. Return: false if a signal ended this. */
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
 * Writes the header: to most outputs when they are opened, which @opened says,
 * but to a regular file whenever it is empty, since it may be truncated at any
 * time. Return: false if a signal ended this.
 */
static bool head(bool opened)
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
 * Waits for news of the list. Return: false if a signal came that asks urt to
 * end. If the reader of the output is gone, urt ends as in write(2).
 */
static bool wait_for_news(int status)
{
	for (;;) {
		int came;

		if (hung_up) {
			hung_up = false;
			open_file(true);
			if (!head(true))
				return false;
		}
		came = wait_for_output(status, 0);
		if (came & OUTPUT) {
			raise(SIGPIPE);
			errno = EPIPE;
			err(failure, "%s", path ?: "standard output");
		}
		if (!(came & SIGNAL))
			return true;
		if (is_end())
			return false;
	}
}

static int urt_record(const struct command *command, int argc, char **argv)
{
	struct status status = { 0 };
	int option, updates = 0;	/* 0: without end */
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
	want_arguments(command, argc, 0);
	status.fd = status_open(O_RDONLY);
	if (path)
		open_file(false);
	signals = open_end_signals(0);
	if (!head(true))
		return EXIT_SUCCESS;
	do {
		status_read(&status);
		changed |= status.changed;
		if (!status.update)
			continue;
		if (!head(false) || !put_rows(&status, changed) || updates == 1)
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
	"Write the list as CSV, with a row for each process at every update:\n"
	"time,pid,microseconds,command. Ends when it is interrupted.\n"
	"\n"
	"  -c, --count=N       end after N updates\n"
	"  -o, --output=FILE   append to FILE, and open it again after SIGHUP\n",
	urt_record
};
