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
	double updated;			/* when an update was the news last */
	bool update;			/* it is now, see below */
};

/* The exit status when urt itself fails: 125 where others are a command's. */
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

/* The time from one update to the next, in seconds; 0 if it is not known. */
static double period(void)
{
	FILE *file = fopen("/sys/module/usertime/parameters/period_ms", "re");
	double ms = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lf", &ms) != 1)
		ms = 0;
	fclose(file);
	return ms / 1000;
}

/*
 * Reads the list anew. Registrations are news as updates are, and nothing says
 * which it was. But only an update changes a time, or removes the line of a
 * process that is gone. If all lines are as they were, it was an update, or a
 * registration that had been read or undone before it was announced: then the
 * last update is less than a period ago.
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
			if (process->time > old->time)
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
	if (before.processes && !changed &&
	    list->at - list->updated >= 0.75 * period())
		list->update = true;
	if (list->update)
		set_shares(list);
	if (list->update || !before.processes)
		list->updated = list->at;
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

/*
 * As open_signals(), of those that ask a program to end, for one that does.
 * Under nohup(1), SIGHUP is ignored: it would come by the file nevertheless.
 */
static int open_end_signals(void)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return open_signals(&set, NULL);
}

/* Does what the signal @number does where it is not blocked, as it is here. */
static void take_default(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
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

static void bad_usage(const struct command *command)
{
	fprintf(stderr, "Try 'urt%s%s --help' for more information.\n",
		*command->name ? " " : "", command->name);
	exit(failure);
}

/* The exit status of who has said all on standard output. */
static int finish(void)
{
	bool failed = ferror(stdout);	/* before the last of it */

	if (!fclose(stdout) && !failed)
		return EXIT_SUCCESS;
	warn("standard output");
	return failure;
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
	exit(finish());
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
 * add and del
 */

/* Registers the process @id, or unregisters -@id. */
static bool write_id(int fd, int id)
{
	return dprintf(fd, "%d", id) > 0;
}

static void warn_of_id(int id)
{
	warn("cannot %s %d", id > 0 ? "register" : "unregister", abs(id));
}

/* The process ID in @text; 0 if it is none. */
static pid_t parse_pid(const char *text)
{
	unsigned long long pid = strtoull(text, NULL, 10);

	if (text[strspn(text, "0123456789")] || pid > INT_MAX)
		return 0;
	return pid;
}

/*
 * Registers (@sign 1) or unregisters (-1) all whose command name is @name. Who
 * has ended since, or is not registered, is not counted: ESRCH.
 *
 * Return: whether there was any, and no other error.
 */
static bool write_named(int fd, int sign, const char *name)
{
	bool found = false, failed = false;
	DIR *proc = opendir("/proc");
	unsigned long long start;
	char raw[NAME_SIZE / 4];
	struct dirent *entry;

	if (!proc)
		err(failure, "/proc");
	while ((entry = readdir(proc))) {
		pid_t pid = parse_pid(entry->d_name);

		if (!pid || pid == getpid() || !look_up(pid, raw, &start) ||
		    strcmp(raw, name))
			continue;
		if (write_id(fd, sign * pid)) {
			found = true;
		} else if (errno != ESRCH) {
			warn_of_id(sign * pid);
			failed = true;
		}
	}
	closedir(proc);
	if (!found && !failed)
		warnx("no %s has the name %s",
		      sign > 0 ? "process" : "registered process", name);
	return found && !failed;
}

static int urt_add_or_del(const struct command *command, int argc, char **argv)
{
	int fd, count = 0, sign = strcmp(command->name, "del") ? 1 : -1;
	const char *names[argc];
	bool failed = false;

	while (next_option(command, argc, argv) != -1)
		names[count++] = optarg;
	if (!count && optind == argc)
		want_arguments(command, argc, 1);
	fd = open_status(O_WRONLY);
	for (int i = 0; i < count; i++)
		failed |= !write_named(fd, sign, names[i]);
	for (int i = optind; i < argc; i++) {
		pid_t pid = parse_pid(argv[i]);

		if (!pid)
			warnx("not a process ID: %s", argv[i]);
		else if (!write_id(fd, sign * pid))
			warn_of_id(sign * pid);
		else
			continue;
		failed = true;
	}
	return failed ? failure : EXIT_SUCCESS;
}

/*
 * list
 */

typedef int compare_fn(const void *a, const void *b);

/* How the lines are sorted; as they were registered if @compare is NULL. */
struct order {
	compare_fn *compare;
	bool reverse;
};

/* Microseconds are exact in a double for 285 years. */
static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_pid(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return compare((*one)->pid, (*other)->pid);
}

static int by_time(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return compare((*other)->time, (*one)->time) ?: by_pid(a, b);
}

/* Unknown shares last: they compare as neither more nor less. */
static int by_share(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;
	double share = isnan((*one)->share) ? -1 : (*one)->share;
	double than = isnan((*other)->share) ? -1 : (*other)->share;

	return compare(than, share) ?: by_time(a, b);
}

static int by_name(const void *a, const void *b)
{
	const struct process * const *one = a, * const *other = b;

	return strcmp((*one)->name, (*other)->name) ?: by_pid(a, b);
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

/* Takes the options of list and watch. Return: whether one was --now. */
static bool take_order(const struct command *command, int argc, char **argv,
		       struct order *order)
{
	const size_t count = sizeof(keys) / sizeof(*keys);
	bool at_once = false;
	int option;
	size_t i;

	while ((option = next_option(command, argc, argv)) != -1) {
		if (option == '0')
			at_once = true;
		if (option == 'r')
			order->reverse = true;
		if (option != 's')
			continue;
		for (i = 0; i < count && strcmp(keys[i].name, optarg); i++)
			;
		if (i == count) {
			warnx("cannot sort by %s", optarg);
			bad_usage(command);
		}
		order->compare = keys[i].compare;
	}
	want_arguments(command, argc, 0);
	return at_once;
}

/* The processes in this order; to be freed. */
static const struct process **sort(const struct list *list,
				   const struct order *order)
{
	const struct process **sorted, *process;

	sorted = malloc((list->count + 1) * sizeof(*sorted));
	if (!sorted)
		err(failure, "memory");
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->processes[i];
	if (order->compare)
		qsort(sorted, list->count, sizeof(*sorted), order->compare);
	for (size_t i = 0; order->reverse && i < list->count / 2; i++) {
		process = sorted[i];
		sorted[i] = sorted[list->count - 1 - i];
		sorted[list->count - 1 - i] = process;
	}
	return sorted;
}

/* Colours are for people who want them: see https://no-color.org. */
static bool want_colours(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no || !*no);
}

/* As many characters of @text as there are columns, in @colour, if any. */
static void put_line(const char *text, int columns, const char *colour)
{
	int length = 0;

	while (text[length] && columns-- > 0)
		length += character(text + length) ?: 1;
	printf("%s%.*s%s", colour, length, text, *colour ? "\33[m" : "");
}

static void put_header(int columns, bool colours)
{
	put_line("    PID       USER TIME   SHARE  COMMAND", columns,
		 colours ? "\33[7m" : "");
}

/* The line of a process, green if it uses half a processor. */
static void put_process(const struct process *process, int columns,
			bool colours)
{
	char line[NAME_SIZE + 64], share[32] = "-";

	if (!isnan(process->share))
		snprintf(share, sizeof(share), "%.1f%%", 100 * process->share);
	snprintf(line, sizeof(line), "%7d %8llu.%06llu %7s  %s", process->pid,
		 process->time / URT_UNIT_PER_SEC,
		 process->time % URT_UNIT_PER_SEC, share, process->name);
	put_line(line, columns,
		 colours && process->share >= 0.5 ? "\33[32m" : "");
}

/* A share is known from the second update on. */
static int urt_list(const struct command *command, int argc, char **argv)
{
	const struct process **sorted;
	bool colours = want_colours();
	struct list list = { 0 };
	struct order order = { 0 };
	int updates;

	updates = take_order(command, argc, argv, &order) ? 0 : 2;
	list.fd = open_status(O_RDONLY);
	for (read_list(&list); updates && list.count; updates--)
		next_update(&list, -1);
	sorted = sort(&list, &order);
	put_header(INT_MAX, colours);
	for (size_t i = 0; i < list.count; i++) {
		putchar('\n');
		put_process(sorted[i], INT_MAX, colours);
	}
	putchar('\n');
	return finish();
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
		if (fflush(out) || ferror(out))
			err(failure, "%s", path ?: "standard output");
	} while (next_update(&list, signals));
	return EXIT_SUCCESS;
}

/* What Prometheus reads: see its text-based format. */
static void put_metrics(FILE *out, const struct list *list)
{
	fputs("# HELP usertime_user_seconds_total User CPU time of a process.\n"
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
	fprintf(out,
		"# HELP usertime_registered_processes Processes registered.\n"
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
	if (out)
		put_metrics(out, list);
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
	struct list list = { 0 };
	const char *path;
	struct stat file;
	int signals;

	next_option(command, argc, argv);
	want_arguments(command, argc, 1);
	path = argv[optind];
	if (!lstat(path, &file) && !S_ISREG(file.st_mode))
		errx(failure, "%s: not a regular file", path);
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
 * watch
 */

/* The terminal as it was. */
static struct termios terminal;

/* To the alternate screen, where lines are cut, and no key is shown. */
static void enter_terminal(void)
{
	struct termios mode = terminal;

	mode.c_lflag &= ~(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
	printf("\33[?1049h\33[?25l\33[?7l");
}

static void leave_terminal(void)
{
	printf("\33[?7h\33[?25h\33[?1049l");
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
}

/* Goes to the beginning of line @row, counted from 1, which is then empty. */
static void go_to(int row)
{
	printf("\33[%d;1H\33[K", row);
}

/* What there is in all, for a terminal with room for that. */
static void put_title(const struct list *list, int columns)
{
	double processors = 0;
	char title[128];

	for (size_t i = 0; i < list->count; i++) {
		if (!isnan(list->processes[i].share))
			processors += list->processes[i].share;
	}
	snprintf(title, sizeof(title),
		 "%zu registered, on %.2f processors in user mode. q: quit",
		 list->count, processors);
	put_line(title, columns, "");
}

/* Draws all of the screen: the more lines it has, the more is around the list. */
static void draw(const struct list *list, const struct order *order,
		 bool colours)
{
	const struct process **sorted = sort(list, order);
	struct winsize size = { 0 };
	int rows, columns, row = 1;
	char more[32];
	size_t i = 0;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	rows = size.ws_row ?: 24;
	columns = size.ws_col ?: 80;
	if (rows >= 5) {
		go_to(row++);
		put_title(list, columns);
	}
	if (rows >= 2) {
		go_to(row++);
		put_header(columns, colours);
	}
	for (; i < list->count && row + (i + 1 < list->count) <= rows; i++) {
		go_to(row++);
		put_process(sorted[i], columns, colours);
	}
	if (i < list->count && row <= rows) {
		snprintf(more, sizeof(more), "and %zu more", list->count - i);
		go_to(row++);
		put_line(more, columns, "");
	}
	if (row <= rows)
		printf("\33[%d;1H\33[J", row);
	free(sorted);
	if (fflush(stdout))
		err(failure, "standard output");
}

/* A signal came: the terminal is left as it was before anything else is. */
static void take_signal(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT) {
		leave_terminal();
		take_default(info.ssi_signo);
	}
	if (info.ssi_signo != SIGWINCH)
		enter_terminal();
}

static int urt_watch(const struct command *command, int argc, char **argv)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP,
				      SIGCONT, SIGWINCH };
	struct order order = { .compare = by_share };
	bool colours = want_colours();
	struct list list = { 0 };
	int came = 0, signals;
	char key = '\0';
	sigset_t set;

	take_order(command, argc, argv, &order);
	list.fd = open_status(O_RDONLY);
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &terminal))
		errx(failure, "not a terminal; urt list and urt record need none");
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	signals = open_signals(&set, NULL);
	/* An error is told at the exit, when the terminal is as it was. */
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
	atexit(leave_terminal);
	enter_terminal();
	read_list(&list);
	while (key != 'q') {
		draw(&list, &order, colours);
		came = wait_for(list.fd, signals, STDIN_FILENO);
		if (came & SIGNAL)
			take_signal(signals);
		if (came & KEY && read(STDIN_FILENO, &key, 1) != 1)
			break;
		if (came & NEWS)
			read_list(&list);
	}
	return EXIT_SUCCESS;
}

