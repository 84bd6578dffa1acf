// SPDX-License-Identifier: GPL-2.0
/*
 * The test app: spin "registers itself, spins for some seconds, then prints
 * its own line of the list beside what getrusage(2) says of it. Without the
 * module loaded it says so and how to load it, and exits 1."
 */
#include "process.h"
#include "urt.h"

#include <libgen.h>

static char output[4096];
static pid_t pid;

/* Runs spin, which is in the folder of this test. Returns its exit status. */
static int run_spin(const char *seconds, const char *threads)
{
	char path[4096] = "";
	size_t length = 0;
	int out[2], status;
	ssize_t got;

	if (readlink("/proc/self/exe", path, sizeof(path) - 6) < 0 || pipe(out))
		die("the path of this test is found, and a pipe is made");
	strcat(dirname(path), "/spin");
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl(path, "spin", seconds, threads, NULL);
		die("execve(2) of %s", path);
	}
	close(out[1]);
	while ((got = read(out[0], output + length,
			   sizeof(output) - 1 - length)) > 0)
		length += got;
	output[length] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int said(const char *text, const char *name)
{
	int passed = !!strstr(output, text);

	if (!ok(passed, "%s", name))
		diag("no '%s' in: %s", text, output);
	return passed;
}

/*
 * Runs spin 1 2. Returns its exit status and stores the two times that it
 * prints, in microseconds.
 */
static int run_two(long long *listed, long long *used)
{
	int status = run_spin("1", "2");
	char line[64], *found;

	sprintf(line, "%s: %d: ", URT_STATUS_PATH, pid);
	found = strstr(output, line);
	*listed = found ? atoll(found + strlen(line)) : 0;
	found = strstr(output, "getrusage(2): ") ? strrchr(output, ':') : NULL;
	*used = found ? atoll(found + 2) : -1;
	return status;
}

int main(void)
{
	long long listed, used;
	char line[64];
	int status;

	plan(10);
	/* The update comes after spin has done its work. */
	set_period(1500);
	/*
	 * If the host stops a virtual CPU between getrusage(2) and poll(2),
	 * that time counts as used by spin. Then this tries again.
	 */
	for (int run = 0; run < 5; run++) {
		status = run_two(&listed, &used);
		if (llabs(listed - used) <= TICK)
			break;
	}
	is(status, 0, "spin 1 2 succeeds");
	sprintf(line, "%s: %d: ", URT_STATUS_PATH, pid);
	said(line, "spin prints its own line");
	said("getrusage(2): ", "spin prints what getrusage(2) reports");
	is_near(listed, used, TICK, "both times are the same");
	ok(used > 1000000 && used < 2500000, "two threads spin for a second");

	is(run_spin("0", "1"), 1, "0 seconds is an error");
	said("usage: ", "spin prints its usage");

	unload();
	is(run_spin("1", "1"), 1, "spin fails without the module");
	said(URT_STATUS_PATH, "spin names the missing file");
	said("insmod usertime.ko", "spin says how to load the module");
	return done();
}
