// SPDX-License-Identifier: GPL-2.0
/*
 * A random sequence of operations, on the module and on a plain model of the
 * interface side by side. The first difference ends it, and is shown with the
 * operations that led to it.
 *
 * From the environment: MODEL_OPERATIONS, how many; MODEL_SEED, to repeat a
 * sequence that failed.
 *
 * The model can tell everything, since nothing happens but by its will. It
 * gives its children their numbers, at each level of PID namespaces, by
 * clone3(2). They are stopped, but while they do what they were ordered. And
 * updates come only when it asks for one, see op_update().
 *
 * Where the interface leaves a choice to the module, the model takes either;
 * the word "either" marks these places.
 */
static int tap_seconds;
#define TAP_SECONDS	tap_seconds

#include "process.h"
#include "urt.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>

#define LEVELS	2	/* PID namespaces: ours, and one in it */
#define LIVES	30	/* children at a time */
#define LINES	256
#define FILES	8
#define HISTORY	100
#define PID_END	4194304	/* all PIDs are below */
#define TEXT	65536

/*
 * TIME and what the process says of itself are near each other, since both are
 * made of the same samples, but not quite the same: what the process says
 * depends also on when it was asked before. Where a sample comes rarely and
 * stands for much, as in a virtual machine that is not always running, there
 * are exceptions. They may not become the rule.
 */
#define NEAR	(2 * TICK)	/* microseconds */

/* What a child is to do when it is continued, and says when it is stopped. */
struct order {
	enum { BURN, BURN_IN_THREAD, START_THREAD, EXECUTE, EXECUTE_IN_THREAD,
	       END_LEADER, ORDERS } what;
	int ms;
	uid_t real, effective;
	long long used;		/* user time, in microseconds */
	pid_t thread;		/* that is not the leader, 0 if none */
};

/* A process that has not been reaped. */
struct life {
	bool used, zombie;
	bool kernel;		/* a kernel thread */
	bool steady;		/* stopped, so its time is known */
	pid_t nr[LEVELS];	/* 0 where it is not visible */
	uid_t uid;
	long long time;		/* in user mode, if steady */
	pid_t thread;
	struct order *order;
};

/* A line of the list. */
struct entry {
	struct life *life;	/* NULL once it has been reaped */
	pid_t nr[LEVELS];	/* 0 where it has no line, or not any more */
	uid_t owner;
	long long real;		/* TIME is near this and not below it, or -1 */
	long long most;		/* what it cannot exceed */
	long long used;		/* what wait4(2) said: in user mode, in all */
	long long used_most;
	bool final;		/* an update has come since then */
	bool known;		/* has TIME been seen since it may change? */
	long long time;		/* TIME, or the least that it may be */
};

/* The effective user ID and capabilities of a writer or an opener. */
struct caller {
	uid_t uid;
	bool ptrace, resource;
};

/* Whether a file reports POLLPRI. */
enum news {
	NONE,		/* not until there is news */
	POSSIBLE,	/* it has seen what may be announced yet */
	DUE,		/* not at once, perhaps, but without fail */
	SURE,		/* until it is read */
};

/* An open file. */
struct file {
	int fd;			/* -1 if it is closed */
	int level;
	struct caller opener;
	off_t offset;
	off_t place;		/* a read here continues from the last one */
	enum news news;
	char *snapshot;
	size_t length;
};

static const struct range {
	pid_t first, last;
} ranges[LEVELS][3] = {
	{ { 500000, 500011 }, { 999994, 1000005 }, { PID_END - 12, PID_END - 1 } },
	{ { 2, 9 }, { 96, 103 }, { 998, 1003 } },
};

/* A number that nobody has, and that of the one who does not come and go. */
#define NOBODY	600000
#define INNER_INIT	600001
#define INNER_NS	"/proc/600001/ns/pid"

/* The number of a process that is registered for its news alone. */
#define HERALD		600002

/* The file descriptor of the orders, in the children too. */
#define ORDERS_FD	100
#define ORDERS_SIZE	(LIVES * sizeof(*orders))

/* The last ones are no children: ourselves, 1 and 2, and the inner init. */
#define OTHERS	4
static struct life lives[LIVES + OTHERS];
static struct entry lines[LINES];
static int line_count;
static struct file files[FILES];
static int monitors[LEVELS];	/* files to see the list by */
static bool held;		/* may registrations be announced yet? */
static int pipe_fds[2];
static unsigned int max_processes;
static int period;		/* ms, of a forced update */

static int own_ns, inner_ns;	/* files of the namespaces */
static int open_inside[2], opened_inside[2];
static struct order *orders;
static int ep;

static const struct caller root = { 0, true, true };

static unsigned int seed;
static int operation, operations = 20000;
static char history[HISTORY][256];
static int noted;
static int times_near, times_far;	/* of those that are large enough */

static int below(int n)
{
	return random() % n;
}

static bool one_in(int n)
{
	return !below(n);
}

/*
 * What happened
 */

static void note(const char *format, ...)
{
	char *text = history[noted++ % HISTORY];
	va_list args;
	int at;

	at = sprintf(text, "%d: ", operation);
	va_start(args, format);
	vsnprintf(text + at, sizeof(history[0]) - at, format, args);
	va_end(args);
}

/* Bytes as they would be in a C string; the first ones, if they are many. */
static const char *quote(const char *bytes, size_t length)
{
	static char text[200];
	size_t at = 0;

	for (size_t i = 0; i < length && at < sizeof(text) - 8; i++)
		at += sprintf(text + at, bytes[i] > ' ' && bytes[i] < 127 ?
			      "%c" : "\\%03o", (unsigned char)bytes[i]);
	strcpy(text + at, "");
	return text;
}

static void show_list(int level)
{
	diag("the model's list, at level %d:", level);
	for (int i = 0; i < line_count; i++) {
		const struct entry *line = &lines[i];

		diag("%7d: %s %lld, really %lld%s%s%s", line->nr[level],
		     line->known ? "is" : "at least", line->time, line->real,
		     line->life ? "" : ", reaped",
		     line->life && line->life->zombie ? ", a zombie" : "",
		     line->final ? ", final" : "");
	}
}

/* The module and the model differ. */
static void differ(const char *format, ...)
{
	va_list args;
	char text[512];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ok(0, "the module does as the model: it differs at operation %d",
	   operation);
	diag("%s", text);
	diag("MODEL_SEED=%u, and the last operations were:", seed);
	for (int i = noted > HISTORY ? noted - HISTORY : 0; i < noted; i++)
		diag("%s", history[i % HISTORY]);
	for (int level = 0; level < LEVELS; level++)
		show_list(level);
	exit(1);
}

