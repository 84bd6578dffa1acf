// SPDX-License-Identifier: GPL-2.0
/*
 * What is behind the names in kernel.h
 */
#include "kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct kernel kernel = {
	.timers = LIST_HEAD_INIT(kernel.timers),
	.pids = LIST_HEAD_INIT(kernel.pids),
};

struct user_namespace init_user_ns;
struct task_struct *current;
unsigned long jiffies;

static struct mutex *held;	/* the mutex, or NULL */
static int rcu, spinning;	/* how often; how many locks */
static bool in_softirq;

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "\nusertime: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	abort();
}

static void check(bool fine, const char *what)
{
	if (!fine)
		complain("%s", what);
}

void pr_err_(const char *format, ...)
{
	char text[200];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check(length < sizeof(text) && text[length - 1] == '\n' &&
	      !strncmp(text, "usertime: ", 10), "a bad line in the log");
	kernel.messages++;
}

/* As the kernel does: an optional sign, a prefix in base 0, and a newline. */
static int parse(const char *s, unsigned int base, long long min,
		 long long max, long long *result)
{
	const char *digits = s + (*s == '-' || *s == '+');
	char *end;

	if (!strchr("0123456789abcdefABCDEF", *digits) || !*digits)
		return -EINVAL;
	errno = 0;
	*result = strtoll(s, &end, base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno || *result < min || *result > max ? -ERANGE : 0;
}

int kstrtoint(const char *s, unsigned int base, int *result)
{
	long long value;
	int err = parse(s, base, INT_MIN, INT_MAX, &value);

	if (!err)
		*result = value;
	return err;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *result)
{
	long long value;
	int err = *s == '-' ? -EINVAL : parse(s, base, 0, UINT_MAX, &value);

	if (!err)
		*result = value;
	return err;
}

int kstrtou16(const char *s, unsigned int base, u16 *result)
{
	unsigned int value;
	int err = kstrtouint(s, base, &value);

	if (!err && value > 0xffff)
		err = -ERANGE;
	if (!err)
		*result = value;
	return err;
}

/*
 * Locks
 */

void might_sleep(const char *what)
{
	if (in_softirq || rcu || spinning)
		complain("%s in %s", what, in_softirq ? "a softirq" :
			 rcu ? "an RCU read section" : "a spinlock");
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep("mutex_lock()");
	check(!held, "a mutex is taken twice");
	held = mutex;
}

void mutex_unlock(struct mutex *mutex)
{
	check(held == mutex, "a mutex is released that is not held");
	held = NULL;
}

void lockdep_assert_held(const struct mutex *mutex)
{
	check(held == mutex, "the lock is not held");
}

void need_mutex(void)
{
	check(held, "a list is used without a lock");
}

void rcu_read_lock(void)
{
	rcu++;
}

void rcu_read_unlock(void)
{
	check(rcu--, "rcu_read_unlock() without rcu_read_lock()");
}

void need_rcu(const char *what)
{
	if (!rcu)
		complain("%s outside an RCU read section", what);
}

void raw_spin_lock_irq(struct spinlock *lock)
{
	check(!spinning, "a spinlock is taken inside another");
	spinning++;
	lock->held = true;
}

void raw_spin_unlock_irq(struct spinlock *lock)
{
	check(lock->held, "a spinlock is released that is not held");
	lock->held = false;
	spinning--;
}

void call_ends(const char *what)
{
	if (held || rcu || spinning)
		complain("%s returns with a lock held", what);
}

/*
 * Lists
 */

void insert(struct list_head *entry, struct list_head *prev)
{
	entry->next = prev->next;
	entry->prev = prev;
	prev->next->prev = entry;
	prev->next = entry;
}

void cut(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry;
	entry->prev = entry;
}

void hash_add_(struct hlist_node **head, struct hlist_node *node)
{
	need_mutex();
	node->next = *head;
	node->pprev = head;
	if (node->next)
		node->next->pprev = &node->next;
	*head = node;
}

void hash_del(struct hlist_node *node)
{
	need_mutex();
	if (hlist_unhashed(node))
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->next = NULL;
	node->pprev = NULL;
}

/*
 * Memory
 */

struct kmem_cache {
	size_t size;
	int objects;
};

struct object {
	struct kmem_cache *cache;
	size_t size;
	char data[];
};

/* Something else may happen while a call waits for memory. */
static bool memory_is_short(void)
{
	might_sleep("an allocation");
	check(!held, "memory is allocated with the lock held");
	if (++kernel.allocations == kernel.surprise_at)
		kernel.surprise();
	return kernel.allocations == kernel.fail_at;
}

static void *allocate(struct kmem_cache *cache, size_t size)
{
	struct object *object;

	if (memory_is_short())
		return NULL;
	object = calloc(1, sizeof(*object) + size);
	object->cache = cache;
	kernel.live.objects++;
	if (cache)
		cache->objects++;
	return object->data;
}

static void release(struct kmem_cache *cache, void *data)
{
	struct object *object = container_of(data, struct object, data);

	check(object->cache == cache, "memory is freed to the wrong place");
	if (cache)
		cache->objects--;
	kernel.live.objects--;
	free(object);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, int flags, void *ctor)
{
	struct kmem_cache *cache = allocate(NULL, sizeof(*cache));

	check(flags & SLAB_ACCOUNT, "a cache is charged to nobody");
	if (cache)
		cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	check(!cache->objects, "a cache is destroyed with objects in it");
	kfree(cache);
}

void *kmem_cache_zalloc(struct kmem_cache *cache, int flags)
{
	return allocate(cache, cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	release(cache, object);
}

void *kzalloc(size_t size, int flags)
{
	check(flags & __GFP_ACCOUNT, "memory is charged to nobody");
	return allocate(NULL, size);
}

void kfree(void *object)
{
	if (object)
		release(NULL, object);
}

/* Returns how many bytes it could not copy. */
size_t copy_from_user(void *to, const char __user *from, size_t size)
{
	const char *memory = from - USER;
	size_t there = memory < kernel.user_end ? kernel.user_end - memory : 0;

	might_sleep("copy_from_user()");
	check(!held, "user memory is read with the lock held");
	there = min(there, size);
	memcpy(to, memory, there);
	memset((char *)to + there, 0, size - there);
	return size - there;
}

/*
 * Users, processes and their times
 */

const struct cred *__task_cred(const struct task_struct *task)
{
	need_rcu("__task_cred()");
	return &task->cred;
}

bool capable(const struct cred *cred, struct user_namespace *ns, int cap)
{
	for (; ns; ns = ns->parent)
		if (ns == cred->user_ns)
			return cred->caps >> cap & 1;
	return false;
}

struct pid_namespace *namespace_create(struct pid_namespace *parent)
{
	struct pid_namespace *ns = calloc(1, sizeof(*ns));

	ns->refs = 1;
	ns->parent = parent ? get_pid_ns(parent) : NULL;
	ns->level = parent ? parent->level + 1 : 0;
	kernel.live.namespaces++;
	return ns;
}

struct pid_namespace *get_pid_ns(struct pid_namespace *ns)
{
	ns->refs++;
	return ns;
}

void put_pid_ns(struct pid_namespace *ns)
{
	if (--ns->refs)
		return;
	if (ns->parent)
		put_pid_ns(ns->parent);
	free(ns);
	kernel.live.namespaces--;
}

struct pid *pid_create(struct pid_namespace *ns, const int numbers[])
{
	struct pid *pid = calloc(1, sizeof(*pid) +
				 (ns->level + 1) * sizeof(*pid->numbers));

	pid->refs = 1;
	pid->level = ns->level;
	get_pid_ns(ns);
	for (; ns; ns = ns->parent)
		pid->numbers[ns->level] = (struct upid){ numbers[ns->level], ns };
	insert(&pid->node, &kernel.pids);
	kernel.live.pids++;
	return pid;
}

struct pid *get_pid(struct pid *pid)
{
	if (pid)
		pid->refs++;
	return pid;
}

void put_pid(struct pid *pid)
{
	if (!pid || --pid->refs)
		return;
	put_pid_ns(pid->numbers[pid->level].ns);
	free(pid);
	kernel.live.pids--;
}

struct pid *find_pid_ns(int nr, struct pid_namespace *ns)
{
	struct pid *pid;

	for_each_entry(need_rcu("find_pid_ns()"), pid, &kernel.pids, node) {
		if (pid->level >= ns->level &&
		    pid->numbers[ns->level].ns == ns &&
		    pid->numbers[ns->level].nr == nr)
			return pid;
	}
	return NULL;
}

struct task_struct *get_pid_task(struct pid *pid, enum pid_type type)
{
	return pid && pid->tasks[type] ? get_task_struct(pid->tasks[type]) :
					 NULL;
}

struct pid_namespace *task_active_pid_ns(struct task_struct *task)
{
	return task->pid->numbers[task->pid->level].ns;
}

/* A process, or a thread of the process of @leader. */
struct task_struct *task_create(struct pid *pid, struct task_struct *leader)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	task->refs = 1;
	task->pid = pid;
	pid->tasks[PIDTYPE_PID] = task;
	if (leader) {
		task->signal = leader->signal;
		task->cred = leader->cred;
	} else {
		pid->tasks[PIDTYPE_TGID] = task;
		task->signal = calloc(1, sizeof(*task->signal));
		task->signal->thread_head.next = &task->signal->thread_head;
		task->signal->thread_head.prev = &task->signal->thread_head;
	}
	task->signal->refs++;
	insert(&task->thread_node, task->signal->thread_head.prev);
	kernel.live.tasks++;
	return task;
}

struct task_struct *get_task_struct(struct task_struct *task)
{
	task->refs++;
	return task;
}

void put_task_struct(struct task_struct *task)
{
	if (--task->refs)
		return;
	if (!--task->signal->refs)
		free(task->signal);
	free(task);
	kernel.live.tasks--;
}

/* A thread that runs without a tick leaves the CPU. */
void task_flush(struct task_struct *task)
{
	task->utime += task->vtime.utime;
	task->stime += task->vtime.stime;
	task->se.sum_exec_runtime += task->vtime.utime + task->vtime.stime;
	memset(&task->vtime, 0, sizeof(task->vtime));
}

/* A thread has ended, or a process has been reaped: its leader. */
void task_release(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct pid *pid = task->pid;

	task_flush(task);
	signal->stats_lock.sequence += 2;
	signal->utime += task->utime;
	signal->stime += task->stime;
	signal->sum_sched_runtime += task->se.sum_exec_runtime;
	cut(&task->thread_node);
	pid->tasks[PIDTYPE_PID] = NULL;
	pid->tasks[PIDTYPE_TGID] = NULL;
	cut(&pid->node);
	put_pid(pid);
	task->pid = NULL;
	put_task_struct(task);
}

/* A thread that is not the leader calls execve(2) and takes its place. */
void task_exec(struct task_struct *thread, struct task_struct *leader)
{
	struct pid *pid = leader->pid;

	leader->pid = thread->pid;
	thread->pid = pid;
	pid->tasks[PIDTYPE_PID] = thread;
	pid->tasks[PIDTYPE_TGID] = thread;
	task_release(leader);
}

/* The list of threads may change at any moment that stats_lock allows. */
void walk_begins(struct list_head *thread_head)
{
	struct task_struct *thread = kernel.leaves;

	need_rcu("the list of threads is used");
	if (!thread || &thread->signal->thread_head != thread_head ||
	    spinning || kernel.leaves_at--)
		return;
	kernel.leaves = NULL;
	task_release(thread);
}

void task_cputime_adjusted(struct task_struct *thread, u64 *utime, u64 *stime)
{
	*utime = thread->utime + thread->vtime.utime;
	*stime = thread->stime + thread->vtime.stime;
}

/*
 * Timers and work
 */

static void call_timer(struct timer_list *timer)
{
	cut(&timer->node);
	in_softirq = true;
	timer->function(timer);
	in_softirq = false;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	int pending = timer_delete(timer);

	check(!timer->dead, "a timer is armed after its deletion");
	timer->expires = expires;
	insert(&timer->node, kernel.timers.prev);
	if (kernel.fires_at_once && timer->function != delayed_work_timer_fn) {
		kernel.fires_at_once = false;
		call_timer(timer);
	}
	return pending;
}

int timer_delete(struct timer_list *timer)
{
	bool pending = timer_pending(timer);

	cut(&timer->node);
	return pending;
}

int timer_delete_sync(struct timer_list *timer)
{
	might_sleep("timer_delete_sync()");
	if (kernel.races && timer_pending(timer))
		call_timer(timer);
	timer->dead = kernel.unloading;
	return timer_delete(timer);
}

void fire_timers(void)
{
	struct timer_list *timer;
	bool fired;

	do {
		fired = false;
		for_each_entry((void)0, timer, &kernel.timers, node) {
			if (time_before(jiffies, timer->expires))
				continue;
			call_timer(timer);
			fired = true;
			break;
		}
	} while (fired);
}

struct workqueue_struct *alloc_wq(int flags, int max_active)
{
	struct workqueue_struct *wq = allocate(NULL, sizeof(*wq));

	if (!wq)
		return NULL;
	wq->flags = flags;
	wq->max_active = max_active;
	wq->works.next = &wq->works;
	wq->works.prev = &wq->works;
	kernel.wq = wq;
	return wq;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	check(!work->dead, "work is queued after it was canceled");
	if (!list_empty(&work->node))
		return false;
	insert(&work->node, wq->works.prev);
	return true;
}

void delayed_work_timer_fn(struct timer_list *timer)
{
	struct delayed_work *work =
		container_of(timer, struct delayed_work, timer);

	queue_work(work->wq, &work->work);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	if (!list_empty(&work->work.node) || timer_pending(&work->timer))
		return false;
	work->wq = wq;
	if (delay)
		mod_timer(&work->timer, jiffies + delay);
	else
		queue_work(wq, &work->work);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	bool pending = timer_delete(&work->timer) ||
		       !list_empty(&work->work.node);

	cut(&work->work.node);
	queue_delayed_work(wq, work, delay);
	return pending;
}

/* The work that is to run next, or NULL. */
struct work_struct *next_work(void)
{
	return list_empty(&kernel.wq->works) ? NULL :
	       container_of(kernel.wq->works.next, struct work_struct, node);
}

void run_work(struct work_struct *work)
{
	cut(&work->node);
	work->func(work);
	call_ends("work");
}

bool cancel_work_sync(struct work_struct *work)
{
	bool queued = !list_empty(&work->node);

	might_sleep("cancel_work_sync()");
	check(!held, "work that takes the lock is waited for under the lock");
	if (kernel.races && queued)
		run_work(work);
	work->dead = kernel.unloading;
	cut(&work->node);
	return queued;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	bool pending = timer_delete_sync(&work->timer);

	return cancel_work_sync(&work->work) || pending;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	struct work_struct *work;

	check(!held, "work that takes the lock is waited for under the lock");
	while ((work = next_work()))
		run_work(work);
	kernel.wq = NULL;
	kfree(wq);
}

/*
 * Files
 */

void poll_wait(struct file *file, struct wait_queue_head *queue,
	       poll_table *wait)
{
	might_sleep("poll_wait()");
	if (wait && wait->sleeps)
		insert(&file->polling, &queue->pollers);
}

/* This takes long if there are many pollers, and anyone may add them. */
void wake_up_interruptible_poll(struct wait_queue_head *queue, __poll_t mask)
{
	struct file *file;

	check(!held, "pollers are woken with the lock held");
	check(mask & EPOLLPRI, "pollers of news are not woken");
	check(kernel.wq->max_active != 1,
	      "the next update waits until the pollers have been woken");
	kernel.wakes++;
	for_each_entry((void)0, file, &queue->pollers, polling)
		file->woken = true;
}

int single_open(struct file *file, int (*show)(struct seq_file *, void *),
		void *data)
{
	struct seq_file *seq = kzalloc(sizeof(*seq), GFP_KERNEL_ACCOUNT);

	if (!seq)
		return -ENOMEM;
	seq->show = show;
	seq->private = data;
	file->private_data = seq;
	return 0;
}

int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kfree(seq->buf);
	kfree(seq);
	return 0;
}

