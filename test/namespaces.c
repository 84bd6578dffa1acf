// SPDX-License-Identifier: GPL-2.0
/*
 * "A PID is a number in the PID namespace of the process that opened the file.
 * The PID that a process gets from getpid(2) registers that process, in a
 * container too." "PID is the number in the PID namespace of the process that
 * opened the file. A process that is not visible in that namespace has no line.
 * No PID appears on two lines."
 */
#include "process.h"
#include "urt.h"

static struct list list;
static int out;		/* the file, opened outside */
static pid_t outside;	/* a process there */
static pid_t beside;	/* one in a namespace beside the one that we enter */

/* The number of the caller in the namespace outside, whose /proc this is. */
static pid_t number_outside(void)
{
	char number[16] = "";

	if (readlink("/proc/self", number, sizeof(number) - 1) < 0)
		die("/proc/self can be read");
	return atoi(number);
}

static void tell_and_stop(void *number)
{
	*(pid_t *)number = number_outside();
	spin(100);
	raise(SIGSTOP);
}

static void stop_at_once(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
}

/* The first process of another namespace, registered from outside. */
static void other_namespace(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	status_register(out, start_sleeper());
	raise(SIGSTOP);
}

static void register_self(void *unused)
{
	(void)unused;
	status_register(status_open(), getpid());
}

/* The first process of a new namespace. */
static void in_namespace(void *unused)
{
	pid_t *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t first = number_outside(), child, nested;
	int in = status_open();
	long long listed;

	(void)unused;
	list_read(in, &list);
	list_is(&list, "what is outside or beside has no line inside", 0);
	is(getpid(), 1, "the first process is number 1 inside");
	status_register(in, getpid());
	child = start(tell_and_stop, told);
	stopped(child);
	status_register(in, child);
	list_read(in, &list);
	list_is(&list, "inside, the numbers are those of getpid(2)",
		1, child, 0);
	list_read(out, &list);
	list_is(&list, "a file opened outside has the numbers there",
		outside, beside, first, *told, 0);

	is(status_write(in, "%d", outside), -ESRCH,
	   "what is outside cannot be registered inside");
	is(status_write(in, "-%d", outside), -ESRCH, "nor unregistered");
	status_write(in, "-%d", child);
	list_read(out, &list);
	list_is(&list, "-PID takes the number inside",
		outside, beside, first, 0);
	status_write(out, "%d -%d", *told, outside);
	list_read(in, &list);
	list_is(&list, "a file opened outside takes the numbers there",
		1, child, 0);

	listed = time_now(in, child);
	end(child);
	start_numbered(child, stop_at_once, NULL);
	stopped(child);
	is(status_write(in, "-%d", child), -ESRCH,
	   "a number that is used again is another process");
	is(time_now(in, child), listed, "the line is the old one's");
	status_register(in, child);
	list_read(in, &list);
	list_is(&list, "there is one line when it registers", 1, child, 0);
	is_near(list_time(&list, child), 0, TICK, "with the time of the new");
	set_period(50);
	for (int i = 0; i < 4; i++)
		wait_update(in);
	is_near(time_now(in, child), 0, TICK, "which is there to stay");

	stop_updates();
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	nested = start(register_self, NULL);
	ended(nested);
	list_read(in, &list);
	list_is(&list, "a namespace in a namespace", 1, child, nested, 0);
	list_read(out, &list);
	is(list.lines, 4, "is seen from outside, too");
}

int main(void)
{
	plan(15);
	stop_updates();
	out = status_open();
	outside = start_sleeper();
	status_register(out, outside);
	stopped(start(other_namespace, NULL));
	list_read(out, &list);
	beside = list.line[1].pid;
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	reap(start(in_namespace, NULL));
	return done();
}
