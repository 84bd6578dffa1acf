// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of urt
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

int failure = EXIT_FAILURE;

static const struct command * const commands[] = {
	&run_command, &add_command, &del_command, &list_command,
	&watch_command, &record_command, &export_command, &follow_command,
};

/* Points the user to the help of @command, and exits. */
void bad_usage(const struct command *command)
{
	fprintf(stderr, "Try 'urt%s%s --help' for more information.\n",
		*command->name ? " " : "", command->name);
	exit(failure);
}

/* Closes standard output. Returns the exit status. */
int finish(void)
{
	bool failed = ferror(stdout);

	if (!fclose(stdout) && !failed)
		return EXIT_SUCCESS;
	warn("standard output");
	return failure;
}

/*
 * Returns the next option of @command, or -1 after the last. Exits after
 * --help, which it handles itself, and after an unknown option.
 */
int next_option(const struct command *command, int argc, char **argv)
{
	int option = getopt_long(argc, argv, command->short_options,
				 command->options, NULL);

	if (option == '?')
		bad_usage(command);
	if (option != 'h')
		return option;
	printf("Usage: urt %s\n%s", command->usage, command->help);
	exit(finish());
}

/* Exits with an error unless exactly @want arguments follow the options. */
void require_arguments(const struct command *command, int argc, int want)
{
	if (argc - optind == want)
		return;
	if (argc - optind < want)
		warnx("an argument is missing");
	else
		warnx("too many arguments");
	bad_usage(command);
}

static const struct option options[] = {
	HELP_OPTION,
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static const struct command urt = {
	"", "+V", options, "SUBCOMMAND [ARGUMENT...]",
	"Measure the user CPU time of processes with the kernel module usertime.\n"
	"\n"
	"  run                 run a command and report its user time\n"
	"  add, del            register and unregister processes\n"
	"  follow              register matching processes, now and as they start\n"
	"  list                list the registered processes\n"
	"  watch               show the list in the terminal, and redraw it at every update\n"
	"  record              write the list as CSV at every update\n"
	"  export              keep the list in a file for Prometheus\n"
	"\n"
	"  --help              show this help; after a subcommand, show its options\n"
	"  --version           show the version\n",
	NULL
};

/*
 * Opens /dev/null for each standard descriptor that is closed. Otherwise the
 * list could get the number of standard error when it is opened, and an error
 * message written there could register a process.
 */
static void open_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			exit(failure);
	}
}

int main(int argc, char **argv)
{
	open_descriptors();
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
		const struct command *command = commands[i];
		int first = optind;

		if (strcmp(argv[first], command->name))
			continue;
		argv[first] = argv[0];	/* for the errors of getopt(3) */
		optind = 0;
		return command->run(command, argc - first, argv + first);
	}
	warnx("no such subcommand: %s", argv[optind]);
	bad_usage(&urt);
}
