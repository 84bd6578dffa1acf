/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as usertime.c knows it, in user space
 *
 * Here is each of the kernel's names that usertime.c uses. A single thread does
 * everything: it is a program in a system call, then a softirq, then a kworker.
 * What the kernel does not allow, such as sleeping in a softirq or a list that
 * changes without the lock, ends with complain(). What kernel.c and fuzz.c
 * share comes last.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>

#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 12, 0)
#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
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

void complain(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
void pr_err_(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define pr_err(format, ...)	pr_err_(pr_fmt(format), ##__VA_ARGS__)

#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile typeof(x) *)&(x) = (value))
#define static_assert(x)	_Static_assert(x, #x)
#define smp_mb()		__sync_synchronize()
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof(*(p)->member) * (n))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define div_u64(a, b)		((u64)(a) / (u32)(b))
#define do_div(n, base) \
	({ u32 rest_ = (n) % (base); (n) /= (base); rest_; })
#define mul_u64_u64_div_u64(a, b, c) \
	((u64)((unsigned __int128)(a) * (b) / (c)))

int kstrtoint(const char *s, unsigned int base, int *result);
int kstrtouint(const char *s, unsigned int base, unsigned int *result);
int kstrtou16(const char *s, unsigned int base, u16 *result);

/*
 * Locks. need_mutex() is called where a list is used.
 */
struct mutex {
	bool held;
};

#define DEFINE_MUTEX(name)	struct mutex name
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
void lockdep_assert_held(const struct mutex *mutex);
void need_mutex(void);
void might_sleep(const char *what);
#define cond_resched()		might_sleep("cond_resched()")
void rcu_read_lock(void);
void rcu_read_unlock(void);
void need_rcu(const char *what);

struct spinlock {
	bool held;
};

void raw_spin_lock_irq(struct spinlock *lock);
void raw_spin_unlock_irq(struct spinlock *lock);

struct seqlock {
	struct spinlock lock;
	unsigned int sequence;
};

#define read_seqbegin(s)		((s)->sequence)
#define read_seqretry(s, begin)		((s)->sequence != (begin))
#define read_seqlock_excl_irq(s)	raw_spin_lock_irq(&(s)->lock)
#define read_sequnlock_excl_irq(s)	raw_spin_unlock_irq(&(s)->lock)

/*
 * Lists, and a hash that is poor on purpose: numbers of all namespaces meet.
 */
struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)
#define list_empty(head)	(READ_ONCE((head)->next) == (head))
void insert(struct list_head *entry, struct list_head *prev);
void cut(struct list_head *entry);
#define list_add(entry, head)	(need_mutex(), insert(entry, head))
#define list_add_tail(entry, head) \
	(need_mutex(), insert(entry, (head)->prev))
#define list_del(entry)		(need_mutex(), cut(entry))
#define list_entry(ptr, pos, member) \
	container_of(ptr, typeof(*(pos)), member)
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, pos, member)
#define list_prev_entry(pos, member) \
	list_entry((pos)->member.prev, pos, member)
#define for_each_entry(check, pos, head, member) \
	for (check, pos = list_entry((head)->next, pos, member); \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry(pos, head, member) \
	for_each_entry(need_mutex(), pos, head, member)
#define list_for_each_entry_rcu(pos, head, member) \
	for_each_entry(walk_begins(head), pos, head, member)
#define list_for_each_entry_safe(pos, n, head, member) \
	for (need_mutex(), pos = list_entry((head)->next, pos, member); \
	     n = list_next_entry(pos, member), &pos->member != (head); pos = n)

#define DEFINE_HASHTABLE(name, bits)	struct hlist_node *name[1 << (bits)]
#define hash_ptr(ptr, bits)	0
#define bucket(table, key) \
	(&(table)[(key) % (sizeof(table) / sizeof(*(table)))])
void hash_add_(struct hlist_node **head, struct hlist_node *node);
#define hash_add(table, node, key)	hash_add_(bucket(table, key), node)
void hash_del(struct hlist_node *node);
#define hlist_unhashed(node)	(!(node)->pprev)
#define hlist_entry(ptr, pos, member) \
	((ptr) ? list_entry(ptr, pos, member) : NULL)
#define hash_for_each_possible(table, pos, member, key) \
	for (need_mutex(), \
	     pos = hlist_entry(*bucket(table, key), pos, member); pos; \
	     pos = hlist_entry(pos->member.next, pos, member))

/*
 * Memory
 */
#define __GFP_ACCOUNT		1
#define GFP_KERNEL_ACCOUNT	(2 | __GFP_ACCOUNT)
#define SLAB_ACCOUNT		__GFP_ACCOUNT
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, int flags, void *ctor);
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache, int flags);
void kmem_cache_free(struct kmem_cache *cache, void *object);
void *kzalloc(size_t size, int flags);
void kfree(void *object);
size_t copy_from_user(void *to, const char __user *from, size_t size);

/*
 * Users, processes and their times
 */
#define CAP_SYS_PTRACE		19
#define CAP_SYS_RESOURCE	24

