// SPDX-License-Identifier: GPL-2.0
/*
 * Load: writers, readers, pollers and a stream of short-lived processes, while
 * updates come as fast as can be, and the module is unloaded and loaded again
 * and again under it all.
 *
 * From the environment: LOAD_SECONDS, how long, and LOAD_RELOADS, how often;
 * it goes on till both are reached. LOAD_SEED for the random numbers.
 *
 * Whatever is read must be well-formed lines, with no PID twice in a snapshot,
 * and no TIME less than before for the same process. Who is the same? Two
 * kinds of processes have numbers that no random writer will ever hit:
 *
 * - The known ones live throughout, and nobody unregisters them. Once one is
 *   registered, it must be in every snapshot till the module is unloaded, in
 *   the same order, and with a TIME that was never larger.
 * - The short-lived ones have numbers that are used over and over. How many
 *   registrations of a number were begun and finished is counted. If there
 *   was none from before one snapshot to after the next, both say the same.
 *
 * An open file keeps the module loaded: all that is seen through it is of one
 * load, whose number is in shared->loads.
 */
static int tap_seconds;
#define TAP_SECONDS	tap_seconds

#include "process.h"
#include "urt.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define KNOWN		24
#define MOTHERS		3
#define CHILDREN	6	/* of each, at a time */
#define FIRST_KNOWN	4194000
#define FIRST_NUMBER	4194100	/* of the short-lived ones */
#define NUMBERS		(MOTHERS * CHILDREN)
#define PID_END		4194304
#define USER		1000	/* who is not root */
#define CROWD		64	/* files that one process polls */

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

/* What must have happened, at least once. */
enum event {
	REGISTERED, UNREGISTERED, REFUSED, RANDOM, PARAMETER, SNAPSHOT, SPLICE,
	LINE, TIME_KNOWN, TIME_SHORT, UPDATE, NEWS, NEWS_CROWD, START, FORK,
	THREAD, EXECUTION, KILL, REUSE, REUSE_LISTED, NAMESPACE, ABSENT, BUSY,
	RELOAD, EVENTS
};

static const char * const event_names[EVENTS] = {
	[REGISTERED] = "writes that register",
	[UNREGISTERED] = "writes that unregister",
	[REFUSED] = "bad writes",
	[RANDOM] = "writes of random bytes",
	[PARAMETER] = "parameters set",
	[SNAPSHOT] = "snapshots read",
	[SPLICE] = "of these, by splice",
	[LINE] = "lines read",
	[TIME_KNOWN] = "times of long-lived processes compared",
	[TIME_SHORT] = "times of short-lived processes compared",
	[UPDATE] = "updates seen",
	[NEWS] = "polls that reported POLLPRI",
	[NEWS_CROWD] = "files of a crowd that reported it",
	[START] = "processes started with a number that was to be",
	[FORK] = "processes forked by these",
	[THREAD] = "threads",
	[EXECUTION] = "programs executed",
	[KILL] = "processes killed",
	[REUSE] = "numbers used again",
	[REUSE_LISTED] = "of these, with the old line still there",
	[NAMESPACE] = "PID namespaces",
	[ABSENT] = "opens that found no module",
	[BUSY] = "unloads refused while files were open",
	[RELOAD] = "unloads and loads",
};

struct known {
	unsigned int registered;	/* in this load */
	unsigned long long least;	/* that TIME can be, as floor_of() */
};

struct number {
	unsigned int begun, finished;	/* registrations */
};

/* In memory that all processes have in common, the executed ones too. */
#define SHARED_FD	100
static struct {
	int stop, closing;
	unsigned int loads;
	long long events[EVENTS];
	int wrong;
	struct known known[KNOWN];
	struct number numbers[NUMBERS];
} *shared;

#define get(what)	__atomic_load_n(&(what), __ATOMIC_SEQ_CST)
#define set(what, to)	__atomic_store_n(&(what), to, __ATOMIC_SEQ_CST)
#define add(what, n)	__atomic_fetch_add(&(what), n, __ATOMIC_SEQ_CST)
#define replace(what, from, to)						\
	__atomic_compare_exchange_n(&(what), &(from), to, false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

static void happened(enum event event)
{
	__atomic_fetch_add(&shared->events[event], 1, __ATOMIC_RELAXED);
}

static int below(int n)
{
	return random() % n;
}

static bool one_in(int n)
{
	return !below(n);
}

/* What the module must not do. The first few are shown, and end the load. */
static void wrong(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (add(shared->wrong, 1) < 10)
		diag("load %u: %s", get(shared->loads), text);
	set(shared->stop, 1);
}

static void rest(int us)
{
	usleep(us);
}

/*
 * Who keeps the processors busy waits here while the module is reloaded, or
 * that would take most of the time. But not always.
 */
static void let_reload(void)
{
	while (get(shared->closing) && !get(shared->stop) && !one_in(200))
		rest(5000);
}

/*
 * Open the file, if the module is there. When it is to be unloaded, most stay
 * away till it has been loaded again; the others try all the more.
 */
static int try_open(void)
{
	static unsigned int asked;
	static bool is_daring;
	int fd;

	if (get(shared->closing)) {
		if (asked != get(shared->loads)) {
			asked = get(shared->loads);
			is_daring = one_in(6);
		}
		rest(is_daring ? below(3000) : 1000);
		if (!is_daring)
			return -1;
	}
	fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV)
		happened(ABSENT);
	else
		wrong("open: %s", strerror(errno));
	rest(500);
	return -1;
}

