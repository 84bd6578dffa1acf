// SPDX-License-Identifier: GPL-2.0
/*
 * "urt export adds, for each command name, usertime_command_user_seconds_total:
 * the time that all processes of that name have used since the export began,
 * including those that have ended. A process that started after the export
 * began counts with all of its time; any other counts with what it used after
 * its first line. The value never falls." "usertime_command_processes says how
 * many processes run; a count of 0 is reported."
 */
#include "exported.h"

#define TOTAL		"usertime_command_user_seconds_total"
#define PROCESSES	"usertime_command_processes"
#define PROGRAMS	8

static int fd;

/* How many totals have fallen, and the file's text when last compared. */
static int fallen;
static char seen[EXPORTED_SIZE];

/* Returns the value of @name{comm=@comm} in @text, without its point; or -1. */
static long long value(const char *text, const char *name, const char *comm)
{
	char series[128];
	const char *at;
	long long whole;
	int parts, fraction = 0;

	snprintf(series, sizeof(series), "\n%s{comm=\"%s\"} ", name, comm);
	at = strstr(text, series);
	if (!at)
		return -1;
	parts = sscanf(at + strlen(series), "%lld.%6d", &whole, &fraction);
	return parts == 2 ? whole * 1000000 + fraction : whole;
}

/* Compares the totals in @text with those in the last text. */
static void look_for_falls(const char *text)
{
	const char *series = seen;
	char comm[64];

	while ((series = strstr(series, "\n" TOTAL "{comm=\""))) {
		long long before, now;

		series += strlen("\n" TOTAL "{comm=\"");
		snprintf(comm, sizeof(comm), "%.*s",
			 (int)strcspn(series, "\""), series);
		before = value(seen, TOTAL, comm);
		now = value(text, TOTAL, comm);
		if (now < before) {
			diag("%s: seen %lld, before %lld", comm, now, before);
			fallen++;
		}
	}
	strcpy(seen, text);
}

/* Waits up to 30 s until the file has these values of @comm; -1 is any. */
static int says(const char *comm, long long total, long long processes)
{
	long long t = -1, p = -1;

	for (long long end = now_ms() + paced(30000); now_ms() < end;
	     usleep(10000)) {
		const char *text = exported();

		if (!*text)
			continue;
		look_for_falls(text);
		t = value(text, TOTAL, comm);
		p = value(text, PROCESSES, comm);
		if ((total < 0 || t == total) &&
		    (processes < 0 || p == processes))
			return 1;
	}
	diag("%s: seen %lld us of %lld processes, expected %lld of %lld", comm,
	     t, p, total, processes);
	return 0;
}

/* Starts a child with this name, which uses some time and rests. */
static pid_t start_resting(const char *name)
{
	pid_t pid = start_named(name, 20);

	leaves_cpu(pid);
	return pid;
}

/* Lets a resting child use more time. Returns the time on its line. */
static long long use_more(pid_t pid)
{
	go_on(pid);
	spin(20);
	stop(pid);
	leaves_cpu(pid);
	wait_update(fd);
	return time_now(fd, pid);
}

/*
 * Both processes started before the export. @listed has a line, @unlisted gets
 * one later.
 */
static void started_before(pid_t listed, pid_t unlisted)
{
	long long first = time_now(fd, listed), used;

	ok(says("old", 0, 1), "time used before the export does not count");
	used = use_more(listed) - first;
	ok(says("old", used, 1), "time used during the export counts");
	status_register(fd, unlisted);
	first = time_now(fd, unlisted);
	ok(says("old", used, 2),
	   "time used before a later first line does not count");
	used += use_more(unlisted) - first;
	ok(says("old", used, 2), "time used after that line counts");
}

static void started_since(void)
{
	long long used = 0;
	pid_t pids[2];

	for (int i = 0; i < 2; i++) {
		pids[i] = start_resting("new");
		status_register(fd, pids[i]);
		used += time_now(fd, pids[i]);
	}
	ok(says("new", used, 2), "all time of new processes counts");
	for (int i = 0; i < 2; i++)
		go_on(pids[i]);
	spin(20);
	set_period(1000);	/* enough for a slow urt to see each */
	used = 0;
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		used += final_time(pids[i]);
	}
	ok(says("new", used, 0),
	   "it still counts when they have ended, to the microsecond");
}

/* Each program ends after urt has seen its name. */
static void one_after_the_other(void)
{
	long long used = 0;

	for (int i = 0; i < PROGRAMS; i++) {
		pid_t pid = start_resting("short");

		status_register(fd, pid);
		in_file("{pid=\"%d\",comm=\"short\"} ", pid);
		go_on(pid);
		spin(20);
		kill(pid, SIGKILL);
		used += final_time(pid);
	}
	ok(says("short", used, 0),
	   "the times of %d programs, one after the other, add up", PROGRAMS);
}

