// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open the file: "0666 stays the default", and "mode=0660 gid=..." at
 * load narrow it; "bad values refused at load".
 */
#include "process.h"
#include "urt.h"

#define USER	1000
#define GROUP	4242

/* What open(2) says to a user of this group: 0, or the error. */
static int open_as(gid_t group, int flags)
{
	int *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		if (setresgid(group, group, group) ||
		    setresuid(USER, USER, USER))
			_exit(1);
		*result = open(URT_STATUS_PATH, flags) < 0 ? errno : 0;
		_exit(0);
	}
	reap(pid);
	return *result;
}

static void load_as(const char *parameters, int mode, gid_t group)
{
	struct stat seen = { 0 };

	if (unload() || load(parameters) || stat(URT_STATUS_PATH, &seen))
		die("loading with '%s'", parameters);
	if (!ok((seen.st_mode & 07777) == (mode_t)mode && !seen.st_uid &&
		seen.st_gid == group, "loading with '%s'", parameters))
		diag("mode %o, user %u, group %u", seen.st_mode, seen.st_uid,
		     seen.st_gid);
}

int main(void)
{
	static const char * const bad[] = {
		"mode=0", "mode=0777", "mode=0668", "mode=01666", "mode=-1",
		"mode=0x1b6", "mode=rw", "mode=", "mode",
		"gid=-1", "gid=4294967295", "gid=adm", "gid=",
	};

	plan(4 + 7 + 2 + 13 + 1);

	load_as("", 0666, 0);
	load_as("mode=0660 gid=4242", 0660, GROUP);
	is(open_as(USER, O_RDONLY), EACCES, "others may not read then");
	is(open_as(USER, O_WRONLY), EACCES, "nor register");
	is(open_as(GROUP, O_RDWR), 0, "who is of the group may do both");
	is(parameter("gid"), GROUP, "the parameter gid tells");
	is(parameter("mode"), 660, "and mode does, in octal");
	ok(open(PARAMETERS "mode", O_WRONLY) < 0 && errno == EACCES,
	   "mode is for loading only");
	ok(open(PARAMETERS "gid", O_WRONLY) < 0 && errno == EACCES,
	   "and so is gid");

	load_as("mode=644", 0644, 0);
	is(open_as(USER, O_RDONLY), 0, "others may read then");
	is(open_as(USER, O_WRONLY), EACCES, "but not register");
	load_as("gid=4294967294", 0666, (gid_t)4294967294);

	unload();
	for (int i = 0; i < 13; i++)
		is(load(bad[i]), -EINVAL, "not with '%s'", bad[i]);
	ok(access("/proc/urt", F_OK), "which leaves nothing behind");
	return done();
}
