/* SPDX-License-Identifier: GPL-2.0 */
/* What the methods' BPF programs and their user space exchange */
#ifndef RECORDS_H
#define RECORDS_H

#include <linux/types.h>

#define PROCESSES_MAX	10000	/* as in peers.h */

/* What task_iter writes for each thread. */
struct thread_record {
	__u32 tgid;
	__u32 unused;
	__u64 utime;		/* in nanoseconds */
};

/* A process for task_kptr to add. */
struct new_process {
	__u32 i;
	__s32 pid;
};

/* What sched_switch keeps of each process. */
struct switched {
	__u64 i;
	__u64 time;		/* in nanoseconds */
};

#endif