struct kid {
	unsigned int val;
};

#define kuid_t			struct kid
#define GLOBAL_ROOT_UID		((struct kid){ 0 })
#define make_kgid(ns, gid)	((struct kid){ gid })
#define uid_eq(a, b)		((a).val == (b).val)

struct user_namespace {
	struct user_namespace *parent;
};

extern struct user_namespace init_user_ns;

struct cred {
	kuid_t uid, euid;
	struct user_namespace *user_ns;
	unsigned int caps;	/* in user_ns, a bit for each */
};

struct prev_cputime {
	struct spinlock lock;
	u64 utime, stime;
};

struct task_cputime {
	u64 utime, stime, sum_exec_runtime;
};

struct signal_struct {
	int refs;
	struct list_head thread_head;
	struct seqlock stats_lock;
	u64 utime, stime, sum_sched_runtime;	/* of released threads */
	struct prev_cputime prev_cputime;
};

#define PF_KTHREAD		1
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
		u64 utime, stime;	/* used, but not yet in the counters */
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
#define PID_MAX_LIMIT		4194304

struct pid {
	int refs;
	unsigned int level;
	struct list_head node;
	struct task_struct *tasks[PIDTYPE_MAX];
	struct upid numbers[];
};

extern struct task_struct *current;
#define current_euid()		(current->cred.euid)
const struct cred *__task_cred(const struct task_struct *task);
#define ns_capable_noaudit(ns, cap)	capable(&current->cred, ns, cap)
#define file_ns_capable(file, ns, cap)	capable((file)->f_cred, ns, cap)
bool capable(const struct cred *cred, struct user_namespace *ns, int cap);
struct task_struct *get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task);
struct pid *get_pid(struct pid *pid);
void put_pid(struct pid *pid);
struct pid *find_pid_ns(int nr, struct pid_namespace *ns);
#define find_vpid(nr)		find_pid_ns(nr, task_active_pid_ns(current))
struct task_struct *get_pid_task(struct pid *pid, enum pid_type type);
#define pid_has_task(pid, type)	((pid)->tasks[type])
struct pid_namespace *get_pid_ns(struct pid_namespace *ns);
void put_pid_ns(struct pid_namespace *ns);
struct pid_namespace *task_active_pid_ns(struct task_struct *task);
void walk_begins(struct list_head *thread_head);
#define context_tracking_enabled()	(kernel.tickless)
void task_cputime_adjusted(struct task_struct *thread, u64 *utime, u64 *stime);

/*
 * Timers and work. One jiffy is a millisecond.
 */
#define HZ			1000
extern unsigned long jiffies;
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define ktime_get()		((ktime_t)(jiffies * NSEC_PER_MSEC))
#define ktime_before(a, b)	((a) < (b))
#define ktime_add_ms(time, ms)	((time) + (ktime_t)((ms) * NSEC_PER_MSEC))
#define ktime_ms_delta(a, b)	(((a) - (b)) / (ktime_t)NSEC_PER_MSEC)

struct timer_list {
	void (*function)(struct timer_list *timer);
	struct list_head node;		/* in kernel.timers while pending */
	unsigned long expires;
	bool dead;			/* deleted for good */
};

struct work_struct {
	void (*func)(struct work_struct *work);
	struct list_head node;		/* in a workqueue while queued */
	bool delayed;			/* in a delayed_work */
	bool dead;			/* canceled for good */
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
};

#define TIMER(name, function) \
	{ function, LIST_HEAD_INIT((name).node), 0, false }
#define WORK(name, function, delayed) \
	{ function, LIST_HEAD_INIT((name).node), delayed, false }
#define DEFINE_TIMER(name, function) \
	struct timer_list name = TIMER(name, function)
#define DECLARE_WORK(name, function) \
	struct work_struct name = WORK(name, function, false)
#define DECLARE_DELAYED_WORK(name, function) \
	struct delayed_work name = { WORK((name).work, function, true), \
		TIMER((name).timer, delayed_work_timer_fn), NULL }
#define timer_pending(timer)	(!list_empty(&(timer)->node))
int mod_timer(struct timer_list *timer, unsigned long expires);
int timer_delete(struct timer_list *timer);
int timer_delete_sync(struct timer_list *timer);

struct workqueue_struct {
	int flags, max_active;
	struct list_head works;
};

#define WQ_UNBOUND		2
#define alloc_workqueue(name, flags, max)	alloc_wq(flags, max)
#define alloc_ordered_workqueue(name, flags)	alloc_wq(flags, 1)
struct workqueue_struct *alloc_wq(int flags, int max_active);
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
void delayed_work_timer_fn(struct timer_list *timer);

/*
 * Files
 */
struct inode;
struct seq_file;

struct file {
	const struct cred *f_cred;
	void *private_data;
	loff_t f_pos;
	struct cred cred;
	struct list_head polling;	/* in a wait queue while it polls */
	bool woken;
};

struct wait_queue_head {
	struct list_head pollers;	/* files */
};

struct poll_table_struct {
	bool sleeps;
};

