// SPDX-License-Identifier: GPL-2.0
/*
 * The user CPU time of the processes that are registered, for people
 *
 * urt shows and hands on what /proc/urt/status lists: see urt(1). All that it
 * does with the list is one loop: wait for news of it with poll(2), read it,
 * compare it with what it was before, and tell. Signals and keys come by the
 * same poll(2), by way of signalfd(2), so that nothing is ever cut in half.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "usertime.h"

/* A kernel thread's, the longest, of which each byte is shown as "\x1b". */
#define NAME_SIZE	(64 * 4 + 1)

/*
 * A process is known by its PID and by when it started: the number may be used
 * again while the line of the one that had it still stands.
 */
struct process {
	pid_t pid;
	unsigned long long time;	/* in microseconds, as listed */
	unsigned long long growth;	/* of the time, since the list before */
	double since;			/* when it was so much; NAN: unknown */
	double share;			/* of a processor; NAN: unknown */
	unsigned long long start;	/* as /proc/PID/stat has it; 0: unknown */
	bool gone;			/* no longer in /proc, its number may be */
	bool stays;			/* in the list that came after */
	char name[NAME_SIZE];		/* the last known, in printable UTF-8 */
};

struct list {
	int fd;				/* of URT_STATUS_PATH */
	char *text;
	size_t size;			/* allocated for text */
	struct process *processes;	/* in order of registration */
	size_t count;
	double at;			/* when it was read */
	bool update;			/* an update was the news, see below */
};

/* The exit status when urt itself fails. */
static int failure = EXIT_FAILURE;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * A process, as /proc has it
 */

