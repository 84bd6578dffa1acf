// SPDX-License-Identifier: GPL-2.0
/*
 * "urt watch has keys to sort (p, t, s, n), reverse (r) and scroll (arrows,
 * page keys, home and end), a help line (h or ?)." The sequence of a key may
 * arrive in pieces, and several keys may arrive at once.
 */
#include "screen.h"

#define MANY	20
#define TOP	3	/* the first of nine rows with a process */

static int fd;

/* Waits until urt has read the keys. */
static void taken(void)
{
	int left;

	do {
		if (ioctl(terminal, FIONREAD, &left))
			die("the kernel reports how many keys are unread");
		usleep(1000);
	} while (left);
}

static void key(const char *keys, const char *first, const char *name)
{
	press(keys);
	ok(shows_in(TOP, first), "%s", name);
}

static pid_t start_registered(const char *name, int ms)
{
	pid_t pid = start_named(name, ms);

	status_register(fd, pid);
	return pid;
}

/* The spinner has the largest share, and the worker has used the most time. */
static void sorting(void)
{
	pid_t spinner = start_registered("spinner", 0), worker;

	go_on(spinner);
	ok(shows_in(TOP, "%  spinner"), "the largest share is first");
	stop(spinner);
	worker = start_registered("worker", 0);
	spin_beyond(worker, stat_user_time(spinner));
	key("n", "  name00", "n sorts by name");
	key("r", "  worker", "r reverses the order");
	key("r", "  name00", "r restores the order");
	key("t", "  worker", "t sorts by time");
	key("p", "  sleeper", "p sorts by PID");
	go_on(spinner);
	key("s", "%  spinner", "s sorts by share");
	end(spinner);
}

static void scrolling(void)
{
	press("n");
	shows_in(TOP, "  name00");
	ok(shows(" 23 processes, lines 1 to 9 of 23"),
	   "it says which lines are shown");
	key("\033[B", "  name01", "down");
	ok(shows(", lines 2 to 10 of 23"), "it says which lines are shown now");
	key("\033OB", "  name02", "down, second sequence");
	key("\033[A", "  name01", "up");
	key("\033OA\033OA\033OA", "  name00", "up stops at the first line");
	key("\033[6~", "  name09", "page down");
	key("\033[B\033[B\033OB", "  name12", "three keys at once");
	key("\033[5~", "  name03", "page up");
	key("\033[F", "  name14", "end");
	ok(shows(", lines 15 to 23 of 23"), "end shows the last line");
	key("\033[B\033[6~\033[A", "  name13", "down stops there");
	key("\033[H", "  name00", "home");
	key("\033[4~", "  name14", "end, second sequence");
	key("\033[1~", "  name00", "home, second sequence");
	key("\033[8~", "  name14", "end, third sequence");
	key("\033[7~", "  name00", "home, third sequence");
	key("\033OF", "  name14", "end, fourth sequence");
	key("\033OH", "  name00", "home, fourth sequence");
	press("\033");
	taken();
	press("[");
	taken();
	key("B", "  name01", "down, in three pieces");
	press("\033");
	taken();
	key("r", "  spinner", "an escape alone is no key and no part of one");
	press("\033[3~\033[15~\033[1;5C\033[[Ax\001\377");
	key("r", "  name01", "other keys do nothing");
}

static void help(void)
{
	static const char * const keys[] = { "h", "?" };

	for (int i = 0; i < 2; i++) {
		press(keys[i]);
		ok(shows_in(2, "p pid  t time  s share  n name  r reverse"),
		   "%s shows the keys", keys[i]);
		ok(!!strstr(row(2), "  q quit"), "q is one of them");
		press(keys[1 - i]);
		ok(shows_in(2, "    PID "), "%s hides them", keys[1 - i]);
	}
}

int main(void)
{
	char name[16];

	plan(7 + 22 + 6 + 2);
	fd = status_open();
	set_period(300);
	start_registered("sleeper", 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "name%02d", i);
		start_registered(name, 0);
	}
	start_watch(12, 80, NULL);
	sorting();
	start_registered("spinner", 0);
	scrolling();
	help();
	press("\033[Bq");
	ends(0, "q leaves");
	return done();
}
