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

int main(void)
{
	long long listed = 0, used = -1;
	char line[64];
	int found;

	plan(10);
	/* The update comes when spin has done its work. */
	set_period(1500);
	is(run_spin("1", "2"), 0, "spin 1 2");
	sprintf(line, "%s: %d: ", URT_STATUS_PATH, pid);
	if (said(line, "its own line"))
		sscanf(strstr(output, line) + strlen(line), "%lld", &listed);
	found = said("getrusage(2): ", "what getrusage(2) says");
	if (found)
		sscanf(strrchr(output, ':'), ": %lld", &used);
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