/*
 * Registers a child and ends it while urt is stopped, so that urt can read
 * neither its name nor its start time. Returns its final time, which is listed
 * for 3 s.
 */
static long long end_unseen(pid_t pid)
{
	long long used;

	stop_updates();
	kill(tool.pid, SIGSTOP);
	status_register(fd, pid);
	go_on(pid);
	spin(20);
	kill(pid, SIGKILL);
	used = final_time(pid);
	first_update(fd, 3000);
	if (time_now(fd, pid) != used)
		die("the line has the final time, and is there for 3 s");
	kill(tool.pid, SIGCONT);
	return used;
}

static void gone_at_once(void)
{
	long long used = end_unseen(start_resting("gone"));

	ok(says("?", used, -1), "a process that ends too early counts as '?'");
}

static void registered_again(void)
{
	pid_t pid = start_resting("again");
	long long used, gone;

	status_register(fd, pid);
	used = time_now(fd, pid);
	says("again", used, 1);
	status_write(fd, "-%d", pid);
	ok(says("again", used, 0), "a process that unregisters still counts");
	status_register(fd, pid);
	ok(says("again", used, 1),
	   "when it registers again, nothing counts twice");
	used = use_more(pid);
	ok(says("again", used, 1), "time used after that counts");
	status_write(fd, "-%d", pid);
	says("again", used, 0);
	gone = value(exported(), TOTAL, "?");
	used = end_unseen(pid);
	ok(says("again", used, 0) && says("?", gone, 0),
	   "nothing counts twice if it ends before urt sees it");
	set_period(100);
}

static void rename_work(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "before");
	spin(20);
	raise(SIGSTOP);
	prctl(PR_SET_NAME, "after");
	raise(SIGSTOP);
	spin_work(NULL);
}

/* urt reads the name of a process again when it registers again. */
static void renamed(void)
{
	pid_t pid = start(rename_work, NULL);
	long long before, used;

	stopped(pid);
	leaves_cpu(pid);
	status_register(fd, pid);
	before = time_now(fd, pid);
	says("before", before, 1);
	status_write(fd, "-%d", pid);
	says("before", before, 0);
	next_stop(pid);
	leaves_cpu(pid);
	status_register(fd, pid);
	used = time_now(fd, pid);
	ok(says("after", used - before, 1) && says("before", before, 0),
	   "after a change of name, more time counts for the new name");
	used = use_more(pid);
	ok(says("after", used - before, 1) && says("before", before, 0),
	   "it does not count for the old name");
	status_write(fd, "-%d", pid);
	end(pid);
}

/* Two names that are shown in the same way. */
static void look_alike(void)
{
	static const char label[] = "a\\\\x01";
	pid_t one = start_resting("a\1"), other = start_resting("a\\x01");
	const char *first;

	status_register(fd, one);
	status_register(fd, other);
	ok(says(label, time_now(fd, one) + time_now(fd, other), 2),
	   "names that look alike have one total");
	first = strstr(seen, "\n" PROCESSES "{comm=\"a\\\\x01\"} ");
	ok(first && !strstr(first + 1, "\n" PROCESSES "{comm=\"a\\\\x01\"} "),
	   "no second series, which Prometheus would refuse");
	end(one);
	end(other);
}

int main(void)
{
	pid_t listed, unlisted;

	plan(4 + 2 + 1 + 1 + 4 + 2 + 2 + 1 + 3);
	mkdir(FOLDER, 0755);
	fd = status_open();
	listed = start_resting("old");
	unlisted = start_resting("old");
	status_register(fd, listed);
	set_period(100);
	tool_start("export", FILE_);
	started_before(listed, unlisted);
	started_since();
	one_after_the_other();
	gone_at_once();
	set_period(100);
	registered_again();
	renamed();
	look_alike();
	is(fallen, 0, "no total has ever fallen");
	is(tool_signaled(SIGTERM), 0, "SIGTERM ends urt, with status 0");

	*seen = '\0';
	tool_start("export", "--only-commands", FILE_);
	ok(says("old", 0, 2), "another export begins at 0");
	ok(!strstr(seen, "usertime_user_seconds_total"),
	   "--only-commands leaves out the series by PID");
	tool_signaled(SIGTERM);
	rmdir(FOLDER);
	end(listed);
	end(unlisted);
	return done();
}
