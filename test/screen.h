/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A terminal in which the tests start urt, and what the terminal shows
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "tool.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <utmp.h>

#define ROWS	60
#define COLUMNS	200

/* A terminal's screen. It understands only the sequences that urt writes. */
static struct {
	int rows, columns, row, column;
	char cell[ROWS + 1][COLUMNS + 1];	/* numbered from 1 */
	int alternate, hidden, uncut;
	int colors;		/* number of color sequences */
	int wrong;		/* errors since the cursor was at the top */
	int drawn;		/* how often the cursor was moved to the top */
	size_t seen;		/* how much of tool.text is on the screen */
} screen;

static int terminal;
static struct termios before;	/* its modes when urt started */

static inline int as_before(void)
{
	struct termios now;

	if (tcgetattr(terminal, &now))
		die("the terminal's modes can be read");
	return now.c_lflag == before.c_lflag &&
	       now.c_iflag == before.c_iflag &&
	       now.c_oflag == before.c_oflag;
}

static inline void clear_from(int row, int column)
{
	for (; row <= screen.rows; row++, column = 1)
		memset(&screen.cell[row][column], ' ',
		       screen.columns + 1 - column);
}

static inline void control(const char *parameters, char final)
{
	int set = final == 'h';

	if (!strcmp(parameters, "?1049")) {
		screen.alternate = set;
		clear_from(1, 1);
	} else if (!strcmp(parameters, "?25")) {
		screen.hidden = !set;
	} else if (!strcmp(parameters, "?7")) {
		screen.uncut = set;
	} else if (final == 'H') {
		screen.row = atoi(parameters);
		screen.column = 1;
		if (screen.row == 1) {
			screen.drawn++;
			screen.wrong = 0;
		} else if (screen.row < 1 || screen.row > screen.rows) {
			screen.row = screen.rows;
			screen.wrong++;
		}
	} else if (final == 'K') {
		memset(&screen.cell[screen.row][screen.column], ' ',
		       screen.columns + 1 - screen.column);
	} else if (final == 'J') {
		clear_from(screen.row, screen.column);
	} else if (final == 'm') {
		screen.colors++;
	} else {
		screen.wrong++;
	}
}

/* Puts the new output of urt on the screen. */
static inline void show(void)
{
	const char *text = tool.text + screen.seen;
	char parameters[16];
	int length;

	while (*text) {
		if (*text == '\033') {
			length = text[1] ? strspn(text + 2, "?;0123456789") : 0;
			if (!text[1] || !text[2 + length])
				break;	/* the rest has not been read */
			snprintf(parameters, sizeof(parameters), "%.*s",
				 length, text + 2);
			control(parameters, text[2 + length]);
			text += 3 + length;
		} else if ((unsigned char)*text < ' ') {
			screen.wrong++;
			text++;
		} else {
			if (screen.column > screen.columns)
				screen.wrong++;
			else
				screen.cell[screen.row][screen.column++] =
					*text;
			text++;
		}
	}
	screen.seen = text - tool.text;
}

static inline const char *row(int number)
{
	static char text[COLUMNS + 1];
	int length = screen.columns;

	memcpy(text, &screen.cell[number][1], length);
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return text;
}

static inline int row_of(const char *text)
{
	for (int i = 1; i <= screen.rows; i++)
		if (strstr(row(i), text))
			return i;
	return 0;
}

/*
 * Reads until the screen has this text, in row @number unless that is 0. The
 * first drawings may be for the previous size, so up to 50 are read.
 */
static inline int shows_in(int number, const char *text)
{
	screen.drawn = 0;
	do {
		show();
		if ((number ? !!strstr(row(number), text) : row_of(text)) &&
		    !screen.wrong)
			return 1;
	} while (screen.drawn < 50 && tool_read());
	diag("no '%s' (%d wrong) in row %d of the screen:", text, screen.wrong,
	     number);
	for (int i = 1; i <= screen.rows; i++)
		diag("|%s", row(i));
	return 0;
}

/* Like shows_in(), in any row. */
static inline int shows(const char *text)
{
	return shows_in(0, text);
}

static inline void resize(int rows, int columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	screen.rows = rows;
	screen.columns = columns;
	screen.row = 1;
	screen.column = 1;
	clear_from(1, 1);
	if (ioctl(tool.out, TIOCSWINSZ, &size))
		die("the terminal can be resized");
}

/* Makes a terminal of this size. Mounts devpts if necessary. */
static inline void make_terminal(int rows, int columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	mkdir("/dev/pts", 0755);
	if (access("/dev/pts/ptmx", F_OK) &&
	    mount("devpts", "/dev/pts", "devpts", 0, NULL))
		die("devpts can be mounted");
	if (openpty(&tool.out, &terminal, NULL, NULL, &size) ||
	    tcgetattr(terminal, &before))
		die("a terminal can be opened");
	tool.length = 0;
	tool.text[0] = '\0';
}

/*
 * Starts urt in a terminal of this size, under a process that acts like a shell
 * and continues urt if it stops. The test, too, keeps the terminal open, to
 * read its modes.
 */
static inline void start_in_terminal(int rows, int columns,
				     const char *subcommand, const char *option)
{
	int status;
	pid_t pid;

	memset(&screen, 0, sizeof(screen));
	make_terminal(rows, columns);
	tool.pid = fork();
	if (!tool.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* not in the test's group */
		login_tty(terminal);
		terminal = 0;
		signal(SIGTTOU, SIG_IGN);
		pid = fork();
		setpgid(pid, pid);
		tcsetpgrp(0, pid ?: getpid());
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGTTOU, SIG_DFL);
			tool.folder = tool_folder();
			tool_exec(subcommand, option, NULL);
		}
		while (waitpid(pid, &status, WUNTRACED) == pid &&
		       WIFSTOPPED(status)) {
			printf("stopped: %d\n", as_before());
			fflush(stdout);
			kill(-pid, SIGCONT);
		}
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) :
					  128 + WTERMSIG(status));
	}
	resize(rows, columns);
}

static inline void start_watch(int rows, int columns, const char *option)
{
	setenv("TERM", "linux", 1);
	start_in_terminal(rows, columns, "watch", option);
}

static inline void press(const char *keys)
{
	if (write(tool.out, keys, strlen(keys)) < 0)
		die("keys can be pressed");
}

static inline void ends(int expected, const char *name)
{
	int status;

	while (!strstr(tool.text + screen.seen, "\033[?1049l") && tool_read())
		;
	show();
	if (waitpid(tool.pid, &status, 0) != tool.pid)
		die("the shell is reaped");
	is(WEXITSTATUS(status), expected, "%s", name);
	ok(as_before() && !screen.alternate && !screen.hidden && screen.uncut,
	   "the terminal is as it was");
	close(tool.out);
	close(terminal);
}

#endif
