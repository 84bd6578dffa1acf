// SPDX-License-Identifier: GPL-2.0
/*
 * User CPU time of the processes that register
 *
 * A process registers by writing its PID to /proc/urt/status. Reading the
 * file lists all who did, in order of registration:
 *
 *	1234: 50012345
 *	 |     |
 *	 |     user CPU time of the whole process, in microseconds
 *	 PID, as the PID namespace of the reader numbers it
 *
 * The times are those of the last update; there is one every period_ms (5000
 * unless set), in two halves:
 *
 *	timer --> schedule_cput_upds()		top half: only queues
 *	              |				(softirq, may not sleep)
 *	              v
 *	workqueue --> update_cputimes()		bottom half: walks the list and
 *	              |				refreshes every time
 *	              +--> arms the timer	(process context, may sleep)
 *
 * One list, under one mutex. A registered process is its struct pid, not its
 * number: numbers are used again, and each PID namespace has its own. When a
 * process is gone, the next update finds its final time, and the update after
 * that removes its line. With an empty list no timer is pending.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "usertime.h"

/* Names that differ from 5.10, the oldest kernel, to the newest. */
#if !defined(LINUX_VERSION_MAJOR) || /* since 5.12 */ \
	LINUX_VERSION_MAJOR * 1000 + LINUX_VERSION_PATCHLEVEL < 6002
#define timer_delete(timer)		del_timer(timer)
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/* Whether a thread runs on a processor without a tick (nohz_full). */
#ifdef CONFIG_VIRT_CPU_ACCOUNTING_GEN
#define urt_is_tickless(thread)	(READ_ONCE((thread)->vtime.state) >= VTIME_SYS)
#else
#define urt_is_tickless(thread)	false
#endif

/*
 * The data. urt_lock protects all of it but where a field says otherwise.
 *
 * A process is owned by the list. It holds a reference to its struct pid, for
 * the numbers, and until its time is final one to a task_struct, which keeps
 * the signal_struct with the times. The table is for looking up: a process
 * stands in it once for each PID namespace that sees it, by its number there,
 * until a newer registered process has that number.
 *
 * A snapshot is the finished text of the list for one namespace. It never
 * changes. An open file is one: at first of no list at all, then the one that
 * it reads, which it shares with others. Each holds a reference, and urt_latest
 * one while the list is still what the snapshot says.
 */
struct urt_number {
	struct hlist_node node;		/* in urt_table, or unhashed */
	struct upid *upid;		/* of the struct pid */
};

struct urt_process {
	struct list_head list;		/* in urt_processes */
	struct pid *pid;
	struct task_struct *task;	/* any of its threads, NULL once final */
	u64 utime_us;			/* what was last found */
	struct urt_number numbers[];	/* by level of PID namespace */
};

struct urt_snapshot {
	struct kref kref;
	struct pid_namespace *ns;	/* of who opened the file; a reference */
	unsigned long generation;	/* of the list; 0 if of none */
	size_t size;			/* of text */
	size_t start;			/* where in text the list begins */
	char text[];
};

/* Protects the list and everything that changes with it. */
static DEFINE_MUTEX(urt_lock);
static LIST_HEAD(urt_processes);	/* in order of registration */
static unsigned int urt_count;		/* how many that are */
static DEFINE_HASHTABLE(urt_table, 11);	/* of urt_number, by number */
static unsigned long urt_generation = 1; /* of the list; poll reads it */
static ktime_t urt_due;			/* when the next update is */

static unsigned int period_ms = URT_PERIOD_MS_DEFAULT;
static unsigned int max_processes = URT_MAX_PROCESSES_DEFAULT; /* no lock */
static umode_t mode = URT_MODE;		/* this and gid: set at load only */
static unsigned int gid;

/*
 * Protects urt_latest and which snapshot an open file (private_data) is. It is
 * taken inside urt_lock and held for a few instructions only: who reads what
 * others have read already does not wait for an update.
 */
static DEFINE_SPINLOCK(urt_snapshot_lock);
static struct urt_snapshot *urt_latest;	/* a reference, or NULL */

/* Pollers, until the list changes. */
static DECLARE_WAIT_QUEUE_HEAD(urt_waiters);

static void schedule_cput_upds(struct timer_list *unused);
static void update_cputimes(struct work_struct *unused);

