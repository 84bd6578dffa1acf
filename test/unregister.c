// SPDX-License-Identifier: GPL-2.0
/*
 * "`-PID` unregisters that process. The caller's effective user ID must be the
 * process's real user ID, or the caller must have CAP_SYS_PTRACE in the
 * process's user namespace; otherwise the write fails with EPERM." "The line of
 * a process that has ended cannot be unregistered (ESRCH); it disappears by
 * itself."
 *
 * The file was opened by root, with all capabilities: only the writer counts.
 */
#include "process.h"
#include "urt.h"

#define ALICE	1000
#define BOB	1001
#define NONE	-1

static int fd;

/* A process of Alice's. Its effective user, Bob, has no right to it. */
static void alices(void *unused)
{
	if (setresuid(ALICE, BOB, ALICE))
		die("setresuid(2)");
	raise(SIGSTOP);
	sleep_work(unused);
}

/* Unregisters @pid, checks the result (0 or an error), and registers it. */
static void try(pid_t pid, uid_t uid, int cap, int expected, const char *name)
{
	long result = status_write_as(uid, cap, fd, "-%d", pid);
	int error = result < 0 ? -result : 0;
	int listed = time_now(fd, pid) >= 0;

	if (!ok(error == expected && listed == !!expected, "%s: %s", name,
		expected ? strerrorname_np(expected) : "allowed"))
		diag("error %d, expected %d; listed: %d", error, expected,
		     listed);
	status_write(fd, "%d", pid);
}

int main(void)
{
	pid_t alice, root, dead;

	plan(13);
	stop_updates();
	fd = status_open();

	alice = start(alices, NULL);
	stopped(alice);
	status_register(fd, alice);
	try(alice, ALICE, NONE, 0, "by its real user");
	try(alice, BOB, NONE, EPERM, "by its effective user");
	try(alice, 0, NONE, EPERM, "by user 0 without capabilities");
	try(alice, 0, CAP_SYS_ADMIN, EPERM, "with another capability");
	try(alice, 0, CAP_SYS_PTRACE, 0, "by user 0 with CAP_SYS_PTRACE");
	try(alice, BOB, CAP_SYS_PTRACE, 0, "by a user with CAP_SYS_PTRACE");

	root = start_sleeper();
	status_register(fd, root);
	try(root, 0, NONE, 0, "by its real user, which is 0");
	/* The caller's real user is 0 here. */
	try(root, ALICE, NONE, EPERM,
	    "by a caller whose real user only is the process's");
	status_register(fd, getpid());
	try(getpid(), 0, NONE, 0, "by itself");

	kill(alice, SIGKILL);
	ended(alice);
	try(alice, BOB, NONE, EPERM, "a zombie, by another user");
	try(alice, ALICE, NONE, 0, "a zombie, by its real user");

	dead = start_sleeper();
	status_register(fd, dead);
	end(dead);
	try(dead, 0, CAP_SYS_PTRACE, ESRCH, "one that has ended, by root");
	try(dead, ALICE, NONE, ESRCH, "one that has ended, by another user");
	return done();
}
