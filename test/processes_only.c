// SPDX-License-Identifier: GPL-2.0
/*
 * "Only processes can be registered. A thread ID that is not the ID of its
 * process fails with ESRCH." "Registering a process does not register its
 * children."
 */
#include "process.h"
#include "urt.h"

static struct list list;

static void *sleep_thread(void *tid)
{
	*(pid_t *)tid = gettid();
	raise(SIGSTOP);
	return tid;
}

/* Stops in a second thread, whose ID it stores. Then starts a child. */
static void parent(void *ids)
{
	pid_t *id = ids;
	pthread_t thread;

	start_thread(&thread, sleep_thread, &id[0]);
	pthread_join(thread, NULL);
	id[1] = start_sleeper();
	raise(SIGSTOP);
}

static void *register_thread(void *fd)
{
	status_register(*(int *)fd, getpid());
	return fd;
}

int main(void)
{
	pid_t pid, *ids = mmap(NULL, 2 * sizeof(*ids), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	int fd;

	plan(6);
	set_period(50);
	fd = status_open();

	pid = start(parent, ids);
	stopped(pid);
	is(status_write(fd, "%d", ids[0]), -ESRCH,
	   "a thread ID cannot be registered");
	status_register(fd, pid);
	is(status_write(fd, "%d", ids[0]), -ESRCH,
	   "a thread ID of a registered process cannot, either");
	is(status_write(fd, "-%d", ids[0]), -ESRCH,
	   "a thread ID does not unregister the process");

	next_stop(pid);
	wait_update(fd);
	list_read(fd, &list);
	list_is(&list, "a child is not registered", pid, 0);
	is(kill(ids[1], 0), 0, "the child exists");

	start_thread(&thread, register_thread, &fd);
	pthread_join(thread, NULL);
	list_read(fd, &list);
	list_is(&list, "a thread may register its process", pid, getpid(), 0);
	return done();
}
