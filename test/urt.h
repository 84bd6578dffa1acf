/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for the tests of the module: its file, its parameters, loading it,
 * and the kernel log
 */
#ifndef URT_H
#define URT_H

#include "tap.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "usertime.h"

/*
 * One tick in microseconds, at HZ=100, the slowest there is. It is also the
 * unit of /proc/PID/stat.
 */
#define TICK		10000

#define PARAMETERS	"/sys/module/usertime/parameters/"
#define LINES_MAX	8192

struct line {
	pid_t pid;
	unsigned long long time;
};

struct list {
	int lines;
	struct line line[LINES_MAX];
	size_t length;
	char text[LINES_MAX * 32];
};

static inline int status_open(void)
{
	int fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s opens", URT_STATUS_PATH);
	return fd;
}

/* Returns what write(2) returns, or a negative error. */
static inline long status_write_bytes(int fd, const void *bytes, size_t length)
{
	ssize_t written = write(fd, bytes, length);

	return written < 0 ? -errno : written;
}

static inline long status_write(int fd, const char *format, ...)
{
	char text[4096];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return status_write_bytes(fd, text, length);
}

static inline void status_register(int fd, pid_t pid)
{
	long written = status_write(fd, "%d\n", pid);

	if (written < 0) {
		errno = -written;
		die("process %d registers", pid);
	}
}

/* Opens the file with the effective user ID @uid. */
static inline int status_open_as(uid_t uid)
{
	int fd;

	if (seteuid(uid))
		die("the test becomes user %u", uid);
	fd = status_open();
	if (seteuid(0))
		die("the test becomes root again");
	return fd;
}

/*
 * Writes with the effective user ID @uid and only the capability @cap; -1:
 * none.
 */
static inline long status_write_as(uid_t uid, int cap, int fd,
				   const char *format, ...)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct all[2], some[2];
	char text[4096];
	va_list args;
	int length;
	long result;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	syscall(SYS_capget, &header, all);
	memcpy(some, all, sizeof(some));
	some[0].effective = 0;
	some[1].effective = 0;
	if (cap >= 0)
		some[cap / 32].effective = 1U << cap % 32;
	if (seteuid(uid) || syscall(SYS_capset, &header, some))
		die("the test becomes user %u with capability %d", uid, cap);
	result = status_write_bytes(fd, text, length);
	if (syscall(SYS_capset, &header, all) || seteuid(0))
		die("the test becomes root again");
	return result;
}

static inline int digits(const char **at, unsigned long long *value)
{
	const char *start = *at;

	*value = 0;
	while (**at >= '0' && **at <= '9')
		*value = *value * 10 + *(*at)++ - '0';
	return *at > start && (*start != '0' || *at == start + 1);
}

/* Whether every line is exactly "PID: TIME\n". Shows the first that is not. */
static inline int list_parse(struct list *list)
{
	const char *at = list->text;

	list->text[list->length] = '\0';
	for (list->lines = 0; *at; list->lines++) {
		const char *start = at;
		unsigned long long pid, time;

		if (!digits(&at, &pid) || !pid || *at++ != ':' ||
		    *at++ != ' ' || !digits(&at, &time) || *at++ != '\n') {
			diag("not PID: TIME: '%.40s'", start);
			return 0;
		}
		if (list->lines == LINES_MAX)
			die("the list has at most %d lines", LINES_MAX);
		list->line[list->lines].pid = pid;
		list->line[list->lines].time = time;
	}
	return 1;
}

/* Reads from the current offset to the end, @chunk bytes at a time. */
static inline void list_read_on(int fd, struct list *list, size_t chunk)
{
	ssize_t got = 1;

	for (list->length = 0; got > 0; list->length += got) {
		size_t room = sizeof(list->text) - 1 - list->length;

		if (!room)
			die("the list fits in %zu bytes", sizeof(list->text));
		got = read(fd, list->text + list->length,
			   room < chunk ? room : chunk);
		if (got < 0)
			die("the list can be read");
	}
	list->text[list->length] = '\0';
}

/* Reads a new snapshot of the list. */
static inline void list_read(int fd, struct list *list)
{
	lseek(fd, 0, SEEK_SET);
	list_read_on(fd, list, sizeof(list->text));
	if (!list_parse(list))
		die("every line is PID: TIME");
}

static inline int list_same(const struct list *a, const struct list *b)
{
	return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

/* Returns the number of lines that a process has. */
static inline int list_count(const struct list *list, pid_t pid)
{
	int count = 0;

	for (int i = 0; i < list->lines; i++)
		count += list->line[i].pid == pid;
	return count;
}

/* Returns the time on the line of a process, or -1 if it has none. */
static inline long long list_time(const struct list *list, pid_t pid)
{
	for (int i = 0; i < list->lines; i++)
		if (list->line[i].pid == pid)
			return list->line[i].time;
	return -1;
}

/* Checks that the list is these PIDs, in this order. The last argument is 0. */
static inline int list_is(const struct list *list, const char *name, ...)
{
	int same = 1, i = 0;
	va_list pids;
	pid_t pid;

	va_start(pids, name);
	while ((pid = va_arg(pids, pid_t)))
		if (i >= list->lines || list->line[i++].pid != pid)
			same = 0;
	va_end(pids);
	if (!ok(same && i == list->lines, "%s", name))
		diag("%d lines expected, seen:\n# %s", i, list->text);
	return same;
}

/* Returns the time of a process in a new snapshot, or -1 if it has no line. */
static inline long long time_now(int fd, pid_t pid)
{
	static struct list list;

	list_read(fd, &list);
	return list_time(&list, pid);
}

/* Whether the file reports POLLPRI within @ms; -1 waits without a limit. */
static inline int changed(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };

	return poll(&poll_fd, 1, ms) == 1 && poll_fd.revents & POLLPRI;
}

