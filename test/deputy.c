// SPDX-License-Identifier: GPL-2.0
/*
 * "Both processes are checked: the one that writes, and the one that opened
 * the file. Each of them must qualify, by its user ID or by its capability,
 * independently of the other. So a set-user-ID program whose output another
 * user has redirected to this file has no more power than that user."
 *
 * "Exceeding either limit requires CAP_SYS_RESOURCE in both the writer and the
 * opener."
 *
 * The set-user-ID program is a copy of this test. It writes its argument to
 * standard error, where many programs write their own name.
 */
#include "process.h"
#include "urt.h"

#include <sys/mount.h>

#define NOBODY	65534
#define ALICE	1000
#define BOB	1001
#define NONE	-1

static char directory[64], program[128];

static int deputy(const char *text)
{
	return write(STDERR_FILENO, text, strlen(text)) < 0 ? errno : 0;
}

/* Makes the program on a new file system: /tmp may be mounted with nosuid. */
static void make_program(void)
{
	char bytes[65536];
	int from, to;
	ssize_t got;

	strcpy(directory, "/tmp/usertime-deputy-XXXXXX");
	if (!mkdtemp(directory) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", directory, "tmpfs", 0, "mode=0755"))
		die("a file system can be mounted");
	snprintf(program, sizeof(program), "%s/deputy", directory);
	from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	to = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	if (from < 0 || to < 0)
		die("%s can be made", program);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, got) != got)
			die("%s can be written", program);
	if (fchown(to, 0, 0) || fchmod(to, 04755))
		die("%s can be set-user-ID", program);
	close(from);
	close(to);
}

static void remove_program(void)
{
	umount2(directory, MNT_DETACH);
	rmdir(directory);
}

/*
 * Writes @text as a process of nobody's, or makes the program write it. Returns
 * 0, or an error.
 */
static int written(const char *text, int opened_by_root, int by_program)
{
	pid_t pid = fork();
	int fd, status;

	if (!pid) {
		if (opened_by_root)
			fd = status_open();
		if (setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		if (!opened_by_root)
			fd = status_open();
		dup2(fd, STDERR_FILENO);
		if (!by_program)
			_exit(deputy(text));
		execl(program, "deputy", text, NULL);
		_exit(255);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("the write can be tried");
	return WEXITSTATUS(status);
}

/*
 * Tests that the program has root's power on a file that root opened, and not
 * on one that its caller opened. The last write succeeds only if those before
 * it changed nothing.
 */
static void try_program(const char *text, int error, const char *what)
{
	is(written(text, 0, 0), error, "a user without privileges cannot %s", what);
	is(written(text, 0, 1), error,
	   "nor can a set-user-ID program that this user runs");
	is(written(text, 1, 0), error,
	   "nor can this user on a file that root opened");
	is(written(text, 1, 1), 0,
	   "the program can, on a file that root opened");
}

/* A way for the opener or the writer to qualify, or not. */
struct right {
	const char *name;
	uid_t uid;
	int cap;
};

static int open_as(const struct right *right)
{
	int fd;

	become_user(right->uid, right->cap);
	fd = status_open();
	become_root();
	return fd;
}

static int write_as(const struct right *opener, const struct right *writer,
		    const char *sign, pid_t pid)
{
	int fd = open_as(opener);
	long result = status_write_as(writer->uid, writer->cap, fd, "%s%d",
				      sign, pid);

	close(fd);
	return result < 0 ? -result : 0;
}

static void all_pairs(int fd, const struct right *rights, int count,
		      const char *sign, pid_t pid, int refused)
{
	for (int i = 0; i < count * count; i++) {
		const struct right *opener = &rights[i / count];
		const struct right *writer = &rights[i % count];
		int expected = opener != rights && writer != rights ?
			       0 : refused;
		int was = time_now(fd, pid) >= 0;
		int error = write_as(opener, writer, sign, pid);
		int listed = time_now(fd, pid) >= 0;

		if (!ok(error == expected && listed == (error ? was : !was),
			"opened %s, written %s: %s", opener->name, writer->name,
			expected ? strerrorname_np(expected) : "allowed"))
			diag("error %d, expected %d; listed: %d, then %d",
			     error, expected, was, listed);
		if (listed != was)
			status_write(fd, was ? "%d" : "-%d", pid);
	}
}

static void alices(void *unused)
{
	if (setresuid(ALICE, ALICE, ALICE))
		die("setresuid(2)");
	raise(SIGSTOP);
	sleep_work(unused);
}

int main(int argc, char **argv)
{
	static const struct right unregister[] = {
		{ "without a right", BOB, CAP_SYS_RESOURCE },
		{ "by its user", ALICE, NONE },
		{ "with CAP_SYS_PTRACE", BOB, CAP_SYS_PTRACE },
	};
	static const struct right exceed[] = {
		{ "without a right", 0, CAP_SYS_PTRACE },
		{ "with CAP_SYS_RESOURCE", BOB, CAP_SYS_RESOURCE },
	};
	pid_t root, alice;
	char text[32];
	int fd;

	if (argc > 1 && !strcmp(argv[0], "deputy"))
		return deputy(argv[1]);

	plan(4 + 1 + 4 + 1 + 9 + 4);
	stop_updates();
	make_program();
	fd = status_open();
	root = start_sleeper();
	alice = start(alices, NULL);
	stopped(alice);

	status_register(fd, root);
	snprintf(text, sizeof(text), "-%d ", root);
	try_program(text, EPERM, "unregister root's process");
	is(time_now(fd, root), -1, "root's process is unregistered");

	status_register(fd, alice);
	set_parameter("max_processes", 1);
	snprintf(text, sizeof(text), "%d ", root);
	try_program(text, ENOSPC, "exceed max_processes");
	ok(time_now(fd, root) >= 0, "max_processes is exceeded");

	all_pairs(fd, unregister, 3, "-", alice, EPERM);
	status_write(fd, "-%d", root);
	all_pairs(fd, exceed, 2, "", root, ENOSPC);
	remove_program();
	return done();
}
