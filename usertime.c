// SPDX-License-Identifier: GPL-2.0
/*
 * User CPU time of registered processes
 *
 * A process is registered by writing its PID to /proc/urt/status. Reading the
 * file lists all registered processes, in order of registration:
 *
 *	1234: 50012345
 *	 |     |
 *	 |     user CPU time of the whole process, in microseconds
 *	 PID, in the PID namespace of the process that opened the file
 *
 * An update every period_ms (5000 by default) refreshes the times, in two
 * halves:
 *
 *	timer --> schedule_cput_upds()		top half: only queues the work
 *	              |				(softirq, must not sleep)
 *	              v
 *	workqueue --> update_cputimes()		bottom half: walks the list and
 *	              |				refreshes all times
 *	              +--> arms the timer	(process context, may sleep)
 *
 * One mutex protects the list. A registered process is identified by its
 * struct pid and not by its number: numbers are reused, and each PID namespace
 * has its own. After a process is gone (reaped by its parent), the next update
 * records its final time, and the update after that removes its line. While
 * the list is empty, no timer is pending.
 *
 * The names of functions that serve the file begin with usr_, and most others
 * with urt_.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/context_tracking_state.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
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
#include <linux/seq_file.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "usertime.h"

/* Most of what depends on the kernel's version or configuration. */
#if KERNEL_VERSION(6, 2, 0) > LINUX_VERSION_CODE
#define timer_delete(timer)		del_timer(timer)
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/* Whether @thread is running on a CPU without a tick (nohz_full). */
#ifdef CONFIG_VIRT_CPU_ACCOUNTING_GEN
#define urt_is_tickless(thread)	(context_tracking_enabled() && \
				 READ_ONCE((thread)->vtime.state) >= VTIME_SYS)
#else
#define urt_is_tickless(thread)	false
#endif

/* A counter of @thread that grows whenever its user time does. */
#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
#define urt_activity(thread)	urt_counter(&(thread)->utime)
#else
#define urt_activity(thread)	urt_counter(&(thread)->se.sum_exec_runtime)
#endif

/* A PID has up to 7 digits; 2^64 ns, in microseconds, has 17. */
#define URT_LINE_SIZE	(7 + 2 + 17 + 1)
static_assert(PID_MAX_LIMIT < 10000000);

/*
 * The data.
 *
 * The list owns its entries, a struct urt_process for each registered process.
 * An entry holds a reference to the struct pid, for the numbers. Until the time
 * is final, it also holds one to a task_struct, whose signal_struct has the
 * times.
 *
 * The table is for lookups. An entry is in it once for each PID namespace that
 * sees the process, under the number there. If another process registers with
 * the number that an earlier one had in a namespace, the earlier one is
 * displaced from the table there, and that namespace no longer lists it.
 */
struct urt_number {
	struct hlist_node node;		/* in urt_table, unless displaced */
	struct upid *upid;		/* in the struct pid */
};

struct urt_process {
	struct list_head list;		/* in urt_processes */
	struct task_struct *task;	/* one of its threads; NULL: final */
	u64 activity;			/* of its threads, when sampled */
	u64 utime_us;			/* the time on the line */
	unsigned int seq;		/* of stats_lock, when sampled */
	kuid_t owner;			/* the user who registered it */
	u8 time_offset;			/* in text */
	u8 length;			/* of text */
	char text[URT_LINE_SIZE];	/* the line in the initial namespace */
	struct urt_number numbers[];	/* by level of PID namespace */
};

#define urt_pid(process) \
	container_of((process)->numbers[0].upid, struct pid, numbers[0])

/* A parameter: @value is a number from @min to @max. */
struct urt_parameter {
	unsigned int value;		/* first, for param_get_uint() */
	unsigned int min, max;
};

