// SPDX-License-Identifier: GPL-2.0
/*
 * A check of the parser of usertime.c, for cbmc: every write of up to BYTES
 * bytes, with every possible end of the user's memory, and whatever is found
 * under the PIDs. The result must be what usertime(4) says. Here, INT_MAX is as
 * small as a piece, so that both can be exceeded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "cbmc.h"

/*
 * What the user writes, and what the parser looks up.
 */

static char bytes[BYTES];	/* what the user writes */
static size_t count;		/* the length of the write */
static size_t readable;		/* where the user's memory ends */
static size_t very_long;	/* a longer write may stop early */

/* The numbers that were looked up, in order; negative to unregister. */
static int looked_up[BYTES];
static size_t lookups;
static size_t accepted;		/* how many of them were accepted */
static int failure;		/* the error of the last one, or 0 */

/*
 * What the parser uses of the kernel.
 */

#define __user
#define INT_MAX			7
#define INT_MIN			(-8)
#define SZ_4K			very_long
#define PF_KTHREAD		2
#define READ_ONCE(value)	(value)
#define min_t(type, a, b) \
	({ type a_ = (a), b_ = (b); a_ < b_ ? a_ : b_; })
#define cond_resched()		((void)0)

struct pid_namespace { int unused; };
struct pid { int references; };
struct task_struct { int references; unsigned int flags; };
struct seq_file { void *private; };
struct file { void *private_data; };
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

static struct pid_namespace namespace;
static struct seq_file seq = { &namespace };
static struct file file = { &seq };
static struct pid pid;
static struct task_struct task;
static bool rcu_is_held;

static void rcu_read_lock(void)
{
	claim("RCU is not held", !rcu_is_held);
	rcu_is_held = true;
}

static void rcu_read_unlock(void)
{
	claim("RCU is held", rcu_is_held);
	rcu_is_held = false;
}

static struct pid *find_pid_ns(int number, struct pid_namespace *in)
{
	claim("a PID is looked up under RCU", rcu_is_held);
	claim("it is looked up in the opener's namespace", in == &namespace);
	claim("no ID is looked up after one that failed", lookups == accepted);
	claim("no more IDs are looked up than were written", lookups < BYTES);
	looked_up[lookups++] = number;
	failure = -ESRCH;
	return nondet_bool() ? &pid : NULL;
}

static struct pid *get_pid(struct pid *found)
{
	claim("a reference is taken under RCU", rcu_is_held);
	pid.references += !!found;
	return found;
}

static void put_pid(struct pid *found)
{
	pid.references -= !!found;
}

static struct task_struct *get_pid_task(struct pid *found, enum pid_type type)
{
	claim("only a process is taken", type == PIDTYPE_TGID);
	if (!found || nondet_bool())
		return NULL;
	claim("the PID is held", pid.references == 1);
	task.flags = nondet_int();
	task.references++;
	return &task;
}

static void put_task_struct(struct task_struct *found)
{
	claim("the task that is put is the one that was taken", found == &task);
	task.references--;
}

static int take(struct file *by, struct pid *found, struct task_struct *leader)
{
	claim("the file is passed on", by == &file);
	claim("the PID is held", found == &pid && pid.references == 1);
	claim("the task is held", leader == &task && task.references == 1);
	claim("no kernel thread is taken", !(task.flags & PF_KTHREAD));
	failure = nondet_int();
	suppose(failure <= 0 && failure >= -4095);
	accepted += !failure;
	return failure;
}

static int urt_register(struct file *by, struct pid *found,
			struct task_struct *leader)
{
	return take(by, found, leader);
}

static int urt_unregister(struct file *by, struct pid *found,
			  struct task_struct *leader)
{
	looked_up[lookups - 1] = -looked_up[lookups - 1];
	return take(by, found, leader);
}

/* After a fault, @to may contain anything. */
static size_t copy_from_user(char *to, const char *from, size_t size)
{
	size_t at = from - bytes;
	bool fault = at + size > readable;

	claim("only the bytes of this write are read", at + size <= count);
	claim("the bytes fit in the piece", size <= URT_PIECE_SIZE);
	for (size_t i = 0; i < size; i++)
		to[i] = fault ? nondet_char() : bytes[at + i];
	return fault;
}

