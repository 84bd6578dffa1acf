/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as usertime.c knows it, in user space
 *
 * Here is each of the kernel's names that usertime.c uses. One thread does
 * everything: it is a program in a system call, then a softirq, then a kworker,
 * as fuzz.c says. What a module must not do, such as sleeping in a softirq or
 * using a list without the lock, ends in complain(). Memory comes from malloc(),
 * so that AddressSanitizer sees what is used after it was freed.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unistd.h>

#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 12, 0)
#define CONFIG_VIRT_CPU_ACCOUNTING_GEN	1
#define IS_ENABLED(option)	true	/* CONFIG_64BIT */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
#define ktime_t			__s64
#define __user
#define __init
#define __exit
#define SZ_4K			4096
#define NSEC_PER_USEC		1000ul
#define NSEC_PER_MSEC		1000000ul
#define static_assert(x)	_Static_assert(x, #x)
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile typeof(x) *)&(x) = (value))
#define smp_mb()		__sync_synchronize()
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define div_u64(a, b)		((u64)(a) / (u32)(b))
#define do_div(n, base)		({ u32 r_ = (n) % (base); (n) /= (base); r_; })
#define mul_u64_u64_div_u64(a, b, c) \
	((u64)((unsigned __int128)(a) * (b) / (c)))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof(*(p)->member) * (n))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static int messages;		/* in the log */
static char message[100];	/* the last of them */

#define __printf(a, b)		__attribute__((format(printf, a, b)))

__printf(1, 2) __attribute__((noreturn))
static inline void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "\nusertime: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	abort();
}

#define need(condition, what) \
	((condition) ? (void)0 : complain("%s", what))
#define pr_err(format, ...) \
	(messages++, snprintf(message, sizeof(message), pr_fmt(format), \
			      ##__VA_ARGS__))

/* As the kernel: an optional sign, a prefix in base 0, at most one newline. */
static inline int parse(const char *s, unsigned int base, long long least,
			long long most, long long *value)
{
	const char *digits = s + (*s == '+' || (*s == '-' && least < 0));
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return -EINVAL;
	errno = 0;
	*value = strtoll(s, &end, base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno || *value < least || *value > most ? -ERANGE : 0;
}

#define kstrto(s, base, least, most, result) ({ \
	long long value_; \
	int err_ = parse(s, base, least, most, &value_); \
	if (!err_) \
		*(result) = value_; \
	err_; })
#define kstrtoint(s, base, result)	kstrto(s, base, INT_MIN, INT_MAX, result)
#define kstrtouint(s, base, result)	kstrto(s, base, 0, UINT_MAX, result)
#define kstrtou16(s, base, result)	kstrto(s, base, 0, USHRT_MAX, result)

/*
 * Locks
 */

struct mutex { int unused; };
struct spinlock { bool held; };
struct seqlock {
	struct spinlock lock;
	unsigned int sequence;
};

static struct mutex *held;	/* the mutex, or NULL */
static int rcu, spinning;	/* read sections; locks */
static bool in_softirq;

static inline void might_sleep(void)
{
	need(!in_softirq, "it sleeps in a softirq");
	need(!rcu, "it sleeps in an RCU read section");
	need(!spinning, "it sleeps with a spinlock held");
}

static inline void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	need(!held, "a mutex is taken twice");
	held = mutex;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	need(held == mutex, "a mutex is released that is not held");
	held = NULL;
}

static inline void raw_spin_lock_irq(struct spinlock *lock)
{
	need(!spinning++, "a spinlock is taken inside another");
	lock->held = true;
}

static inline void raw_spin_unlock_irq(struct spinlock *lock)
{
	need(lock->held, "a spinlock is released that is not held");
	lock->held = false;
	spinning--;
}

static inline void need_no_locks(const char *what)
{
	if (held || rcu || spinning)
		complain("%s returns with a lock held", what);
}

