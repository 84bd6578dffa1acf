// SPDX-License-Identifier: GPL-2.0
/*
 * urt run: runs a command and reports its user time
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "urt.h"

/* Returns the process with the line of @pid, or NULL if there is no line. */
static struct process *find_line(const struct status *status, pid_t pid)
{
	for (size_t i = 0; i < status->count; i++) {
		if (status->processes[i].pid == pid)
			return &status->processes[i];
	}
	return NULL;
}

/*
 * Starts the command with the signal mask @mask, and registers it before its
 * first instruction. If that fails, the child prints the error and sends a
 * byte, and the parent exits.
 */
static pid_t start(int status, char **argv, const sigset_t *mask)
{
	int report[2], end;
	pid_t pid;
	char byte;

	if (pipe2(report, O_CLOEXEC))
		err(failure, "pipe");
	pid = fork();
	if (pid < 0)
		err(failure, "fork");
	if (!pid) {
		if (write_id(status, getpid())) {
			sigprocmask(SIG_SETMASK, mask, NULL);
			execvp(*argv, argv);
			failure = errno == ENOENT ? 127 : 126;
			warn("%s", *argv);
		} else {
			warn_of_id(getpid());
		}
		dprintf(report[1], "!");
		_exit(failure);
	}
	close(report[1]);
	if (read(report[0], &byte, 1) == 1) {
		waitpid(pid, &end, 0);
		exit(WIFEXITED(end) ? WEXITSTATUS(end) : failure);
	}
	close(report[0]);
	return pid;
}

/*
 * Reads a signal and passes it on to the command, unless the sender is the
 * command itself or the terminal, which sends signals to both. Returns the
 * signal's number, or 0.
 */
static int pass_signal(int signals, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL &&
	    (pid_t)info.ssi_pid != pid)
		kill(pid, info.ssi_signo);
	if (info.ssi_signo == SIGTSTP)
		take_default_action(SIGTSTP);
	return info.ssi_signo;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
		err(failure, "waitid");
	return info.si_pid == pid;
}

/*
 * Waits until an update has found the final time of the ended process @pid.
 * Until it is reaped, its PID is not reused, and its time does not change.
 * Returns false if a signal ends the wait.
 */
static bool wait_for_final_time(struct status *status, int signals, pid_t pid)
{
	int signal;

	for (;;) {
		if (!find_line(status, pid))
			return true;
		if (wait_for(status->fd, signals, -1, -1) & SIGNAL) {
			signal = pass_signal(signals, pid);
			if (signal == SIGHUP || signal == SIGINT ||
			    signal == SIGQUIT || signal == SIGTERM)
				return false;
			continue;
		}
		status_read(status);
		if (status->update)
			return true;
	}
}

/* Fills @set with all signals except those for faults and terminal access. */
static void fill_signals(sigset_t *set)
{
	static const int excluded[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV,
					SIGSYS, SIGTRAP, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
		sigdelset(set, excluded[i]);
}

/*
 * Reports the time that the command has used. @process is its line, or NULL if
 * it has none. @final says whether the time in the line is final. The command
 * ran for @real seconds.
 */
static void report(const struct process *process, bool final, double real,
		   const struct rusage *usage)
{
	fputs("itself:             user ", stderr);
	if (process) {
		put_seconds(stderr, process->time);
		fprintf(stderr, " s%s (usertime)", final ? "" : " so far");
	} else {
		fputs("unknown, it is not registered (usertime)", stderr);
	}
	fprintf(stderr, ", real %.6f s\n", real);
	fprintf(stderr,
		"with its children:  user %lld.%06ld s (wait4), system %lld.%06ld s\n",
		(long long)usage->ru_utime.tv_sec,
		(long)usage->ru_utime.tv_usec,
		(long long)usage->ru_stime.tv_sec,
		(long)usage->ru_stime.tv_usec);
}

/*
 * Ends in the same way as the command, whose status is @end. urt dumps no core
 * of its own. Returns the exit status.
 */
static int end_like(int end)
{
	if (!WIFSIGNALED(end))
		return WEXITSTATUS(end);
	prctl(PR_SET_DUMPABLE, 0);
	signal(WTERMSIG(end), SIG_DFL);
	take_default_action(WTERMSIG(end));
	return 128 + WTERMSIG(end);	/* signals do not end process 1 */
}

static int urt_run(const struct command *command, int argc, char **argv)
{
	const struct process *process;
	bool at_once = false, final;
	struct status status = { 0 };
	sigset_t set, mask;
	struct rusage usage;
	int signals, end;
	double real;
	pid_t pid;

	failure = 125;
	while (next_option(command, argc, argv) != -1)
		at_once = true;
	if (optind == argc)
		require_arguments(command, argc, 1);
	status.fd = status_open(O_RDWR);
	signal(SIGCHLD, SIG_DFL);	/* SIG_IGN would reap the command */
	fill_signals(&set);
	signals = open_signals(&set, &mask);
	real = now();
	pid = start(status.fd, argv + optind, &mask);
	while (!has_ended(pid)) {
		wait_for(-1, signals, -1, -1);
		pass_signal(signals, pid);
	}
	real = now() - real;
	status_read(&status);
	final = !at_once && wait_for_final_time(&status, signals, pid);
	process = find_line(&status, pid);
	if (wait4(pid, &end, 0, &usage) != pid)
		err(failure, "wait4");
	report(process, final, real, &usage);
	return end_like(end);
}

static const struct option options[] = {
	HELP_OPTION,
	{ "now", no_argument, NULL, '0' },
	{ }
};

const struct command run_command = {
	"run", "+0", options, "run [-0] COMMAND [ARGUMENT...]",
	"Register COMMAND before its first instruction, and run it. When it has ended,\n"
	"report its own user time (from the module, after the next update), the real\n"
	"time, and its user and system time including its children (from wait4(2)).\n"
	"urt run ends in the same way as COMMAND: with its exit status, or by the same\n"
	"signal.\n"
	"\n"
	"  -0, --now           do not wait for the next update\n",
	urt_run
};
