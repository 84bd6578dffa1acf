// SPDX-License-Identifier: GPL-2.0
/*
 * Matches processes by command name, executable, or cgroup
 */
#define _FILE_OFFSET_BITS 64	/* for files with large inode numbers */
#define _GNU_SOURCE

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "urt.h"

#define CGROUPS		"/sys/fs/cgroup"
#define DELETED		" (deleted)"
/* The path of an executable, or /proc/PID/cgroup with many hierarchies. */
#define TEXT_SIZE	(2 * PATH_MAX)

static const char *set_name(struct criterion *criterion)
{
	char shown[SHOWN_SIZE];

	criterion->value = strndup(criterion->text, COMM_SIZE - 1);
	if (criterion->value && strcmp(criterion->value, criterion->text))
		warnx("the kernel keeps %d bytes of a name: matching '%s'",
		      COMM_SIZE - 1,
		      printable(criterion->value, shown, sizeof(shown)));
	return NULL;
}

/* Follows the symbolic links in the path, if the file exists. */
static void resolve(struct criterion *criterion)
{
	char *path = realpath(criterion->text, NULL);
	struct stat file;

	if (!path || stat(path, &file)) {
		free(path);
		return;
	}
	free(criterion->value);
	criterion->value = path;
	criterion->device = file.st_dev;
	criterion->inode = file.st_ino;
}

static const char *set_exe(struct criterion *criterion)
{
	resolve(criterion);
	if (criterion->value)
		return NULL;
	if (*criterion->text != '/')
		return "no such file, and not an absolute path";
	warnx("there is no file %s at present", criterion->text);
	criterion->value = strdup(criterion->text);
	return NULL;
}

/*
 * A name has no slash. A path is converted to the form in /proc/PID/cgroup, and
 * the root to "".
 */
static const char *set_unit(struct criterion *criterion)
{
	const size_t length = strlen(CGROUPS);
	const char *path = criterion->text;
	size_t end;

	if (!strchr(path, '/')) {
		criterion->value = strdup(path);
		return NULL;
	}
	if (!strncmp(path, CGROUPS, length) &&
	    (!path[length] || path[length] == '/'))
		path += length;
	path += strspn(path, "/");
	if (asprintf(&criterion->value, "/%s", path) < 0)
		err(failure, "memory");
	end = strlen(criterion->value);
	while (end && criterion->value[end - 1] == '/')
		criterion->value[--end] = '\0';
	return NULL;
}

/* Adds a criterion. Returns NULL, or an error message about @text. */
const char *add_criterion(struct criteria *criteria, enum kind kind,
			  const char *text)
{
	static const char *(* const set[])(struct criterion *) = {
		[NAME] = set_name, [EXE] = set_exe, [UNIT] = set_unit,
	};
	struct criterion new = { .kind = kind, .text = strdup(text) };
	const char *error;
	size_t i;

	if (!new.text)
		err(failure, "memory");
	error = *text ? set[kind](&new) : "the name is empty";
	if (error) {
		free(new.text);
		return error;
	}
	criteria->list = realloc(criteria->list, (criteria->count + 1) *
				 sizeof(*criteria->list));
	if (!criteria->list || !new.value)
		err(failure, "memory");
	/* They are grouped by kind, so matches() reads each file only once. */
	for (i = criteria->count++; i && criteria->list[i - 1].kind > kind; i--)
		criteria->list[i] = criteria->list[i - 1];
	criteria->list[i] = new;
	return NULL;
}

void free_criteria(struct criteria *criteria)
{
	for (size_t i = 0; i < criteria->count; i++) {
		free(criteria->list[i].text);
		free(criteria->list[i].value);
	}
	free(criteria->list);
	*criteria = (struct criteria){ 0 };
}

bool has_units(const struct criteria *criteria)
{
	return criteria->count &&
	       criteria->list[criteria->count - 1].kind == UNIT;
}