/* Whether what is going on is to be finished first. */
static bool is_busy;

/* Shall a file be closed now? */
static bool is_over(void)
{
	return !is_busy && (get(shared->stop) || get(shared->closing));
}

/*
 * Reading
 */

struct snapshot {
	char text[1 << 18];
	size_t length;
	int lines;
	struct line line[8192];
	/* As they were when it was begun. */
	unsigned int registered[KNOWN];
	unsigned long long least[KNOWN];
	unsigned int begun[NUMBERS];
	bool pending[NUMBERS];
};

static struct snapshot snapshots[2];

/* What TIME is at least, in one load, as one number that can only grow. */
static unsigned long long floor_of(unsigned int load, unsigned long long time)
{
	return (unsigned long long)load << 48 | time;
}

static void raise_floor(struct known *known, unsigned long long to)
{
	unsigned long long from = get(known->least);

	while (from < to && !replace(known->least, from, to))
		;
}

/* By read(2), by pread(2), or by splice(2), which @pipe_fds are for. */
static ssize_t read_some(int fd, char *text, size_t room, off_t at, int how,
			 const int *pipe_fds)
{
	ssize_t got;

	switch (how) {
	case 0:
		return pread(fd, text, room, at);
	case 1:
		got = splice(fd, NULL, pipe_fds[1], NULL, room, 0);
		if (got > 0 && read(pipe_fds[0], text, got) != got)
			die("%zd bytes are read from a pipe", got);
		return got;
	default:
		return read(fd, text, room);
	}
}

/* Read from somewhere else: the list as it is now, which is well-formed. */
static void read_elsewhere(int fd, size_t length)
{
	unsigned long long pid, time;
	char text[200];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 1 + below(length + 10));
	const char *at;

	if (got < 0) {
		wrong("pread: %s", strerror(errno));
		return;
	}
	text[got] = '\0';
	at = strchr(text, '\n');
	while (at && strchr(at + 1, '\n')) {
		const char *start = ++at;

		if (!digits(&at, &pid) || *at++ != ':' || *at++ != ' ' ||
		    !digits(&at, &time) || *at != '\n') {
			wrong("not PID: TIME: '%.40s'", start);
			return;
		}
	}
}

/* Read all, in chunks of all sizes. */
static bool read_text(int fd, struct snapshot *snapshot)
{
	static const int sizes[] = { 1, 3, 7, 61, 500, 4096, 1 << 18 };
	static int pipe_fds[2];
	int size = 1 + below(sizes[below(COUNT(sizes))]);
	int how = below(4);
	size_t room, length = 0;
	ssize_t got;

	if (!pipe_fds[1] && pipe2(pipe_fds, O_CLOEXEC))
		die("pipe2(2)");
	if (lseek(fd, 0, SEEK_SET))
		wrong("lseek: %s", strerror(errno));
	do {
		room = sizeof(snapshot->text) - 1 - length;
		if (!room)
			die("the list fits in %zu bytes", length);
		if (room > (size_t)size)
			room = size;
		got = read_some(fd, snapshot->text + length, room, length, how,
				pipe_fds);
		if (got < 0) {
			wrong("reading, way %d: %s", how, strerror(errno));
			return false;
		}
		length += got;
		/* Some lists are left half-read. */
		if (is_over())
			return false;
	} while (got);
	snapshot->length = length;
	snapshot->text[length] = '\0';
	if (how == 1)
		happened(SPLICE);
	if (one_in(3))
		read_elsewhere(fd, length);
	return true;
}

