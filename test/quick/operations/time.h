/* SPDX-License-Identifier: GPL-2.0 */
/* Time passes, and timers and work that are due run */

static struct timer_list *update_timer(void)
{
	struct timer_list *timer;

	for_each((void)0, timer, &timers, node)
		if (timer->function == schedule_cput_upds)
			return timer;
	return NULL;
}

static bool is_queued(void (*function)(struct work_struct *))
{
	struct work_struct *work;

	for_each((void)0, work, &works, node)
		if (work->func == function)
			return true;
	return false;
}

static bool is_polled(int i)
{
	return views[i] && !list_empty(&files[i].polling);
}

static void op_time(void)
{
	static const unsigned int steps[] = {
		1, 9, 10, 50, 100, 4900, 5000, 3600000
	};
	unsigned int ms = steps[byte() % 8];
	struct timer_list *timer, *next;

	trace("%u ms\n", ms);
	jiffies += ms;
	oracle.now += ms;
	begin(0);
	for (timer = entry_of(timers.next, timer, node);
	     next = list_next_entry(timer, node), &timer->node != &timers;
	     timer = next)
		if (!time_before(jiffies, timer->expires))
			fire(timer);
	end("a timer");
}

static void op_work(void)
{
	struct work_struct *work = container_of(works.next, struct work_struct, node);
	bool pending = update_timer(), polled = false;
	int i;

	if (list_empty(&works))
		return;
	for (i = 0; i < FILES; i++)
		polled |= is_polled(i);
	trace("work: %s\n", work->func == update_cputimes ? "update" : "news");
	begin(0);
	if (work->func == update_cputimes) {
		run(work);
		oracle_update(pending, polled);
		return;
	}
	run(work);
	wakes = 0;
	need(oracle_announce(), "news is announced too early");
	for (i = 0; i < FILES; i++)
		need(!is_polled(i) || files[i].woken, "a poller is not woken");
}