/*
 * The children
 */

static void serve(struct order *order);

static void *thread_burns(void *order)
{
	spin(((struct order *)order)->ms);
	return NULL;
}

static void *thread_pauses(void *order)
{
	__atomic_store_n(&((struct order *)order)->thread, gettid(),
			 __ATOMIC_SEQ_CST);
	sleep_work(NULL);
	return NULL;
}

static void *thread_serves(void *order)
{
	((struct order *)order)->thread = gettid();
	serve(order);
	return NULL;
}

static void *execute(void *order)
{
	char number[16];

	snprintf(number, sizeof(number), "%d",
		 (int)((struct order *)order - orders));
	/* Not "self": the leader, which that is, may have ended. */
	execl("/proc/thread-self/exe", "model", "child", number, NULL);
	die("execl(3)");
	return NULL;
}

/* Obey for ever. Any of the process's threads may run this, but only one. */
static void serve(struct order *order)
{
	pthread_t thread;

	for (;;) {
		order->used = own_user_time();
		raise(SIGSTOP);
		switch (order->what) {
		case BURN:
			spin(order->ms);
			break;
		case BURN_IN_THREAD:
			start_thread(&thread, thread_burns, order);
			pthread_join(thread, NULL);
			break;
		case START_THREAD:
			order->thread = 0;
			start_thread(&thread, thread_pauses, order);
			while (!__atomic_load_n(&order->thread,
						__ATOMIC_SEQ_CST))
				sched_yield();
			break;
		case EXECUTE:
			execute(order);
			break;
		case EXECUTE_IN_THREAD:
			start_thread(&thread, execute, order);
			sleep_work(NULL);
			break;
		case END_LEADER:
			start_thread(&thread, thread_serves, order);
			syscall(SYS_exit, 0);
			break;
		case ORDERS:
			break;
		}
	}
}

static void map_orders(void)
{
	orders = mmap(NULL, ORDERS_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED, ORDERS_FD, 0);
	if (orders == MAP_FAILED)
		die("the orders can be seen");
}

static void child(struct order *order)
{
	close_range(3, ORDERS_FD - 1, 0);
	close_range(ORDERS_FD + 1, ~0U, 0);
	if (setresuid(order->real, order->effective, order->effective))
		die("setresuid(2)");
	spin(order->ms);
	serve(order);
}

/* A child with these numbers, or 0 in the child itself. */
static pid_t clone_numbered(const pid_t *nr, int level, unsigned long flags)
{
	pid_t innermost_first[LEVELS] = { nr[level], nr[0] };
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)innermost_first,
		.set_tid_size = level + 1,
	};
	pid_t pid;

	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		die("a process gets the numbers %d and %d", nr[0], nr[1]);
	return pid;
}

/* As stopped(), but says with what it ended if it did. */
static void await_stop(pid_t pid, const char *what)
{
	int status = 0;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		differ("process %d: %s, and then status %#x", pid, what,
		       status);
}

/*
 * All that a process has used, exactly, and a little more than when it was
 * said to be stopped: it runs on for an instant.
 */
static long long cpu_clock(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		die("process %d has a clock", pid);
	return used.tv_sec * 1000000LL + used.tv_nsec / 1000;
}

static void bear(struct life *life, int level, uid_t uid, uid_t effective,
		 int ms)
{
	struct order *order = &orders[life - lives];

	*order = (struct order){
		.real = uid, .effective = effective, .ms = ms,
	};
	if (level && setns(inner_ns, CLONE_NEWPID))
		die("setns(2)");
	if (!clone_numbered(life->nr, level, 0))
		child(order);
	if (level && setns(own_ns, CLONE_NEWPID))
		die("setns(2)");
	await_stop(life->nr[0], "start");
	life->used = true;
	life->zombie = false;
	life->steady = true;
	life->uid = uid;
	life->time = order->used;
	life->thread = 0;
	life->order = order;
}

static const char * const names[] = {
	[BURN] = "burn",
	[BURN_IN_THREAD] = "burn in a thread",
	[START_THREAD] = "start a thread",
	[EXECUTE] = "execute",
	[EXECUTE_IN_THREAD] = "execute in a thread",
	[END_LEADER] = "end the leader",
};

static void bid(struct life *life, int what, int ms)
{
	life->order->what = what;
	life->order->ms = ms;
	go_on(life->nr[0]);
	await_stop(life->nr[0], names[what]);
	life->time = life->order->used;
	life->thread = life->order->thread;
}

static struct entry *line_of(const struct life *life)
{
	for (int i = 0; i < line_count; i++)
		if (lines[i].life == life)
			return &lines[i];
	return NULL;
}

static void kill_life(struct life *life)
{
	kill(life->nr[0], SIGKILL);
	ended(life->nr[0]);
	life->zombie = true;
	life->thread = 0;
}

static void reap_life(struct life *life)
{
	struct entry *line = line_of(life);
	struct rusage usage;

	if (wait4(life->nr[0], NULL, 0, &usage) != life->nr[0])
		die("process %d can be reaped", life->nr[0]);
	if (line) {
		line->life = NULL;
		line->used = user_time(&usage);
		/* It may not have been quite at its end. */
		line->used_most = line->used + 5 * NEAR +
			usage.ru_stime.tv_sec * 1000000LL +
			usage.ru_stime.tv_usec;
	}
	life->used = false;
}

static struct __user_cap_header_struct cap_header = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};

static struct __user_cap_data_struct all_caps[2];

static void become(const struct caller *caller)
{
	struct __user_cap_data_struct some[2];

	memcpy(some, all_caps, sizeof(some));
	some[1].effective = 0;
	some[0].effective = caller->ptrace << CAP_SYS_PTRACE |
			    caller->resource << CAP_SYS_RESOURCE;
	if (seteuid(caller->uid) || syscall(SYS_capset, &cap_header, some))
		die("becoming user %u", caller->uid);
}

static int open_as(const struct caller *caller)
{
	int fd;

	become(caller);
	fd = status_open();
	become_root();
	return fd;
}

static long write_as(const struct caller *caller, int fd, const char *text,
		     size_t length)
{
	long result;

	become(caller);
	result = status_write_bytes(fd, text, length);
	become_root();
	return result;
}

static struct caller some_caller(void)
{
	static const uid_t users[] = { 0, 0, 1000, 1001 };
	struct caller caller = root;

	if (one_in(2)) {
		caller.uid = users[below(4)];
		caller.ptrace = one_in(4);
		caller.resource = one_in(4);
	}
	return caller;
}