/* Well-formed lines, and no PID twice. */
static bool parse(struct snapshot *snapshot)
{
	static unsigned int seen[PID_END], stamp;
	const char *at = snapshot->text;

	stamp++;
	for (snapshot->lines = 0; at < snapshot->text + snapshot->length;
	     snapshot->lines++) {
		struct line *line = &snapshot->line[snapshot->lines];
		unsigned long long pid, time;
		const char *start = at;

		if (!digits(&at, &pid) || !pid || pid >= PID_END ||
		    *at++ != ':' || *at++ != ' ' || !digits(&at, &time) ||
		    *at++ != '\n') {
			wrong("not PID: TIME: '%.40s'", start);
			return false;
		}
		if (seen[pid] == stamp) {
			wrong("%llu is there twice, in\n%s", pid,
			      snapshot->text);
			return false;
		}
		seen[pid] = stamp;
		if (snapshot->lines == COUNT(snapshot->line))
			die("at most %d lines", snapshot->lines);
		line->pid = pid;
		line->time = time;
		happened(LINE);
	}
	return true;
}

static const struct line *find(const struct snapshot *snapshot, pid_t pid)
{
	for (int i = 0; i < snapshot->lines; i++)
		if (snapshot->line[i].pid == pid)
			return &snapshot->line[i];
	return NULL;
}

static int known_index(pid_t pid)
{
	return pid >= FIRST_KNOWN && pid < FIRST_KNOWN + KNOWN ?
	       pid - FIRST_KNOWN : -1;
}

static void check_known(const struct snapshot *snapshot, unsigned int load)
{
	for (int i = 0; i < KNOWN; i++) {
		struct known *known = &shared->known[i];
		pid_t pid = FIRST_KNOWN + i;
		const struct line *line = find(snapshot, pid);
		unsigned long long least;
		struct timespec used;
		clockid_t clock;

		if (!line) {
			if (snapshot->registered[i] == load)
				wrong("%d is registered and has no line", pid);
			continue;
		}
		least = floor_of(load, line->time);
		if (least < snapshot->least[i])
			wrong("%d: TIME is %llu and was %llu", pid, line->time,
			      snapshot->least[i] - floor_of(load, 0));
		raise_floor(known, least);
		happened(TIME_KNOWN);
		if (one_in(KNOWN) && !clock_getcpuclockid(pid, &clock) &&
		    !clock_gettime(clock, &used) &&
		    line->time > used.tv_sec * 1000000ULL +
				 used.tv_nsec / 1000)
			wrong("%d: TIME is %llu, more than all CPU time", pid,
			      line->time);
	}
}

static void check_short(const struct snapshot *old, const struct snapshot *new)
{
	for (int i = 0; i < NUMBERS; i++) {
		const struct line *before, *after;

		if (old->pending[i] ||
		    get(shared->numbers[i].begun) != old->begun[i])
			continue;
		before = find(old, FIRST_NUMBER + i);
		after = find(new, FIRST_NUMBER + i);
		if (!before && after)
			wrong("%d has a line again", after->pid);
		if (!before || !after)
			continue;
		happened(TIME_SHORT);
		if (after->time < before->time)
			wrong("%d: TIME is %llu and was %llu", after->pid,
			      after->time, before->time);
	}
}

/* All of the one are in the other, in the same order, and no other before. */
static void check_order(const struct snapshot *old, const struct snapshot *new)
{
	int at = 0;

	for (int i = 0; i < old->lines; i++) {
		if (known_index(old->line[i].pid) < 0)
			continue;
		while (at < new->lines && known_index(new->line[at].pid) < 0)
			at++;
		if (at == new->lines || new->line[at++].pid != old->line[i].pid) {
			wrong("%d is not in its place", old->line[i].pid);
			return;
		}
	}
}

/*
 * Take a snapshot and check it, also against the one before it of the same
 * open file, if there is one.
 */
static bool take_snapshot(int fd, struct snapshot *new,
			  const struct snapshot *old)
{
	unsigned int load = get(shared->loads);

	for (int i = 0; i < KNOWN; i++) {
		new->registered[i] = get(shared->known[i].registered);
		new->least[i] = get(shared->known[i].least);
	}
	for (int i = 0; i < NUMBERS; i++) {
		/* In this order: the same number means that none is pending. */
		unsigned int finished = get(shared->numbers[i].finished);

		new->begun[i] = get(shared->numbers[i].begun);
		new->pending[i] = new->begun[i] != finished;
	}
	if (!read_text(fd, new) || !parse(new))
		return false;
	happened(SNAPSHOT);
	check_known(new, load);
	if (old) {
		const struct line *before = find(old, FIRST_KNOWN);
		const struct line *after = find(new, FIRST_KNOWN);

		check_short(old, new);
		check_order(old, new);
		/* The first of them spins: no other TIME is a new update. */
		if (before && after && after->time != before->time)
			happened(UPDATE);
	}
	return true;
}

