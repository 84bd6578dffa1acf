// SPDX-License-Identifier: GPL-2.0
/* perf_event_open(2): the event task-clock of each process */
#include "shared.h"

#include <linux/perf_event.h>

static int start(int count)
{
	start_times(count);
	return start_files(count);
}

/* Also watches the threads that the process will start. */
static int add(int i)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.inherit = 1,
		.inherit_thread = 1,
	};
	int fd = syscall(SYS_perf_event_open, &event, pids[i], -1, -1,
			 PERF_FLAG_FD_CLOEXEC);

	return add_file(i, fd < 0 ? -errno : fd);
}

static void sample(void)
{
	for (int i = 0; i < added; i++)
		if (read(fds[i], &times[i], sizeof(times[i])) < 0)
			die("the perf event can be read");
}

static void stop(void)
{
	stop_files();
	free(times);
}

const struct peer peer_perf = {
	.name = "perf_event_open(2) of task-clock",
	.unit = "ns",
	.root = true,
	.start = start,
	.add = add,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};
