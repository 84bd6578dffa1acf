// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's half of task_kptr.c: holds a reference to each registered
 * process, and writes their times to an array
 */
#include "tasks.bpf.h"

#define ESRCH		3
#define THREADS_MAX	1000	/* of one process; loops must be bounded */

struct process {
	struct task_struct __attribute__((btf_type_tag("kptr"))) *leader;
	__u64 runtime;		/* at the last sample */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROCESSES_MAX);
	__type(key, __u32);
	__type(value, struct process);
} processes SEC(".maps");

__u64 times[PROCESSES_MAX];	/* which user space has mapped */

/* User space sets these before it loads the program, to choose the method. */
const __volatile__ bool all_threads, active_only;

SEC("syscall")
int add(struct new_process *ctx)
{
	__u32 i = ctx->i;
	struct process *process = bpf_map_lookup_elem(&processes, &i);
	struct task_struct *task = bpf_task_from_pid(ctx->pid);

	if (!task)
		return -ESRCH;
	if (process)
		task = bpf_kptr_xchg(&process->leader, task);
	if (task)
		bpf_task_release(task);
	return 0;
}

/* Returns the user time of all threads, including those that have ended. */
static __always_inline __u64 threads_utime(struct signal_struct *signal)
{
	struct list_head *node = signal->thread_head.next;
	__u64 utime = signal->utime;

	for (int i = 0; i < THREADS_MAX; i++) {
		struct task_struct *thread;

		if (node == &signal->thread_head)
			break;
		thread = bpf_rdonly_cast((void *)node -
			bpf_core_field_offset(struct task_struct, thread_node),
			bpf_core_type_id_kernel(struct task_struct));
		utime += thread->utime;
		node = thread->thread_node.next;
	}
	return utime;
}

static long sample_process(void *map, __u32 *i, struct process *process,
			   void *unused)
{
	struct task_struct *leader = process->leader;
	__u64 runtime, utime;

	if (!leader)
		return 0;
	/* If there are several threads, any of them may have run. */
	if (active_only) {
		runtime = leader->se.sum_exec_runtime +
			  leader->signal->sum_sched_runtime;
		if (runtime == process->runtime &&
		    leader->signal->nr_threads <= 1)
			return 0;
		process->runtime = runtime;
	}
	utime = all_threads ? threads_utime(leader->signal) : leader->utime;
	if (*i < PROCESSES_MAX)
		times[*i] = utime;
	return 0;
}

SEC("syscall")
int sample(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_for_each_map_elem(&processes, sample_process, NULL, 0);
	bpf_rcu_read_unlock();
	return 0;
}

char _license[] SEC("license") = "GPL";