static void reader(void)
{
	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(20);
		struct snapshot *old = NULL;

		if (fd < 0)
			continue;
		for (int i = 0; i < count && !is_over(); i++) {
			struct snapshot *new = &snapshots[old == snapshots];

			if (!take_snapshot(fd, new, old))
				break;
			old = new;
		}
		close(fd);
	}
}

/*
 * Waiting
 */

static bool wait_poll(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	int result = poll(&p, 1, ms);

	if (result < 0 || p.revents & ~POLLPRI)
		wrong("poll: %d, revents %#x", result, p.revents);
	return result > 0;
}

static bool wait_select(int fd, int ms)
{
	struct timeval time = { .tv_usec = ms * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, NULL, NULL, &set, &time) == 1;
}

static bool wait_epoll(int fd, int ms)
{
	struct epoll_event event = { .events = EPOLLPRI };
	int ep = epoll_create1(EPOLL_CLOEXEC), result;

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl(2)");
	result = epoll_wait(ep, &event, 1, ms);
	if (result > 0 && event.events != EPOLLPRI)
		wrong("epoll: events %#x", event.events);
	close(ep);
	return result > 0;
}

static void poller(void)
{
	static bool (* const waits[])(int fd, int ms) = {
		wait_poll, wait_select, wait_epoll,
	};

	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(20);
		struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
		char byte;

		if (fd < 0)
			continue;
		if (!wait_poll(fd, 0))
			wrong("a file never read does not report POLLPRI");
		for (int i = 0; i < count && !is_over(); i++) {
			if (poll(&p, 1, 0) != 1 || p.revents != p.events)
				wrong("poll: revents %#x", p.revents);
			if (pread(fd, &byte, 1, 0) < 0)
				wrong("pread: %s", strerror(errno));
			if (waits[below(3)](fd, below(40)))
				happened(NEWS);
		}
		close(fd);
	}
}

/* Very many files, which are all woken by each news. */
static void crowd(void)
{
	struct epoll_event events[CROWD];
	int fds[CROWD], count, ep;
	char byte;

	while (!get(shared->stop)) {
		/* So many files would hardly ever all be closed. */
		if (is_over()) {
			rest(1000);
			continue;
		}
		ep = epoll_create1(EPOLL_CLOEXEC);
		for (count = 0; count < CROWD && !is_over(); count++) {
			struct epoll_event event = {
				.events = EPOLLPRI | EPOLLET,
				.data.fd = try_open(),
			};

			fds[count] = event.data.fd;
			if (fds[count] < 0)
				break;
			if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[count], &event))
				die("epoll_ctl(2)");
		}
		for (int i = 0; count == CROWD && i < 50 && !is_over(); i++) {
			int ready = epoll_wait(ep, events, CROWD, 50);

			/* Reading all of them would take too long. */
			for (int j = 0; j < ready; j++) {
				if (events[j].events != EPOLLPRI)
					wrong("epoll: events %#x",
					      events[j].events);
				if (one_in(50) &&
				    pread(events[j].data.fd, &byte, 1, 0) < 0)
					wrong("pread: %s", strerror(errno));
				happened(NEWS_CROWD);
			}
		}
		while (count > 0)
			close(fds[--count]);
		close(ep);
	}
}

/*
 * Writing
 */

static bool is_root = true;

/* A number as one may write it. */
static int print_number(char *text, int number)
{
	static const char * const forms[] = {
		"%d", "%d\n", " %d", "\n\n%d\n\t ", "000%d", "%d ",
	};
	int length = sprintf(text, forms[below(COUNT(forms))], number);

	return length + one_in(4);	/* the NUL */
}

/* Is this what a write that registers somebody who is there may return? */
static bool is_registered(long result, int length, const char *who)
{
	if (result == length) {
		happened(REGISTERED);
		return true;
	}
	if (is_root || result != -ENOSPC)
		wrong("registering %s returned %ld of %d", who, result, length);
	return false;
}

static void write_known(int fd)
{
	unsigned int load = get(shared->loads);
	int first = below(KNOWN), count = 1 + (one_in(3) ? below(KNOWN) : 0);
	int length = 0, end = 0;
	char text[KNOWN * 16];
	long result;

	if (!is_root)
		count = 1;
	for (int i = 0; i < count; i++) {
		length += print_number(text + length,
				       FIRST_KNOWN + (first + i) % KNOWN);
		end = length;
		text[length++] = '\n';
	}
	result = status_write_bytes(fd, text, end);
	if (!is_registered(result, end, "those that live long"))
		return;
	for (int i = 0; i < count; i++)
		set(shared->known[(first + i) % KNOWN].registered, load);
}