#define DEFINE_MUTEX(name)	struct mutex name
#define lockdep_assert_held(m)	need(held == (m), "the lock is not held")
#define cond_resched()		might_sleep()
#define rcu_read_lock()		(rcu++)
#define rcu_read_unlock()	need(rcu-- > 0, "rcu_read_unlock() once more")
#define read_seqbegin(s)		((s)->sequence)
#define read_seqretry(s, begin)		((s)->sequence != (begin))
#define read_seqlock_excl_irq(s)	raw_spin_lock_irq(&(s)->lock)
#define read_sequnlock_excl_irq(s)	raw_spin_unlock_irq(&(s)->lock)

/*
 * Lists. The hash is bad on purpose: equal numbers meet.
 */

struct list_head { struct list_head *next, *prev; };

struct hlist_node { struct hlist_node *next, **pprev; };

static inline void insert(struct list_head *entry, struct list_head *prev)
{
	entry->next = prev->next;
	entry->prev = prev;
	prev->next->prev = entry;
	prev->next = entry;
}

static inline void cut(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry;
	entry->prev = entry;
}

static inline void hash_insert(struct hlist_node **head,
			       struct hlist_node *node)
{
	node->next = *head;
	node->pprev = head;
	if (node->next)
		node->next->pprev = &node->next;
	*head = node;
}

static inline void hash_cut(struct hlist_node *node)
{
	if (!node->pprev)
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->pprev = NULL;
}

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)
#define list_empty(head)	(READ_ONCE((head)->next) == (head))
#define need_mutex()		need(held, "a list is used without the lock")
#define list_add(entry, head)	(need_mutex(), insert(entry, head))
#define list_add_tail(entry, head)	list_add(entry, (head)->prev)
#define list_del(entry)		(need_mutex(), cut(entry))
#define entry_of(ptr, pos, member) \
	container_of(ptr, typeof(*(pos)), member)
#define list_next_entry(pos, member) \
	entry_of((pos)->member.next, pos, member)
#define list_prev_entry(pos, member) \
	entry_of((pos)->member.prev, pos, member)
#define for_each(first, pos, head, member) \
	for (first, pos = entry_of((head)->next, pos, member); \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry(pos, head, member) \
	for_each(need_mutex(), pos, head, member)
#define list_for_each_entry_safe(pos, n, head, member) \
	for (need_mutex(), pos = entry_of((head)->next, pos, member); \
	     n = list_next_entry(pos, member), &pos->member != (head); pos = n)
#define list_for_each_entry_rcu(pos, head, member) \
	for_each(threads_are_walked(head), pos, head, member)

#define DEFINE_HASHTABLE(name, bits)	struct hlist_node *name[1 << (bits)]
#define hash_ptr(ptr, bits)	0
#define hash_head(table, key) \
	(&(table)[(key) % (sizeof(table) / sizeof(*(table)))])
#define hash_add(table, node, key) \
	(need_mutex(), hash_insert(hash_head(table, key), node))
#define hash_del(node)		(need_mutex(), hash_cut(node))
#define hlist_unhashed(node)	(!(node)->pprev)
#define hlist_entry(ptr, pos, member) \
	((ptr) ? entry_of(ptr, pos, member) : NULL)
#define hash_for_each_possible(table, pos, member, key) \
	for (need_mutex(), \
	     pos = hlist_entry(*hash_head(table, key), pos, member); pos; \
	     pos = hlist_entry(pos->member.next, pos, member))

/*
 * Memory. What else happens while a call waits for memory is up to fuzz.c.
 */

struct kmem_cache { size_t size; };

static int objects;		/* that have not been freed */
static int allocations;		/* in this call */
static int fails_at, surprise_at;	/* one of them, or 0 */
static void (*surprise)(void);
static const char *user_end;	/* where the user's memory ends */

/* A program's memory is elsewhere than the kernel's. */
#define USER			(1ul << 54)

#define __GFP_ACCOUNT		1
#define GFP_KERNEL_ACCOUNT	__GFP_ACCOUNT
#define SLAB_ACCOUNT		__GFP_ACCOUNT

static inline void *kzalloc(size_t size, int flags)
{
	might_sleep();
	need(!held, "memory is allocated with the lock held");
	need(flags & __GFP_ACCOUNT, "memory is charged to nobody");
	if (++allocations == surprise_at)
		surprise();
	if (allocations == fails_at)
		return NULL;
	objects++;
	return calloc(1, size);
}

static inline void kfree(void *object)
{
	objects -= !!object;
	free(object);
}

static inline struct kmem_cache *create_cache(size_t size, int flags)
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), flags);

	if (cache)
		cache->size = size;
	return cache;
}

