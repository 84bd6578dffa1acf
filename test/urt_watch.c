// SPDX-License-Identifier: GPL-2.0
/*
 * "urt watch: that list, redrawn at every update, in a terminal of any size;
 * q leaves; colours only on a terminal and not under NO_COLOR." However it
 * ends or stops, the terminal is as it was before.
 */
#include "tool.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <utmp.h>

#define ROWS	60
#define COLUMNS	200

/* What a terminal shows that understands what urt writes, and no more. */
static struct {
	int rows, columns, row, column;
	char cell[ROWS + 1][COLUMNS + 1];	/* from 1 */
	int alternate, hidden, uncut;
	int colours;		/* there were some */
	int wrong;		/* since its top: outside, or not understood */
	int drawn;		/* so often, from the top */
	size_t seen;		/* of what urt has said */
} screen;

static int fd, terminal;
static struct termios before;

static int as_before(void)
{
	struct termios now;

	if (tcgetattr(terminal, &now))
		die("the terminal's modes");
	return now.c_lflag == before.c_lflag &&
	       now.c_iflag == before.c_iflag &&
	       now.c_oflag == before.c_oflag;
}

static void clear_from(int row, int column)
{
	for (; row <= screen.rows; row++, column = 1)
		memset(&screen.cell[row][column], ' ',
		       screen.columns + 1 - column);
}

static void control(const char *parameters, char final)
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
		screen.colours++;
	} else {
		screen.wrong++;
	}
}

/* Show what urt has said since. */
static void show(void)
{
	const char *text = tool.text + screen.seen;
	char parameters[16];
	int length;

	while (*text) {
		if (*text == '\033') {
			length = text[1] ? strspn(text + 2, "?;0123456789") : 0;
			if (!text[1] || !text[2 + length])
				break;	/* the rest is to come */
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

static const char *row(int number)
{
	static char text[COLUMNS + 1];
	int length = screen.columns;

	memcpy(text, &screen.cell[number][1], length);
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return text;
}

static int row_of(const char *text)
{
	for (int i = 1; i <= screen.rows; i++)
		if (strstr(row(i), text))
			return i;
	return 0;
}

/*
 * Read on until the screen has this text. What was drawn for another size may
 * come before; when it was drawn so often it should be there.
 */
static int shows(const char *text)
{
	screen.drawn = 0;
	do {
		show();
		if (row_of(text) && !screen.wrong)
			return 1;
	} while (screen.drawn < 50 && tool_read());
	diag("no '%s' (%d wrong) on the screen:", text, screen.wrong);
	for (int i = 1; i <= screen.rows; i++)
		diag("|%s", row(i));
	return 0;
}

static void resize(int rows, int columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	screen.rows = rows;
	screen.columns = columns;
	screen.row = 1;
	screen.column = 1;
	clear_from(1, 1);
	if (ioctl(tool.out, TIOCSWINSZ, &size))
		die("the size of a terminal");
}

/*
 * Start urt watch in a terminal of that size, as a shell does, which is there
 * to continue it if it stops. The other end of the terminal stays open here,
 * to look at its modes.
 */
static void start_watch(int rows, int columns, const char *option)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	int status;
	pid_t pid;

	memset(&screen, 0, sizeof(screen));
	tool.length = 0;
	tool.text[0] = '\0';
	if (openpty(&tool.out, &terminal, NULL, NULL, &size) ||
	    tcgetattr(terminal, &before))
		die("a terminal");
	tool.pid = fork();
	if (!tool.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* not of the test's group */
		login_tty(terminal);
		terminal = 0;
		signal(SIGTTOU, SIG_IGN);
		pid = fork();
		setpgid(pid, pid);
		tcsetpgrp(0, pid ?: getpid());
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGTTOU, SIG_DFL);
			signal(SIGINT, SIG_DFL);	/* test/run's shell */
			signal(SIGQUIT, SIG_DFL);	/* ignores both */
			tool_exec("watch", option, NULL);
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

static void press(const char *keys)
{
	if (write(tool.out, keys, strlen(keys)) < 0)
		die("keys are pressed");
}

static void ends(int expected, const char *name)
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

static void sizes(pid_t spinner)
{
	char begin[16];

	snprintf(begin, sizeof(begin), "%7d ", spinner);
	start_watch(24, 80, NULL);
	ok(shows("%  spinner"), "the share of a spinner, after an update");
	is(strncmp(row(3), begin, 8), 0, "is in the first line of the list");
	ok(!strncmp(row(1), "3 registered, on ", 17) &&
	   !strcmp(row(2), "    PID       USER TIME   SHARE  COMMAND"),
	   "which has two lines above it");
	ok(row_of("  sleeper") == 5 || row_of("  other") == 5,
	   "and ends where it should");
	ok(screen.alternate && screen.hidden && !screen.uncut && !as_before(),
	   "the terminal is urt's own");
	ok(screen.colours, "with colours");

	resize(3, 20);
	ok(shows("and 2 more"), "three lines of twenty columns");
	is(row_of("and 2 more"), 3, "the last says that there are more");
	is(strcmp(row(1), "    PID       USER T"), 0, "lines are cut");
	resize(1, 1);
	ok(shows("a"), "one line of one column");
	resize(50, 132);
	ok(shows("  spinner"), "a large one");
	press("xQ");
	press("q");
	ends(0, "q leaves");
}

static void ends_and_stops(void)
{
	char *stopped, *more;

	start_watch(24, 80, "-r");
	shows("  spinner");
	press("\003");
	ends(128 + SIGINT, "^C ends it");

	start_watch(10, 40, "--sort=name");
	shows("  spinner");
	press("\032");
	stopped = tool_says(0, "stopped: ");
	more = tool_says(stopped - tool.text, "\n");
	ok(stopped[9] == '1', "^Z stops it, with the modes as before");
	memset(screen.cell, ' ', sizeof(screen.cell));
	screen.seen = more + 1 - tool.text;
	ok(shows("  spinner") && screen.alternate, "it goes on");
	press("\034");
	ends(128 + SIGQUIT, "^\\ ends it");

	setenv("NO_COLOR", "1", 1);
	start_watch(24, 80, "--sort=time");
	shows("%  spinner");
	is(screen.colours, 0, "no colours under NO_COLOR");
	press("q");
	ends(0, "q leaves");
}

int main(void)
{
	pid_t spinner = 0, sleeper, other;

	plan(11 + 2 + 2 + 2 + 2 + 1 + 2 + 2);
	mkdir("/dev/pts", 0755);
	if (access("/dev/pts/ptmx", F_OK) &&
	    mount("devpts", "/dev/pts", "devpts", 0, NULL))
		die("terminals");
	fd = status_open();
	set_period(300);
	sleeper = start_named("sleeper", 0);
	other = start_named("other", 0);
	spinner = start_named("spinner", 0);
	status_register(fd, sleeper);
	status_register(fd, other);
	status_register(fd, spinner);
	go_on(spinner);
	sizes(spinner);
	ends_and_stops();
	is(tool_run("watch"), 1, "without a terminal");
	said("urt: not a terminal", "it says that it needs one");
	end(spinner);
	return done();
}
