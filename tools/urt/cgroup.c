// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the processes in the cgroups that criteria name
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
 * Finds where cgroup v2 is mounted: /sys/fs/cgroup/unified on machines that
 * also use cgroup v1. Returns false if it is not mounted.
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

/* Whether a criterion names the cgroup at @path. Counts the match. */
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

/* Calls @visit with the ID of each process directly in the cgroup at @path. */
static void visit_cgroup(const char *path, void (*visit)(pid_t pid))
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
		if (pid)	/* 0: in another PID namespace */
			visit(pid);
	}
	fclose(file);
}

/*
 * Walks the cgroup at @path and the cgroups below it. @path has PATH_MAX bytes;
 * the first @root of them are the path of the mount. @inside: a criterion names
 * a cgroup above @path.
 */
static void walk(struct criteria *criteria, char *path, size_t root,
		 bool inside, void (*visit)(pid_t pid))
{
	size_t length = strlen(path);
	struct dirent *entry;
	DIR *cgroup;

	inside |= is_named(criteria, path + root);
	if (inside && visit)
		visit_cgroup(path, visit);
	cgroup = opendir(path);
	if (!cgroup)
		return;
	while ((entry = readdir(cgroup))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.' ||
		    length + strlen(entry->d_name) + 2 > PATH_MAX)
			continue;
		sprintf(path + length, "/%s", entry->d_name);
		walk(criteria, path, root, inside, visit);
		path[length] = '\0';
	}
	closedir(cgroup);
}

/*
 * Calls @visit, unless it is NULL, with the ID of each process in a matching
 * cgroup. Reports once if a unit has several cgroups. If @visit is NULL, also
 * reports if a unit has none.
 */
void scan_units(struct criteria *criteria, void (*visit)(pid_t pid))
{
	static bool warned;
	char path[PATH_MAX];

	if (!has_units(criteria))
		return;
	if (!find_mount(path)) {
		if (!warned)
			warnx("cgroup v2 is not mounted");
		warned = true;
		return;
	}
	for (size_t i = 0; i < criteria->count; i++)
		criteria->list[i].cgroups = 0;
	walk(criteria, path, strlen(path), false, visit);
	for (size_t i = 0; i < criteria->count; i++) {
		struct criterion *one = &criteria->list[i];

		if (one->kind == UNIT && !one->cgroups && !visit)
			warnx("there is no cgroup %s at present", one->text);
		if (one->cgroups <= 1 || one->several)
			continue;
		one->several = true;
		warnx("%zu cgroups are named %s: using all of them",
		      one->cgroups, one->text);
	}
}
