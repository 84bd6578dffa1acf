// SPDX-License-Identifier: GPL-2.0
/*
 * TIME "covers the whole process: all its threads, including those that have
 * ended, across execve(2)."
 *
 * An update skips a process if no thread of it has run since the last update.
 * It must not skip a process if a thread has run and ended while the others
 * slept.
 */
#include "process.h"
#include "urt.h"

#include <dirent.h>

#define SPIN_MS	50	/* of user time */

static int self;	/* this program */
static int fd;
static int hog_ready[2];	/* a pipe */
static int ends[2];	/* a pipe: each byte lets a thread do something */

/* Returns how often the main thread of @pid has left its CPU. */
static long switches(pid_t pid)
{
	long count = 0;
	char path[48], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, pid);
	file = fopen(path, "r");
	if (!file)
		die("%s opens", path);
	while (fgets(line, sizeof(line), file)) {
		const char *number = strchr(line, ':') + 1;

		if (!strncmp(line, "voluntary_ctxt", 14))
			count += atol(number);
		if (!strncmp(line, "nonvoluntary_ctxt", 17))
			count += atol(number);
	}
	fclose(file);
	return count;
}

/*
 * Waits until @pid has @threads threads and @count of them sleep. It looks
 * twice, because a thread may start after the threads have been listed. Returns
 * the thread that started last.
 */
static pid_t wait_threads(pid_t pid, int threads, int count)
{
	char path[32], name[300], state;
	int asleep, seen, agreed = 0;
	pid_t last = pid;
	struct dirent *entry;
	FILE *file;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	do {
		asleep = 0;
		seen = 0;
		tasks = opendir(path);
		if (!tasks)
			die("%s opens", path);
		while ((entry = readdir(tasks))) {
			if (!atoi(entry->d_name))
				continue;
			seen++;
			last = atoi(entry->d_name);
			snprintf(name, sizeof(name), "%s/%s/stat", path,
				 entry->d_name);
			file = fopen(name, "r");
			if (!file)
				continue;
			if (fscanf(file, "%*d (%*[^)]) %c", &state) == 1 &&
			    state == 'S')
				asleep++;
			fclose(file);
		}
		closedir(tasks);
		agreed = seen == threads && asleep == count ? agreed + 1 : 0;
	} while (agreed < 2);
	return last;
}

static void wait_asleep(pid_t pid, int threads)
{
	wait_threads(pid, threads, threads);
}

static void wait_byte(void)
{
	char byte;

	if (read(ends[0], &byte, 1) != 1)
		_exit(1);
}

static void send_byte(void)
{
	if (write(ends[1], "", 1) != 1)
		die("the pipe can be written");
}

/* Spins until the kernel reports SPIN_MS more user time for the process. */
static void spin_user_time(void)
{
	long long end = own_user_time() + SPIN_MS * 1000;

	while (own_user_time() < end)
		for (int i = 0; i < 200000; i++)
			asm volatile("");
}

/* Moves to @cpu, with a real-time @priority that new threads do not inherit. */
static void take_cpu(int cpu, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) ||
	    run_on(cpu))
		die("CPU %d can be used with priority %d", cpu, priority);
}

/* Spins for each of two bytes, and ends. */
static void *spin_twice(void *unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		wait_byte();
		spin_user_time();
	}
	return NULL;
}

static void detach(void *(*work)(void *))
{
	pthread_t thread;

	start_thread(&thread, work, NULL);
	pthread_detach(thread);
}

/* Starts a thread. The main thread never runs again. */
static void start_and_sleep(void *unused)
{
	detach(spin_twice);
	sleep_work(unused);
}

/* Does the same when a byte comes. */
static void start_at_byte(void *unused)
{
	wait_byte();
	start_and_sleep(unused);
}

/* Checks that TIME, after an update, is what the kernel reports for @pid. */
static void is_right(pid_t pid, const char *name)
{
	update_once(fd);
	is_near(time_now(fd, pid), stat_user_time(pid), TICK, "%s", name);
}

static long long has_grown(pid_t pid, long long before)
{
	long long time = time_now(fd, pid);

	if (!ok(time >= before + SPIN_MS * 1000,
		"TIME grows by what the thread has used"))
		diag("seen %lld us, %lld before", time, before);
	return time;
}

static void sleeping_leader(void)
{
	pid_t pid = start(start_and_sleep, NULL);
	long long time;
	long before;

	wait_asleep(pid, 2);
	before = switches(pid);
	status_register(fd, pid);
	is_right(pid, "two threads that sleep");
	is_right(pid, "two threads that have slept since");

	send_byte();
	wait_asleep(pid, 2);
	is_right(pid, "a thread that ran while the main thread slept");
	time = has_grown(pid, 0);

	send_byte();
	wait_asleep(pid, 1);
	is_right(pid, "a thread that ran and ended while it slept");
	is_right(pid, "the same at the next update");
	has_grown(pid, time);
	is(switches(pid), before, "the main thread has not run");
	end(pid);
}

