// SPDX-License-Identifier: GPL-2.0
/*
 * A comparison of usertime.c with the oracle, a model of its interface
 *
 * libFuzzer generates bytes, which stand for operations on a small machine:
 * processes run and end, files are read and written, time passes. The first
 * difference ends the program. With TRACE=1 in the environment, it prints the
 * operations.
 */
#include "kernel.h"
#include "oracle.h"

/* The unchanged file. Its data are in separate sections, for load_data(). */
#pragma clang section data = "module_data" bss = "module_bss"
#include "../../usertime.c"
#pragma clang section data = "" bss = ""

#include "operations/machine.h"
#include "operations/process.h"
#include "operations/call.h"
#include "operations/file.h"
#include "operations/time.h"
#include "operations/module.h"

/* Checks what must hold after each operation while the module is loaded. */
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
			op_close(i);
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

/* expect_nothing_left() and stop_machine() find leaks. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:quarantine_size_mb=8";
}

/* libFuzzer calls this: Makefile renames it to LLVMFuzzerTestOneInput(). */
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