static const char *name_of(const struct caller *caller)
{
	static char names[2][40];
	static int which;
	char *name = names[which = !which];

	sprintf(name, "user %d%s%s", caller->uid,
		caller->ptrace ? " ptrace" : "",
		caller->resource ? " resource" : "");
	return name;
}

/*
 * The first process of the inner namespace, which opens files there. It has
 * its files in common with us.
 */
static void inner_init(void)
{
	struct caller caller;

	while (read(open_inside[0], &caller, sizeof(caller)) ==
	       sizeof(caller)) {
		int fd = open_as(&caller);

		if (write(opened_inside[1], &fd, sizeof(fd)) != sizeof(fd))
			die("an open file is told");
	}
	_exit(0);
}

static int open_at(int level, const struct caller *caller)
{
	int fd;

	if (!level)
		return open_as(caller);
	if (write(open_inside[1], caller, sizeof(*caller)) != sizeof(*caller) ||
	    read(opened_inside[0], &fd, sizeof(fd)) != sizeof(fd))
		die("a file is opened in the inner namespace");
	return fd;
}

/*
 * The model of the list
 */

static struct life *find_life(pid_t nr, int level)
{
	for (int i = 0; i < LIVES + OTHERS; i++)
		if (lives[i].used && lives[i].nr[level] == nr)
			return &lives[i];
	return NULL;
}

/* A registration or an unregistration, which will be announced. */
static void list_changed(void)
{
	held = true;
	for (int i = 0; i < FILES; i++)
		if (files[i].news < DUE)
			files[i].news = DUE;
}

/* News has come, and includes all that was held. */
static void news_came(void)
{
	held = false;
	for (int i = 0; i < FILES; i++)
		files[i].news = SURE;
}

/*
 * TIME may be another now. It is not less than what the process said of itself,
 * or wait4(2) of it, before; and what the kernel says of it now, in whole
 * ticks, is not less than TIME.
 */
static void refreshed(struct entry *line)
{
	line->known = false;
	line->real = -1;
	if (!line->life) {
		line->real = line->used;
		line->most = line->used_most;
	} else if (line->life->steady) {
		long long clock = cpu_clock(line->life->nr[0]);

		line->real = line->life->time;
		line->most = stat_user_time(line->life->nr[0]) +
			     stat_unit() - 1;
		if (line->most > clock)
			line->most = clock;
	}
}

static void remove_line(struct entry *line)
{
	memmove(line, line + 1,
		(&lines[--line_count] - line) * sizeof(*line));
}

/* A line is the old one's, if that has the number of a new process. */
static bool is_replaced(const struct entry *line, const struct life *life,
			int level)
{
	return line->nr[level] && line->nr[level] == life->nr[level];
}

static void add_line(struct life *life, uid_t owner)
{
	struct entry *line = &lines[line_count];

	for (int i = 0; i < line_count; i++)
		for (int level = 0; level < LEVELS; level++)
			if (is_replaced(&lines[i], life, level))
				lines[i].nr[level] = 0;
	if (++line_count > LINES)
		die("at most %d lines", LINES);
	*line = (struct entry){ .life = life, .owner = owner };
	memcpy(line->nr, life->nr, sizeof(line->nr));
	refreshed(line);
}

static void update_lines(int updates)
{
	for (; updates > 0; updates--) {
		for (int i = 0; i < line_count; i++) {
			struct entry *line = &lines[i];

			if (line->final) {
				remove_line(line);
				i--;
				continue;
			}
			refreshed(line);
			line->final = !line->life;
		}
	}
	news_came();
}

/*
 * Is the list full, or half of it the owner's? Either: whether a line that has
 * been replaced still counts, and whether one that is going to be does.
 */
static bool is_full(const struct life *life, uid_t owner, bool module_says)
{
	unsigned int share = max_processes / 2 + max_processes % 2;
	unsigned int least = 0, own = 0, least_own = 0;

	for (int i = 0; i < line_count; i++) {
		bool stays = false;

		for (int level = 0; level < LEVELS; level++)
			if (lines[i].nr[level] &&
			    !is_replaced(&lines[i], life, level))
				stays = true;
		least += stays;
		if (lines[i].owner == owner) {
			own++;
			least_own += stays;
		}
	}
	if (least >= max_processes || least_own >= share)
		return true;
	return ((unsigned int)line_count >= max_processes || own >= share) &&
	       module_says;
}

/*
 * The model of writing
 */

