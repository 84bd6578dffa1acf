// SPDX-License-Identifier: GPL-2.0
/* clock_gettime(2) of the user time of each process */
#include <stdlib.h>
#include <time.h>

#include "peers.h"

/* CPUCLOCK_VIRT, the user time, of a process: linux/posix-timers.h. */
#define USER_CLOCK(pid)	((clockid_t)(~(unsigned int)(pid) << 3 | 1))

static struct timespec *times;
static int added;

static int start(int count)
{
	times = allocate(count, sizeof(*times));
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
		if (clock_gettime(USER_CLOCK(pids[i]), &times[i]))
			times[i].tv_sec = -1;
}

static long long time_of(int i)
{
	if (times[i].tv_sec < 0)
		return -1;
	return times[i].tv_sec * 1000000000LL + times[i].tv_nsec;
}

static void stop(void)
{
	free(times);
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
