/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the usertime module and the programs that use it share
 *
 * A program registers a process by writing the PID, in decimal, to
 * URT_STATUS_PATH. Reading that file gives a line "PID: TIME\n" for each
 * registered process.
 */
#ifndef USERTIME_H
#define USERTIME_H

/* make check compares this with debian/changelog, CHANGELOG.md and man/. */
#define URT_VERSION	"1.2.2"

#define URT_DIR		"urt"
#define URT_FILE	"status"
#define URT_STATUS_PATH	"/proc/" URT_DIR "/" URT_FILE

/* The default mode: anyone may register, and anyone may read. */
#define URT_MODE_DEFAULT	"0666"

/* TIME is user CPU time, in microseconds. */
#define URT_UNIT_PER_SEC	1000000

/* The parameter period_ms: milliseconds from one update to the next. */
#define URT_PERIOD_MS_DEFAULT	5000
#define URT_PERIOD_MS_MIN	10
#define URT_PERIOD_MS_MAX	3600000

/* The parameter max_processes: the maximum number of lines. */
#define URT_MAX_PROCESSES_DEFAULT	4096

#endif /* USERTIME_H */
