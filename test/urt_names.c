// SPDX-License-Identifier: GPL-2.0
/*
 * "Bidirectional and other invisible format characters in names (Unicode's Cf,
 * and U+2028, U+2029) are escaped the way control characters are."
 */
#include "tool.h"

static int fd;

static void shown(const char *name, const char *expected, const char *what)
{
	pid_t pid = start_named(name, 0);
	char line[80];

	status_register(fd, pid);
	tool_run("list", "--now");
	snprintf(line, sizeof(line), "       -  %s\n", expected);
	said(line, what);
	status_write(fd, "-%d", pid);
	end(pid);
}

int main(void)
{
	plan(12);
	fd = status_open();
	stop_updates();
	shown("a\033b\x7f", "a\\x1bb\\x7f", "control characters");
	shown("a\302\255b", "a\\xc2\\xadb", "U+00AD, the first");
	shown("a\342\200\256b", "a\\xe2\\x80\\xaeb", "U+202E, right to left");
	shown("\342\201\246\342\201\251", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9",
	      "U+2066 and U+2069, isolates");
	shown("\342\200\213", "\\xe2\\x80\\x8b", "U+200B, a space without width");
	shown("\342\200\250\342\200\251", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9",
	      "U+2028 and U+2029, separators");
	shown("\357\273\277", "\\xef\\xbb\\xbf", "U+FEFF, a byte order mark");
	shown("\363\240\201\277", "\\xf3\\xa0\\x81\\xbf", "U+E007F, the last");
	shown("\342\200\252\342\200\257", "\\xe2\\x80\\xaa\342\200\257",
	      "U+202F, just after a range, is not escaped");
	shown("\302\254\302\256", "\302\254\302\256",
	      "U+00AC and U+00AE, beside U+00AD, are not escaped");
	shown("gr\303\274n", "gr\303\274n", "letters are not escaped");
	shown("\303\050\355\240\200", "\\xc3(\\xed\\xa0\\x80",
	      "bytes that are not UTF-8");
	return done();
}
