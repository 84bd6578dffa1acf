/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations that the files of urt share
 *
 * urt registers processes and shows the list in /proc/urt/status: see urt(1).
 * The file of a subcommand ends with its struct command (del is in add.c). The
 * subcommands that watch the list run a loop: wait for news with poll(2), read
 * the list, compare it with the previous one, and write. The same poll(2) waits
 * for signals and keys, so they cannot interrupt a write.
 *
 *	main.c		parses the command line
 *	status.c	reads the list, and finds the process of each line
 *	process.c	reads the files in /proc/PID
 *	wait.c		waits for news, signals and keys
 *	order.c		sorts and groups the rows of list and watch
 *	layout.c	prints a row as a line of text
 *	screen.c	draws the screen of watch
 *	key.c		decodes the keys of watch
 *	match.c		matches processes, for add, del and follow
 *	cgroup.c	finds the processes in the cgroups of a unit
 *	conf.c		reads the criteria file of follow
 *	events.c	receives events from the kernel, for follow
 *	registry.c	lists the processes that follow registers
 *	totals.c	adds up the time of each command name, for export
 *	write.c		quotes names and prints times
 */
#ifndef URT_H
#define URT_H

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#include "usertime.h"

/* Command names have at most 15 bytes, of any value but NUL. */
#define COMM_SIZE	16
/* Enough for a command name with every byte escaped, as in "\x1b". */
#define SHOWN_SIZE	(4 * COMM_SIZE)
/* Longer command lines are cut off. */
#define COMMAND_LINE_SIZE	4096

/* main.c */

