// SPDX-License-Identifier: GPL-2.0
/*
 * urt watch: shows the list in the terminal, and redraws it at every update
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "urt.h"

static struct termios old_mode;		/* the terminal's mode before */

/* Opens the alternate screen, without echo, line wrap or cursor. */
static void enter_terminal(void)
{
	struct termios mode = old_mode;

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
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old_mode);
}

/* Reads a signal. Restores the terminal before the signal stops or ends urt. */
static void handle_signal(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT) {
		leave_terminal();
		take_default_action(info.ssi_signo);
	}
	if (info.ssi_signo != SIGWINCH)
		enter_terminal();
}

/* Scrolls down by @rows, or up if @rows is negative. */
static void scroll(struct screen *screen, long rows)
{
	long first = screen->first + rows, last = screen->last;

	screen->first = first < 0 ? 0 : first > last ? last : first;
}

/* Handles @key. Returns false if it quits. */
static bool handle_key(struct screen *screen, int key)
{
	switch (key) {
	case UP_KEY:
		scroll(screen, -1);
		break;
	case DOWN_KEY:
		scroll(screen, 1);
		break;
	case PAGE_UP_KEY:
		scroll(screen, -(long)screen->page);
		break;
	case PAGE_DOWN_KEY:
		scroll(screen, screen->page);
		break;
	case HOME_KEY:
		screen->first = 0;
		break;
	case END_KEY:
		screen->first = screen->last;
		break;
	case 'r':
		screen->view.reverse = !screen->view.reverse;
		break;
	case 'h':
	case '?':
		screen->help = !screen->help;
		break;
	case 'q':
		return false;
	default:
		sort_by(&screen->view, (char []){ key, '\0' });
	}
	return true;
}

/* Handles all keys that have been typed. Returns false if one quits. */
static bool handle_keys(struct screen *screen)
{
	static struct sequence sequence;
	char typed[64];
	ssize_t length = read(STDIN_FILENO, typed, sizeof(typed));

	for (ssize_t i = 0; i < length; i++) {
		if (!handle_key(screen, parse_byte(&sequence, typed[i])))
			return false;
	}
	return length > 0;
}

/* Exits unless there is a terminal to read keys from and to draw on. */
static void require_terminal(void)
{
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &old_mode))
		errx(failure, "not a terminal; use urt list or urt record");
	if (!can_draw())
		errx(failure, "TERM=%s: cannot draw on this terminal; use urt list",
		     getenv("TERM") ?: "");
}

/* Returns the time until the clock in the title shows the next second. */
static int until_second_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return 1000 - time.tv_nsec / 1000000;
}

static int open_watch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP,
				      SIGCONT, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	return open_signals(&set, NULL);
}

static int urt_watch(const struct command *command, int argc, char **argv)
{
	struct screen screen = { .view.compare = by_share };
	struct status status = { 0 };
	int ready = NEWS, signals;

	parse_view(command, argc, argv, &screen.view);
	screen.colors = want_colors();
	status.fd = status_open(O_RDONLY);
	require_terminal();
	signals = open_watch_signals();
	/* Errors are printed at exit, after the terminal is restored. */
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
	atexit(leave_terminal);
	enter_terminal();
	status_read(&status);
	do {
		if (ready)
			draw(&screen, &status);
		else
			draw_title(&screen, &status);
		ready = wait_for(status.fd, signals, STDIN_FILENO,
				 until_second_ms());
		if (ready & SIGNAL)
			handle_signal(signals);
		if (ready & NEWS) {
			status_read(&status);
			screen.timed |= status.update;
		}
	} while (!(ready & KEY) || handle_keys(&screen));
	return EXIT_SUCCESS;
}

static const struct option options[] = {
	HELP_OPTION,
	{ "command-line", no_argument, NULL, 'l' },
	{ "group", no_argument, NULL, 'g' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 's' },
	{ }
};

const struct command watch_command = {
	"watch", "glrs:", options, "watch [-r] [-g|-l] [-s KEY]",
	"Show the list in the terminal and redraw it at every update. Press q to quit,\n"
	"and h to show the other keys.\n"
	"\n"
	"  -g, --group         show one line for each command name\n"
	"  -l, --command-line  show command lines instead of command names\n"
	"  -r, --reverse       reverse the order\n"
	"  -s, --sort=KEY      sort by pid, time, share (the default) or name\n",
	urt_watch
};