/* Unregister a short-lived one, that may be there or not. */
static void unregister_short(int fd)
{
	char text[32] = "-";
	int length = 1 + sprintf(text + 1, "%d", FIRST_NUMBER + below(NUMBERS));
	long result = status_write_bytes(fd, text, length);

	if (result == length)
		happened(UNREGISTERED);
	else if (result != -ESRCH && (is_root || result != -EPERM))
		wrong("unregistering %s returned %ld", text + 1, result);
}

static void write_bad(int fd)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "abc", EINVAL }, { "+4194001", EINVAL },
		{ "--4194001", EINVAL }, { "0", EINVAL },
		{ "4194001x", EINVAL }, { "\177ELF", EINVAL },
		{ "99999999999999999999 4194001", EINVAL },
		{ "4193999", ESRCH }, { "-4193999", ESRCH }, { "2", ESRCH },
	};
	const char *nowhere = (char *)shared + (1ULL << 48);
	int which = below(COUNT(bad) + 2);
	unsigned int load = get(shared->loads);
	unsigned int registered = get(shared->known[0].registered);
	long result;

	if (which >= COUNT(bad)) {
		/* Nobody else's is a user's to unregister. */
		if (is_root) {
			result = status_write_bytes(fd, nowhere, 100);
			if (result != -EFAULT)
				wrong("what is unreadable: %ld", result);
		} else {
			result = status_write(fd, "-%d", FIRST_KNOWN);
			if (result != -EPERM &&
			    (result != -ESRCH || registered == load))
				wrong("unregistering another's: %ld", result);
		}
		happened(REFUSED);
		return;
	}
	result = status_write_bytes(fd, bad[which].text,
				    strlen(bad[which].text));
	if (result != -bad[which].error)
		wrong("'%s': %ld", bad[which].text, result);
	happened(REFUSED);
}

static bool is_refusal(long result)
{
	return result == -EINVAL || result == -ESRCH ||
	       (!is_root && (result == -EPERM || result == -ENOSPC));
}

/*
 * Whatever it is. It will not be the numbers that others count on: random
 * digits are kept to five in a row, and random bytes are rarely digits.
 */
static void write_random(int fd)
{
	static char text[1000];
	int length = below(one_in(10) ? sizeof(text) : 200);
	bool by_digits = one_in(2);
	long result;

	for (int i = 0; i < length; i++) {
		if (!by_digits)
			text[i] = random();
		else if (i % 6)
			text[i] = "\n 0123456789-0123456789"[below(23)];
		else
			text[i] = " -\t"[below(3)];
	}
	result = status_write_bytes(fd, text, length);
	if (result > length || (result < 0 && !is_refusal(result)))
		wrong("%d random bytes: %ld", length, result);
	happened(RANDOM);
}

/* Set a parameter, if the module is there. */
static void write_parameter(const char *path, const char *value, int error)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), result;

	if (fd < 0)
		return;
	result = write(fd, value, strlen(value)) < 0 ? errno : 0;
	close(fd);
	if (result != error && result != ENODEV)
		wrong("'%s' to %s: %d", value, path, result);
	happened(PARAMETER);
}

static void write_parameters(void)
{
	static const char * const periods[] = { "10", "10", "10", "11", "40" };

	if (!is_root)
		return;
	if (one_in(3))
		write_parameter(PARAMETERS "max_processes",
				one_in(2) ? "20" : "4096", 0);
	else if (one_in(3))
		write_parameter(PARAMETERS "period_ms", "9", EINVAL);
	else
		write_parameter(PARAMETERS "period_ms",
				periods[below(COUNT(periods))], 0);
}

static void writer(void)
{
	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(40);

		if (fd < 0)
			continue;
		for (int i = 0; i < count && !is_over(); i++) {
			switch (below(5)) {
			case 0:
				write_known(fd);
				break;
			case 1:
				unregister_short(fd);
				break;
			case 2:
				write_bad(fd);
				break;
			case 3:
				write_random(fd);
				break;
			case 4:
				if (one_in(10))
					write_parameters();
				break;
			}
		}
		close(fd);
	}
}

static void user_writer(void)
{
	if (setresuid(USER, USER, USER))
		die("setresuid(2)");
	is_root = false;
	writer();
}

/*
 * The short-lived
 */

/* Register a process that has one of the numbers, and has not been reaped. */
static bool write_number(int fd, pid_t pid)
{
	struct number *number = &shared->numbers[pid - FIRST_NUMBER];
	char text[32], who[16];
	int length;
	bool done;

	add(number->begun, 1);
	length = print_number(text, pid);
	sprintf(who, "%d", pid);
	done = is_registered(status_write_bytes(fd, text, length), length, who);
	add(number->finished, 1);
	return done;
}

static void register_number(pid_t pid)
{
	int fd = try_open();

	if (fd < 0)
		return;
	write_number(fd, pid);
	close(fd);
}

