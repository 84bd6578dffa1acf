// SPDX-License-Identifier: GPL-2.0
/*
 * urt follow: registers all processes that match, also those that start later
 *
 * The kernel reports each new process, each program that one starts, and each
 * change of a name, so follow sleeps until there is something to look at. It
 * subscribes before it looks through /proc, and so misses none in between. What
 * no event reports is a move into a cgroup: once a minute, follow reads which
 * processes are in those that match. Where it may not use the events, it looks
 * through /proc as often as the module updates the list.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "urt.h"

#define LOOK_EVERY	60	/* seconds */
#define LOOK_SOON	1
/* Events that are handled before signals and the module get their turn. */
#define EVENTS		256
/* More than the queue has room for. */
#define EVENTS_QUEUED	16384
/* The list may appear after the event: how often, and when, it is tried. */
#define TRIES		10
#define TRY_EVERY	0.1	/* seconds */

static struct {
	enum kind kind;
	const char *text;
} *given;			/* the criteria on the command line */
static size_t given_count;
static const char *path;	/* of the file with more of them; or NULL */
static struct criteria criteria;

static int signals, uevents;
static int events;		/* -1: there are none */
static bool heard;		/* an event has come */
static bool soon;		/* some processes may have been overlooked */
static double looked;		/* when processes were looked for last */
static double tried;		/* when the module was */
static int tries;		/* how often it will be tried again */

/* Puts all criteria together. Return: false, with the old ones, on error. */
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

/* Whether @error, with which a process could not be read, means that it ended. */
static bool is_gone(int error)
{
	if (error == ENOMEM || error == ENFILE || error == EMFILE)
		soon = true;	/* this may pass */
	return error == ENOENT || error == ESRCH;
}

/*
 * Registers @pid if it matches. Between the match and the write, its number may
 * pass to another process: the one that started at a certain time must match.
 * @parent: its parent, if it was just forked; or 0.
 *
 * Return: false if the process was gone before it could be matched.
 */
static bool look(pid_t pid, pid_t parent)
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

/* The same where a PID may have been reused without an event. */
static void check(pid_t pid)
{
	registry_check(pid);
	look(pid, 0);
}

/*
 * Once the kernel had to drop an event, it drops all others until the queue has
 * been read to its end. A look through /proc soon makes up for them.
 */
static void read_events(void)
{
	bool lost = false;
	enum event event;
	pid_t pid, parent;

	for (int i = 0; i < (lost ? EVENTS_QUEUED : EVENTS); i++) {
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
		if (!look(pid, parent) && event == NEW_PROGRAM)
			counts.unseen++;
	}
}

/* How often to look, in seconds. */
static double interval(void)
{
	if (events < 0)
		return (parameter("period_ms") ?: URT_PERIOD_MS_DEFAULT) / 1e3;
	return soon ? LOOK_SOON : LOOK_EVERY;
}

/*
 * Since Linux 6.6, any user can make the kernel stop sending events to others.
 * So follow gives itself its name again: that event is there at once, unless
 * others have filled the queue.
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
	warnx("no process events come, looking through /proc every %g s",
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

static void look_again(void)
{
	bool all = soon || events < 0;

	looked = now();
	soon = false;
	if (events >= 0)
		check_events();
	if (all)
		look_through_proc(check);
	else
		look_through_units(&criteria, check);
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
		warnx("going on as before");
		return;
	}
	look_through_proc(check);
	look_through_units(&criteria, NULL);
	warnx("%s was read: %zu processes registered", path,
	      registry_write(true));
}

/* Return: whether to go on. */
static bool take_signal(void)
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

/* Waits for at most @seconds, and acts. Return: whether to go on. */
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
	if (fds[0].revents && !take_signal())
		return false;
	if (fds[1].revents)
		read_uevents();
	if (fds[2].revents)
		read_events();
	return true;
}

/* Returns when it is interrupted. */
static void follow(void)
{
	double left;

	do {
		if (looked + interval() <= now())
			look_again();
		left = looked + interval() - now();
		if (tries && tried + TRY_EVERY <= now())
			try_module();
		if (tries && left > TRY_EVERY)
			left = TRY_EVERY;
	} while (wait_and_act(left));
}

static void take_options(const struct command *command, int argc, char **argv)
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
	want_arguments(command, argc, 0);
}

static int urt_follow(const struct command *command, int argc, char **argv)
{
	take_options(command, argc, argv);
	signals = open_end_signals(SIGUSR1);
	if (!set_criteria())
		return failure;
	uevents = open_uevents();
	registry_start();
	events = open_events();
	if (events < 0)
		warn("no process events, looking through /proc every %g s",
		     interval());
	else
		check_events();
	looked = now();
	look_through_proc(check);
	look_through_units(&criteria, NULL);
	warnx("%zu processes registered", registry_write(false));
	follow();
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
	"Register all processes that match, also those that start later, until\n"
	"interrupted. Each stays registered until it ends. At least one option is\n"
	"needed.\n"
	"\n"
	"  -n, --name=NAME     processes whose command name is NAME\n"
	"  -x, --exe=PATH      processes that run the executable PATH\n"
	"  -u, --unit=UNIT     processes in the systemd unit, or the cgroup v2 path,\n"
	"                      UNIT, or below it: nginx.service, for example, or\n"
	"                      /system.slice/nginx.service\n"
	"  -f, --file=FILE     lines \"name NAME\", \"exe PATH\" and \"unit UNIT\", and\n"
	"                      comments that begin with #; SIGHUP: read it again\n",
	urt_follow
};
