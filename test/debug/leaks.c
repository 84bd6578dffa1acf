// SPDX-License-Identifier: GPL-2.0
/*
 * The module frees all memory and puts every reference that it takes. After a
 * round of everything that it can do, and after all other tests since the boot,
 * kmemleak finds no leak. Run this test last.
 */
#define TAP_SECONDS	600	/* debug kernels need it */

#include "kmemleak.h"
#include "process.h"
#include "urt.h"

#define ROUNDS	3	/* an old pointer may hide one leak */
#define FILES	8
#define CROWD	400	/* more text than the largest slab of kmalloc() holds */

static struct list list;
static pid_t crowd[CROWD];
static char *nowhere;	/* inaccessible memory */

/* Reads each file once, never to its end, and changes the list in between. */
static void half_reads(int fd)
{
	pid_t pid = start_sleeper();
	int files[FILES];
	char byte;

	for (int i = 0; i < FILES; i++) {
		files[i] = status_open();
		status_register(fd, pid);
		if (pread(files[i], &byte, 1, 0) != 1)
			die("the list can be read");
		status_write(fd, "-%d", pid);
	}
	for (int i = 0; i < FILES; i++)
		close(files[i]);
	end(pid);
}

static void errors(int fd, pid_t pid)
{
	int room = parameter("max_processes");
	pid_t other = start_sleeper();

	status_write(fd, "no number");
	status_write(fd, "%d", 1 << 22);
	status_write(fd, "-%d", other);
	status_write(fd, "%d %d x", pid, pid);
	set_parameter("max_processes", 0);
	status_write_as(1000, -1, fd, "%d", other);
	status_write_as(1000, -1, fd, "-%d", pid);
	set_parameter("max_processes", room);
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	status_write_bytes(fd, nowhere, 1);
	if (pread(fd, nowhere, 1, 0) > 0)
		die("a read into inaccessible memory fails");
	end(other);
}

static void register_self(void *unused)
{
	int fd = status_open();

	(void)unused;
	status_register(fd, getpid());
	list_read(fd, &list);
}

static void inside(void *unused)
{
	int fd = status_open();
	pid_t pid = start_sleeper();

	(void)unused;
	status_register(fd, getpid());
	status_register(fd, pid);
	list_read(fd, &list);
	end(pid);
	start_numbered(pid, sleep_work, NULL);
	status_register(fd, pid);
	half_reads(fd);
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	reap(start(register_self, NULL));
}

static void in_namespace(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWPID))
		die("unshare(2)");
	reap(start(inside, NULL));
}

static void round_of_all(void *unused)
{
	int fd = status_open();
	pid_t pid = start_sleeper();

	(void)unused;
	status_register(fd, pid);
	status_register(fd, getpid());
	half_reads(fd);
	errors(fd, pid);
	start_crowd(crowd, CROWD);
	for (int i = 0; i < CROWD; i++)
		status_register(fd, crowd[i]);
	half_reads(fd);
	for (int i = 0; i < CROWD; i += 2)
		status_write(fd, "-%d", crowd[i]);
	reap(start(in_namespace, NULL));
	set_period(URT_PERIOD_MS_MIN);
	for (int i = 0; i < 3; i++)
		wait_update(fd);
	for (int i = 0; i < CROWD; i++)
		end(crowd[i]);
	end(pid);
	for (int i = 0; i < 3; i++)
		wait_update(fd);
	status_write(fd, "-%d", getpid());
	gets_empty(fd);

	/* Unloading frees the last lines. */
	stop_updates();
	status_register(fd, getpid());
	reap(start(in_namespace, NULL));
	list_read(fd, &list);
}

int main(void)
{
	if (!kmemleak_exists()) {
		plan(1);
		skip("nothing has leaked", "this kernel has no kmemleak");
		return done();
	}
	plan(2 * ROUNDS + 1);
	for (int i = 0; i < ROUNDS; i++) {
		reap(start(round_of_all, NULL));
		is(unload(), 0, "the module unloads");
		is(load(""), 0, "and loads again");
	}
	is(kmemleak_objects(), 0, "nothing has leaked");
	return done();
}