size_t seq_get_buf(struct seq_file *seq, char **buf)
{
	*buf = seq->buf;
	return seq->size;
}

void seq_commit(struct seq_file *seq, int length)
{
	check(length <= (int)seq->size, "a record exceeds its buffer");
	seq->count = length < 0 ? seq->size : length;
}

/* A page, so that a few lines are more than that. */
#define PAGE_SIZE	64

/* Puts the record in the buffer. If it does not fit, the size is doubled. */
static int seq_show(struct seq_file *seq)
{
	if (!seq->buf)
		seq->size = PAGE_SIZE;
	for (;; seq->size *= 2) {
		if (!seq->buf)
			seq->buf = kzalloc(seq->size, GFP_KERNEL_ACCOUNT);
		if (!seq->buf)
			return -ENOMEM;
		seq->show(seq, NULL);
		if (seq->count < seq->size)
			return 0;
		kfree(seq->buf);
		seq->buf = NULL;
		seq->count = 0;
	}
}

/* What the kernel's traverse() does for a single record. */
static int seq_go(struct seq_file *seq, loff_t pos)
{
	int err = 0;

	seq->count = 0;
	seq->from = 0;
	seq->read_pos = 0;
	seq->at_end = false;
	if (pos)
		err = seq_show(seq);
	if (err)
		return err;
	if (pos) {
		seq->from = min((size_t)pos, seq->count);
		seq->count -= seq->from;
		seq->at_end = true;
	}
	seq->read_pos = pos;
	return 0;
}