/* Protects everything from here to max_processes, and all entries. */
static DEFINE_MUTEX(urt_lock);
static LIST_HEAD(urt_processes);	/* in order of registration */
static unsigned int urt_count;		/* of processes in the list */
static DEFINE_HASHTABLE(urt_table, 11);	/* of urt_number, by number */
static ktime_t urt_due;			/* when the next update is due */
static int urt_news = 1;		/* number of the latest; odd, so not 0 */
static bool urt_news_held;		/* some news is unannounced */
static struct urt_parameter period_ms = {
	URT_PERIOD_MS_DEFAULT, URT_PERIOD_MS_MIN, URT_PERIOD_MS_MAX
};

static struct urt_parameter max_processes = {
	URT_MAX_PROCESSES_DEFAULT, 0, UINT_MAX
};

/* Set only at load. */
static struct urt_parameter gid = { 0, 0, UINT_MAX - 1 };
static char *mode = URT_MODE_DEFAULT;

static DECLARE_WAIT_QUEUE_HEAD(urt_pollers);	/* waiting for news */

static void schedule_cput_upds(struct timer_list *unused);
static void update_cputimes(struct work_struct *unused);
static void urt_announce(struct work_struct *unused);

static DEFINE_TIMER(urt_timer, schedule_cput_upds);
static DECLARE_WORK(urt_update_work, update_cputimes);
static DECLARE_DELAYED_WORK(urt_news_work, urt_announce);
static struct workqueue_struct *urt_workqueue;

/* For entries outside containers, of 104 bytes: kmalloc() would take 128. */
static struct kmem_cache *urt_cache;

/*
 * One process
 */

/*
 * Reads a counter that may be changing. A 32-bit CPU loads it in two halves:
 * two equal values make a mix of old and new unlikely, but not impossible.
 */
static __always_inline u64 urt_counter(const u64 *counter)
{
	u64 value;

	do {
		value = READ_ONCE(*counter);
	} while (!IS_ENABLED(CONFIG_64BIT) && value != READ_ONCE(*counter));
	return value;
}

/*
 * Adds up the counters of the threads, and the times that released threads have
 * left in @signal. If a thread runs without a tick, its counters are old: only
 * task_cputime_adjusted() knows its times. Returns the activity of the threads
 * that are not released, and in @alive whether there are any.
 */
static __always_inline u64 urt_sum_threads(struct task_cputime *sum,
					   struct signal_struct *signal,
					   bool *alive)
{
	struct task_struct *thread;
	u64 activity = 0;

	sum->utime = signal->utime;
	sum->stime = signal->stime;
	sum->sum_exec_runtime = signal->sum_sched_runtime;
	*alive = false;
	list_for_each_entry_rcu(thread, &signal->thread_head, thread_node) {
		*alive = true;
		activity += urt_activity(thread);
		if (urt_is_tickless(thread)) {
			u64 utime, stime;

			task_cputime_adjusted(thread, &utime, &stime);
			sum->utime += utime;
			sum->stime += stime;
			sum->sum_exec_runtime += utime + stime;
			continue;
		}
		sum->utime += urt_counter(&thread->utime);
		sum->stime += urt_counter(&thread->stime);
		sum->sum_exec_runtime +=
			urt_counter(&thread->se.sum_exec_runtime);
	}
	return activity;
}

/*
 * Adds up what all threads of @process have used. Returns false if all have
 * been released: then the process is gone and the sum is final.
 *
 * A thread is released under stats_lock, a seqlock: it adds its counters to the
 * signal_struct and leaves the list. If that happens during the sum, the sum is
 * taken again with the lock held. Because of the old seq, the next update then
 * samples the process again.
 */
static __always_inline bool urt_sum_process(struct task_cputime *sum,
					    struct urt_process *process,
					    struct signal_struct *signal)
{
	unsigned int seq;
	bool alive;

	rcu_read_lock();
	seq = read_seqbegin(&signal->stats_lock);
	process->activity = urt_sum_threads(sum, signal, &alive);
	if (read_seqretry(&signal->stats_lock, seq)) {
		read_seqlock_excl_irq(&signal->stats_lock);
		urt_sum_threads(sum, signal, &alive);
		read_sequnlock_excl_irq(&signal->stats_lock);
	}
	rcu_read_unlock();
	process->seq = seq;
	return alive;
}

