/* SPDX-License-Identifier: GPL-2.0 */
/* How figures are found and printed, and their goals */

static int rounds = 3;	/* how many times everything is measured */
static int count;	/* the number of processes measured */

static const struct {
	const char *what;
	double of_1000, of_10000;
} goals[] = {
	{ "register (one write each)", 2700, 2700 },
	{ "register (one write for all)", 1600, 1600 },
	{ "update: 0 % active (young)", 30, 30 },
	{ "update: 0 % active", 30, 30 },
	{ "update: 100 % active", 200, NO_GOAL },
	{ "read (new open): first after an update", 70, 45 },
	{ "read (new open): repeated", 70, 45 },
	{ "read (kept descriptor): first after an update", 32, 28 },
	{ "read (kept descriptor): repeated", 32, 28 },
	{ "update and read: 0 % active", NO_GOAL, 58 },
	{ "update and read: 1 % active", NO_GOAL, 60 },
	{ "update and read: 10 % active", NO_GOAL, 75 },
	{ "update and read: 100 % active", 240, NO_GOAL },
	{ "mutex held by a read (in all)", NO_GOAL, 450000 },
	{ "memory: a registered process (bytes)", 112, 112 },
	{ "timers in 60 s: none registered (times)", 0, 0 },
	{ "update: each additional thread", 20, 20 },
};

static bool reported[ARRAY_SIZE(goals)];

/* Prints a figure for count processes. */
static void report_cost(const char *what, double figure)
{
	double goal = NO_GOAL;

	for (size_t i = 0; i < ARRAY_SIZE(goals); i++) {
		if (strcmp(goals[i].what, what))
			continue;
		reported[i] = true;
		goal = count == 1000 ? goals[i].of_1000 :
		       count == 10000 ? goals[i].of_10000 : NO_GOAL;
	}
	report(what, count, figure, goal);
}

/* Checks that each goal has a figure. */
static void check_goals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(goals); i++)
		if (!reported[i])
			die("'%s' is reported", goals[i].what);
}

static void nothing(int i)
{
	asm volatile("" : : "r" (i));
}

static long long least_time(void (*before)(void), void (*work)(int i),
			    int calls)
{
	long long start, spent, least = LLONG_MAX;

	for (int round = 0; round < rounds; round++) {
		if (before)
			before();
		start = now();
		for (int i = 0; i < calls; i++)
			work(i);
		spent = now() - start;
		if (spent < least)
			least = spent;
	}
	return least;
}

/*
 * Returns what all calls of @work take, with 0 to @calls - 1, after @before.
 * The cost of the loop and the clock is subtracted.
 */
static double instructions(void (*before)(void), void (*work)(int i), int calls)
{
	return least_time(before, work, calls) -
	       least_time(NULL, nothing, calls);
}
