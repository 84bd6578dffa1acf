// SPDX-License-Identifier: GPL-2.0
/*
 * urt follow: registers matching processes, now and as they start
 *
 * The kernel reports each new process, each execve(2) and each change of a
 * name, so follow sleeps until an event arrives. It subscribes before it scans
 * /proc, so it misses no process that starts meanwhile. No event reports a move
 * into a cgroup, so follow scans the matching cgroups once a minute. If follow
 * cannot receive events, it scans /proc once per period of the module.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "urt.h"

#define SCAN_EVERY	60	/* seconds */
#define SCAN_SOON	1
/* Events that are handled before signals are checked again. */
#define EVENTS		256
/* More events than fit into the queue. */
#define QUEUE_EVENTS	16384
/* How often to try to open the list: it may appear after the event LOADED. */
#define TRIES		10
#define TRY_EVERY	0.1	/* seconds */

static struct {
	enum kind kind;
	const char *text;
} *given;			/* the criteria on the command line */
static size_t given_count;
static const char *path;	/* of a file with more criteria; or NULL */
static struct criteria criteria;

static int signals, uevents;
static int events;		/* -1: not available */
static bool heard;		/* an event has arrived */
static bool soon;		/* processes may have been missed */
static double scanned;		/* time of the last scan */
static double tried;		/* time of the last attempt to open the list */
static int tries;		/* attempts left */

/* Collects all criteria. On error, keeps the old ones and returns false. */
static bool set_criteria(void)
{
	struct criteria new = { 0 };
	const char *error;
	bool passed = true;

	for (size_t i = 0; i < given_count; i++) {
		error = add_criterion(&new, given[i].kind, given[i].text);
		if (error)
			warnx("'%s': %s", given[i].text, error);
		passed &= !error;
	}
	if (path)
		passed &= read_criteria(&new, path);
	if (passed && !new.count) {
		warnx("nothing to follow: no name, executable or unit");
		passed = false;
	}
	if (!passed) {
		free_criteria(&new);
		return false;
	}
	free_criteria(&criteria);
	criteria = new;
	return true;
}

/* Whether @error, from reading a process, means that the process has ended. */
static bool is_gone(int error)
{
	if (error == ENOMEM || error == ENFILE || error == EMFILE)
		soon = true;	/* such errors may be temporary */
	return error == ENOENT || error == ESRCH;
}

/*
 * Registers @pid if it matches. @parent is its parent if it was just forked,
 * and otherwise 0. Returns false if the process ended before it could be
 * matched.
 *
 * The PID may be reused after the match. Matching again after reading the start
 * time makes sure that the process with this start time matches.
 */
static bool register_if_matches(pid_t pid, pid_t parent)
{
	struct stat_line stat;

	if (registry_has(pid))
		return true;
	if (!matches(&criteria, pid, parent))
		return !is_gone(errno);
	if (!read_stat(pid, &stat))
		counts.missed++;
	else if (matches(&criteria, pid, parent))
		registry_add(pid, stat.start);
	else if (is_gone(errno))
		counts.missed++;
	return true;
}

/*
 * Like register_if_matches(), but @pid may have been reused without an event.
 */
static void check(pid_t pid)
{
	registry_check(pid);
	register_if_matches(pid, 0);
}

/*
 * Once the kernel has dropped an event, it drops all others until the queue is
 * empty. A scan of /proc soon finds the processes of the dropped events.
 */
static void read_events(void)
{
	bool lost = false;
	enum event event;
	pid_t pid, parent;

	for (int i = 0; i < (lost ? QUEUE_EVENTS : EVENTS); i++) {
		event = next_event(events, &pid, &parent);
		if (event == NO_EVENT)
			break;
		if (event == LOST) {
			counts.overruns++;
			lost = true;
			soon = true;
		}
		if (lost || event == ANSWER)
			continue;
		heard = true;
		if (event == NEW_PROCESS)
			registry_check(pid);
		if (!register_if_matches(pid, parent) && event == NEW_PROGRAM)
			counts.unseen++;
	}
}

/* Returns the time between two scans, in seconds. */
static double interval(void)
{
	if (events < 0)
		return (parameter("period_ms") ?: URT_PERIOD_MS_DEFAULT) / 1e3;
	return soon ? SCAN_SOON : SCAN_EVERY;
}

/*
 * Since Linux 6.6, any user can make the kernel stop sending events to others.
 * To notice this, follow sets its own name. That event arrives at once, unless
 * the queue is full.
 */
static void check_events(void)
{
	heard = false;
	prctl(PR_SET_NAME, program_invocation_short_name);
	read_events();
	if (heard || soon)
		return;
	close_events(events);
	events = -1;
	warnx("no process events arrive, scanning /proc every %g s",
	      interval());
}