/* There is one thread at each update, and another between two updates. */
static void between_two_updates(void)
{
	pid_t pid = start(start_at_byte, NULL);

	wait_asleep(pid, 1);
	status_register(fd, pid);
	is_right(pid, "one thread that sleeps");
	for (int i = 0; i < 3; i++)
		send_byte();
	wait_asleep(pid, 1);
	is_right(pid, "a thread that began and ended between two updates");
	has_grown(pid, 0);
	end(pid);
}

/* Keeps @cpu from all threads that have no higher priority. */
static void hog_work(void *cpu)
{
	take_cpu(*(int *)cpu, 1);
	if (write(hog_ready[1], "", 1) != 1)
		_exit(1);
	spin_work(NULL);
}

static int spin_once(void *unused)
{
	(void)unused;
	spin_user_time();
	return 0;
}

/* Starts a thread on the hog's CPU, where it does not get to run. */
static void start_under_hog(void *cpu)
{
	static long double stack[4096];	/* long double, for its alignment */

	take_cpu(*(int *)cpu, 2);
	if (clone(spin_once, stack + 4096,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		  CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
		die("clone(2)");
	sleep_work(NULL);
}

/* Whether a thread has run: the first number in schedstat is its run time. */
static int has_run(pid_t pid, pid_t thread)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, thread);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu", &ns) != 1)
		die("%s can be read", path);
	fclose(file);
	return ns > 0;
}

/*
 * A thread has not run yet at one update and has ended at the next: the run
 * time of the threads that are alive is the same at both. Most kernels reserve
 * some time of each second for threads without real-time priority, so this may
 * take several tries.
 */
static void started_but_not_run(void)
{
	int cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1, run = 1;
	pid_t pid = 0, hog;
	long before;
	char byte;

	if (cpu < 1) {
		for (int i = 0; i < 4; i++)
			skip("a thread that has not run", "there is one CPU");
		return;
	}
	if (pipe2(hog_ready, O_CLOEXEC))
		die("pipe(2)");
	for (int tries = 0; run && tries < 20; tries++) {
		if (pid)
			end(pid);
		hog = start(hog_work, &cpu);
		if (read(hog_ready[0], &byte, 1) != 1)
			die("a process keeps CPU %d busy", cpu);
		pid = start(start_under_hog, &cpu);
		run = wait_threads(pid, 2, 1);
		before = switches(pid);
		status_register(fd, pid);
		run = has_run(pid, run);
		end(hog);
	}
	ok(!run, "a thread that has not run yet");
	wait_asleep(pid, 1);
	is_right(pid, "the thread has run and ended");
	has_grown(pid, 0);
	is(switches(pid), before, "the main thread has not run");
	end(pid);
}

/* Runs in the new image, with the pipe that it has inherited. */
static void new_image(const char *pipe_end)
{
	ends[0] = atoi(pipe_end);
	for (;;) {
		wait_byte();
		spin_user_time();
	}
}

static void *execve_at_byte(void *unused)
{
	char pipe_end[16];

	wait_byte();
	snprintf(pipe_end, sizeof(pipe_end), "%d", dup(ends[0]));
	fexecve(self, (char *[]){ "detached", pipe_end, NULL }, environ);
	die("execve(2)");
	return unused;
}

static void execve_by_thread(void *unused)
{
	detach(execve_at_byte);
	sleep_work(unused);
}

/* After execve(2), only the thread that called it is left. */
static void after_execve(void)
{
	pid_t pid = start(execve_by_thread, NULL);
	long long time = 0;

	wait_asleep(pid, 2);
	status_register(fd, pid);
	is_right(pid, "before a thread calls execve(2)");
	send_byte();
	wait_asleep(pid, 1);
	is_right(pid, "after a thread has called execve(2)");
	for (int i = 0; i < 3; i++) {
		is_right(pid, "the new image sleeps");
		send_byte();
		wait_asleep(pid, 1);
		is_right(pid, "the new image has run");
		time = has_grown(pid, time);
	}
	end(pid);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		new_image(argv[1]);

	plan(8 + 3 + 4 + 2 + 3 * 3);
	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0 || pipe2(ends, O_CLOEXEC))
		die("/proc/self/exe and a pipe open");
	stop_updates();
	fd = status_open();
	sleeping_leader();
	between_two_updates();
	started_but_not_run();
	after_execve();
	return done();
}
