// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that others wrote to break kernels: stress-ng and trinity. A user
 * without privileges runs each of them for a minute, while processes are
 * registered and unregistered. Afterward, the module still works. scripts/tap
 * shows whether the kernel has reported anything.
 */
#define TAP_SECONDS	1200

#include "process.h"
#include "urt.h"

#include <grp.h>

#define NOBODY	65534
#define SECONDS	60
#define ROOM	"/tmp/strangers"
#define LOG	ROOM "/log"

/* One worker per CPU, so that the list changes all the time. */
#define STRESS(what)	{ "/test/stress-ng", "--" what, "0", \
			  "--temp-path", ROOM, NULL }

static char *strangers[][8] = {
	STRESS("procfs"), STRESS("pidfd"), STRESS("fork"), STRESS("vfork"),
	STRESS("clone"), STRESS("zombie"), STRESS("exec"),
	{ "/test/trinity", "-q", "-l", "off", "-V", URT_STATUS_PATH,
	  "--enable-fds=pseudo,testfile,pipes", NULL },
};

#define STRANGERS	(sizeof(strangers) / sizeof(*strangers))

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		die("the test becomes user %d", NOBODY);
}

static void run_stranger(void *argv)
{
	become_nobody();
	if (chdir(ROOM) || !freopen(LOG, "w", stdout) || dup2(1, 2) < 0)
		_exit(1);
	execv(*(char **)argv, argv);
	perror(*(char **)argv);
	_exit(1);
}

static void end_all_of_nobody(void *unused)
{
	(void)unused;
	become_nobody();
	kill(-1, SIGKILL);
}

/* Registers all processes, reads the list, and unregisters those listed. */
static void go_round(int fd)
{
	static struct list list;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		die("/proc opens");
	while ((entry = readdir(proc)))
		if (atoi(entry->d_name))
			status_write(fd, "%s", entry->d_name);
	closedir(proc);
	list_read(fd, &list);
	for (int i = 0; i < list.lines; i++)
		status_write(fd, "-%d", list.line[i].pid);
}

static void meet(int fd, char **argv)
{
	long long end = now_ms() + SECONDS * 1000;
	pid_t pid = start(run_stranger, argv);
	int rounds = 0, status = 0, ended = 0;

	for (; !ended && now_ms() < end; rounds++) {
		go_round(fd);
		ended = waitpid(pid, &status, WNOHANG);
	}
	diag("%s %s: %d rounds", argv[0], argv[1], rounds);
	if (!ok(!ended && rounds > 1, "%s %s runs", argv[0], argv[1])) {
		diag("its status is %#x, and its output:", status);
		system("tail " LOG " | sed 's/^/# /'");
	}

	start(end_all_of_nobody, NULL);
	while (waitpid(-1, NULL, 0) > 0)	/* its orphans, too */
		;
}

static void still_works(int fd)
{
	int ms = 200;
	pid_t pid = start(spin_and_stop_work, &ms);
	long long used = rest_time(pid);

	status_register(fd, pid);
	is(time_now(fd, pid), used, "the module still works");
	end(pid);
}

int main(void)
{
	int fd;

	plan(2 * STRANGERS);
	if (mkdir(ROOM, 0777) || chmod(ROOM, 0777) || symlink("/test", "/lib"))
		die("the strangers' folders can be made");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fd = status_open();
	set_period(URT_PERIOD_MS_MIN);
	for (size_t i = 0; i < STRANGERS; i++) {
		meet(fd, strangers[i]);
		still_works(fd);
	}
	return done();
}
