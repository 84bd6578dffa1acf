// SPDX-License-Identifier: GPL-2.0
/*
 * "urt run COMMAND [ARG...]: registers the command before its first
 * instruction, runs it, passes on signals and its exit status"; it "reports
 * real, user and system time next to the module's figure and says what each
 * counts: itself and with its children. It ends the way its command ended, by
 * the same signal."
 */
#include "tool.h"

static int fd;
static char self[4096];

#define TIMES \
	"itself: user %lf s (usertime), real %lf s\n" \
	"with its children: user %lf s (wait4), system %lf s\n"

/* The times that urt has reported, in microseconds, or -1. */
struct report {
	long long module, real, user, system;
};

static struct report read_report(void)
{
	const char *text = strstr(tool.text, "itself: ");
	struct report report = { -1, -1, -1, -1 };
	double module, real, user, system;

	if (text && sscanf(text, TIMES, &module, &real, &user, &system) == 4)
		report = (struct report){
			module * 1000000 + 0.5, real * 1000000 + 0.5,
			user * 1000000 + 0.5, system * 1000000 + 0.5,
		};
	else
		diag("no times in: %s", tool.text);
	return report;
}

static void times(void)
{
	struct report seen;
	char line[4200];
	double before;

	set_period(500);
	before = now_ms();
	is(tool_run("run", self, "300"), 0, "run");
	before = now_ms() - before;
	seen = read_report();
	is_near(seen.module, seen.user, TICK, "it reports the final time");
	ok(seen.module >= 150000, "it covers all that the command did");
	if (!ok(seen.real >= 300000 && seen.real <= 1000 * before,
		"the real time is 300 ms or more, but not more than passed"))
		diag("%lld us, %.0f ms passed", seen.real, before);

	snprintf(line, sizeof(line), "%s 300; exit 7", self);
	is(tool_run("run", "sh", "-c", line), 7,
	   "it exits with the status of the command");
	seen = read_report();
	if (!ok(seen.module >= 0 && seen.module < 150000 &&
		seen.user >= seen.module + 100000,
		"children count for wait4(2) only"))
		diag("%lld us, %lld us (wait4)", seen.module, seen.user);
	tool_run("run", self, "0", "300");
	seen = read_report();
	if (!ok(seen.system >= 50000, "it reports the system time"))
		diag("%lld us", seen.system);

	tool_run("run", "sh", "-c", "grep ^$$: /proc/urt/status");
	ok(strchr(tool.text, ':') < strstr(tool.text, "itself"),
	   "the command finds itself registered");
	set_period(20);
	tool_run("run", "sh", "-c", "echo -$$ >/proc/urt/status");
	said("itself:             user unknown, it is not registered (usertime), real ",
	     "urt reports that the command has unregistered itself");
}

