// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not to be had: each allocation that opening the file,
 * registering, reading and loading the module make fails in turn. It comes
 * back as ENOMEM ("as everywhere"), changes nothing, leaks nothing, and the
 * next try succeeds.
 *
 * The kernel makes allocations fail in two ways (Documentation/
 * fault-injection). /proc/self/fail-nth fails the Nth that one system call
 * makes, wherever in the kernel that is, and counts copies from and to user
 * memory in, which then are EFAULT: N goes up from 1 until a call comes
 * through with none failed. The knobs in debugfs fail all that have a given
 * function on their stack, or a second one after a first.
 */
#define TAP_SECONDS	600	/* kernels that check everything take it */

#include "kmemleak.h"
#include "process.h"
#include "urt.h"

/* How many lines there are besides those that the operations add. */
#define SMALL	3	/* less than a page of text */
#define MEDIUM	150	/* more than a page: may come from vmalloc() */
#define LONG	1000	/* more than a slab has: comes from the page allocator */

#define IDS	3	/* the longest write here */
#define MANY	1000	/* failures, or for knobs that know no "always" */

#define FAILSLAB	"failslab"
#define FAIL_PAGES	"fail_page_alloc"

struct operation {
	const char *name;
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

static int witness, file;	/* open files; the second is the one to try */
static struct list full;	/* with all of extra */
static struct list list, held;	/* held: what @file's snapshot is, if any */
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

/* Can what @file held before be read further on? */
static int holds_on(void)
{
	ssize_t got = pread(file, buffer, sizeof(buffer), 1);

	return got == (ssize_t)held.length - 1 &&
	       !memcmp(buffer, held.text + 1, got);
}

static void register_extra(int count)
{
	for (; registered < count; registered++)
		status_register(witness, extra[registered]);
	while (registered > count)
		if (status_write(witness, "-%d", extra[--registered]) < 0)
			die("process %d is unregistered", extra[registered]);
}

/* The list has @lines lines, and extra ones; all files are as if just read. */
static void list_grows(int lines)
{
	register_extra(0);
	for (; listed < lines; listed++)
		status_register(witness, crowd[listed]);
	register_extra(IDS);
	list_read(witness, &full);
	register_extra(0);
	list_read(file, &held);
	list_read(witness, &list);
	if (!list_has(&list, 0))
		die("a list of %d lines", lines);
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
	list_read(witness, &list);
	lseek(file, 5, SEEK_SET);
}

static long act_write(void)
{
	return status_write_bytes(file, text, end_of_id[ids - 1]);
}

static const char *check_write(long result)
{
	int news = changed(witness, 0);

	if (result < 0) {
		registered = 0;
	} else {
		while (registered < ids && end_of_id[registered] <= result)
			registered++;
		if (!registered || end_of_id[registered - 1] != result)
			return wrong("the result is not the end of an ID");
	}
	list_read(witness, &list);
	if (!list_has(&list, registered))
		return wrong("the list is not as the result says");
	if (news != !!registered)
		return wrong("POLLPRI is not as the result says");
	if (lseek(file, 0, SEEK_CUR) != 5)
		return wrong("the offset has changed");
	if (!holds_on())
		return wrong("the file has lost its snapshot");
	return NULL;
}

static void prepare_read(void)
{
	list_read(witness, &list);
	register_extra(registered ? 0 : 1);
	lseek(file, 0, SEEK_SET);
}

static long act_read(void)
{
	ssize_t got = read(file, buffer, sizeof(buffer));

	return got < 0 ? -errno : got;
}

static const char *check_read(long result)
{
	int news = changed(file, 0);

	list_read(witness, &list);
	if (!list_has(&list, registered))
		return wrong("the list has changed");
	if (result == -ENOMEM && !news)
		return wrong("the news is gone");
	if (result >= 0 && news)
		return wrong("the news is still there");
	if (result >= 0 && (result != (long)list.length ||
			    memcmp(buffer, list.text, result)))
		return wrong("this is not the list");
	if (lseek(file, 0, SEEK_CUR) != (result < 0 ? 0 : result))
		return wrong("the offset is not as the result says");
	/* With EFAULT it may be the new one. */
	if (!news)
		held = list;
	if (!holds_on())
		return wrong("the file has lost its snapshot");
	return NULL;
}

/* A file that has never been read takes a snapshot wherever it is read. */
static void prepare_first_read(void)
{
	prepare_read();
	file = status_open();
}

static long act_first_read(void)
{
	ssize_t got = pread(file, buffer, sizeof(buffer), 2);

	return got < 0 ? -errno : got;
}

static const char *check_first_read(long result)
{
	const char *why = NULL;
	int news = changed(file, 0);

	list_read(witness, &held);
	list = held;
	if (!list_has(&list, registered))
		why = wrong("the list has changed");
	else if (result == -ENOMEM && !news)
		why = wrong("the news is gone");
	else if (result >= 0 && news)
		why = wrong("the news is still there");
	else if (result >= 0 && (result != (long)list.length - 2 ||
				 memcmp(buffer, list.text + 2, result)))
		why = wrong("this is not the list");
	else if (!holds_on())
		why = wrong("the list cannot be read now");
	close(file);
	return why;
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

/* Everything fails that the module asks for in this. */
static void fail_all(const struct operation *operation)
{
	int injected;
	long result;
	const char *why;

	result = act_with_knobs(operation, FAILSLAB, MANY, &injected);
	why = operation->check(result);
	if (!ok(result == -ENOMEM && injected && !why,
		"%s, with no memory for the module", operation->name))
		diag("%d failed; the result is %ld, expected %d; %s",
		     injected, result, -ENOMEM, why ?: "nothing has changed");
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
	count(&tally, operation, 0, result);
	tally.injected--;
	tally.passed--;
	if (injected || result < 0) {
		diag("the last result is %ld, with %d failed", result,
		     injected);
		tally.bad++;
	}
	tell(&tally, operation, "with each allocation failing", least);
}

/*
 * The first fails, and the way out that it has fails, too, at each point in
 * turn. The knob "space" is an amount that may be had before any failure: a
 * larger request, as the first is here, fails at once.
 */
static void fail_second(const struct operation *operation, const char *kind,
			int step)
{
	struct tally tally = { 0 };
	int injected = 2, passed;
	long result;

	for (int space = 0; space < MANY * step; space += step) {
		set(kind, "space", space);
		result = act_with_knobs(operation, kind, 2, &injected);
		if (injected < 2)
			break;
		count(&tally, operation, space, result);
	}
	set(kind, "space", 0);
	passed = result >= 0;
	count(&tally, operation, 0, result);
	tally.injected--;
	tally.passed--;
	if (injected != 1 || !passed) {
		diag("the last result is %ld, with %d failed", result,
		     injected);
		tally.bad++;
	}
	tell(&tally, operation, "with two allocations failing", 1);
}

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

static void run(const char *where, const char *name, void (*prepare)(void),
		long (*act)(void), const char *(*check)(long result))
{
	char full_name[100];
	struct operation operation = { full_name, prepare, act, check };
	int old_file = file;

	snprintf(full_name, sizeof(full_name), "%s%s", where, name);
	fail_all(&operation);
	fail_each(&operation, 1);
	file = old_file;
}

static void run_files(const char *where)
{
	run(where, "open", prepare_open, act_open, check_open);
	ids_are(1);
	run(where, "register", prepare_write, act_write, check_write);
	ids_are(IDS);
	run(where, "register three", prepare_write, act_write, check_write);
	run(where, "read", prepare_read, act_read, check_read);
	run(where, "read for the first time", prepare_first_read,
	    act_first_read, check_first_read);
}

#define FILES_TESTS	10

static void in_namespace(void *unused)
{
	(void)unused;
	for (int i = 0; i < SMALL; i++)
		crowd[i] = start_sleeper();
	begin();
	list_grows(SMALL);
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
		"read a long list", prepare_read, act_read, check_read,
	};

	(void)unused;
	start_crowd(crowd, LONG);
	begin();
	list_grows(SMALL);
	run_files("");

	list_grows(MEDIUM);
	read_long.name = "read more than a page";
	fail_all(&read_long);
	/* That kmalloc() fails is nothing to vmalloc(). */
	fail_each(&read_long, 0);
	set(FAILSLAB, "require-start", 0);
	set(FAILSLAB, "require-end", -1UL);
	fail_second(&read_long, FAILSLAB, 8);

	list_grows(LONG);
	read_long.name = "read a long list";
	if (exists(FAIL_PAGES)) {
		set(FAIL_PAGES, "min-order", 0);
		set_text(FAIL_PAGES, "ignore-gfp-highmem", "N");
		fail_second(&read_long, FAIL_PAGES, 1);
	} else {
		skip("read a long list, with two allocations failing",
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
	struct operation load = { "", prepare_load, act_load, check_load };
	char name[64];

	(void)unused;
	open_knobs();
	module_fd = open(getenv("USERTIME_KO"), O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "load, in %s()", functions[i]);
		load.name = name;
		if (require_function(FAILSLAB, functions[i]))
			fail_all(&load);
		else
			skip(name, "no such function in this kernel");
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
	set("fail_usercopy", "verbose", 0);
	if (exists(FAIL_PAGES))
		set_up(FAIL_PAGES);

	if (unload())
		die("the module is unloaded");
	reap(start(loading, NULL));
	is(load(""), 0, "the module can be loaded");
	stop_updates();
	require_module(FAILSLAB);
	reap(start(outside, NULL));
	empty_list();
	require_module(FAILSLAB);
	reap(start(start_namespace, NULL));
	empty_list();
	if (kmemleak_exists())
		is(kmemleak_objects(), 0, "nothing has leaked");
	else
		skip("nothing has leaked", "this kernel has no kmemleak");

	set_back(FAILSLAB);
	if (exists(FAIL_PAGES))
		set_back(FAIL_PAGES);
	return done();
}
