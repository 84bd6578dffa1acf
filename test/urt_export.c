// SPDX-License-Identifier: GPL-2.0
/*
 * "urt export FILE: usertime_user_seconds_total{pid,comm},
 * usertime_registered_processes and usertime_max_processes in Prometheus's text
 * format, written atomically." make test-metrics runs promtool(1) on the file.
 */
#include "exported.h"

#include <dirent.h>
#include <sys/mount.h>

static int fd;

/* Checks that the file is whole at each read, while it is replaced often. */
static void is_always_whole(void)
{
	static const char end[] = "usertime_max_processes 4096\n";
	struct stat status;
	int whole = 1, files = 0;
	ino_t last = 0;

	set_period(10);
	while (files < 4 && whole) {
		const char *text = exported();
		size_t length = strlen(text);

		whole = length > strlen(end) && *text == '#' &&
			!strcmp(text + length - strlen(end), end);
		if (!stat(FILE_, &status) && status.st_ino != last) {
			last = status.st_ino;
			files++;
		}
	}
	if (!ok(whole, "the file is whole whenever it is read"))
		diag("seen: %s", exported());
	is(status.st_mode & 07777, 0644, "anyone may read the file");
}

/* Prints the file for promtool(1) in make test-metrics. */
static void show(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		diag("export: %.*s", (int)strcspn(line, "\n"), line);
}

static int files_in_folder(void)
{
	DIR *folder = opendir(FOLDER);
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

/* Makes a folder with room for three files: old, current and next. */
static void make_folder(void)
{
	char size[32];

	mkdir(FOLDER, 0755);
	snprintf(size, sizeof(size), "size=%ld", 3 * sysconf(_SC_PAGESIZE));
	if (mount("tmpfs", FOLDER, "tmpfs", 0, size))
		die("a small file system is mounted");
}

/* Fills the file system, and lets @spinner spin so that urt writes the file. */
static void no_room(pid_t spinner)
{
	int filler;

	tool_start("export", FILE_);
	in_file("\nusertime_registered_processes 1\n");
	filler = open(FOLDER "/filler", O_WRONLY | O_CREAT, 0644);
	while (write(filler, FOLDER, sizeof(FOLDER)) > 0)
		;
	if (errno != ENOSPC)
		die("the file system can be filled");
	close(filler);
	go_on(spinner);
	set_period(50);
	is(tool_ends(), 1, "a full file system ends urt, with status 1");
	stop_updates();
	is(files_in_folder(), 1, "urt removes the old file");
	unlink(FOLDER "/filler");
}

int main(void)
{
	struct stat status;
	pid_t spun, odd;
	long long used;

	plan(18);
	umask(022);
	make_folder();
	fd = status_open();
	stop_updates();
	spun = start_named("plain", 20);
	odd = start_named("a\\b \"c\"\n\377", 20);
	status_register(fd, spun);

	tool_start("export", FILE_);
	ok(in_file("# HELP usertime_user_seconds_total ") &&
	   in_file("# TYPE usertime_user_seconds_total counter\n"),
	   "the time is a counter");
	ok(in_file("# HELP usertime_registered_processes ") &&
	   in_file("# TYPE usertime_registered_processes gauge\n"),
	   "the number of processes is a gauge");
	used = time_now(fd, spun);
	ok(in_file("\nusertime_user_seconds_total{pid=\"%d\",comm=\"plain\"} %lld.%06lld\n",
		   spun, used / 1000000, used % 1000000),
	   "the time of a process, in seconds");
	ok(in_file("\nusertime_registered_processes 1\n"),
	   "the number of processes");
	ok(in_file("\nusertime_max_processes %ld\n",
		   parameter("max_processes")),
	   "the largest number of processes");

	status_register(fd, odd);
	set_period(50);
	ok(in_file("{pid=\"%d\",comm=\"a\\\\b \\\"c\\\"\\\\x0a\\\\xff\"} ", odd),
	   "quotes and backslashes in a label are escaped");
	ok(in_file("\nusertime_registered_processes 2\n"), "their number is 2");
	show(exported());
	go_on(odd);
	is_always_whole();

	stop_updates();
	status_write(fd, "-%d", spun);
	status_write(fd, "-%d", odd);
	ok(in_file("\nusertime_registered_processes 0\n"), "their number is 0");
	is(tool_signaled(SIGTERM), 0, "SIGTERM ends urt, with status 0");
	is(files_in_folder(), 0, "urt removes the file");

	status_register(fd, spun);
	no_room(spun);
	status_write(fd, "-%d", spun);

	is(tool_run("export", FOLDER), 1, "a folder as FILE fails");
	umount(FOLDER);
	rmdir(FOLDER);
	is(tool_run("export", "/dev/null"), 1, "a device as FILE fails");
	ok(!stat("/dev/null", &status) && S_ISCHR(status.st_mode),
	   "the device is still there");
	is(tool_run("export"), 1, "export without FILE fails");
	end(spun);
	end(odd);
	return done();
}