/*
 * run
 */

/*
 * Starts the command, registered before its first instruction, with @mask.
 * Does not return if that fails: the child has said why, and sends a byte.
 */
static pid_t start(int status, char **argv, const sigset_t *mask)
{
	int report[2], end;
	pid_t pid;
	char byte;

	if (pipe2(report, O_CLOEXEC))
		err(failure, "pipe");
	pid = fork();
	if (pid < 0)
		err(failure, "fork");
	if (!pid) {
		if (write_id(status, getpid())) {
			sigprocmask(SIG_SETMASK, mask, NULL);
			execvp(*argv, argv);
			failure = errno == ENOENT ? 127 : 126;
			warn("%s", *argv);
		} else {
			warn_of_id(getpid());
		}
		dprintf(report[1], "!");
		_exit(failure);
	}
	close(report[1]);
	if (read(report[0], &byte, 1) == 1) {
		waitpid(pid, &end, 0);
		exit(WIFEXITED(end) ? WEXITSTATUS(end) : failure);
	}
	close(report[0]);
	return pid;
}

/*
 * Takes a signal and passes it on to the command, unless it came from there,
 * or from the terminal, which sends it to both. Return: its number, or 0.
 */
static int pass_signal(int signals, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL &&
	    (pid_t)info.ssi_pid != pid)
		kill(pid, info.ssi_signo);
	if (info.ssi_signo == SIGTSTP)
		take_default(SIGTSTP);
	return info.ssi_signo;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
		err(failure, "waitid");
	return info.si_pid == pid;
}

