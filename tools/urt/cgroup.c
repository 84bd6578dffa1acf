// SPDX-License-Identifier: GPL-2.0
/*
 * The cgroups that a criterion names, and the processes in them
 */
#define _FILE_OFFSET_BITS 64	/* cgroups have large inode numbers */
#define _GNU_SOURCE

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>

#include "urt.h"

/*
 * Finds where the unified hierarchy is mounted: /sys/fs/cgroup/unified on
 * machines that have cgroup v1, too. Return: false if it is not.
 */
static bool find_mount(char path[PATH_MAX])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount = NULL;

	while (mounts && (mount = getmntent(mounts))) {
		if (!strcmp(mount->mnt_type, "cgroup2"))
			break;
	}
	if (mount)
		snprintf(path, PATH_MAX, "%s", mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return mount;
}

/* Whether a criterion names the cgroup at @path, of which this keeps count. */
static bool is_named(struct criteria *criteria, const char *path)
{
	const char *slash = strrchr(path, '/');
	bool named = false;

	for (size_t i = 0; i < criteria->count; i++) {
		struct criterion *one = &criteria->list[i];
		const char *name = strchr(one->text, '/') || !slash ? path :
				   slash + 1;

		if (one->kind != UNIT || strcmp(one->value, name))
			continue;
		one->cgroups++;
		named = true;
	}
	return named;
}

/* Calls @look with the ID of each process in the cgroup at @path, not below. */
static void look_in(const char *path, void (*look)(pid_t pid))
{
	char procs[PATH_MAX];
	FILE *file = NULL;
	int pid;

	if (snprintf(procs, sizeof(procs), "%s/cgroup.procs", path) <
	    (int)sizeof(procs))
		file = fopen(procs, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1) {
		if (pid)	/* 0: of another PID namespace */
			look(pid);
	}
	fclose(file);
}

/*
 * Walks the cgroup at @path, which has PATH_MAX bytes, and those below it. The
 * hierarchy is mounted at the first @root bytes of @path. @inside: a cgroup
 * above it is named by a criterion.
 */
static void walk(struct criteria *criteria, char *path, size_t root,
		 bool inside, void (*look)(pid_t pid))
{
	size_t length = strlen(path);
	struct dirent *entry;
	DIR *cgroup;

	inside |= is_named(criteria, path + root);
	if (inside && look)
		look_in(path, look);
	cgroup = opendir(path);
	if (!cgroup)
		return;
	while ((entry = readdir(cgroup))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.' ||
		    length + strlen(entry->d_name) + 2 > PATH_MAX)
			continue;
		sprintf(path + length, "/%s", entry->d_name);
		walk(criteria, path, root, inside, look);
		path[length] = '\0';
	}
	closedir(cgroup);
}

/*
 * Calls @look, unless it is NULL, with the ID of each process that is in a
 * cgroup which matches. Says once if a unit has several cgroups; and, if @look
 * is NULL, whether it has none.
 */
void look_through_units(struct criteria *criteria, void (*look)(pid_t pid))
{
	static bool told;
	char path[PATH_MAX];

	if (!has_units(criteria))
		return;
	if (!find_mount(path)) {
		if (!told)
			warnx("cgroup v2 is not mounted");
		told = true;
		return;
	}
	for (size_t i = 0; i < criteria->count; i++)
		criteria->list[i].cgroups = 0;
	walk(criteria, path, strlen(path), false, look);
	for (size_t i = 0; i < criteria->count; i++) {
		struct criterion *one = &criteria->list[i];

		if (one->kind == UNIT && !one->cgroups && !look)
			warnx("there is no cgroup %s at present", one->text);
		if (one->cgroups <= 1 || one->several)
			continue;
		one->several = true;
		warnx("%zu cgroups are named %s: taking all of them",
		      one->cgroups, one->text);
	}
}
