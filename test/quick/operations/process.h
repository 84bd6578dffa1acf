/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that run and end. The first lives as long as the machine. */

static struct pid_namespace *create_space(struct pid_namespace *parent)
{
	struct pid_namespace *ns = calloc(1, sizeof(*ns));

	ns->refs = 1;
	ns->parent = get_pid_ns(parent);
	ns->level = parent ? parent->level + 1 : 0;
	return ns;
}

/* Creates a thread of @leader's process, or a process if @leader is NULL. */
static struct task_struct *create_task(int space, const int numbers[LEVELS],
				       struct task_struct *leader)
{
	struct task_struct *task = calloc(1, sizeof(*task));
	struct pid_namespace *ns = get_pid_ns(spaces[space]);
	struct pid *pid = calloc(1, struct_size(pid, numbers, ns->level + 1));

	pid->refs = 1;
	pid->level = ns->level;
	pid->tasks[PIDTYPE_PID] = task;
	pid->tasks[PIDTYPE_TGID] = leader ? NULL : task;
	for (; ns; ns = ns->parent)
		pid->numbers[ns->level] =
			(struct upid){ numbers[ns->level], ns };
	insert(&pid->node, &pids);
	task->refs = 1;
	task->pid = pid;
	if (leader) {
		task->signal = leader->signal;
		task->cred = leader->cred;
		task->flags = leader->flags;
	} else {
		task->signal = calloc(1, sizeof(*task->signal));
		task->signal->thread_head = (struct list_head)
			LIST_HEAD_INIT(task->signal->thread_head);
	}
	task->signal->refs++;
	insert(&task->thread_node, task->signal->thread_head.prev);
	tasks++;
	return task;
}

/* Picks a free number at each level, the first from @from on. */
static void pick_numbers(int space, int from, int numbers[LEVELS])
{
	memset(numbers, 0, LEVELS * sizeof(*numbers));
	rcu_read_lock();
	for (; space >= 0; space = space_parent[space]) {
		int *nr = &numbers[space_level[space]];

		for (*nr = from; find_pid_ns(*nr, spaces[space]);)
			(*nr)++;
	}
	rcu_read_unlock();
}

/* Picks a process that has not been reaped. */
static int pick_life(void)
{
	int i = byte() % oracle.life_count;

	return leaders[i] ? i : 0;
}

/* Picks a process that can make a system call. */
static int pick_caller(void)
{
	int i = pick_life();

	return leaders[i]->exit_state || oracle.lives[i].kernel_thread ? 0 : i;
}

static struct task_struct *nth_thread(int i, int n)
{
	struct list_head *head = &leaders[i]->signal->thread_head;
	struct list_head *node = &leaders[i]->thread_node;

	while (n--)
		node = node->next == head ? head->next : node->next;
	return container_of(node, struct task_struct, thread_node);
}

static int pick_first(void)
{
	static const int first[] = { 1, 2, 9, 98, 999998, 4194200, 3, 40 };

	return first[byte() % 8];
}

static void fork_one(int space, unsigned int who, bool kernel_thread, int from)
{
	static const unsigned int users[] = { 0, 1000, 1001, 1002 };
	int i = oracle.life_count++;
	struct life *life = &oracle.lives[i];
	struct task_struct *task;

	memset(life, 0, sizeof(*life));
	life->space = space;
	life->uid = users[who % 4];
	life->euid = users[who / 4 % 4];
	life->caps = who / 16 % 4;
	life->user_space = who / 64 % 2;
	life->kernel_thread = kernel_thread;
	pick_numbers(space, from, life->numbers);
	trace("process %d: user %u/%u, capabilities %u in %d, numbers %d %d %d%s\n",
	      i, life->uid, life->euid, life->caps, life->user_space,
	      life->numbers[0], life->numbers[1], life->numbers[2],
	      kernel_thread ? ", kernel" : "");
	task = create_task(space, life->numbers, NULL);
	task->cred.uid.val = life->uid;
	task->cred.euid.val = life->euid;
	task->cred.user_ns = life->user_space ? &inner_users : &init_user_ns;
	if (life->caps & PTRACE)
		task->cred.caps |= 1 << CAP_SYS_PTRACE;
	if (life->caps & RESOURCE)
		task->cred.caps |= 1 << CAP_SYS_RESOURCE;
	task->flags = kernel_thread ? PF_KTHREAD : 0;
	leaders[i] = task;
}

