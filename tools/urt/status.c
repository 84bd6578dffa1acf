// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the list in /proc/urt/status, and finds the process of each line
 *
 * A read costs little, because /proc/PID is read rarely: for names, and if a
 * line may belong to a different process than before. The order of the lines shows this: old lines
 * keep their order, and new lines are added at the end. So one walk over the
 * old and the new list finds the lines that have disappeared and those that are
 * new. If a process reuses a PID, its line is at the end, too. If the old line
 * was at the end already, only the start time shows that the line now belongs
 * to a different process.
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
 * A process may change its name, so each name is read again after this time.
 * Each read takes 12,000 instructions, and this is most of the cost of watching
 * the list. With the default period, a name is read at every 15th update.
 */
#define CHECK_EVERY	74	/* seconds */

/*
 * Opens the list with the O_* @flags. Returns the file descriptor. On error,
 * prints the reason and exits.
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
		warnx("the module's parameters mode and gid restrict access");
	exit(failure);
}

/*
 * Registers the process @id or, if @id is negative, unregisters -@id. Returns
 * false and sets errno on error.
 */
bool write_id(int fd, int id)
{
	return dprintf(fd, "%d", id) > 0;
}

void warn_of_id(int id)
{
	warn("cannot %s %d", id > 0 ? "register" : "unregister", abs(id));
}

/* Returns the value of the module's parameter @name, or 0 if it is unknown. */
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

/* Like realloc(3), but exits if there is not enough memory. */
static void *resize(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		err(failure, "memory");
	return new;
}

/* Reads a snapshot into text. Returns whether it differs from the last one. */
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

/* Parses the number at *@text, and moves *@text behind it. */
static unsigned long long parse_number(const char **text)
{
	unsigned long long number = 0;

	while (**text >= '0' && **text <= '9')
		number = 10 * number + *(*text)++ - '0';
	return number;
}

/* Parses the line at *@text, and moves *@text to the next line. */
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
	errx(failure, "%s: unexpected line: %.40s", URT_STATUS_PATH, line);
}

/*
 * Moves @process, whose line has disappeared, to the unlisted processes. If the
 * process is alive, it was unregistered. If it is registered again, its time
 * continues. If it has ended, an update has removed its line. Such a process is
 * kept until the end of this read, because it may have been
 * registered again before it ended.
 */
static void remove_line(struct status *status, const struct process *process)
{
	struct process *unlisted;
	struct stat_line stat;

	status->changed = true;
	status->unlisted = resize(status->unlisted,
				  (status->unlisted_count + 1) *
				  sizeof(*unlisted));
	unlisted = &status->unlisted[status->unlisted_count++];
	*unlisted = *process;
	unlisted->checked = status->at;
	if (!process->start || !read_stat(process->pid, &stat) ||
	    stat.start != process->start) {
		status->update = true;
		unlisted->checked = -CHECK_EVERY;
	}
}

static void forget_unlisted(struct status *status, size_t i)
{
	status->unlisted[i] = status->unlisted[--status->unlisted_count];
}

static void set_time(struct process *process, unsigned long long time)
{
	process->growth = time - process->time;
	process->time = time;
}

/*
 * Whether the new line with @pid, @start and @time belongs to @unlisted. If
 * @start is 0, no process has this PID anymore, and there is no start time to
 * compare.
 */
static bool has_returned(const struct process *unlisted, pid_t pid,
			 unsigned long long start, unsigned long long time)
{
	return unlisted->pid == pid && (!start || unlisted->start == start) &&
	       unlisted->time <= time;
}

/* Fills in @process for a new line with @pid and @time. */
static void add_line(struct status *status, struct process *process, pid_t pid,
		     unsigned long long time)
{
	struct stat_line stat = { .comm = "?" };

	status->changed = true;
	read_stat(pid, &stat);
	for (size_t i = 0; i < status->unlisted_count; i++) {
		if (!has_returned(&status->unlisted[i], pid, stat.start, time))
			continue;
		*process = status->unlisted[i];
		process->fresh = false;
		process->checked = status->at;
		if (stat.start)
			strcpy(process->comm, stat.comm);
		forget_unlisted(status, i);
		set_time(process, time);
		return;
	}
	/* Its name is checked soon: the process may be about to execve(2). */
	*process = (struct process){
		.pid = pid,
		.fresh = true,
		.time = time,
		.start = stat.start,
		.checked = status->at - CHECK_EVERY + 1,
		.since = status->begun ? status->at : NAN,
		.share = NAN,
	};
	strcpy(process->comm, stat.comm);
}

/*
 * Whether the line of @process, whose time has grown, now belongs to a later
 * process with the same PID. This is true if the listed time can be that of the
 * later process, and if that process has used more than the line showed before.
 * Until it has used that much, the line is doubtful.
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
 * Finds the replaced lines among the first @not_new lines. They are at the end
 * of these, so the search goes backward and stops at the first other line. If
 * more lines were added before the replacement could be seen, merge_lines()
 * finds it, because the line is doubtful.
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

/* Reads the name of @process again, unless another process has its PID now. */
static void check_name(struct status *status, struct process *process)
{
	char comm[COMM_SIZE];
	struct stat_line stat;

	process->checked = status->at;
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

/* Forgets the unlisted processes that have ended. */
static void check_unlisted(struct status *status)
{
	struct stat_line stat;

	for (size_t i = status->unlisted_count; i-- > 0;) {
		struct process *process = &status->unlisted[i];

		if (status->at - process->checked < CHECK_EVERY)
			continue;
		process->checked = status->at;
		if (!read_stat(process->pid, &stat) ||
		    stat.start != process->start)
			forget_unlisted(status, i);
	}
}

/* Compares the lines in text with processes, and updates processes. */
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

static void keep_lines(struct status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		status->processes[i].fresh = false;
		status->processes[i].growth = 0;
	}
}

/* Computes each share since the previous update, or since the registration. */
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
 * Reads the list again. News may be an update or a registration, and the module
 * does not say which. But only an update changes a time or removes the line of
 * an ended process. If no line has changed, the news was an update, or it was a
 * registration that was undone or already read. So it counts as an update if
 * the last one was at least 3/4 of a period ago.
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

		if (status->at - process->checked >= CHECK_EVERY)
			check_name(status, process);
	}
	check_unlisted(status);
}