#define kmem_cache_create(name, size, align, flags, constructor) \
	create_cache(size, flags)
#define kmem_cache_zalloc(cache, flags)	kzalloc((cache)->size, flags)
#define kmem_cache_free(cache, object)	kfree(object)
#define kmem_cache_destroy(cache)	kfree(cache)

/* Returns how many bytes it could not copy. */
static inline size_t copy_from_user(void *to, const char __user *from,
				    size_t size)
{
	const char *memory = from - USER;
	size_t there = memory < user_end ? user_end - memory : 0;

	might_sleep();
	need(!held, "user memory is read with the lock held");
	there = min(there, size);
	memcpy(to, memory, there);
	memset((char *)to + there, 0, size - there);
	return size - there;
}

/*
 * Users, processes and their times
 */

#define CAP_SYS_PTRACE		19
#define CAP_SYS_RESOURCE	24
#define PF_KTHREAD		1
#define PID_MAX_LIMIT		4194304

struct kid { unsigned int val; };

#define kuid_t			struct kid
#define GLOBAL_ROOT_UID		((struct kid){ 0 })
#define make_kgid(ns, gid)	((struct kid){ gid })
#define uid_eq(a, b)		((a).val == (b).val)

struct user_namespace { struct user_namespace *parent; };

struct cred {
	kuid_t uid, euid;
	struct user_namespace *user_ns;
	unsigned int caps;		/* in user_ns */
};

struct prev_cputime {
	struct spinlock lock;
	u64 utime, stime;
};

struct task_cputime { u64 utime, stime, sum_exec_runtime; };

struct signal_struct {
	int refs;
	struct list_head thread_head;
	struct seqlock stats_lock;
	u64 utime, stime, sum_sched_runtime;	/* of released threads */
	struct prev_cputime prev_cputime;
};

enum vtime_state { VTIME_INACTIVE, VTIME_SYS };

struct task_struct {
	int refs;
	unsigned int flags;
	int exit_state;
	struct cred cred;
	struct pid *pid;		/* NULL once it has been released */
	struct signal_struct *signal;
	struct list_head thread_node;
	u64 utime, stime;
	struct {
		u64 sum_exec_runtime;
	} se;
	struct {
		enum vtime_state state;
		u64 utime, stime;	/* not in the counters yet */
	} vtime;
};

struct pid_namespace {
	int refs;
	unsigned int level;
	struct pid_namespace *parent;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_MAX };

struct pid {
	int refs;
	unsigned int level;
	struct list_head node;
	struct task_struct *tasks[PIDTYPE_MAX];
	struct upid numbers[];
};

static struct user_namespace init_user_ns;
static struct task_struct *current;
static struct list_head pids = LIST_HEAD_INIT(pids);	/* in use */
static int tasks;		/* that have not been freed */
static bool tickless;		/* CPUs may be without a tick */
static struct task_struct *leaving;	/* a thread that is released ... */
static int leaves_at;			/* ... when this walk begins */

static inline bool capable(const struct cred *cred, struct user_namespace *ns,
			   int cap)
{
	while (ns && ns != cred->user_ns)
		ns = ns->parent;
	return ns && cred->caps >> cap & 1;
}

static inline void put_pid_ns(struct pid_namespace *ns)
{
	if (--ns->refs)
		return;
	if (ns->parent)
		put_pid_ns(ns->parent);
	free(ns);
}

static inline void put_pid(struct pid *pid)
{
	if (!pid || --pid->refs)
		return;
	put_pid_ns(pid->numbers[pid->level].ns);
	free(pid);
}

static inline void put_task_struct(struct task_struct *task)
{
	if (--task->refs)
		return;
	if (!--task->signal->refs)
		free(task->signal);
	free(task);
	tasks--;
}