/* How many bytes the printable character at @text has; 0 if there is none. */
static int character(const char *text)
{
	static const unsigned int least[] = { 0, ' ', 0xa0, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	unsigned int code, length;

	if (byte[0] < 0x7f)
		return byte[0] >= ' ';
	if (byte[0] < 0xc0 || byte[0] >= 0xf8)
		return 0;
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	code = byte[0] & 0x7f >> length;
	for (unsigned int i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

/* A name may have any byte: what cannot be printed is shown as "\x1b". */
static void make_printable(char *name, const char *raw)
{
	while (*raw) {
		int length = character(raw);

		if (length) {
			memcpy(name, raw, length);
			name += length;
			raw += length;
		} else {
			name += sprintf(name, "\\x%02x", (unsigned char)*raw++);
		}
	}
	*name = '\0';
}

/*
 * What /proc/PID/stat says of a process: its name as it is, @raw, of at most
 * NAME_SIZE / 4 bytes, and its field 22. Return: false if there is none.
 */
static bool look_up(pid_t pid, char *raw, unsigned long long *start)
{
	char path[32], text[1024], *name, *end;
	ssize_t length = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (length <= 0)
		return false;
	text[length] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end)
		return false;
	*end = '\0';
	snprintf(raw, NAME_SIZE / 4, "%s", name + 1);
	for (int field = 2; end && field < 22; field++)
		end = strchr(end + 1, ' ');
	if (!end)
		return false;
	*start = strtoull(end, NULL, 10);
	return true;
}

/*
 * Finds out who has @process's line: the one that had @old, or another. Where
 * the number is another's already, the line is still the old one's as long as
 * its time has not stepped back, nor changed since that was seen.
 *
 * Return: whether it is the old one; NULL never is.
 */
static bool identify(struct process *process, const struct process *old)
{
	unsigned long long start = 0;
	char raw[NAME_SIZE / 4] = "";
	bool found, same;

	found = look_up(process->pid, raw, &start);
	same = old && found && start == old->start;
	process->gone = !found;
	if (!same && old && process->time >= old->time &&
	    (!found || !old->gone || process->time == old->time)) {
		same = true;
		process->gone = true;
		process->start = old->start;
		strcpy(process->name, old->name);
	} else {
		process->start = start;
		make_printable(process->name, raw);
	}
	return same;
}

/*
 * The list
 */

static int open_status(int flags)
{
	int fd = open(URT_STATUS_PATH, flags | O_CLOEXEC), error = errno;

	if (fd >= 0)
		return fd;
	warn("%s", URT_STATUS_PATH);
	if (error == ENOENT || error == ENODEV)
		warnx("is the module loaded? sudo modprobe usertime");
	else if (error == EACCES)
		warnx("the module's parameters mode and gid say who may");
	exit(failure);
}

/* Takes a snapshot. Return: how many lines it has. */
static size_t read_text(struct list *list)
{
	size_t length = 0, lines = 0;
	ssize_t got;

	do {
		if (length + 1 >= list->size) {
			list->size = 2 * list->size + 4096;
			list->text = realloc(list->text, list->size);
			if (!list->text)
				err(failure, "memory");
		}
		got = pread(list->fd, list->text + length,
			    list->size - 1 - length, length);
		if (got < 0)
			err(failure, "%s", URT_STATUS_PATH);
		length += got;
	} while (got);
	list->text[length] = '\0';
	for (char *at = list->text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

/* Reads the line at @text into @process. Return: where the next one begins. */
static char *parse_line(char *text, struct process *process)
{
	char *at;

	process->pid = strtol(text, &at, 10);
	if (at > text && at[0] == ':' && at[1] == ' ') {
		process->time = strtoull(at + 2, &at, 10);
		if (*at == '\n')
			return at + 1;
	}
	errx(failure, "%s: not a line: %.40s", URT_STATUS_PATH, text);
}

/*
 * The line of the process @pid in @list, at @from or after: lines come at the
 * end, and those that stay keep their order. NULL if there is none.
 */
static struct process *find(const struct list *list, size_t from, pid_t pid)
{
	for (size_t i = from; i < list->count; i++) {
		if (list->processes[i].pid == pid)
			return &list->processes[i];
	}
	return NULL;
}

/*
 * The share of each process since the update before, or since it registered.
 * It is not known of those whose first update this is without that instant.
 */
static void set_shares(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct process *process = &list->processes[i];

		process->share = process->growth /
				 (list->at - process->since) / URT_UNIT_PER_SEC;
		process->since = list->at;
	}
}

/*
 * Reads the list anew. Registrations are news as updates are, and nothing says
 * which it was. But only an update changes a time, or removes the line of a
 * process that is gone; or else leaves all lines as they were.
 */
static void read_list(struct list *list)
{
	struct list before = *list;
	bool changed = false;
	size_t from = 0;

	list->at = now();
	list->processes = calloc(read_text(list) + 1, sizeof(struct process));
	if (!list->processes)
		err(failure, "memory");
	list->count = 0;
	list->update = false;
	for (char *text = list->text; *text; list->count++) {
		struct process *process = &list->processes[list->count], *old;

		text = parse_line(text, process);
		old = find(&before, from, process->pid);
		if (old)
			from = old - before.processes + 1;
		if (identify(process, old)) {
			process->growth = process->time - old->time;
			process->share = old->share;
			process->since = old->since;
			old->stays = true;
		} else {
			process->share = NAN;
			process->since = before.processes ? list->at : NAN;
			changed = true;
		}
		if (process->growth)
			list->update = true;
	}
	for (size_t i = 0; i < before.count; i++) {
		if (before.processes[i].stays)
			continue;
		changed = true;
		if (before.processes[i].gone)
			list->update = true;
	}
	if (before.processes && !changed)
		list->update = true;
	if (list->update)
		set_shares(list);
	free(before.processes);
}

/*
 * Waiting
 */

enum { NEWS = 1, SIGNAL = 2, KEY = 4 };

/*
 * Waits for news of the list, for a signal and for a key; -1 for what is not
 * waited for. Return: which of them came.
 */
static int wait_for(int status, int signals, int keys)
{
	struct pollfd fds[] = {
		{ .fd = status, .events = POLLPRI },
		{ .fd = signals, .events = POLLIN },
		{ .fd = keys, .events = POLLIN },
	};
	int came = 0;

	while (poll(fds, 3, -1) < 0) {
		if (errno != EINTR)
			err(failure, "poll");
	}
	for (int i = 0; i < 3; i++) {
		if (fds[i].revents)
			came |= 1 << i;
	}
	return came;
}

/* Has the signals @set come by a file. Return: that; @mask: what was blocked. */
static int open_signals(const sigset_t *set, sigset_t *mask)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		err(failure, "signalfd");
	sigprocmask(SIG_BLOCK, set, mask);
	return fd;
}

/* As open_signals(), of those that ask a program to end, for one that does. */
static int open_end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return open_signals(&set, NULL);
}

/* Waits for the next update. Return: false if a signal came from @signals. */
static bool next_update(struct list *list, int signals)
{
	do {
		if (wait_for(list->fd, signals, -1) & SIGNAL)
			return false;
		read_list(list);
	} while (!list->update && list->count);
	return true;
}

/*
 * The command line
 */

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "name", required_argument, NULL, 'n' },
	{ "now", no_argument, NULL, '0' },
	{ "output", required_argument, NULL, 'o' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 's' },
	{ "version", no_argument, NULL, 'V' },
};