struct command {
	const char *name;
	const char *short_options;	/* for getopt(3) */
	const struct option *options;	/* for getopt_long(3) */
	const char *usage;
	const char *help;
	/* Returns the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

#define HELP_OPTION	{ "help", no_argument, NULL, 'h' }

/* The exit status if urt itself fails: 125 for urt run, 1 otherwise. */
extern int failure;

int next_option(const struct command *command, int argc, char **argv);
void require_arguments(const struct command *command, int argc, int want);
noreturn void bad_usage(const struct command *command);
int finish(void);

extern const struct command run_command, add_command, del_command, list_command,
	watch_command, record_command, export_command, follow_command;

/* process.c */

/* Fields of /proc/PID/stat. */
struct stat_line {
	char comm[COMM_SIZE];
	unsigned long long user_time;	/* in clock ticks */
	unsigned long long start;	/* in clock ticks since boot */
};

size_t read_file(pid_t pid, const char *file, char *text, size_t size);
bool read_stat(pid_t pid, struct stat_line *stat);
bool read_comm(pid_t pid, char comm[COMM_SIZE]);
struct process;
bool read_command_line(const struct process *process, char *text, size_t size);
pid_t parse_pid(const char *text);
int character_length(const char *text);
const char *printable(const char *text, char *shown, size_t size);

/* status.c */

/*
 * A process that has a line. Its PID may be reused while the line of the ended
 * process is still listed. The start time distinguishes the two processes.
 */
struct process {
	pid_t pid;
	bool fresh;			/* the line was new in the last read */
	bool doubtful;			/* the line may be a later process's */
	char comm[COMM_SIZE];		/* as last read, or "?" */
	unsigned long long time;	/* in microseconds, as listed */
	unsigned long long growth;	/* of time, in the last read */
	unsigned long long start;	/* as in struct stat_line; 0: unknown */
	double checked;			/* when comm was last read */
	double since;			/* start of the share; NAN: unknown */
	double share;			/* of one CPU; NAN: unknown */
};

struct status {
	int fd;				/* of URT_STATUS_PATH */
	char *text;			/* the list as last read */
	char *last;			/* the list as read before that */
	size_t size;			/* allocated for each of the two */
	struct process *processes;	/* in order of registration */
	size_t count, room;		/* used and allocated processes */
	struct process *unlisted;	/* unregistered, but still alive */
	size_t unlisted_count;
	bool begun;			/* the list has been read */
	bool update;			/* the last read found an update */
	bool changed;			/* the last read found any change */
	double at;			/* time of the last read */
	double updated;			/* time of the last update found */
};

int status_open(int flags);
bool write_id(int fd, int id);
void warn_of_id(int id);
void status_read(struct status *status);
long parameter(const char *name);

/* wait.c */

enum { NEWS = 1, SIGNAL = 2, KEY = 4, OUTPUT = 4 };

struct pollfd;

double now(void);
int wait_on(struct pollfd *fds, int count, int timeout_ms);
int wait_for(int status, int signals, int keys, int timeout_ms);
int open_signals(const sigset_t *set, sigset_t *mask);
int open_end_signals(int another);
void take_default_action(int number);

/* write.c */

void put_quoted(FILE *out, const char *text, const char *special, char quote);
void put_seconds(FILE *out, unsigned long long time);

/* totals.c */

void add_to_totals(const struct status *status);
void put_totals(FILE *out, const struct status *status);

/* order.c */

typedef int compare_fn(const void *a, const void *b);

/* How list and watch show the list: set by options and keys. */
struct view {
	compare_fn *compare;	/* NULL: in order of registration */
	bool reverse;
	bool group;		/* one row for each command name */
	bool command_line;	/* instead of the command name */
	bool at_once;
	bool json;
};

/* A row: one process, or all processes with the same command name. */
struct row {
	const struct process *process;	/* the first of them */
	size_t count;
	unsigned long long time;	/* in microseconds */
	double share;			/* of one CPU; NAN: unknown */
};

compare_fn by_share;
void parse_view(const struct command *command, int argc, char **argv,
		struct view *view);
bool sort_by(struct view *view, const char *name);
struct row *make_rows(const struct status *status, const struct view *view,
		      size_t *count);
struct row make_total(const struct row *rows, size_t count);

/* layout.c */

bool can_draw(void);
bool want_colors(void);
const char *row_name(const struct row *row, const struct view *view);
void put_line(const char *text, int columns, const char *color);
void put_header(const struct view *view, int columns, bool colors);
void put_row(const struct row *row, const struct view *view, int columns,
	     bool colors);
void put_total(const struct row *total, const char *text, int columns);

/* screen.c */

struct screen {
	struct view view;
	bool colors;
	bool help;		/* show the help line */
	bool timed;		/* an update has been seen */
	size_t first;		/* the row at the top of the list */
	size_t last;		/* the largest value of first */
	size_t page;		/* the number of rows that fit */
};

void draw(struct screen *screen, const struct status *status);
void draw_title(const struct screen *screen, const struct status *status);

/* key.c */

/* All other keys are represented by their characters. */
enum {
	NO_KEY = 256, UP_KEY, DOWN_KEY, PAGE_UP_KEY, PAGE_DOWN_KEY, HOME_KEY,
	END_KEY
};

/* The escape sequence of a key, as far as it has been received. */
struct sequence {
	char begin;		/* ESC or the byte after it; 0: no sequence */
	int number;		/* the first parameter */
	bool more;		/* the first parameter is complete */
};

int parse_byte(struct sequence *sequence, char byte);

/* match.c */

enum kind { NAME, EXE, UNIT };

struct criterion {
	enum kind kind;
	char *text;		/* as written by the user */
	char *value;		/* as shown in /proc */
	/* Of the executable. _FILE_OFFSET_BITS changes the size of ino_t. */
	unsigned long long device, inode;
	size_t cgroups;		/* how many a unit has */
	bool several;		/* more than one was reported */
};

struct criteria {
	struct criterion *list;
	size_t count;
};

const char *add_criterion(struct criteria *criteria, enum kind kind,
			  const char *text);
void free_criteria(struct criteria *criteria);
bool has_units(const struct criteria *criteria);
bool matches(struct criteria *criteria, pid_t pid, pid_t parent);
void scan_proc(void (*visit)(pid_t pid));

/* cgroup.c */

void scan_units(struct criteria *criteria, void (*visit)(pid_t pid));

/* conf.c */

bool read_criteria(struct criteria *criteria, const char *path);

/* events.c */

enum event {
	NO_EVENT,
	LOST,			/* the kernel dropped some events */
	ANSWER,			/* to some program's request */
	NEW_PROCESS, NEW_PROGRAM, NEW_NAME,
	LOADED, UNLOADED	/* the module */
};

int open_events(void);
void close_events(int fd);
enum event next_event(int fd, pid_t *pid, pid_t *parent);
int open_uevents(void);
enum event next_uevent(int fd);

/* registry.c */

/* What follow reports at its end: see urt(1). */
struct counts {
	size_t registered;
	size_t missed;		/* matched, but ended before the write */
	size_t unseen;		/* ended before they could be matched */
	size_t strangers;	/* registered by mistake */
	size_t refused;		/* not registered at the first attempt */
	size_t overruns;
};

extern struct counts counts;

void registry_start(void);
bool registry_has(pid_t pid);
void registry_add(pid_t pid, unsigned long long start);
void registry_check(pid_t pid);
size_t registry_write(bool again);
bool registry_loaded(void);
void registry_unloaded(void);

#endif /* URT_H */