/*
 * Whether no thread of @process has run since the last sample. Then the
 * activity of all threads, new ones included, has not changed, nor has the
 * sequence of stats_lock, which changes when a thread is released. If any CPU
 * may be without a tick, the activity may be out of date, and the answer is no.
 */
static __always_inline bool urt_has_slept(const struct urt_process *process,
					  struct signal_struct *signal)
{
	struct task_struct *thread;
	u64 activity = 0;
	bool slept;

	if (context_tracking_enabled())
		return false;
	rcu_read_lock();
	list_for_each_entry_rcu(thread, &signal->thread_head, thread_node)
		activity += urt_activity(thread);
	slept = activity == process->activity &&
		!read_seqretry(&signal->stats_lock, process->seq);
	rcu_read_unlock();
	return slept;
}

/*
 * Computes, records and returns the user part of @sum, in nanoseconds, as the
 * kernel's cputime_adjust() does. sum_exec_runtime is exact and gives the
 * amount; utime and stime are sampled, mostly by the tick, and give the ratio.
 * Neither part falls below @prev, which the kernel or usertime has reported.
 */
#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
#define urt_user_ns(sum, prev)	((sum)->utime)
#else
static __always_inline u64 urt_user_ns(const struct task_cputime *sum,
				       struct prev_cputime *prev)
{
	u64 rtime = sum->sum_exec_runtime;
	u64 utime, stime = 0;

	raw_spin_lock_irq(&prev->lock);
	if (prev->stime + prev->utime < rtime) {
		if (sum->stime && !sum->utime)
			stime = rtime;
		else if (sum->stime)
			stime = mul_u64_u64_div_u64(sum->stime, rtime,
						    sum->stime + sum->utime);
		stime = max(min(stime, rtime), prev->stime);
		prev->utime = max(rtime - stime, prev->utime);
		prev->stime = rtime - prev->utime;
	}
	utime = prev->utime;
	raw_spin_unlock_irq(&prev->lock);
	return utime;
}
#endif

/*
 * Writes @number to @to in @digits digits, which must be one or more. Returns
 * false if @number has more. Each division, which is slow, yields two digits.
 */
static __always_inline bool urt_put_digits(char *to, unsigned int digits,
					   u64 number)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324" /* 24 */
		"25262728293031323334353637383940414243444546474849" /* 49 */
		"50515253545556575859606162636465666768697071727374" /* 74 */
		"75767778798081828384858687888990919293949596979899";
	char *at;

	for (at = to + digits; at - to > 1; at -= 2)
		memcpy(at - 2, pairs + 2 * do_div(number, 100), 2);
	if (at > to && number < 10) {
		*to = '0' + number;
		return true;
	}
	return !number;
}

/*
 * Writes @number in decimal to @to and returns the end. Tries @digits digits,
 * which must be one or more, and then more until the number fits.
 */
static __always_inline char *urt_put_decimal(char *to, unsigned int digits,
					     u64 number)
{
	while (!urt_put_digits(to, digits, number))
		digits++;
	return to + digits;
}

/*
 * Finds the time that @process has used by now, and writes it on the line, in
 * at least as many digits as before. The task must not be NULL. Returns false
 * if the time is final.
 */
static __always_inline bool urt_sample(struct urt_process *process)
{
	struct signal_struct *signal = process->task->signal;
	struct task_cputime sum;
	char *at, *end;
	u64 utime_us;
	bool alive;

	if (urt_has_slept(process, signal))
		return true;
	alive = urt_sum_process(&sum, process, signal);
	utime_us = div_u64(urt_user_ns(&sum, &signal->prev_cputime),
			   NSEC_PER_USEC);
	if (utime_us == process->utime_us)
		return alive;
	process->utime_us = utime_us;
	at = process->text + process->time_offset;
	end = urt_put_decimal(at, process->length - process->time_offset - 1,
			      utime_us);
	*end = '\n';
	process->length = end + 1 - process->text;
	return alive;
}

