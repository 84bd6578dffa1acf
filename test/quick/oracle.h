/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the interface of usertime says, as a plain model of it
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#define LIVES	100
#define LEVELS	3
#define HOLD	100	/* ms that a registration may wait for its announcement */

/* PID namespaces: 1 and 2 are in 0, 3 is in 1. */
#define SPACES	4
static const int space_parent[SPACES] = { -1, 0, 0, 1 };
static const int space_level[SPACES] = { 0, 1, 1, 2 };

enum { PTRACE = 1, RESOURCE = 2 };	/* capabilities */
enum { PERIOD, MOST, GID, PARAMETERS };

/* A process, from its beginning on. Its times are of all its threads. */
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
	bool hidden[LEVELS];	/* another process has had the number since */
};

/* What an open file has seen. */
struct view {
	struct life opener;	/* as it was */
	int seen;		/* news */
	char snapshot[LIVES * 32];
	size_t length, longest;	/* longest: the most that it has been */
	long long next;		/* where a read continues from the last one */
};

extern struct oracle {
	unsigned long now;	/* ms */
	struct life lives[LIVES];
	int life_count;
	struct line lines[LIVES];
	int line_count;
	unsigned int parameters[PARAMETERS];
	unsigned long due;	/* when the update is */
	int news;
	bool held;		/* news that is not announced yet */
	unsigned long announce;	/* when it is, or 0 */
	/* In a call: */
	int allocations;
	int fails_at;		/* this one fails, if it is not 0 */
	int surprise_at;	/* at this one, a process ends */
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