/*
 * Waits for an update, for what the module has found of a process that has
 * ended: until it is reaped its number is no other's, and nothing is added to
 * its time. Return: false if a signal came before that.
 */
static bool final_update(struct list *list, int signals, pid_t pid)
{
	int signal;

	for (;;) {
		if (!find(list, 0, pid))
			return true;
		if (wait_for(list->fd, signals, -1) & SIGNAL) {
			signal = pass_signal(signals, pid);
			if (signal == SIGHUP || signal == SIGINT ||
			    signal == SIGQUIT || signal == SIGTERM)
				return false;
			continue;
		}
		read_list(list);
		if (list->update)
			return true;
	}
}

/* All signals, but those that tell of a fault of our own, or of the terminal. */
static void fill_signals(sigset_t *set)
{
	static const int not[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV,
				   SIGSYS, SIGTRAP, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(not) / sizeof(*not); i++)
		sigdelset(set, not[i]);
}

static int urt_run(const struct command *command, int argc, char **argv)
{
	const struct process *process;
	bool at_once = false, final;
	struct list list = { 0 };
	sigset_t set, mask;
	struct rusage usage;
	int signals, end;
	pid_t pid;

	while (next_option(command, argc, argv) != -1)
		at_once = true;
	if (optind == argc)
		want_arguments(command, argc, 1);
	list.fd = open_status(O_RDWR);
	signal(SIGCHLD, SIG_DFL);	/* ignored, children are reaped at once */
	fill_signals(&set);
	signals = open_signals(&set, &mask);
	pid = start(list.fd, argv + optind, &mask);
	while (!has_ended(pid)) {
		wait_for(-1, signals, -1);
		pass_signal(signals, pid);
	}
	read_list(&list);
	final = !at_once && final_update(&list, signals, pid);
	process = find(&list, 0, pid);
	if (wait4(pid, &end, 0, &usage) != pid)
		err(failure, "wait4");
	fputs("user time: ", stderr);
	if (process) {
		put_seconds(stderr, process->time);
		fprintf(stderr, " s (usertime%s)", final ? "" : ", so far");
	} else {
		fputs("unknown, it is not registered (usertime)", stderr);
	}
	fprintf(stderr, ", %lld.%06lld s (wait4)\n",
		(long long)usage.ru_utime.tv_sec,
		(long long)usage.ru_utime.tv_usec);
	return WIFSIGNALED(end) ? 128 + WTERMSIG(end) : WEXITSTATUS(end);
}