struct command {
	const char *name;
	const char *options;	/* as getopt(3) takes them, of long_options */
	const char *usage;
	int (*run)(const struct command *command, int argc, char **argv);
	const char *help;
};

static void __attribute__((noreturn)) bad_usage(const struct command *command)
{
	fprintf(stderr, "Try 'urt%s%s --help' for more information.\n",
		*command->name ? " " : "", command->name);
	exit(failure);
}

/* The next option, -1 after the last; answers --help and what is no option. */
static int next_option(const struct command *command, int argc, char **argv)
{
	struct option options[sizeof(long_options) / sizeof(*long_options) + 1];
	size_t count = 0;
	int option;

	for (size_t i = 0; i < sizeof(long_options) / sizeof(*options); i++) {
		if (long_options[i].val == 'h' ||
		    strchr(command->options, long_options[i].val))
			options[count++] = long_options[i];
	}
	memset(&options[count], 0, sizeof(*options));
	option = getopt_long(argc, argv, command->options, options, NULL);
	if (option == '?')
		bad_usage(command);
	if (option != 'h')
		return option;
	printf("Usage: urt %s\n%s", command->usage, command->help);
	exit(fflush(stdout) ? failure : EXIT_SUCCESS);
}

/* No more than so many arguments are left, and no less. */
static void want_arguments(const struct command *command, int argc, int want)
{
	if (argc - optind == want)
		return;
	if (argc - optind < want)
		warnx("an argument is missing");
	else
		warnx("too many arguments");
	bad_usage(command);
}

/*
 * record and export
 */

/* A name in quotes that have @quote in front of each of @special in it. */
static void put_quoted(FILE *out, const char *name, const char *special,
		       char quote)
{
	putc('"', out);
	for (; *name; name++) {
		if (strchr(special, *name))
			putc(quote, out);
		putc(*name, out);
	}
	putc('"', out);
}

static void put_seconds(FILE *out, unsigned long long time)
{
	fprintf(out, "%llu.%06llu", time / URT_UNIT_PER_SEC,
		time % URT_UNIT_PER_SEC);
}

/* A row for each process, with the time of day; see RFC 4180 for the quotes. */
static void put_rows(FILE *out, const struct list *list)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	for (size_t i = 0; i < list->count; i++) {
		const struct process *process = &list->processes[i];

		fprintf(out, "%lld.%03ld,%d,%llu,", (long long)time.tv_sec,
			time.tv_nsec / 1000000, process->pid, process->time);
		if (strpbrk(process->name, ",\""))
			put_quoted(out, process->name, "\"", '"');
		else
			fputs(process->name, out);
		fputs("\n", out);
	}
}

