// SPDX-License-Identifier: GPL-2.0
/*
 * "mode, gid: permissions and group of `status`, given at load; defaults 0666
 * and 0; a bad value prevents the module from loading, and the log says why".
 * mode is octal. gid may be decimal, octal or hexadecimal, like other
 * parameters.
 */
#include "process.h"
#include "urt.h"

#define USER	1000
#define GROUP	4242

#define MODE_RANGE	"usertime: mode must be octal, with bits of 0666 and not 0"
#define GID_RANGE	"usertime: gid must be a number from 0 to 4294967294"

/* Opens the file as a user of this group. Returns 0 or the error. */
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
		die("the module loads with '%s'", parameters);
	if (!ok((seen.st_mode & 07777) == (mode_t)mode && !seen.st_uid &&
		seen.st_gid == group, "loading with '%s'", parameters))
		diag("mode %o, user %u, group %u", seen.st_mode, seen.st_uid,
		     seen.st_gid);
}

int main(void)
{
	static const struct {
		const char *parameters, *log;
	} bad[] = {
		{ "mode=0", MODE_RANGE },
		{ "mode=0777", MODE_RANGE },
		{ "mode=0668", MODE_RANGE },
		{ "mode=01666", MODE_RANGE },
		{ "mode=-1", MODE_RANGE },
		{ "mode=0x1b6", MODE_RANGE },
		{ "mode=rw", MODE_RANGE },
		{ "mode=", MODE_RANGE },
		{ "mode=10000000000000000000666", MODE_RANGE },
		{ "mode", "usertime: `' invalid for parameter `mode'" },
		{ "gid=-1", GID_RANGE },
		{ "gid=4294967295", GID_RANGE },
		{ "gid=4294967296", GID_RANGE },
		{ "gid=09", GID_RANGE },
		{ "gid=adm", GID_RANGE },
		{ "gid=", GID_RANGE },
		{ "gid", "usertime: `' invalid for parameter `gid'" },
	};
	const int bads = sizeof(bad) / sizeof(*bad);
	int err, logged, log_fd = log_open();

	plan(6 + 7 + 2 + bads + 1);

	load_as("", 0666, 0);
	load_as("mode=0660 gid=4242", 0660, GROUP);
	is(open_as(USER, O_RDONLY), EACCES, "mode=0660: others may not read");
	is(open_as(USER, O_WRONLY), EACCES,
	   "mode=0660: others may not register");
	is(open_as(GROUP, O_RDWR), 0,
	   "mode=0660: a member of the group may do both");
	is(parameter("gid"), GROUP, "the parameter gid shows the group");
	is(parameter("mode"), 660, "the parameter mode shows the permissions");
	ok(open(PARAMETERS "mode", O_WRONLY) < 0 && errno == EACCES,
	   "mode cannot be changed after loading");
	ok(open(PARAMETERS "gid", O_WRONLY) < 0 && errno == EACCES,
	   "gid cannot be changed after loading");

	load_as("mode=644", 0644, 0);
	is(open_as(USER, O_RDONLY), 0, "mode=644: others may read");
	is(open_as(USER, O_WRONLY), EACCES,
	   "mode=644: others may not register");
	load_as("gid=4294967294", 0666, (gid_t)4294967294);
	load_as("gid=0x1092", 0666, GROUP);
	load_as("gid=010222", 0666, GROUP);

	unload();
	for (int i = 0; i < bads; i++) {
		log_lines(log_fd);
		err = load(bad[i].parameters);
		logged = log_has(log_fd, bad[i].log);
		if (!ok(err == -EINVAL && logged,
			"loading with '%s' fails, and the log says why",
			bad[i].parameters))
			diag("error %d, expected %d; expected in the log: %s",
			     -err, EINVAL, bad[i].log);
	}
	ok(access("/proc/urt", F_OK), "a failed load leaves nothing behind");
	return done();
}
