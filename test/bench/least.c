// SPDX-License-Identifier: GPL-2.0
/*
 * The least that an update can cost, for comparison with usertime. The module
 * also changes the times of processes, for the benches.
 *
 *	cd /sys/module/least/parameters
 *	echo 1234 > add
 *	echo 1 > walk
 *	echo 1 > clear
 *
 * The module keeps a plain list of tasks. least_walk(), a work item, walks it
 * under a mutex and calls task_cputime_adjusted() for every thread. It looks up
 * no process and ignores ended threads. No file lists the times.
 *
 *	echo 40 10 > age
 *
 * adds 40 seconds of user time and 10 seconds of system time to each process
 * in the list, as if ended threads had used them. So processes are like those
 * of a real system, but need not run for that long.
 *
 *	echo 10 > run
 *
 * adds 1 ms of user time to every tenth process in the list, as if it had run.
 * The processes must be asleep, because the fields are changed without a lock.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct least_process {
	struct list_head list;
	struct task_struct *task;
	u64 utime_us;
};

static DEFINE_MUTEX(least_lock);
static LIST_HEAD(least_processes);

static void least_walk(struct work_struct *unused)
{
	struct least_process *process;
	struct task_struct *thread;
	u64 utime, stime, sum;

	mutex_lock(&least_lock);
	list_for_each_entry(process, &least_processes, list) {
		sum = 0;
		rcu_read_lock();
		list_for_each_entry_rcu(thread,
					&process->task->signal->thread_head,
					thread_node) {
			task_cputime_adjusted(thread, &utime, &stime);
			sum += utime;
		}
		rcu_read_unlock();
		process->utime_us = div_u64(sum, NSEC_PER_USEC);
	}
	mutex_unlock(&least_lock);
}

static DECLARE_WORK(least_work, least_walk);

static int least_set_walk(const char *val, const struct kernel_param *kp)
{
	schedule_work(&least_work);
	flush_work(&least_work);
	return 0;
}

static int least_set_add(const char *val, const struct kernel_param *kp)
{
	struct least_process *process;
	struct pid *pid;
	int nr;

	if (kstrtoint(val, 10, &nr))
		return -EINVAL;
	process = kzalloc(sizeof(*process), GFP_KERNEL);
	if (!process)
		return -ENOMEM;
	pid = find_get_pid(nr);
	process->task = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	if (!process->task) {
		kfree(process);
		return -ESRCH;
	}
	mutex_lock(&least_lock);
	list_add_tail(&process->list, &least_processes);
	mutex_unlock(&least_lock);
	return 0;
}

static int least_set_clear(const char *val, const struct kernel_param *kp)
{
	struct least_process *process, *next;

	mutex_lock(&least_lock);
	list_for_each_entry_safe(process, next, &least_processes, list) {
		list_del(&process->list);
		put_task_struct(process->task);
		kfree(process);
	}
	mutex_unlock(&least_lock);
	return 0;
}

static int least_set_age(const char *val, const struct kernel_param *kp)
{
	unsigned int user, system;
	struct least_process *process;

	if (sscanf(val, "%u %u", &user, &system) != 2)
		return -EINVAL;
	mutex_lock(&least_lock);
	list_for_each_entry(process, &least_processes, list) {
		struct signal_struct *signal = process->task->signal;

		write_seqlock_irq(&signal->stats_lock);
		signal->utime += (u64)user * NSEC_PER_SEC;
		signal->stime += (u64)system * NSEC_PER_SEC;
		signal->sum_sched_runtime += ((u64)user + system) * NSEC_PER_SEC;
		write_sequnlock_irq(&signal->stats_lock);
	}
	mutex_unlock(&least_lock);
	return 0;
}

static int least_set_run(const char *val, const struct kernel_param *kp)
{
	struct least_process *process;
	unsigned int every, i = 0;

	if (kstrtouint(val, 10, &every) || !every)
		return -EINVAL;
	mutex_lock(&least_lock);
	list_for_each_entry(process, &least_processes, list) {
		struct task_struct *task = process->task;

		if (i++ % every)
			continue;
		task->utime += NSEC_PER_MSEC;
		task->se.sum_exec_runtime += NSEC_PER_MSEC;
	}
	mutex_unlock(&least_lock);
	return 0;
}

static const struct kernel_param_ops least_walk_ops = { .set = least_set_walk };
static const struct kernel_param_ops least_add_ops = { .set = least_set_add };

static const struct kernel_param_ops least_clear_ops = {
	.set = least_set_clear
};

static const struct kernel_param_ops least_age_ops = { .set = least_set_age };
static const struct kernel_param_ops least_run_ops = { .set = least_set_run };

module_param_cb(walk, &least_walk_ops, NULL, 0200);
MODULE_PARM_DESC(walk, "Write anything to walk the list once");
module_param_cb(add, &least_add_ops, NULL, 0200);
MODULE_PARM_DESC(add, "The PID of a process to add to the list");
module_param_cb(clear, &least_clear_ops, NULL, 0200);
MODULE_PARM_DESC(clear, "Write anything to empty the list");
module_param_cb(age, &least_age_ops, NULL, 0200);
MODULE_PARM_DESC(age, "Seconds of user and of system time to add to each process");
module_param_cb(run, &least_run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "N: add 1 ms of user time to every Nth process");

static int __init least_init(void)
{
	return 0;
}

static void __exit least_exit(void)
{
	least_set_clear(NULL, NULL);
}

module_init(least_init);
module_exit(least_exit);

MODULE_DESCRIPTION("The least that an update can cost");
MODULE_AUTHOR("The usertime developers");
MODULE_LICENSE("GPL");
