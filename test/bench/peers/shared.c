// SPDX-License-Identifier: GPL-2.0
/* What several methods use */
#include "shared.h"

int added;
long long *times;
int *fds;
char texts[TEXTS][TEXT_SIZE];

void start_times(int count)
{
	times = allocate(count, sizeof(*times));
	added = 0;
}

long long kept_time(int i)
{
	return times[i];
}

int open_proc(int i, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pids[i], name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int start_files(int count)
{
	fds = allocate(count, sizeof(*fds));
	added = 0;
	return 0;
}

int add_file(int i, int fd)
{
	if (fd < 0)
		return fd;
	fds[i] = fd;
	added = i + 1;
	return 0;
}

void read_text(int i, int fd)
{
	char *text = texts[i % TEXTS];
	ssize_t length = pread(fd, text, TEXT_SIZE - 1, 0);

	text[length < 0 ? 0 : length] = 0;
}

void read_files(void)
{
	for (int i = 0; i < added; i++)
		read_text(i, fds[i]);
}

void stop_files(void)
{
	for (int i = 0; i < added; i++)
		close(fds[i]);
	free(fds);
}

long long stat_time(const char *text)
{
	const char *field = strrchr(text, ')');
	unsigned long long ticks;

	if (!field || sscanf(field,
			     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu",
			     &ticks) != 1)
		return -1;
	return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}
