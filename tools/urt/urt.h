/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of urt share
 *
 * urt shows and passes on what /proc/urt/status lists: see urt(1). A subcommand
 * has a file of its own, with the struct command that describes it at the end.
 * Those that follow the list are one loop: wait for news with poll(2), read the
 * list, compare it with what it was before, and write. Signals and keys come
 * through the same poll(2), so none can interrupt a write.
 *
 *	main.c		the command line
 *	status.c	the list: reads it, and knows which process has which line
 *	process.c	what /proc/PID says of one process
 *	wait.c		waits for news, signals and keys
 *	order.c		the rows of list and watch, sorted and grouped
 *	layout.c	a row as a line of text
 *	screen.c	what watch draws
 *	key.c		the keys that watch takes
 *	match.c		what processes are matched by, for add, del and follow
 *	cgroup.c	the cgroups that a unit has, and the processes in them
 *	conf.c		the file that says what follow matches
 *	events.c	what the kernel reports, for follow
 *	registry.c	the processes that follow has registered
 *	totals.c	the time used under each command name, for export
 *	write.c		what the formats share
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
/* A command name with each byte shown as "\x1b". */
#define SHOWN_SIZE	(4 * COMM_SIZE)
/* As much of a command line as is shown. */
#define COMMAND_LINE_SIZE	4096

/* main.c */

struct command {
	const char *name;
	const char *short_options;	/* as getopt(3) takes them */
	const struct option *options;	/* as getopt_long(3) takes them */
	const char *usage;
	const char *help;
	/* Return: the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

#define HELP_OPTION	{ "help", no_argument, NULL, 'h' }

/* The exit status when urt itself fails: 125 for urt run, 1 otherwise. */
extern int failure;

int next_option(const struct command *command, int argc, char **argv);
void want_arguments(const struct command *command, int argc, int want);
noreturn void bad_usage(const struct command *command);
int finish(void);

extern const struct command run_command, add_command, del_command, list_command,
	watch_command, record_command, export_command, follow_command;

/* process.c */

/* What /proc/PID/stat says of a process. */
struct stat_line {
	char comm[COMM_SIZE];
	unsigned long long user_time;	/* in clock ticks */
	unsigned long long start;	/* in clock ticks since the boot */
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
 * A process that has a line. A PID may be reused while the line of the ended
 * process is still listed: the start time tells the two apart.
 */
struct process {
	pid_t pid;
	bool fresh;			/* has no line in the read before */
	bool doubtful;			/* another has its PID, perhaps its line */
	char comm[COMM_SIZE];		/* as last known; "?": never read */
	unsigned long long time;	/* in microseconds, as listed */
	unsigned long long growth;	/* of the time since the read before */
	unsigned long long start;	/* as in struct stat_line; 0: not known */
	double looked;			/* when comm was read last */
	double since;			/* when the share begins; NAN: not known */
	double share;			/* of one CPU; NAN: not known */
};

struct status {
	int fd;				/* of URT_STATUS_PATH */
	char *text;			/* what was read from there */
	char *last;			/* and the time before */
	size_t size;			/* allocated for each of the two */
	struct process *processes;	/* in order of registration */
	size_t count, room;		/* used and allocated of processes */
	struct process *left;		/* unregistered, and still alive */
	size_t left_count;
	bool begun;			/* has been read at least once */
	bool update;			/* the last read found an update */
	bool changed;			/* the last read found any difference */
	double at;			/* when it was read last */
	double updated;			/* when an update was found last */
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
void take_default(int number);

/* write.c */

void put_quoted(FILE *out, const char *text, const char *special, char quote);
void put_seconds(FILE *out, unsigned long long time);

/* totals.c */

void add_to_totals(const struct status *status);
void put_totals(FILE *out, const struct status *status);

/* order.c */

typedef int compare_fn(const void *a, const void *b);

/* What the options and the keys of list and watch ask for. */
struct view {
	compare_fn *compare;	/* of two rows; NULL: as registered */
	bool reverse;
	bool group;		/* a row for each command name */
	bool command_line;	/* shown instead of the command name */
	bool at_once;
	bool json;
};

/* A row: a process, or all the processes that have the same command name. */
struct row {
	const struct process *process;	/* the first of them */
	size_t count;
	unsigned long long time;	/* in microseconds */
	double share;			/* of one CPU; NAN: not known */
};

compare_fn by_share;
void take_view(const struct command *command, int argc, char **argv,
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
	bool help;		/* the help line is shown */
	bool timed;		/* an update has been seen */
	size_t first;		/* the row that is at the top of the list */
	size_t last;		/* the highest value of first */
	size_t page;		/* the number of rows that fit */
};

void draw(struct screen *screen, const struct status *status);
void draw_title(const struct screen *screen, const struct status *status);

/* key.c */

/* Other keys are the characters that they type. */
enum {
	NO_KEY = 256, UP_KEY, DOWN_KEY, PAGE_UP_KEY, PAGE_DOWN_KEY, HOME_KEY,
	END_KEY
};

/* How much of the sequence that a key sends has come. */
struct sequence {
	char begin;		/* ESC, or the byte after it; 0: none has begun */
	int number;		/* the first parameter */
	bool more;		/* that parameter is over */
};

int take_byte(struct sequence *sequence, char byte);

/* match.c */

enum kind { NAME, EXE, UNIT };

struct criterion {
	enum kind kind;
	char *text;		/* as the user wrote it */
	char *value;		/* as /proc shows it */
	/* Of an executable, when value was found; a dev_t varies in size. */
	unsigned long long device, inode;
	size_t cgroups;		/* that a unit has */
	bool several;		/* this was reported */
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
void look_through_proc(void (*look)(pid_t pid));

/* cgroup.c */

void look_through_units(struct criteria *criteria, void (*look)(pid_t pid));

/* conf.c */

bool read_criteria(struct criteria *criteria, const char *path);

/* events.c */

enum event {
	NO_EVENT,
	LOST,			/* some others, as the queue was full */
	ANSWER,			/* of the kernel, to some program */
	NEW_PROCESS, NEW_PROGRAM, NEW_NAME,
	LOADED, UNLOADED	/* the module */
};

int open_events(void);
void close_events(int fd);
enum event next_event(int fd, pid_t *pid, pid_t *parent);
int open_uevents(void);
enum event next_uevent(int fd);

/* registry.c */

/* What follow has done, for its last message. */
struct counts {
	size_t registered;
	size_t missed;		/* matched, and ended before that */
	size_t unseen;		/* ended before they could be matched */
	size_t strangers;	/* registered by mistake, and unregistered */
	size_t refused;		/* for want of room */
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
