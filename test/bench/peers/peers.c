// SPDX-License-Identifier: GPL-2.0
/*
 * What other methods of watching processes cost, and what they lose
 *
 * usage: peers USERTIME.KO LEAST.KO [short]
 *
 * Prints lines "method,processes,what,figure", after a note that begins with a
 * '#'. scripts/bench-peers makes docs/comparison.md from them. A method that
 * this kernel refuses has only one line, "method,0,refused,why".
 *
 * The watched processes sleep, and are aged. The same is also measured while
 * nothing watches the processes. This is printed, and subtracted from each
 * figure. Times that a method finds as text are not parsed.
 */
#include "peers.h"

#include <malloc.h>

/* How many times everything is measured. */
#define ROUNDS		3

/*
 * How many processes end while nothing else happens. A round ends them and
 * makes two others take turns, several times. Each takes less than the 4 ms
 * between two ticks, so that the least contains no tick.
 */
#define EXITS		50
#define TIMES		10

static const struct peer * const peers[] = {
	&peer_usertime,
	&peer_usertime_opened,
	&peer_sched_switch_array,
	&peer_sched_switch,
	&peer_task_kptr_active,
	&peer_task_kptr_leader,
	&peer_task_kptr,
	&peer_task_iter,
	&peer_task_iter_filtered,
	&peer_clock,
	&peer_perf,
	&peer_cgroup,
	&peer_schedstat,
	&peer_taskstats,
	&peer_stat_kept,
	&peer_stat_uring,
	&peer_stat_opened,
};

/*
 * What is measured: memory in bytes, all else in instructions.
 * TENTH is a sample when only one process in ten is watched.
 */
enum { SAMPLE, TENTH, ADD, TURN, EXIT, MEMORY, FIGURES };

static const char * const what[] = {
	"sample", "sample of a tenth", "register", "context switch", "exit",
	"memory"
};

const char *usertime_ko;

static int count;		/* of processes that are watched */
static int largest;		/* the largest count */
static int alive;		/* running ones, the first in pids */

void *allocate(int number, size_t size)
{
	void *memory = calloc(number, size);

	if (!memory)
		die("there is memory for %d", number);
	return memory;
}

/*
 * Empties all caches. Returns the bytes of the free pages, including those that
 * each CPU keeps. What the kernel frees late may make more free, so this takes
 * several turns. Sleeping costs nothing here.
 */
static long long free_memory(void)
{
	long long pages, sum = 0;
	char line[256];
	FILE *zones;

	for (int i = 0; i < 3; i++) {
		write_file("/proc/sys/vm/drop_caches", "3");
		sleep(4);
		shrink_slabs();
	}
	write_file("/proc/sys/vm/stat_refresh", "1");
	zones = open_lines("/proc/zoneinfo");
	while (fgets(line, sizeof(line), zones))
		if (sscanf(line, " pages free %lld", &pages) == 1 ||
		    sscanf(line, " count: %lld", &pages) == 1)
			sum += pages;
	fclose(zones);
	return sum * sysconf(_SC_PAGESIZE);
}

static void start(const struct peer *peer)
{
	errno = -peer->start(count);
	if (errno)
		die("%s starts", peer->name);
}

static void add_all(const struct peer *peer)
{
	for (int i = 0; i < count; i++) {
		errno = -peer->add(i);
		if (errno)
			die("%s adds process %d of %d", peer->name, i, count);
	}
}

/* Lowers @figure to what each of @number took since @before, if less. */
static void keep_least(double *figure, long long before, int number)
{
	double each = (double)(busy() - before) / number;

	if (each < *figure)
		*figure = each;
}

/*
 * Measures samples, once the method has come to rest. With fewer processes,
 * more samples are taken, because disturbances matter more.
 */
static void measure_samples(double *figure, const struct peer *peer)
{
	int samples = 3 + 3000 / count;
	long long before;

	sleep(1);
	peer->sample();
	for (int i = 0; i < samples; i++) {
		before = busy();
		peer->sample();
		keep_least(figure, before, count);
	}
}

