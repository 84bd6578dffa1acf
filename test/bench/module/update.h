/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an update costs, when none, some or all of the processes are active, and
 * the least that it could cost
 */

/* The numbers of threads of the processes that are compared. */
#define THREADS_FEW	2
#define THREADS_MANY	4

static const struct {
	const char *percent;
	int every;		/* one process in this many is active; 0: none */
} activities[] = { { "0 %", 0 }, { "1 %", 100 }, { "10 %", 10 }, { "100 %", 1 } };

static int active_every;

/* Makes processes active: those in the list of the module least. */
static void run_active(void)
{
	if (active_every)
		write_file(LEAST "run", "%d", active_every);
}

static void update_active(void)
{
	run_active();
	update();
}

static void walk_active(void)
{
	run_active();
	write_file(LEAST "walk", "1");
}

/* Returns how long an update of the first @number processes takes. */
static double update_length(int number, int every)
{
	register_first(number);
	active_every = every;
	return work_length(update_cputimes, update_active);
}

static void add_to_least(int number)
{
	write_file(LEAST "clear", "1");
	for (int i = 0; i < number; i++)
		write_file(LEAST "add", "%d", pids[i]);
}

/* Returns how long the same takes in the module least. */
static double least_length(int number, int every)
{
	add_to_least(number);
	active_every = every;
	return work_length(least_walk, walk_active);
}

/* Reports what each further process adds to the time of one. */
static void report_added(const char *what, double all, double one)
{
	report_cost(what, (all - one) / (count - 1));
}

static void young_update_costs(void)
{
	double of_one = update_length(1, 0);

	report_added("update: 0 % active (young)", update_length(count, 0),
		     of_one);
	add_to_least(count);
	report_added("update: 100 % active (young)", update_length(count, 1),
		     of_one);
}

static void aged_costs(void)
{
	double of_one, least_of_one, least_asleep, least_active;
	double read, length[ARRAY_SIZE(activities)];
	char what[64];

	/* After this, least has all processes and can make them active. */
	least_of_one = least_length(1, 0);
	least_asleep = least_length(count, 0);
	least_active = least_length(count, 1);
	of_one = update_length(1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(activities); i++) {
		length[i] = update_length(count, activities[i].every);
		snprintf(what, sizeof(what), "update: %s active",
			 activities[i].percent);
		report_added(what, length[i], of_one);
	}
	report_added("- the least: 0 % active", least_asleep, least_of_one);
	report_added("- the least: 100 % active", least_active, least_of_one);
	read = read_costs();
	for (size_t i = 0; i < ARRAY_SIZE(activities); i++) {
		snprintf(what, sizeof(what), "update and read: %s active",
			 activities[i].percent);
		report_cost(what, (length[i] + read) / count);
	}
	report_cost("mutex held by a read (in all)", hold_length(read_anew));
	report_cost("mutex held by an update: 0 % (in all)", length[0]);
	report_cost("mutex held by an update: 100 % (in all)",
		    length[ARRAY_SIZE(activities) - 1]);
}

/* Measures an update, and least, for processes of @threads_of_each threads. */
static void lengths_of(int threads_of_each, double *update, double *least)
{
	start_processes(count, threads_of_each);
	*update = update_length(count, 0);
	*least = least_length(count, 0);
	write_file(LEAST "clear", "1");
	unregister_all();
	end_processes(count);
}

/* Compares processes that differ only in the number of their threads. */
static void thread_costs(void)
{
	double update_few, update_many, least_few, least_many;
	double more = (double)count * (THREADS_MANY - THREADS_FEW);

	lengths_of(THREADS_FEW, &update_few, &least_few);
	lengths_of(THREADS_MANY, &update_many, &least_many);
	report_cost("update: each additional thread",
		    (update_many - update_few) / more);
	report_cost("- the least: each additional thread",
		    (least_many - least_few) / more);
}

/* Measures what the plot shows: whether the points are on a straight line. */
static void update_lengths(int most)
{
	static const int counts[] = {
		10, 30, 100, 300, 1000, 3000, 6000, 10000, 15000, 20000, 25000,
		PROCESSES_MAX
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts) && counts[i] <= most; i++) {
		count = counts[i];
		report_cost("update (in all)", update_length(count, 0));
	}
}