static void register_and_spin(void)
{
	register_number(getpid());
	spin(below(10));
}

static void map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED, SHARED_FD, 0);
	if (shared == MAP_FAILED)
		die("memory can be shared");
}

static void *execute(void *unused)
{
	execl("/proc/thread-self/exe", "load", "child", NULL);
	die("execl(3)");
	return unused;
}

/* What execute() comes to. */
static void executed(void)
{
	map_shared();
	srandom(getpid());
	happened(EXECUTION);
	register_and_spin();
	_exit(0);
}

static void *spin_thread(void *unused)
{
	happened(THREAD);
	spin(1 + below(3));
	return unused;
}

static void use_threads(void)
{
	pthread_t threads[3];

	for (int i = 0; i < COUNT(threads); i++)
		start_thread(&threads[i], spin_thread, NULL);
	for (int i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void fork_and_register(void)
{
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		int fd;

		if (pid < 0)
			die("fork(2)");
		if (pid)
			continue;
		fd = try_open();
		/* Random bytes may have unregistered it, or not. */
		if (fd >= 0)
			status_write(fd, "%d", getpid());
		happened(FORK);
		spin(below(5));
		_exit(0);
	}
}

static void live_shortly(void)
{
	pthread_t thread;

	srandom(getpid() + get(shared->events[START]));
	if (one_in(4)) {
		if (setresuid(USER, USER, USER))
			die("setresuid(2)");
		is_root = false;
	}
	switch (below(6)) {
	case 0:
		register_and_spin();
		fork_and_register();
		break;
	case 1:
		register_number(getpid());
		if (is_root)
			execute(NULL);
		break;
	case 2:
		register_number(getpid());
		if (is_root) {
			start_thread(&thread, execute, NULL);
			sleep_work(NULL);
		}
		break;
	case 3:
		register_number(getpid());
		use_threads();
		break;
	case 4:
		register_and_spin();
		break;
	case 5:
		/* The mother may register it, and will kill it. */
		spin(below(10));
		sleep_work(NULL);
		break;
	}
	_exit(0);
}

static pid_t clone_numbered(pid_t pid, unsigned long flags)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.set_tid = pid ? (uintptr_t)&pid : 0,
		.set_tid_size = pid ? 1 : 0,
	};
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));

	if (child < 0)
		die("a process can be started, number %d", pid);
	return child;
}

/* A child of a mother's. */
struct child {
	pid_t pid;		/* the number that it has, had, or will have */
	bool alive;
	long long used;		/* that the last of this number used, or -1 */
};

/* Reap what has ended: these, and their orphans. */
static void reap_children(struct child *children, int options)
{
	struct rusage usage;
	pid_t pid;

	while ((pid = wait4(-1, NULL, options, &usage)) > 0) {
		for (int i = 0; i < CHILDREN; i++) {
			struct child *child = &children[i];
			struct number *number;

			if (child->pid != pid)
				continue;
			number = &shared->numbers[pid - FIRST_NUMBER];
			child->alive = false;
			/* What it did last in the kernel may be missing. */
			child->used = user_time(&usage) + 10 * TICK +
				usage.ru_stime.tv_sec * 1000000LL +
				usage.ru_stime.tv_usec;
			/* It may have been killed while it registered. */
			set(number->finished, get(number->begun));
		}
	}
}

/*
 * The number of a process that has ended is another's now, who has not
 * registered: if there is a line, it is the old one's.
 */
static void check_reuse(const struct child *child,
			const struct snapshot *snapshot)
{
	const struct line *line = find(snapshot, child->pid);

	if (!line)
		return;
	happened(REUSE_LISTED);
	if (line->time > (unsigned long long)child->used)
		wrong("%d: TIME is %llu, of a process that used %lld",
		      child->pid, line->time, child->used);
}

/*
 * Kill a child that is registered, and have another get the number before
 * the next update, for which that is put off. In the end the other registers,
 * too. The module cannot go meanwhile: the file stays open.
 */
static void reuse(struct child *children, struct child *child)
{
	struct snapshot *new = &snapshots[0], *old = &snapshots[1];
	bool was_registered;
	int fd = try_open();

	if (fd < 0)
		return;
	is_busy = true;
	write_parameter(PARAMETERS "period_ms", "1000", 0);
	was_registered = write_number(fd, child->pid);
	kill(child->pid, SIGKILL);
	ended(child->pid);
	reap_children(children, WNOHANG);
	if (!clone_numbered(child->pid, 0)) {
		spin(20);
		sleep_work(NULL);
	}
	happened(REUSE);
	if (was_registered && take_snapshot(fd, old, NULL)) {
		check_reuse(child, old);
		write_parameter(PARAMETERS "period_ms", "10", 0);
		changed(fd, 200);
		if (take_snapshot(fd, new, old)) {
			check_reuse(child, new);
			write_number(fd, child->pid);
			take_snapshot(fd, old, new);
		}
	}
	is_busy = false;
	close(fd);
	kill(child->pid, SIGKILL);
	ended(child->pid);
	reap_children(children, WNOHANG);
	write_parameter(PARAMETERS "period_ms", "10", 0);
}