static void try_module(void)
{
	tried = now();
	tries = registry_loaded() ? 0 : tries - 1;
}

static void read_uevents(void)
{
	enum event event;

	while ((event = next_uevent(uevents)) != NO_EVENT) {
		if (event == UNLOADED)
			registry_unloaded();
		tries = event == UNLOADED ? 0 : TRIES;
	}
	if (tries)
		try_module();
}

static void scan(void)
{
	bool all = soon || events < 0;

	scanned = now();
	soon = false;
	if (events >= 0)
		check_events();
	if (all)
		scan_proc(check);
	else
		scan_units(&criteria, check);
	registry_write(false);
}

static void report(void)
{
	warnx("registered %zu, missed %zu, unseen %zu, strangers %zu, refused %zu, overruns %zu",
	      counts.registered, counts.missed, counts.unseen, counts.strangers,
	      counts.refused, counts.overruns);
}

static void read_again(void)
{
	if (!set_criteria()) {
		warnx("keeping the old criteria");
		return;
	}
	scan_proc(check);
	scan_units(&criteria, NULL);
	warnx("%s was read: %zu processes registered", path,
	      registry_write(true));
}

/* Handles a signal. Returns false if it ends urt. */
static bool handle_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGUSR1)
		report();
	else if (info.ssi_signo == SIGHUP && path)
		read_again();
	else
		return false;
	return true;
}

/*
 * Waits for at most @seconds, and handles what is ready. Returns false if a
 * signal ends urt.
 */
static bool wait_and_act(double seconds)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = uevents, .events = POLLIN },
		{ .fd = events, .events = POLLIN },
	};

	if (poll(fds, 3, seconds > 0 ? seconds * 1000 + 1 : 0) < 0) {
		if (errno != EINTR)
			err(failure, "poll");
		return true;
	}
	if (fds[0].revents && !handle_signal())
		return false;
	if (fds[1].revents)
		read_uevents();
	if (fds[2].revents)
		read_events();
	return true;
}

static void follow_until_interrupted(void)
{
	double left;

	do {
		if (scanned + interval() <= now())
			scan();
		left = scanned + interval() - now();
		if (tries && tried + TRY_EVERY <= now())
			try_module();
		if (tries && left > TRY_EVERY)
			left = TRY_EVERY;
	} while (wait_and_act(left));
}

static void parse_options(const struct command *command, int argc, char **argv)
{
	int option;

	given = calloc(argc, sizeof(*given));
	if (!given)
		err(failure, "memory");
	while ((option = next_option(command, argc, argv)) != -1) {
		if (option == 'f' && path) {
			warnx("more than one file");
			bad_usage(command);
		}
		if (option == 'f') {
			path = optarg;
			continue;
		}
		given[given_count].kind = option == 'n' ? NAME :
					  option == 'x' ? EXE : UNIT;
		given[given_count++].text = optarg;
	}
	require_arguments(command, argc, 0);
}

static int urt_follow(const struct command *command, int argc, char **argv)
{
	const char *why;

	parse_options(command, argc, argv);
	signals = open_end_signals(SIGUSR1);
	if (!set_criteria())
		return failure;
	uevents = open_uevents();
	registry_start();
	events = open_events();
	if (events < 0) {
		why = strerror(errno);	/* interval() may change errno */
		warnx("no process events (%s), scanning /proc every %g s", why,
		      interval());
	} else {
		check_events();
	}
	scanned = now();
	scan_proc(check);
	scan_units(&criteria, NULL);
	warnx("%zu processes registered", registry_write(false));
	follow_until_interrupted();
	close_events(events);
	report();
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "exe", required_argument, NULL, 'x' },
	{ "file", required_argument, NULL, 'f' },
	{ "name", required_argument, NULL, 'n' },
	{ "unit", required_argument, NULL, 'u' },
	{ }
};

const struct command follow_command = {
	"follow", "f:n:u:x:", options,
	"follow [-f FILE] [-n NAME]... [-x PATH]... [-u UNIT]...",
	"Register all matching processes, now and as they start, until interrupted. A\n"
	"process stays registered until it ends. At least one option is required.\n"
	"\n"
	"  -n, --name=NAME     processes whose command name is NAME\n"
	"  -x, --exe=PATH      processes that run the executable PATH\n"
	"  -u, --unit=UNIT     processes in a systemd unit and the cgroups below it;\n"
	"                      UNIT is a name, such as nginx.service, or a cgroup v2\n"
	"                      path, such as /system.slice/nginx.service\n"
	"  -f, --file=FILE     read lines \"name NAME\", \"exe PATH\" and \"unit UNIT\" from\n"
	"                      FILE, now and after SIGHUP; # begins a comment line\n",
	urt_follow
};
