// SPDX-License-Identifier: GPL-2.0
/* clock_gettime(2) of the user time of each process */
#include "shared.h"

static struct timespec *clocks;

static int start(int count)
{
	clocks = allocate(count, sizeof(*clocks));
	added = 0;
	return 0;
}

static int add(int i)
{
	added = i + 1;
	return 0;
}

static void sample(void)
{
	for (int i = 0; i < added; i++)
		if (clock_gettime(USER_CLOCK(pids[i]), &clocks[i]))
			clocks[i].tv_sec = -1;
}

static long long time_of(int i)
{
	if (clocks[i].tv_sec < 0)
		return -1;
	return clocks[i].tv_sec * 1000000000LL + clocks[i].tv_nsec;
}

static void stop(void)
{
	free(clocks);
}

const struct peer peer_clock = {
	.name = "clock_gettime(2) of CPUCLOCK_VIRT",
	.unit = "ticks",
	.user_alone = true,
	.start = start,
	.add = add,
	.sample = sample,
	.time = time_of,
	.stop = stop,
};
