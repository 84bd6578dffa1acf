/* SPDX-License-Identifier: GPL-2.0 */
/* linux/timer.h, linux/ktime.h, linux/workqueue.h. A jiffy is a millisecond. */

struct timer_list {
	void (*function)(struct timer_list *timer);
	struct list_head node;		/* in timers while it is pending */
	unsigned long expires;
	bool dead;			/* deleted for good */
};

struct work_struct {
	void (*func)(struct work_struct *work);
	struct list_head node;		/* in works while it is queued */
	bool dead;			/* canceled for good */
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
};

struct workqueue_struct { int max_active; };

static unsigned long jiffies;
static struct list_head timers = LIST_HEAD_INIT(timers);
static struct list_head works = LIST_HEAD_INIT(works);
static struct workqueue_struct *workqueue;
static bool unloading;
static bool fires_at_once;	/* the update timer, when it is armed next */
static bool runs_before;	/* timers and work, before they are canceled */

#define HZ			1000
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define ktime_get()		((ktime_t)(jiffies * NSEC_PER_MSEC))
#define ktime_before(a, b)	((a) < (b))
#define ktime_add_ms(time, ms)	((time) + (ktime_t)((ms) * NSEC_PER_MSEC))
#define ktime_ms_delta(a, b)	(((a) - (b)) / (ktime_t)NSEC_PER_MSEC)
#define TIMER(name, function)	{ function, LIST_HEAD_INIT((name).node), 0, 0 }
#define WORK(name, function)	{ function, LIST_HEAD_INIT((name).node), 0 }
#define DEFINE_TIMER(name, function) \
	struct timer_list name = TIMER(name, function)
#define DECLARE_WORK(name, function) \
	struct work_struct name = WORK(name, function)
#define DECLARE_DELAYED_WORK(name, function) \
	struct delayed_work name = { WORK((name).work, function), \
				     TIMER((name).timer, queue_delayed) }
#define timer_pending(timer)	(!list_empty(&(timer)->node))

static inline bool timer_delete(struct timer_list *timer)
{
	bool pending = timer_pending(timer);

	cut(&timer->node);
	return pending;
}

static inline void fire(struct timer_list *timer)
{
	cut(&timer->node);
	in_softirq = true;
	timer->function(timer);
	in_softirq = false;
}

static inline void run(struct work_struct *work)
{
	cut(&work->node);
	work->func(work);
	need_no_locks("work");
}

static inline void queue(struct work_struct *work)
{
	need(!work->dead, "work is queued after it was canceled");
	if (list_empty(&work->node))
		insert(&work->node, works.prev);
}

static inline void queue_delayed(struct timer_list *timer)
{
	queue(&container_of(timer, struct delayed_work, timer)->work);
}

static inline void mod_timer(struct timer_list *timer, unsigned long expires)
{
	need(!timer->dead, "a timer is armed after it was deleted");
	timer_delete(timer);
	timer->expires = expires;
	insert(&timer->node, timers.prev);
	if (fires_at_once && timer->function != queue_delayed) {
		fires_at_once = false;
		fire(timer);
	}
}

static inline void queue_delayed_work(struct workqueue_struct *wq,
				      struct delayed_work *work, int delay)
{
	if (timer_pending(&work->timer) || !list_empty(&work->work.node))
		return;
	if (delay)
		mod_timer(&work->timer, jiffies + delay);
	else
		queue(&work->work);
}

static inline void mod_delayed_work(struct workqueue_struct *wq,
				    struct delayed_work *work, int delay)
{
	timer_delete(&work->timer);
	cut(&work->work.node);
	queue_delayed_work(wq, work, delay);
}

static inline void timer_delete_sync(struct timer_list *timer)
{
	might_sleep();
	if (runs_before && timer_pending(timer))
		fire(timer);
	timer->dead = unloading;
	timer_delete(timer);
}

static inline void cancel_work_sync(struct work_struct *work)
{
	might_sleep();
	need(!held, "the lock is held, for which the work may wait");
	if (runs_before && !list_empty(&work->node))
		run(work);
	work->dead = unloading;
	cut(&work->node);
}

static inline struct workqueue_struct *alloc_wq(int max_active)
{
	workqueue = kzalloc(sizeof(*workqueue), GFP_KERNEL_ACCOUNT);
	if (workqueue)
		workqueue->max_active = max_active;
	return workqueue;
}

static inline void destroy_workqueue(struct workqueue_struct *wq)
{
	need(!held, "the lock is held, for which the work may wait");
	while (!list_empty(&works))
		run(container_of(works.next, struct work_struct, node));
	kfree(wq);
	workqueue = NULL;
}

#define queue_work(wq, work)	queue(work)
#define cancel_delayed_work_sync(delayed) \
	(timer_delete_sync(&(delayed)->timer), \
	 cancel_work_sync(&(delayed)->work))
#define alloc_workqueue(name, flags, max)	alloc_wq(max)
#define alloc_ordered_workqueue(name, flags)	alloc_wq(1)
