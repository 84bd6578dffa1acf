// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: each allocation that opening the file, registering, reading,
 * seeking and loading the module make fails in turn. The error is ENOMEM ("the
 * usual reasons"), nothing changes, nothing leaks, and the next try succeeds.
 * What cannot be copied from or to user memory is EFAULT.
 *
 * The kernel makes allocations fail in two ways (Documentation/
 * fault-injection). /proc/self/fail-nth fails the Nth that one system call
 * makes, wherever in the kernel that is, and also counts copies from and to
 * user memory: N goes up from 1 until nothing has failed. The knobs in debugfs
 * fail all that have a given function on their stack, or all from some point on.
 */
#define TAP_SECONDS	600	/* kernels that check everything take it */

#include "kmemleak.h"
#include "process.h"
#include "urt.h"

/* How many lines there are besides those that the operations add. */
#define SMALL	3	/* less than a page of text */
#define MEDIUM	200	/* more than a page: may come from vmalloc() */
#define LONG	1000	/* more than a slab has: comes from the page allocator */

#define IDS	3	/* the longest write here */
#define MANY	1000	/* failures, or for knobs that know no "always" */

#define FAILSLAB	"failslab"
#define FAIL_PAGES	"fail_page_alloc"
#define FAIL_COPY	"fail_usercopy"

struct operation {
	const char *name;
	/* What is on the stack when it allocates; NULL: some of the module. */
	const char *function;
	int copies;	/* something from or to user memory */
	void (*prepare)(void);
	/* One system call and nothing else: what it returns, or -errno. */
	long (*act)(void);
	/* After it: what is not as the result says, or NULL. */
	const char *(*check)(long result);
};

static pid_t crowd[LONG];
static int listed;		/* how many of them are */
static pid_t extra[IDS];	/* those that come and go */
static int ids, registered;	/* how many to write, and are listed */
static char text[IDS * 12];	/* what is written */
static int end_of_id[IDS];

#define OFFSET	5	/* where a file is while it is written */
#define FROM	2	/* where a file is read that has never been read */

/* Open files: to see the list by, to write to, never read. */
static int witness, file, fresh;
static struct list full;	/* with all of extra */
static struct list list, held;	/* held: the snapshot of @file */
static char buffer[sizeof(list.text)];
static int fail_nth, make_it_fail, module_fd;
static long refcnt;

/*
 * The knobs
 */

static void write_text(int fd, const char *name, const char *value)
{
	/* This copy may be what fail-nth makes fail. */
	for (int tries = 0; tries < 2; tries++)
		if (write(fd, value, strlen(value)) >= 0)
			return;
	die("%s can be %s", name, value);
}

static void set_text(const char *kind, const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	write_text(fd, path, value);
	close(fd);
}

static void set(const char *kind, const char *name, unsigned long value)
{
	char number[32];

	snprintf(number, sizeof(number), "%lu", value);
	set_text(kind, name, number);
}

static long get(const char *path)
{
	char number[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, number, sizeof(number) - 1) < 0)
		die("%s can be read", path);
	close(fd);
	return atol(number);
}

static long times_left(const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/times", kind);
	return get(path);
}

static int exists(const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/probability", kind);
	return !access(path, F_OK);
}

/* Fail nothing, and be ready to fail what waits for memory, too. */
static void set_up(const char *kind)
{
	set(kind, "probability", 0);
	set(kind, "interval", 1);
	set(kind, "verbose", 0);
	set(kind, "stacktrace-depth", 32);
	set(kind, "require-start", 0);
	set(kind, "require-end", -1UL);
	set_text(kind, "task-filter", "Y");
	set_text(kind, "ignore-gfp-wait", "N");
}

static void set_back(const char *kind)
{
	set(kind, "probability", 0);
	set(kind, "space", 0);
	set(kind, "times", 1);
	set(kind, "require-start", 0);
	set(kind, "require-end", -1UL);
	set_text(kind, "task-filter", "N");
	set_text(kind, "ignore-gfp-wait", "Y");
}

