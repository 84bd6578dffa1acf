// SPDX-License-Identifier: GPL-2.0
/*
 * The list in /proc/urt/status, and which process has which line
 *
 * A read costs little, since /proc/PID is read only where a line may belong to
 * another process than before. That follows from the order of the lines: those
 * that stay keep their order, and new ones are added at the end. So one walk
 * over the old and the new list finds the lines that are gone and those that
 * are new. A new process that reuses the PID of an ended one has its line at
 * the end too. If the old line was already there, only the start time of the
 * process shows that it is another.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

/*
 * A process may change its name, so each name is read again about once a minute.
 * That is most of what following the list costs: 12,000 instructions each. With
 * the usual period, every 15th update looks at a name.
 */
#define LOOK_AGAIN	74

/*
 * Opens the list with the O_* @flags. Return: the file. If there is none, this
 * says why and exits.
 */
int status_open(int flags)
{
	int fd = open(URT_STATUS_PATH, flags | O_CLOEXEC), error = errno;

	if (fd >= 0)
		return fd;
	warn("%s", URT_STATUS_PATH);
	if (error == ENOENT || error == ENODEV)
		warnx("is the module loaded? sudo modprobe usertime");
	else if (error == EACCES)
		warnx("the module's parameters mode and gid say who may");
	exit(failure);
}

/* Registers the process @id, or unregisters -@id. Return: false with errno. */
bool write_id(int fd, int id)
{
	return dprintf(fd, "%d", id) > 0;
}

void warn_of_id(int id)
{
	warn("cannot %s %d", id > 0 ? "register" : "unregister", abs(id));
}

