// SPDX-License-Identifier: GPL-2.0
/* /proc/PID/schedstat of each process, kept open */
#include "shared.h"

static int add(int i)
{
	return add_file(i, open_proc(i, "schedstat"));
}

static long long time_of(int i)
{
	return texts[i][0] ? atoll(texts[i]) : -1;
}

const struct peer peer_schedstat = {
	.name = "/proc/PID/schedstat (kept open)",
	.unit = "ns",
	.start = start_files,
	.add = add,
	.sample = read_files,
	.time = time_of,
	.stop = stop_files,
};
