// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the criteria file of urt follow
 */
#define _GNU_SOURCE

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "urt.h"

#define BLANKS	" \t\r\n"

/* Adds the criterion in @line, if any. Returns NULL or an error message. */
static const char *parse_criterion(struct criteria *criteria, char *line)
{
	static const char * const kinds[] = {
		[NAME] = "name", [EXE] = "exe", [UNIT] = "unit",
	};
	size_t end = strlen(line), length;
	char *text;

	while (end && strchr(BLANKS, line[end - 1]))
		line[--end] = '\0';
	line += strspn(line, BLANKS);
	if (!*line || *line == '#')
		return NULL;
	length = strcspn(line, BLANKS);
	text = line + length + strspn(line + length, BLANKS);
	line[length] = '\0';
	if (strstr(text, " #") || strstr(text, "\t#"))
		return "a comment needs a line of its own";
	for (enum kind kind = NAME; kind <= UNIT; kind++) {
		if (strcmp(line, kinds[kind]))
			continue;
		return !*text ? "nothing follows the first word" :
			add_criterion(criteria, kind, text);
	}
	return "the first word is not name, exe or unit";
}

/* Adds the criteria in the file at @path. Returns false after a message. */
bool read_criteria(struct criteria *criteria, const char *path)
{
	FILE *file = fopen(path, "re");
	const char *error = NULL;
	bool passed = true;
	char *line = NULL;
	ssize_t length;
	size_t size = 0;

	if (!file) {
		warn("%s", path);
		return false;
	}
	for (int n = 1; (length = getline(&line, &size, file)) > 0; n++) {
		error = strlen(line) == (size_t)length ?
			parse_criterion(criteria, line) : "the line contains a NUL";
		if (error)
			warnx("%s:%d: %s", path, n, error);
		passed &= !error;
	}
	if (ferror(file)) {
		warn("%s", path);
		passed = false;
	}
	free(line);
	fclose(file);
	return passed;
}