/* Do it while the knobs of @kind fail it @times times, if they can. */
static long act_with_knobs(const struct operation *operation, const char *kind,
			   int times, int *injected)
{
	long result;

	operation->prepare();
	set(kind, "times", times);
	set(kind, "probability", 100);
	write_text(make_it_fail, "make-it-fail", "1");
	result = operation->act();
	write_text(make_it_fail, "make-it-fail", "0");
	set(kind, "probability", 0);
	*injected = times - times_left(kind);
	return result;
}

/* Do it while its @nth allocation fails, if there are so many. */
static long act_with_nth(const struct operation *operation, int nth,
			 int *injected)
{
	char number[16] = "";
	long result;

	operation->prepare();
	snprintf(number, sizeof(number), "%d", nth);
	write_text(fail_nth, "fail-nth", number);
	result = operation->act();

	/* The file says what is left to count; 1 makes the read itself fail. */
	memset(number, 0, sizeof(number));
	*injected = pread(fail_nth, number, sizeof(number) - 1, 0) > 0 &&
		    !atoi(number);
	write_text(fail_nth, "fail-nth", "0");
	return result;
}

/*
 * What is tried
 */

/* Return the result of @name, of which a failure says @why. */
static const char *wrong(const char *why)
{
	diag("%s; the list is:\n# %.400s", why, list.text);
	return why;
}

/* Is @list the first of the lines of @full, with @count of the extra? */
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

/* Does @file continue in its snapshot, from where it was? */
static int holds_on(void)
{
	ssize_t got = read(file, buffer, sizeof(buffer));

	return got == (ssize_t)held.length - OFFSET &&
	       !memcmp(buffer, held.text + OFFSET, got);
}

static void register_extra(int count)
{
	for (; registered < count; registered++)
		status_register(witness, extra[registered]);
	while (registered > count)
		if (status_write(witness, "-%d", extra[--registered]) < 0)
			die("process %d is unregistered", extra[registered]);
}

/* The list has @lines lines. */
static void list_grows(int lines)
{
	register_extra(0);
	for (; listed < lines; listed++)
		status_register(witness, crowd[listed]);
	register_extra(IDS);
	list_read(witness, &full);
	register_extra(0);
	list_read(witness, &list);
	if (!list_has(&list, 0))
		die("a list of %d lines", lines);
}

/* All that was registered has been announced, and read. */
static void news_is_read(void)
{
	settle(witness);
	list_read(witness, &list);
}

static void ids_are(int count)
{
	int at = 0;

	for (int i = 0; i < count; i++) {
		at += sprintf(text + at, "%s%d", i ? " " : "", extra[i]);
		end_of_id[i] = at;
	}
	ids = count;
}

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
	return status_write_bytes(file, text, end_of_id[ids - 1]);
}

static const char *check_write(long result)
{
	int news;

	if (result < 0) {
		registered = 0;
	} else {
		while (registered < ids && end_of_id[registered] <= result)
			registered++;
		if (!registered || end_of_id[registered - 1] != result)
			return wrong("the result is not the end of an ID");
	}
	/* News takes a while. */
	news = changed(witness, registered ? 20000 : 200);
	list_read(witness, &list);
	if (!list_has(&list, registered))
		return wrong("the list is not as the result says");
	if (news != !!registered)
		return wrong("POLLPRI is not as the result says");
	if (!holds_on())
		return wrong("the file has lost its snapshot or its offset");
	return NULL;
}