static inline struct pid *find_pid_ns(int nr, struct pid_namespace *ns)
{
	struct pid *pid;

	need(rcu, "find_pid_ns() is called outside an RCU read section");
	for_each((void)0, pid, &pids, node)
		if (pid->level >= ns->level &&
		    pid->numbers[ns->level].ns == ns &&
		    pid->numbers[ns->level].nr == nr)
			return pid;
	return NULL;
}

/* A thread leaves the CPU. */
static inline void count_time(struct task_struct *task)
{
	task->utime += task->vtime.utime;
	task->stime += task->vtime.stime;
	task->se.sum_exec_runtime += task->vtime.utime + task->vtime.stime;
	memset(&task->vtime, 0, sizeof(task->vtime));
}

/* A thread has ended or, if it is the leader, the process is reaped. */
static inline void release_task(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	count_time(task);
	signal->stats_lock.sequence += 2;
	signal->utime += task->utime;
	signal->stime += task->stime;
	signal->sum_sched_runtime += task->se.sum_exec_runtime;
	cut(&task->thread_node);
	memset(task->pid->tasks, 0, sizeof(task->pid->tasks));
	cut(&task->pid->node);
	put_pid(task->pid);
	task->pid = NULL;
	put_task_struct(task);
}

/* A thread may be released at any moment that stats_lock allows. */
static inline void threads_are_walked(struct list_head *head)
{
	struct task_struct *thread = leaving;

	need(rcu, "threads are walked outside an RCU read section");
	if (!thread || &thread->signal->thread_head != head || spinning ||
	    leaves_at--)
		return;
	leaving = NULL;
	release_task(thread);
}

#define get_ref(object)		({ typeof(object) o_ = (object); \
				   if (o_) \
					o_->refs++; \
				   o_; })
#define get_pid(pid)		get_ref(pid)
#define get_pid_ns(ns)		get_ref(ns)
#define get_task_struct(task)	get_ref(task)
#define get_pid_task(pid, type)	get_ref((pid) ? (pid)->tasks[type] : NULL)
#define pid_has_task(pid, type)	((pid)->tasks[type])
#define task_active_pid_ns(task) \
	((task)->pid->numbers[(task)->pid->level].ns)
#define find_vpid(nr)		find_pid_ns(nr, task_active_pid_ns(current))
#define current_euid()		(current->cred.euid)
#define __task_cred(task) \
	(need(rcu, "credentials are read outside an RCU read section"), \
	 &(task)->cred)
#define ns_capable_noaudit(ns, cap)	capable(&current->cred, ns, cap)
#define file_ns_capable(file, ns, cap)	capable((file)->f_cred, ns, cap)
#define context_tracking_enabled()	tickless
#define task_cputime_adjusted(thread, user, system) \
	(*(user) = (thread)->utime + (thread)->vtime.utime, \
	 *(system) = (thread)->stime + (thread)->vtime.stime)

/*
 * Timers and work. A jiffy is a millisecond.
 */

struct timer_list {
	void (*function)(struct timer_list *timer);
	struct list_head node;		/* in timers while it is pending */
	unsigned long expires;
	bool dead;			/* deleted for good */
};

struct work_struct {
	void (*func)(struct work_struct *work);
	struct list_head node;		/* in works while it is queued */
	bool dead;			/* canceled for good */
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
};

struct workqueue_struct { int max_active; };

static unsigned long jiffies;
static struct list_head timers = LIST_HEAD_INIT(timers);
static struct list_head works = LIST_HEAD_INIT(works);
static struct workqueue_struct *workqueue;
static bool unloading;
static bool fires_at_once;	/* the next timer of an update that is armed */
static bool runs_before;	/* what is deleted or canceled */

#define HZ			1000
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define ktime_get()		((ktime_t)(jiffies * NSEC_PER_MSEC))
#define ktime_before(a, b)	((a) < (b))
#define ktime_add_ms(time, ms)	((time) + (ktime_t)((ms) * NSEC_PER_MSEC))
#define ktime_ms_delta(a, b)	(((a) - (b)) / (ktime_t)NSEC_PER_MSEC)
#define TIMER(name, function)	{ function, LIST_HEAD_INIT((name).node), 0, 0 }
#define WORK(name, function)	{ function, LIST_HEAD_INIT((name).node), 0 }
#define DEFINE_TIMER(name, function) \
	struct timer_list name = TIMER(name, function)
