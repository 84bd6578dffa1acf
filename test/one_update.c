// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is the value found by the last update, or by the registration if there
 * has been no update since." "All values in a snapshot that come from updates
 * come from the same update."
 */
#include "process.h"
#include "urt.h"

#define COUNT	1000	/* lines between the first and the last: many pages */
#define BEGIN	64	/* bytes */
#define TURN	20	/* ms */

static pid_t pids[COUNT];
static struct list list, rest;

static void spin_twice(void *unused)
{
	(void)unused;
	spin(100);
	raise(SIGSTOP);
	spin(100);
	raise(SIGSTOP);
}

/* The pipes to wait for one's turn and to wake the other process. */
struct turn {
	int wait, wake;
};

static void take_turns(void *arg)
{
	struct turn *turn = arg;
	char token;

	for (int i = 1; read(turn->wait, &token, 1) == 1; i++) {
		spin(i * TURN - cpu_ms());
		if (write(turn->wake, &token, 1) != 1)
			die("a process wakes the other");
	}
}

int main(void)
{
	pid_t spinner, first, last;
	int fd, other, a[2], b[2];
	long long listed, used;

	plan(4);
	stop_updates();
	fd = status_open();
	other = status_open();

	spinner = start(spin_twice, NULL);
	used = rest_time(spinner);
	status_register(fd, spinner);
	listed = time_now(fd, spinner);
	is(listed, used, "TIME is what the registration found");
	go_on(spinner);
	used = rest_time(spinner);
	status_register(fd, getpid());
	is(time_now(fd, spinner), listed,
	   "without an update, TIME is the same");
	set_period(50);
	wait_update(fd);
	is(time_now(fd, spinner), used, "then TIME is what the update found");
	end(spinner);
	while (time_now(fd, spinner) >= 0)
		changed(fd, -1);

	/*
	 * The times of two processes that take turns never differ by more than
	 * one turn, but in a list that mixes updates they would.
	 */
	if (pipe(a) || pipe(b))
		die("pipe(2)");
	first = start(take_turns, &(struct turn){ a[0], b[1] });
	last = start(take_turns, &(struct turn){ b[0], a[1] });
	start_crowd(pids, COUNT);
	status_register(fd, first);
	for (int i = 0; i < COUNT; i++)
		status_register(fd, pids[i]);
	status_register(fd, last);
	if (write(a[1], "", 1) != 1)
		die("the first process is woken");

	/* Read the first lines now, and the rest many updates later. */
	lseek(fd, 0, SEEK_SET);
	if (read(fd, list.text, BEGIN) != BEGIN)
		die("a list can be read");
	while (time_now(other, last) < 20 * TURN * 1000)
		changed(other, -1);
	list_read_on(fd, &rest, sizeof(rest.text));
	memcpy(list.text + BEGIN, rest.text, rest.length);
	list.length = BEGIN + rest.length;
	if (!list_parse(&list))
		die("every line is PID: TIME");
	is_near(list_time(&list, last), list_time(&list, first),
		5 * TURN * 1000, "all times in a list are of one update");
	return done();
}
