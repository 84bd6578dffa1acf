// SPDX-License-Identifier: GPL-2.0
/*
 * urt add and urt del: register and unregister processes
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/*
 * Registers (@sign 1) or unregisters (-1) all processes with the command name
 * @name. Those that have ended since, or are not registered, do not count.
 *
 * Return: whether there was any, and no other error.
 */
static bool write_named(int fd, int sign, const char *name)
{
	bool found = false, failed = false;
	DIR *proc = opendir("/proc");
	struct stat_line stat;
	struct dirent *entry;

	if (!proc)
		err(failure, "/proc");
	while ((entry = readdir(proc))) {
		pid_t pid = parse_pid(entry->d_name);

		if (!pid || pid == getpid() || !read_stat(pid, &stat) ||
		    strcmp(stat.comm, name))
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
	fd = status_open(O_WRONLY);
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

static const struct option options[] = {
	HELP_OPTION,
	{ "name", required_argument, NULL, 'n' },
	{ }
};

const struct command add_command = {
	"add", "n:", options, "add [-n NAME]... [PID]...",
	"Register processes.\n"
	"\n"
	"  -n, --name=NAME     all processes whose command name is NAME\n",
	urt_add_or_del
};

const struct command del_command = {
	"del", "n:", options, "del [-n NAME]... [PID]...",
	"Unregister processes.\n"
	"\n"
	"  -n, --name=NAME     all processes whose command name is NAME\n",
	urt_add_or_del
};