static void prepare_read(void)
{
	fresh = status_open();
	/* After a fork(2) the first write to a page may need memory. */
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

/* @text: what should have been read, or NULL. @offset: of the file now. */
static const char *check_fresh(long result, const char *text, off_t offset)
{
	const char *why = NULL;
	int news = changed(fresh, 0);

	/* With EFAULT the list may have been generated. */
	if (result == -ENOMEM && !news)
		why = wrong("the news is gone");
	else if (result >= 0 && news)
		why = wrong("the news is still there");
	else if (result >= 0 && text &&
		 (result != (long)strlen(text) || memcmp(buffer, text, result)))
		why = wrong("this is not the list");
	else if (lseek(fresh, 0, SEEK_CUR) != (result < 0 ? 0 : offset))
		why = wrong("the offset is not as the result says");
	list_read(fresh, &held);
	if (!why && !list_same(&held, &list))
		why = wrong("the list cannot be read now");
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

static void prepare_open(void)
{
	list_read(witness, &list);
	refcnt = get("/sys/module/usertime/refcnt");
}

static long act_open(void)
{
	int fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static const char *check_open(long result)
{
	if (get("/sys/module/usertime/refcnt") != refcnt + !(result < 0))
		return wrong("the module's users are not as the result says");
	if (result >= 0 && !changed(result, 0))
		return wrong("a new file has no news");
	if (result >= 0 && close(result))
		return wrong("it cannot be closed");
	if (get("/sys/module/usertime/refcnt") != refcnt)
		return wrong("the module's users have changed");
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

static int is_loaded(void)
{
	char line[256];
	int found = 0;
	FILE *modules = fopen("/proc/modules", "r");

	while (fgets(line, sizeof(line), modules))
		found |= !strncmp(line, "usertime ", 9);
	fclose(modules);
	return found;
}

static const char *check_load(long result)
{
	const char *why = NULL;
	int fd;

	if (result < 0) {
		if (is_loaded() || !access("/sys/module/usertime", F_OK))
			return "the module is listed";
		if (!access("/proc/" URT_DIR, F_OK))
			return "/proc/" URT_DIR " is there";
		return NULL;
	}
	if (!is_loaded())
		return "the module is not listed";
	fd = status_open();
	status_register(fd, getpid());
	if (time_now(fd, getpid()) < 0)
		why = "it does not work";
	close(fd);
	if (unload())
		die("the module is unloaded");
	return why;
}

/*
 * The failures
 */

/* The addresses that the module takes up. */
static void require_module(const char *kind)
{
	unsigned long address, size;
	char line[256];
	FILE *modules = fopen("/proc/modules", "r");

	while (fgets(line, sizeof(line), modules)) {
		if (sscanf(line, "usertime %lu %*d %*s %*s %lx", &size,
			   &address) != 2)
			continue;
		set(kind, "require-start", address);
		set(kind, "require-end", address + size);
	}
	fclose(modules);
}

/* The addresses of one function of the kernel. Return: whether it is there. */
static int require_function(const char *kind, const char *name)
{
	unsigned long address, start = 0, end = -1UL;
	char line[256], symbol[200];
	FILE *symbols;

	for (int pass = 0; pass < 2; pass++) {
		symbols = fopen("/proc/kallsyms", "r");
		while (fgets(line, sizeof(line), symbols)) {
			if (sscanf(line, "%lx %*c %199s", &address,
				   symbol) != 2)
				continue;
			if (!pass && !strcmp(symbol, name))
				start = address;
			if (pass && address > start && address < end)
				end = address;
		}
		fclose(symbols);
	}
	set(kind, "require-start", start);
	set(kind, "require-end", end);
	return start > 0;
}

static void fail(const struct operation *operation, const char *kind, int times,
		 long error, const char *how)
{
	int injected;
	long result;
	const char *why;

	result = act_with_knobs(operation, kind, times, &injected);
	why = operation->check(result);
	if (!ok(result == error && injected && !why, "%s, %s", operation->name,
		how))
		diag("%d failed; the result is %ld, expected %ld; %s",
		     injected, result, error, why ?: "nothing has changed");
}

/* Every allocation of this fails. */
static void fail_all(const struct operation *operation)
{
	if (!operation->function) {
		require_module(FAILSLAB);
	} else if (!require_function(FAILSLAB, operation->function)) {
		skip(operation->name, "no such function in this kernel");
		return;
	}

	fail(operation, FAILSLAB, MANY, -ENOMEM, "with no memory");
}

struct tally {
	int injected, enomem, efault, passed, bad;
};

static void count(struct tally *tally, const struct operation *operation,
		  int at, long result)
{
	const char *why = operation->check(result);

	tally->injected++;
	if (result == -ENOMEM)
		tally->enomem++;
	else if (result == -EFAULT)
		tally->efault++;
	else if (result >= 0)
		tally->passed++;
	else
		why = why ?: "another error";
	if (why) {
		tally->bad++;
		diag("%s, %d: returned %ld: %s", operation->name, at, result,
		     why);
	}
}

/* The last one, in which nothing failed. */
static void end_tally(struct tally *tally, const struct operation *operation,
		      int injected, long result)
{
	count(tally, operation, 0, result);
	tally->injected--;
	tally->passed--;
	if (injected || result < 0) {
		diag("the last result is %ld, with %d failed", result,
		     injected);
		tally->bad++;
	}
}

static void tell(const struct tally *tally, const struct operation *operation,
		 const char *how, int least)
{
	if (!ok(tally->enomem >= least && !tally->bad, "%s, %s",
		operation->name, how))
		diag("%d ENOMEM expected at least, %d not as expected", least,
		     tally->bad);
	diag("%d failed: %d ENOMEM, %d EFAULT, %d did without",
	     tally->injected, tally->enomem, tally->efault, tally->passed);
}

/* Each fails in turn; there must be @least ENOMEM. */
static void fail_each(const struct operation *operation, int least)
{
	struct tally tally = { 0 };
	int injected = 1;
	long result;

	for (int nth = 1; nth < MANY; nth++) {
		result = act_with_nth(operation, nth, &injected);
		if (!injected)
			break;
		count(&tally, operation, nth, result);
	}
	end_tally(&tally, operation, injected, result);
	tell(&tally, operation, "with each allocation failing", least);
}

/*
 * From some point on all fail, each way out that the kernel has included. The
 * knob "space" is an amount that may be had before any failure: it goes up from
 * @space, by @step, until nothing has failed.
 */
static void fail_rest(const struct operation *operation, const char *kind,
		      int space, int step)
{
	struct tally tally = { 0 };
	int injected;
	long result;

	set(kind, "require-start", 0);
	set(kind, "require-end", -1UL);
	for (int tries = 0; tries < MANY; tries++) {
		set(kind, "space", space);
		result = act_with_knobs(operation, kind, MANY, &injected);
		if (!injected)
			break;
		count(&tally, operation, space, result);
		space += step;
	}
	set(kind, "space", 0);
	end_tally(&tally, operation, injected, result);
	tell(&tally, operation, "with all that follow failing", 1);
}

/* Become the thread whose allocations fail. */
static void open_knobs(void)
{
	/* No page fault comes between a knob and what it is for. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail = open("/proc/thread-self/make-it-fail",
			    O_WRONLY | O_CLOEXEC);
}

static void begin(void)
{
	open_knobs();
	witness = status_open();
	file = status_open();
	for (int i = 0; i < IDS; i++)
		extra[i] = start_spun(0);
	listed = 0;
	registered = 0;
}

static void finish(void)
{
	for (int i = 0; i < IDS; i++)
		end(extra[i]);
}

#define FILES_TESTS	(2 * 6 + 4)

static void run_files(const char *where)
{
	static const struct operation operations[] = {
		{ "open", NULL, 0, prepare_open, act_open, check_open },
		{ "register", NULL, 1, prepare_write, act_write, check_write },
		{ "register three", NULL, 1, prepare_write, act_write,
		  check_write },
		{ "read", "seq_read_iter", 1, prepare_read, act_read,
		  check_read },
		{ "read elsewhere", "seq_read_iter", 1, prepare_read, act_pread,
		  check_pread },
		{ "seek", "seq_lseek", 0, prepare_read, act_seek, check_seek },
	};
	char name[100];

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		struct operation operation = operations[i];

		snprintf(name, sizeof(name), "%s%s", where, operation.name);
		operation.name = name;
		ids_are(i == 1 ? 1 : IDS);
		news_is_read();
		fail_all(&operation);
		fail_each(&operation, 1);
		/* Only one, or the knobs themselves could not be written to. */
		if (operation.copies)
			fail(&operation, FAIL_COPY, 1, -EFAULT,
			     "with its copy failing");
	}
}

static void in_namespace(void *unused)
{
	(void)unused;
	start_crowd(crowd, LONG);
	begin();
	/* Short numbers, but more than a page of them. */
	list_grows(LONG);
	run_files("in a PID namespace: ");
	finish();
}

static void start_namespace(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	reap(start(in_namespace, NULL));
}

static void outside(void *unused)
{
	struct operation read_long = {
		"read more than a page", "seq_read_iter", 0, prepare_read,
		act_read, check_read,
	};

	(void)unused;
	start_crowd(crowd, LONG);
	begin();
	list_grows(SMALL);
	run_files("");

	list_grows(MEDIUM);
	news_is_read();
	fail_all(&read_long);
	fail_each(&read_long, 1);
	fail_rest(&read_long, FAILSLAB, sysconf(_SC_PAGESIZE), 64);

	list_grows(LONG);
	news_is_read();
	read_long.name = "read a long list";
	if (exists(FAIL_PAGES)) {
		set(FAIL_PAGES, "min-order", 0);
		set_text(FAIL_PAGES, "ignore-gfp-highmem", "N");
		fail_rest(&read_long, FAIL_PAGES, 0, 1);
	} else {
		skip("read a long list, with all that follow failing",
		     "this kernel has no fail_page_alloc");
	}
	finish();
	for (int i = 0; i < LONG; i++)
		end(crowd[i]);
}

/* All that were registered have ended, and go. */
static void empty_list(void)
{
	int fd = status_open();

	set_period(URT_PERIOD_MS_MIN);
	do {
		list_read(fd, &list);
	} while (list.length && changed(fd, -1));
	close(fd);
	stop_updates();
}

static void loading(void *unused)
{
	static const char * const functions[] = {
		"kmem_cache_create_usercopy", "alloc_workqueue",
		"__proc_create", "proc_create_reg",
	};
	struct operation load = {
		"", NULL, 0, prepare_load, act_load, check_load,
	};
	char name[64];

	(void)unused;
	open_knobs();
	module_fd = open(getenv("USERTIME_KO"), O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "load, in %s()", functions[i]);
		load.name = name;
		load.function = functions[i];
		fail_all(&load);
	}
	load.name = "load";
	fail_each(&load, 4);
}

int main(void)
{
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (!exists(FAILSLAB) || access("/proc/self/fail-nth", F_OK)) {
		plan(1);
		skip("allocations fail", "this kernel has no failslab");
		return done();
	}
	plan(6 + FILES_TESTS + 4 + FILES_TESTS + 1);
	set_up(FAILSLAB);
	set(FAIL_COPY, "verbose", 0);
	set_text(FAIL_COPY, "task-filter", "Y");
	if (exists(FAIL_PAGES))
		set_up(FAIL_PAGES);

	if (unload())
		die("the module is unloaded");
	reap(start(loading, NULL));
	is(load(""), 0, "the module can be loaded");
	stop_updates();
	reap(start(outside, NULL));
	empty_list();
	reap(start(start_namespace, NULL));
	empty_list();
	if (kmemleak_exists())
		is(kmemleak_objects(), 0, "nothing has leaked");
	else
		skip("nothing has leaked", "this kernel has no kmemleak");

	set_text(FAIL_COPY, "task-filter", "N");
	set_back(FAILSLAB);
	if (exists(FAIL_PAGES))
		set_back(FAIL_PAGES);
	return done();
}
