// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is the value found by the last update, or by the registration if there
 * has been no update since. [...] At the moment of that update or registration,
 * it equals, to the microsecond, the value that getrusage(2) and wait4(2)
 * report and that /proc/PID/stat truncates to clock ticks. After usertime has
 * shown a value, the kernel never reports a smaller one to others."
 *
 * Each process here has one thread, and has stopped and left the CPU when it is
 * looked at. While it works there are updates, and each has shown a value.
 */
#include "process.h"
#include "urt.h"

static const struct work {
	const char *name;
	int user, kernel, pause;	/* ms at a time */
} works[] = {
	{ "user mode", 20, 0, 0 },
	{ "kernel mode", 0, 20, 0 },
	{ "both", 15, 15, 0 },
	{ "bursts", 1, 0, 3 },
	{ "bursts in the kernel", 1, 1, 3 },
};

#define WORKS	((int)(sizeof(works) / sizeof(*works)))
#define TIMES	15

/* What getrusage(2) says to the process itself. */
static struct {
	long long at_registration;
	long long before, after;	/* the second look */
} *told;

static void work_and_tell(void *arg)
{
	const struct work *work = arg;

	told->at_registration = own_user_time();
	raise(SIGSTOP);
	for (int i = 0; i < TIMES; i++) {
		spin(work->user);
		usleep(work->pause * 1000);
		spin_in_kernel(work->kernel);
	}
	/* What came in bursts is seen by no tick: these are all in the kernel. */
	if (work->pause)
		spin_in_kernel(20);
	told->before = own_user_time();
	raise(SIGSTOP);
	told->after = own_user_time();
}

static void look(int fd, const struct work *work)
{
	long long listed, used;
	char name[100];
	pid_t pid;

	/* wait4(2) first, and then the registration. */
	pid = start(work_and_tell, (void *)work);
	used = rest_time(pid);
	status_register(fd, pid);
	listed = time_now(fd, pid);
	is(listed, used, "%s: the registration finds what wait4(2) reports",
	   work->name);
	ok(listed >= told->at_registration, "which is no less than before");

	/* The update, and then wait4(2). */
	set_period(URT_PERIOD_MS_MIN);
	go_on(pid);
	rests(pid);
	stop_updates();
	update_once(fd);
	listed = time_now(fd, pid);
	used = rest_time(pid);
	is(listed, used, "%s: wait4(2) reports what the update found",
	   work->name);
	snprintf(name, sizeof(name), "%s: and so does /proc/PID/stat",
		 work->name);
	is_stat_user_time(listed, pid, name);

	go_on(pid);
	used = final_time(pid);
	if (!ok(listed >= told->before && listed <= told->after &&
		told->after <= used, "%s: and so does getrusage(2)",
		work->name))
		diag("seen %lld, expected %lld to %lld, and at last %lld",
		     listed, told->before, told->after, used);
	update_once(fd);
	update_once(fd);
}

int main(void)
{
	int fd;

	plan(WORKS * 5);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop_updates();
	fd = status_open();
	status_register(fd, getpid());
	for (int i = 0; i < WORKS; i++)
		look(fd, &works[i]);
	return done();
}
