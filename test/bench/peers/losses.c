// SPDX-License-Identifier: GPL-2.0
/*
 * What a method counts, and what it loses
 *
 * After the method has begun to watch a few processes, each of them in turn
 * uses SPIN_MS in its own way. So it is known what the method must report.
 */
#include "peers.h"
#include "process.h"

#define SPIN_MS		100
#define SPIN_NS		(SPIN_MS * 1000000LL)
#define SLACK_NS	15000000LL	/* more than a tick */
#define STACK_SIZE	16384

/* The processes. */
enum {
	USER,		/* spins */
	SYSTEM,		/* spins in the kernel */
	THREAD,		/* its second thread, an old one, spins */
	ENDED,		/* its second thread, a new one, spins and ends */
	ZOMBIE,		/* spins and ends, but is not reaped */
	REAPED,		/* spins, ends, and is reaped */
	REUSED,		/* the same, and another process has its PID */
	PROCESSES
};

static const char * const names[] = {
	"user time", "system time", "another thread", "ended thread",
	"zombie", "reaped", "reused PID"
};

static char stacks[PROCESSES][STACK_SIZE];
static char thread_stacks[PROCESSES][STACK_SIZE];
static int begin[PROCESSES][2], over[2];	/* pipes */

static void wait_to_begin(int i)
{
	char byte;

	if (read(begin[i][0], &byte, 1) != 1)
		_exit(1);
}

static void say_done(void)
{
	if (write(over[1], "", 1) != 1)
		_exit(1);
}

static int run_thread(void *number)
{
	int i = (long)number;

	if (i == THREAD)
		wait_to_begin(i);
	spin(SPIN_MS);
	say_done();
	if (i == THREAD)
		sleep_on(NULL);
	syscall(SYS_exit, 0);
	return 0;
}

static void start_second_thread(int i)
{
	if (clone(run_thread, thread_stacks[i] + STACK_SIZE,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		  CLONE_THREAD | CLONE_SYSVSEM, (void *)(long)i) < 0)
		_exit(1);
}

static int run_process(void *number)
{
	int i = (long)number;

	if (i == THREAD) {
		start_second_thread(i);
		return sleep_on(NULL);
	}
	wait_to_begin(i);
	if (i == ENDED) {
		start_second_thread(i);
		return sleep_on(NULL);
	}
	if (i == SYSTEM)
		spin_in_kernel(SPIN_MS);
	else
		spin(SPIN_MS);
	say_done();
	return i < ZOMBIE ? sleep_on(NULL) : 0;
}

/* Uses twice as much as the process that had its PID. */
static void unrelated_work(void *unused)
{
	spin(2 * SPIN_MS);
	say_done();
	sleep_on(unused);
}

static void start_spinners(void)
{
	if (pipe2(over, O_CLOEXEC))
		die("pipe2(2)");
	for (int i = 0; i < PROCESSES; i++) {
		if (pipe2(begin[i], O_CLOEXEC))
			die("pipe2(2)");
		pids[i] = start_process(run_process, (void *)(long)i,
					stacks[i] + STACK_SIZE);
	}
}

static void end_spinners(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		kill(pids[i], SIGKILL);
		close(begin[i][0]);
		close(begin[i][1]);
	}
	while (wait(NULL) > 0)
		;
	close(over[0]);
	close(over[1]);
}

/* Also waits until a process or thread that is done has ended. */
static void wait_until_done(void)
{
	char byte;

	if (read(over[0], &byte, 1) != 1)
		die("read(2)");
	usleep(10000);
}

static bool is_about(long long time, long long expected)
{
	return llabs(time - expected) <= SLACK_NS;
}

/* Prints what @peer reports for process @i, and returns it. */
static long long say(const struct peer *peer, int i)
{
	long long time = peer->time(i);

	printf("%s,0,%s,", peer->name, names[i]);
	if (time < 0)
		printf("gone\n");
	else if (is_about(time, 0))
		printf(i == SYSTEM ? "left out\n" : "lost\n");
	else if (is_about(time, SPIN_NS))
		printf(i == SYSTEM ? "included\n" : "counted\n");
	else if (i == REUSED && is_about(time, 2 * SPIN_NS))
		printf("the unrelated process's\n");
	else if (i == REUSED && is_about(time, 3 * SPIN_NS))
		printf("the sum of both\n");
	else
		printf("%lld ms of %lld ms\n", time / 1000000,
		       SPIN_NS / 1000000);
	return time;
}

static void check(bool right, const struct peer *peer, int i, long long time)
{
	if (!right)
		die("%s: %s: %lld ns", peer->name, names[i], time);
}

/*
 * usertime samples at its own pace, so the first sample after a change may
 * still show the old time.
 */
static void take_samples(const struct peer *peer)
{
	peer->sample();
	peer->sample();
}

static void take_losses(const struct peer *peer, long long *times)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (write(begin[i][1], "", 1) != 1)
			die("write(2)");
		wait_until_done();
	}
	take_samples(peer);
	for (int i = 0; i <= ZOMBIE; i++)
		times[i] = say(peer, i);

	peer->sample();
	reap(pids[REAPED]);
	peer->sample();
	times[REAPED] = say(peer, REAPED);

	reap(pids[REUSED]);
	start_numbered(pids[REUSED], unrelated_work, NULL);
	wait_until_done();
	take_samples(peer);
	times[REUSED] = say(peer, REUSED);
}

/* Whether the times are multiples of a tick, or at least of a millisecond. */
static bool are_ticks(const long long *times)
{
	for (int i = 0; i < PROCESSES; i++)
		if (times[i] > 0 && times[i] % 1000000)
			return false;
	return true;
}

/* Returns 0 or the negative errno with which this kernel refuses the method. */
static int start_watching(const struct peer *peer)
{
	int error = peer->start(PROCESSES);

	if (error)
		return error;
	for (int i = 0; i < PROCESSES; i++) {
		error = peer->add(i);
		if (error) {
			peer->stop();
			return error;
		}
	}
	return 0;
}

bool works(const struct peer *peer)
{
	bool is_usertime = !strncmp(peer->name, "usertime", 8);
	long long times[PROCESSES];
	int error;

	start_spinners();
	usleep(10000);
	error = start_watching(peer);
	if (error) {
		printf("%s,0,refused,%s\n", peer->name, strerror(-error));
		end_spinners();
		return false;
	}
	printf("%s,0,needs root,%s\n", peer->name, peer->root ? "yes" : "no");
	take_losses(peer, times);
	printf("%s,0,unit,%s\n", peer->name,
	       are_ticks(times) ? "ticks" : peer->unit);
	end_spinners();
	peer->stop();

	check(is_about(times[USER], SPIN_NS), peer, USER, times[USER]);
	check(is_about(times[SYSTEM], peer->user_alone ? 0 : SPIN_NS), peer,
	      SYSTEM, times[SYSTEM]);
	for (int i = THREAD; is_usertime && i < REUSED; i++)
		check(is_about(times[i], SPIN_NS), peer, i, times[i]);
	if (is_usertime)
		check(!is_about(times[REUSED], 2 * SPIN_NS), peer, REUSED,
		      times[REUSED]);
	return true;
}