/* The value of the module's parameter @name, a number; 0 if it is not known. */
long parameter(const char *name)
{
	char path[80];
	long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/usertime/parameters/%s",
		 name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%ld", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* Memory of @size bytes for @old, which is freed. Exits if there is none. */
static void *resize(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		err(failure, "memory");
	return new;
}

/* Reads a snapshot into text. Return: whether it differs from the last one. */
static bool read_text(struct status *status)
{
	char *text = status->last;
	size_t length = 0;
	ssize_t got = 1;

	status->last = status->text;
	while (got) {
		if (!text || length + 1 >= status->size) {
			status->size = 2 * status->size + 4096;
			text = resize(text, status->size);
			status->last = resize(status->last, status->size);
		}
		got = pread(status->fd, text + length,
			    status->size - 1 - length, length);
		if (got < 0)
			err(failure, "%s", URT_STATUS_PATH);
		length += got;
	}
	text[length] = '\0';
	status->text = text;
	return !status->begun || strcmp(text, status->last);
}

/* Reads the number at *@text, and moves *@text behind it. */
static unsigned long long parse_number(const char **text)
{
	unsigned long long number = 0;

	while (**text >= '0' && **text <= '9')
		number = 10 * number + *(*text)++ - '0';
	return number;
}

/* Reads the line at *@text, and moves *@text to the next one. */
static void parse_line(const char **text, pid_t *pid, unsigned long long *time)
{
	const char *line = *text;

	*pid = parse_number(text);
	if (*pid && (*text)[0] == ':' && (*text)[1] == ' ') {
		*text += 2;
		*time = parse_number(text);
		if (*(*text)++ == '\n')
			return;
	}
	errx(failure, "%s: not a line: %.40s", URT_STATUS_PATH, line);
}

/*
 * @process has no line any more. If it is still alive, it was unregistered, and
 * may be registered again: its time then goes on. Otherwise it is gone, which
 * an update has found; it is kept until the end of this read, because it may
 * have been registered again before it ended.
 */
static void remove_line(struct status *status, const struct process *process)
{
	struct process *left;
	struct stat_line stat;

	status->changed = true;
	status->left = resize(status->left, (status->left_count + 1) *
			      sizeof(*status->left));
	left = &status->left[status->left_count++];
	*left = *process;
	left->looked = status->at;
	if (!process->start || !read_stat(process->pid, &stat) ||
	    stat.start != process->start) {
		status->update = true;
		left->looked = -LOOK_AGAIN;
	}
}

static void forget_left(struct status *status, size_t i)
{
	status->left[i] = status->left[--status->left_count];
}

static void set_time(struct process *process, unsigned long long time)
{
	process->growth = time - process->time;
	process->time = time;
}

/*
 * Whether @left, which had a line before, has the new line of @pid. If no
 * process has that PID any more, @start is 0, and it most likely has.
 */
static bool has_returned(const struct process *left, pid_t pid,
			 unsigned long long start, unsigned long long time)
{
	return left->pid == pid && (!start || left->start == start) &&
	       left->time <= time;
}

/* Fills in @process, whose line is new: it has @pid, and has used @time. */
static void add_line(struct status *status, struct process *process, pid_t pid,
		     unsigned long long time)
{
	struct stat_line stat = { .comm = "?" };

	status->changed = true;
	read_stat(pid, &stat);
	for (size_t i = 0; i < status->left_count; i++) {
		if (!has_returned(&status->left[i], pid, stat.start, time))
			continue;
		*process = status->left[i];
		process->fresh = false;
		process->looked = status->at;
		if (stat.start)
			strcpy(process->comm, stat.comm);
		forget_left(status, i);
		set_time(process, time);
		return;
	}
	/* It is looked at again soon: it may have registered to execve(2). */
	*process = (struct process){
		.pid = pid,
		.fresh = true,
		.time = time,
		.start = stat.start,
		.looked = status->at - LOOK_AGAIN + 1,
		.since = status->begun ? status->at : NAN,
		.share = NAN,
	};
	strcpy(process->comm, stat.comm);
}

/*
 * Whether the line of @process, which has grown, is that of another process by
 * now, which has the same PID. This is so if that process can have used this
 * time, and has used more than the line had before. If it has not yet, it may
 * show later.
 */
static bool is_replaced(struct process *process)
{
	unsigned long long tick = URT_UNIT_PER_SEC / sysconf(_SC_CLK_TCK);
	struct stat_line stat;

	if (!process->growth || !process->start ||
	    !read_stat(process->pid, &stat) || stat.start == process->start)
		return false;
	process->doubtful = true;
	return stat.user_time * tick > process->time - process->growth &&
	       (stat.user_time + 1) * tick > process->time;
}

/*
 * Replaced lines are the last of those that are not new, unless others have
 * been registered before that could be seen.
 */
static void find_replaced(struct status *status, size_t not_new)
{
	while (not_new--) {
		struct process *process = &status->processes[not_new];

		if (process->fresh)
			continue;
		if (!is_replaced(process))
			return;
		status->update = true;
		add_line(status, process, process->pid, process->time);
	}
}

/* Reads the name of @process again, unless another has its PID by now. */
static void look_again(struct status *status, struct process *process)
{
	char comm[COMM_SIZE];
	struct stat_line stat;

	process->looked = status->at;
	if (!read_comm(process->pid, comm) || !strcmp(comm, process->comm) ||
	    !read_stat(process->pid, &stat))
		return;
	if (process->start && stat.start != process->start) {
		process->doubtful = true;
		return;
	}
	process->start = stat.start;
	strcpy(process->comm, stat.comm);
	status->changed = true;
}

/* Forgets the unregistered processes that have ended since. */
static void look_at_left(struct status *status)
{
	struct stat_line stat;

	for (size_t i = status->left_count; i-- > 0;) {
		struct process *process = &status->left[i];

		if (status->at - process->looked < LOOK_AGAIN)
			continue;
		process->looked = status->at;
		if (!read_stat(process->pid, &stat) ||
		    stat.start != process->start)
			forget_left(status, i);
	}
}

/* Compares the lines in text with processes, and stores them there. */
static void merge_lines(struct status *status)
{
	size_t old = 0, count = 0, not_new = 0, before = status->count;
	unsigned long long time;
	const char *text = status->text;
	struct process *process;
	pid_t pid;

	while (*text) {
		parse_line(&text, &pid, &time);
		while (old < before && status->processes[old].pid != pid)
			remove_line(status, &status->processes[old++]);
		if (count == status->room) {
			status->room = 2 * status->room + 64;
			status->processes = resize(status->processes,
						   status->room *
						   sizeof(*process));
		}
		process = &status->processes[count++];
		if (old == before) {
			add_line(status, process, pid, time);
			continue;
		}
		if (process != &status->processes[old])
			*process = status->processes[old];
		old++;
		not_new = count;
		process->fresh = false;
		if (time < process->time) {
			status->update = true;
			add_line(status, process, pid, time);
			continue;
		}
		set_time(process, time);
		if (!process->growth)
			continue;
		status->update = true;
		status->changed = true;
		if (process->doubtful && is_replaced(process))
			add_line(status, process, pid, time);
	}
	while (old < before)
		remove_line(status, &status->processes[old++]);
	status->count = count;
	find_replaced(status, not_new);
}

/* No line has changed. */
static void keep_lines(struct status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		status->processes[i].fresh = false;
		status->processes[i].growth = 0;
	}
}

/* The share of each process since the update before, or since it registered. */
static void set_shares(struct status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		struct process *process = &status->processes[i];

		process->share = process->growth /
				 (status->at - process->since) /
				 URT_UNIT_PER_SEC;
		process->since = status->at;
	}
}

/*
 * Reads the list again. Both updates and registrations are news, and nothing
 * says which it was. But only an update changes a time, or removes the line of
 * a process that is gone. If all lines are as they were, it was an update, or a
 * registration that was undone or read before it was announced: then the last
 * update is less than a period ago.
 */
void status_read(struct status *status)
{
	bool differs = read_text(status);

	status->at = now();
	status->update = false;
	status->changed = false;
	if (differs)
		merge_lines(status);
	else
		keep_lines(status);
	if (status->begun && !status->changed &&
	    status->at - status->updated >= 0.00075 * parameter("period_ms"))
		status->update = true;
	if (status->update)
		set_shares(status);
	if (status->update || !status->begun)
		status->updated = status->at;
	status->begun = true;
	for (size_t i = 0; i < status->count; i++) {
		struct process *process = &status->processes[i];

		if (status->at - process->looked >= LOOK_AGAIN)
			look_again(status, process);
	}
	look_at_left(status);
}