static DEFINE_TIMER(urt_timer, schedule_cput_upds);
static DECLARE_WORK(urt_work, update_cputimes);
static struct workqueue_struct *urt_workqueue;

/* Of processes outside containers: kmalloc's least is twice that on arm64. */
static struct kmem_cache *urt_cache;

/*
 * One process
 */

/* A counter that runs on: 32-bit processors may read half of it too late. */
static u64 urt_counter(const u64 *counter)
{
	u64 value;

	do {
		value = READ_ONCE(*counter);
	} while (!IS_ENABLED(CONFIG_64BIT) && value != READ_ONCE(*counter));
	return value;
}

/*
 * Adds to @sum what @thread has used. These fields are what getrusage(2) reads;
 * but of a thread that runs without a tick, only the kernel's own function
 * knows what has not been accounted yet.
 */
static void urt_add_thread(struct task_cputime *sum, struct task_struct *thread)
{
	u64 utime, stime;

	if (urt_is_tickless(thread)) {
		task_cputime_adjusted(thread, &utime, &stime);
		sum->utime += utime;
		sum->stime += stime;
		sum->sum_exec_runtime += utime + stime;
	} else {
		sum->utime += urt_counter(&thread->utime);
		sum->stime += urt_counter(&thread->stime);
		sum->sum_exec_runtime +=
			urt_counter(&thread->se.sum_exec_runtime);
	}
}

/* Sums up what the threads that have ended left, and the live ones. */
static void urt_sum_threads(struct task_cputime *sum,
			    struct signal_struct *signal)
{
	struct task_struct *thread;

	sum->utime = signal->utime;
	sum->stime = signal->stime;
	sum->sum_exec_runtime = signal->sum_sched_runtime;
	list_for_each_entry_rcu(thread, &signal->thread_head, thread_node)
		urt_add_thread(sum, thread);
}

/*
 * What all threads of a process have used. A thread that ends moves its part
 * to the signal_struct under stats_lock, a seqlock: if one did meanwhile, the
 * sum is taken again with the lock: twice at most, whatever threads do.
 */
static void urt_sum_process(struct task_cputime *sum,
			    struct signal_struct *signal)
{
	unsigned long flags;
	unsigned int seq;

	rcu_read_lock();
	seq = read_seqbegin(&signal->stats_lock);
	urt_sum_threads(sum, signal);
	if (read_seqretry(&signal->stats_lock, seq)) {
		read_seqlock_excl_irqsave(&signal->stats_lock, flags);
		urt_sum_threads(sum, signal);
		read_sequnlock_excl_irqrestore(&signal->stats_lock, flags);
	}
	rcu_read_unlock();
}

/*
 * The user part of @sum in nanoseconds, as the kernel's cputime_adjust() has
 * it: utime and stime are sampled, mostly by the tick, and give the ratio;
 * sum_exec_runtime is exact and gives the amount. Of what it @told who asked
 * the kernel takes nothing back, neither of the user part nor of the other.
 */
static u64 urt_user_ns(const struct task_cputime *sum,
		       const struct prev_cputime *told)
{
	u64 rtime = sum->sum_exec_runtime;
	u64 stime = 0;

	if (sum->stime)
		stime = mul_u64_u64_div_u64(sum->stime, rtime,
					    sum->stime + sum->utime);
	stime = max(stime, urt_counter(&told->stime));
	return max(rtime - min(stime, rtime), urt_counter(&told->utime));
}

/*
 * Refreshes the time of @process, whose task is not NULL. It never steps
 * back, as a new ratio of user to system ticks might have it.
 */
static void urt_sample(struct urt_process *process)
{
	struct signal_struct *signal = process->task->signal;
	struct task_cputime sum;
	u64 utime_us;

	urt_sum_process(&sum, signal);
	utime_us = div_u64(urt_user_ns(&sum, &signal->prev_cputime),
			   NSEC_PER_USEC);
	process->utime_us = max(process->utime_us, utime_us);
}

/*
 * The snapshot
 */

/* A line at its longest: two numbers, ": " and a newline. */
#define URT_LINE_SIZE	(10 + 2 + 20 + 1)

static struct urt_snapshot *urt_alloc_snapshot(unsigned int lines,
					       struct pid_namespace *ns)
{
	size_t size = (size_t)lines * URT_LINE_SIZE;
	struct urt_snapshot *snapshot;

