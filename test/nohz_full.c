// SPDX-License-Identifier: GPL-2.0
/*
 * "Accuracy: the kernel's own (what getrusage would say of the process),
 * within one tick": on a processor that runs without a tick (nohz_full), too.
 */
#include "process.h"
#include "urt.h"

#define UPDATES	20
#define TRIES	5
#define PERIOD	100	/* ms */

/* The first of the processors that run without a tick; -1 where none does. */
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
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity(2)");
	raise(SIGSTOP);
	spin_work(cpu);
}

int main(void)
{
	long long before, listed, used, begin, grown, least = 1LL << 60;
	int fd, cpu = nohz_full_cpu();
	pid_t spinner;

	plan(3);
	if (cpu < 0) {
		skip("TIME grows with every update", "no nohz_full processor");
		skip("TIME grows with the clock", "no nohz_full processor");
		skip("the TIME of a stopped one", "no nohz_full processor");
		return done();
	}
	spinner = start(spin_on, &cpu);
	stopped(spinner);
	set_period(PERIOD);
	fd = status_open();
	status_register(fd, spinner);
	go_on(spinner);

	wait_update(fd);
	begin = now_ms();
	listed = time_now(fd, spinner);
	grown = -listed;
	for (int i = 0; i < UPDATES; i++) {
		before = listed;
		changed(fd, -1);
		listed = time_now(fd, spinner);
		if (listed - before < least)
			least = listed - before;
	}
	grown += listed;
	/* Without a tick the scheduler looks once in a second. */
	ok(least > 0, "TIME grows with every update");
	is_near(grown / 1000, now_ms() - begin, UPDATES * PERIOD / 10,
		"TIME grows with the clock");

	end(spinner);

	/* One try in which the emulator keeps no processor waiting will do. */
	stop_updates();
	for (int try = 0; try < TRIES; try++) {
		spinner = start(spin_on, &cpu);
		stopped(spinner);
		status_register(fd, spinner);
		go_on(spinner);
		begin = now_ms();
		while (now_ms() - begin < PERIOD)
			sched_yield();
		stop(spinner);
		update_once(fd);
		listed = time_now(fd, spinner);
		used = stat_user_time(spinner);
		end(spinner);
		if (llabs(listed - used) <= TICK)
			break;
		diag("try %d: seen %lld, expected %lld", try, listed, used);
	}
	is_near(listed, used, TICK, "the TIME of a stopped one");
	return done();
}