static void failures(void)
{
	char max[16];

	is(tool_run("run", "/no/such/command"), 127, "a missing command fails");
	said("urt: /no/such/command: No such file or directory\n",
	     "urt says so");
	is(tool_run("run", "/tmp"), 126, "a command that cannot run fails");
	said("urt: /tmp: Permission denied\n", "urt says why");
	is(tool_run("run"), 125, "run without a command fails");
	snprintf(max, sizeof(max), "%ld", parameter("max_processes"));
	set_parameter("max_processes", 0);
	if (!tool_fork()) {
		if (setuid(65534))
			die("a child becomes nobody");
		tool_exec("run", "true", NULL);
	}
	is(tool_ends(), 125, "a command that cannot be registered fails");
	said(": No space left on device\n", "urt says why");
	parameter_write("max_processes", max);
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

/* Without an update at the end, urt reports the last time that is known. */
static void no_update(void)
{
	siginfo_t info = { 0 };
	pid_t command;

	stop_updates();
	is(tool_run("run", "--now", "sh", "-c", "exit 3"), 3,
	   "run --now does not wait for an update");
	said(" s so far (usertime), ", "it reports the time so far");
	tool_start("run", "sh", "-c", "echo $$ ends; exit 4");
	if (!tool_says(0, " ends\n"))
		die("the command runs");
	command = atoi(tool.text);
	while (strchr("RSD", state(command)))	/* it would get SIGINT */
		usleep(1000);
	while (!info.si_pid) {	/* urt may not know yet that it has ended */
		kill(tool.pid, SIGINT);
		usleep(10000);
		if (waitid(P_PID, tool.pid, &info,
			   WEXITED | WNOHANG | WNOWAIT))
			die("waitid(2)");
	}
	is(tool_ends(), 4, "SIGINT ends the wait");
	said(" s so far (usertime), ", "it reports the time so far");
	set_period(20);
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
	said("got it\n", "the command catches it");

	tool_start("run", "sh", "-c", work);
	tool_says(0, " ready\n");
	pid = atoi(tool.text);
	kill(tool.pid, SIGTSTP);
	is(waitpid(tool.pid, &status, WUNTRACED), tool.pid,
	   "after SIGTSTP, urt changes its state");
	ok(WIFSTOPPED(status), "SIGTSTP stops urt");
	while (state(pid) != 'T')
		usleep(1000);
	kill(tool.pid, SIGCONT);
	while (state(pid) == 'T')
		usleep(1000);
	kill(tool.pid, SIGTERM);
	is(tool_ends(), -1 - SIGTERM, "SIGCONT and SIGTERM are passed on, too");
}

/*
 * The signal that ends the command also ends urt, even if urt ignored that
 * signal before. urt itself leaves no core file.
 */
static void same_signal(void)
{
	static const int ends[] = { SIGHUP, SIGKILL, SIGSEGV, SIGTERM,
				    SIGUSR1 };
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	char number[16];
	int status;

	if (chdir("/tmp"))
		die("/tmp is there for core files");
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(number, sizeof(number), "%d", ends[i]);
		if (!tool_fork()) {
			setrlimit(RLIMIT_CORE, &limit);
			signal(ends[i], SIG_IGN);
			tool_exec("run", self, "0", "0", number, NULL);
		}
		while (tool_read())
			;
		close(tool.out);
		waitpid(tool.pid, &status, 0);
		is(WIFSIGNALED(status) ? WTERMSIG(status) : 0, ends[i],
		   "signal %d ends urt as well", ends[i]);
		ok(!WCOREDUMP(status) && !!strstr(tool.text, "itself: "),
		   "after its report, and without a core file");
	}
	unlink("core");
}

/*
 * Returns the mask of signals of a kind, "SigIgn" or "SigBlk", without 32 and
 * 33, which the C library uses itself. Its posix_spawn(3), which make uses,
 * ignores them.
 */
static long long own_signals(const char *kind)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long mask = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, kind, strlen(kind)))
			sscanf(line + strlen(kind), ": %llx", &mask);
	if (file)
		fclose(file);
	return mask & ~(3ULL << 31);
}

int main(int argc, char **argv)
{
	if (argc > 1) {		/* as the command that urt runs */
		spin(atoi(argv[1]));
		if (argc > 2)
			spin_in_kernel(atoi(argv[2]));
		if (argc > 3) {
			signal(atoi(argv[3]), SIG_DFL);
			raise(atoi(argv[3]));
		}
		return 0;
	}
	if (!realpath(argv[0], self))
		die("the path of this test is found");
	plan(2 + 9 + 7 + 4 + 5 + 10 + 2);
	is(own_signals("SigIgn"), 0, "the test ignores no signal");
	is(own_signals("SigBlk"), 0, "the test blocks no signal");
	fd = status_open();
	times();
	failures();
	no_update();
	signals();
	same_signal();
	close(fd);
	unload();
	is(tool_run("run", "true"), 125, "run without the module fails");
	said("is the module loaded?", "urt asks for it");
	return done();
}