/*
 * The whole
 */

static const struct command commands[] = {
	{ "run", "+0", "run [-0] COMMAND [ARGUMENT...]", urt_run,
	  "Run COMMAND, registered before its first instruction, and tell its user\n"
	  "time when it has ended: as the module saw it, after the next update, and\n"
	  "as wait4(2) does. The exit status is that of COMMAND.\n"
	  "\n"
	  "  -0, --now           do not wait for that update\n" },
	{ "add", "n:", "add [-n NAME]... [PID]...", urt_add_or_del,
	  "Register processes.\n"
	  "\n"
	  "  -n, --name=NAME     all whose command name is exactly NAME\n" },
	{ "del", "n:", "del [-n NAME]... [PID]...", urt_add_or_del,
	  "Unregister processes.\n"
	  "\n"
	  "  -n, --name=NAME     all whose command name is exactly NAME\n" },
	{ "list", "0rs:", "list [-0r] [-s KEY]", urt_list,
	  "List the registered processes after two updates, from which the share of\n"
	  "a processor is known that each has used between them.\n"
	  "\n"
	  "  -0, --now           at once, without the share\n"
	  "  -r, --reverse       in reverse order\n"
	  "  -s, --sort=KEY      by pid, time, share or name, not as registered\n" },
	{ "watch", "rs:", "watch [-r] [-s KEY]", urt_watch,
	  "Show the list in the terminal, drawn anew at every update, until q is\n"
	  "pressed.\n"
	  "\n"
	  "  -r, --reverse       in reverse order\n"
	  "  -s, --sort=KEY      by pid, time, share (the default) or name\n" },
	{ "record", "o:", "record [-o FILE]", urt_record,
	  "Write the list as CSV, with a row for each process at every update:\n"
	  "time,pid,microseconds,command. Goes on until it is interrupted.\n"
	  "\n"
	  "  -o, --output=FILE   write to FILE, not to standard output\n" },
	{ "export", "", "export FILE", urt_export,
	  "Keep the list in FILE for Prometheus: for the textfile collector of its\n"
	  "node_exporter. FILE is replaced at every update. Goes on until it is\n"
	  "interrupted, and then removes FILE.\n" },
};

static const struct command urt = {
	"", "+V", "SUBCOMMAND [ARGUMENT...]", NULL,
	"The user CPU time of processes, as the kernel module usertime counts it.\n"
	"\n"
	"  run                 run a command, and tell its user time\n"
	"  add, del            register processes, and unregister them\n"
	"  list                list what is registered\n"
	"  watch               the same, drawn anew at every update\n"
	"  record              write it as CSV at every update\n"
	"  export              keep it in a file for Prometheus\n"
	"\n"
	"  --help              this; after a subcommand, more of that\n"
	"  --version           the version\n"
};

int main(int argc, char **argv)
{
	argv[0] = program_invocation_short_name;
	if (next_option(&urt, argc, argv) == 'V') {
		printf("urt (usertime) %s\n", URT_VERSION);
		return finish();
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
		if (command->run == urt_run)
			failure = 125;
		return command->run(command, argc - first, argv + first);
	}
	warnx("no such subcommand: %s", argv[optind]);
	bad_usage(&urt);
	return failure;
}