static void start_child(struct child *child)
{
	if (!clone_numbered(child->pid, 0))
		live_shortly();
	child->alive = true;
	happened(START);
	if (child->used >= 0)
		happened(REUSE);
	if (one_in(4))
		register_number(child->pid);
}

static int mother_number;

static void mother(void)
{
	struct child children[CHILDREN];

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = (struct child){
			.pid = FIRST_NUMBER + mother_number * CHILDREN + i,
			.used = -1,
		};
	while (!get(shared->stop)) {
		struct child *child = &children[below(CHILDREN)];

		let_reload();
		reap_children(children, WNOHANG);
		if (!child->alive) {
			start_child(child);
		} else if (one_in(2)) {
			happened(KILL);
			if (one_in(4))
				reuse(children, child);
			else
				kill(child->pid, SIGKILL);
		} else {
			rest(below(3000));
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		if (children[i].alive)
			kill(children[i].pid, SIGKILL);
	reap_children(children, 0);
}

/*
 * A PID namespace, with its first process and a few more, and what is seen
 * of the list from there
 */

static void register_self(int fd)
{
	long result = status_write(fd, "%d", getpid());

	if (result < 0)
		wrong("%d of a namespace registers: %ld", getpid(), result);
	spin(below(3));
}

static void live_inside(void)
{
	struct snapshot *snapshot = &snapshots[0];
	int fd = try_open();
	pid_t pids[3];

	if (fd < 0)
		_exit(0);
	register_self(fd);
	for (int i = 0; i < COUNT(pids); i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork(2)");
		if (pids[i])
			continue;
		register_self(fd);
		if (one_in(2))
			sleep_work(NULL);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		if (!read_text(fd, snapshot) || !parse(snapshot))
			continue;
		for (int j = 0; j < snapshot->lines; j++)
			if (snapshot->line[j].pid > 10000)
				wrong("%d is seen in a namespace",
				      snapshot->line[j].pid);
		kill(pids[i], SIGKILL);
		if (one_in(2))
			waitpid(pids[i], NULL, 0);
	}
	happened(NAMESPACE);
	/* All that live there die with the first. */
	_exit(0);
}

static void namespaces(void)
{
	while (!get(shared->stop)) {
		pid_t pid;

		let_reload();
		pid = clone_numbered(0, CLONE_NEWPID);
		if (!pid) {
			srandom(get(shared->events[SNAPSHOT]));
			live_inside();
		}
		waitpid(pid, NULL, 0);
		rest(below(20000));
	}
}

/*
 * The known
 */

static void live_long(int which)
{
	pthread_t thread;

	srandom(which);
	/* The first spins often; some do nothing; the others do both. */
	for (;;) {
		if (which && which < 12)
			sleep_work(NULL);
		if (which % 2) {
			start_thread(&thread, spin_thread, NULL);
			pthread_join(thread, NULL);
		} else {
			spin(1);
		}
		rest(which ? 20000 + below(100000) : 5000);
	}
}

/*
 * All together
 */

static void (* const workers[])(void) = {
	writer, writer, user_writer, reader, reader, reader, poller, poller,
	crowd, mother, mother, mother, namespaces,
};

static pid_t start_worker(int which, unsigned int seed)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork(2)");
	if (pid)
		return pid;
	srandom(seed * COUNT(workers) + which);
	for (int i = 0; i < which; i++)
		mother_number += workers[i] == mother;
	workers[which]();
	exit(0);
}

/* How long, in ms, all reloads waited for files to be closed, and took. */
static long long waited, unloaded;

/* Unload the module while it is in use, as soon as nobody has a file open. */
static void reload(void)
{
	long long asked = now_ms(), called = asked;
	static const char * const parameters[] = {
		"period_ms=10", "period_ms=10 max_processes=30",
	};
	int error;

	set(shared->closing, 1);
	while ((error = unload()) && !get(shared->stop)) {
		if (error != -EWOULDBLOCK)
			wrong("unloading: %s", strerror(-error));
		happened(BUSY);
		rest(100);
		called = now_ms();
	}
	waited += called - asked;
	if (!error) {
		add(shared->loads, 1);
		if (one_in(4))
			rest(below(3000));
		error = load(parameters[below(COUNT(parameters))]);
		if (error)
			wrong("loading: %s", strerror(-error));
		happened(RELOAD);
	}
	unloaded += now_ms() - called;
	set(shared->closing, 0);
}

/* Nobody is registered who has not ended, and all others go. */
static bool list_empties(void)
{
	static struct list list;
	long long until = now_ms() + paced(60000);
	int fd = status_open();

	set_period(URT_PERIOD_MS_MIN);
	do {
		list_read(fd, &list);
		for (int i = 0; i < list.lines; i++)
			status_write(fd, "-%d", list.line[i].pid);
		if (!list.lines)
			break;
		changed(fd, 1000);
	} while (now_ms() < until);
	if (list.lines)
		diag("still there:\n%s", list.text);
	close(fd);
	return !list.lines;
}

static unsigned int environment(const char *name, unsigned int value)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : value;
}