static void op_fork(void)
{
	unsigned int space = byte() % SPACES, who = byte(), what = byte() % 16;
	int first = pick_first(), count = what == 1 ? 70 : 1, i;

	for (i = 0; i < count && oracle.life_count < LIVES; i++)
		fork_one(space, who, what == 2, first + i);
}

static void op_thread(void)
{
	int i = pick_life(), numbers[LEVELS];

	if (leaders[i]->exit_state)
		return;
	pick_numbers(oracle.lives[i].space, pick_first(), numbers);
	trace("process %d: thread %d\n", i, numbers[0]);
	create_task(oracle.lives[i].space, numbers, leaders[i]);
}

/* The kernel counts a thread's time at once or when it leaves the CPU. */
static void op_run(void)
{
	int i = pick_life();
	struct life *life = &oracle.lives[i];
	struct task_struct *thread = nth_thread(i, byte() % 4);
	unsigned int shift = byte() % 56;
	u64 utime = (u64)byte() << shift, stime = (u64)byte() << shift;
	u64 rtime = tickless ? utime + stime : (u64)byte() << shift;
	bool stays = tickless && byte() % 2;

	if (thread->exit_state ||
	    (__uint128_t)life->utime + life->stime + utime + stime > 1ul << 63 ||
	    (__uint128_t)life->rtime + rtime > 1ul << 63)
		return;
	trace("process %d: thread %d runs for %llu + %llu ns, %llu in all\n",
	      i, thread->pid->numbers[0].nr, utime, stime, rtime);
	life->utime += utime;
	life->stime += stime;
	life->rtime += rtime;
	if (stays) {
		thread->vtime.state = VTIME_SYS;
		thread->vtime.utime += utime;
		thread->vtime.stime += stime;
		return;
	}
	count_time(thread);
	thread->utime += utime;
	thread->stime += stime;
	thread->se.sum_exec_runtime += rtime;
}

static void op_exit(void)
{
	int i = pick_life();
	struct task_struct *thread = nth_thread(i, byte() % 4);

	if (!i || thread->exit_state)
		return;
	trace("process %d: thread %d ends\n", i, thread->pid->numbers[0].nr);
	if (thread == leaders[i]) {
		count_time(thread);
		thread->exit_state = 1;
	} else {
		release_task(thread);
	}
}

/* If another thread than the leader calls execve(2), it becomes the leader. */
static void op_exec(void)
{
	int i = pick_life();
	struct task_struct *old = leaders[i];
	struct task_struct *new = nth_thread(i, byte() % 4);
	struct pid *pid = old->pid;

	if (new == old)
		return;
	trace("process %d: thread %d calls execve()\n", i,
	      new->pid->numbers[0].nr);
	old->pid = new->pid;
	new->pid = pid;
	pid->tasks[PIDTYPE_PID] = new;
	pid->tasks[PIDTYPE_TGID] = new;
	release_task(old);
	leaders[i] = new;
}

/* Releases all threads, as if the process has ended and its parent waits. */
static void reap(int i)
{
	while (nth_thread(i, 1) != leaders[i])
		release_task(nth_thread(i, 1));
	release_task(leaders[i]);
	leaders[i] = NULL;
}

static void op_reap(void)
{
	int i = pick_life();

	if (!i)
		return;
	trace("process %d is reaped\n", i);
	reap(i);
	oracle.lives[i].gone = true;
}

/* The kernel reports the time of a process. */
static void op_getrusage(void)
{
	int i = pick_life();
	struct prev_cputime *prev = &leaders[i]->signal->prev_cputime;

	oracle_sample(&oracle.lives[i]);
	prev->utime = oracle.lives[i].user;
	prev->stime = oracle.lives[i].system;
	trace("process %d: getrusage() = %llu ns\n", i, prev->utime);
}