	snapshot = kvmalloc(sizeof(*snapshot) + size,
			    GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!snapshot)
		return NULL;
	kref_init(&snapshot->kref);
	snapshot->ns = get_pid_ns(ns);
	snapshot->generation = 0;
	snapshot->size = size;
	snapshot->start = size;
	return snapshot;
}

static void urt_free_snapshot(struct kref *kref)
{
	struct urt_snapshot *snapshot;

	snapshot = container_of(kref, struct urt_snapshot, kref);
	put_pid_ns(snapshot->ns);
	kvfree(snapshot);
}

static void urt_put_snapshot(struct urt_snapshot *snapshot)
{
	if (snapshot)
		kref_put(&snapshot->kref, urt_free_snapshot);
}

/*
 * Writes @number in decimal in front of @end and returns where it begins: two
 * digits at a time, the division being what takes long. A zero in front of an
 * odd number of digits is written, too, but does not count.
 */
static __always_inline char *urt_put_decimal(char *end, u64 number)
{
	static const char digits[] =
		"00010203040506070809101112131415161718192021222324" /* 24 */
		"25262728293031323334353637383940414243444546474849" /* 49 */
		"50515253545556575859606162636465666768697071727374" /* 74 */
		"75767778798081828384858687888990919293949596979899";
	unsigned int two;

	do {
		two = do_div(number, 100);
		end -= 2;
		memcpy(end, digits + 2 * two, 2);
	} while (number);
	return two < 10 ? end + 1 : end;
}

/*
 * Writes the list into @snapshot, from its end to its beginning: the last
 * digit of a number is the first that one gets by dividing.
 */
static void urt_render(struct urt_snapshot *snapshot)
{
	unsigned int level = snapshot->ns->level;
	struct urt_process *process;
	char *text;

	lockdep_assert_held(&urt_lock);
	text = snapshot->text + snapshot->size;
	list_for_each_entry_reverse(process, &urt_processes, list) {
		struct upid *upid = &process->pid->numbers[level];

		if (level > process->pid->level || upid->ns != snapshot->ns ||
		    hlist_unhashed(&process->numbers[level].node))
			continue;
		*--text = '\n';
		text = urt_put_decimal(text, process->utime_us);
		*--text = ' ';
		*--text = ':';
		text = urt_put_decimal(text, upid->nr);
		if (need_resched())
			cond_resched();
	}
	snapshot->start = text - snapshot->text;
	snapshot->generation = urt_generation;
}

/* The snapshot that @file is, with a reference. */
static struct urt_snapshot *urt_get_snapshot(struct file *file)
{
	struct urt_snapshot *snapshot;

	spin_lock(&urt_snapshot_lock);
	snapshot = file->private_data;
	kref_get(&snapshot->kref);
	spin_unlock(&urt_snapshot_lock);
	return snapshot;
}

/* Makes @file the latest snapshot if that shows what it would. */
static bool urt_take_latest(struct file *file)
{
	struct urt_snapshot *old = NULL, *snapshot;

	spin_lock(&urt_snapshot_lock);
	snapshot = file->private_data;
	if (urt_latest && urt_latest->ns == snapshot->ns) {
		old = snapshot;
		kref_get(&urt_latest->kref);
		file->private_data = urt_latest;
	}
	spin_unlock(&urt_snapshot_lock);
	urt_put_snapshot(old);
	return old;
}

/* Makes @snapshot, or NULL, the latest. */
static void urt_set_latest(struct urt_snapshot *snapshot)
{
	struct urt_snapshot *old;

	spin_lock(&urt_snapshot_lock);
	old = urt_latest;
	urt_latest = snapshot;
	spin_unlock(&urt_snapshot_lock);
	urt_put_snapshot(old);
}

/*
 * Makes @file a snapshot of the list as it is now: the one that others have of
 * it already, or a new one. It is allocated without urt_lock, which may be
 * slow for a user near a memory limit; meanwhile the list may have grown.
 *
 * Return: 0 or -ENOMEM, which leaves @file the snapshot that it was.
 */
