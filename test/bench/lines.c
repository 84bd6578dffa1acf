// SPDX-License-Identifier: GPL-2.0
/*
 * Updates and reads that touch cache lines, which a QEMU plugin counts
 * (lines/plugin.c)
 *
 * usage: lines USERTIME.KO LEAST.KO
 *
 * Does the same things with 1,000 and with 4,000 processes, and prints a line
 * "what,processes" for each line that the plugin writes.
 */
#include "bench.h"
#include "lines/plugin.h"

#define PROCESSES	4000
#define ROUNDS		3	/* other kernel work only adds lines */

static int count;
static int pids[PROCESSES];
static int stat_fds[PROCESSES];
static int status_fd;
static char text[PROCESSES * 40];

/* Tells the plugin to begin or to end. */
static void mark(unsigned long address)
{
	asm volatile("ldr xzr, [%0]" : : "r" (address) : "memory");
}

static void read_stat(int fd)
{
	if (pread(fd, text, 4096, 0) < 0)
		die("/proc/PID/stat can be read");
}

/* Starts processes that sleep, each with memory of its own. */
static void start_processes(void)
{
	set_next_pid(FIRST_PID);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = start_extra();
		write_file(LEAST "add", "%d", pids[i]);
	}
	sleep(1);
	write_file(LEAST "age", AGE);
}

/* The updates differ only in what the processes have done before them. */
static void update(void)
{
	if (pread(status_fd, text, sizeof(text), 0) < 0)
		die("the list can be read");
	mark(PLUGIN_BEGIN);
	make_update(status_fd);
	mark(PLUGIN_END);
}

static void read_list(void)
{
	mark(PLUGIN_BEGIN);
	if (pread(status_fd, text, sizeof(text), 0) < 0)
		die("the list can be read");
	mark(PLUGIN_END);
}

static void read_kept_stats(void)
{
	mark(PLUGIN_BEGIN);
	for (int i = 0; i < count; i++)
		read_stat(stat_fds[i]);
	mark(PLUGIN_END);
}

static void read_new_stats(void)
{
	mark(PLUGIN_BEGIN);
	for (int i = 0; i < count; i++) {
		int fd = open_stat(pids[i]);

		read_stat(fd);
		close(fd);
	}
	mark(PLUGIN_END);
}

static void print(const char *what)
{
	printf("%s,%d\n", what, count);
}

static void touch(int processes)
{
	for (; count < processes; count++) {
		status_register(status_fd, pids[count]);
		stat_fds[count] = open_stat(pids[count]);
	}
	await_announcement();
	for (int i = 0; i < ROUNDS; i++) {
		update();
		print("an update: all asleep");
		write_file(LEAST "run", "1");
		update();
		print("an update: all active");
		read_list();
		print("a read of the list");
		read_kept_stats();
		print("/proc/PID/stat kept open");
		read_new_stats();
		print("/proc/PID/stat opened each time");
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: lines USERTIME.KO LEAST.KO\n");
		return 1;
	}
	if (mmap((void *)PLUGIN_PAGE, 4096, PROT_READ, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("mmap(2)");
	setvbuf(stdout, NULL, _IOLBF, 0);
	lift_limits();
	load_module(argv[1], "period_ms=3600000");
	load_module(argv[2], "");
	status_fd = status_open();
	start_processes();
	touch(PROCESSES / 4);
	touch(PROCESSES);
	return 0;
}
