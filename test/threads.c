// SPDX-License-Identifier: GPL-2.0
/*
 * TIME "covers the whole process: all its threads, including those that have
 * ended, across execve(2). It does not include the children of the process."
 *
 * The test reads the line first and the kernel's value second. In the other
 * order, a sum that is too small would not show: usertime never shows less than
 * the kernel has reported.
 */
#include "process.h"
#include "urt.h"

static pthread_barrier_t barrier;

static void *spin_and_end(void *ms)
{
	spin(*(int *)ms);
	return NULL;
}

static void *spin_and_stay(void *unused)
{
	spin(50);
	pthread_barrier_wait(&barrier);
	sleep_work(unused);
	return NULL;
}

static void *spin_and_stop(void *leader)
{
	pthread_join(*(pthread_t *)leader, NULL);
	spin(100);
	raise(SIGSTOP);
	return NULL;
}

static void live_threads(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 4);
	for (int i = 0; i < 3; i++)
		start_thread(&thread, spin_and_stay, NULL);
	spin(50);
	pthread_barrier_wait(&barrier);
}

static void run_threads(int count, int ms)
{
	pthread_t threads[count];

	for (int i = 0; i < count; i++)
		start_thread(&threads[i], spin_and_end, &ms);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void ended_threads(void)
{
	run_threads(4, 50);
}

static void brief_threads(void)
{
	for (int i = 0; i < 25; i++)
		run_threads(4, 2);
}

static void ended_leader(void)
{
	static pthread_t leader;
	pthread_t thread;

	leader = pthread_self();
	spin(50);
	start_thread(&thread, spin_and_stop, &leader);
	pthread_exit(NULL);
}

static void children(void)
{
	start_spun(100);
	end(start_spun(100));
	spin(50);
}

static void stop_and_do(void *work)
{
	raise(SIGSTOP);
	((void (*)(void))work)();
	raise(SIGSTOP);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*work)(void);
	} cases[] = {
		{ "threads that live", live_threads },
		{ "threads that have ended", ended_threads },
		{ "100 short-lived threads", brief_threads },
		{ "a leader that has ended before the others", ended_leader },
		{ "no children, dead or alive", children },
	};
	long long listed, used;
	pid_t pid;
	int fd;

	plan(5 * 2 + 1);
	stop_updates();
	fd = status_open();

	for (int i = 0; i < 5; i++) {
		pid = start(stop_and_do, cases[i].work);
		stopped(pid);
		status_register(fd, pid);
		go_on(pid);
		rests(pid);
		update_once(fd);
		listed = time_now(fd, pid);
		is_stat_user_time(listed, pid, cases[i].name);
		used = rest_time(pid);
		if (cases[i].work == children)
			ok(listed < used, "wait4(2) adds the children");
		else
			is(listed, used, "the same as wait4(2) reports");
		end(pid);
	}

	pid = start(stop_and_do, ended_leader);
	stopped(pid);
	go_on(pid);
	rests(pid);
	status_register(fd, pid);
	listed = time_now(fd, pid);
	is(listed, rest_time(pid),
	   "a process that registers after its leader has ended");
	return done();
}