/* Reads the path of the executable, without the mark of a deleted file. */
static bool read_exe(pid_t pid, char *text, size_t size)
{
	const size_t deleted = strlen(DELETED);
	char path[40];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, text, size - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	if ((size_t)length > deleted &&
	    !strcmp(text + length - deleted, DELETED))
		text[length - deleted] = '\0';
	return true;
}

/* Reads the path in cgroup v2: the rest of the line that begins with "0::". */
static bool read_cgroup(pid_t pid, char *text)
{
	char *line;

	if (!read_file(pid, "cgroup", text, TEXT_SIZE))
		return false;
	for (line = text; strncmp(line, "0::", 3); line++) {
		line = strchr(line, '\n');
		if (!line) {
			errno = 0;
			return false;
		}
	}
	line += 3;
	line[strcspn(line, "\n")] = '\0';
	memmove(text, line, strlen(line) + 1);
	return true;
}

/*
 * Reads the cgroup of a process that may be new. The kernel reports a fork
 * before it moves the new process from the root cgroup to the cgroup of its
 * parent.
 */
static bool read_new_cgroup(pid_t pid, pid_t parent, char *text)
{
	if (!read_cgroup(pid, text))
		return false;
	if (parent && !strcmp(text, "/") && !read_cgroup(parent, text))
		return read_cgroup(pid, text);
	return true;
}

/* Reads the name or path that criteria of this kind are compared with. */
static bool read_kind(pid_t pid, pid_t parent, enum kind kind, char *text)
{
	switch (kind) {
	case NAME:
		return read_comm(pid, text);
	case EXE:
		return read_exe(pid, text, TEXT_SIZE);
	default:
		return read_new_cgroup(pid, parent, text);
	}
}

/* Compares executables. Resolves the path again if it leads to a new file. */
static bool is_exe(struct criterion *criterion, const char *exe)
{
	struct stat file;

	if (!strcmp(exe, criterion->value))
		return true;
	if (stat(criterion->text, &file) ||
	    (file.st_dev == criterion->device &&
	     file.st_ino == criterion->inode))
		return false;
	resolve(criterion);
	return !strcmp(exe, criterion->value);
}

/* Whether @path is the path of a matching cgroup, or of one below it. */
static bool is_in_unit(const struct criterion *criterion, const char *path)
{
	const char *value = criterion->value;
	size_t length = strlen(value);

	if (!*value || *value == '/')
		return !strncmp(path, value, length) &&
		       (!path[length] || path[length] == '/');
	for (const char *at = path; (at = strstr(at, value)); at++) {
		if (at > path && at[-1] == '/' &&
		    (!at[length] || at[length] == '/'))
			return true;
	}
	return false;
}

/*
 * Whether the process @pid matches any of @criteria. urt itself never matches.
 * @parent is the parent if the process was just forked, and otherwise 0. If no
 * criterion matches, errno is set to 0, or to the error that prevented reading
 * the process.
 */
bool matches(struct criteria *criteria, pid_t pid, pid_t parent)
{
	static pid_t self;
	char text[TEXT_SIZE];
	bool readable = false;
	int error = 0;

	if (!self)
		self = getpid();
	for (size_t i = 0; i < criteria->count; i++) {
		struct criterion *one = &criteria->list[i];

		if (pid == self)
			break;
		if (!i || one->kind != one[-1].kind) {
			readable = read_kind(pid, parent, one->kind, text);
			if (!readable)
				error = errno;
		}
		if (!readable)
			continue;
		if (one->kind == UNIT ? is_in_unit(one, text) :
		    one->kind == EXE ? is_exe(one, text) :
		    !strcmp(one->value, text))
			return true;
	}
	errno = error;
	return false;
}

/* Calls @visit with the ID of every process. */
void scan_proc(void (*visit)(pid_t pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid;

	if (!proc)
		err(failure, "/proc");
	while ((entry = readdir(proc))) {
		pid = parse_pid(entry->d_name);
		if (pid)
			visit(pid);
	}
	closedir(proc);
}
