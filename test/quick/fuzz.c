// SPDX-License-Identifier: GPL-2.0
/*
 * A sequence of operations, taken from the bytes of libFuzzer, on usertime.c and
 * on the oracle side by side. The first difference ends the program.
 *
 * With TRACE=1 in the environment, it shows each operation.
 */
#include "kernel.h"
#include "oracle.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include "usertime.h"

#define FILES	6

extern int (*const init_module)(void);
extern void (*const cleanup_module)(void);
extern const struct kernel_param param_period_ms, param_max_processes,
	param_gid, param_mode;

static const u8 *input, *input_end;
static bool tracing;

static struct pid_namespace *spaces[SPACES];
static struct user_namespace inner_users = { &init_user_ns };
static struct task_struct *leaders[LIVES];	/* NULL once reaped */
static struct file files[FILES];
static struct view *views[FILES];	/* NULL if it is closed */
static bool loaded;

static void trace(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
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
 * Processes. Number 0 lives as long as the machine.
 */

static bool is_zombie(int i)
{
	return leaders[i]->exit_state;
}

static bool has_threads(int i)
{
	struct list_head *head = &leaders[i]->signal->thread_head;

	return head->next->next != head;
}

/* The number of a life that has not been reaped. */
static int pick_life(void)
{
	int i = byte() % oracle.life_count;

	return leaders[i] ? i : 0;
}

/* One that can make a system call. */
static int pick_caller(void)
{
	int i = pick_life();

	return is_zombie(i) || oracle.lives[i].kernel_thread ? 0 : i;
}

static struct task_struct *nth_thread(int i, int steps)
{
	struct task_struct *thread = leaders[i];
	struct list_head *head = &thread->signal->thread_head;

	while (steps--) {
		struct list_head *next = thread->thread_node.next;

		if (next == head)
			next = head->next;
		thread = list_entry(next, thread, thread_node);
	}
	return thread;
}

/* Free numbers for a new process or thread, at each level. */
static void pick_numbers(int space, int numbers[LEVELS])
{
	static const int first[] = { 1, 2, 9, 98, 999998, 4194200, 3, 40 };
	int from = first[byte() % 8];

	memset(numbers, 0, LEVELS * sizeof(*numbers));
	for (; space >= 0; space = space_parent[space]) {
		int nr = from;

		rcu_read_lock();
		while (find_pid_ns(nr, spaces[space]))
			nr++;
		rcu_read_unlock();
		numbers[space_level[space]] = nr;
	}
}

static void do_fork(int space, unsigned int who, unsigned int what)
{
	static const unsigned int users[] = { 0, 1000, 1001, 1000 };
	struct life *life = &oracle.lives[oracle.life_count];
	struct task_struct *task;

	memset(life, 0, sizeof(*life));
	life->space = space;
	pick_numbers(space, life->numbers);
	life->uid = users[who & 3];
	life->euid = users[who >> 2 & 3];
	life->caps = who >> 4 & 3;
	life->user_space = who >> 6 & 1;
	life->kernel_thread = what == 7;
	task = task_create(pid_create(spaces[space], life->numbers), NULL);
	task->cred.uid.val = life->uid;
	task->cred.euid.val = life->euid;
	task->cred.user_ns = life->user_space ? &inner_users : &init_user_ns;
	task->cred.caps = (life->caps & PTRACE ? 1 << CAP_SYS_PTRACE : 0) |
			  (life->caps & RESOURCE ? 1 << CAP_SYS_RESOURCE : 0);
	task->flags = life->kernel_thread ? PF_KTHREAD : 0;
	trace("process %d: user %u/%u, capabilities %u in %d, numbers %d %d %d%s\n",
	      oracle.life_count, life->uid, life->euid, life->caps,
	      life->user_space, life->numbers[0], life->numbers[1],
	      life->numbers[2], life->kernel_thread ? ", kernel" : "");
	leaders[oracle.life_count++] = task;
}

static void op_fork(void)
{
	unsigned int space = byte(), who = byte(), what = byte() % 16;
	int count = what == 8 ? 70 : 1;

	while (count-- && oracle.life_count < LIVES)
		do_fork(space % SPACES, who, what);
}

static void op_thread(void)
{
	int i = pick_life(), numbers[LEVELS];

	if (is_zombie(i))
		return;
	pick_numbers(oracle.lives[i].space, numbers);
	trace("process %d: thread %d\n", i, numbers[0]);
	task_create(pid_create(spaces[oracle.lives[i].space], numbers),
		    leaders[i]);
}

/* The kernel counts time for a thread that has not ended. */
static void op_run(void)
{
	int i = pick_life();
	struct life *life = &oracle.lives[i];
	struct task_struct *thread = nth_thread(i, byte() % 4);
	unsigned int shift = byte() % 52;
	u64 utime = (u64)byte() << shift, stime = (u64)byte() << shift;
	u64 rtime = kernel.tickless ? utime + stime : (u64)byte() << shift;
	bool leaves = byte() & 1;

	if (thread->exit_state ||
	    life->utime + life->stime + utime + stime > 1ull << 63 ||
	    life->rtime + rtime > 1ull << 63)
		return;
	trace("process %d: thread %d runs, %llu %llu %llu ns\n", i,
	      thread->pid->numbers[0].nr, utime, stime, rtime);
	life->utime += utime;
	life->stime += stime;
	life->rtime += rtime;
	if (kernel.tickless) {
		thread->vtime.state = VTIME_SYS;
		thread->vtime.utime += utime;
		thread->vtime.stime += stime;
		if (leaves)
			task_flush(thread);
	} else {
		thread->utime += utime;
		thread->stime += stime;
		thread->se.sum_exec_runtime += rtime;
	}
}

static void op_exit(void)
{
	int i = pick_life();
	struct task_struct *thread = nth_thread(i, byte() % 4);

	if (!i || thread->exit_state)
		return;
	trace("process %d: thread %d ends\n", i, thread->pid->numbers[0].nr);
	if (thread == leaders[i]) {
		task_flush(thread);
		thread->exit_state = 1;
	} else {
		task_release(thread);
	}
}

static void op_exec(void)
{
	int i = pick_life();
	struct task_struct *thread = nth_thread(i, byte() % 4);

	if (thread == leaders[i] || oracle.lives[i].kernel_thread)
		return;
	trace("process %d: thread %d calls execve()\n", i,
	      thread->pid->numbers[0].nr);
	thread->cred = leaders[i]->cred;
	task_exec(thread, leaders[i]);
	leaders[i] = thread;
}

/* All threads of a process end, and its parent waits for it. */
static void reap(int i)
{
	while (has_threads(i)) {
		struct list_head *node = leaders[i]->thread_node.next;

		if (node == &leaders[i]->signal->thread_head)
			node = node->next;
		task_release(list_entry(node, leaders[i], thread_node));
	}
	task_release(leaders[i]);
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

/* A program asks the kernel for the time of a process. */
static void op_getrusage(void)
{
	int i = pick_life();
	struct prev_cputime *prev = &leaders[i]->signal->prev_cputime;

	oracle_sample(&oracle.lives[i]);
	prev->utime = oracle.lives[i].user;
	prev->stime = oracle.lives[i].system;
	trace("process %d has used %llu ns\n", i, prev->utime);
}

/*
 * What happens inside of the next call
 */

static struct {
	enum { NOTHING, FAILS, REAPED, LEAVES, FIRES } what;
	int at;
	int life, thread;
} meanwhile;

static void op_meanwhile(void)
{
	unsigned int what = byte();

	meanwhile.what = 1 + what % 4;
	meanwhile.at = 1 + what / 4 % 8;
	meanwhile.life = byte();
	meanwhile.thread = what / 32;
}

static void reap_meanwhile(void)
{
	trace("meanwhile, process %d is reaped\n", meanwhile.life);
	reap(meanwhile.life);
}

static void begin(int caller)
{
	int i = meanwhile.life % oracle.life_count;
	struct task_struct *thread;

	current = leaders[caller];
	kernel.allocations = 0;
	kernel.messages = 0;
	kernel.fail_at = 0;
	kernel.surprise_at = 0;
	kernel.leaves = NULL;
	kernel.fires_at_once = meanwhile.what == FIRES;
	if (meanwhile.what == FAILS)
		kernel.fail_at = meanwhile.at;
	if (meanwhile.what == REAPED && i && i != caller && leaders[i]) {
		meanwhile.life = i;
		kernel.surprise_at = meanwhile.at;
		kernel.surprise = reap_meanwhile;
	}
	if (meanwhile.what == LEAVES && leaders[i]) {
		thread = nth_thread(i, meanwhile.thread);
		if (thread != leaders[i])
			kernel.leaves = thread;
		kernel.leaves_at = meanwhile.at - 1;
	}
	oracle.allocations = 0;
	oracle.fail_at = kernel.fail_at;
	oracle.surprise_at = kernel.surprise_at;
	oracle.surprise = &oracle.lives[i];
	meanwhile.what = NOTHING;
}

/* Return: whether an allocation failed. */
static bool end(const char *what, int messages)
{
	call_ends(what);
	if (kernel.messages != messages)
		complain("%s: %d lines in the log, expected %d", what,
			 kernel.messages, messages);
	if (kernel.surprise_at && kernel.allocations >= kernel.surprise_at)
		oracle.surprise->gone = true;
	current = NULL;
	return kernel.fail_at && kernel.allocations >= kernel.fail_at;
}

/*
 * The file
 */

static int pick_file(void)
{
	int i = byte() % FILES;

	return views[i] ? i : -1;
}

static void op_open(void)
{
	int i = byte() % FILES, caller = pick_caller(), result;
	bool going = byte() == 1, failed;
	struct file *file = &files[i];

	if (views[i])
		return;
	memset(file, 0, sizeof(*file));
	file->polling = (struct list_head)LIST_HEAD_INIT(file->polling);
	begin(caller);
	kernel.unloading = going;
	/* The credentials stay, even if the opener ends. */
	file->cred = current->cred;
	file->f_cred = &file->cred;
	result = kernel.file->ops->proc_open(NULL, file);
	kernel.unloading = false;
	failed = end("open", 0);
	trace("file %d: open by process %d = %d\n", i, caller, result);
	expect(result, going ? -ENODEV : failed ? -ENOMEM : 0, "open");
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
	kernel.file->ops->proc_release(NULL, &files[i]);
	end("close", 0);
	free(views[i]);
	views[i] = NULL;
}

static void op_close(void)
{
	int i = pick_file();

	if (i >= 0)
		close_file(i);
}

#define TEXT	6000

static size_t put_all(char *text, int level)
{
	size_t size = 0;
	int i;

	for (i = 0; i < oracle.life_count; i++)
		size += sprintf(text + size, "%d ",
				oracle.lives[i].numbers[level]);
	return size;
}

/* Bytes stand for themselves, or for numbers of processes. */
static size_t make_text(const struct view *view, char *text)
{
	int level = space_level[view->opener.space];
	int length = byte(), times = length > 200 ? TEXT : 1;
	size_t size = 0, once;

	for (length %= 100; length && size < 1000; length--) {
		unsigned int c = byte();
		const struct life *life = &oracle.lives[c % 32 %
							oracle.life_count];

		if (c < 0x80)
			text[size++] = c;
		else if (c == 0xff)
			size += put_all(text + size, level);
		else if (c < 0xc0)
			size += sprintf(text + size, c < 0xa0 ? "%d " : "-%d ",
					life->numbers[level]);
		else
			size += sprintf(text + size, "%*s%.*d ", c & 0x18, "",
					(c & 7) * 9, life->numbers[level]);
	}
	once = size;
	while (times-- > 1 && once && size + once < TEXT) {
		memcpy(text + size, text, once);
		size += once;
	}
	return size;
}

static void op_write(void)
{
	static char text[TEXT + 2000];
	int i = pick_file(), writer = pick_caller();
	loff_t pos = 0;
	size_t count, there;
	long result;

	if (i < 0)
		return;
	count = make_text(views[i], text);
	there = byte() & 1 ? byte() * count / 256 : count;
	begin(writer);
	kernel.user_end = text + there;
	result = kernel.file->ops->proc_write(&files[i], (char *)((uintptr_t)text + USER), count,
					      &pos);
	trace("file %d: process %d writes \"%.*s\" (%zu bytes, %zu of them there) = %ld\n",
	      i, writer, (int)min(count, 200ul), text, count, there, result);
	expect(pos, 0, "the file's offset after a write");
	expect(result, oracle_write(views[i], &oracle.lives[writer], text, count,
				    there, result), "write");
	end("write", 0);
}

static void op_read(void)
{
	static char data[8192];
	int i = pick_file(), how = byte(), size = byte() * (how & 1 ? 30 : 1);
	struct seq_file *seq;
	struct kiocb iocb;
	loff_t pos;
	struct iov_iter iter = { data, size };
	struct view *view;
	ssize_t result;
	bool failed;

	if (i < 0)
		return;
	view = views[i];
	pos = how & 2 ? byte() : files[i].f_pos;
	iocb = (struct kiocb){ &files[i], pos };
	seq = files[i].private_data;
	begin(pick_caller());
	if (!kernel.file->ops->proc_read_iter)
		complain("the file cannot be spliced");
	result = kernel.file->ops->proc_read_iter(&iocb, &iter);
	failed = end("read", 0);
	trace("file %d: read of %d at %lld = %ld\n%.*s", i, size,
	      (long long)pos, result,
	      (int)max(result, 0l), data);
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
	view->next = pos + result;
	if (!(how & 2))
		files[i].f_pos = iocb.ki_pos;
	if (view->opener.space && seq->size > 2 * (view->length + 27) &&
	    seq->size > 64)
		complain("a container pays for lines that it does not see");
}

static void op_seek(void)
{
	int i = pick_file(), whence = byte() % 3;
	long long offset = (signed char)byte(), target, result;
	bool failed;

	if (i < 0)
		return;
	target = offset + (whence == SEEK_CUR ? files[i].f_pos : 0);
	begin(0);
	result = kernel.file->ops->proc_lseek(&files[i], offset, whence);
	failed = end("lseek", 0);
	trace("file %d: lseek %lld %d = %lld\n", i, offset, whence, result);
	if (whence == SEEK_END || target < 0)
		return expect(result, -EINVAL, "lseek");
	if (target != views[i]->next) {
		if (target)
			oracle_look(views[i], target, failed);
		else
			views[i]->next = 0;
	}
	expect(result, failed ? -ENOMEM : target, "lseek");
}

static void op_poll(void)
{
	int i = pick_file();
	poll_table table = { byte() & 1 };
	__poll_t mask, expected = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;

	if (i < 0)
		return;
	cut(&files[i].polling);
	files[i].woken = false;
	begin(pick_caller());
	mask = kernel.file->ops->proc_poll(&files[i], &table);
	end("poll", 0);
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

	for_each_entry((void)0, timer, &kernel.timers, node)
		if (timer->function != delayed_work_timer_fn)
			return timer;
	return NULL;
}

static bool is_queued(bool delayed)
{
	struct work_struct *work;

	for_each_entry((void)0, work, &kernel.wq->works, node)
		if (work->delayed == delayed)
			return true;
	return false;
}

static bool is_polled(void)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (views[i] && !list_empty(&files[i].polling))
			return true;
	return false;
}

static void op_time(void)
{
	static const unsigned int steps[] = { 1, 9, 10, 50, 100, 4900, 5000,
					      3600000 };
	unsigned int ms = steps[byte() % 8];

	trace("%u ms\n", ms);
	jiffies += ms;
	oracle.now += ms;
	begin(0);
	fire_timers();
	end("a timer", 0);
}

static void op_work(void)
{
	struct work_struct *work = next_work();
	bool pending = update_timer(), polled = is_polled();
	int i, wakes = kernel.wakes;

	if (!work)
		return;
	trace("work: %s\n", work->delayed ? "news" : "update");
	begin(0);
	run_work(work);
	end("work", 0);
	if (work->delayed) {
		if (!oracle_announce())
			complain("news is announced too early");
		for (i = 0; i < FILES; i++)
			if (views[i] && !list_empty(&files[i].polling) &&
			    !files[i].woken)
				complain("the poller of file %d is not woken", i);
		kernel.wakes = wakes;
	} else {
		oracle_update(pending, polled);
	}
}

/*
 * The module
 */

static const struct kernel_param * const parameters[] = {
	&param_period_ms, &param_max_processes, &param_gid
};

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
	const struct kernel_param *param = parameters[i];
	unsigned int what = byte(), format = what / 16 % 8;
	unsigned long long value = values[what % 16];
	bool allowed = format < 5 && oracle_parameter(i, value);
	char text[40];
	int result;

	sprintf(text, formats[format], value);
	begin(0);
	result = param->ops->set(text, param);
	trace("%s=\"%s\" = %d\n", param->name, text, result);
	end("setting a parameter", !allowed);
	expect(result, allowed ? 0 : -EINVAL, "setting a parameter");
	expect(param->perm, i == GID ? 0444 : 0644, "permissions");
	param->ops->get(text, param);
	expect(atoll(text), oracle.parameters[i], param->name);
	return allowed;
}