/* A process ID in a write. */
struct id {
	size_t start, end;
	int error;
	int or_error;		/* either of these */
	bool remove;
	pid_t nr;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

static bool next_id(const char *text, size_t length, size_t pos, struct id *id)
{
	long long value = 0;
	size_t at;

	while (pos < length && is_space(text[pos]))
		pos++;
	if (pos == length)
		return false;
	*id = (struct id){ .start = pos, .error = -EINVAL, .or_error = -EINVAL };
	for (id->end = pos; id->end < length && !is_space(text[id->end]);)
		id->end++;
	id->remove = text[pos] == '-';
	at = pos + id->remove;
	if (at == id->end)
		return true;
	for (; at < id->end; at++) {
		if (!isdigit((unsigned char)text[at]))
			return true;
		if (value <= INT_MAX)
			value = 10 * value + text[at] - '0';
	}
	if (!value || value > INT_MAX)
		return true;
	id->nr = value;
	/* Either: is that out of range, or no such process? */
	if (value < PID_END)
		id->error = 0;
	else
		id->or_error = -ESRCH;
	return true;
}

/*
 * Take one ID of a write whose result is known, if it is to be taken.
 * Return: 0 or an error.
 */
static int take_id(const struct id *id, const struct file *file,
		   const struct caller *caller, long result)
{
	const struct caller *opener = &file->opener;
	struct life *life;
	struct entry *line;

	if (id->error)
		return result == id->or_error ? id->or_error : id->error;
	life = find_life(id->nr, file->level);
	if (!life || life->kernel)
		return -ESRCH;
	line = line_of(life);
	if (id->remove) {
		if (!line)
			return -ESRCH;
		if ((caller->uid != life->uid && !caller->ptrace) ||
		    (opener->uid != life->uid && !opener->ptrace))
			return -EPERM;
		remove_line(line);
	} else {
		if (line)
			return 0;
		if (!(caller->resource && opener->resource) &&
		    is_full(life, opener->uid, result < (long)id->end))
			return -ENOSPC;
		add_line(life, opener->uid);
	}
	list_changed();
	return 0;
}

/*
 * What the write of @text should have returned. Of a text longer than
 * @readable that much can be read.
 */
static long take_write(const char *text, size_t length, size_t readable,
		       const struct file *file, const struct caller *caller,
		       long result)
{
	size_t taken = 0;
	struct id id = { 0 };
	int err;

	/* Either: all of a very long write, or a part between two numbers. */
	if (length > 4000 && result > 0 && result < (long)length &&
	    (is_space(text[result - 1]) || is_space(text[result])))
		length = result;
	while (next_id(text, readable < length ? readable : length, taken,
		       &id)) {
		if (readable < length) {
			/* Either: some of what can be read is taken or not. */
			if (id.end == readable || result == -EFAULT ||
			    (result >= 0 && result < (long)id.end))
				break;
		}
		err = take_id(&id, file, caller, result);
		if (err)
			return taken ? (long)taken : err;
		taken = id.end;
	}
	if (readable < length) {
		/* Either: what is wrong, and goes on where it is unreadable. */
		if (!taken && id.error && result == id.error)
			return result;
		/* Either: with or without the white space after an ID. */
		for (length = taken; length < readable && is_space(text[length]);)
			if (++length == (size_t)result)
				return result;
		return taken ? (long)taken : -EFAULT;
	}
	return length;
}

/*
 * The model of reading
 */

/* Write down the list as it should be. */
static size_t print_list(char *text, int level)
{
	size_t length = 0;

	for (int i = 0; i < line_count; i++)
		if (lines[i].nr[level])
			length += sprintf(text + length, "%d: %lld\n",
					  lines[i].nr[level], lines[i].time);
	text[length] = '\0';
	return length;
}

/* A line says that TIME is @time. */
static void learn_time(struct entry *line, int level, long long time)
{
	if (line->known && time != line->time)
		differ("%d: TIME was %lld, is %lld, with no update since",
		       line->nr[level], line->time, time);
	if (time < line->time)
		differ("%d: TIME was %lld, is %lld, which is less",
		       line->nr[level], line->time, time);
	if (line->real >= 0 && !line->known &&
	    (time < line->real || time > line->most))
		differ("%d: TIME is %lld, and should be %lld to %lld",
		       line->nr[level], time, line->real, line->most);
	if (line->real >= NEAR && !line->known) {
		if (llabs(time - line->real) <= NEAR)
			times_near++;
		else
			times_far++;
	}
	line->known = true;
	line->time = time;
}

/* Read the list, which should be what the model has, with TIMEs it may have. */
static void learn_list(int level)
{
	static char text[TEXT], expected[TEXT];
	unsigned long long time;
	size_t length = 0;
	const char *at = text;
	char pid[16];
	ssize_t got;

	while ((got = pread(monitors[level], text + length,
			    sizeof(text) - 1 - length, length)) > 0)
		length += got;
	if (got < 0)
		differ("reading the list fails: %s", strerror(errno));
	text[length] = '\0';
	for (int i = 0; i < line_count; i++) {
		if (!lines[i].nr[level])
			continue;
		sprintf(pid, "%d: ", lines[i].nr[level]);
		if (strncmp(at, pid, strlen(pid)))
			differ("level %d: a line that should begin with '%s' is '%.20s'",
			       level, pid, quote(at, strlen(at)));
		at += strlen(pid);
		if (!digits(&at, &time) || *at++ != '\n')
			differ("a bad line: '%s%.20s'", pid, at);
		learn_time(&lines[i], level, time);
	}
	if (print_list(expected, level) != length ||
	    memcmp(expected, text, length))
		differ("level %d: the list goes on: '%.80s'", level,
		       quote(at, text + length - at));
}

/* Fill in what the model cannot know of the list of a level: TIMEs. */
static void learn(int level)
{
	for (int i = 0; i < line_count; i++)
		if (lines[i].nr[level] && !lines[i].known)
			return learn_list(level);
}

/* As lseek(2) would say, which may generate the list again. */
static long long offset_of(int fd)
{
	char path[40], text[20] = "";
	int info;

	sprintf(path, "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0 || read(info, text, sizeof(text) - 1) < 0)
		die("%s can be read", path);
	close(info);
	return atoll(text + strlen("pos:"));
}

static void check_offset(struct file *file)
{
	long long offset = offset_of(file->fd);

	if (offset != file->offset)
		differ("the offset of file %d is %lld, not %lld",
		       (int)(file - files), offset, (long long)file->offset);
}

/* The list is generated, and its text is what @file has from now on. */
static void generated(struct file *file)
{
	learn(file->level);
	free(file->snapshot);
	file->snapshot = malloc(TEXT);
	file->length = print_list(file->snapshot, file->level);
	file->news = held ? POSSIBLE : NONE;
}

static long splice_read(int fd, off_t *at, char *text, size_t size)
{
	long got = splice(fd, at, pipe_fds[1], NULL, size, 0);

	if (got > 0 && read(pipe_fds[0], text, got) != got)
		die("%ld bytes are read from a pipe", got);
	return got;
}

/*
 * read(2), or pread(2) at @at if that is not negative, or splice(2) in the
 * place of either.
 */
static void do_read(struct file *file, size_t size, off_t at)
{
	static char text[TEXT];
	off_t offset = at < 0 ? file->offset : at;
	bool new = size && (!offset || offset != file->place);
	bool by_splice = one_in(4);
	size_t expected = 0;
	ssize_t got;

	if (new && one_in(2))
		learn(file->level);
	if (by_splice)
		got = splice_read(file->fd, at < 0 ? NULL : &at, text, size);
	else if (at < 0)
		got = read(file->fd, text, size);
	else
		got = pread(file->fd, text, size, at);
	note("%s file %d%s: %zu bytes at %lld: %zd", at < 0 ? "read" : "pread",
	     (int)(file - files), by_splice ? " by splice" : "", size,
	     (long long)offset, got);
	if (new)
		generated(file);
	if (offset < (off_t)file->length)
		expected = file->length - offset;
	if (expected > size)
		expected = size;
	/* Either: a read may be short, but not empty. */
	if (got < 0 || got > (ssize_t)expected || (expected && !got))
		differ("a read of %zu bytes returns %zd, not %zu",
		       size, got, expected);
	if (got && memcmp(text, file->snapshot + offset, got))
		differ("a read at %lld sees '%s'", (long long)offset,
		       quote(text, got));
	if (size)
		file->place = offset + got;
	if (at < 0)
		file->offset += got;
	check_offset(file);
}

/*
 * The operations. Each returns whether it could be done.
 */

static struct file *some_file(void)
{
	return &files[below(FILES)];
}

static struct life *some_life(bool zombie)
{
	for (int tries = 0; tries < 2 * LIVES; tries++) {
		struct life *life = &lives[below(LIVES)];

		if (life->used && life->zombie == zombie)
			return life;
	}
	return NULL;
}

static pid_t some_number(int level)
{
	const struct range *range = &ranges[level][below(3)];

	return range->first + below(range->last - range->first + 1);
}

/* A number that is not in use, often one that was and has a line still. */
static pid_t some_free_number(int level)
{
	pid_t nr;

	do {
		const struct entry *line = &lines[below(line_count + 1)];

		nr = some_number(level);
		if (one_in(2) && line < lines + line_count &&
		    !line->life && line->nr[level])
			nr = line->nr[level];
	} while (find_life(nr, level));
	return nr;
}

static bool op_start(void)
{
	static const uid_t users[] = { 0, 1000, 1001 };
	int slot, level = one_in(3);
	uid_t uid = users[below(3)], effective = one_in(4) ? users[below(3)] : uid;
	struct life *life;

	/* As a rule a third of the places is free. */
	slot = below(LIVES);
	life = &lives[slot];
	if (life->used)
		return false;
	life->nr[0] = some_free_number(0);
	life->nr[1] = level ? some_free_number(1) : 0;
	bear(life, level, uid, effective, one_in(8) ? 5 + below(25) : 0);
	note("start %d (%d inside), user %d/%d, %lld us", life->nr[0],
	     life->nr[1], uid, effective, life->time);
	return true;
}

static bool op_work(void)
{
	struct life *life = some_life(false);
	int what = below(ORDERS), ms = 5 + below(25);

	/* Threads have numbers that only our own namespace leaves us free. */
	if (!life || (life->nr[1] && what != BURN))
		return false;
	/* And the program's file may be root's. */
	if ((what == EXECUTE || what == EXECUTE_IN_THREAD) &&
	    (life->order->real || life->order->effective))
		return false;
	if (what == END_LEADER && life->thread)
		return false;
	bid(life, what, ms);
	note("%d: %s, %d ms, now has %lld us, thread %d", life->nr[0],
	     names[what], ms, life->time, life->thread);
	return true;
}

static bool op_kill(void)
{
	struct life *life = some_life(false);

	if (!life)
		return false;
	kill_life(life);
	note("kill %d (%d inside)", life->nr[0], life->nr[1]);
	return true;
}

static bool op_reap(void)
{
	struct life *life = some_life(true);

	if (!life)
		return false;
	reap_life(life);
	note("reap %d (%d inside)", life->nr[0], life->nr[1]);
	return true;
}

static bool op_open(void)
{
	struct epoll_event event = { .events = EPOLLPRI };
	struct file *file = some_file();

	if (file->fd >= 0)
		close(file->fd);
	free(file->snapshot);
	*file = (struct file){
		.news = SURE, .level = one_in(3), .opener = some_caller(),
	};
	file->fd = open_at(file->level, &file->opener);
	event.data.ptr = file;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, file->fd, &event))
		die("epoll_ctl(2)");
	note("close file %d and open it at level %d as %s",
	     (int)(file - files), file->level, name_of(&file->opener));
	return true;
}

