// SPDX-License-Identifier: GPL-2.0
/*
 * urt watch: the list in the terminal, drawn again at every update
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "urt.h"

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
static void put_title(const struct status *status, int columns)
{
	double processors = 0;
	char title[128];

	for (size_t i = 0; i < status->count; i++) {
		if (!isnan(status->processes[i].share))
			processors += status->processes[i].share;
	}
	snprintf(title, sizeof(title),
		 "%zu registered, on %.2f processors in user mode. q: quit",
		 status->count, processors);
	put_line(title, columns, "");
}

/* Draws all of the screen: the more lines it has, the more is around the status. */
static void draw(const struct status *status, const struct order *order,
		 bool colors)
{
	const struct process **sorted = sort(status, order);
	struct winsize size = { 0 };
	int rows, columns, row = 1;
	char more[32];
	size_t i = 0;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	rows = size.ws_row ?: 24;
	columns = size.ws_col ?: 80;
	if (rows >= 5) {
		go_to(row++);
		put_title(status, columns);
	}
	if (rows >= 2) {
		go_to(row++);
		put_header(columns, colors);
	}
	for (; i < status->count && row + (i + 1 < status->count) <= rows; i++) {
		go_to(row++);
		put_process(sorted[i], columns, colors);
	}
	if (i < status->count && row <= rows) {
		snprintf(more, sizeof(more), "and %zu more", status->count - i);
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
	bool colors = want_colors();
	struct status status = { 0 };
	int came = 0, signals;
	char key = '\0';
	sigset_t set;

	take_order(command, argc, argv, &order);
	status.fd = status_open(O_RDONLY);
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
	status_read(&status);
	while (key != 'q') {
		draw(&status, &order, colors);
		came = wait_for(status.fd, signals, STDIN_FILENO, -1);
		if (came & SIGNAL)
			take_signal(signals);
		if (came & KEY && read(STDIN_FILENO, &key, 1) != 1)
			break;
		if (came & NEWS)
			status_read(&status);
	}
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "reverse", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 's' },
	{ }
};

const struct command watch_command = {
	"watch", "rs:", options, "watch [-r] [-s KEY]",
	"Show the list in the terminal, drawn again at every update, until q is\n"
	"pressed.\n"
	"\n"
	"  -r, --reverse       in reverse order\n"
	"  -s, --sort=KEY      by pid, time, share (the default) or name\n",
	urt_watch
};
