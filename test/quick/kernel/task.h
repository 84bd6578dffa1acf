/* SPDX-License-Identifier: GPL-2.0 */
/* linux/sched.h, linux/pid.h, linux/cred.h: users, processes and their times */

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
static bool tickless;		/* CPUs may run without a tick */
static struct task_struct *leaving;	/* a thread that will be released */
static int leaves_at;			/* number of walks before that */

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

/* Adds the time of a thread that leaves the CPU to its counters. */
static inline void count_time(struct task_struct *task)
{
	task->utime += task->vtime.utime;
	task->stime += task->vtime.stime;
	task->se.sum_exec_runtime += task->vtime.utime + task->vtime.stime;
	memset(&task->vtime, 0, sizeof(task->vtime));
}

/* Releases a thread that has ended or, if it is the leader, is reaped. */
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