static int urt_take_snapshot(struct file *file, struct pid_namespace *ns)
{
	struct urt_snapshot *new = NULL;
	unsigned int lines;

	if (urt_take_latest(file))
		return 0;
	mutex_lock(&urt_lock);
	while (!urt_take_latest(file)) {
		lines = urt_count;
		if (new && new->size >= (size_t)lines * URT_LINE_SIZE) {
			urt_render(new);
			urt_set_latest(new);
			new = NULL;
			continue;
		}
		mutex_unlock(&urt_lock);
		urt_put_snapshot(new);
		new = urt_alloc_snapshot(lines + lines / 8 + 1, ns);
		if (!new)
			return -ENOMEM;
		mutex_lock(&urt_lock);
	}
	mutex_unlock(&urt_lock);
	urt_put_snapshot(new);
	return 0;
}

/*
 * The list
 */

/*
 * The list is no longer what anyone has read. The waiters' lock, which
 * wake_up takes, orders the new generation before a poller's look at it.
 */
static void urt_changed(void)
{
	lockdep_assert_held(&urt_lock);
	WRITE_ONCE(urt_generation, urt_generation + 1);
	urt_set_latest(NULL);
	wake_up_interruptible_poll(&urt_waiters, EPOLLPRI);
}

/*
 * Arms the timer for the end of this period. It counts from when this update
 * was due, not from when it came: a timer may be late by some per cent of its
 * time, and these would add up. Who missed a whole period starts afresh.
 */
static void urt_arm_timer(void)
{
	ktime_t now = ktime_get();

	lockdep_assert_held(&urt_lock);
	urt_due = ktime_add_ms(urt_due, period_ms);
	if (ktime_before(urt_due, now))
		urt_due = ktime_add_ms(now, period_ms);
	mod_timer(&urt_timer,
		  jiffies + msecs_to_jiffies(ktime_ms_delta(urt_due, now)));
}

/* Begins the first period, now. */
static void urt_start_timer(void)
{
	urt_due = ktime_get();
	urt_arm_timer();
}

/* Every namespace has its number 1: they are not to share a bucket. */
static u32 urt_key(const struct upid *upid)
{
	return upid->nr ^ hash_ptr(upid->ns, 32);
}

/* What the table has of the number @upid; NULL if that is nothing. */
static struct urt_number *urt_find_number(const struct upid *upid)
{
	struct urt_number *number;

	lockdep_assert_held(&urt_lock);
	hash_for_each_possible(urt_table, number, node, urt_key(upid)) {
		if (number->upid->nr == upid->nr && number->upid->ns == upid->ns)
			return number;
	}
	return NULL;
}

/* The registered process that is @pid; NULL if there is none. */
static struct urt_process *urt_find(const struct pid *pid)
{
	struct urt_number *number = urt_find_number(&pid->numbers[0]);

	if (!number || number->upid != &pid->numbers[0])
		return NULL;
	return container_of(number, struct urt_process, numbers[0]);
}

/*
 * Adds @process to the list, which owns it from now on. The timer is armed
 * after: however soon it fires, the top half finds the list not empty.
 */
static void urt_add(struct urt_process *process)
{
	unsigned int level;

	for (level = 0; level <= process->pid->level; level++) {
		struct upid *upid = &process->pid->numbers[level];
		struct urt_number *number = &process->numbers[level];
		struct urt_number *old = urt_find_number(upid);

		if (old)
			hash_del(&old->node);
		number->upid = upid;
		hash_add(urt_table, &number->node, urt_key(upid));
	}
	list_add_tail(&process->list, &urt_processes);
	if (!urt_count++)
		urt_start_timer();
}

/* Return: memory for a process at @level of the PID namespaces, or NULL. */
static struct urt_process *urt_alloc(unsigned int level)
{
	struct urt_process *process;

	if (!level)
		return kmem_cache_zalloc(urt_cache, GFP_KERNEL_ACCOUNT);
	return kzalloc(struct_size(process, numbers, level + 1),
		       GFP_KERNEL_ACCOUNT);
}

static void urt_free(struct urt_process *process)
{
	unsigned int level = process->pid->level;

	if (process->task)
		put_task_struct(process->task);
	put_pid(process->pid);
	if (level)
		kfree(process);
	else
		kmem_cache_free(urt_cache, process);
}

/* Removes @process from the list and frees it. */
static void urt_remove(struct urt_process *process)
{
	unsigned int level;

	lockdep_assert_held(&urt_lock);
	for (level = 0; level <= process->pid->level; level++)
		hash_del(&process->numbers[level].node);
	list_del(&process->list);
	urt_count--;
	if (list_empty(&urt_processes))
		timer_delete(&urt_timer);
	urt_free(process);
}