static void op_parameter(void)
{
	set_parameter(byte() % 2);
}

static bool set_all(unsigned int which)
{
	int i;

	for (i = 0; i < PARAMETERS; i++)
		if (which >> i & 1 && !set_parameter(i))
			return false;
	return true;
}

static void do_load(unsigned int what)
{
	static const unsigned int modes[] = { 0666, 0, 0600, 0444, 0777, 01666,
					      0200666, 0660 };
	unsigned int mode = modes[what % 8];
	bool allowed = mode && !(mode & ~0666), failed;
	char text[10];
	int result;

	sprintf(text, what & 8 ? "%o" : "0%o", mode);
	load();
	oracle_load();
	if (!set_all(what >> 5))
		return unload();
	*(char **)param_mode.arg = text;
	begin(0);
	result = init_module();
	failed = end("loading", !allowed);
	trace("load with mode=%s = %d\n", text, result);
	expect(result, !allowed ? -EINVAL : failed ? -ENOMEM : 0, "loading");
	if (result)
		return unload();
	loaded = true;
	if (strcmp(kernel.dir->name, URT_DIR) ||
	    strcmp(kernel.file->name, URT_FILE) ||
	    kernel.file->parent != kernel.dir)
		complain("the file has another name");
	expect(kernel.file->mode, mode, "the file's mode");
	expect(kernel.file->gid, oracle.parameters[GID], "the file's group");
	expect(kernel.file->uid, 0, "the file's user");
}

