/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for the tests of the file that urt export writes
 */
#ifndef EXPORTED_H
#define EXPORTED_H

#include "tool.h"

#define FOLDER	"/tmp/urt_export"
#define FILE_	FOLDER "/usertime.prom"

#define EXPORTED_SIZE	1000000

/* Returns the content of the file, which is empty if there is no file. */
static inline const char *exported(void)
{
	static char text[EXPORTED_SIZE];
	FILE *file = fopen(FILE_, "r");
	size_t length = 0;

	if (file) {
		length = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[length] = '\0';
	return text;
}

/* Waits up to 30 s until the file contains @wanted, or lacks it if !@there. */
static inline int await_text(const char *wanted, int there)
{
	for (long long end = now_ms() + paced(30000); now_ms() < end;
	     usleep(10000)) {
		const char *text = exported();

		if (*text && !strstr(text, wanted) == !there)
			return 1;
	}
	diag("%s '%s' in:\n%s", there ? "no" : "still", wanted, exported());
	return 0;
}

/* Waits until the file contains this text. */
static inline int in_file(const char *format, ...)
{
	char wanted[256];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	return await_text(wanted, 1);
}

/* Returns the inode number of the file, or 0 if there is no file. */
static inline ino_t file_inode(void)
{
	struct stat file;

	return stat(FILE_, &file) ? 0 : file.st_ino;
}

/* Sends urt the signal @number. Returns the result of tool_ends(). */
static inline int tool_signaled(int number)
{
	kill(tool.pid, number);
	return tool_ends();
}

#endif
