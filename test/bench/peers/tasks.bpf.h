/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs use of the kernel
 *
 * When libbpf loads a program, it adapts it to where the running kernel has the
 * fields of these structs.
 */
#ifndef TASKS_BPF_H
#define TASKS_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "records.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

struct list_head {
	struct list_head *next;
};

struct signal_struct {
	struct list_head thread_head;
	int nr_threads;
	__u64 utime;		/* of threads that have ended */
	__u64 sum_sched_runtime;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct task_struct {
	struct sched_entity se;
	__s32 pid;
	__s32 tgid;
	__u64 utime;
	struct signal_struct *signal;
	struct list_head thread_node;	/* in signal->thread_head */
};

#pragma clang attribute pop

__ksym struct task_struct *bpf_task_from_pid(__s32 pid);
__ksym void bpf_task_release(struct task_struct *task);
__ksym void *bpf_rdonly_cast(const void *object, __u32 btf_id);
__ksym void bpf_rcu_read_lock(void);
__ksym void bpf_rcu_read_unlock(void);

#endif
