// SPDX-License-Identifier: GPL-2.0
/*
 * urt add and urt del: register and unregister processes
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

static struct {
	int fd;			/* of the list */
	int sign;		/* 1: register, -1: unregister */
	bool found;		/* a process was written */
	bool failed;		/* a process could not be written */
} writing;

static struct criteria criteria;

/* Writes @pid if it matches. ESRCH: the process has ended or has no line. */
static void write_if_matches(pid_t pid)
{
	if (!matches(&criteria, pid, 0))
		return;
	if (write_id(writing.fd, writing.sign * pid)) {
		writing.found = true;
	} else if (errno != ESRCH) {
		warn_of_id(writing.sign * pid);
		writing.failed = true;
	}
}

/* Writes all matching PIDs. Returns false if none, or on error. */
static bool write_matching(enum kind kind, const char *text)
{
	const char *error = add_criterion(&criteria, kind, text);

	if (error) {
		warnx("'%s': %s", text, error);
		return false;
	}
	writing.found = false;
	writing.failed = false;
	scan_units(&criteria, NULL);
	scan_proc(write_if_matches);
	free_criteria(&criteria);
	if (!writing.found && !writing.failed)
		warnx("no %s %s %s",
		      writing.sign > 0 ? "process" : "registered process",
		      kind == NAME ? "has the name" : "is in", text);
	return writing.found && !writing.failed;
}

/* Writes a process ID. Returns false after an error message. */
static bool write_argument(const char *text)
{
	pid_t pid = parse_pid(text);

	if (pid && write_id(writing.fd, writing.sign * pid))
		return true;
	if (pid)
		warn_of_id(writing.sign * pid);
	else
		warnx("not a process ID: %s", text);
	return false;
}

/* Unregisters all processes. Returns false after an error message. */
static bool delete_all(void)
{
	struct status status = { .fd = status_open(O_RDONLY) };
	bool passed = true;

	status_read(&status);
	for (size_t i = 0; i < status.count; i++) {
		pid_t pid = status.processes[i].pid;

		/* ESRCH: it has ended, and its line disappears by itself. */
		if (write_id(writing.fd, -pid) || errno == ESRCH)
			continue;
		warn_of_id(-pid);
		passed = false;
	}
	return passed;
}

static int urt_add_or_del(const struct command *command, int argc, char **argv)
{
	struct {
		int option;
		const char *text;
	} given[argc];
	bool passed = true;
	int count = 0;

	while ((given[count].option = next_option(command, argc, argv)) != -1)
		given[count++].text = optarg;
	if (!count && optind == argc)
		require_arguments(command, argc, 1);
	writing.sign = strcmp(command->name, "del") ? 1 : -1;
	writing.fd = status_open(O_WRONLY);
	for (int i = 0; i < count; i++) {
		if (given[i].option == 'a')
			passed &= delete_all();
		else
			passed &= write_matching(given[i].option == 'n' ?
						 NAME : UNIT, given[i].text);
	}
	for (int i = optind; i < argc; i++)
		passed &= write_argument(argv[i]);
	return passed ? EXIT_SUCCESS : failure;
}

static const struct option add_options[] = {
	HELP_OPTION,
	{ "name", required_argument, NULL, 'n' },
	{ "unit", required_argument, NULL, 'u' },
	{ }
};

const struct command add_command = {
	"add", "n:u:", add_options, "add [-n NAME]... [-u UNIT]... [PID]...",
	"Register processes.\n"
	"\n"
	"  -n, --name=NAME     all processes whose command name is NAME\n"
	"  -u, --unit=UNIT     all processes in a systemd unit and the cgroups below it;\n"
	"                      UNIT is a name, such as nginx.service, or a cgroup v2\n"
	"                      path, such as /system.slice/nginx.service\n",
	urt_add_or_del
};

static const struct option del_options[] = {
	HELP_OPTION,
	{ "all", no_argument, NULL, 'a' },
	{ "name", required_argument, NULL, 'n' },
	{ "unit", required_argument, NULL, 'u' },
	{ }
};

const struct command del_command = {
	"del", "n:u:", del_options,
	"del [--all] [-n NAME]... [-u UNIT]... [PID]...",
	"Unregister processes.\n"
	"\n"
	"      --all           all registered processes\n"
	"  -n, --name=NAME     all processes whose command name is NAME\n"
	"  -u, --unit=UNIT     all processes in a systemd unit and the cgroups below it;\n"
	"                      UNIT is a name, such as nginx.service, or a cgroup v2\n"
	"                      path, such as /system.slice/nginx.service\n",
	urt_add_or_del
};
