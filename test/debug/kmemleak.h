/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemleak, the kernel's own search for memory that nothing points to any more
 *
 * It reports an object that is five seconds old and has not changed since the
 * previous scan. So two scans are needed, with a wait between them. A report
 * names the functions that allocated the object, if the module is still loaded.
 */
#ifndef KMEMLEAK_H
#define KMEMLEAK_H

#include "tap.h"

#include <fcntl.h>
#include <sys/mount.h>

#define DEBUGFS			"/sys/kernel/debug/"
#define KMEMLEAK		DEBUGFS "kmemleak"
#define KMEMLEAK_AGE_MS		5200

static inline int kmemleak_write(const char *command)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);
	int written = fd < 0 ? -1 : write(fd, command, strlen(command));

	if (fd >= 0)
		close(fd);
	return written < 0 ? -errno : 0;
}

/* Whether it is built into this kernel. */
static inline int kmemleak_exists(void)
{
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	return !access(KMEMLEAK, F_OK);
}

static inline void kmemleak_scan(void)
{
	int error = kmemleak_write("scan");

	/* It turns itself off for good when its own memory runs out. */
	if (error) {
		errno = -error;
		die("kmemleak scans");
	}
}

/*
 * Shows the objects that have leaked, and returns their number. Linux 6.1
 * itself leaks the name of a kmem_cache if there is no memory for its directory
 * in sysfs. Those are not counted.
 */
static inline int kmemleak_objects(void)
{
	int objects = 0, length = 0;
	char line[512], object[8192];
	FILE *file;

	kmemleak_scan();
	usleep(KMEMLEAK_AGE_MS * 1000);
	kmemleak_scan();
	file = fopen(KMEMLEAK, "r");
	if (!file)
		die("%s can be read", KMEMLEAK);
	while (!feof(file)) {
		char *got = fgets(line, sizeof(line), file);

		/* An object ends where the next one begins. */
		if (!got || !strncmp(line, "unreferenced object", 19)) {
			if (length && !strstr(object, " sysfs_slab_add+")) {
				objects++;
				diag("%s", object);
			}
			length = 0;
		}
		if (got && length + strlen(line) < sizeof(object))
			length += sprintf(object + length, "%s%s",
					  length ? "# " : "", line);
	}
	fclose(file);
	return objects;
}

#endif
