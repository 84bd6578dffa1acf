// SPDX-License-Identifier: GPL-2.0
/*
 * "No user can fill the list and lock out the others: one user may have
 * registered at most half of the max_processes lines, rounded up. The user is
 * the effective user ID of the process that opened the file being written.
 * Exceeding either limit requires CAP_SYS_RESOURCE in both the writer and the
 * opener. A line belongs to the user who first registered the process;
 * registering the process again does not change that."
 */
#include "process.h"
#include "urt.h"

#define ALICE	1000
#define BOB	1001
#define CAROL	1002
#define NONE	-1
#define ENOUGH	50	/* more lines than a user ever gets here */

static int fd;	/* root's, with all capabilities */
static struct list list;

static int open_as(uid_t uid, int cap)
{
	int file;

	become_user(uid, cap);
	file = status_open();
	become_root();
	return file;
}

/* Registers @pid as a user who also opens the file. Returns 0, or an error. */
static int add_as(uid_t uid, int cap, pid_t pid)
{
	int file = open_as(uid, cap);
	long result = status_write_as(uid, cap, file, "%d", pid);

	close(file);
	return result < 0 ? -result : 0;
}

static int add(uid_t uid, pid_t pid)
{
	return add_as(uid, NONE, pid);
}

static int lines(void)
{
	list_read(fd, &list);
	return list.lines;
}

/* Removes every line. Two updates remove those of processes that have ended. */
static void empty_list(void)
{
	for (int i = lines(); i > 0; i--)
		status_write(fd, "-%d", list.line[i - 1].pid);
	set_period(URT_PERIOD_MS_MIN);
	while (lines() > 0)
		changed(fd, -1);
	stop_updates();
}

static void register_and_end(void *uid)
{
	uid_t user = *(uid_t *)uid;
	long result;

	if (setresuid(user, user, user))
		_exit(255);
	result = status_write(status_open(), "%d", getpid());
	_exit(result < 0 ? -result : 0);
}

/* Registers processes that end at once, one by one, until the first error. */
static int fill(uid_t uid, int *count)
{
	int status = 0;

	for (*count = 0; *count < ENOUGH; ++*count) {
		pid_t pid = start(register_and_end, &uid);

		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			die("a process registers and ends");
		if (WEXITSTATUS(status))
			break;
	}
	return WEXITSTATUS(status);
}

/* The processes end, but their lines stay and count. */
static void half_is(int max, int half, pid_t other)
{
	int error, count;

	set_parameter("max_processes", max);
	error = fill(ALICE, &count);
	if (!ok(error == ENOSPC && count == half,
		"of %d lines, one user gets %d", max, half))
		diag("%d registered, then error %d", count, error);
	if (max > half)
		is(add(BOB, other), 0, "another user still gets one");
	empty_list();
}

static void with_capability(int opener, int writer, pid_t pid, int expected)
{
	int file = open_as(BOB, opener ? CAP_SYS_RESOURCE : CAP_SYS_ADMIN);
	long result = status_write_as(CAROL,
				      writer ? CAP_SYS_RESOURCE : CAP_SYS_ADMIN,
				      file, "%d", pid);

	close(file);
	is(result < 0 ? -result : 0, expected,
	   "more than half: CAP_SYS_RESOURCE of %s",
	   opener && writer ? "both" : opener ? "the opener alone" :
	   writer ? "the writer alone" : "neither");
}

int main(void)
{
	pid_t a, b, c, d, e;
	int file, count, error = 0;

	plan(4 + 3 + 6 + 4 + 5 + 4 + 2);
	stop_updates();
	fd = status_open();
	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	d = start_sleeper();
	e = start_sleeper();

	half_is(6, 3, a);
	half_is(7, 4, a);
	half_is(2, 1, a);
	half_is(1, 1, a);

	/* Two lines for each. */
	set_parameter("max_processes", 4);
	is(add(ALICE, a), 0, "a user gets a first line of four");
	is(add(ALICE, b), 0, "a second line");
	is(add(ALICE, c), ENOSPC, "no third line, which is more than half");
	is(add(ALICE, a), 0, "registering a registered process succeeds");
	status_write(fd, "-%d", a);
	is(add(ALICE, c), 0, "unregistering makes room");
	is(add(ALICE, a), ENOSPC, "but only for one line");

	/* Alice has two lines, and Bob none. */
	file = open_as(ALICE, NONE);
	is(status_write_as(BOB, NONE, file, "%d", d), -ENOSPC,
	   "the opener is the user whose lines count");
	close(file);
	file = open_as(BOB, NONE);
	ok(status_write_as(ALICE, NONE, file, "%d", d) > 0,
	   "the writer is not");
	close(file);
	is(add(BOB, e), 0, "the opener gets a second line");
	is(add(CAROL, a), ENOSPC, "a full list is full for everyone");
	empty_list();

	/* The owner of a line. */
	is(add(ALICE, a), 0, "a process is registered");
	is(add(BOB, a), 0, "another user registers it again");
	is(add(BOB, b) | add(BOB, c), 0, "that user still gets two lines");
	is(add(BOB, d), ENOSPC, "and no third line");
	is(add(ALICE, d) | add(ALICE, e) << 8, ENOSPC << 8,
	   "the line still belongs to the first user");
	empty_list();

	add(BOB, a);
	add(BOB, b);
	with_capability(0, 0, c, ENOSPC);
	with_capability(0, 1, c, ENOSPC);
	with_capability(1, 0, c, ENOSPC);
	with_capability(1, 1, c, 0);

	/* A busy machine may get two updates. Then this tries again. */
	for (int i = 0; i < 20; i++) {
		empty_list();
		fill(ALICE, &count);
		update_once(fd);
		error = add(ALICE, a);
		if (lines() > 1)
			break;
	}
	is(error, ENOSPC, "final lines count, too");
	empty_list();
	is(add(ALICE, a), 0, "their removal makes room");
	return done();
}