/*
 * Writes the line of the new @process, with the time 0, and samples it. The
 * other fields are still 0, as if sampled before @process ever ran. Returns
 * false if the time is final.
 */
static bool urt_begin_line(struct urt_process *process)
{
	char *end = urt_put_decimal(process->text, 1,
				    process->numbers[0].upid->nr);

	memcpy(end, ": 0\n", 4);
	process->time_offset = end + 2 - process->text;
	process->length = process->time_offset + 2;
	return urt_sample(process);
}

/*
 * The list
 */

/*
 * Arms the timer for one period after the last update was due. That update may
 * have been late, as timers are rounded up, and the delays must not accumulate.
 * If the new time has passed already, a period begins now.
 */
static void urt_arm_timer(void)
{
	ktime_t now = ktime_get();

	lockdep_assert_held(&urt_lock);
	urt_due = ktime_add_ms(urt_due, period_ms.value);
	if (ktime_before(urt_due, now))
		urt_due = ktime_add_ms(now, period_ms.value);
	mod_timer(&urt_timer,
		  jiffies + msecs_to_jiffies(ktime_ms_delta(urt_due, now)));
}

static void urt_start_timer(void)
{
	urt_due = ktime_get();
	urt_arm_timer();
}

/* Includes the namespace: all namespaces have the same low numbers. */
static u32 urt_key(const struct upid *upid)
{
	return upid->nr ^ hash_ptr(upid->ns, 32);
}

static struct urt_number *urt_find_number(const struct upid *upid)
{
	struct urt_number *number;

	lockdep_assert_held(&urt_lock);
	hash_for_each_possible(urt_table, number, node, urt_key(upid)) {
		if (number->upid->nr == upid->nr &&
		    number->upid->ns == upid->ns)
			return number;
	}
	return NULL;
}

static struct urt_process *urt_find(const struct pid *pid)
{
	struct urt_number *number = urt_find_number(&pid->numbers[0]);

	return number && number->upid == &pid->numbers[0] ?
	       container_of(number, struct urt_process, numbers[0]) : NULL;
}

/*
 * Adds @process to the list, which owns it from now on. The timer is armed
 * after that: however soon it fires, the top half finds the list not empty.
 */
static void urt_add(struct urt_process *process)
{
	unsigned int level;

	for (level = 0; level <= urt_pid(process)->level; level++) {
		struct urt_number *number = &process->numbers[level];
		struct urt_number *old = urt_find_number(number->upid);

		if (old)
			hash_del(&old->node);
		hash_add(urt_table, &number->node, urt_key(number->upid));
	}
	list_add_tail(&process->list, &urt_processes);
	if (!urt_count++)
		urt_start_timer();
}

/*
 * Returns a new entry without a line, or NULL. It holds a reference to @pid and
 * one to @task, a thread of the process.
 */
static struct urt_process *urt_alloc(struct pid *pid, struct task_struct *task)
{
	struct urt_process *process;
	unsigned int level;

	if (!pid->level)
		process = kmem_cache_zalloc(urt_cache, GFP_KERNEL_ACCOUNT);
	else
		process = kzalloc(struct_size(process, numbers, pid->level + 1),
				  GFP_KERNEL_ACCOUNT);
	if (!process)
		return NULL;
	get_pid(pid);
	for (level = 0; level <= pid->level; level++)
		process->numbers[level].upid = &pid->numbers[level];
	process->task = get_task_struct(task);
	return process;
}

static void urt_free(struct urt_process *process)
{
	struct pid *pid = urt_pid(process);

	if (process->task)
		put_task_struct(process->task);
	if (pid->level)
		kfree(process);
	else
		kmem_cache_free(urt_cache, process);
	put_pid(pid);
}

