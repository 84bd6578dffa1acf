// SPDX-License-Identifier: GPL-2.0
/*
 * "TIME is the value found by the last update, or by the registration if there
 * has been no update since. [...] At the moment of that update or registration,
 * it equals, to the microsecond, the value that getrusage(2) and wait4(2)
 * report and that /proc/PID/stat truncates to clock ticks. After usertime has
 * shown a value, the kernel never reports a smaller one to others."
 *
 * Each process here has one thread. The test looks at it only when it has
 * stopped and left the CPU. While it works, updates show values of its time.
 *
 * usertime influences what the kernel reports, so both could agree and be
 * wrong. Therefore TIME is also compared with the whole CPU time of a process
 * that works only in user mode (TIME must be more than half of it) or only in
 * the kernel (less than half). After its host has stopped it, a virtual machine
 * handles several ticks in a row, in the kernel, so the test may have to try
 * again.
 */
#include "process.h"
#include "urt.h"

static const struct work {
	const char *name;
	int user, kernel;	/* ms per turn */
	int bursts;		/* per turn, between two ticks */
} works[] = {
	{ "user mode", 20, 0, 0 },
	{ "kernel mode", 0, 20, 0 },
	{ "both", 15, 15, 0 },
	{ "bursts", 0, 0, 6 },
};

#define WORKS	((int)(sizeof(works) / sizeof(*works)))
#define TURNS	15

/* How long the test tries again if TIME has the wrong share. */
#define TRY_MS	20000

/* What the process finds out about itself. */
static struct {
	long long used;	/* by getrusage(2), at the end */
	long long all;	/* CPU time, in microseconds, when its work is done */
} *told;

static long long nanoseconds(const struct timespec *time)
{
	return time->tv_sec * 1000000000LL + time->tv_nsec;
}

/* Spins in user mode between two ticks, for half of the time between them. */
static void burst(void)
{
	struct timespec last, length, begin, now;
	long long tick;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &last);
	clock_getres(CLOCK_MONOTONIC_COARSE, &length);
	tick = nanoseconds(&last) + 2 * nanoseconds(&length);
	tick += nanoseconds(&length) / 10;
	begin.tv_sec = tick / 1000000000;
	begin.tv_nsec = tick % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &begin, NULL);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (nanoseconds(&now) < tick + nanoseconds(&length) / 2);
}

static void work_and_tell(void *arg)
{
	const struct work *work = arg;

	raise(SIGSTOP);
	for (int i = 0; i < TURNS; i++) {
		spin(work->user);
		spin_in_kernel(work->kernel);
		for (int j = 0; j < work->bursts; j++)
			burst();
	}
	told->all = cpu_ms() * 1000;
	raise(SIGSTOP);
	/* If the ticks have missed the bursts, this is all they see. */
	spin_in_kernel(40);
	raise(SIGSTOP);
	told->used = own_user_time();
}

/* Lets a stopped child do its work. Returns its TIME after that. */
static long long time_of_work(int fd, pid_t pid)
{
	set_period(URT_PERIOD_MS_MIN);
	go_on(pid);
	rests(pid);
	stopped(pid);
	update_once(fd);
	return time_now(fd, pid);
}

static void has_its_share(int fd, const struct work *work)
{
	long long end = now_ms() + paced(TRY_MS), shown;
	int right;
	pid_t pid;

	do {
		pid = start(work_and_tell, (void *)work);
		stopped(pid);
		status_register(fd, pid);
		shown = time_of_work(fd, pid);
		right = work->user ? shown > told->all / 2 :
				     shown < told->all / 2;
		kill(pid, SIGKILL);
		final_time(pid);
	} while (!right && now_ms() < end);
	if (!ok(right, "%s: TIME has its share of the CPU time", work->name))
		diag("TIME is %lld us of %lld us", shown, told->all);
}

static void look(int fd, const struct work *work)
{
	long long shown, listed, used;
	char name[100];
	pid_t pid;

	/* wait4(2) comes first, then the registration. */
	pid = start(work_and_tell, (void *)work);
	used = rest_time(pid);
	status_register(fd, pid);
	is(time_now(fd, pid), used,
	   "%s: the registration finds what wait4(2) reports", work->name);

	/* The update comes first, then wait4(2). */
	shown = time_of_work(fd, pid);
	go_on(pid);
	rests(pid);
	update_once(fd);
	listed = time_now(fd, pid);
	used = rest_time(pid);
	is(listed, used, "%s: wait4(2) reports what the update found",
	   work->name);
	snprintf(name, sizeof(name), "%s: /proc/PID/stat reports it, too",
		 work->name);
	is_stat_user_time(listed, pid, name);
	if (!ok(listed >= shown, "%s: TIME has not decreased", work->name))
		diag("TIME was %lld, then %lld", shown, listed);

	go_on(pid);
	used = final_time(pid);
	if (!ok(listed <= told->used && told->used <= used,
		"%s: getrusage(2) does not report less", work->name))
		diag("TIME %lld, getrusage(2) %lld, wait4(2) %lld", listed,
		     told->used, used);
}

int main(void)
{
	int fd;

	plan(WORKS * 5 + 2);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop_updates();
	fd = status_open();
	status_register(fd, getpid());
	for (int i = 0; i < WORKS; i++) {
		if (!works[i].user != !works[i].kernel)
			has_its_share(fd, &works[i]);
		look(fd, &works[i]);
	}
	return done();
}
