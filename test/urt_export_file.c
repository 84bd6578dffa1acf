// SPDX-License-Identifier: GPL-2.0
/*
 * "Export never serves old figures. It removes the file before it opens the
 * status file, on any failure, and at the end." "Export writes the file when an
 * update has come, at most once a second, and only if something in it has
 * changed. Otherwise it only sets the file's time stamp."
 */
#include "exported.h"

#define WRITES	4

static int fd;

static void put_old_file(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs("old\n", file) < 0 || fclose(file))
		die("an old file is written");
}

static void without_the_module(void)
{
	put_old_file(FILE_);
	if (unload())
		die("the module can be unloaded");
	is(tool_run("export", FILE_), 1, "without the module, export fails");
	ok(!file_inode(), "urt removes the old file");
	if (load(""))
		die("the module can be loaded again");
}

/* Returns the time stamp of the file, in ns. */
static long long stamp(void)
{
	struct stat file;

	if (stat(FILE_, &file))
		die("the file is there");
	return file.st_mtim.tv_sec * 1000000000LL + file.st_mtim.tv_nsec;
}

/* Waits up to 30 s for an inode other than @old. Returns it, or 0. */
static ino_t next_inode(ino_t old)
{
	for (long long end = now_ms() + paced(30000); now_ms() < end;
	     usleep(1000)) {
		ino_t inode = file_inode();

		if (inode && inode != old)
			return inode;
	}
	return 0;
}

/* Waits up to 30 s for a time stamp other than @old. */
static int is_stamped(long long old)
{
	for (long long end = now_ms() + paced(30000); now_ms() < end;
	     usleep(1000)) {
		if (stamp() != old)
			return 1;
	}
	diag("the time stamp is still %lld", old);
	return 0;
}

/*
 * The time from the first write to the last may seem too short if urt is
 * delayed during the first, so half of it is enough.
 */
static void one_write_a_second(pid_t spinner)
{
	ino_t inode = file_inode();
	long long begin, ms;

	go_on(spinner);
	set_period(10);
	inode = next_inode(inode);
	begin = now_ms();
	for (int i = 1; i < WRITES && inode; i++)
		inode = next_inode(inode);
	ms = now_ms() - begin;
	ok(!!inode, "a changing list is written again and again");
	if (!ok(ms > (WRITES - 1) * 500,
		"but not at each of 100 updates a second"))
		diag("seen %lld ms for %d more writes, expected about %d",
		     ms, WRITES - 1, (WRITES - 1) * 1000);
	stop(spinner);
}

/* Checks that the file has the last of many changes. */
static void all_is_written(pid_t spinner)
{
	long long used;

	leaves_cpu(spinner);
	update_once(fd);
	used = time_now(fd, spinner);
	ok(in_file("{pid=\"%d\",comm=\"spinner\"} %lld.%06lld\n", spinner,
		   used / 1000000, used % 1000000),
	   "the last change is in the file");
}

static void only_stamped(void)
{
	ino_t inode;
	int stamped = 1;

	set_period(50);
	is_stamped(stamp());	/* earlier changes are written now */
	is_stamped(stamp());
	inode = file_inode();
	for (int i = 0; i < 3; i++)
		stamped &= is_stamped(stamp());
	ok(stamped, "without a change, the time stamp is set");
	is(file_inode(), inode, "the file is not written");
}

static void is_restored(void)
{
	unlink(FILE_);
	ok(!!next_inode(0), "a file that was removed is written again");
	put_old_file(FOLDER "/other");
	if (rename(FOLDER "/other", FILE_))
		die("the file can be replaced");
	ok(await_text("old\n", 0), "a file that was replaced is written again");
}

/* There are no updates, but the time stamp shows that urt is alive. */
static void stamped_while_empty(pid_t spinner)
{
	ino_t inode;
	int stamped = 1;

	status_write(fd, "-%d", spinner);
	in_file("\nusertime_registered_processes 0\n");
	inode = file_inode();
	for (int i = 0; i < 2; i++)
		stamped &= is_stamped(stamp());
	ok(stamped && file_inode() == inode,
	   "the time stamp is set even while the list is empty");
}

static void removed_at_the_end(int number)
{
	is(tool_signaled(number), 0, "urt ends with status 0: %s",
	   strsignal(number));
	ok(!file_inode(), "urt removes the file");
}

int main(void)
{
	pid_t spinner;

	plan(2 + 3 + 2 + 2 + 1 + 1 + 6);
	mkdir(FOLDER, 0755);
	without_the_module();
	fd = status_open();
	stop_updates();
	spinner = start_named("spinner", 0);
	status_register(fd, spinner);
	put_old_file(FILE_);
	tool_start("export", FILE_);
	in_file("\nusertime_registered_processes 1\n");
	one_write_a_second(spinner);
	all_is_written(spinner);
	only_stamped();
	is_restored();
	set_parameter("max_processes", 5000);
	ok(in_file("\nusertime_max_processes 5000\n"),
	   "a new max_processes is written, too");
	stamped_while_empty(spinner);
	removed_at_the_end(SIGTERM);
	tool_start("export", FILE_);
	in_file("\nusertime_registered_processes 0\n");
	removed_at_the_end(SIGHUP);
	tool_start("export", FILE_);
	in_file("\nusertime_registered_processes 0\n");
	removed_at_the_end(SIGINT);
	rmdir(FOLDER);
	end(spinner);
	return done();
}
