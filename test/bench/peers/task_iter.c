// SPDX-License-Identifier: GPL-2.0
/*
 * A BPF task iterator
 *
 * A BPF program runs for every thread on the machine. It writes a record of 16
 * bytes for each of them, or only for those of the processes in a hash.
 *
 * The times are utime: the number of ticks that found the thread in user mode,
 * in nanoseconds. /proc/PID/stat and wait4(2) scale utime to the exact run time
 * of the process, but this method does not. So a process that always sleeps
 * when the tick comes seems to use nothing. On a CPU in nohz_full mode, utime
 * is exact.
 *
 * Threads that have ended count, and so do zombies. Nothing is known of a
 * reaped process. An unrelated process that uses the PID again is mistaken for
 * it. A thread that ends during a sample may be missing from that sample, or
 * counted twice in it.
 */
#include "shared.h"
#include "records.h"
#include "task_iter.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define PIDS_MAX	(4 << 20)	/* the kernel's PID_MAX_LIMIT */

static struct task_iter *bpf;
static int *numbers;		/* by PID: i + 1, or 0 */

static int start(int count, bool filtered)
{
	int error;

	libbpf_set_print(NULL);
	bpf = task_iter__open();
	if (!bpf)
		return -errno;
	bpf->rodata->filtered = filtered;
	bpf_map__set_max_entries(bpf->maps.registered, filtered ? count : 1);
	error = task_iter__load(bpf);
	if (!error)
		error = task_iter__attach(bpf);
	if (error) {
		task_iter__destroy(bpf);
		return error;
	}
	numbers = allocate(PIDS_MAX, sizeof(*numbers));
	start_times(count);
	return 0;
}

static int start_all(int count)
{
	return start(count, false);
}

static int start_filtered(int count)
{
	return start(count, true);
}

static int add_all(int i)
{
	numbers[pids[i]] = i + 1;
	added = i + 1;
	return 0;
}

static int add_filtered(int i)
{
	add_all(i);
	return bpf_map__update_elem(bpf->maps.registered, &pids[i],
				    sizeof(pids[i]), "", 1, BPF_ANY);
}

static void sample(void)
{
	static struct thread_record records[2048];	/* all of a read */
	int fd = bpf_iter_create(bpf_link__fd(bpf->links.show));
	ssize_t length;

	if (fd < 0)
		die("bpf_iter_create()");
	memset(times, -1, added * sizeof(*times));
	while ((length = read(fd, records, sizeof(records))) > 0) {
		int n = length / sizeof(records[0]);

		for (struct thread_record *at = records; at < records + n; at++) {
			int i = numbers[at->tgid] - 1;

			if (i < 0)
				continue;
			if (times[i] < 0)
				times[i] = 0;
			times[i] += at->utime;
		}
	}
	if (length < 0)
		die("the task iterator can be read");
	close(fd);
}

static void stop(void)
{
	task_iter__destroy(bpf);
	free(numbers);
	free(times);
}

const struct peer peer_task_iter = {
	.name = "BPF task iterator of all tasks",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start_all,
	.add = add_all,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};

const struct peer peer_task_iter_filtered = {
	.name = "BPF task iterator with a filter",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start_filtered,
	.add = add_filtered,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};
