// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is user CPU time in microseconds (the unit of getrusage(2) [...])".
 * "Accuracy: the kernel's own (what getrusage would say of the process),
 * within one tick."
 *
 * Each process here has one thread, and is stopped while it is looked at.
 */
#include "process.h"
#include "urt.h"

static const struct work {
	const char *name;
	int user, kernel;	/* ms at a time */
} works[] = {
	{ "user mode", 20, 0 },
	{ "kernel mode", 0, 20 },
	{ "both", 15, 15 },
};

/* By a child: what getrusage(2) says before it is looked at, and after. */
static long long *told;

static void work_and_tell(void *arg)
{
	const struct work *work = arg;

	raise(SIGSTOP);
	for (int i = 0; i < 15; i++) {
		spin(work->user);
		spin_in_kernel(work->kernel);
	}
	told[0] = own_user_time();
	raise(SIGSTOP);
	told[1] = own_user_time();
}

int main(void)
{
	long long listed;
	pid_t pid;
	int fd;

	plan(3 * 2);
	told = mmap(NULL, 2 * sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop_updates();
	fd = status_open();

	for (int i = 0; i < 3; i++) {
		const struct work *work = &works[i];

		pid = start(work_and_tell, (void *)work);
		stopped(pid);
		status_register(fd, pid);
		go_on(pid);
		stopped(pid);
		update_once(fd);
		listed = time_now(fd, pid);
		is_near(listed, stat_user_time(pid), TICK,
			"%s: what /proc/PID/stat says", work->name);

		go_on(pid);
		reap(pid);
		if (!ok(listed >= told[0] - TICK && listed <= told[1] + TICK,
			"%s: what getrusage(2) says", work->name))
			diag("seen %lld, expected %lld to %lld, within %d",
			     listed, told[0], told[1], TICK);
	}
	return done();
}