static int urt_record(const struct command *command, int argc, char **argv)
{
	struct list list = { 0 };
	const char *path = NULL;
	FILE *out = stdout;
	int signals;

	while (next_option(command, argc, argv) != -1)
		path = optarg;
	want_arguments(command, argc, 0);
	list.fd = open_status(O_RDONLY);
	if (path)
		out = fopen(path, "we");
	if (!out)
		err(failure, "%s", path);
	signals = open_end_signals();
	fputs("time,pid,microseconds,command\n", out);
	read_list(&list);
	do {
		if (list.update)
			put_rows(out, &list);
		if (fflush(out))
			err(failure, "%s", path ?: "standard output");
	} while (next_update(&list, signals));
	return EXIT_SUCCESS;
}

/* What Prometheus reads: see its text-based format. */
static void put_metrics(FILE *out, const struct list *list)
{
	fputs("# HELP usertime_user_seconds_total "
	      "User CPU time of a registered process.\n"
	      "# TYPE usertime_user_seconds_total counter\n", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct process *process = &list->processes[i];

		fprintf(out, "usertime_user_seconds_total{pid=\"%d\",comm=",
			process->pid);
		put_quoted(out, process->name, "\"\\", '\\');
		fputs("} ", out);
		put_seconds(out, process->time);
		fputs("\n", out);
	}
	fprintf(out, "# HELP usertime_registered_processes "
		"Processes that are registered.\n"
		"# TYPE usertime_registered_processes gauge\n"
		"usertime_registered_processes %zu\n", list->count);
}

/* Puts a new file in the place of @path, which is whole at every moment. */
static void replace_file(const char *path, const struct list *list)
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
	if (!out)
		err(failure, "%s", temporary);
	put_metrics(out, list);
	if (ferror(out) || fchmod(fd, 0666 & ~mask) || fclose(out) ||
	    rename(temporary, path)) {
		warn("%s", path);
		unlink(temporary);
		exit(failure);
	}
}

static int urt_export(const struct command *command, int argc, char **argv)
{
	struct list list = { 0 };
	const char *path;
	int signals;

	next_option(command, argc, argv);
	want_arguments(command, argc, 1);
	path = argv[optind];
	list.fd = open_status(O_RDONLY);
	signals = open_end_signals();
	read_list(&list);
	do {
		replace_file(path, &list);
	} while (next_update(&list, signals));
	unlink(path);
	return EXIT_SUCCESS;
}

/*
 * The whole
 */

static const struct command commands[] = {
	{ "record", "o:", "record [-o FILE]", urt_record,
	  "Write the list as CSV, with a row for each process at every update:\n"
	  "time,pid,microseconds,command. Goes on until it is interrupted.\n"
	  "\n"
	  "  -o, --output=FILE   write to FILE, not to standard output\n" },
	{ "export", "", "export FILE", urt_export,
	  "Keep FILE what Prometheus's node_exporter reads by its textfile\n"
	  "collector: it is replaced at every update. Goes on until it is\n"
	  "interrupted, and then removes FILE.\n" },
};

static const struct command urt = {
	"", "+V", "SUBCOMMAND [ARGUMENT...]", NULL,
	"The user CPU time of processes, as the kernel module usertime counts it.\n"
	"\n"
};

int main(int argc, char **argv)
{
	if (next_option(&urt, argc, argv) == 'V') {
		printf("urt (usertime) %s\n", URT_VERSION);
		return fflush(stdout) ? failure : EXIT_SUCCESS;
	}
	if (optind == argc) {
		warnx("a subcommand is missing");
		bad_usage(&urt);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *command = &commands[i];
		int first = optind;

		if (strcmp(argv[first], command->name))
			continue;
		argv[first] = argv[0];	/* getopt(3) says whose option it is */
		optind = 0;
		return command->run(command, argc - first, argv + first);
	}
	warnx("no such subcommand: %s", argv[optind]);
	bad_usage(&urt);
}
