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
static pid_t outside;	/* a process outside */
static pid_t beside;	/* a process in a sibling of the namespace we enter */

/* Returns the caller's PID outside. This /proc belongs to that namespace. */
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
	raise(SIGSTOP);
}

static void spin_and_stop(void *number)
{
	spin(100);
	tell_and_stop(number);
}

/* Starts and registers, from outside, the first process of a namespace. */
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

/* Runs as the first process of a new namespace. */
static void in_namespace(void *unused)
{
	pid_t *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t first = number_outside(), child, nested;
	int in = status_open();
	long long listed;

	(void)unused;
	list_read(in, &list);
	list_is(&list, "processes of other namespaces have no line", 0);
	is(getpid(), 1, "the first process has PID 1 inside");
	status_register(in, getpid());
	child = start(spin_and_stop, told);
	stopped(child);
	status_register(in, child);
	list_read(in, &list);
	list_is(&list, "inside, the PIDs are those of getpid(2)",
		1, child, 0);
	list_read(out, &list);
	list_is(&list, "a file opened outside shows the PIDs there",
		outside, beside, first, *told, 0);

	is(status_write(in, "%d", outside), -ESRCH,
	   "a process outside cannot be registered inside");
	is(status_write(in, "-%d", outside), -ESRCH,
	   "nor can it be unregistered");
	status_write(in, "-%d", child);
	list_read(out, &list);
	list_is(&list, "-PID is a PID inside",
		outside, beside, first, 0);
	status_write(out, "%d -%d", *told, outside);
	list_read(in, &list);
	list_is(&list, "a file opened outside accepts the PIDs there",
		1, child, 0);

	listed = time_now(in, child);
	end(child);
	start_numbered(child, tell_and_stop, told);
	stopped(child);
	leaves_cpu(*told);
	is(status_write(in, "-%d", child), -ESRCH,
	   "a PID that is used again is another process");
	is(time_now(in, child), listed,
	   "the line is still that of the old process");
	status_register(in, child);
	list_read(in, &list);
	list_is(&list, "when the new one registers, there is one line",
		1, child, 0);
	is_stat_user_time(list_time(&list, child), *told,
			  "the line has the time of the new process");
	set_period(50);
	for (int i = 0; i < 4; i++)
		wait_update(in);
	is_stat_user_time(time_now(in, child), *told, "the line stays");

	stop_updates();
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	nested = start(register_self, NULL);
	ended(nested);
	list_read(in, &list);
	list_is(&list, "a process in a nested namespace is listed",
		1, child, nested, 0);
	list_read(out, &list);
	is(list.lines, 4, "it is listed outside, too");
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
