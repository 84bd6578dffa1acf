// SPDX-License-Identifier: GPL-2.0
/*
 * The processes that urt follow has registered
 *
 * They are kept so that each is registered until it ends, whatever becomes of
 * its name: again when the module was loaded again, and as soon as there is
 * room, if the list was full. The start time tells a process from a later one
 * with the same PID. Nothing reports that a process has ended, so the ended
 * ones are removed when room for more is needed.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urt.h"

struct entry {
	pid_t pid;
	bool listed;			/* in /proc/urt/status */
	bool counted, refused;		/* in counts, as that */
	unsigned long long start;	/* as in struct stat_line */
};

struct counts counts;

static struct entry *entries;		/* sorted by PID */
static size_t count, room;		/* used and allocated of entries */
static size_t listed;			/* of these, some may have ended */
static bool present;			/* the module, as last seen */
static bool refused;			/* an entry was, in the last round */
static bool told;			/* that an entry was refused */

/* Where the entry of @pid is, or should be. */
static size_t position(pid_t pid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (entries[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct entry *find(pid_t pid)
{
	size_t at = position(pid);

	return at < count && entries[at].pid == pid ? &entries[at] : NULL;
}

static void remove_entry(struct entry *entry)
{
	size_t behind = entries + count-- - (entry + 1);

	listed -= entry->listed;
	memmove(entry, entry + 1, behind * sizeof(*entry));
}

static bool is_alive(const struct entry *entry)
{
	struct stat_line stat;

	return read_stat(entry->pid, &stat) && stat.start == entry->start;
}

static void remove_ended(void)
{
	for (size_t i = count; i-- > 0;) {
		if (!is_alive(&entries[i]))
			remove_entry(&entries[i]);
	}
}

/*
 * The module lets urt exceed the limits of the list, as a service. But follow
 * registers no more processes than there may be in all: anyone may give many
 * processes a name that it follows. Return: whether there are so many.
 */
static bool is_full(void)
{
	static double last;	/* when the ended processes were removed */
	size_t most = parameter("max_processes");

	if (most && listed >= most && now() >= last + 1) {
		remove_ended();
		last = now();
	}
	return most && listed >= most;
}

/* Makes room for one more entry, if possible that of the ended processes. */
static void make_room(void)
{
	if (count < room)
		return;
	remove_ended();
	if (count < room / 2)
		return;
	room = 2 * room + 64;
	entries = realloc(entries, room * sizeof(*entries));
	if (!entries)
		err(failure, "memory");
}

/*
 * Opens the list. It must be closed at once, since the module cannot be
 * unloaded meanwhile. Return: -1 if the module is not loaded.
 */
static int open_list(void)
{
	int fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ENODEV)
		return status_open(O_WRONLY);	/* says what is wrong */
	return fd;
}

static void count_registered(struct entry *entry)
{
	listed += !entry->listed;
	entry->listed = true;
	if (!entry->counted)
		counts.registered++;
	entry->counted = true;
}

/*
 * The PID was written. If another process has it by now, that one may have been
 * registered; it was not if it cannot be unregistered. Return: whether the
 * process is still alive.
 */
static bool check_written(int fd, struct entry *entry)
{
	struct stat_line stat;
	bool alive = read_stat(entry->pid, &stat);

	if (alive && stat.start != entry->start) {
		alive = false;
		if (write_id(fd, -entry->pid) || errno != ESRCH) {
			counts.strangers++;
			return false;
		}
	}
	count_registered(entry);
	return alive;
}

/*
 * The PID was not written, because of @error. A live process without a user
 * part, a kernel thread, is none that was missed. Return: whether to try again.
 */
static bool take_error(struct entry *entry, int error)
{
	if (error == ESRCH) {
		if (!entry->counted && !entry->refused && !is_alive(entry))
			counts.missed++;
		return false;
	}
	errno = error;
	if (!told)
		warn("cannot register %d, will try again", entry->pid);
	told = true;
	refused = true;
	if (!entry->refused)
		counts.refused++;
	entry->refused = true;
	return true;
}

/*
 * Registers the process of @entry, unless there is no module, or no room, which
 * @full says.
 */
static void enter(struct entry *entry, bool full)
{
	int fd = present ? open_list() : -1;
	bool keep;

	if (fd < 0)
		return;
	if (full)
		keep = take_error(entry, ENOSPC);
	else if (write_id(fd, entry->pid))
		keep = check_written(fd, entry);
	else
		keep = take_error(entry, errno);
	close(fd);
	if (!keep)
		remove_entry(entry);
}

/* Looks whether the module is loaded. */
void registry_start(void)
{
	int fd = open_list();

	present = fd >= 0;
	if (present)
		close(fd);
	else
		warnx("the module is not loaded; waiting for it");
}

bool registry_has(pid_t pid)
{
	return find(pid);
}

/* Registers the process @pid, which is not in the registry. */
void registry_add(pid_t pid, unsigned long long start)
{
	bool full = is_full();
	struct entry *entry;

	make_room();
	entry = &entries[position(pid)];
	memmove(entry + 1, entry, (entries + count++ - entry) * sizeof(*entry));
	*entry = (struct entry){ .pid = pid, .start = start };
	enter(entry, full);
}

/* Forgets the process that had @pid if it has ended. */
void registry_check(pid_t pid)
{
	struct entry *entry = find(pid);

	if (entry && !is_alive(entry))
		remove_entry(entry);
}

/*
 * Registers all processes that could not be registered yet; all of them if
 * @again. Return: how many are registered.
 */
size_t registry_write(bool again)
{
	size_t most = parameter("max_processes");

	for (size_t i = 0; again && i < count; i++)
		entries[i].listed = false;
	if (again)
		listed = 0;
	is_full();	/* removes the ended ones, if they take room */
	refused = false;
	for (size_t i = count; i-- > 0;) {
		struct entry *entry = &entries[i];

		if (!entry->listed && !is_alive(entry))
			remove_entry(entry);
		else if (!entry->listed)
			enter(entry, most && listed >= most);
	}
	told &= refused;
	return listed;
}

/*
 * The module was loaded, as it seems: registers all processes. Return: false
 * if the list is not there.
 */
bool registry_loaded(void)
{
	int fd = open_list();

	if (fd < 0)
		return false;
	close(fd);
	present = true;
	warnx("the module was loaded: %zu processes registered",
	      registry_write(true));
	return true;
}

/* The module was unloaded, with the list. */
void registry_unloaded(void)
{
	if (present)
		warnx("the module was unloaded; waiting for it");
	present = false;
}