static void do_unload(bool races)
{
	trace("unload\n");
	begin(0);
	kernel.races = races;
	kernel.unloading = true;
	cleanup_module();
	end("unloading", 0);
	kernel.races = false;
	loaded = false;
	kernel.wakes = 0;
	unload();
}

static void op_unload(void)
{
	bool races = byte() & 1;

	if (!kernel.module_refs)
		do_unload(races);
}

/*
 * All
 */

/* What holds after each operation. */
static void check(void)
{
	struct timer_list *timer = update_timer();
	bool idle = list_empty(&kernel.wq->works);
	int i, opened = 0;

	for (i = 0; i < FILES; i++) {
		if (!views[i])
			continue;
		opened++;
		if (idle && !list_empty(&files[i].polling) &&
		    !files[i].woken && views[i]->seen != oracle.news)
			complain("the poller of file %d has not been woken", i);
	}
	expect(kernel.module_refs, opened, "references to the module");
	expect(kernel.wakes, 0, "wake-ups");
	if (!oracle.line_count && timer)
		complain("a timer is armed though the list is empty");
	if (oracle.line_count && !timer && !is_queued(false))
		complain("no update will come");
	if (timer)
		expect(timer->expires, oracle.due, "the next update");
	if (oracle.announce && oracle.now >= oracle.announce &&
	    !is_queued(true))
		complain("news is announced too late");
	for (i = 0; i < oracle.life_count; i++) {
		if (!leaders[i])
			continue;
		expect(leaders[i]->signal->prev_cputime.utime,
		       oracle.lives[i].user, "the user time as reported");
		expect(leaders[i]->signal->prev_cputime.stime,
		       oracle.lives[i].system, "the system time as reported");
	}
}