static int not_happened(void)
{
	int count = 0;

	for (int i = 0; i < EVENTS; i++)
		count += !get(shared->events[i]);
	return count;
}

/*
 * All that goes on, till the time is over and all reloads are done; and for
 * twice that time more (at this machine's pace), should chance have left
 * something out.
 */
static void run(int seconds, int reloads)
{
	long long begun = now_ms(), due, shown = begun;

	for (int i = 0; i < reloads && !get(shared->stop); i++) {
		/* However slow they are, leave time for the load. */
		due = now_ms() + 500LL * seconds / reloads;
		if (due < begun + 1000LL * seconds * i / reloads)
			due = begun + 1000LL * seconds * i / reloads;
		while (now_ms() < due && !get(shared->stop))
			rest(1000);
		reload();
		if (now_ms() > shown + 20000) {
			shown = now_ms();
			diag("%lld s, %d reloads", (shown - begun) / 1000, i);
		}
	}
	while (now_ms() < begun + 1000LL * seconds && !get(shared->stop))
		rest(1000);
	due = now_ms() + 2000LL * paced(seconds);
	while (not_happened() && now_ms() < due && !get(shared->stop))
		rest(1000);
	diag("%lld s, of them %lld for files to be closed, %lld for reloads",
	     (now_ms() - begun) / 1000, waited / 1000, unloaded / 1000);
}

/* Another each time, also where no clock tells the time of day. */
static unsigned int some_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec ^ now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	int seconds, reloads, fd, status, failed = 0;
	pid_t pids[COUNT(workers)];
	char pid_max[16] = "";
	unsigned int seed;

	(void)argv;
	if (argc == 2)
		executed();

	seconds = environment("LOAD_SECONDS", 60);
	reloads = environment("LOAD_RELOADS", 200);
	seed = environment("LOAD_SEED", some_seed());
	tap_seconds = 800 + 10 * seconds;
	plan(9);
	diag("LOAD_SECONDS=%d LOAD_RELOADS=%d LOAD_SEED=%u", seconds, reloads,
	     seed);

	fd = memfd_create("shared", 0);
	if (dup2(fd, SHARED_FD) < 0 || ftruncate(SHARED_FD, sizeof(*shared)))
		die("memory to share");
	close(fd);
	map_shared();
	shared->loads = 1;
	set_pid_max("4194304", pid_max, sizeof(pid_max));
	set_period(URT_PERIOD_MS_MIN);
	for (int i = 0; i < KNOWN; i++)
		if (!clone_numbered(FIRST_KNOWN + i, 0))
			live_long(i);
	for (int i = 0; i < COUNT(workers); i++)
		pids[i] = start_worker(i, seed);

	run(seconds, reloads);
	set(shared->stop, 1);
	for (int i = 0; i < COUNT(workers); i++) {
		waitpid(pids[i], &status, 0);
		failed += status != 0;
	}
	for (int i = 0; i < KNOWN; i++)
		end(FIRST_KNOWN + i);

	is(shared->wrong, 0, "nothing was wrong");
	is(failed, 0, "all went on to the end");
	for (int i = 0; i < EVENTS; i++)
		diag("%9lld %s", shared->events[i], event_names[i]);
	is(not_happened(), 0, "everything happened");
	is(shared->events[RELOAD], reloads, "the module was reloaded");
	ok(list_empties(), "the list empties");
	is(unload(), 0, "the module unloads");
	is(load(""), 0, "and loads");
	fd = status_open();
	status_register(fd, getpid());
	ok(time_now(fd, getpid()) >= 0, "and works");
	status_write(fd, "-%d", getpid());
	is(time_now(fd, getpid()), -1, "and the list is empty");
	close(fd);
	set_pid_max(pid_max, NULL, 0);
	return done();
}
