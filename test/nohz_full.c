// SPDX-License-Identifier: GPL-2.0
/*
 * "The accuracy is the kernel's own: TIME equals what the kernel reports for
 * the process at that moment." This must also hold on a CPU without a tick
 * (nohz_full).
 */
#include "process.h"
#include "urt.h"

#define UPDATES	20
#define PERIOD	100	/* ms */

/* Returns the first nohz_full CPU, or -1 if there is none. */
static int nohz_full_cpu(void)
{
	FILE *list = fopen("/sys/devices/system/cpu/nohz_full", "r");
	int cpu = -1;

	if (list && fscanf(list, "%d", &cpu) != 1)
		cpu = -1;
	if (list)
		fclose(list);
	return cpu;
}

static void spin_on(void *cpu)
{
	if (run_on(*(int *)cpu))
		die("sched_setaffinity(2)");
	raise(SIGSTOP);
	spin_work(cpu);
}

/* Returns the CPU time of a process by its CPU clock, in microseconds. */
static long long clock_us(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		die("the CPU clock of %d can be read", pid);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

int main(void)
{
	long long before, listed, used, grown, least = 1LL << 60;
	long long begin[2], end[2];	/* the clock before and after a sample */
	int fd, cpu = nohz_full_cpu();
	pid_t spinner;

	plan(4);
	if (cpu < 0) {
		skip("TIME grows with every update", "no nohz_full CPU");
		skip("TIME grows with the CPU clock", "no nohz_full CPU");
		skip("/proc/PID/stat reports no less", "no nohz_full CPU");
		skip("the TIME of a stopped process", "no nohz_full CPU");
		return done();
	}
	spinner = start(spin_on, &cpu);
	stopped(spinner);
	set_period(PERIOD);
	fd = status_open();
	status_register(fd, spinner);
	go_on(spinner);

	begin[0] = clock_us(spinner);
	wait_update(fd);
	listed = time_now(fd, spinner);
	begin[1] = clock_us(spinner);
	grown = -listed;
	for (int i = 0; i < UPDATES; i++) {
		before = listed;
		end[0] = clock_us(spinner);
		next_update(fd);
		listed = time_now(fd, spinner);
		end[1] = clock_us(spinner);
		if (listed - before < least)
			least = listed - before;
	}
	grown += listed;
	/* Without a tick, the scheduler updates its times once a second. */
	ok(least > 0, "TIME grows with every update");
	/* Up to a tenth may be time in the kernel. */
	if (!ok(grown > (end[0] - begin[1]) * 9 / 10 &&
		grown <= end[1] - begin[0] + 1,
		"TIME grows with the CPU clock of the process"))
		diag("seen %lld us, expected %lld to %lld", grown,
		     (end[0] - begin[1]) * 9 / 10, end[1] - begin[0] + 1);

	/* The process is still running. */
	least = stat_user_time(spinner) - (listed - listed % stat_unit());
	ok(least >= 0, "/proc/PID/stat reports no less");

	stop_updates();
	kill(spinner, SIGSTOP);
	used = rest_time(spinner);
	update_once(fd);
	is(time_now(fd, spinner), used, "the TIME of a stopped process");
	return done();
}
