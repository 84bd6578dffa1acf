// SPDX-License-Identifier: GPL-2.0
/* The processes that are watched while costs are measured */
#include "peers.h"

#define STACK_SIZE	4096
#define OTHER_PIDS	100000	/* of processes that are started later */

pid_t pids[PROCESSES_MAX];

/* Pipes: a byte in the first makes two processes take turns. */
static int begin[2], there[2], back[2], over[2];

void open_pipes(void)
{
	if (pipe2(begin, O_CLOEXEC) || pipe2(there, O_CLOEXEC) ||
	    pipe2(back, O_CLOEXEC) || pipe2(over, O_CLOEXEC))
		die("pipe2(2)");
}

static void pass(int *pipe)
{
	if (write(pipe[1], "", 1) != 1)
		_exit(1);
}

static void await(int *pipe)
{
	char byte;

	if (read(pipe[0], &byte, 1) != 1)
		_exit(1);
}

/* The first two take turns when they get a byte through begin. */
static int run_process(void *number)
{
	for (;;) {
		if (number == (void *)0) {
			await(begin);
			for (int i = 0; i < TURNS; i++) {
				pass(there);
				await(back);
			}
			pass(over);
		} else if (number == (void *)1) {
			await(there);
			pass(back);
		} else {
			pause();
		}
	}
	return 0;
}

void take_turns(void)
{
	pass(begin);
	await(over);
}

void start_processes(int first, int end)
{
	static char stacks[PROCESSES_MAX][STACK_SIZE];

	set_next_pid(FIRST_PID);
	for (int i = first; i < end; i++) {
		pids[i] = start_process(run_process, (void *)(long)i,
					stacks[i] + STACK_SIZE);
		write_file(LEAST "add", "%d", pids[i]);
	}
	set_next_pid(OTHER_PIDS);
	write_file(LEAST "age", AGE);
	write_file(LEAST "clear", "1");
}

void end_processes(int first, int end)
{
	for (int i = first; i < end; i++)
		if (kill(pids[i], SIGKILL) ||
		    waitpid(pids[i], NULL, 0) != pids[i])
			die("process %d ends", pids[i]);
}
