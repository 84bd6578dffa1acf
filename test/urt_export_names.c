// SPDX-License-Identifier: GPL-2.0
/*
 * urt export keeps at most 1024 totals by command name. All later names share
 * one series, which loses none of their time.
 */
#define TAP_SECONDS	600	/* debug kernels need it */

#include "exported.h"

#define TOTAL		"\nusertime_command_user_seconds_total{"
#define PROCESSES	"\nusertime_command_processes{"
#define NAMES_MAX	1024
#define COUNT		(NAMES_MAX + 4)
#define STACK		2048

static int fd, numbers[COUNT], named;

/* Takes a name that ends with @number, in four digits. */
static int numbered_work(void *number)
{
	char name[] = "name 0000";
	int rest = *(int *)number;

	for (int i = 8; i > 4; i--, rest /= 10)
		name[i] = '0' + rest % 10;
	prctl(PR_SET_NAME, name);
	__atomic_add_fetch(&named, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return 0;
}

/* Starts children that share our memory. Waits until each has its name. */
static void start_numbered_crowd(pid_t *pids)
{
	char *stacks = malloc((size_t)COUNT * STACK);

	for (int i = 0; i < COUNT; i++) {
		numbers[i] = i;
		pids[i] = clone(numbered_work, stacks + (size_t)(i + 1) * STACK,
				CLONE_VM | CLONE_FILES | SIGCHLD, &numbers[i]);
		if (pids[i] < 0)
			die("process %d of %d starts", i, COUNT);
	}
	while (__atomic_load_n(&named, __ATOMIC_SEQ_CST) < COUNT)
		usleep(1000);
	for (int i = 0; i < COUNT; i++)
		leaves_cpu(pids[i]);
}

/* Returns how many series begin with @begin, and in @sum their sum, in us. */
static int sum_up(const char *begin, long long *sum)
{
	const char *series = exported();
	int count = 0;

	for (*sum = 0; (series = strstr(series, begin)); count++) {
		char *point;

		*sum += 1000000 * strtoll(strchr(series, '}') + 1, &point, 10);
		if (*point == '.')
			*sum += strtoll(point + 1, NULL, 10);
		series = point;
	}
	return count;
}

int main(void)
{
	static struct list list;
	static pid_t pids[COUNT];
	long long sum, used = 0;
	pid_t late;

	plan(5);
	mkdir(FOLDER, 0755);
	fd = status_open();
	stop_updates();
	tool_start("export", "--only-commands", FILE_);
	in_file("\nusertime_registered_processes 0\n");
	start_numbered_crowd(pids);
	for (int i = 0; i < COUNT; i++)
		status_register(fd, pids[i]);
	late = start_named("late", 20);
	leaves_cpu(late);
	status_register(fd, late);
	set_period(1000);
	ok(in_file(PROCESSES "comm=\"(all other names)\"} %d\n",
		   COUNT + 1 - NAMES_MAX),
	   "the processes with later names share a series");
	is(sum_up(PROCESSES, &sum), NAMES_MAX + 1,
	   "each other name has its own number of processes");
	is(sum_up(TOTAL, &sum), NAMES_MAX + 1,
	   "each other name has its own total");
	list_read(fd, &list);
	for (int i = 0; i < list.lines; i++)
		used += list.line[i].time;
	is(list.lines, COUNT + 1, "all processes are listed");
	is(sum, used, "the totals add up to all their time");
	kill(tool.pid, SIGTERM);
	tool_ends();
	rmdir(FOLDER);
	end(late);
	return done();
}
