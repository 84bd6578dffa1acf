// SPDX-License-Identifier: GPL-2.0
/*
 * usertime, its file kept open or opened for each read
 *
 * A sample is an update by the module and a read. A program that keeps the file
 * open waits for the update with poll(2). The other one sleeps for a period.
 */
#include "shared.h"

#define PERIOD_MS	100
#define LINE_SIZE	32	/* or more than a line takes */

static char text[PROCESSES_MAX * LINE_SIZE + 1];
static int fd;

static int start(int unused)
{
	(void)unused;
	load_module(usertime_ko, "max_processes=1000000");
	set_period(PERIOD_MS);
	fd = status_open();
	return 0;
}

static int add(int i)
{
	char pid[16];
	int length = snprintf(pid, sizeof(pid), "%d", pids[i]);

	return write(fd, pid, length) < 0 ? -errno : 0;
}

static void sample_kept(void)
{
	ssize_t length;

	changed(fd, -1);
	length = pread(fd, text, sizeof(text) - 1, 0);
	if (length < 0)
		die("the list can be read");
	text[length] = 0;
}

static void sample_opened(void)
{
	ssize_t length;
	size_t end = 0;
	int file;

	usleep(PERIOD_MS * 1000);
	file = open(URT_STATUS_PATH, O_RDONLY | O_CLOEXEC);
	do {
		length = read(file, text + end, sizeof(text) - 1 - end);
		if (length < 0)
			die("the list can be read");
		end += length;
	} while (length);
	text[end] = 0;
	close(file);
}

static long long time_of(int i)
{
	long long time;
	int pid;

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%d: %lld", &pid, &time) == 2 &&
		    pid == pids[i])
			return time * 1000;
	}
	return -1;
}

static void stop(void)
{
	close(fd);
	if (unload())
		die("usertime unloads");
}

const struct peer peer_usertime = {
	.name = "usertime (kept open)",
	.unit = "us",
	.user_alone = true,
	.start = start,
	.add = add,
	.sample = sample_kept,
	.time = time_of,
	.stop = stop,
};

const struct peer peer_usertime_opened = {
	.name = "usertime (opened for each read)",
	.unit = "us",
	.user_alone = true,
	.start = start,
	.add = add,
	.sample = sample_opened,
	.time = time_of,
	.stop = stop,
};