static void urt_remove(struct urt_process *process)
{
	unsigned int level;

	lockdep_assert_held(&urt_lock);
	for (level = 0; level <= urt_pid(process)->level; level++)
		hash_del(&process->numbers[level].node);
	list_del(&process->list);
	if (!--urt_count)
		timer_delete(&urt_timer);
	urt_free(process);
}

/*
 * Holds back the news of a registration or an unregistration. All such news
 * within 0.1 s is announced together, so that no user can keep pollers awake.
 */
static void urt_hold_news(void)
{
	lockdep_assert_held(&urt_lock);
	urt_news_held = true;
	queue_delayed_work(urt_workqueue, &urt_news_work, HZ / 10);
}

/*
 * Announces the news that is held back, unless an update has done so, and wakes
 * the pollers. It wakes them without urt_lock: any user may have added many.
 */
static void urt_announce(struct work_struct *unused)
{
	mutex_lock(&urt_lock);
	if (urt_news_held)
		WRITE_ONCE(urt_news, urt_news + 2);
	urt_news_held = false;
	mutex_unlock(&urt_lock);
	wake_up_interruptible_poll(&urt_pollers, EPOLLPRI);
}

/*
 * Whether the opener of @file may add a line. Unless opener and writer have
 * CAP_SYS_RESOURCE, a user has at most half of max_processes lines, and so
 * cannot lock the others out.
 */
static bool urt_has_room(const struct file *file)
{
	unsigned int half = max_processes.value - max_processes.value / 2;
	struct urt_process *process;
	unsigned int lines = 0;

	if (urt_count < half ||
	    (ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE) &&
	     file_ns_capable(file, &init_user_ns, CAP_SYS_RESOURCE)))
		return true;
	if (urt_count >= max_processes.value)
		return false;
	list_for_each_entry(process, &urt_processes, list)
		lines += uid_eq(process->owner, file->f_cred->euid);
	return lines < half;
}

/*
 * Registers the process @pid for the opener of @file; @task is its leader. The
 * caller keeps both references. A process that is gone by the time that the
 * lock is taken must not displace one that has its number now.
 *
 * Return: 0 (also if it is registered already), -ENOMEM, -ENOSPC, or -ESRCH if
 * it is gone.
 */
static int urt_register(struct file *file, struct pid *pid,
			struct task_struct *task)
{
	struct urt_process *process;
	int err;

	process = urt_alloc(pid, task);
	if (!process)
		return -ENOMEM;
	process->owner = file->f_cred->euid;

	mutex_lock(&urt_lock);
	if (urt_find(pid)) {
		err = 0;
	} else if (!urt_has_room(file)) {
		err = -ENOSPC;
	} else if (!urt_begin_line(process)) {
		err = -ESRCH;
	} else {
		err = 0;
		urt_add(process);
		urt_hold_news();
		process = NULL;
	}
	mutex_unlock(&urt_lock);
	if (process)
		urt_free(process);
	return err;
}

/*
 * Whether both the writer and the opener of @file may unregister the process
 * of @task. One check is not enough: an opener may pass the file to a
 * set-user-ID program, and a writer may get the file from a privileged program.
 */
static bool urt_may_unregister(const struct file *file,
			       struct task_struct *task)
{
	const struct cred *cred;
	bool may;

	rcu_read_lock();
	cred = __task_cred(task);
	may = (uid_eq(current_euid(), cred->uid) ||
	       ns_capable_noaudit(cred->user_ns, CAP_SYS_PTRACE)) &&
	      (uid_eq(file->f_cred->euid, cred->uid) ||
	       file_ns_capable(file, cred->user_ns, CAP_SYS_PTRACE));
	rcu_read_unlock();
	return may;
}

/*
 * Unregisters the process @pid; @task is its leader.
 *
 * Return: 0, -ESRCH if it is not registered, or -EPERM.
 */
static int urt_unregister(struct file *file, struct pid *pid,
			  struct task_struct *task)
{
	struct urt_process *process;
	int err = 0;