/*
 * Registers the process @pid; @task is its leader. The references are the
 * caller's. Under urt_lock a process that lives cannot be displaced by one
 * that is gone, and whose number it may have.
 *
 * Return: 0, also if it is registered already, -ENOMEM, -ESRCH if it is gone
 * by now, or -ENOSPC.
 */
static int urt_register(struct pid *pid, struct task_struct *task)
{
	struct urt_process *process;
	int err = 0;

	process = urt_alloc(pid->level);
	if (!process)
		return -ENOMEM;
	process->pid = get_pid(pid);
	process->task = get_task_struct(task);

	mutex_lock(&urt_lock);
	if (!pid_has_task(pid, PIDTYPE_TGID)) {
		err = -ESRCH;
	} else if (urt_find(pid)) {
		err = 0;
	} else if (urt_count >= READ_ONCE(max_processes) &&
		   !ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE)) {
		err = -ENOSPC;
	} else {
		urt_sample(process);
		urt_add(process);
		urt_changed();
		process = NULL;
	}
	mutex_unlock(&urt_lock);
	if (process)
		urt_free(process);
	return err;
}

/* Whether the writer may unregister @task's process; a no is not logged. */
static bool urt_may_unregister(struct task_struct *task)
{
	const struct cred *cred;
	bool may;

	rcu_read_lock();
	cred = __task_cred(task);
	may = uid_eq(current_euid(), cred->uid) ||
	      ns_capable_noaudit(cred->user_ns, CAP_SYS_PTRACE);
	rcu_read_unlock();
	return may;
}

/*
 * Unregisters the process @pid; @task is its leader, whose user counts.
 *
 * Return: 0, -ESRCH if it is not registered, or -EPERM.
 */
static int urt_unregister(struct pid *pid, struct task_struct *task)
{
	struct urt_process *process;
	int err = 0;

	mutex_lock(&urt_lock);
	process = urt_find(pid);
	if (!process) {
		err = -ESRCH;
	} else if (!urt_may_unregister(task)) {
		err = -EPERM;
	} else {
		urt_remove(process);
		urt_changed();
	}
	mutex_unlock(&urt_lock);
	return err;
}

/*
 * The two halves of an update
 */

/*
 * The top half, in softirq context, where one may not sleep and so not take
 * urt_lock. It asks without: a list that changes just now costs an update
 * too many at worst, since whoever adds to an empty list arms the timer anew.
 */
static void schedule_cput_upds(struct timer_list *unused)
{
	if (!list_empty(&urt_processes))
		queue_work(urt_workqueue, &urt_work);
}

/*
 * Samples @process for an update. Whether it is gone is asked first: only
 * what is sampled after that is final, and then the task has served.
 */
static void urt_update(struct urt_process *process)
{
	bool gone = !pid_has_task(process->pid, PIDTYPE_TGID);

	urt_sample(process);
	if (gone) {
		put_task_struct(process->task);
		process->task = NULL;
	}
}

/*
 * The bottom half, in process context. A process without a task was final an
 * update ago, and has been shown since. The timer is pending already if, since
 * it fired, a process was added to an empty list or the period was set.
 */
static void update_cputimes(struct work_struct *unused)
{
	struct urt_process *process, *next;

	mutex_lock(&urt_lock);
	if (list_empty(&urt_processes))
		goto unlock;
	list_for_each_entry_safe(process, next, &urt_processes, list) {
		if (process->task)
			urt_update(process);
		else
			urt_remove(process);
		if (need_resched())
			cond_resched();
	}
	urt_changed();
	if (!list_empty(&urt_processes) && !timer_pending(&urt_timer))
		urt_arm_timer();
unlock:
	mutex_unlock(&urt_lock);
}

/*
 * The file
 */

/* Longer than any PID with its sign; room for some zeros in front of it. */
#define URT_ID_SIZE	32

/* No isspace(): that has more than the three, and not the NUL. */
static bool urt_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/*
 * Reads the next process ID of a write into @id, which is negative for one
 * to unregister, and moves @pos behind it.
 *
 * The text is copied in pieces. An ID that reaches the end of its piece may
 * go on behind it: the next piece begins with the ID. One that does so from
 * the beginning of its piece is too long, or what follows cannot be read.
 *
 * Return: 1, 0 if nothing but white space is left, -EINVAL, -EFAULT, or
 * -EINTR if the writer is being killed.
 */
