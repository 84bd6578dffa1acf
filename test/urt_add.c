// SPDX-License-Identifier: GPL-2.0
/*
 * "urt add PID...|-n NAME|-u UNIT, urt del: register by number, by command name
 * or by systemd unit, unregister", and "urt del --all". Each argument that
 * fails is reported; the others still take effect. Without the module, or
 * without permission to open its file, urt says so and exits 1.
 */
#include "cgroup.h"
#include "tool.h"

static char number[4][16];
static struct list list;
static int fd;

static void by_long_name(void)
{
	pid_t pid = start_named("sixteen bytes...", 0);

	is(tool_run("add", "-n", "sixteen bytes..."), 0, "add -n LONGNAME");
	said("urt: the kernel keeps 15 bytes of a name: matching 'sixteen bytes..'\n",
	     "urt says what it compares");
	list_read(fd, &list);
	list_is(&list, "the process is registered", pid, 0);
	is(tool_run("del", "-n", "sixteen bytes..."), 0, "del -n LONGNAME");
	list_read(fd, &list);
	list_is(&list, "the process is unregistered", 0);
	end(pid);
}

static void in_cgroup(void *arg)
{
	cgroup_move(arg, getpid());
	raise(SIGSTOP);
}

static void by_unit(void)
{
	pid_t one, two;

	cgroups_mount();
	cgroup_make("usertime-add");
	cgroup_make("usertime-add/usertime.service");
	one = start(in_cgroup, "usertime-add/usertime.service");
	stopped(one);
	two = start(in_cgroup, "usertime-add");
	stopped(two);
	is(tool_run("add", "-u", "usertime.service"), 0, "add -u UNIT");
	list_read(fd, &list);
	list_is(&list, "the process in the unit is registered", one, 0);
	is(tool_run("add", "--unit=usertime-add/"), 0, "add --unit=PATH");
	list_read(fd, &list);
	list_is(&list,
		"the processes in it and below are registered", one, two, 0);
	is(tool_run("del", "-u", "/sys/fs/cgroup/usertime-add/usertime.service"),
	   0, "del -u PATH");
	list_read(fd, &list);
	list_is(&list, "the process in it is unregistered", two, 0);
	is(tool_run("add", "-u", "usertime"), 1,
	   "add -u of a missing unit fails");
	said("urt: there is no cgroup usertime at present\n"
	     "urt: no process is in usertime\n", "urt says so");

	is(tool_run("add", "-u", "usertime.service"), 0, "add -u UNIT again");
	if (!tool_fork()) {
		if (setuid(65534))
			die("a child becomes nobody");
		tool_exec("del", "--all", NULL);
	}
	is(tool_ends(), 1, "del --all by another user fails");
	said("Operation not permitted\n", "urt reports the error");
	is(tool_run("del", "--all"), 0, "del --all");
	list_read(fd, &list);
	list_is(&list, "all processes are unregistered", 0);
	is(tool_run("del", "--all"), 0, "del --all of an empty list");
	end(one);
	end(two);
	cgroup_remove("usertime-add/usertime.service");
	cgroup_remove("usertime-add");
	cgroups_unmount();
}

int main(void)
{
	pid_t one, two, three, other;

	plan(5 + 14 + 29);
	fd = status_open();
	stop_updates();
	by_long_name();
	by_unit();
	one = start_named("some name", 20);
	two = start_named("some name", 20);
	three = start_named("third", 20);
	other = start_named("some names", 20);
	snprintf(number[0], 16, "%d", one);
	snprintf(number[1], 16, "%d", two);
	snprintf(number[2], 16, "%d", three);

	is(tool_run("add", number[2], number[0]), 0, "add PID PID");
	list_read(fd, &list);
	list_is(&list, "both processes are registered", three, one, 0);
	is(tool_run("add", number[2], number[0]), 0, "add PID PID again");
	is(tool.length, 0, "urt prints nothing");

	is(tool_run("add", "2147483647", "12x", "", "-5", number[1]), 1,
	   "an unknown option fails before all else");
	said("--help", "urt mentions --help");
	is(tool_run("add", "2147483647", "12x", "+1", "99999999999",
		    number[1]), 1, "add of PIDs that do not exist fails");
	said("urt: cannot register 2147483647: No such process\n"
	     "urt: not a process ID: 12x\nurt: not a process ID: +1\n"
	     "urt: not a process ID: 99999999999\n",
	     "urt reports each of them");
	list_read(fd, &list);
	list_is(&list, "the last process is registered", three, one, two, 0);

	is(tool_run("del", "2147483647", number[2], number[1], number[1]), 1,
	   "del of PIDs that are not registered fails");
	said("urt: cannot unregister 2147483647: No such process\n",
	     "urt reports each of them");
	list_read(fd, &list);
	list_is(&list, "the others are unregistered", one, 0);

	is(tool_run("add", "-n", "some name", "--name=third"), 0,
	   "add -n NAME --name=NAME");
	list_read(fd, &list);
	list_is(&list, "the processes with exactly these names are registered",
		one, two, three, 0);
	is(tool_run("add", "-n", "some", number[2]), 1,
	   "add -n of a missing name fails");
	said("urt: no process has the name some\n", "urt says so");
	status_register(fd, other);
	is(tool_run("del", "-n", "some name"), 0, "del -n NAME");
	list_read(fd, &list);
	list_is(&list,
		"the processes with this name are unregistered",
		three, other, 0);
	is(tool_run("del", "-n", "some name"), 1,
	   "del -n of a missing name fails");
	said("urt: no registered process has the name some name\n",
	     "urt says so");

	if (!tool_fork()) {
		if (setuid(65534))
			die("a child becomes nobody");
		tool_exec("del", number[2], NULL);
	}
	is(tool_ends(), 1, "del by another user fails");
	said("Operation not permitted\n", "urt reports the error");

	is(tool_run("add"), 1, "add without an argument fails");
	is(tool_run("nothing"), 1, "an unknown subcommand fails");
	close(fd);
	end(one);		/* they have inherited the open file */
	end(two);
	end(three);
	end(other);
	if (unload() || load("mode=0600"))
		die("the module loads with mode=0600");
	if (!tool_fork()) {
		if (setuid(65534))
			die("a child becomes nobody");
		tool_exec("add", number[0], NULL);
	}
	is(tool_ends(), 1, "add without permission fails");
	said("urt: /proc/urt/status: Permission denied\n"
	     "urt: the module's parameters mode and gid restrict access\n",
	     "urt names the parameters that restrict access");
	unload();
	is(tool_run("add", number[0]), 1, "add without the module fails");
	said("urt: /proc/urt/status: No such file or directory\n"
	     "urt: is the module loaded? sudo modprobe usertime\n",
	     "urt says how to load it");
	is(tool_run("--version"), 0, "--version needs no module");
	return done();
}
