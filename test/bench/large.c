// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs with very many processes, and which costs do not grow
 * in proportion
 *
 * usage: large USERTIME.KO LEAST.KO COUNT...
 *
 * Starts as many processes as the last COUNT. Registers each COUNT of them in
 * turn, and prints lines "what,processes,figure,".
 */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>

#define PROCESSES_MAX	1000000
#define NO_LIMIT	2000000		/* a max_processes that is never reached */
#define READ_SIZE	(128 << 10)	/* as cat reads */
#define ROUNDS		2

/* How many registrations are measured together. */
#define REGISTRATIONS	90

/* How often the watch wants to run. */
#define WATCH_NS	20000

static char pids[PROCESSES_MAX + 1][12];	/* in decimal */
static int count;		/* how many are registered */
static long long overhead;	/* of measuring an update */
static int status_fd, user_fd;
static char text[PROCESSES_MAX * 27];

static long long longest;	/* wait of the watch for the CPU */
static atomic_bool watching;

static void write_word(int fd, const char *word)
{
	if (write(fd, word, strlen(word)) < 0)
		die("%s can be written", word);
}

static void print(const char *what, double figure)
{
	report(what, count, figure, NO_GOAL);
}

/*
 * The watch: a thread that runs as soon as the CPU calls schedule()
 */

static void *watch(void *unused)
{
	long long due = now(), late;
	struct timespec time;

	(void)unused;
	while (watching) {
		due += WATCH_NS;
		time.tv_sec = due / 1000000000;
		time.tv_nsec = due % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		late = now() - due;
		if (late > longest)
			longest = late;
		if (late > WATCH_NS)
			due += late;
	}
	return NULL;
}

/* Returns the longest time without schedule() during @work. */
static long long longest_gap(void (*work)(void))
{
	const struct sched_param priority = { .sched_priority = 50 };
	pthread_t thread;

	longest = 0;
	watching = true;
	if (pthread_create(&thread, NULL, watch, NULL) ||
	    pthread_setschedparam(thread, SCHED_FIFO, &priority))
		die("the watch starts");
	work();
	watching = false;
	pthread_join(thread, NULL);
	return longest;
}

/*
 * The processes
 */

static long long free_memory(void)
{
	FILE *info = open_lines("/proc/meminfo");
	long long kib = 0;
	char line[128];

	while (!kib && fgets(line, sizeof(line), info))
		sscanf(line, "MemAvailable: %lld", &kib);
	fclose(info);
	return kib;
}

/* The processes share one stack, because none of them ever returns. */
static void start_processes(int number)
{
	static char stack[4096];
	long long before = free_memory();
	int add = open_file(LEAST "add", O_WRONLY);

	for (int i = 0; i <= number; i++) {
		snprintf(pids[i], sizeof(pids[i]), "%d",
			 start_process(sleep_on, NULL, stack + sizeof(stack)));
		lseek(add, 0, SEEK_SET);
		write_word(add, pids[i]);
	}
	close(add);
	sleep(1);
	write_file(LEAST "age", AGE);
	printf("# a process takes %.1f KiB\n",
	       (double)(before - free_memory()) / number);
}

/*
 * What is measured
 */

static void nothing(void)
{
	usleep(10000);
}

/* Registers until there are @number, and measures the last registrations. */
static void register_more(int number)
{
	long long start = now();

	for (; count < number; count++) {
		if (count == number - REGISTRATIONS)
			start = now();
		write_word(status_fd, pids[count]);
	}
	print("register", (double)(now() - start) / REGISTRATIONS);
}

static void read_first_piece(void)
{
	if (pread(status_fd, text, READ_SIZE, 0) < 0)
		die("the list can be read");
}

static void read_list(void)
{
	ssize_t length, all = 0;

	lseek(status_fd, 0, SEEK_SET);
	while ((length = read(status_fd, text + all, READ_SIZE)) > 0)
		all += length;
	if (length < 0)
		die("the list can be read");
}

static void update(void)
{
	make_update(status_fd);
}

/* One process in @every has run since the last update; with 0, none has. */
static void prepare_update(int every)
{
	await_announcement();
	read_list();
	if (every)
		write_file(LEAST "run", "%d", every);
}

static long long update_length(int every)
{
	long long before, length, least = LLONG_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		prepare_update(every);
		before = busy();
		update();
		length = busy() - before;
		if (length < least)
			least = length;
	}
	return least - overhead;
}

static void measure_update(const char *state, int every)
{
	long long length = update_length(every);
	char what[64];

	snprintf(what, sizeof(what), "update: %s", state);
	print(what, (double)length / count);
	snprintf(what, sizeof(what), "mutex held by an update: %s (in all)",
		 state);
	print(what, length);
	snprintf(what, sizeof(what), "no schedule() in an update: %s (in all)",
		 state);
	prepare_update(every);
	print(what, longest_gap(update));
}

/* The mutex is held for most of the read of the first piece. */
static void measure_read(void)
{
	long long start = now(), first, all;

	read_first_piece();
	first = now() - start;
	start = now();
	read_list();
	all = now() - start;
	print("read", (double)all / count);
	print("mutex held by a read (in all)", first);
	print("no schedule() in a read (in all)", longest_gap(read_list));
}

/* Changes only this thread: the watch keeps running as root. */
static void set_user(uid_t uid)
{
	if (syscall(SYS_setresuid, -1, uid, -1))
		die("the bench becomes user %d", uid);
}

/* Registers one more process, as the ordinary user. */
static void register_as_user(void)
{
	set_user(ORDINARY_USER);
	write_word(user_fd, pids[count]);
	set_user(0);
}

static void unregister_it(void)
{
	if (status_write(status_fd, "-%s", pids[count]) < 0)
		die("process %s unregisters", pids[count]);
}

/* With half of the list taken, the module counts the lines of the user. */
static void measure_share(void)
{
	long long start;

	set_parameter("max_processes", 2 * count);
	start = now();
	register_as_user();
	print("mutex held by a user's registration: half taken (in all)",
	      now() - start);
	unregister_it();
	print("no schedule() in a user's registration (in all)",
	      longest_gap(register_as_user));
	unregister_it();
	set_parameter("max_processes", NO_LIMIT);
}

static void remove_module(void)
{
	if (unload())
		die("usertime unloads");
}

int main(int argc, char **argv)
{
	if (argc < 4 || atoi(argv[argc - 1]) > PROCESSES_MAX) {
		fprintf(stderr, "usage: large USERTIME.KO LEAST.KO COUNT...\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_kernel();
	lift_limits();
	memset(text, 1, sizeof(text));
	load_module(argv[1], "period_ms=3600000 max_processes=2000000");
	load_module(argv[2], "");
	/* The processes inherit the files that are open now. */
	start_processes(atoi(argv[argc - 1]));
	status_fd = status_open();
	user_fd = status_open_as(ORDINARY_USER);

	print("no schedule() while nothing happens (in all)",
	      longest_gap(nothing));
	write_word(status_fd, pids[count++]);
	overhead = update_length(0);
	for (int i = 3; i < argc; i++) {
		register_more(atoi(argv[i]));
		measure_update("0 % active", 0);
		measure_update("1 % active", 100);
		measure_update("100 % active", 1);
		measure_read();
		measure_share();
	}
	close(user_fd);
	close(status_fd);
	print("no schedule() in rmmod (in all)", longest_gap(remove_module));
	return 0;
}