static int urt_next_id(const char __user *buf, size_t count, size_t *pos,
		       int *id)
{
	char text[URT_ID_SIZE + 1];

	while (*pos < count) {
		size_t wanted = min_t(size_t, count - *pos, URT_ID_SIZE);
		size_t len, start = 0, end;

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		len = wanted - copy_from_user(text, buf + *pos, wanted);
		while (start < len && urt_is_space(text[start]))
			start++;
		end = start;
		while (end < len && !urt_is_space(text[end]))
			end++;
		*pos += start;
		if (end - start == URT_ID_SIZE)
			return -EINVAL;
		if (end == len && *pos + (end - start) < count) {
			if (!start)
				return -EFAULT;
			continue;
		}
		if (start == end)
			break;
		*pos += end - start;
		text[end] = '\0';
		if (text[start] == '+' || kstrtoint(text + start, 10, id) ||
		    !*id || *id == INT_MIN)
			return -EINVAL;
		return 1;
	}
	return 0;
}

/*
 * Registers the process with the number @id in @ns, or unregisters the one
 * with -@id. Return: 0, -ESRCH, or as urt_register() and urt_unregister().
 */
static int urt_take_id(int id, struct pid_namespace *ns)
{
	struct task_struct *task;
	int err = -ESRCH;
	struct pid *pid;

	rcu_read_lock();
	pid = get_pid(find_pid_ns(abs(id), ns));
	rcu_read_unlock();
	task = get_pid_task(pid, PIDTYPE_TGID);
	if (task) {
		err = id > 0 ? urt_register(pid, task) :
			       urt_unregister(pid, task);
		put_task_struct(task);
	}
	put_pid(pid);
	return err;
}

/* Takes the IDs in @buf in order, up to the first that fails. */
static ssize_t usr_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	struct urt_snapshot *snapshot = urt_get_snapshot(file);
	size_t pos = 0, taken = 0;
	int id, ret;

	while ((ret = urt_next_id(buf, count, &pos, &id)) > 0) {
		ret = urt_take_id(id, snapshot->ns);
		if (ret)
			break;
		taken = pos;
	}
	urt_put_snapshot(snapshot);
	if (!ret && (taken || !count))
		return count;
	if (taken)
		return taken;
	return ret ? ret : -EINVAL;
}

/* Reads on in the file's snapshot, or at offset 0 in a new one. */
static ssize_t usr_read(struct file *file, char __user *buf, size_t count,
			loff_t *ppos)
{
	struct urt_snapshot *snapshot = urt_get_snapshot(file);
	ssize_t ret = 0;

	if (!*ppos || !snapshot->generation) {
		ret = urt_take_snapshot(file, snapshot->ns);
		urt_put_snapshot(snapshot);
		if (ret)
			return ret;
		snapshot = urt_get_snapshot(file);
	}
	ret = simple_read_from_buffer(buf, count, ppos,
				      snapshot->text + snapshot->start,
				      snapshot->size - snapshot->start);
	urt_put_snapshot(snapshot);
	return ret;
}

/* Neither reading nor writing ever waits; EPOLLPRI is news. */
static __poll_t urt_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
	struct urt_snapshot *snapshot;

	poll_wait(file, &urt_waiters, wait);
	snapshot = urt_get_snapshot(file);
	if (snapshot->generation != READ_ONCE(urt_generation))
		mask |= EPOLLPRI;
	urt_put_snapshot(snapshot);
	return mask;
}

/*
 * An open file holds the module, since removing a /proc entry does not wait
 * for those who poll it: they would be left on a wait queue that is gone.
 */
static int urt_open(struct inode *inode, struct file *file)
{
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	file->private_data = urt_alloc_snapshot(0, task_active_pid_ns(current));
	if (!file->private_data) {
		module_put(THIS_MODULE);
		return -ENOMEM;
	}
	return 0;
}

/* The module stays till this has returned: removing the entry waits for it. */
static int urt_release(struct inode *inode, struct file *file)
{
	urt_put_snapshot(file->private_data);
	module_put(THIS_MODULE);
	return 0;
}