#define poll_table		struct poll_table_struct
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = { LIST_HEAD_INIT((name).pollers) }
void poll_wait(struct file *file, struct wait_queue_head *queue,
	       poll_table *wait);
#define wq_has_sleeper(queue)	(!list_empty(&(queue)->pollers))
void wake_up_interruptible_poll(struct wait_queue_head *queue, __poll_t mask);

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
	bool at_end;			/* past the record */
	int poll_event;
	int (*show)(struct seq_file *seq, void *unused);
	void *private;
};

int single_open(struct file *file, int (*show)(struct seq_file *, void *),
		void *data);
int single_release(struct inode *inode, struct file *file);
size_t seq_get_buf(struct seq_file *seq, char **buf);
void seq_commit(struct seq_file *seq, int length);
ssize_t seq_read_iter(struct kiocb *iocb, struct iov_iter *iter);
ssize_t seq_read(struct file *file, char __user *buf, size_t size, loff_t *pos);
loff_t seq_lseek(struct file *file, loff_t offset, int whence);

struct proc_ops {
	int (*proc_open)(struct inode *inode, struct file *file);
	ssize_t (*proc_read)(struct file *file, char __user *buf, size_t size,
			     loff_t *pos);
	ssize_t (*proc_read_iter)(struct kiocb *iocb, struct iov_iter *iter);
	ssize_t (*proc_write)(struct file *file, const char __user *buf,
			      size_t size, loff_t *pos);
	loff_t (*proc_lseek)(struct file *file, loff_t offset, int whence);
	__poll_t (*proc_poll)(struct file *file, poll_table *wait);
	int (*proc_release)(struct inode *inode, struct file *file);
};

struct proc_dir_entry {
	const char *name;
	unsigned int mode;
	unsigned int uid, gid;
	const struct proc_ops *ops;
	struct proc_dir_entry *parent;
};

struct proc_dir_entry *proc_mkdir(const char *name,
				  struct proc_dir_entry *parent);
struct proc_dir_entry *proc_create(const char *name, unsigned int mode,
				   struct proc_dir_entry *parent,
				   const struct proc_ops *ops);
void proc_set_user(struct proc_dir_entry *entry, kuid_t uid, struct kid gid);
void proc_remove(struct proc_dir_entry *entry);
int remove_proc_subtree(const char *name, struct proc_dir_entry *parent);

/*
 * The module and its parameters
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

#define module_param_cb(name, ops, arg, perm) \
	const struct kernel_param param_##name = { #name, ops, perm, arg }
#define module_param(name, type, perm) \
	const struct kernel_param param_##name = { #name, NULL, perm, &(name) }
#define MODULE_PARM_DESC(name, text)	static_assert(sizeof(text))
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text))
#define MODULE_AUTHOR(text)		static_assert(sizeof(text))
#define MODULE_LICENSE(text)		static_assert(sizeof(text))
#define MODULE_VERSION(text)		static_assert(sizeof(text))
#define module_init(function)	int (*const init_module)(void) = function
#define module_exit(function)	void (*const cleanup_module)(void) = function
int param_get_uint(char *buffer, const struct kernel_param *param);
#define THIS_MODULE		NULL
bool try_module_get(void *module);
void module_put(void *module);

/*
 * What fuzz.c sets and sees
 */
extern struct kernel {
	bool tickless;		/* CPUs may be without a tick */
	struct list_head timers;	/* those that are pending */
	struct list_head pids;	/* those in use */
	struct workqueue_struct *wq;
	struct proc_dir_entry *dir, *file;
	int module_refs;
	bool unloading;
	int messages;		/* in the log */
	int allocations;	/* in this call */
	int fail_at;		/* this one fails, if it is not 0 */
	int surprise_at;	/* before this one, surprise() is called */
	void (*surprise)(void);
	struct task_struct *leaves;	/* a thread that is released ... */
	int leaves_at;		/* ... at the beginning of this walk */
	bool fires_at_once;	/* the timer that is armed next */
	bool races;		/* what is deleted or canceled runs before */
	int wakes;		/* of the wait queue */
	const char *user_end;	/* where the user's memory ends */
	struct {
		int objects, tasks, pids, namespaces;
	} live;			/* not yet freed */
} kernel;

/* Where a program has its memory, the kernel has none. */
#define USER			(1ul << 54)

void call_ends(const char *what);
void fire_timers(void);
struct work_struct *next_work(void);
void run_work(struct work_struct *work);
void load(void);
void unload(void);

struct pid_namespace *namespace_create(struct pid_namespace *parent);
struct pid *pid_create(struct pid_namespace *ns, const int numbers[]);
struct task_struct *task_create(struct pid *pid, struct task_struct *leader);
void task_release(struct task_struct *task);
void task_exec(struct task_struct *thread, struct task_struct *leader);
void task_flush(struct task_struct *task);

#ifdef KBUILD_MODNAME
/* The data of usertime.c, which load() sets and unload() takes away. */
#pragma clang section data = "module_data" bss = "module_bss"
#endif

#endif /* KERNEL_H */
