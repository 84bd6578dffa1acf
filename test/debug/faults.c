// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: each allocation of open(2), write(2), read(2), lseek(2) and of
 * loading the module fails in turn. The error is ENOMEM ("the usual reasons"),
 * nothing changes, nothing leaks, and the next try succeeds.
 * If a copy from or to user memory fails, the error is EFAULT.
 *
 * In a PID namespace, lines are longer, and are not allocated from the module's
 * cache.
 */
#define TAP_SECONDS	600	/* debug kernels need it */

#include "failing.h"
#include "kmemleak.h"
#include "process.h"
#include "urt.h"

/* The number of lines besides those that the operations add. */
#define SMALL	3	/* less than a page of text */
#define MEDIUM	200	/* more than a page: may use vmalloc() */
#define LONG	1000	/* the same in a PID namespace, with shorter PIDs */

#define IDS	3	/* in one write */
#define OFFSET	5	/* of a file that is written */
#define FROM	2	/* offset of the first read of a file */

static pid_t crowd[LONG];
static int listed;		/* how many of them are in the list */
static pid_t extra[IDS];	/* the operations register these */
static int registered;		/* how many of them are registered */
static char text[IDS * 12];	/* what is written */
static int end_of_id[IDS];

/* Open files: one to look at the list, one to write to, one never read. */
static int witness, file, fresh;
static struct list full;	/* with all of extra */
static struct list list, held;	/* held: the snapshot of @file */
static char buffer[sizeof(list.text)];
static int module_fd;
static long refcnt;

/* Shows @why with the list, and returns it. */
static const char *wrong(const char *why)
{
	diag("%s; the list is:\n# %.400s", why, list.text);
	return why;
}

/*
 * The list
 */

/* Whether @list is @full without the extra lines after the first @count. */
static int list_has(const struct list *list, int count)
{
	const char *at = full.text + full.length;

	for (int lines = IDS - count; lines >= 0; lines--)
		while (at > full.text && *--at != '\n')
			;
	if (at > full.text)
		at++;
	return list->length == (size_t)(at - full.text) &&
	       !memcmp(list->text, full.text, list->length);
}

static void register_extra(int count)
{
	for (; registered < count; registered++)
		status_register(witness, extra[registered]);
	while (registered > count)
		if (status_write(witness, "-%d", extra[--registered]) < 0)
			die("process %d unregisters", extra[registered]);
}

/* Waits until all registrations are announced, and reads the list. */
static void news_is_read(void)
{
	settle(witness);
	list_read(witness, &list);
}

/* Makes the list @lines lines long. */
static void list_grows(int lines)
{
	register_extra(0);
	for (; listed < lines; listed++)
		status_register(witness, crowd[listed]);
	register_extra(IDS);
	list_read(witness, &full);
	register_extra(0);
	news_is_read();
	if (!list_has(&list, 0))
		die("the list has %d lines", lines);
}

/*
 * The operations
 */

static void prepare_write(void)
{
	register_extra(0);
	news_is_read();
	held = list;
	lseek(file, 0, SEEK_SET);
	if (read(file, buffer, OFFSET) != OFFSET)
		die("%d bytes can be read", OFFSET);
}

static long act_write(void)
{
	return status_write_bytes(file, text, end_of_id[IDS - 1]);
}

static const char *check_write(long result)
{
	ssize_t got;
	int news;

	if (result >= 0) {
		while (registered < IDS && end_of_id[registered] <= result)
			registered++;
		if (!registered || end_of_id[registered - 1] != result)
			return wrong("the result is not the end of an ID");
	}
	/* It takes 0.1 s to announce a registration. */
	news = changed(witness, registered ? 20000 : 200);
	list_read(witness, &list);
	if (!list_has(&list, registered))
		return wrong("the list does not match the result");
	if (news != !!registered)
		return wrong("POLLPRI does not match the result");
	got = read(file, buffer, sizeof(buffer));
	if (got != (ssize_t)held.length - OFFSET ||
	    memcmp(buffer, held.text + OFFSET, got))
		return wrong("the file has lost its snapshot or its offset");
	return NULL;
}

static void prepare_read(void)
{
	fresh = status_open();
	/* After fork(2), the first write to a page may need memory. */
	memset(buffer, 0, sizeof(buffer));
}

static long act_read(void)
{
	ssize_t got = read(fresh, buffer, sizeof(buffer));

	return got < 0 ? -errno : got;
}

static long act_pread(void)
{
	ssize_t got = pread(fresh, buffer, sizeof(buffer), FROM);

	return got < 0 ? -errno : got;
}

static long act_seek(void)
{
	off_t offset = lseek(fresh, FROM, SEEK_SET);

	return offset < 0 ? -errno : offset;
}

