// SPDX-License-Identifier: GPL-2.0
/*
 * Lists the processes that urt follow registers
 *
 * A process stays in the registry until it ends, even if its name changes. If
 * the module is loaded again, all processes are registered again. Processes
 * that did not fit into the list are registered later. The start time
 * distinguishes a process from a later one with the same PID. follow receives no
 * events of processes that end, so these are removed when their room is
 * needed.
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
	bool counted;			/* in counts.registered */
	bool refused;			/* in counts.refused */
	unsigned long long start;	/* as in struct stat_line */
};

struct counts counts;

static struct entry *entries;		/* sorted by PID */
static size_t count, room;		/* used and allocated entries */
static size_t listed;			/* listed entries; some may be gone */
static bool present;			/* the module was present last time */
static bool refused;			/* the last round refused an entry */
static bool warned;			/* a refusal was reported */

/* Returns the index of the entry of @pid, or the index where it belongs. */
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
 * Whether follow has registered max_processes processes. The module would allow
 * the service more, but then any user could make the list very long by giving
 * many processes a name that is followed.
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

/* Makes room for one more entry, if possible by removing ended processes. */
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
 * Opens the list. The caller must close it soon, because the module cannot be
 * unloaded while it is open. Returns -1 if the module is not loaded.
 */
static int open_list(void)
{
	int fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ENODEV)
		return status_open(O_WRONLY);	/* prints the error */
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
 * Handles a successful write. If the PID was reused in the meantime, the other
 * process may have been registered by mistake. If unregistering it fails with
 * ESRCH, it was not registered. Returns whether the process is still alive.
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
 * Handles a write that failed with @error. ESRCH means that the process has
 * ended, or is a kernel thread, which does not count as missed. Returns whether
 * to try again.
 */
static bool handle_error(struct entry *entry, int error)
{
	if (error == ESRCH) {
		if (!entry->counted && !entry->refused && !is_alive(entry))
			counts.missed++;
		return false;
	}
	errno = error;
	if (!warned)
		warn("cannot register %d, will try again", entry->pid);
	warned = true;
	refused = true;
	if (!entry->refused)
		counts.refused++;
	entry->refused = true;
	return true;
}

/*
 * Registers the process of @entry if the module is loaded. @full:
 * there is no room, so do not try.
 */
static void register_entry(struct entry *entry, bool full)
{
	int fd = present ? open_list() : -1;
	bool keep;

	if (fd < 0)
		return;
	if (full)
		keep = handle_error(entry, ENOSPC);
	else if (write_id(fd, entry->pid))
		keep = check_written(fd, entry);
	else
		keep = handle_error(entry, errno);
	close(fd);
	if (!keep)
		remove_entry(entry);
}

/* Checks whether the module is loaded. */
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

/* Adds the process @pid, which is not in the registry, and registers it. */
void registry_add(pid_t pid, unsigned long long start)
{
	bool full = is_full();
	struct entry *entry;

	make_room();
	entry = &entries[position(pid)];
	memmove(entry + 1, entry, (entries + count++ - entry) * sizeof(*entry));
	*entry = (struct entry){ .pid = pid, .start = start };
	register_entry(entry, full);
}

/* Removes the entry of @pid if its process has ended. */
void registry_check(pid_t pid)
{
	struct entry *entry = find(pid);

	if (entry && !is_alive(entry))
		remove_entry(entry);
}

/*
 * Registers all processes that are not listed, or all processes if @again.
 * Returns the number of registered processes.
 */
size_t registry_write(bool again)
{
	size_t most = parameter("max_processes");

	for (size_t i = 0; again && i < count; i++)
		entries[i].listed = false;
	if (again)
		listed = 0;
	is_full();	/* removes ended processes if they take up room */
	refused = false;
	for (size_t i = count; i-- > 0;) {
		struct entry *entry = &entries[i];

		if (!entry->listed && !is_alive(entry))
			remove_entry(entry);
		else if (!entry->listed)
			register_entry(entry, most && listed >= most);
	}
	warned &= refused;
	return listed;
}

/*
 * Called when the module seems to have been loaded. Registers all processes.
 * Returns false if the list does not exist.
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

/* Called when the module was unloaded. */
void registry_unloaded(void)
{
	if (present)
		warnx("the module was unloaded; waiting for it");
	present = false;
}