ssize_t seq_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct seq_file *seq = iocb->ki_filp->private_data;
	int err = 0;
	size_t size;

	if (!iter->count)
		return 0;
	if (!iocb->ki_pos || iocb->ki_pos != seq->read_pos)
		err = seq_go(seq, iocb->ki_pos);
	if (!err && !seq->at_end) {
		err = seq_show(seq);
		seq->at_end = !err;
	}
	if (err)
		return err;
	size = min(seq->count, iter->count);
	memcpy(iter->to, seq->buf + seq->from, size);
	seq->from += size;
	seq->count -= size;
	seq->read_pos += size;
	iocb->ki_pos += size;
	return size;
}

/* Not for splice(2). */
ssize_t seq_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	return -EINVAL;
}

loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *seq = file->private_data;
	int err = 0;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	if (offset != seq->read_pos)
		err = seq_go(seq, offset);
	file->f_pos = err ? 0 : offset;
	return err ? err : offset;
}

struct proc_dir_entry *proc_mkdir(const char *name,
				  struct proc_dir_entry *parent)
{
	check(!parent, "the directory is not in /proc");
	kernel.dir = allocate(NULL, sizeof(*kernel.dir));
	if (kernel.dir)
		kernel.dir->name = name;
	return kernel.dir;
}

