// SPDX-License-Identifier: GPL-2.0
/* The kernel's half of task_iter.c: writes a record for each thread */
#include "tasks.bpf.h"

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_ZERO_SEED);	/* the same cost in each run */
	__uint(max_entries, PROCESSES_MAX);
	__type(key, __u32);
	__type(value, char);
} registered SEC(".maps");

/* User space sets this before it loads the program, to choose the method. */
const __volatile__ bool filtered;

SEC("iter/task")
int show(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread_record record = {};

	if (!task)		/* the end */
		return 0;
	record.tgid = task->tgid;
	if (filtered && !bpf_map_lookup_elem(&registered, &record.tgid))
		return 0;
	record.utime = task->utime;
	if (task->pid == task->tgid)
		record.utime += task->signal->utime;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

char _license[] SEC("license") = "GPL";
