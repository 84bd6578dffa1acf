// SPDX-License-Identifier: GPL-2.0
/*
 * Touch cache lines, which a plugin of QEMU (lines/plugin.c) counts
 *
 * usage: lines USERTIME.KO LEAST.KO
 *
 * Does the same things with 1,000 and with 4,000 processes, and prints a line
 * "what,processes" for each line that the plugin writes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lines/plugin.h"
#include "usertime.h"

#define PROCESSES	4000
#define ROUNDS		3	/* other work of the kernel only adds lines */
#define PARAMETERS	"/sys/module/usertime/parameters/"
#define LEAST		"/sys/module/least/parameters/"

static int count;
static int pids[PROCESSES];
static int stat_fds[PROCESSES];
static int status_fd;
static char text[PROCESSES * 40];

static void die(const char *what)
{
	fprintf(stderr, "lines: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_file(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		die(path);
	close(fd);
}

static void load_module(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_finit_module, fd, parameters, 0))
		die(path);
	close(fd);
}

/* Tells the plugin to begin or to end. */
static void mark(unsigned long address)
{
	asm volatile("ldr xzr, [%0]" : : "r" (address) : "memory");
}

static int open_stat(int i)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void read_stat(int fd)
{
	if (pread(fd, text, 4096, 0) < 0)
		die("/proc/PID/stat");
}

/* Starts processes that sleep, each with memory of its own. */
static void start_processes(void)
{
	char pid[16];

	write_file("/proc/sys/kernel/ns_last_pid", "9999");
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork(2)");
		while (!pids[i])
			pause();
		snprintf(pid, sizeof(pid), "%d", pids[i]);
		write_file(LEAST "add", pid);
	}
	sleep(1);
	write_file(LEAST "age", "40 10");
}

/* The updates differ only in what the processes have done before. */
static void update(void)
{
	struct pollfd news = { .fd = status_fd, .events = POLLPRI };

	if (pread(status_fd, text, sizeof(text), 0) < 0)
		die("reading the list");
	mark(PLUGIN_BEGIN);
	write_file(PARAMETERS "period_ms", "10");
	if (poll(&news, 1, -1) != 1)
		die("poll(2)");
	mark(PLUGIN_END);
	write_file(PARAMETERS "period_ms", "3600000");
}

static void read_list(void)
{
	mark(PLUGIN_BEGIN);
	if (pread(status_fd, text, sizeof(text), 0) < 0)
		die("reading the list");
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
		int fd = open_stat(i);

		read_stat(fd);
		close(fd);
	}
	mark(PLUGIN_END);
}

static void report(const char *what)
{
	printf("%s,%d\n", what, count);
}

static void touch(int processes)
{
	for (; count < processes; count++) {
		if (dprintf(status_fd, "%d", pids[count]) < 0)
			die("registering a process");
		stat_fds[count] = open_stat(count);
	}
	usleep(200000);		/* until this has been announced */
	for (int i = 0; i < ROUNDS; i++) {
		update();
		report("an update: all asleep");
		write_file(LEAST "run", "1");
		update();
		report("an update: all active");
		read_list();
		report("a read of the list");
		read_kept_stats();
		report("/proc/PID/stat kept open");
		read_new_stats();
		report("/proc/PID/stat opened each time");
	}
}

int main(int argc, char **argv)
{
	const struct rlimit many = { 10000, 10000 };

	if (argc != 3) {
		fprintf(stderr, "usage: lines USERTIME.KO LEAST.KO\n");
		return 1;
	}
	if (mmap((void *)PLUGIN_PAGE, 4096, PROT_READ, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("mmap(2)");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (setrlimit(RLIMIT_NOFILE, &many))
		die("setrlimit(2)");
	load_module(argv[1], "period_ms=3600000");
	load_module(argv[2], "");
	status_fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	if (status_fd < 0)
		die(URT_STATUS_PATH);
	start_processes();
	touch(PROCESSES / 4);
	touch(PROCESSES);
	return 0;
}
