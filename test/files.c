// SPDX-License-Identifier: GPL-2.0
/*
 * The table under "Files": the paths, their modes and the parameters'
 * defaults; "created at load, removed at unload"; "anyone may do both". The
 * module "prints nothing to the kernel log when all is well".
 */
#include "process.h"
#include "urt.h"

static void mode_is(const char *path, unsigned int mode)
{
	struct stat st;

	if (stat(path, &st))
		die("%s is there", path);
	if (!ok(st.st_mode == mode, "the mode of %s", path))
		diag("seen %o, expected %o", st.st_mode, mode);
}

static void anyone(void *unused)
{
	pid_t pid = getpid();
	int fd;

	(void)unused;
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		die("a child becomes nobody");
	fd = status_open();
	status_register(fd, pid);
	ok(time_now(fd, pid) >= 0, "user nobody may write and read");
}

int main(void)
{
	int log = log_open();
	pid_t child;

	plan(12);
	mode_is("/proc/urt", S_IFDIR | 0555);
	mode_is(URT_STATUS_PATH, S_IFREG | 0666);
	mode_is(PARAMETERS "period_ms", S_IFREG | 0644);
	mode_is(PARAMETERS "max_processes", S_IFREG | 0644);
	is(parameter("period_ms"), 5000, "the default of period_ms");
	is(parameter("max_processes"), 4096, "the default of max_processes");

	child = start(anyone, NULL);
	reap(child);

	is(unload(), 0, "the module unloads");
	ok(access("/proc/urt", F_OK) && errno == ENOENT, "/proc/urt is gone");
	is(load(""), 0, "the module loads");
	ok(!access(URT_STATUS_PATH, F_OK), "the file is there again");
	is(log_lines(log), 0, "nothing is logged");
	return done();
}