static const struct proc_ops urt_proc_ops = {
	.proc_open	= urt_open,
	.proc_read	= usr_read,
	.proc_write	= usr_write,
	.proc_lseek	= default_llseek,
	.proc_poll	= urt_poll,
	.proc_release	= urt_release,
};

/*
 * The parameters
 */

/* Sets the period, which begins anew. Return: 0, or -EINVAL. */
static int urt_set_period(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;

	if (kstrtouint(val, 0, &ms) ||
	    ms < URT_PERIOD_MS_MIN || ms > URT_PERIOD_MS_MAX)
		return -EINVAL;
	mutex_lock(&urt_lock);
	period_ms = ms;
	if (!list_empty(&urt_processes))
		urt_start_timer();
	mutex_unlock(&urt_lock);
	return 0;
}

static const struct kernel_param_ops urt_period_ops = {
	.set = urt_set_period,
	.get = param_get_uint,
};

module_param_cb(period_ms, &urt_period_ops, &period_ms, 0644);
MODULE_PARM_DESC(period_ms, "Milliseconds between two updates, 10 to 3600000 (5000)");
module_param(max_processes, uint, 0644);
MODULE_PARM_DESC(max_processes, "The most processes that are listed (4096)");

/*
 * Sets the mode of the file, in octal, as chmod(1) takes it: who may read and
 * who may write. Not 0, in which procfs sees a wish for 0444.
 *
 * Return: 0, or -EINVAL.
 */
static int urt_set_mode(const char *val, const struct kernel_param *kp)
{
	u16 value;

	if (kstrtou16(val, 8, &value) || !value || value & ~0666)
		return -EINVAL;
	mode = value;
	return 0;
}

static int urt_get_mode(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%#o\n", mode);
}

/* Sets the group of the file. Return: 0, or -EINVAL. */
static int urt_set_gid(const char *val, const struct kernel_param *kp)
{
	unsigned int value;

	if (kstrtouint(val, 10, &value) ||
	    !gid_valid(make_kgid(&init_user_ns, value)))
		return -EINVAL;
	gid = value;
	return 0;
}

static const struct kernel_param_ops urt_mode_ops = {
	.set = urt_set_mode,
	.get = urt_get_mode,
};

static const struct kernel_param_ops urt_gid_ops = {
	.set = urt_set_gid,
	.get = param_get_uint,
};

module_param_cb(mode, &urt_mode_ops, &mode, 0444);
MODULE_PARM_DESC(mode, "Who may open the file, in octal (0666)");
module_param_cb(gid, &urt_gid_ops, &gid, 0444);
MODULE_PARM_DESC(gid, "Group of the file (0)");

static int __init usertime_init(void)
{
	struct proc_dir_entry *dir, *file;

	urt_cache = kmem_cache_create("urt_process",
				      offsetof(struct urt_process, numbers[1]),
				      0, SLAB_ACCOUNT, NULL);
	if (!urt_cache)
		return -ENOMEM;
	urt_workqueue = alloc_ordered_workqueue("usertime", 0);
	if (!urt_workqueue)
		goto err_cache;
	dir = proc_mkdir(URT_DIR, NULL);
	if (!dir)
		goto err_workqueue;
	file = proc_create(URT_FILE, mode, dir, &urt_proc_ops);
	if (!file)
		goto err_dir;
	proc_set_user(file, GLOBAL_ROOT_UID, make_kgid(&init_user_ns, gid));
	return 0;

err_dir:
	proc_remove(dir);
err_workqueue:
	destroy_workqueue(urt_workqueue);
err_cache:
	kmem_cache_destroy(urt_cache);
	return -ENOMEM;
}

/*
 * Timer and work start each other, but neither over an empty list; and with
 * the file gone nobody adds to it. So both can be stopped one after the other.
 */
static void __exit usertime_exit(void)
{
	struct urt_process *process, *next;

	remove_proc_subtree(URT_DIR, NULL);
	mutex_lock(&urt_lock);
	list_for_each_entry_safe(process, next, &urt_processes, list)
		urt_remove(process);
	urt_changed();
	mutex_unlock(&urt_lock);
	timer_delete_sync(&urt_timer);
	destroy_workqueue(urt_workqueue);
	kmem_cache_destroy(urt_cache);
}

module_init(usertime_init);
module_exit(usertime_exit);

MODULE_DESCRIPTION("User CPU time of the processes that register");
MODULE_AUTHOR("The usertime developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(URT_VERSION);
