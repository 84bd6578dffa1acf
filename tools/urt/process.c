// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the files in /proc/PID, and makes names printable
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/* Sets @path to /proc/@pid/@file, ten times as fast as snprintf(3). */
static void make_path(char *path, pid_t pid, const char *file)
{
	char digits[12], *digit = digits + sizeof(digits);

	*--digit = '\0';
	do {
		digit--;
		*digit = '0' + pid % 10;
	} while (pid /= 10);
	stpcpy(stpcpy(stpcpy(stpcpy(path, "/proc/"), digit), "/"), file);
}

/*
 * Reads at most @size - 1 bytes of /proc/@pid/@file. Returns their number, or 0
 * on error.
 */
size_t read_file(pid_t pid, const char *file, char *text, size_t size)
{
	ssize_t length = -1;
	char path[40];
	int fd;

	make_path(path, pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, size - 1);
		close(fd);
	}
	if (length < 0)
		length = 0;
	text[length] = '\0';
	return length;
}

/*
 * Skips @skip fields at *@text, parses the number after them, and moves *@text
 * behind that number. A blank precedes each field. Returns the number. If there
 * is none, sets *@text to NULL.
 */
static unsigned long long parse_field(char **text, int skip)
{
	while (*text && skip--)
		*text = strchr(*text + 1, ' ');
	return *text ? strtoull(*text, text, 10) : 0;
}

/*
 * Reads /proc/@pid/stat. Returns false if there is no such process, or if it is
 * not visible to urt.
 */
bool read_stat(pid_t pid, struct stat_line *stat)
{
	char text[1024], *name, *end;

	if (!read_file(pid, "stat", text, sizeof(text)))
		return false;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end)
		return false;
	*end++ = '\0';
	snprintf(stat->comm, COMM_SIZE, "%s", name + 1);
	stat->user_time = parse_field(&end, 14 - 3);
	stat->start = parse_field(&end, 22 - 15);
	return end;
}

/*
 * Reads the command name of @pid, at half the cost of read_stat(). Returns
 * false if there is no such process, or if it is not visible to urt.
 */
bool read_comm(pid_t pid, char comm[COMM_SIZE])
{
	char text[COMM_SIZE + 1];
	size_t length = read_file(pid, "comm", text, sizeof(text));

	if (!length)
		return false;
	text[length - 1] = '\0';	/* replaces the newline */
	strcpy(comm, text);
	return true;
}

/* Returns the process ID in @text, or 0 if @text is not a process ID. */
pid_t parse_pid(const char *text)
{
	unsigned long long pid = strtoull(text, NULL, 10);

	if (text[strspn(text, "0123456789")] || pid > INT_MAX)
		return 0;
	return pid;
}

/*
 * Reads the command line of @process, with a blank between two arguments.
 * Returns false if the command line is empty or not visible, or if another
 * process has the PID now.
 */
bool read_command_line(const struct process *process, char *text, size_t size)
{
	struct stat_line stat;
	size_t length;

	length = read_file(process->pid, "cmdline", text, size);
	for (size_t i = 0; i < length; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return length && read_stat(process->pid, &stat) &&
	       stat.start == process->start;
}

/*
 * Whether the character @code is invisible. Such characters may change how
 * other characters are shown. The ranges are category Cf of Unicode 15.0, and
 * U+2028 and U+2029.
 */
static bool is_invisible(unsigned int code)
{
	static const unsigned int ranges[][2] = {
		{ 0x00ad, 0x00ad }, { 0x0600, 0x0605 }, { 0x061c, 0x061c },
		{ 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x0890, 0x0891 },
		{ 0x08e2, 0x08e2 }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x2064 }, { 0x2066, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0x110bd, 0x110bd },
		{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	}
	return false;
}

/* Returns the length of the printable UTF-8 character at @text, or 0. */
int character_length(const char *text)
{
	static const unsigned int least[] = { 0, ' ', 0xa0, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	unsigned int code, length;

	if (byte[0] < 0x7f)
		return byte[0] >= ' ';
	if (byte[0] < 0xc0 || byte[0] >= 0xf8)
		return 0;
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	code = byte[0] & 0x7f >> length;
	for (unsigned int i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000) || is_invisible(code))
		return 0;
	return length;
}

/*
 * Copies @text to @shown, which has @size bytes. Escapes each byte that cannot
 * be printed, as in "\x1b". Cuts off what does not fit. Returns @shown.
 */
const char *printable(const char *text, char *shown, size_t size)
{
	char *to = shown;

	while (*text && to + 5 <= shown + size) {
		int length = character_length(text);

		if (length) {
			memcpy(to, text, length);
			to += length;
			text += length;
		} else {
			to += sprintf(to, "\\x%02x", (unsigned char)*text++);
		}
	}
	*to = '\0';
	return shown;
}
