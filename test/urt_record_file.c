// SPDX-License-Identifier: GPL-2.0
/*
 * "urt record: -o appends (O_APPEND; it writes a header whenever the file is
 * empty) and SIGHUP reopens the file, so that a file rotated either way holds
 * no NULs and a restart loses nothing. -c N ends it after N updates. It ends at
 * once when its reader is gone (urt record | head -1), and it ends on SIGTERM
 * even while its output is stuck in a FIFO that nobody reads."
 */
#include "tool.h"

#include <sys/ioctl.h>
#include <sys/mount.h>

#define HEADER	"time,pid,microseconds,command\n"
#define CSV	"/tmp/urt_record_file.csv"
#define ROTATED	CSV ".1"
#define FOLDER	"/tmp/urt_record_folder"
#define FIFO	"/tmp/urt_record_file.fifo"

static int fd;
static char text[1 << 20];
static size_t text_length;

/* Reads the file into text. Returns its length. */
static size_t read_file(const char *path)
{
	FILE *file = fopen(path, "r");

	text_length = 0;
	if (file) {
		text_length = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[text_length] = '\0';
	return text_length;
}

static int headers(void)
{
	const char *header = text;
	int count = 0;

	while ((header = strstr(header, HEADER))) {
		header += strlen(HEADER);
		count++;
	}
	return count;
}

/* Returns the number of rows; -1 if the text is not a header and whole rows. */
static int rows(void)
{
	int count = 0, time, pid, end;
	const char *row = text;

	if (strncmp(row, HEADER, strlen(HEADER)))
		return -1;
	for (row += strlen(HEADER); *row; row += end, count++) {
		end = 0;
		if (sscanf(row, "%d.%*3d,%d,%*d,%*[^\n,]\n%n", &time, &pid,
			   &end) != 2 || !end || row[end - 1] != '\n')
			return -1;
	}
	return row == text + text_length ? count : -1;
}

/* Waits up to 30 s until the file has more than @than rows. */
static int has_more_rows(const char *path, int than)
{
	for (long long end = now_ms() + paced(30000); now_ms() < end;
	     usleep(10000)) {
		read_file(path);
		if (rows() > than)
			return 1;
	}
	diag("at most %d rows, or not a header and rows, in:\n%s", than, text);
	return 0;
}

static void counts_updates(void)
{
	is(tool_run("record", "-c", "3"), 0, "-c 3 ends with status 0");
	memcpy(text, tool.text, tool.length + 1);
	text_length = tool.length;
	is(rows(), 3, "it ends after three updates");
	is(tool_run("record", "-c", "0"), 1, "-c 0 is refused");
	said("urt: not a number of updates: 0\n", "urt says so");
}

static void is_appended(void)
{
	tool_run("record", "-c", "2", "-o", CSV);
	tool_run("record", "-c", "2", "-o", CSV);
	read_file(CSV);
	is(headers(), 1, "-o appends, with one header");
	is(rows(), 4, "the file has all rows");
}

static void rotated(void)
{
	int before;

	tool_start("record", "-o", CSV);
	has_more_rows(CSV, 4);
	if (rename(CSV, ROTATED))
		die("the file can be renamed");
	read_file(ROTATED);
	ok(has_more_rows(ROTATED, rows()), "a renamed file still grows");
	kill(tool.pid, SIGHUP);
	ok(has_more_rows(CSV, 2),
	   "after SIGHUP, a new file with a header grows");
	read_file(ROTATED);
	before = rows();
	wait_update(fd);
	has_more_rows(CSV, 5);
	read_file(ROTATED);
	ok(rows() >= 0 && rows() == before, "the old file no longer grows");

	if (truncate(CSV, 0))
		die("the file can be truncated");
	ok(has_more_rows(CSV, 2),
	   "a truncated file gets a header, and no NULs");
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 0, "SIGTERM ends it, with status 0");
	read_file(CSV);
	ok(rows() > 2 && headers() == 1, "the last row is whole");
	unlink(CSV);
	unlink(ROTATED);

	tool_start("record");
	tool_says(0, HEADER);
	kill(tool.pid, SIGHUP);
	is(tool_ends(), 0, "without -o, SIGHUP ends it");
}

/* Starts urt with standard output in a FIFO that this test can read. */
static int start_in_fifo(void)
{
	int reader;

	if (mkfifo(FIFO, 0600))
		die("a FIFO is made");
	reader = open(FIFO, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fcntl(reader, F_SETPIPE_SZ, 1);
	if (!tool_fork()) {
		dup2(open(FIFO, O_WRONLY), 1);
		tool_exec("record", NULL);
	}
	return reader;
}

/* No update comes, so urt has nothing to write. */
static void reader_gone(void)
{
	int reader = start_in_fifo();

	stop_updates();
	while (read(reader, text, sizeof(text)) <= 0)
		usleep(1000);
	close(reader);
	is(tool_ends(), -1 - SIGPIPE, "it ends at once when its reader is gone");
	is(tool.length, 0, "it prints nothing");
	unlink(FIFO);
}

/*
 * The FIFO has room for one page. When nothing has been added to it for ten
 * updates, it is full and urt is waiting.
 */
static void ends_anyway(void)
{
	int reader = start_in_fifo(), queued = 0, before = -1;

	set_period(10);
	while (!queued || queued != before) {
		before = queued;
		for (int i = 0; i < 10; i++)
			wait_update(fd);
		ioctl(reader, FIONREAD, &queued);
	}
	kill(tool.pid, SIGTERM);
	is(tool_ends(), 0, "SIGTERM ends it while its output is stuck");
	close(reader);
	unlink(FIFO);
}

/* The file system has one page, into which the last row does not fit. */
static void disk_full(void)
{
	char size[32];

	mkdir(FOLDER, 0755);
	snprintf(size, sizeof(size), "size=%ld", sysconf(_SC_PAGESIZE));
	if (mount("tmpfs", FOLDER, "tmpfs", 0, size))
		die("a small file system is mounted");
	set_period(URT_PERIOD_MS_MIN);
	is(tool_run("record", "-o", FOLDER "/csv"), 1,
	   "a full disk ends it, with status 1");
	read_file(FOLDER "/csv");
	ok(rows() > 0, "the file has whole rows");
	umount(FOLDER);
	rmdir(FOLDER);
}

int main(void)
{
	pid_t recorded;

	plan(4 + 2 + 7 + 2 + 1 + 2);
	unlink(CSV);
	fd = status_open();
	recorded = start_named("recorded", 20);
	status_register(fd, recorded);
	set_period(100);
	counts_updates();
	is_appended();
	rotated();
	reader_gone();
	ends_anyway();
	disk_full();
	end(recorded);
	return done();
}