#define DECLARE_WORK(name, function) \
	struct work_struct name = WORK(name, function)
#define DECLARE_DELAYED_WORK(name, function) \
	struct delayed_work name = { WORK((name).work, function), \
				     TIMER((name).timer, queue_delayed) }
#define timer_pending(timer)	(!list_empty(&(timer)->node))

static inline bool timer_delete(struct timer_list *timer)
{
	bool pending = timer_pending(timer);

	cut(&timer->node);
	return pending;
}

static inline void fire(struct timer_list *timer)
{
	cut(&timer->node);
	in_softirq = true;
	timer->function(timer);
	in_softirq = false;
}

static inline void run(struct work_struct *work)
{
	cut(&work->node);
	work->func(work);
	need_no_locks("work");
}

static inline void queue(struct work_struct *work)
{
	need(!work->dead, "work is queued after it was canceled");
	if (list_empty(&work->node))
		insert(&work->node, works.prev);
}

static inline void queue_delayed(struct timer_list *timer)
{
	queue(&container_of(timer, struct delayed_work, timer)->work);
}

static inline void mod_timer(struct timer_list *timer, unsigned long expires)
{
	need(!timer->dead, "a timer is armed after it was deleted");
	timer_delete(timer);
	timer->expires = expires;
	insert(&timer->node, timers.prev);
	if (fires_at_once && timer->function != queue_delayed) {
		fires_at_once = false;
		fire(timer);
	}
}

static inline void queue_delayed_work(struct workqueue_struct *wq,
				      struct delayed_work *work, int delay)
{
	if (timer_pending(&work->timer) || !list_empty(&work->work.node))
		return;
	if (delay)
		mod_timer(&work->timer, jiffies + delay);
	else
		queue(&work->work);
}

static inline void mod_delayed_work(struct workqueue_struct *wq,
				    struct delayed_work *work, int delay)
{
	timer_delete(&work->timer);
	cut(&work->work.node);
	queue_delayed_work(wq, work, delay);
}

static inline void timer_delete_sync(struct timer_list *timer)
{
	might_sleep();
	if (runs_before && timer_pending(timer))
		fire(timer);
	timer->dead = unloading;
	timer_delete(timer);
}

static inline void cancel_work_sync(struct work_struct *work)
{
	might_sleep();
	need(!held, "the lock is held, for which the work may wait");
	if (runs_before && !list_empty(&work->node))
		run(work);
	work->dead = unloading;
	cut(&work->node);
}

static inline struct workqueue_struct *alloc_wq(int max_active)
{
	workqueue = kzalloc(sizeof(*workqueue), GFP_KERNEL_ACCOUNT);
	if (workqueue)
		workqueue->max_active = max_active;
	return workqueue;
}

static inline void destroy_workqueue(struct workqueue_struct *wq)
{
	need(!held, "the lock is held, for which the work may wait");
	while (!list_empty(&works))
		run(container_of(works.next, struct work_struct, node));
	kfree(wq);
	workqueue = NULL;
}

#define queue_work(wq, work)	queue(work)
#define cancel_delayed_work_sync(delayed) \
	(timer_delete_sync(&(delayed)->timer), \
	 cancel_work_sync(&(delayed)->work))
#define alloc_workqueue(name, flags, max)	alloc_wq(max)
#define alloc_ordered_workqueue(name, flags)	alloc_wq(1)

/*
 * Files
 */

struct inode;

struct file {
	const struct cred *f_cred;
	void *private_data;
	loff_t f_pos;
	struct cred cred;
	struct list_head polling;	/* in a wait queue while it polls */
	bool woken;
};

struct wait_queue_head { struct list_head pollers; };

struct poll_table_struct { bool sleeps; };

struct kiocb {
	struct file *ki_filp;
	loff_t ki_pos;
};

