/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plain model of the interface of usertime
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#define LIVES	100
#define LEVELS	3
#define HOLD	100	/* the delay of an announcement, in ms */

/* PID namespaces: 1 and 2 are in 0, 3 is in 1. */
#define SPACES	4
static const int space_parent[SPACES] = { -1, 0, 0, 1 };
static const int space_level[SPACES] = { 0, 1, 1, 2 };

enum { PTRACE = 1, RESOURCE = 2 };	/* capabilities */
enum { PERIOD, MOST, GID, PARAMETERS };

/* A process, running or ended. Its times are those of all its threads. */
struct life {
	int space;
	int numbers[LEVELS];
	unsigned int uid, euid, caps;
	int user_space;		/* user namespaces: 1 is in 0 */
	bool kernel_thread, gone;
	unsigned long long utime, stime, rtime;
	unsigned long long user, system;	/* as last reported */
};

/* A line of the list. */
struct line {
	struct life *life;
	unsigned int owner;
	unsigned long long time;
	bool final;
	bool hidden[LEVELS];	/* another process has reused the number */
};

/* What an open file has seen. */
struct view {
	struct life opener;	/* as it was at open */
	int seen;		/* the news that it has seen */
	char snapshot[LIVES * 32];
	size_t length, longest;	/* longest: the largest length so far */
	long long next;		/* where the last read ended */
};

extern struct oracle {
	unsigned long now;	/* ms */
	struct life lives[LIVES];
	int life_count;
	struct line lines[LIVES];
	int line_count;
	unsigned int parameters[PARAMETERS];
	unsigned long due;	/* time of the next update */
	int news;
	bool held;		/* there is news that is not announced yet */
	unsigned long announce;	/* time of the announcement, or 0 */
	/* In a call: */
	int allocations;
	int fails_at;		/* the allocation that fails, or 0 */
	int surprise_at;	/* the allocation at which a process ends */
	struct life *surprise;
} oracle;

void oracle_load(void);
bool oracle_parameter(int parameter, unsigned long long value);
long oracle_write(const struct view *view, const struct life *writer,
		  const char *text, long count, long there, long result);
void oracle_update(bool timer_pending, bool poller);
bool oracle_announce(void);
void oracle_look(struct view *view, long long pos, bool failed);
unsigned long long oracle_sample(struct life *life);

#endif /* ORACLE_H */
