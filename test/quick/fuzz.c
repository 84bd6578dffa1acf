// SPDX-License-Identifier: GPL-2.0
/*
 * usertime.c and the oracle, side by side
 *
 * libFuzzer makes up bytes, which stand for operations on a small machine:
 * processes that run and end, files that are read and written, time that passes.
 * The first difference between the two ends the program. With TRACE=1 in the
 * environment, it shows the operations.
 */
#include "kernel.h"
#include "oracle.h"

/* The very file. Its data have sections of their own, for load_data(). */
#pragma clang section data = "module_data" bss = "module_bss"
#include "../../usertime.c"
#pragma clang section data = "" bss = ""

#define FILES	6
#define TEXT	6000	/* the longest write */

static const u8 *input, *input_end;
static bool tracing;
static struct pid_namespace *spaces[SPACES];
static struct user_namespace inner_users = { &init_user_ns };
static struct task_struct *leaders[LIVES];	/* NULL once it is reaped */
static struct file files[FILES];
static struct view *views[FILES];	/* NULL if the file is closed */
static bool loaded;

/* What happens inside of the next call. */
static struct {
	enum { NOTHING, FAILS, REAPED, LEAVES, FIRES } what;
	int at, life, thread;
} meanwhile;

__printf(1, 2)
static void trace(const char *format, ...)
{
	va_list args;

	if (!tracing)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

static void expect(long long result, long long expected, const char *what)
{
	if (result != expected)
		complain("%s: %lld, expected %lld", what, result, expected);
}

static unsigned int byte(void)
{
	return input < input_end ? *input++ : 0;
}

/*
 * Processes. The first lives as long as the machine.
 */

static struct pid_namespace *create_space(struct pid_namespace *parent)
{
	struct pid_namespace *ns = calloc(1, sizeof(*ns));

	ns->refs = 1;
	ns->parent = get_pid_ns(parent);
	ns->level = parent ? parent->level + 1 : 0;
	return ns;
}

/* A thread of the process of @leader, or a process if that is NULL. */
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

/* Free numbers for a process or thread, at each level: @from or the next. */
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

/* The number of a process that has not been reaped. */
static int pick_life(void)
{
	int i = byte() % oracle.life_count;

	return leaders[i] ? i : 0;
}

/* One that can make a system call. */
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

/* The kernel counts time for a thread, at once or when it leaves the CPU. */
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

/* If it is not the leader that calls execve(2), it becomes the leader. */
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

/* All threads have ended, and the parent waits for the process. */
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

/*
 * Calls of the module
 */

static void op_meanwhile(void)
{
	unsigned int what = byte();

	meanwhile.what = 1 + what % 4;
	meanwhile.at = 1 + what / 4 % 8;
	meanwhile.thread = what / 32 % 4;
	meanwhile.life = byte();
}

static void reap_meanwhile(void)
{
	trace("meanwhile, process %d is reaped\n", meanwhile.life);
	reap(meanwhile.life);
}

static void begin(int caller)
{
	int i = meanwhile.life % oracle.life_count;
	bool alive = leaders[i] && i && i != caller;

	current = leaders[caller];
	messages = 0;
	allocations = 0;
	fails_at = meanwhile.what == FAILS ? meanwhile.at : 0;
	surprise_at = meanwhile.what == REAPED && alive ? meanwhile.at : 0;
	surprise = reap_meanwhile;
	leaving = meanwhile.what == LEAVES && alive ?
		  nth_thread(i, meanwhile.thread) : NULL;
	if (leaving == leaders[i])
		leaving = NULL;
	leaves_at = meanwhile.at - 1;
	fires_at_once = meanwhile.what == FIRES;
	meanwhile.what = NOTHING;
	meanwhile.life = i;
	oracle.allocations = 0;
	oracle.fails_at = fails_at;
	oracle.surprise_at = surprise_at;
	oracle.surprise = &oracle.lives[i];
}

/* Return: whether an allocation failed. */
static bool end(const char *what)
{
	need_no_locks(what);
	if (surprise_at && allocations >= surprise_at)
		oracle.surprise->gone = true;
	return fails_at && allocations >= fails_at;
}

static void expect_messages(int expected, const char *what)
{
	expect(messages, expected, what);
	if (expected && (strncmp(message, "usertime: ", 10) ||
			 strchr(message, '\n') != message + strlen(message) - 1))
		complain("a bad line in the log: %s", message);
}

/*
 * The file
 */

static void op_open(void)
{
	int i = byte() % FILES, caller = pick_caller(), result;
	struct file *file = &files[i];
	bool failed;

	if (views[i])
		return;
	memset(file, 0, sizeof(*file));
	file->polling = (struct list_head)LIST_HEAD_INIT(file->polling);
	file->cred = leaders[caller]->cred;
	file->f_cred = &file->cred;
	unloading = byte() == 1;
	begin(caller);
	result = proc_file->ops->proc_open(NULL, file);
	failed = end("open");
	trace("file %d: open by process %d = %d\n", i, caller, result);
	expect(result, unloading ? -ENODEV : failed ? -ENOMEM : 0, "open");
	unloading = false;
	if (result)
		return;
	views[i] = calloc(1, sizeof(*views[i]));
	views[i]->opener = oracle.lives[caller];
	views[i]->seen = -1;
}

static void close_file(int i)
{
	trace("file %d: close\n", i);
	cut(&files[i].polling);
	begin(0);
	expect(proc_file->ops->proc_release(NULL, &files[i]), 0, "close");
	end("close");
	free(views[i]);
	views[i] = NULL;
}

static void op_close(int i)
{
	close_file(i);
}

/* The numbers of all processes that are visible. */
static long put_all(int level, char *text)
{
	long size = 0;
	int i;

	for (i = 0; i < oracle.life_count; i++)
		if (oracle.lives[i].numbers[level])
			size += sprintf(text + size, "%d ",
					oracle.lives[i].numbers[level]);
	return size;
}

/*
 * Bytes stand for themselves or for numbers of processes. The text may be
 * repeated, to be longer than what one write takes.
 */
static long make_text(int level, char *text)
{
	unsigned int length = byte(), i;
	long size = 0, once;

	for (i = 0; i < length % 100 && size < 1000; i++) {
		unsigned int c = byte();
		int nr = oracle.lives[c % 32 % oracle.life_count].numbers[level];

		if (c < 0x80)
			text[size++] = c;
		else if (c < 0xa0)
			size += sprintf(text + size, "%d ", nr);
		else if (c < 0xc0)
			size += sprintf(text + size, "-%d ", nr);
		else if (c < 0xff)
			size += sprintf(text + size, "%*s%.*d ", c & 0x18, "",
					(c & 7) * 9, nr);
		else
			size += put_all(level, text + size);
	}
	for (once = size; length >= 200 && once && size + once < TEXT; size += once)
		memcpy(text + size, text, once);
	return size;
}

static void op_write(int i)
{
	static char text[TEXT];
	int writer = pick_caller();
	long count = make_text(space_level[views[i]->opener.space], text);
	long there = byte() % 2 ? byte() * count / 256 : count;
	loff_t pos = 0;
	long result;

	user_end = text + there;
	begin(writer);
	result = proc_file->ops->proc_write(&files[i], (char *)((size_t)text + USER),
					    count, &pos);
	trace("file %d: process %d writes \"%.*s\" (%ld bytes, readable: %ld) = %ld\n",
	      i, writer, (int)min(count, 200), text, count, there, result);
	expect(result, oracle_write(views[i], &oracle.lives[writer], text, count,
				    there, result), "write");
	end("write");
	expect(pos, 0, "the offset after a write");
	expect_messages(0, "lines that a write logs");
}

static void op_read(int i)
{
	static char data[8192];
	struct view *view = views[i];
	struct seq_file *seq = files[i].private_data;
	unsigned int how = byte(), size = byte() * (how & 1 ? 30 : 1);
	loff_t pos = how & 2 ? byte() : files[i].f_pos;
	struct kiocb iocb = { &files[i], pos };
	struct iov_iter iter = { data, size };
	ssize_t result;
	bool failed;

	need(proc_file->ops->proc_read_iter, "splice(2) from the file fails");
	begin(pick_caller());
	result = proc_file->ops->proc_read_iter(&iocb, &iter);
	failed = end("read");
	trace("file %d: read of %u at %lld = %ld\n%.*s", i, size,
	      (long long)pos, result, (int)max(result, 0), data);
	if (!size)
		return expect(result, 0, "a read of 0 bytes");
	oracle_look(view, pos, failed);
	if (failed)
		return expect(result, -ENOMEM, "read");
	expect(result, pos > view->length ? 0 : min(view->length - pos, size),
	       "read");
	if (memcmp(data, view->snapshot + pos, result))
		complain("read: expected \"%.*s\"", (int)result,
			 view->snapshot + pos);
	view->next = iocb.ki_pos;
	if (!(how & 2))
		files[i].f_pos = iocb.ki_pos;
	/* seq_file keeps the room that a longer list needed. */
	need(!view->opener.space ||
	     seq->size <= max(PAGE_SIZE, 2 * (view->longest + URT_LINE_SIZE)),
	     "a container pays for lines that it does not see");
}

static void op_seek(int i)
{
	int whence = byte() % 3;
	long long offset = (signed char)byte(), result;
	long long target = offset + (whence == SEEK_CUR ? files[i].f_pos : 0);
	bool failed;

	begin(0);
	result = proc_file->ops->proc_lseek(&files[i], offset, whence);
	failed = end("lseek");
	trace("file %d: lseek %lld %d = %lld\n", i, offset, whence, result);
	if (whence == SEEK_END || target < 0)
		return expect(result, -EINVAL, "lseek");
	if (target)
		oracle_look(views[i], target, failed);
	else
		views[i]->next = 0;
	expect(result, failed ? -ENOMEM : target, "lseek");
}

static void op_poll(int i)
{
	poll_table table = { byte() % 2 };
	__poll_t expected = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
	__poll_t mask;

	cut(&files[i].polling);
	files[i].woken = false;
	begin(pick_caller());
	mask = proc_file->ops->proc_poll(&files[i], &table);
	end("poll");
	trace("file %d: poll = 0x%x\n", i, mask);
	if (views[i]->seen != oracle.news)
		expected |= EPOLLPRI;
	expect(mask, expected, "poll");
	if (mask & EPOLLPRI)
		cut(&files[i].polling);
}

/*
 * Time
 */

static struct timer_list *update_timer(void)
{
	struct timer_list *timer;

	for_each((void)0, timer, &timers, node)
		if (timer->function == schedule_cput_upds)
			return timer;
	return NULL;
}

static bool is_queued(void (*function)(struct work_struct *))
{
	struct work_struct *work;

	for_each((void)0, work, &works, node)
		if (work->func == function)
			return true;
	return false;
}

static bool is_polled(int i)
{
	return views[i] && !list_empty(&files[i].polling);
}

static void op_time(void)
{
	static const unsigned int steps[] = {
		1, 9, 10, 50, 100, 4900, 5000, 3600000
	};
	unsigned int ms = steps[byte() % 8];
	struct timer_list *timer, *next;

	trace("%u ms\n", ms);
	jiffies += ms;
	oracle.now += ms;
	begin(0);
	for (timer = entry_of(timers.next, timer, node);
	     next = list_next_entry(timer, node), &timer->node != &timers;
	     timer = next)
		if (!time_before(jiffies, timer->expires))
			fire(timer);
	end("a timer");
}

static void op_work(void)
{
	struct work_struct *work = container_of(works.next, struct work_struct, node);
	bool pending = update_timer(), polled = false;
	int i;

	if (list_empty(&works))
		return;
	for (i = 0; i < FILES; i++)
		polled |= is_polled(i);
	trace("work: %s\n", work->func == update_cputimes ? "update" : "news");
	begin(0);
	if (work->func == update_cputimes) {
		run(work);
		oracle_update(pending, polled);
		return;
	}
	run(work);
	wakes = 0;
	need(oracle_announce(), "news is announced too early");
	for (i = 0; i < FILES; i++)
		need(!is_polled(i) || files[i].woken, "a poller is not woken");
}

/*
 * The module
 */

/* Return: whether the value is allowed. */
static bool set_parameter(int i)
{
	static const unsigned long long values[] = {
		0, 1, 2, 3, 5, 9, 10, 11, 100, 5000, 3600000, 3600001,
		UINT_MAX - 1, UINT_MAX, UINT_MAX + 1ull, 1ull << 40
	};
	static const char * const formats[] = {
		"%llu", "%llu\n", "0x%llx", "0%llo", "+%llu",
		"%llux", "-%llu", " %llu"	/* no numbers */
	};
	static const struct kernel_param * const params[] = {
		&param_period_ms, &param_max_processes, &param_gid
	};
	const struct kernel_param *param = params[i];
	unsigned int what = byte(), format = what / 16 % 8;
	unsigned long long value = values[what % 16];
	bool allowed = format < 5 && oracle_parameter(i, value);
	char text[40];
	int result;

	sprintf(text, formats[format], value);
	begin(0);
	result = param->ops->set(text, param);
	end("setting a parameter");
	trace("%s=\"%s\" = %d\n", param->name, text, result);
	expect(result, allowed ? 0 : -EINVAL, param->name);
	expect(param->perm, i == GID ? 0444 : 0644, "permissions");
	expect_messages(!allowed, "lines that a parameter logs");
	param->ops->get(text, param);
	expect(atoll(text), oracle.parameters[i], param->name);
	return allowed;
}

static void op_parameter(void)
{
	set_parameter(byte() % GID);
}

/* The module has been unloaded, or could not be loaded. */
static void expect_nothing_left(void)
{
	need(list_empty(&timers), "a timer is left");
	need(list_empty(&works), "work is left");
	need(!workqueue, "the workqueue is left");
	need(!proc_dir && !proc_file, "something is left in /proc");
	expect(objects, 0, "objects that have not been freed");
	expect(module_refs, 0, "references to the module");
	loaded = false;
}

static void load(unsigned int what)
{
	static const unsigned int modes[] = {
		0666, 0660, 0400, 0, 0667, 01666, 0200666, 0666
	};
	unsigned int mode = modes[what % 8];
	bool allowed = mode && !(mode & ~0666), failed;
	char text[10];
	int i, result;

	load_data();
	oracle_load();
	for (i = 0; i < PARAMETERS; i++)
		if (what >> i & 0x20 && !set_parameter(i))
			return expect_nothing_left();
	sprintf(text, what & 8 ? "0%o" : "%o", mode);
	*(char **)param_mode.arg = text;
	begin(0);
	result = init_module();
	failed = end("loading");
	trace("insmod mode=%s = %d\n", text, result);
	expect(result, !allowed ? -EINVAL : failed ? -ENOMEM : 0, "loading");
	expect_messages(!allowed, "lines that loading logs");
	if (result)
		return expect_nothing_left();
	loaded = true;
	need(!strcmp(proc_dir->name, URT_DIR) &&
	     !strcmp(proc_file->name, URT_FILE) && proc_file->parent == proc_dir,
	     "the file has another name");
	expect(proc_file->mode, mode, "the file's mode");
	expect(proc_file->uid, 0, "the file's user");
	expect(proc_file->gid, oracle.parameters[GID], "the file's group");
}

static void unload(bool halves_run)
{
	trace("rmmod\n");
	begin(0);
	runs_before = halves_run;
	unloading = true;
	cleanup_module();
	unloading = false;
	runs_before = false;
	wakes = 0;
	end("unloading");
	expect_nothing_left();
}

/* rmmod(8) does not even try while the module is in use. */
static void op_unload(void)
{
	bool halves_run = byte() % 2;

	if (!module_refs)
		unload(halves_run);
}

/* What holds after each operation while the module is loaded. */
static void check(void)
{
	struct timer_list *timer = update_timer();
	int i, opened = 0;

	for (i = 0; i < FILES; i++) {
		opened += !!views[i];
		need(!is_polled(i) || files[i].woken || !list_empty(&works) ||
		     views[i]->seen == oracle.news, "a poller waits forever");
	}
	expect(module_refs, opened, "references to the module");
	expect(wakes, 0, "wake-ups other than for news");
	if (timer)
		expect(timer->expires, oracle.due, "the next update");
	need(!timer || oracle.line_count,
	     "the timer is armed though the list is empty");
	need(timer || !oracle.line_count || is_queued(update_cputimes),
	     "no update will come");
	need(!oracle.announce || oracle.now < oracle.announce ||
	     is_queued(urt_announce), "news is announced too late");
	for (i = 0; i < oracle.life_count; i++) {
		if (!leaders[i])
			continue;
		expect(leaders[i]->signal->prev_cputime.utime,
		       oracle.lives[i].user, "the user time reported");
		expect(leaders[i]->signal->prev_cputime.stime,
		       oracle.lives[i].system, "the system time reported");
	}
}

static void start_machine(void)
{
	int i;

	memset(&oracle, 0, sizeof(oracle));
	memset(&meanwhile, 0, sizeof(meanwhile));
	jiffies = 1000;
	oracle.now = 1000;
	tickless = byte() % 2;
	for (i = 0; i < SPACES; i++)
		spaces[i] = create_space(i ? spaces[space_parent[i]] : NULL);
	fork_one(0, 0x30, false, 1);
	load(0);
}

static void stop_machine(void)
{
	int i;

	meanwhile.what = NOTHING;
	for (i = 0; i < FILES; i++)
		if (views[i])
			close_file(i);
	if (loaded)
		unload(false);
	for (i = 0; i < oracle.life_count; i++)
		if (leaders[i])
			reap(i);
	expect(tasks, 0, "tasks that have not been freed");
	need(list_empty(&pids), "a PID is left");
	for (i = SPACES - 1; i >= 0; i--) {
		expect(spaces[i]->refs, 1, "references to a namespace");
		put_pid_ns(spaces[i]);
	}
}

/* end() counts what is not freed. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:quarantine_size_mb=8";
}

/* It is LLVMFuzzerTestOneInput(), which libFuzzer calls: see Makefile. */
int fuzz_one(const u8 *data, size_t size)
{
	static void (* const always[])(void) = {
		op_fork, op_thread, op_run, op_run, op_exit, op_exec, op_reap,
		op_getrusage, op_meanwhile
	};
	static void (* const of_module[])(void) = {
		op_open, op_time, op_work, op_work, op_parameter, op_unload
	};
	static void (* const of_file[])(int i) = {
		op_close, op_write, op_write, op_read, op_read, op_seek, op_poll
	};

	tracing = getenv("TRACE");
	input = data;
	input_end = data + size;
	start_machine();
	while (input < input_end) {
		unsigned int op = byte() % 22, i;

		if (op < 9) {
			always[op]();
		} else if (!loaded) {
			load(byte());
		} else if (op < 15) {
			of_module[op - 9]();
		} else {
			i = byte() % FILES;
			if (views[i])
				of_file[op - 15](i);
		}
		if (loaded)
			check();
	}
	stop_machine();
	return 0;
}
