/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes of the load that are registered: known ones, short-lived ones with
 * their mothers, and those in PID namespaces
 */
#ifndef LOAD_LISTED_H
#define LOAD_LISTED_H

#include "shared.h"
#include "writers.h"

static void *spin_thread(void *unused)
{
	happened(THREAD);
	spin(1 + below(3));
	return unused;
}

static void use_threads(void)
{
	pthread_t threads[3];

	for (int i = 0; i < COUNT(threads); i++)
		start_thread(&threads[i], spin_thread, NULL);
	for (int i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void *execute(void *unused)
{
	happened(EXECUTION);
	execl("/proc/thread-self/exe", "load", "again", NULL);
	die("execl(3)");
	return unused;
}

/* The first spins often; some do nothing; the others do a little. */
static void live_long(void *which)
{
	int number = *(int *)which;

	srandom(number);
	while (!number || number >= KNOWN / 2) {
		if (number % 2)
			use_threads();
		else
			spin(1);
		usleep(number ? 20000 + below(100000) : 5000);
	}
	sleep_work(NULL);
}

/* Registers a short-lived process that has not been reaped. */
static void register_number(pid_t pid)
{
	struct number *number = &shared->numbers[pid - FIRST_NUMBER];
	int fd = try_open();

	if (fd < 0)
		return;
	add(number->begun, 1);
	is_registered(status_write(fd, "%d", pid), pid);
	add(number->finished, 1);
	close(fd);
}

static void live_shortly(void *unused)
{
	pthread_t thread;
	int what;

	srandom(getpid() + get(shared->events[START]));
	what = below(5);
	if (what < 3 && one_in(4))	/* the program's file may be root's */
		drop_root();
	register_number(getpid());
	switch (what) {
	case 0:
		spin(below(10));
		break;
	case 1:
		use_threads();
		break;
	case 2:
		sleep_work(unused);	/* its mother will kill it */
		break;
	case 3:
		execute(unused);
		break;
	case 4:
		start_thread(&thread, execute, NULL);
		sleep_work(unused);
		break;
	}
}

static void reap_children(bool *alive, pid_t first, int options)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, options)) > 0) {
		struct number *number = &shared->numbers[pid - FIRST_NUMBER];

		alive[pid - first] = false;
		/* A process may have been killed while it registered. */
		set(number->finished, get(number->begun));
	}
}

/* Keeps starting children with the same few PIDs, and kills some of them. */
static void mother(int which)
{
	pid_t first = FIRST_NUMBER + which * CHILDREN;
	bool alive[CHILDREN] = { false };

	while (!get(shared->stop)) {
		int i = below(CHILDREN);

		let_reload();
		reap_children(alive, first, WNOHANG);
		if (!alive[i]) {
			start_numbered(first + i, live_shortly, NULL);
			alive[i] = true;
			happened(START);
			if (one_in(4))
				register_number(first + i);
		} else if (one_in(2)) {
			happened(KILL);
			kill(first + i, SIGKILL);
		} else {
			usleep(below(3000));
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		if (alive[i])
			kill(first + i, SIGKILL);
	reap_children(alive, first, 0);
}

static void register_self(void *fd)
{
	status_register(*(int *)fd, getpid());
	spin(below(3));
	if (one_in(2))
		sleep_work(NULL);
}

/* Runs as the first process of a PID namespace. The others end with it. */
static void live_inside(void)
{
	static struct list list;
	int fd = try_open();
	pid_t pids[3];

	if (fd < 0)
		return;
	status_register(fd, getpid());
	for (int i = 0; i < COUNT(pids); i++)
		pids[i] = start(register_self, &fd);
	for (int i = 0; i < COUNT(pids); i++) {
		list_read(fd, &list);
		for (int j = 0; j < list.lines; j++)
			if (list.line[j].pid > 100)
				wrong("%d is seen in a PID namespace",
				      list.line[j].pid);
		kill(pids[i], SIGKILL);
		if (one_in(2))
			reap(pids[i]);
	}
	happened(NAMESPACE);
}

static void namespaces(void)
{
	while (!get(shared->stop)) {
		pid_t pid;

		let_reload();
		pid = fork_inside();
		if (pid < 0)
			die("clone3(2)");
		if (!pid) {
			srandom(get(shared->events[SNAPSHOT]));
			live_inside();
			_exit(0);
		}
		reap(pid);
		usleep(below(20000));
	}
}

#endif