struct proc_dir_entry *proc_create(const char *name, unsigned int mode,
				   struct proc_dir_entry *parent,
				   const struct proc_ops *ops)
{
	kernel.file = allocate(NULL, sizeof(*kernel.file));
	if (kernel.file)
		*kernel.file = (struct proc_dir_entry){
			name, mode ? mode : 0444, 0, 0, ops, parent
		};
	return kernel.file;
}

void proc_set_user(struct proc_dir_entry *entry, kuid_t uid, struct kid gid)
{
	entry->uid = uid.val;
	entry->gid = gid.val;
}

void proc_remove(struct proc_dir_entry *entry)
{
	if (entry == kernel.file)
		kernel.file = NULL;
	else
		kernel.dir = NULL;
	kfree(entry);
}

int remove_proc_subtree(const char *name, struct proc_dir_entry *parent)
{
	check(kernel.dir && !strcmp(kernel.dir->name, name),
	      "what is removed from /proc is not there");
	proc_remove(kernel.file);
	proc_remove(kernel.dir);
	return 0;
}

/*
 * The module
 */

int param_get_uint(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%u\n", *(unsigned int *)param->arg);
}

bool try_module_get(void *module)
{
	if (!kernel.unloading)
		kernel.module_refs++;
	return !kernel.unloading;
}