static bool op_read(void)
{
	static const int sizes[] = { 1, 7, 30, 200, 4096, TEXT };

	do_read(some_file(), below(sizes[below(6)] + 1), -1);
	return true;
}

static bool op_read_all(void)
{
	struct file *file = some_file();

	do_read(file, TEXT, 0);
	return true;
}

static bool op_pread(void)
{
	struct file *file = some_file();

	do_read(file, below(300), one_in(3) ? 0 : below(file->length + 20));
	return true;
}

static bool op_seek(void)
{
	struct file *file = some_file();
	off_t to, seen, from = one_in(2) ? file->offset : 0;
	bool new;

	if (one_in(3))
		to = 0;
	else if (one_in(10))
		to = one_in(2) ? -1 - below(9) : 1LL << 40;
	else
		to = below(file->length + 20);
	new = to > 0 && to != file->place;
	if (new && one_in(2))
		learn(file->level);
	seen = lseek(file->fd, to - from, from ? SEEK_CUR : SEEK_SET);
	note("lseek file %d by %lld from %lld: %lld", (int)(file - files),
	     (long long)(to - from), (long long)from, (long long)seen);
	if (to < 0 && (seen >= 0 || errno != EINVAL))
		differ("lseek to %lld: %lld", (long long)to, (long long)seen);
	if (to >= 0) {
		file->offset = to;
		file->place = to;
	}
	if (new)
		generated(file);
	check_offset(file);
	return true;
}

/* @file reports POLLPRI, or does not, and may it? */
static void check_news(struct file *file, bool reported, const char *how)
{
	if (reported ? file->news == NONE : file->news == SURE)
		differ("%s file %d: POLLPRI %d", how, (int)(file - files),
		       reported);
	if (reported)
		file->news = SURE;
	else if (file->news == POSSIBLE && !held)
		file->news = NONE;
}

static void poll_one(struct file *file)
{
	struct pollfd p = {
		.fd = file->fd, .events = POLLIN | POLLOUT | POLLPRI,
	};

	poll(&p, 1, 0);
	if ((p.revents & ~POLLPRI) != (POLLIN | POLLOUT))
		differ("poll file %d: %#x", (int)(file - files), p.revents);
	check_news(file, p.revents & POLLPRI, "poll");
}

static void select_all(void)
{
	struct timeval now = { 0 };
	fd_set readable, except;
	int top = 0;

	FD_ZERO(&readable);
	for (int i = 0; i < FILES; i++) {
		FD_SET(files[i].fd, &readable);
		if (files[i].fd > top)
			top = files[i].fd;
	}
	except = readable;
	select(top + 1, &readable, NULL, &except, &now);
	for (int i = 0; i < FILES; i++) {
		if (!FD_ISSET(files[i].fd, &readable))
			differ("select file %d: not readable", i);
		check_news(&files[i], FD_ISSET(files[i].fd, &except), "select");
	}
}

/* epoll has what poll(2) would see when it has been woken, a moment later. */
static void epoll_all(void)
{
	struct epoll_event events[FILES];
	long long until = now_ms() + paced(20000);
	bool seen[FILES], missing;

	do {
		int count = epoll_wait(ep, events, FILES, 0);

		missing = false;
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < count; i++)
			seen[(struct file *)events[i].data.ptr - files] = true;
		for (int i = 0; i < FILES; i++)
			missing |= files[i].news == SURE && !seen[i];
	} while (missing && now_ms() < until);
	for (int i = 0; i < FILES; i++)
		check_news(&files[i], seen[i], "epoll");
}

