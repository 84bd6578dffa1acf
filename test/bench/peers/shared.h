/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several methods use
 *
 * Methods that read text keep only that of the first processes, which is enough
 * for time(). So the text does not count as memory that a method needs.
 */
#ifndef SHARED_H
#define SHARED_H

#include "peers.h"

#define TEXTS		16
#define TEXT_SIZE	1024

extern int added;		/* how many processes are watched */
extern long long *times;	/* in the last sample, in nanoseconds */
extern int *fds;		/* of the processes' files, if kept open */
extern char texts[TEXTS][TEXT_SIZE];

/* Allocates times, which free(times) frees. */
void start_times(int count);
long long kept_time(int i);

/* Opens /proc/PID/@name of pids[@i]. Returns a negative errno if it cannot. */
int open_proc(int i, const char *name);

/* Keeps @fd for pids[@i]. Returns 0, or @fd if it is a negative errno. */
int add_file(int i, int fd);

/* Reads the beginning of @fd, which becomes empty if that fails. */
void read_text(int i, int fd);

/* Returns the user time in the text of /proc/PID/stat in nanoseconds, or -1. */
long long stat_time(const char *text);

/* As in struct peer. */
int start_files(int count);
void read_files(void);
void stop_files(void);

#endif