struct iov_iter {
	char *to;
	size_t count;
};

struct seq_file {
	char *buf;
	size_t size, from, count;
	loff_t read_pos;
	bool is_read;			/* buf has the record */
	int poll_event;
	int (*show)(struct seq_file *seq, void *unused);
	void *private;
};

struct proc_ops {
	int (*proc_open)(struct inode *inode, struct file *file);
	ssize_t (*proc_read)(struct file *file, char __user *buf, size_t size,
			     loff_t *pos);
	ssize_t (*proc_read_iter)(struct kiocb *iocb, struct iov_iter *iter);
	ssize_t (*proc_write)(struct file *file, const char __user *buf,
			      size_t size, loff_t *pos);
	loff_t (*proc_lseek)(struct file *file, loff_t offset, int whence);
	__poll_t (*proc_poll)(struct file *file,
			      struct poll_table_struct *wait);
	int (*proc_release)(struct inode *inode, struct file *file);
};

struct proc_dir_entry {
	const char *name;
	unsigned int mode, uid, gid;
	struct proc_dir_entry *parent;
	const struct proc_ops *ops;
};

static int wakes;		/* of a wait queue */
static int module_refs;
static struct proc_dir_entry *proc_dir, *proc_file;

#define poll_table		struct poll_table_struct
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = { LIST_HEAD_INIT((name).pollers) }
#define wq_has_sleeper(queue)	(!list_empty(&(queue)->pollers))

static inline void poll_wait(struct file *file, struct wait_queue_head *queue,
			     poll_table *wait)
{
	might_sleep();
	if (wait->sleeps)
		insert(&file->polling, &queue->pollers);
}

/* It takes long if there are many pollers, and anyone may add some. */
static inline void wake_up_interruptible_poll(struct wait_queue_head *queue,
					      __poll_t mask)
{
	struct file *file;

	need(mask & EPOLLPRI, "pollers of news are not woken");
	need(!held, "pollers are woken with the lock held");
	need(workqueue->max_active != 1, "an update waits for pollers to wake");
	wakes++;
	for_each((void)0, file, &queue->pollers, polling)
		file->woken = true;
}

static inline int single_open(struct file *file,
			      int (*show)(struct seq_file *, void *),
			      void *data)
{
	struct seq_file *seq = kzalloc(sizeof(*seq), GFP_KERNEL_ACCOUNT);

	file->private_data = seq;
	if (!seq)
		return -ENOMEM;
	seq->show = show;
	seq->private = data;
	return 0;
}

static inline int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kfree(seq->buf);
	kfree(seq);
	return 0;
}

static inline size_t seq_get_buf(struct seq_file *seq, char **buf)
{
	*buf = seq->buf;
	return seq->size;
}

static inline void seq_commit(struct seq_file *seq, int length)
{
	need(length <= (int)seq->size, "a record is longer than its buffer");
	seq->count = length < 0 ? seq->size : length;
}

/* A page, so small that a few lines need more. */
#define PAGE_SIZE	64

/*
 * Makes the record, in a buffer of twice the size until it fits, and goes to
 * @pos, as the kernel does if a read does not continue from the last one.
 */
static inline int seq_go(struct seq_file *seq, loff_t pos)
{
	seq->read_pos = 0;
	seq->from = 0;
	seq->is_read = false;
	if (!seq->buf)
		seq->size = PAGE_SIZE / 2;
	do {
		if (!seq->buf)
			seq->buf = kzalloc(seq->size *= 2, GFP_KERNEL_ACCOUNT);
		if (!seq->buf)
			return -ENOMEM;
		seq->show(seq, NULL);
		seq->is_read = seq->count < seq->size;
		if (!seq->is_read) {
			kfree(seq->buf);
			seq->buf = NULL;
		}
	} while (!seq->is_read);
	seq->from = min((size_t)pos, seq->count);
	seq->count -= seq->from;
	seq->read_pos = pos;
	return 0;
}