/* What is due comes. */
static void await_news(struct file *file)
{
	if (!changed(file->fd, 20000))
		differ("file %d: no news within 20 seconds",
		       (int)(file - files));
	file->news = SURE;
}

static bool op_poll(void)
{
	struct file *file = some_file();

	switch (below(3)) {
	case 0:
		note("poll file %d", (int)(file - files));
		poll_one(file);
		if (file->news == DUE && one_in(4))
			await_news(file);
		break;
	case 1:
		note("select all files");
		select_all();
		break;
	case 2:
		note("epoll all files");
		epoll_all();
		break;
	}
	return true;
}

static bool op_look(void)
{
	int level = below(LEVELS);

	note("look at the list at level %d", level);
	learn_list(level);
	return true;
}

/*
 * Text to write
 */

/* What is no process ID; %d is the number of a process. */
static const char * const malformed[] = {
	"abc", "%da", "a%d", "%d,1", "1.5", "%d-%d", "0x10", "-", "--%d",
	"- %d", "+%d", "-+%d", "+-%d", "0", "00", "-0", "-000", "2147483648",
	"-2147483648", "-2147483649", "4294967295", "4294967296",
	"9223372036854775807", "9223372036854775808", "18446744073709551617",
	"99999999999999999999", "%d\r", "%d\v", "\f%d", "\200", "-%d-", "%d+",
	"4194304", "4194305", "-4194305", "2147483647", "-2147483647",
	"00000000000000000000", "-99999999999999999999", "%d:", "\1", "'%d'",
};

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

/* A number that may be a process's that can be registered, or not. */
static pid_t interesting_number(int level)
{
	const struct life *life = &lives[below(LIVES + OTHERS)];
	const struct entry *line = &lines[below(line_count + 1)];

	switch (below(16)) {
	case 0:
		return some_number(level);
	case 1:
		/* The other level's number: that of ours is none inside. */
		if (level)
			return life->nr[0] ? life->nr[0] : NOBODY;
		return NOBODY;
	case 2:
		if (life->used && life->thread)
			return life->thread;
		break;
	case 3:
	case 4:
		if (line < lines + line_count && line->nr[level])
			return line->nr[level];
		break;
	}
	if (life->used && life->nr[level])
		return life->nr[level];
	return some_number(level);
}

static int some_space(char *text)
{
	int length = one_in(20) ? below(40) : 1 + (one_in(4) ? below(4) : 0);

	for (int i = 0; i < length; i++)
		text[i] = "\n\n\t   \0"[below(7)];
	return length;
}

static int some_id(char *text, int level)
{
	int number = interesting_number(level);
	long long wrong = number;

	if (one_in(30)) {
		wrong += one_in(2) ? 1LL << 32 : -(1LL << 32);
		return sprintf(text, "%lld", wrong);
	}
	if (one_in(12)) {
		/* Some have two numbers, and some none. */
		return sprintf(text, malformed[below(COUNT(malformed))],
			       number, number);
	}
	return sprintf(text, "%s%0*d", one_in(4) ? "-" : "",
		       one_in(8) ? below(30) : 0, number);
}

/*
 * A number here that may be another's process, of which we know nothing. In
 * the inner namespace there are none.
 */
static bool is_foreign(pid_t nr, int level)
{
	if (level || nr == NOBODY || nr >= PID_END || find_life(nr, 0))
		return false;
	for (int i = 0; i < COUNT(ranges[0]); i++)
		if (nr >= ranges[0][i].first && nr <= ranges[0][i].last)
			return false;
	for (int i = 0; i < LIVES; i++)
		if (lives[i].used && lives[i].thread == nr)
			return false;
	return true;
}

static int some_text(char *text, int size, int level)
{
	int length = 0, ids, number;
	size_t pos = 0;
	struct id id;

	switch (below(24)) {
	case 0:
		length = below(100);
		for (int i = 0; i < length; i++)
			text[i] = random();
		break;
	case 1:
		length = below(100);
		for (int i = 0; i < length; i++)
			text[i] = " 0123456789-\n"[below(13)];
		break;
	case 2:
		number = interesting_number(level);
		length = one_in(2) ? 4 : 8;
		memset(text, 0, length);
		memcpy(text, &number, sizeof(number));
		break;
	case 3:
		if (!one_in(4))
			length = some_space(text);
		break;
	case 4:
		/* A long one. */
		if (one_in(3)) {
			ids = 1000 + below(1000);
			for (int i = 0; i < ids && length < size - 100; i++) {
				const struct life *life;
				int at = length;

				length += some_id(text + at, level);
				/* Mostly no errors. */
				if (!next_id(text + at, length - at, 0, &id))
					continue;
				life = id.error || id.remove ? NULL :
				       find_life(id.nr, level);
				if ((!life || life->kernel) && !one_in(500))
					length = at;
				length += some_space(text + length);
			}
			break;
		}
		__attribute__((fallthrough));
	default:
		ids = 1 + (one_in(3) ? below(6) : 0);
		if (one_in(5))
			length += some_space(text);
		for (int i = 0; i < ids; i++) {
			if (i)
				length += some_space(text + length);
			length += some_id(text + length, level);
		}
		if (one_in(2))
			length += some_space(text + length);
	}
	while (next_id(text, length, pos, &id)) {
		if (!id.error && is_foreign(id.nr, level))
			text[id.start] = 'x';
		pos = id.end;
	}
	return length;
}

static void do_write(struct file *file, const char *text, size_t length,
		     size_t readable)
{
	struct caller caller = some_caller();
	long result, expected;

	result = write_as(&caller, file->fd, text, length);
	note("%s, file %d of %s at level %d: %zu bytes, of them %zu good: %ld: %s",
	     name_of(&caller), (int)(file - files), name_of(&file->opener),
	     file->level, length, readable, result, quote(text, readable));
	expected = take_write(text, length, readable, file, &caller, result);
	if (result != expected)
		differ("the write returned %ld, not %ld", result, expected);
	check_offset(file);
}

static bool op_write(void)
{
	static char text[TEXT];
	struct file *file = some_file();
	int length = some_text(text, sizeof(text), file->level);

	do_write(file, text, length, length);
	return true;
}