/* Waits until the list is empty. All registered processes must have ended. */
static inline void gets_empty(int fd)
{
	static struct list list;

	do {
		list_read(fd, &list);
	} while (list.lines && changed(fd, -1));
}

/* Reads at offset 0, which clears POLLPRI. */
static inline void see_news(int fd)
{
	char byte;

	if (pread(fd, &byte, 1, 0) < 0)
		die("the list can be read");
}

/* Starts a process that does nothing, for settle(). */
static inline pid_t start_extra(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork(2)");
	while (!pid)
		pause();
	return pid;
}

/*
 * Waits until all registrations have been announced. To know when, this
 * registers and unregisters a process of its own, whose announcement includes
 * all earlier ones. If there is news at once, that may be an earlier
 * announcement: it tries again. From then on, until the next registration, only
 * updates are news.
 */
static inline void settle(int fd)
{
	pid_t pid = start_extra();

	do {
		see_news(fd);
		if (status_write(fd, "%d -%d", pid, pid) < 0)
			die("a process registers and unregisters");
	} while (changed(fd, 0));
	changed(fd, -1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Waits for an update that begins after this call. All must be settled. */
static inline void next_update(int fd)
{
	see_news(fd);
	changed(fd, -1);
}

/* Waits for an update that begins after this call. */
static inline void wait_update(int fd)
{
	settle(fd);
	next_update(fd);
}

/* Returns 0 or a negative error. */
static inline int parameter_write(const char *name, const char *value)
{
	char path[128];
	int fd, error;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		die("%s opens", path);
	error = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return error;
}

static inline long long parameter_value(const char *name)
{
	char path[128], value[32] = "";
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, value, sizeof(value) - 1) < 0)
		die("%s can be read", path);
	close(fd);
	return atoll(value);
}

/* Like parameter_value(), for values that fit into a long of 32 bits. */
static inline long parameter(const char *name)
{
	return parameter_value(name);
}

static inline void set_parameter(const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	if (parameter_write(name, text))
		die("parameter %s can be %d", name, value);
}

static inline void set_period(int ms)
{
	set_parameter("period_ms", ms);
}

/* Stops updates until set_period() is called: the next one is an hour away. */
static inline void stop_updates(void)
{
	set_period(URT_PERIOD_MS_MAX);
}

/*
 * Starts updates, every @ms, and waits for the first one. If a test checks what
 * holds until the second, @ms must be longer than any delay of the test.
 */
static inline void first_update(int fd, int ms)
{
	settle(fd);
	see_news(fd);
	set_period(ms);
	changed(fd, -1);
}

/* Waits for one update and stops updates. A slow machine may get more. */
static inline void update_once(int fd)
{
	first_update(fd, 50);
	stop_updates();
}

static inline int load(const char *parameters)
{
	const char *path = getenv("USERTIME_KO");
	int fd, error;

	fd = open(path ? path : "usertime.ko", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("USERTIME_KO, '%s', is the path of the module", path);
	error = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return error;
}

static inline int unload(void)
{
	return syscall(SYS_delete_module, "usertime", O_NONBLOCK) ? -errno : 0;
}

/* Opens the kernel log at its end. */
static inline int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		die("/dev/kmsg opens");
	return fd;
}

/*
 * Reads the next line of the kernel's own, without its newline. Skips messages
 * about a slow machine.
 *
 * Returns 1, or 0 if there is no line.
 */
static inline int log_read(int fd, char *record, size_t size)
{
	ssize_t got;

	while ((got = read(fd, record, size - 1)) > 0 ||
	       (got < 0 && errno == EPIPE)) {
		record[got > 0 ? got : 0] = '\0';
		record[strcspn(record, "\n")] = '\0';
		/* Lines with a facility other than 0 come from programs. */
		if (atoi(record) < 8 &&
		    !strstr(record, "hrtimer: interrupt took"))
			return 1;
	}
	return 0;
}

/* Shows the lines that the kernel has logged since. Returns their number. */
static inline int log_lines(int fd)
{
	char record[8192];
	int lines = 0;

	while (log_read(fd, record, sizeof(record))) {
		lines++;
		diag("kernel log: %s", record);
	}
	return lines;
}

/*
 * Whether the kernel has logged a line that ends with @text since then. If not,
 * shows the last line.
 */
static inline int log_has(int fd, const char *text)
{
	char record[8192] = "nothing";
	int found = 0;

	while (log_read(fd, record, sizeof(record))) {
		size_t length = strlen(record);

		if (length >= strlen(text) &&
		    !strcmp(record + length - strlen(text), text))
			found = 1;
	}
	if (!found)
		diag("kernel log: %s, expected: %s", record, text);
	return found;
}

static inline long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

#endif
