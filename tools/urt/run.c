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

/* The process that has the line of @pid; NULL if there is none. */
static struct process *find_line(const struct status *status, pid_t pid)
{
	for (size_t i = 0; i < status->count; i++) {
		if (status->processes[i].pid == pid)
			return &status->processes[i];
	}
	return NULL;
}

/*
 * Starts the command, registered before its first instruction, with @mask.
 * Does not return if that fails: the child has said why, and sends a byte.
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
 * Takes a signal and passes it on to the command, unless it came from there,
 * or from the terminal, which sends it to both. Return: its number, or 0.
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
		take_default(SIGTSTP);
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
 * Waits for an update, for what the module has found of a process that has
 * ended: until it is reaped its number is no other's, and nothing is added to
 * its time. Return: false if a signal came before that.
 */
static bool final_update(struct status *status, int signals, pid_t pid)
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

/* All signals, but those that tell of a fault of our own, or of the terminal. */
static void fill_signals(sigset_t *set)
{
	static const int not[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV,
				   SIGSYS, SIGTRAP, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(not) / sizeof(*not); i++)
		sigdelset(set, not[i]);
}

/*
 * Reports the time that the command has used: @process is its line, NULL if it
 * has none, whose time is the @final one or not. The command ran for @real
 * seconds.
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
 * Ends the way a command with the status @end did. A signal leaves no core file
 * of urt beside that of the command. Return: the exit status.
 */
static int end_like(int end)
{
	if (!WIFSIGNALED(end))
		return WEXITSTATUS(end);
	prctl(PR_SET_DUMPABLE, 0);
	signal(WTERMSIG(end), SIG_DFL);
	take_default(WTERMSIG(end));
	return 128 + WTERMSIG(end);	/* no signal ends process 1 so */
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
		want_arguments(command, argc, 1);
	status.fd = status_open(O_RDWR);
	signal(SIGCHLD, SIG_DFL);	/* ignored, children are reaped at once */
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
	final = !at_once && final_update(&status, signals, pid);
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
	"Run COMMAND, registered before its first instruction. When it has ended,\n"
	"report its own user time (from the module, after the next update), the real\n"
	"time, and the user and system time with its children (from wait4(2)).\n"
	"urt run ends the way COMMAND does: with its exit status, or by the same\n"
	"signal.\n"
	"\n"
	"  -0, --now           do not wait for that update\n",
	urt_run
};