void module_put(void *module)
{
	check(kernel.module_refs-- > 0, "the module is released too often");
}

extern u64 __start_module_data[], __stop_module_data[];
extern u64 __start_module_bss[], __stop_module_bss[];

/* ASan has its own bytes between the variables, which memcpy() would find. */
__attribute__((no_sanitize("address", "coverage")))
static void copy(volatile u64 *to, const u64 *from, size_t size)
{
	for (; size; size -= sizeof(*to))
		*to++ = from ? *from++ : 0;
}

/* The data of the module become what they are in its file. */
void load(void)
{
	size_t size = (char *)__stop_module_data - (char *)__start_module_data;
	static u64 *image;

	if (!image) {
		image = malloc(size);
		copy(image, __start_module_data, size);
	}
	copy(__start_module_data, image, size);
	copy(__start_module_bss, NULL,
	     (char *)__stop_module_bss - (char *)__start_module_bss);
	kernel.unloading = false;
}

/* After cleanup_module(), or when init_module() has failed. */
void unload(void)
{
	call_ends("the module");
	check(list_empty(&kernel.timers), "a timer is left");
	check(!kernel.wq, "the workqueue is left");
	check(!kernel.dir && !kernel.file, "something is left in /proc");
	check(!kernel.module_refs, "the module is still in use");
	check(!kernel.live.objects, "memory is left");
}
