// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's half of sched_switch.c: at each context switch, adds the time
 * since the last one on this CPU to the process that ran
 */
#include "tasks.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} last_switch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_ZERO_SEED);	/* the same cost in each run */
	__uint(max_entries, PROCESSES_MAX);
	__type(key, __u32);
	__type(value, struct switched);
} processes SEC(".maps");	/* by TGID */

__u64 times[PROCESSES_MAX];	/* which user space has mapped */

/* User space sets this before it loads the program, to choose the method. */
const __volatile__ bool to_array;

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev)
{
	__u64 now = bpf_ktime_get_ns(), ran, *last;
	struct switched *process;
	__u32 zero = 0, tgid = prev->tgid;

	last = bpf_map_lookup_elem(&last_switch, &zero);
	if (!last)
		return 0;
	ran = *last ? now - *last : 0;
	*last = now;
	process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process)
		return 0;
	if (!to_array)		/* two threads may run at the same time */
		__sync_fetch_and_add(&process->time, ran);
	else if (process->i < PROCESSES_MAX)
		__sync_fetch_and_add(&times[process->i], ran);
	return 0;
}

char _license[] SEC("license") = "GPL";
