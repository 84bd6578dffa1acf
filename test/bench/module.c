// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs, and what the alternatives cost
 *
 * usage: module USERTIME.KO LEAST.KO [short]
 *
 * Prints lines "what,processes,figure,goal", where the goal may be missing,
 * and lines that begin with a '#', which are notes. scripts/bench makes a table
 * of them. A figure is in instructions per process, unless its name ends with
 * another unit or with "(in all)".
 *
 * Updates and reads are those of aged processes, unless their names say
 * otherwise; the other figures do not depend on the age.
 */
#include "bench.h"

#include "module/figure.h"
#include "module/list.h"
#include "module/trace.h"
#include "module/register.h"
#include "module/read.h"
#include "module/update.h"
#include "module/memory.h"

static void timer_costs(void)
{
	set_period(URT_PERIOD_MS_DEFAULT);
	register_first(0);
	report_cost("timers in 60 s: none registered (times)",
		    timers_started(schedule_cput_upds));
	register_first(1);
	report_cost("- one registered (times)",
		    timers_started(schedule_cput_upds));
	stop_updates();
}

int main(int argc, char **argv)
{
	static const int all_counts[] = { 100, 1000, 10000 };
	const int *counts = all_counts;
	int most = PROCESSES_MAX, sizes = ARRAY_SIZE(all_counts);

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: module USERTIME.KO LEAST.KO [short]\n");
		return 1;
	}
	if (argc == 4) {
		rounds = 2;
		counts++;
		sizes--;
		most = 10001;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	print_kernel();
	lift_limits();
	memset(text, 1, sizeof(text));
	load_module(argv[1], "period_ms=3600000 max_processes=1000000");
	load_module(argv[2], "");
	prepare_tracing();
	status_fd = status_open();
	user_fd = status_open_as(ORDINARY_USER);

	start_processes(most, 1);
	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		register_costs();
		share_cost();
		young_update_costs();
	}
	add_to_least(most);
	write_file(LEAST "age", AGE);
	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		aged_costs();
		other_costs();
	}
	memory_costs();
	timer_costs();
	update_lengths(most);

	write_file(LEAST "clear", "1");
	unregister_all();
	end_processes(most);

	for (int i = 0; i < sizes; i++) {
		count = counts[i];
		thread_costs();
	}
	check_goals();
	return 0;
}