/* Write what cannot be read, or but partly. */
static bool op_write_fault(void)
{
	static char *pages, text[TEXT];
	struct file *file = some_file();
	int length = some_text(text, sizeof(text), file->level);
	long page = sysconf(_SC_PAGESIZE);

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(pages + page, page, PROT_NONE);
	}
	if (length > 3000)
		return false;
	memcpy(pages + page - length, text, length);
	do_write(file, pages + page - length, length + 1 + below(100), length);
	return true;
}

/* Ways to write that the file does not have. They change nothing. */
static bool op_write_otherwise(void)
{
	struct file *file = some_file();
	const struct life *life = some_life(false);
	char text[16];
	int length;

	if (!life)
		return false;
	length = sprintf(text, "%d ", life->nr[0]);
	note("file %d: pwrite, splice and sendfile", (int)(file - files));
	if (pwrite(file->fd, text, length, 0) >= 0 || errno != ESPIPE)
		differ("pwrite: %s", strerror(errno));
	if (write(pipe_fds[1], text, length) != length)
		die("a pipe is written to");
	if (splice(pipe_fds[0], NULL, file->fd, NULL, length, 0) >= 0 ||
	    errno != EINVAL)
		differ("splice into the file: %s", strerror(errno));
	if (read(pipe_fds[0], text, length) != length)
		differ("splice took something out of the pipe");
	if (pwrite(ORDERS_FD, text, length, ORDERS_SIZE) != length)
		die("a file is written to");
	if (sendfile(file->fd, ORDERS_FD, &(off_t){ ORDERS_SIZE }, length) >= 0 ||
	    errno != EINVAL)
		differ("sendfile into the file: %s", strerror(errno));
	check_offset(file);
	return true;
}

/*
 * The parameters
 */

static bool op_max(void)
{
	max_processes = one_in(10) ? 0 : line_count - 3 + below(20);
	if ((int)max_processes < 0 || one_in(4))
		max_processes = URT_MAX_PROCESSES_DEFAULT;
	set_parameter("max_processes", max_processes);
	note("max_processes is %u", max_processes);
	return true;
}

static bool op_period(void)
{
	static const char * const wrong[] = {
		"9", "0", "-1", "3600001", "4294967296", "-3600000", "abc", "",
		"3600000000", "10 20", "1.5",
	};
	const char *text = wrong[below(COUNT(wrong))];
	int error, ms = URT_PERIOD_MS_MAX - below(100000);

	set_period(ms);
	error = parameter_write("period_ms", text);
	note("period_ms is %d; '%s': %d", ms, text, error);
	/* The empty one is not written at all. */
	if (error != (*text ? -EINVAL : 0))
		differ("period_ms '%s': %d, not EINVAL", text, error);
	if (parameter("period_ms") != ms)
		differ("period_ms is %ld", parameter("period_ms"));
	return true;
}

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static bool wait_poll(struct file *file, int ms)
{
	return changed(file->fd, ms);
}

