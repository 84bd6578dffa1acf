// SPDX-License-Identifier: GPL-2.0
/*
 * "urt record: CSV (time, pid, microseconds, command), a row for each process
 * at every update, until interrupted." A name is quoted as in RFC 4180, with
 * unprintable characters escaped. A process that has gone keeps its name up to
 * its final time, even if another process has its number.
 */
#include "tool.h"

#define HEADER	"time,pid,microseconds,command\n"

static const char * const names[][2] = {
	{ "plain", ",plain\n" },
	{ "a,b \"c\"", ",\"a,b \"\"c\"\"\"\n" },
	{ "\033[2J\n\177", ",\\x1b[2J\\x0a\\x7f\n" },
	{ "gr\303\266\303\237e", ",gr\303\266\303\237e\n" },
	{ "\377\303 \302\205\300\200", ",\\xff\\xc3 \\xc2\\x85\\xc0\\x80\n" },
};

#define NAMES	((int)(sizeof(names) / sizeof(*names)))

static int fd;

/* Parses the row at @text. Returns the next one, or NULL if it is not a row. */
static char *row(char *text, double *time, pid_t *pid, long long *used)
{
	char *end = strchr(text, '\n'), *point = strchr(text, '.');
	int command = 0;

	if (sscanf(text, "%lf,%d,%lld,%n", time, pid, used, &command) != 3)
		return NULL;
	return end && command && point && point[4] == ',' ? end + 1 : NULL;
}

static double time_of_day(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Checks that each update has rows for all processes, in order, at one time. */
static void rows_are_right(const pid_t *pids, double begin, double end)
{
	char *text = tool.text + strlen(HEADER);
	long long used, last[NAMES] = { 0 };
	double time = 0, before = begin - 0.001;
	int rows = 0, ordered = 1, rising = 1;
	pid_t pid = 0;

	is(strncmp(tool.text, HEADER, strlen(HEADER)), 0, "the header");
	while (*text && (text = row(text, &time, &pid, &used))) {
		int i = rows++ % NAMES;

		ordered &= pid == pids[i] && used >= last[i];
		rising &= i ? time == before : time > before;
		last[i] = used;
		before = time;
	}
	if (!ok(text && rows >= 3 * NAMES && rows % NAMES == 0,
		"whole rows, one for each process"))
		diag("%d rows, expected %d, %d and so on, in:\n%s", rows,
		     3 * NAMES, 4 * NAMES, tool.text);
	ok(ordered, "in order, and no time decreases");
	ok(rising && time <= end, "all rows of an update have its time");
	is(last[0], time_now(fd, pids[0]),
	   "the last row has the time that is listed");
}

static void all_is_recorded(void)
{
	double begin = time_of_day();
	pid_t pids[NAMES];
	size_t at = 0;

	for (int i = 0; i < NAMES; i++) {
		pids[i] = start_named(names[i][0], 20);
		status_register(fd, pids[i]);
	}
	tool_start("record");
	tool_says(0, HEADER);
	set_period(200);
	for (int i = 0; i < 3; i++) {
		at = tool_says(at, names[NAMES - 1][1]) - tool.text;
		at += strlen(names[NAMES - 1][1]);
	}
	kill(tool.pid, SIGINT);
	is(tool_ends(), 0, "SIGINT ends it, with status 0");
	rows_are_right(pids, begin, time_of_day());
	for (int i = 0; i < NAMES; i++)
		said(names[i][1], "a name is quoted and escaped");
	stop_updates();
	for (int i = 0; i < NAMES; i++) {
		status_write(fd, "-%d", pids[i]);
		end(pids[i]);
	}
}

/* Checks the last row of a process and the first of another with its number. */
static void final_time_is_recorded(void)
{
	pid_t pid = start_named("first", 20), other;
	char line[64];
	long long used;

	status_register(fd, pid);
	tool_start("record");
	tool_says(0, HEADER);
	set_period(1000);	/* enough for a slow urt to see each update */
	tool_says(0, ",first\n");
	go_on(pid);
	kill(pid, SIGKILL);
	used = final_time(pid);
	other = start_numbered(pid, sleep_work, NULL);
	snprintf(line, sizeof(line), ",%d,%lld,first\n", pid, used);
	ok(!!tool_says(0, line),
	   "a process that has gone has a row with its name and final time");

	status_register(fd, other);
	ok(!!tool_says(0, ",urt_record\n"),
	   "a new process with its number has another name");
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 0, "SIGTERM ends it, with status 0");
	ok(!tool.length || tool.text[tool.length - 1] == '\n',
	   "the last row is whole");
	stop_updates();
	end(other);
}

int main(void)
{
	pid_t sleeper;
	FILE *file;

	plan(6 + NAMES + 4 + 7);
	fd = status_open();
	stop_updates();
	all_is_recorded();
	final_time_is_recorded();

	sleeper = start_named("to,file", 20);
	status_register(fd, sleeper);
	set_period(100);
	tool_start("record", "-o", "/tmp/urt_record.csv");
	do {
		wait_update(fd);
		file = fopen("/tmp/urt_record.csv", "r");
		tool.length = file ? fread(tool.text, 1, 4096, file) : 0;
		tool.text[tool.length] = '\0';
		if (file)
			fclose(file);
	} while (!strstr(tool.text, "\"to,file\"\n"));
	is(strncmp(tool.text, HEADER, strlen(HEADER)), 0,
	   "-o FILE writes to the file");
	kill(tool.pid, SIGINT);
	is(tool_ends(), 0, "SIGINT ends it, with status 0");
	unlink("/tmp/urt_record.csv");

	if (!tool_fork()) {
		signal(SIGHUP, SIG_IGN);
		tool_exec("record", NULL);
	}
	tool_says(0, "\"to,file\"\n");
	kill(tool.pid, SIGHUP);
	ok(!!tool_says(tool.length, "\"to,file\"\n"),
	   "under nohup(1), it continues after SIGHUP");
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 0, "SIGTERM ends it, with status 0");

	is(tool_run("record", "-o", "/no/such/file"), 1,
	   "a file in a missing folder fails");
	is(tool_run("record", "-o", "/dev/full"), 1, "a full device fails");
	is(tool_run("record", "more"), 1, "too many arguments fail");
	return done();
}
