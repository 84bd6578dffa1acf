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

/* Run spin, which is beside this program. Returns its exit status. */
static int run_spin(const char *seconds, const char *threads)
{
	char path[4096] = "";
	size_t length = 0;
	int out[2], status;
	ssize_t got;

	if (readlink("/proc/self/exe", path, sizeof(path) - 6) < 0 || pipe(out))
		die("what spin needs");
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
 * Run spin 1 2. Returns its exit status, and the two times that it prints, in
 * microseconds.
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
	/* The update comes when spin has done its work. */
	set_period(1500);
	/*
	 * If the host stops a virtual processor between getrusage(2) and
	 * poll(2), that counts as time of spin's. Then it runs again.
	 */
	for (int run = 0; run < 5; run++) {
		status = run_two(&listed, &used);
		if (llabs(listed - used) <= TICK)
			break;
	}
	is(status, 0, "spin 1 2");
	sprintf(line, "%s: %d: ", URT_STATUS_PATH, pid);
	said(line, "its own line");
	said("getrusage(2): ", "what getrusage(2) says");
	is_near(listed, used, TICK, "is the same");
	ok(used > 1000000 && used < 2500000, "for two threads and one second");

	is(run_spin("0", "1"), 1, "no seconds");
	said("usage: ", "are told the usage");

	unload();
	is(run_spin("1", "1"), 1, "without the module");
	said(URT_STATUS_PATH, "spin says what it lacks");
	said("insmod usertime.ko", "and how to load it");
	return done();
}