static bool wait_select(struct file *file, int ms)
{
	struct timeval time = { .tv_sec = ms / 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(file->fd, &set);
	return select(file->fd + 1, NULL, NULL, &set, &time) == 1;
}

static bool wait_epoll(struct file *file, int ms)
{
	struct epoll_event event;

	(void)file;
	return epoll_wait(ep, &event, 1, ms) == 1;
}

/*
 * A line that tells one update from two, if there is any: that of a process
 * that was reaped, and no update since.
 */
static struct entry *telling_line(int *level)
{
	for (int i = 0; i < line_count; i++)
		for (*level = 0; *level < LEVELS; (*level)++)
			if (!lines[i].life && !lines[i].final &&
			    lines[i].nr[*level])
				return &lines[i];
	return NULL;
}

static bool is_any_visible(void)
{
	for (int i = 0; i < line_count; i++)
		for (int level = 0; level < LEVELS; level++)
			if (lines[i].nr[level])
				return true;
	return false;
}

/* No update may be on its way any more. */
static void calm_down(void)
{
	struct pollfd p = { .fd = monitors[0], .events = POLLPRI };
	char byte;

	while (pread(p.fd, &byte, 1, 0) < 0 || poll(&p, 1, 100))
		;
}

/*
 * What has been registered is announced now, and nothing more will be. The
 * process registered here is not announced until after the poll, or else once
 * more is tried, so that its news includes all before.
 */
static void announce(void)
{
	do {
		see_news(monitors[0]);
		if (status_write(monitors[0], "%d -%d", HERALD, HERALD) < 0)
			differ("process %d cannot be registered", HERALD);
	} while (changed(monitors[0], 0));
	if (!changed(monitors[0], 20000))
		differ("a registration is not announced within 20 seconds");
	news_came();
}

/* Or the list may become empty, and there is no second update. */
static bool is_any_alive(void)
{
	for (int i = 0; i < line_count; i++)
		if (lines[i].life)
			return true;
	return false;
}

/*
 * The period is set so short that an update comes, or two, which is awaited,
 * and then long again. If that took much less than one period more, there was
 * no update more. Else the line of a process that was reaped tells: after one
 * update it is still there, after two it is not, and more change nothing more.
 * Nor does their number matter where there is no such line.
 */
static bool op_update(void)
{
	static bool (* const waits[])(struct file *file, int ms) = {
		wait_poll, wait_select, wait_epoll,
	};
	static struct list list;
	static int early;
	struct file *file = some_file();
	bool two = one_in(6) && is_any_alive();
	int updates = 1, level, wait = below(3);
	struct entry *telling = telling_line(&level);
	long long began, took;
	pid_t nr = telling ? telling->nr[level] : 0;
	bool in_time;
	char byte;

	if (!is_any_visible())
		return false;
	announce();
	/* epoll waits for any file, and so none may have news before. */
	for (int i = 0; i < FILES; i++)
		if (&files[i] == file || wait == 2)
			do_read(&files[i], 1 + below(50), 0);
	began = now_us();
	set_period(period);
	if (!waits[wait](file, 20000))
		differ("no update within 20 seconds: file %d, %s",
		       (int)(file - files), wait ? wait == 1 ? "select" :
		       "epoll" : "poll");
	if (two) {
		pread(monitors[0], &byte, 1, 0);
		if (!changed(monitors[0], 20000))
			differ("no second update within 20 seconds");
		updates = 2;
	}
	stop_updates();
	took = now_us() - began;
	in_time = took < (2 * updates + 1) * period * 500LL;
	if (!in_time)
		calm_down();
	if (nr) {
		list_read(monitors[level], &list);
		if (!list_count(&list, nr))
			updates = 2;
	}
	note("%s, in %lld us, period %d ms", updates == 1 ? "update" :
	     "two updates or more", took, period);
	/* Where a processor is late to see time pass, a timer may be early. */
	early = in_time && !two && updates > 1 ? early + 1 : 0;
	if (early == 3)
		differ("%d: a line goes with the first update", nr);
	/* Seek the shortest period that is long enough mostly. */
	if (!in_time && period < 150)
		period *= 2;
	else if (in_time && period > 30)
		period -= period / 8;
	update_lines(updates);
	return true;
}

/* An empty list, which has no updates. */
static bool op_clear(void)
{
	static const struct file monitor = { .opener = root };
	char text[16];

	if (!one_in(3))
		return false;
	note("clear");
	while (is_any_visible()) {
		struct life *life = lines[0].life;

		if (!life) {
			op_update();
		} else if (life->steady && !life->zombie) {
			kill_life(life);
		} else if (life->zombie && one_in(2)) {
			reap_life(life);
		} else {
			int length = sprintf(text, "-%d", life->nr[0]);
			long result = status_write(monitors[0], "%s", text);

			if (take_write(text, length, length, &monitor, &root,
				       result) != result)
				differ("unregister %s: %ld", text, result);
		}
	}
	if (line_count) {
		/* Lines that have been replaced, and go by two updates. */
		set_period(URT_PERIOD_MS_MIN);
		calm_down();
		update_lines(2);
	}
	announce();
	for (int i = 0; i < FILES; i++)
		do_read(&files[i], TEXT, 0);
	set_period(URT_PERIOD_MS_MIN);
	if (changed(files[0].fd, 5 * URT_PERIOD_MS_MIN))
		differ("an update of an empty list");
	stop_updates();
	return true;
}

static struct {
	const char *name;
	bool (*run)(void);
	int weight;
	int count;
} kinds[] = {
	{ "start", op_start, 160, 0 },
	{ "work", op_work, 30, 0 },
	{ "kill", op_kill, 45, 0 },
	{ "reap", op_reap, 70, 0 },
	{ "open", op_open, 20, 0 },
	{ "read", op_read, 150, 0 },
	{ "read all", op_read_all, 50, 0 },
	{ "pread", op_pread, 60, 0 },
	{ "lseek", op_seek, 60, 0 },
	{ "poll", op_poll, 80, 0 },
	{ "look", op_look, 40, 0 },
	{ "write", op_write, 260, 0 },
	{ "write a fault", op_write_fault, 15, 0 },
	{ "write otherwise", op_write_otherwise, 15, 0 },
	{ "max_processes", op_max, 15, 0 },
	{ "period_ms", op_period, 5, 0 },
	{ "update", op_update, 16, 0 },
	{ "clear", op_clear, 1, 0 },
};

static int any_kind(void)
{
	int total = 0, pick, kind;

	for (kind = 0; kind < COUNT(kinds); kind++)
		total += kinds[kind].weight;
	pick = below(total);
	for (kind = 0; pick >= kinds[kind].weight; kind++)
		pick -= kinds[kind].weight;
	return kind;
}

/* The last is "clear", so rare that chance alone may leave it out. */
static void run_one(void)
{
	int kind;

	do {
		kind = operation < operations ? any_kind() : COUNT(kinds) - 1;
	} while (!kinds[kind].run());
	kinds[kind].count++;
}

static void set_up(void)
{
	static const pid_t herald[LEVELS] = { HERALD };
	struct life *others = &lives[LIVES];
	int fd;

	fd = memfd_create("orders", 0);
	if (dup2(fd, ORDERS_FD) < 0 ||
	    ftruncate(ORDERS_FD, ORDERS_SIZE))
		die("memory to share");
	close(fd);
	map_orders();

	own_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (own_ns < 0 || pipe(open_inside) || pipe(opened_inside) ||
	    pipe(pipe_fds))
		die("/proc/self/ns/pid opens");
	others[0] = (struct life){ .used = true, .nr = { INNER_INIT, 1 } };
	others[1] = (struct life){ .used = true, .nr = { getpid() } };
	others[2] = (struct life){ .used = true, .nr = { 1 } };
	others[3] = (struct life){ .used = true, .nr = { 2 }, .kernel = true };
	syscall(SYS_capget, &cap_header, all_caps);
	if (!clone_numbered(others[0].nr, 1, CLONE_NEWPID | CLONE_FILES))
		inner_init();
	if (!clone_numbered(herald, 0, 0))
		sleep_work(NULL);
	inner_ns = open(INNER_NS, O_RDONLY | O_CLOEXEC);
	if (inner_ns < 0)
		die("the namespace inside can be seen");
	ep = epoll_create1(EPOLL_CLOEXEC);

	stop_updates();
	max_processes = parameter("max_processes");
	period = 30;
	for (int level = 0; level < LEVELS; level++)
		monitors[level] = open_at(level, &root);
	for (int i = 0; i < FILES; i++)
		files[i].fd = -1;
	for (int i = 0; i < FILES; i++)
		while (files[i].fd < 0)
			op_open();
}

static unsigned int environment(const char *name, unsigned int value)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : value;
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
	char pid_max[16] = "";
	long long began;
	int missing = 0;

	if (argc == 3) {
		map_orders();
		orders[atoi(argv[2])].thread = 0;
		serve(&orders[atoi(argv[2])]);
	}

	operations = environment("MODEL_OPERATIONS", operations);
	seed = environment("MODEL_SEED", some_seed());
	tap_seconds = 300 + operations / 20;
	plan(3);
	srandom(seed);
	diag("MODEL_SEED=%u, %d operations", seed, operations);

	set_pid_max("4194304", pid_max, sizeof(pid_max));
	set_up();
	began = now_ms();
	for (operation = 1; operation <= operations; operation++)
		run_one();
	ok(1, "the module does as the model");
	ok(times_far <= 2 + times_near / 5, "TIMEs are what they should be");
	diag("TIMEs that are right: %d, a bit off: %d", times_near, times_far);
	diag("%d operations in %lld s, of them", operations,
	     (now_ms() - began) / 1000);
	for (int i = 0; i < COUNT(kinds); i++) {
		diag("%6d %s", kinds[i].count, kinds[i].name);
		missing += !kinds[i].count;
	}
	is(missing, 0, "all kinds of operations were there");

	for (int i = 0; i < LIVES; i++) {
		if (!lives[i].used)
			continue;
		if (!lives[i].zombie)
			kill_life(&lives[i]);
		reap_life(&lives[i]);
	}
	end(INNER_INIT);
	end(HERALD);
	set_pid_max(pid_max, NULL, 0);
	return done();
}