static void measure_turns(double *figure)
{
	long long before;

	for (int i = 0; i < TIMES; i++) {
		before = busy();
		take_turns();
		keep_least(figure, before, 2 * TURNS);
	}
}

static void measure_exits(double *figure)
{
	long long before;

	for (int i = 0; i < TIMES && alive >= EXITS; i++) {
		before = busy();
		end_processes(alive - EXITS, alive);
		keep_least(figure, before, EXITS);
		alive -= EXITS;
	}
}

/* Measures only samples, while only @number processes are watched. */
static void watch_some(double *figure, const struct peer *peer, int number)
{
	int all = count;

	count = number;
	start(peer);
	add_all(peer);
	for (int i = 0; i < ROUNDS; i++)
		measure_samples(figure, peer);
	peer->stop();
	count = all;
}

/* Measures everything, and returns the memory in this round. */
static double watch_all(double *figures, const struct peer *peer)
{
	long long free_before = free_memory(), before;
	double memory;

	start(peer);
	before = busy();
	add_all(peer);
	keep_least(&figures[ADD], before, count);
	peer->sample();
	memory = (double)(free_before - free_memory()) / count;
	measure_samples(&figures[SAMPLE], peer);
	measure_turns(&figures[TURN]);
	measure_exits(&figures[EXIT]);
	peer->stop();
	start_processes(alive, count);
	alive = count;
	return memory;
}

static int compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Each figure is the least of all rounds, because interrupts only ever add to
 * it. The memory is the median, because other memory is freed and allocated
 * meanwhile. Returns the number of figures: all of them only with the most
 * processes.
 */
static int measure_peer(double *figures, const struct peer *peer)
{
	double memory[ROUNDS];

	for (int i = 0; i < FIGURES; i++)
		figures[i] = 1e18;
	if (count < largest) {
		watch_some(&figures[SAMPLE], peer, count);
		return 1;
	}
	watch_some(&figures[TENTH], peer, count / 10);
	for (int i = 0; i < ROUNDS; i++)
		memory[i] = watch_all(figures, peer);
	qsort(memory, ROUNDS, sizeof(memory[0]), compare_numbers);
	figures[MEMORY] = memory[ROUNDS / 2];
	return FIGURES;
}

/*
 * The method that watches nothing
 */

static int start_nothing(int unused)
{
	(void)unused;
	return 0;
}

static void sample_nothing(void)
{
}

static const struct peer nothing = {
	.name = "nothing",
	.start = start_nothing,
	.add = start_nothing,
	.sample = sample_nothing,
	.stop = sample_nothing,
};

static void compare(const bool *working)
{
	double with[FIGURES], without[FIGURES];
	int figures = measure_peer(without, &nothing);

	for (int i = 0; i < figures; i++)
		printf("nothing,%d,%s,%.1f\n", count, what[i], without[i]);
	for (size_t p = 0; p < ARRAY_SIZE(peers); p++) {
		if (!working[p])
			continue;
		measure_peer(with, peers[p]);
		for (int i = 0; i < figures; i++)
			printf("%s,%d,%s,%.1f\n", peers[p]->name, count,
			       what[i], with[i] - without[i]);
	}
}

static void prepare(void)
{
	lift_limits();
	open_pipes();
	/* Take no more memory than is used, and return all of it in free(). */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		die("prctl(2)");
	mallopt(M_MMAP_THRESHOLD, 4096);
}

int main(int argc, char **argv)
{
	static const int counts[] = { 100, 1000, 10000 };
	size_t sizes = argc == 4 ? 2 : ARRAY_SIZE(counts);
	bool working[ARRAY_SIZE(peers)];

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: peers USERTIME.KO LEAST.KO [short]\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_kernel();
	usertime_ko = argv[1];
	load_module(argv[2], "");
	prepare();
	sleep(10);	/* until the kernel's late initialization is over */
	for (size_t p = 0; p < ARRAY_SIZE(peers); p++)
		working[p] = works(peers[p]);
	largest = counts[sizes - 1];
	for (size_t i = 0; i < sizes; i++) {
		count = counts[i];
		start_processes(alive, count);
		alive = count;
		compare(working);
	}
	return 0;
}
