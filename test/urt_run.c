// SPDX-License-Identifier: GPL-2.0
/*
 * "urt run COMMAND [ARG...]: registers the command before its first
 * instruction, runs it, passes on signals and its exit status, and prints its
 * final user time as the module saw it beside what wait4(2) says."
 */
#include "tool.h"

static int fd;
static char self[4096];

/* The two times that it has told, in microseconds; -1 for none. */
static void told(long long *module, long long *waited)
{
	const char *text = strstr(tool.text, "user time: ");
	double one, other;

	*module = -1;
	*waited = -1;
	if (text && sscanf(text, "user time: %lf s (usertime), %lf s (wait4)\n",
			   &one, &other) == 2) {
		*module = one * 1000000 + 0.5;
		*waited = other * 1000000 + 0.5;
	} else {
		diag("no times in: %s", tool.text);
	}
}

static void times(void)
{
	long long module, waited;
	char line[4200];

	set_period(500);
	is(tool_run("run", self, "300"), 0, "run");
	told(&module, &waited);
	is_near(module, waited, TICK, "tells the final time");
	ok(module >= 150000, "of all that the command did");

	snprintf(line, sizeof(line), "%s 300; exit 7", self);
	is(tool_run("run", "sh", "-c", line), 7, "the status of the command");
	told(&module, &waited);
	ok(module >= 0 && module < 150000 && waited >= module + 100000,
	   "its children count for wait4(2) only");

	tool_run("run", "sh", "-c", "grep ^$$: /proc/urt/status");
	ok(strchr(tool.text, ':') < strstr(tool.text, "user time"),
	   "it finds itself registered");
	set_period(20);
	tool_run("run", "sh", "-c", "echo -$$ >/proc/urt/status");
	said("user time: unknown, it is not registered (usertime), ",
	     "and may change that");
}

static void failures(void)
{
	char max[16];

	is(tool_run("run", "/no/such/command"), 127, "no such command");
	said("urt: /no/such/command: No such file or directory\n", "says so");
	is(tool_run("run", "/tmp"), 126, "a command that cannot be run");
	said("urt: /tmp: Permission denied\n", "says why");
	is(tool_run("run"), 125, "no command");
	snprintf(max, sizeof(max), "%ld", parameter("max_processes"));
	set_parameter("max_processes", 0);
	if (!tool_fork()) {
		if (setuid(65534))
			die("another user");
		tool_exec("run", "true", NULL);
	}
	is(tool_ends(), 125, "one that cannot be registered");
	said(": No space left on device\n", "says why");
	parameter_write("max_processes", max);
}

/* It tells what is known when it need not, or may not, wait. */
static void no_update(void)
{
	siginfo_t info = { 0 };

	stop_updates();
	is(tool_run("run", "--now", "sh", "-c", "exit 3"), 3,
	   "run --now does not wait for an update");
	said(" s (usertime, so far), ", "and says so");
	tool_start("run", "sh", "-c", "exit 4");
	while (!info.si_pid) {	/* the first may come before the command ends */
		kill(tool.pid, SIGINT);
		usleep(10000);
		if (waitid(P_PID, tool.pid, &info,
			   WEXITED | WNOHANG | WNOWAIT))
			die("waitid(2)");
	}
	is(tool_ends(), 4, "SIGINT ends the wait");
	said(" s (usertime, so far), ", "and it says so");
	set_period(20);
}

static char state(pid_t pid)
{
	char path[32], state = '?';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "r");
	if (stat && fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (stat)
		fclose(stat);
	return state;
}

static void signals(void)
{
	const char *work = "trap 'echo got it; exit 3' USR1; echo $$ ready;"
			   "while :; do sleep 0.1; done";
	int status;
	pid_t pid;

	tool_start("run", "sh", "-c", work);
	tool_says(0, " ready\n");
	kill(tool.pid, SIGUSR1);
	is(tool_ends(), 3, "SIGUSR1 is passed on");
	said("got it\n", "and caught by the command");

	tool_start("run", "sh", "-c", work);
	tool_says(0, " ready\n");
	pid = atoi(tool.text);
	kill(tool.pid, SIGTSTP);
	is(waitpid(tool.pid, &status, WUNTRACED), tool.pid, "SIGTSTP");
	ok(WIFSTOPPED(status), "stops urt");
	while (state(pid) != 'T')
		usleep(1000);
	kill(tool.pid, SIGCONT);
	while (state(pid) == 'T')
		usleep(1000);
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 128 + SIGTERM, "SIGCONT and SIGTERM are passed on, too");
}

int main(int argc, char **argv)
{
	if (argc > 1) {		/* as the command that urt runs */
		spin(atoi(argv[1]));
		return 0;
	}
	if (!realpath(argv[0], self))
		die("the path of this test");
	plan(7 + 7 + 4 + 5 + 2);
	fd = status_open();
	times();
	failures();
	no_update();
	signals();
	close(fd);
	unload();
	is(tool_run("run", "true"), 125, "run without the module");
	said("is the module loaded?", "asks for it");
	return done();
}