	mutex_lock(&urt_lock);
	process = urt_find(pid);
	if (!process) {
		err = -ESRCH;
	} else if (!urt_may_unregister(file, task)) {
		err = -EPERM;
	} else {
		urt_remove(process);
		urt_hold_news();
	}
	mutex_unlock(&urt_lock);
	return err;
}

/*
 * The two halves of an update
 */

/*
 * The top half, in softirq context, must not sleep and so cannot take urt_lock.
 * If the list is changing while it looks, it may queue a needless update, but
 * it misses none: adding to an empty list arms the timer anew.
 */
static void schedule_cput_upds(struct timer_list *unused)
{
	if (!list_empty(&urt_processes))
		queue_work(urt_workqueue, &urt_update_work);
}

/*
 * The bottom half, in process context. A process without a task was final at
 * the last update and has been listed with its final time for a whole period.
 *
 * The timer is already pending if, since it fired, the period was set or a
 * process was added to an empty list. Another work item wakes the pollers, so
 * that they do not delay an update, however many there are.
 */
static void update_cputimes(struct work_struct *unused)
{
	struct urt_process *process, *previous;
	unsigned int lines = 0;

	mutex_lock(&urt_lock);
	if (list_empty(&urt_processes))
		goto unlock;
	list_for_each_entry(process, &urt_processes, list) {
		if (!process->task) {
			previous = list_prev_entry(process, list);
			urt_remove(process);
			process = previous;
		} else if (!urt_sample(process)) {
			put_task_struct(process->task);
			process->task = NULL;
		}
		if (!(++lines % 64))	/* each time would double the cost */
			cond_resched();
	}
	WRITE_ONCE(urt_news, urt_news + 2);
	urt_news_held = false;
	if (!list_empty(&urt_processes) && !timer_pending(&urt_timer))
		urt_arm_timer();
	if (wq_has_sleeper(&urt_pollers))
		mod_delayed_work(urt_workqueue, &urt_news_work, 0);
unlock:
	mutex_unlock(&urt_lock);
}

/*
 * The file
 */

/* A write is copied in pieces of this size, which includes a NUL. */
#define URT_PIECE_SIZE	64

/*
 * Registers the process with the number @id in the opener's PID namespace. If
 * @id has a minus, unregisters the process instead.
 *
 * Return: 0, -EINVAL, -ESRCH, or the error of urt_register() or
 * urt_unregister().
 */
static int usr_take_id(struct file *file, const char *id)
{
	struct seq_file *seq = file->private_data;
	struct task_struct *task;
	int number, err = -ESRCH;
	struct pid *pid;

	if (*id == '+' || kstrtoint(id, 10, &number) || !number ||
	    number == INT_MIN)
		return -EINVAL;
	rcu_read_lock();
	pid = get_pid(find_pid_ns(abs(number), seq->private));
	rcu_read_unlock();
	task = get_pid_task(pid, PIDTYPE_TGID);
	if (task && !(READ_ONCE(task->flags) & PF_KTHREAD))
		err = number > 0 ? urt_register(file, pid, task) :
				   urt_unregister(file, pid, task);
	if (task)
		put_task_struct(task);
	put_pid(pid);
	return err;
}

/*
 * Copies the beginning of a write of @count bytes to @text, with NULs for white
 * space. An ID that may be incomplete is left for the next piece.
 *
 * Return: the length of the piece, -EFAULT, or -EINVAL if an ID is too long.
 */
static ssize_t usr_copy_piece(char text[URT_PIECE_SIZE], const char __user *buf,
			      size_t count)
{
	size_t size = min_t(size_t, count, URT_PIECE_SIZE - 1);
	size_t i;

	if (copy_from_user(text, buf, size))
		return -EFAULT;
	for (i = 0; i < size; i++)	/* isspace() accepts more than these */
		if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n')
			text[i] = '\0';
	if (size == URT_PIECE_SIZE - 1)
		while (size && text[size - 1])
			size--;
	text[size] = '\0';
	return size ? size : -EINVAL;
}

