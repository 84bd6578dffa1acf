/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups (cgroup v2), and the kernel memory that is charged to them
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "process.h"
#include "urt.h"

#include <sys/mount.h>
#include <sys/utsname.h>

/* Where this test mounts cgroup v2. */
static char cgroups[64];

static inline void cgroups_mount(void)
{
	strcpy(cgroups, "/tmp/usertime-cgroups-XXXXXX");
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(cgroups) || mount("cgroup2", cgroups, "cgroup2", 0, NULL))
		die("cgroup v2 can be mounted");
}

static inline void cgroups_unmount(void)
{
	umount2(cgroups, MNT_DETACH);
	rmdir(cgroups);
}

/* Returns the path of a file of a cgroup; "" is the root. */
static inline const char *cgroup_path(const char *cgroup, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", cgroups, cgroup, name);
	return path;
}

static inline void cgroup_write(const char *cgroup, const char *name,
				const char *value)
{
	file_write(cgroup_path(cgroup, name), value);
}

/* Returns the number after @key in a file of a cgroup, or 0 without @key. */
static inline long cgroup_number(const char *cgroup, const char *name,
				 const char *key)
{
	char text[8192];
	const char *at;

	file_read(cgroup_path(cgroup, name), text, sizeof(text));
	at = strstr(text, key);
	return at ? atol(at + strlen(key)) : 0;
}

static inline void cgroup_make(const char *cgroup)
{
	const char *path = cgroup_path(cgroup, "");

	if (mkdir(path, 0755) && errno != EEXIST)
		die("the cgroup %s can be made", path);
}

/* Removes a cgroup, which its last process may still be leaving. */
static inline void cgroup_remove(const char *cgroup)
{
	long long deadline = now_ms() + paced(20000);
	const char *path = cgroup_path(cgroup, "");

	while (rmdir(path)) {
		if (errno != EBUSY || now_ms() > deadline)
			die("the cgroup %s can be removed", path);
		usleep(1000);
	}
}

/* Moves a process into a cgroup; 0 is the caller. */
static inline void cgroup_move(const char *cgroup, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	cgroup_write(cgroup, "cgroup.procs", number);
}

/*
 * Memory. cgroup_held() needs another cgroup.
 */

#define OTHER_CGROUP	"usertime-other"

/* Returns NULL, or the reason why memory cannot be charged to cgroups. */
static inline const char *cgroups_mount_memory(void)
{
	char controllers[256];

	if (access("/sys/fs/cgroup", F_OK))
		return "this kernel has no cgroups";
	cgroups_mount();
	file_read(cgroup_path("", "cgroup.controllers"), controllers,
		  sizeof(controllers));
	if (!strstr(controllers, "memory"))
		return "cgroup v2 has no memory controller";
	cgroup_write("", "cgroup.subtree_control", "+memory");
	cgroup_make(OTHER_CGROUP);
	return NULL;
}

/*
 * Returns how far a cgroup's memory.stat may be off: each CPU has up to 32
 * pages that it has not reported yet. Since 5.13, a read of the file collects
 * them.
 */
static inline long stat_coarseness(void)
{
	struct utsname kernel;
	int major, minor;

	uname(&kernel);
	if (sscanf(kernel.release, "%d.%d", &major, &minor) != 2 ||
	    major * 100 + minor >= 513)
		return 0;
	return 32 * sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_ONLN);
}

static inline void allocate_elsewhere(void *unused)
{
	(void)unused;
	cgroup_move(OTHER_CGROUP, 0);
	for (int cpu = sysconf(_SC_NPROCESSORS_CONF); cpu--;)
		if (!run_on(cpu))
			open("/proc/self/stat", O_RDONLY);
}

/*
 * Returns the kernel memory of a cgroup that the module may have allocated. A
 * CPU holds back up to a page of it, and counts that only when it allocates for
 * another cgroup: here, for a child that opens a file on each CPU.
 */
static inline long cgroup_held(const char *cgroup)
{
	reap(start(allocate_elsewhere, NULL));
	return cgroup_number(cgroup, "memory.stat", "slab_unreclaimable ") +
	       cgroup_number(cgroup, "memory.stat", "vmalloc ");
}

/* Returns cgroup_held() once it is as expected, or after @seconds. */
static inline long cgroup_held_between(const char *cgroup, long least,
				       long most, int seconds)
{
	long long deadline = now_ms() + paced(seconds * 1000);
	long bytes = cgroup_held(cgroup);

	while ((bytes < least || bytes > most) && now_ms() < deadline) {
		usleep(20000);
		bytes = cgroup_held(cgroup);
	}
	return bytes;
}

/* Returns cgroup_held() once it no longer changes. */
static inline long cgroup_held_at_rest(const char *cgroup)
{
	long old, bytes = cgroup_held(cgroup);

	for (int same = 0; same < 20; same++) {
		old = bytes;
		usleep(20000);
		bytes = cgroup_held(cgroup);
		if (bytes != old)
			same = 0;
	}
	return bytes;
}

#endif
