/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of the methods of watching processes. test/bench/peers/peers.c
 * measures all of them with the same processes.
 */
#ifndef PEERS_H
#define PEERS_H

#include "../bench.h"

#define PROCESSES_MAX	10000

/*
 * A method. Each has its own file, and keeps nothing from stop() to start().
 *
 * @name:	the row of the table, without a comma
 * @unit:	of the times it finds: "us" or "ns", or "ticks", which is also
 *		printed if all the times turn out to be multiples of a tick
 * @user_alone:	it separates user time from system time
 * @root:	it needs root, or a capability
 * @start:	prepares to watch up to @count processes. Returns 0, or the
 *		negative errno with which this kernel refuses. Memory that
 *		depends on @count must come from allocate(), because it is
 *		measured, and stop() must free it
 * @add:	starts to watch pids[@i]. Returns 0 or a negative errno
 * @sample:	takes one sample of all that were added
 * @time:	returns the time of pids[@i] in the last sample, in
 *		nanoseconds, or -1 if it has none
 * @stop:	undoes start() and add()
 */
struct peer {
	const char *name;
	const char *unit;
	bool user_alone;
	bool root;
	int (*start)(int count);
	int (*add)(int i);
	void (*sample)(void);
	long long (*time)(int i);
	void (*stop)(void);
};

extern const struct peer peer_usertime, peer_usertime_opened, peer_taskstats,
	peer_stat_opened, peer_stat_kept, peer_stat_uring, peer_schedstat,
	peer_cgroup, peer_perf, peer_clock, peer_task_iter,
	peer_task_iter_filtered, peer_task_kptr_leader, peer_task_kptr,
	peer_task_kptr_active, peer_sched_switch, peer_sched_switch_array;

/* The file of the module. */
extern const char *usertime_ko;

/* Returns memory for @count elements, zeroed. free() gives it back. */
void *allocate(int count, size_t size);

/* processes.c */

/* How often two processes take turns. */
#define TURNS		250

/* The processes, by the number that add() and time() take. */
extern pid_t pids[PROCESSES_MAX];

void open_pipes(void);

/* Starts the processes from @first to @end - 1, and makes them aged. */
void start_processes(int first, int end);
void take_turns(void);
void end_processes(int first, int end);

/* losses.c */

/*
 * Finds what @peer counts and what it loses, and prints it. Returns false if
 * this kernel refuses the method. Exits if a time is wrong.
 */
bool works(const struct peer *peer);

#endif