static inline ssize_t seq_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct seq_file *seq = iocb->ki_filp->private_data;
	loff_t pos = iocb->ki_pos;
	size_t size;
	int err;

	if (!iter->count)
		return 0;
	if (!pos || pos != seq->read_pos) {
		err = seq_go(seq, pos);
		if (err)
			return err;
	}
	size = min(seq->count, iter->count);
	memcpy(iter->to, seq->buf + seq->from, size);
	seq->from += size;
	seq->count -= size;
	seq->read_pos += size;
	iocb->ki_pos += size;
	return size;
}

/* It would do for read(2), but not for splice(2). */
static inline ssize_t seq_read(struct file *file, char __user *buf,
			       size_t size, loff_t *pos)
{
	return -EINVAL;
}

static inline loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *seq = file->private_data;
	int err = 0;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	if (whence == SEEK_END || offset < 0)
		return -EINVAL;
	if (!offset)
		seq->read_pos = 0;
	else if (offset != seq->read_pos)
		err = seq_go(seq, offset);
	file->f_pos = err ? 0 : offset;
	return err ? err : offset;
}

static inline struct proc_dir_entry *proc_create(const char *name,
						 unsigned int mode,
						 struct proc_dir_entry *parent,
						 const struct proc_ops *ops)
{
	struct proc_dir_entry *entry = kzalloc(sizeof(*entry),
					       GFP_KERNEL_ACCOUNT);

	if (entry)
		*entry = (struct proc_dir_entry){ name, mode, 0, 0, parent, ops };
	*(ops ? &proc_file : &proc_dir) = entry;
	return entry;
}

static inline void proc_remove(struct proc_dir_entry *entry)
{
	*(entry->ops ? &proc_file : &proc_dir) = NULL;
	kfree(entry);
}

static inline void remove_proc_subtree(const char *name,
				       struct proc_dir_entry *parent)
{
	need(!strcmp(name, proc_dir->name), "it is not there, in /proc");
	proc_remove(proc_file);
	proc_remove(proc_dir);
}

#define proc_mkdir(name, parent)	proc_create(name, 0555, parent, NULL)
#define proc_set_user(entry, user, group) \
	((entry)->uid = (user).val, (entry)->gid = (group).val)

/*
 * The module
 */

struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	unsigned int perm;
	void *arg;
};

struct kernel_param_ops {
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buffer, const struct kernel_param *param);
};

static inline int param_get_uint(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%u\n", *(unsigned int *)param->arg);
}

#define KBUILD_MODNAME		"usertime"
#define THIS_MODULE		NULL
#define try_module_get(module)	(!unloading && ++module_refs)
#define module_put(module)	need(module_refs-- > 0, "it is put too often")
#define module_param_cb(name, ops, arg, perm) \
	static const struct kernel_param param_##name = \
		{ #name, ops, perm, arg }
#define module_param(name, type, perm) \
	module_param_cb(name, NULL, &(name), perm)
#define module_init(function)	static int (*const init_module)(void) = function
#define module_exit(function) \
	static void (*const cleanup_module)(void) = function
#define MODULE_PARM_DESC(name, text)	static_assert(sizeof(text))
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text))
#define MODULE_AUTHOR(text)		static_assert(sizeof(text))
#define MODULE_LICENSE(text)		static_assert(sizeof(text))
#define MODULE_VERSION(text)		static_assert(sizeof(text))

/* The sections with the data of usertime.c. */
extern u64 __start_module_data[], __stop_module_data[];
extern u64 __start_module_bss[], __stop_module_bss[];

/* ASan has bytes of its own between the variables. */
__attribute__((no_sanitize("address", "coverage")))
static inline void copy(volatile u64 *to, volatile u64 *to_end, const u64 *from)
{
	while (to < to_end)
		*to++ = from ? *from++ : 0;
}

/* The data become what they are in the module's file. */
static inline void load_data(void)
{
	static bool saved;
	static u64 image[1000];
	u64 *image_end = image + (__stop_module_data - __start_module_data);

	if (!saved)
		copy(image, image_end, __start_module_data);
	saved = true;
	copy(__start_module_data, __stop_module_data, image);
	copy(__start_module_bss, __stop_module_bss, NULL);
}

#endif /* KERNEL_H */
