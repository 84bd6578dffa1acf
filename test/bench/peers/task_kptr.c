// SPDX-License-Identifier: GPL-2.0
/*
 * BPF task kptrs
 *
 * A BPF map holds a reference to the leader thread of each process. To take a
 * sample, user space runs a BPF program that goes through the map and writes
 * the times to an array that user space has mapped. The first method reads only
 * the leader thread. The second reads all threads, up to 1,000. The third does
 * so, too, but skips processes of one thread that have not run since the last
 * sample.
 *
 * The times are utime, as in task_iter.c, so they are in ticks.
 *
 * The first method misses what other threads use, whether they have ended or
 * not. The others count it. A thread that ends during a sample may be missing
 * from that sample, or counted twice in it. A zombie counts. The final time of
 * a reaped process stays, with several KB of memory in the kernel, and a
 * process that uses the PID again is not mistaken for it. If a thread other
 * than the leader calls execve(2), the leader that the map holds is gone: from
 * then on, the first and the third method miss what the process uses.
 *
 * The kernel must be 6.10 or later. Before that, programs of this type cannot
 * call bpf_task_from_pid().
 */
#include "shared.h"
#include "records.h"
#include "task_kptr.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static struct task_kptr *bpf;

static int start(int count, bool all_threads, bool active_only)
{
	int error;

	libbpf_set_print(NULL);
	bpf = task_kptr__open();
	if (!bpf)
		return -errno;
	bpf->rodata->all_threads = all_threads;
	bpf->rodata->active_only = active_only;
	bpf_map__set_max_entries(bpf->maps.processes, count);
	error = task_kptr__load(bpf);
	if (error) {
		task_kptr__destroy(bpf);
		return error;
	}
	start_times(count);
	return 0;
}

static int start_leader(int count)
{
	return start(count, false, false);
}

static int start_all(int count)
{
	return start(count, true, false);
}

static int start_active(int count)
{
	return start(count, true, true);
}

static int add(int i)
{
	struct new_process process = { i, pids[i] };
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.ctx_in = &process,
		.ctx_size_in = sizeof(process),
	};
	int error = bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.add),
					   &opts);

	added = i + 1;
	return error ? error : (int)opts.retval;
}

static void sample(void)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };

	if (bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.sample), &opts))
		die("the BPF program runs");
	memcpy(times, bpf->bss->times, added * sizeof(*times));
}

static void stop(void)
{
	task_kptr__destroy(bpf);
	free(times);
}

const struct peer peer_task_kptr_leader = {
	.name = "BPF task kptrs: one thread",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start_leader,
	.add = add,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};

const struct peer peer_task_kptr = {
	.name = "BPF task kptrs: all threads",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start_all,
	.add = add,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};

const struct peer peer_task_kptr_active = {
	.name = "BPF task kptrs: those that ran",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start_active,
	.add = add,
	.sample = sample,
	.time = kept_time,
	.stop = stop,
};