/* Like the kernel's, it accepts a plus sign, and a newline at the end. */
static int kstrtoint(const char *text, unsigned int base, int *number)
{
	char c = *text;
	bool negative = c == '-', digits = false;
	int value = 0;

	claim("the base is ten", base == 10);
	if (c == '-' || c == '+')
		c = *++text;
	while (c >= '0' && c <= '9') {
		digits = true;
		value = 10 * value + (c - '0');
		c = *++text;
	}
	if (c == '\n')
		c = *++text;
	if (c || !digits)
		return -EINVAL;
	if (negative)
		value = -value;
	if (value < INT_MIN || value > INT_MAX)
		return -ERANGE;
	*number = value;
	return 0;
}

#include "parser.part.c"

/*
 * The definition of the interface. It shares no code with the parser.
 */

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/*
 * Checks that the IDs that were accepted are the first ones in the write. The
 * last of them ends at @taken. The next ID begins at @next, which is @count if
 * there is none, and its number is @number, which is 0 if it is not valid.
 */
static void find_next(size_t *taken, size_t *next, int *number)
{
	size_t ids = 0, start = 0;
	int value = 0;
	bool in_id = false, right = true;

	*taken = 0;
	*next = count;
	for (size_t i = 0; i <= BYTES; i++) {
		char c = i < count ? bytes[i] : ' ';

		if (!is_white(c)) {
			if (!in_id) {
				in_id = true;
				right = true;
				start = i;
				value = 0;
			}
			if (c >= '0' && c <= '9')
				value = 10 * value + (c - '0');
			else if (c != '-' || i > start)
				right = false;
			continue;
		}
		if (!in_id)
			continue;
		in_id = false;
		if (value > INT_MAX || i - start > URT_PIECE_SIZE - 2)
			right = false;
		if (bytes[start] == '-')
			value = -value;
		if (ids < accepted) {
			claim("only a valid ID is accepted", right && value);
			claim("the IDs are accepted in order",
			      looked_up[ids] == value);
			*taken = i;
		} else if (ids == accepted) {
			*next = start;
			*number = right ? value : 0;
		}
		ids++;
	}
	claim("only what was written is accepted", ids >= accepted);
}

static void check(ssize_t result)
{
	size_t taken, next;
	int number = 0;

	find_next(&taken, &next, &number);
	if (lookups > accepted) {
		claim("the ID that failed is the next one",
		      number && abs(number) == abs(looked_up[accepted]));
		claim("the result is the end of the last ID, or the error",
		      result == (accepted ? (ssize_t)taken : failure));
		return;
	}
	if (next < count && !number &&
	    result == (accepted ? (ssize_t)taken : -EINVAL))
		return;
	/* The piece with the next ID, or one before it, cannot be read. */
	if (readable < count && readable < next + URT_PIECE_SIZE - 1 &&
	    result == (accepted ? (ssize_t)taken : -EFAULT))
		return;
	claim("a write stops early only for a reason",
	      result == (ssize_t)count ||
	      (count > very_long && result >= (ssize_t)very_long));
	claim("all IDs before the result are accepted, and none is split",
	      result >= (ssize_t)taken && result <= (ssize_t)next);
	claim("no byte is taken that cannot be read",
	      result <= (ssize_t)readable);
}

int main(void)
{
	loff_t pos = 0;
	ssize_t result;

	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = nondet_char();
	count = nondet_size();
	suppose(count <= BYTES);
	readable = nondet_size();
	suppose(readable <= BYTES);
	very_long = nondet_size();
	suppose(very_long > 0 && very_long <= BYTES);

	result = usr_write(&file, bytes, count, &pos);

	claim("all references are put", !pid.references && !task.references);
	claim("RCU is not held", !rcu_is_held);
	claim("the file's offset stays", !pos);
	check(result);
	return 0;
}
