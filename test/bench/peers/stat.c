// SPDX-License-Identifier: GPL-2.0
/* /proc/PID/stat of each process, opened for each read or kept open */
#include "shared.h"

static int start_opened(int count)
{
	(void)count;
	added = 0;
	return 0;
}

static int add_opened(int i)
{
	added = i + 1;
	return 0;
}

static int add_kept(int i)
{
	return add_file(i, open_proc(i, "stat"));
}

static void sample_opened(void)
{
	for (int i = 0; i < added; i++) {
		int fd = open_proc(i, "stat");

		read_text(i, fd);
		close(fd);
	}
}

static long long time_of(int i)
{
	return stat_time(texts[i]);
}

static void stop_opened(void)
{
}

const struct peer peer_stat_opened = {
	.name = "/proc/PID/stat (opened for each read)",
	.unit = "ticks",
	.user_alone = true,
	.start = start_opened,
	.add = add_opened,
	.sample = sample_opened,
	.time = time_of,
	.stop = stop_opened,
};

const struct peer peer_stat_kept = {
	.name = "/proc/PID/stat (kept open)",
	.unit = "ticks",
	.user_alone = true,
	.start = start_files,
	.add = add_kept,
	.sample = read_files,
	.time = time_of,
	.stop = stop_files,
};
