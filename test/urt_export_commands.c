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

/* Of the text in @seen, every total is in the file, and has not fallen since. */
static int fallen;
static char seen[EXPORTED_SIZE];

/* The value of series @name of @comm in @text, without its point; -1: none. */
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

/* Compare the totals in the file with those that were in it before. */
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

/* Wait until the file says this of @comm, for at most 30 s; -1: any. */
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

/* A child with this name that has used some time and rests. */
static pid_t start_resting(const char *name)
{
	pid_t pid = start_named(name, 20);

	leaves_cpu(pid);
	return pid;
}

/* Let a child that rests use some more. Returns what its line then says. */
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
 * Two of that name started before the export: @listed has a line, and @unlisted
 * gets one later.
 */
static void started_before(pid_t listed, pid_t unlisted)
{
	long long first = time_now(fd, listed), used;

	ok(says("old", 0, 1), "what was used before the export does not count");
	used = use_more(listed) - first;
	ok(says("old", used, 1), "what is used after that does");
	status_register(fd, unlisted);
	first = time_now(fd, unlisted);
	ok(says("old", used, 2),
	   "what was used before a later first line does not");
	used += use_more(unlisted) - first;
	ok(says("old", used, 2), "what is used after that does");
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
	ok(says("new", used, 2), "all that new processes have used counts");
	for (int i = 0; i < 2; i++)
		go_on(pids[i]);
	spin(20);
	set_period(1000);	/* so that urt sees each, however slow it is */
	used = 0;
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		used += final_time(pids[i]);
	}
	ok(says("new", used, 0),
	   "and still does when they have ended, to the last microsecond");
}

/* Each program ends when urt has seen its name. */
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
	   "%d programs, one after the other, are all in it", PROGRAMS);
}

/*
 * Register a child and end it while urt is stopped, which then can read neither
 * its name nor its start. Returns what its line says for 3 s.
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

	ok(says("?", used, -1), "one that is gone at once counts as '?'");
}

static void registered_again(void)
{
	pid_t pid = start_resting("again");
	long long used, gone;

	status_register(fd, pid);
	used = time_now(fd, pid);
	says("again", used, 1);
	status_write(fd, "-%d", pid);
	ok(says("again", used, 0), "a process may be unregistered");
	status_register(fd, pid);
	ok(says("again", used, 1), "and again registered: nothing counts twice");
	used = use_more(pid);
	ok(says("again", used, 1), "and what it uses then counts");
	status_write(fd, "-%d", pid);
	says("again", used, 0);
	gone = value(exported(), TOTAL, "?");
	used = end_unseen(pid);
	ok(says("again", used, 0) && says("?", gone, 0),
	   "also if it has ended before urt sees it again");
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

/* urt reads the name again when the process registers again. */
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
	   "with a new name, more time counts for that");
	used = use_more(pid);
	ok(says("after", used - before, 1) && says("before", before, 0),
	   "and for that alone");
	status_write(fd, "-%d", pid);
	end(pid);
}

/* What is shown of two names is the same. */
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
	   "and no second, which Prometheus would refuse");
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
	is(tool_signaled(SIGTERM), 0, "it ends");

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