/*
 * Takes the IDs in @buf in order, up to the first that fails. It takes only the
 * pieces that begin in the first 4 KiB.
 *
 * Return: the number of bytes taken, or the error if no ID was taken.
 */
static ssize_t usr_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	char text[URT_PIECE_SIZE], *id;
	size_t pos = 0, taken = 0;
	ssize_t size;
	int err;

	for (; pos < min_t(size_t, count, SZ_4K); pos += size) {
		if (pos)
			cond_resched();
		size = usr_copy_piece(text, buf + pos, count - pos);
		if (size < 0)
			return taken ? taken : size;
		for (id = text; id < text + size; id += strlen(id) + 1) {
			if (!*id)
				continue;
			err = usr_take_id(file, id);
			if (err)
				return taken ? taken : err;
			taken = pos + (id - text) + strlen(id);
		}
	}
	return pos;
}

/*
 * Writes the line of @process to @to for readers in @ns, an inner PID
 * namespace, if it is listed there. Returns the end.
 */
static char *usr_put_line(char *to, const struct urt_process *process,
			  const struct pid_namespace *ns)
{
	const struct urt_number *number = &process->numbers[ns->level];
	unsigned int length = process->length - process->time_offset;

	if (ns->level > urt_pid(process)->level || number->upid->ns != ns ||
	    hlist_unhashed(&number->node))
		return to;
	to = urt_put_decimal(to, 1, number->upid->nr);
	memcpy(to, ": ", 2);
	memcpy(to + 2, process->text + process->time_offset, length);
	return to + 2 + length;
}

/*
 * Shows the whole list as one record, the snapshot, which seq_file keeps while
 * reads continue from it. If the room may be too small, the length is -1, and
 * seq_file calls again with twice as much. The walk rarely yields: a reader of
 * low priority may run again much later, and others wait for urt_lock until
 * then.
 */
static int usr_read(struct seq_file *seq, void *unused)
{
	const struct pid_namespace *ns = seq->private;
	struct urt_process *process;
	unsigned int lines = 0;
	int length = -1;
	char *buf, *to;
	size_t room;

	room = seq_get_buf(seq, &buf);
	to = buf;
	mutex_lock(&urt_lock);
	if (!ns->level && room / URT_LINE_SIZE < urt_count)
		goto unlock;
	list_for_each_entry(process, &urt_processes, list) {
		if (!(++lines % 4096))
			cond_resched();
		if (ns->level) {
			if (buf + room - to < URT_LINE_SIZE)
				goto unlock;
			to = usr_put_line(to, process, ns);
		} else if (!hlist_unhashed(&process->numbers[0].node)) {
			memcpy(to, process->text, URT_LINE_SIZE);
			to += process->length;
		}
	}
	length = to - buf;
	WRITE_ONCE(seq->poll_event, urt_news);
unlock:
	mutex_unlock(&urt_lock);
	seq_commit(seq, length);
	return 0;
}

/*
 * Reads and writes are always possible; EPOLLPRI means news. A file just
 * opened, whose poll_event is 0, always has news. If an update does not find a
 * poller on the queue, the poller sees the news of that update here.
 */
static __poll_t usr_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
	struct seq_file *seq = file->private_data;

	poll_wait(file, &urt_pollers, wait);
	smp_mb();	/* pairs with the one in wq_has_sleeper() */
	if (READ_ONCE(seq->poll_event) != READ_ONCE(urt_news))
		mask |= EPOLLPRI;
	return mask;
}

/*
 * An open file has a reference to the opener's PID namespace. It also keeps the
 * module loaded: removing a /proc entry does not wait for pollers, which would
 * be left on a wait queue in freed memory.
 */
static int usr_open(struct inode *inode, struct file *file)
{
	struct pid_namespace *ns;
	int err;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ns = get_pid_ns(task_active_pid_ns(current));
	err = single_open(file, usr_read, ns);
	if (err) {
		put_pid_ns(ns);
		module_put(THIS_MODULE);
	}
	return err;
}

