// SPDX-License-Identifier: GPL-2.0
/*
 * BPF on sched_switch
 *
 * A BPF program runs at every context switch, and adds up how long each
 * registered process was on a CPU. The first method keeps the sums in a hash,
 * which user space reads with one system call (lookup_batch). The second keeps
 * them in an array that user space has mapped.
 *
 * The times are exact, in nanoseconds, but they are user and system time and
 * interrupts together. They begin with the registration. What a thread uses is
 * added when it leaves the CPU, so a thread that does not leave it for a second
 * seems to use nothing during that second.
 *
 * Threads that have ended count, and so do zombies. The final time of a reaped
 * process stays, until an unrelated process reuses the PID. Then the time of
 * that one is added.
 */
#include "shared.h"
#include "records.h"
#include "sched_switch.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static struct sched_switch *bpf;
static struct switched *processes;
static __u32 *tgids;		/* of these */

static int start(int count, bool to_array)
{
	int error;

	libbpf_set_print(NULL);
	bpf = sched_switch__open();
	if (!bpf)
		return -errno;
	bpf->rodata->to_array = to_array;
	bpf_map__set_max_entries(bpf->maps.processes, count);
	error = sched_switch__load(bpf);
	if (!error)
		error = sched_switch__attach(bpf);
	if (error) {
		sched_switch__destroy(bpf);
		return error;
	}
	processes = allocate(count, sizeof(*processes));
	tgids = allocate(count, sizeof(*tgids));
	start_times(count);
	return 0;
}

static int start_hash(int count)
{
	return start(count, false);
}

static int start_array(int count)
{
	return start(count, true);
}

static int add(int i)
{
	struct switched process = { i, 0 };

	added = i + 1;
	return bpf_map__update_elem(bpf->maps.processes, &pids[i],
				    sizeof(pids[i]), &process, sizeof(process),
				    BPF_ANY);
}

static void sample_hash(void)
{
	__u32 count = added, next;

	/* ENOENT: there are no more elements. */
	if (bpf_map_lookup_batch(bpf_map__fd(bpf->maps.processes), NULL, &next,
				 tgids, processes, &count, NULL) &&
	    errno != ENOENT)
		die("bpf_map_lookup_batch()");
	for (__u32 n = 0; n < count; n++)
		times[processes[n].i] = processes[n].time;
}

static void sample_array(void)
{
	memcpy(times, bpf->bss->times, added * sizeof(*times));
}

static void stop(void)
{
	sched_switch__destroy(bpf);
	free(processes);
	free(tgids);
	free(times);
}

const struct peer peer_sched_switch = {
	.name = "BPF on sched_switch: lookup_batch",
	.unit = "ns",
	.user_alone = false,
	.root = true,
	.start = start_hash,
	.add = add,
	.sample = sample_hash,
	.time = kept_time,
	.stop = stop,
};

const struct peer peer_sched_switch_array = {
	.name = "BPF on sched_switch: mapped array",
	.unit = "ns",
	.user_alone = false,
	.root = true,
	.start = start_array,
	.add = add,
	.sample = sample_array,
	.time = kept_time,
	.stop = stop,
};
