// SPDX-License-Identifier: GPL-2.0
/* cgroup v2: a cgroup for each process, the file cpu.stat kept open */
#include "shared.h"

#include <sys/mount.h>

#define ROOT	"/tmp/cgroup"

static int start(int count)
{
	mkdir(ROOT, 0755);
	if (mount("none", ROOT, "cgroup2", 0, NULL))
		return -errno;
	return start_files(count);
}

/* Moves pids[@i] to the cgroup at @path. */
static int move(int i, const char *path)
{
	char file[64], pid[16];
	int fd, length, error = 0;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	length = snprintf(pid, sizeof(pid), "%d", pids[i]);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, pid, length) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int add(int i)
{
	char path[32], file[64];
	int error, fd;

	snprintf(path, sizeof(path), ROOT "/%d", i);
	if (mkdir(path, 0755))
		return -errno;
	error = move(i, path);
	if (error)
		return error;
	snprintf(file, sizeof(file), "%s/cpu.stat", path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	return add_file(i, fd < 0 ? -errno : fd);
}

static long long time_of(int i)
{
	const char *user = strstr(texts[i], "user_usec ");

	return user ? atoll(user + strlen("user_usec ")) * 1000 : -1;
}

/* Some of the processes may have ended. */
static void stop(void)
{
	char path[32];

	for (int i = 0; i < added; i++) {
		move(i, ROOT);
		snprintf(path, sizeof(path), ROOT "/%d", i);
		if (rmdir(path))
			die("%s can be removed", path);
	}
	stop_files();
	if (umount(ROOT))
		die(ROOT " can be unmounted");
}

const struct peer peer_cgroup = {
	.name = "cgroup v2 for each (cpu.stat kept open)",
	.unit = "us",
	.user_alone = true,
	.root = true,
	.start = start,
	.add = add,
	.sample = read_files,
	.time = time_of,
	.stop = stop,
};