/* @text: the expected text, or NULL. @offset: the expected offset. */
static const char *check_fresh(long result, const char *text, off_t offset)
{
	const char *why = NULL;
	int news = changed(fresh, 0);

	/* With EFAULT, the list may have been generated. */
	if (result == -ENOMEM && !news)
		why = wrong("the news is gone");
	else if (result >= 0 && news)
		why = wrong("the news is still there");
	else if (result >= 0 && text &&
		 (result != (long)strlen(text) || memcmp(buffer, text, result)))
		why = wrong("the text is not the list");
	else if (lseek(fresh, 0, SEEK_CUR) != (result < 0 ? 0 : offset))
		why = wrong("the offset does not match the result");
	list_read(fresh, &held);
	if (!why && !list_same(&held, &list))
		why = wrong("the next read does not return the list");
	close(fresh);
	return why;
}

static const char *check_read(long result)
{
	return check_fresh(result, list.text, result);
}

static const char *check_pread(long result)
{
	return check_fresh(result, list.text + FROM, 0);
}

static const char *check_seek(long result)
{
	return check_fresh(result, NULL, FROM);
}

static long references(void)
{
	char number[32];

	file_read("/sys/module/usertime/refcnt", number, sizeof(number));
	return atol(number);
}

static void prepare_open(void)
{
	refcnt = references();
}

static long act_open(void)
{
	int fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static const char *check_open(long result)
{
	if (references() != refcnt + !(result < 0))
		return wrong("the reference count does not match the result");
	if (result >= 0 && !changed(result, 0))
		return wrong("a new file has no news");
	if (result >= 0 && close(result))
		return wrong("the file cannot be closed");
	if (references() != refcnt)
		return wrong("the reference count has changed");
	if (changed(witness, 0))
		return wrong("the list has news");
	return NULL;
}

static void prepare_load(void)
{
}

static long act_load(void)
{
	return syscall(SYS_finit_module, module_fd, "", 0) ? -errno : 0;
}

static const char *check_load(long result)
{
	const char *why = NULL;
	int fd;

	if (result < 0) {
		if (!access("/sys/module/usertime", F_OK))
			return "the module is still loaded";
		if (!access("/proc/" URT_DIR, F_OK))
			return "/proc/" URT_DIR " still exists";
		return NULL;
	}
	fd = status_open();
	status_register(fd, getpid());
	if (time_now(fd, getpid()) < 0)
		why = "a registered process has no line";
	close(fd);
	if (unload())
		die("the module unloads");
	return why;
}

static const struct operation operations[] = {
	{ "open", 4, 0, prepare_open, act_open, check_open },
	{ "register", 1, 1, prepare_write, act_write, check_write },
	{ "read", 1, 1, prepare_read, act_read, check_read },
	{ "pread", 1, 1, prepare_read, act_pread, check_pread },
	{ "seek", 1, 0, prepare_read, act_seek, check_seek },
};

#define OPERATIONS	((int)(sizeof(operations) / sizeof(*operations)))

static const struct operation read_operation = {
	"read more than a page", 1, 0, prepare_read, act_read, check_read,
};

static const struct operation load_operation = {
	"load", 4, 0, prepare_load, act_load, check_load,
};

/*
 * The processes whose allocations fail
 */

static void begin(void)
{
	int at = 0;

	failing_begin();
	witness = status_open();
	file = status_open();
	start_crowd(crowd, LONG);
	for (int i = 0; i < IDS; i++) {
		extra[i] = start_spun(0);
		at += sprintf(text + at, "%s%d", i ? " " : "", extra[i]);
		end_of_id[i] = at;
	}
}

static void outside(void *unused)
{
	(void)unused;
	begin();
	list_grows(SMALL);
	for (int i = 0; i < OPERATIONS; i++)
		fail_each(&operations[i], "");
	list_grows(MEDIUM);
	fail_each(&read_operation, "");
	fail_rest(&read_operation, sysconf(_SC_PAGESIZE), 64);
	for (int i = 0; i < IDS; i++)
		end(extra[i]);
	for (int i = 0; i < LONG; i++)
		end(crowd[i]);
}

static void inside(void *unused)
{
	(void)unused;
	begin();
	list_grows(LONG);
	for (int i = 0; i < OPERATIONS; i++)
		fail_each(&operations[i], " in a PID namespace");
}

static void loading(void *unused)
{
	(void)unused;
	failing_begin();
	module_fd = open(getenv("USERTIME_KO"), O_RDONLY | O_CLOEXEC);
	fail_each(&load_operation, "");
}

/* Runs @work in a child, and waits until the lines that it leaves are gone. */
static void run(void (*work)(void *))
{
	int fd;

	reap(start(work, NULL));
	fd = status_open();
	set_period(URT_PERIOD_MS_MIN);
	gets_empty(fd);
	stop_updates();
	close(fd);
}

int main(void)
{
	if (!failing_exists()) {
		plan(1);
		skip("allocations fail", "this kernel has no failslab");
		return done();
	}
	plan(1 + 1 + (OPERATIONS + 2) + OPERATIONS + 1);
	failing_set_up();

	if (unload())
		die("the module unloads");
	reap(start(loading, NULL));
	is(load(""), 0, "the module loads");
	stop_updates();
	run(outside);
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	run(inside);
	if (kmemleak_exists())
		is(kmemleak_objects(), 0, "nothing has leaked");
	else
		skip("nothing has leaked", "this kernel has no kmemleak");
	return done();
}