/* Unloading waits until this returns, even after module_put(). */
static int usr_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	put_pid_ns(seq->private);
	single_release(inode, file);
	module_put(THIS_MODULE);
	return 0;
}

static const struct proc_ops usr_proc_ops = {
	.proc_open	= usr_open,
	.proc_read_iter	= seq_read_iter,
	.proc_write	= usr_write,
	.proc_lseek	= seq_lseek,
	.proc_poll	= usr_poll,
	.proc_release	= usr_release,
};

/*
 * The parameters
 */

/* Sets a parameter. A new period begins at once. Return: 0, or -EINVAL. */
static int urt_set(const char *val, const struct kernel_param *kp)
{
	struct urt_parameter *parameter = kp->arg;
	unsigned int value;

	if (kstrtouint(val, 0, &value) ||
	    value < parameter->min || value > parameter->max) {
		pr_err("%s must be a number from %u to %u\n", kp->name,
		       parameter->min, parameter->max);
		return -EINVAL;
	}
	mutex_lock(&urt_lock);
	parameter->value = value;
	if (parameter == &period_ms && !list_empty(&urt_processes))
		urt_start_timer();
	mutex_unlock(&urt_lock);
	return 0;
}

static const struct kernel_param_ops urt_parameter_ops = {
	.set = urt_set,
	.get = param_get_uint,
};

module_param_cb(period_ms, &urt_parameter_ops, &period_ms, 0644);
MODULE_PARM_DESC(period_ms, "Milliseconds between two updates, 10 to 3600000 (5000)");
module_param_cb(max_processes, &urt_parameter_ops, &max_processes, 0644);
MODULE_PARM_DESC(max_processes, "Maximum number of lines, of which a user may have half (4096)");
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "Permissions of the file, in octal (0666)");
module_param_cb(gid, &urt_parameter_ops, &gid, 0444);
MODULE_PARM_DESC(gid, "Group of the file (0)");

static int __init usertime_init(void)
{
	struct proc_dir_entry *dir, *file;
	u16 permissions;

	/* 0 would make procfs choose 0444. */
	if (kstrtou16(mode, 8, &permissions) || !permissions ||
	    permissions & ~0666) {
		pr_err("mode must be octal, with bits of 0666 and not 0\n");
		return -EINVAL;
	}
	urt_cache = kmem_cache_create("urt_process",
				      offsetof(struct urt_process, numbers[1]),
				      0, SLAB_ACCOUNT, NULL);
	if (!urt_cache)
		return -ENOMEM;
	/* Unbound, so that it runs an update while pollers are being woken. */
	urt_workqueue = alloc_workqueue("usertime", WQ_UNBOUND, 0);
	if (!urt_workqueue)
		goto err_cache;
	dir = proc_mkdir(URT_DIR, NULL);
	if (!dir)
		goto err_workqueue;
	file = proc_create(URT_FILE, permissions, dir, &usr_proc_ops);
	if (!file)
		goto err_dir;
	proc_set_user(file, GLOBAL_ROOT_UID,
		      make_kgid(&init_user_ns, gid.value));
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
 * Without the file, an empty list stays empty, and then the timer and the
 * update do not start each other. The news is cancelled last, because an update
 * may queue it.
 */
static void __exit usertime_exit(void)
{
	struct urt_process *process, *next;

	remove_proc_subtree(URT_DIR, NULL);
	mutex_lock(&urt_lock);
	list_for_each_entry_safe(process, next, &urt_processes, list) {
		urt_remove(process);
		cond_resched();
	}
	mutex_unlock(&urt_lock);
	timer_delete_sync(&urt_timer);
	cancel_work_sync(&urt_update_work);
	cancel_delayed_work_sync(&urt_news_work);
	destroy_workqueue(urt_workqueue);
	kmem_cache_destroy(urt_cache);
}

module_init(usertime_init);
module_exit(usertime_exit);

MODULE_DESCRIPTION("User CPU time of registered processes");
MODULE_AUTHOR("The usertime developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(URT_VERSION);