static void begin_machine(void)
{
	int i;

	memset(&oracle, 0, sizeof(oracle));
	for (i = 0; i < SPACES; i++)
		spaces[i] = namespace_create(space_parent[i] < 0 ? NULL :
					     spaces[space_parent[i]]);
	jiffies = 1000;
	oracle.now = 1000;
	kernel.tickless = byte() & 1;
	do_fork(0, 0x30, 0);	/* root */
	do_load(0);
}

static void end_machine(void)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (views[i])
			close_file(i);
	if (loaded)
		do_unload(false);
	for (i = 0; i < oracle.life_count; i++)
		if (leaders[i])
			reap(i);
	for (i = 0; i < SPACES; i++)
		put_pid_ns(spaces[i]);
	expect(kernel.live.tasks, 0, "tasks that are left");
	expect(kernel.live.pids, 0, "struct pids that are left");
	expect(kernel.live.namespaces, 0, "namespaces that are left");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (* const always[])(void) = {
		op_fork, op_thread, op_run, op_run, op_exit, op_exec, op_reap,
		op_getrusage, op_meanwhile
	};
	static void (* const when_loaded[])(void) = {
		op_open, op_close, op_write, op_write, op_read, op_read,
		op_seek, op_poll, op_time, op_work, op_work, op_parameter,
		op_unload
	};

	tracing = getenv("TRACE");
	input = data;
	input_end = data + size;
	begin_machine();
	while (input < input_end) {
		unsigned int op = byte() % 22;

		if (op < 9)
			always[op]();
		else if (loaded)
			when_loaded[op - 9]();
		else
			do_load(byte());
		if (loaded)
			check();
	}
	end_machine();
	return 0;
}
