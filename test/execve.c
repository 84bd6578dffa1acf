// SPDX-License-Identifier: GPL-2.0
/*
 * TIME "covers the whole process: all its threads, including those that have
 * ended, across execve(2)". "It never decreases."
 *
 * If a thread other than the leader calls execve(2), it takes the leader's
 * place and number. It is still the same process, of the same user.
 *
 * The test reads the line first and the kernel's value second. In the other
 * order, a sum that is too small would not show: usertime never shows less than
 * the kernel has reported.
 */
#include "process.h"
#include "urt.h"

#define USER	1000

static int self;	/* this program */

/* Runs in the new image. */
static int new_image(void)
{
	spin(50);
	raise(SIGSTOP);
	return 0;
}

static void *spin_and_execve(void *unused)
{
	spin(100);
	fexecve(self, (char *[]){ "execve", "again", NULL }, environ);
	die("execve(2)");
	return unused;
}

static void by_leader(void *unused)
{
	raise(SIGSTOP);
	spin_and_execve(unused);
}

static void by_thread(void *unused)
{
	pthread_t thread;

	if (setresuid(USER, USER, USER))
		die("setresuid(2)");
	raise(SIGSTOP);
	spin(100);
	start_thread(&thread, spin_and_execve, unused);
	sleep_work(unused);
}

static void test(int fd, void (*work)(void *), const char *name)
{
	long long used, listed, final = -1;
	pid_t pid = start(work, NULL);

	stopped(pid);
	status_register(fd, pid);
	go_on(pid);
	rests(pid);
	for (int i = 0; i < 3; i++)
		update_once(fd);
	listed = time_now(fd, pid);
	used = rest_time(pid);
	is(listed, used, "execve(2) by %s: TIME is right", name);

	if (work == by_thread) {
		ok(status_write_as(USER, -1, fd, "-%d", pid) > 0,
		   "its user may unregister it");
		status_register(fd, pid);
	}
	kill(pid, SIGKILL);
	used = final_time(pid);
	set_period(1000);
	while ((listed = time_now(fd, pid)) >= 0) {
		final = listed;
		changed(fd, -1);
	}
	is(final, used, "the final TIME is right");
	stop_updates();
}

int main(int argc, char **argv)
{
	int fd;

	if (argc > 1 && !strcmp(argv[1], "again"))
		return new_image();

	plan(5);
	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0)
		die("/proc/self/exe opens");
	stop_updates();
	fd = status_open();
	status_register(fd, getpid());
	test(fd, by_leader, "the leader");
	test(fd, by_thread, "another thread");
	return done();
}
