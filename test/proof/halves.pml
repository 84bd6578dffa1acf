/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two halves of usertime.c, for the model checker spin
 *
 * The model contains everything in usertime.c that starts, stops or wakes
 * something, under the same name. spin tries the steps of the processes below
 * in every possible order, so any CPU may be slow at any time. An atomic or a
 * d_step is one step. What only the holder of urt_lock can see is not a
 * separate step. Times, numbers and text are left out. So are the delays of
 * memory: for those, see *.litmus.
 *
 * A line that begins with "//= " is quoted from usertime.c. scripts/proof
 * checks that usertime.c still has it. If you change it there, check the model.
 */

#ifndef PROGRAMS
#define PROGRAMS	2	/* each with an open file */
#endif
#define PROCESSES	2	/* which the programs register */

/* -DBUG=NAME plants a bug. The part spin of scripts/proof catches these: */
#define ARMED_BEFORE_LINKED	1  /* urt_add() arms the timer before it links */
#define NOT_ARMED		2  /* urt_add() does not arm the timer */
#define TIMER_STAYS		3  /* urt_remove() leaves the timer pending */
#define TOP_HALF_ARMS		4  /* the top half arms the timer */
#define TOP_HALF_LOCKS		5  /* the top half takes urt_lock */
#define NOT_ARMED_AGAIN		6  /* the bottom half does not arm the timer */
#define ARMED_AFTER_LAST	7  /* an update of an empty list arms the timer */
#define ARMED_BY_PERIOD		8  /* a new period arms an empty list's timer */
#define NOT_LOCKED		9  /* the bottom half does not take urt_lock */
#define NOT_ANNOUNCED		10 /* urt_hold_news() queues nothing */
#define WOKEN_TOO_EARLY		11 /* urt_announce() wakes before the news */
#define SOUGHT_TOO_EARLY	12 /* an update looks for pollers before the news */
#define NOT_WOKEN		13 /* an update wakes no poller */
#define READ_TOO_EARLY		14 /* poll looks for news before it waits */
#define NOT_PINNED		15 /* an open file does not pin the module */
#define FILE_TOO_EARLY		16 /* the file is made before the workqueue */
#define FILE_STAYS		17 /* unloading does not remove the file */
#define LIST_STAYS		18 /* unloading does not empty the list */
#define TOP_HALF_STAYS		19 /* unloading does not wait for the top half */
#define BOTTOM_HALF_STAYS	20 /* unloading does not wait for the bottom half */
#define NEWS_STAYS		21 /* unloading does not cancel the news */
#define WORKQUEUE_STAYS		22 /* unloading keeps the workqueue */
#define DESTROYED_LOCKED	23 /* the workqueue is destroyed under urt_lock */

/* The part liveness catches these: */
#define NEWS_PUT_OFF		24 /* urt_unregister() restarts the 0.1 s */
#define UPDATE_PUT_OFF		25 /* urt_add() restarts the period */
#define NEVER_WOKEN		26 /* urt_announce() wakes no poller */

#ifndef BUG
#define BUG	0
#endif

/*
 * The kernel
 */

bool freed;			/* the module's memory */

#define in_softirq()	(_pid == 0)	/* the first process below */

/*
 * A task that waits for a mutex gets it eventually (MUTEX_FLAG_HANDOFF). The
 * model guarantees this only to the kworkers: others need not make progress.
 */
#define NOBODY	255
pid urt_lock = NOBODY;		/* its holder */
#ifdef LIVENESS
chan waiting = [2] of { pid };	/* kworkers */
#define mutex_is_free	(urt_lock == NOBODY && empty(waiting))
#else
#define mutex_is_free	(urt_lock == NOBODY)
#endif

#define lockdep_assert_held()	assert(urt_lock == _pid)

/* Calls that would find nothing to do are left out. */
inline mutex_lock_if(condition)
{
	d_step {
		mutex_is_free && condition ->
		assert(!in_softirq());
		urt_lock = _pid
	}
}

#define mutex_lock()	mutex_lock_if(true)

inline mutex_lock_in_kworker()
{
#ifdef LIVENESS
	waiting ! _pid;
	urt_lock == NOBODY && waiting ? [eval(_pid)];
	waiting ? _;
	urt_lock = _pid
#else
	mutex_lock()
#endif
}

inline mutex_unlock()
{
	urt_lock = NOBODY
}

/* The function of a timer or work item returns, as part of its last step. */
#define return_from(what)	what.running = false

typedef timer_list {
	bool pending;
	bool running			/* its function */
};

#define mod_timer(timer)	timer.pending = true
#define timer_delete(timer)	timer.pending = false

inline timer_delete_sync(timer)
{
	timer_delete(timer);
	!timer.running
}

/* IDLE: not WORK_STRUCT_PENDING. The work may still be running. */
mtype = { IDLE, DELAYED, QUEUED, CANCELED };
typedef work_struct {
	mtype state = IDLE;
	bool running			/* its function */
};

inline queue_work(work, how)
{
	d_step {
		assert(urt_workqueue);
		if
		:: work.state == IDLE -> work.state = how
		:: else
		fi
	}
}

inline mod_delayed_work(work)		/* with no delay */
{
	d_step {
		assert(urt_workqueue);
		work.state = QUEUED
	}
}

inline cancel_work_sync(work)
{
	work.state = CANCELED;
	d_step { !work.running -> work.state = IDLE }
}

/* Waits for work that is queued or running, but not for delayed work. */
#define drained(work)	(work.state != QUEUED && !work.running)
inline destroy_workqueue()
{
	d_step {
		drained(urt_update_work) && drained(urt_news_work) ->
		urt_workqueue = false
	}
}

/*
 * The data of usertime.c
 */

/* The list: the numbers of its processes with and without a task. */
byte live, final;
#define list_empty	(live + final == 0)
byte urt_count;

timer_list urt_timer;
bool urt_workqueue;
work_struct urt_update_work, urt_news_work;
bool urt_news_held;

/* Sets of open files, with a bit for each. */
#define ALL	((1 << PROGRAMS) - 1)
byte unread = ALL;		/* with poll_event different from urt_news */
byte urt_pollers;		/* with a poller in the queue */
byte triggered, asleep;		/* with a poller that was woken, or sleeps */

/*
 * The list
 */

inline urt_arm_timer()
{
	lockdep_assert_held();
	mod_timer(urt_timer)
}

inline urt_add()
{
#if BUG == ARMED_BEFORE_LINKED
	d_step {
		if
		:: urt_count == 0 -> urt_arm_timer()
		:: else
		fi
	};
#endif
	//= list_add_tail(&process->list, &urt_processes);
	live++;
#if BUG == UPDATE_PUT_OFF
	timer_delete(urt_timer);
#endif
	//= if (!urt_count++)
	//= urt_start_timer();
	d_step {
		if
#if BUG != ARMED_BEFORE_LINKED && BUG != NOT_ARMED
		:: urt_count == 0 -> urt_arm_timer()
#endif
#if BUG == UPDATE_PUT_OFF
		:: urt_count > 0 -> urt_arm_timer()
#endif
		:: else
		fi;
		urt_count++
	}
}

inline urt_remove(list)
{
	lockdep_assert_held();
	//= list_del(&process->list);
	list--;
	//= if (!--urt_count)
	//= timer_delete(&urt_timer);
	d_step {
		urt_count--;
		if
#if BUG != TIMER_STAYS
		:: urt_count == 0 -> timer_delete(urt_timer)
#endif
		:: else
		fi
	}
}

inline urt_hold_news()
{
	//= urt_news_held = true;
	//= queue_delayed_work(urt_workqueue, &urt_news_work, HZ / 10);
	d_step {
		urt_news_held = true;
#if BUG != NOT_ANNOUNCED
		queue_work(urt_news_work, DELAYED)
#endif
	}
}

/* This is one step, because the queue of pollers has a lock. */
#define wake_up_interruptible_poll()	triggered = triggered | urt_pollers

inline urt_announce()
{
#if BUG == WOKEN_TOO_EARLY
	wake_up_interruptible_poll();
#endif
	//= if (urt_news_held)
	//= WRITE_ONCE(urt_news, urt_news + 2);
	//= urt_news_held = false;
	atomic {
		mutex_lock_in_kworker();
		if
		:: urt_news_held -> unread = ALL
		:: else
		fi;
		urt_news_held = false;
		mutex_unlock()
	};
	//= wake_up_interruptible_poll(&urt_pollers, EPOLLPRI);
	d_step {
#if BUG != WOKEN_TOO_EARLY && BUG != NEVER_WOKEN
		wake_up_interruptible_poll();
#endif
		return_from(urt_news_work)
	}
}

inline urt_register()
{
	mutex_lock_if(live + final < PROCESSES);
	//= urt_add(process);
	//= urt_hold_news();
	urt_add();
	d_step { urt_hold_news(); mutex_unlock() }
}

inline urt_unregister()
{
	mutex_lock_if(!list_empty);
	//= urt_remove(process);
	if
	:: live -> urt_remove(live)
	:: final -> urt_remove(final)
	fi;
#if BUG == NEWS_PUT_OFF
	if
	:: urt_news_work.state == DELAYED -> urt_news_work.state = IDLE
	:: else
	fi;
#endif
	d_step { urt_hold_news(); mutex_unlock() }
}

/*
 * The two halves of an update
 */

inline schedule_cput_upds()
{
#if BUG == TOP_HALF_LOCKS
	mutex_lock();
	mutex_unlock();
#elif BUG == TOP_HALF_ARMS
	mod_timer(urt_timer);
#endif
	//= if (!list_empty(&urt_processes))
	//= queue_work(urt_workqueue, &urt_update_work);
	if
	:: !list_empty ->
		d_step {
			queue_work(urt_update_work, QUEUED);
			return_from(urt_timer)
		}
	:: d_step { list_empty -> return_from(urt_timer) }
	fi
}

inline update_cputimes()
{
	atomic {
#if BUG != NOT_LOCKED
		mutex_lock_in_kworker();
#endif
		//= if (list_empty(&urt_processes))
		//= goto unlock;
		if
		:: list_empty -> goto unlock
		:: else
		fi
	};
	//= list_for_each_entry(process, &urt_processes, list) {
	//= if (!process->task) {
	//= previous = list_prev_entry(process, list);
	//= urt_remove(process);
	do
	:: final -> urt_remove(final)
	:: !final -> break
	od;
#if BUG == SOUGHT_TOO_EARLY
	sleeper = (urt_pollers != 0);
#endif
	//= } else if (!urt_sample(process)) {
	//= process->task = NULL;
	atomic {
		do
		:: live -> live--; final++	/* a process has gone */
		:: break
		od;
		unread = ALL;
		urt_news_held = false
	};
	//= if (!list_empty(&urt_processes) && !timer_pending(&urt_timer))
	//= urt_arm_timer();
	d_step {
		if
#if BUG == ARMED_AFTER_LAST
		:: !urt_timer.pending -> urt_arm_timer()
#elif BUG != NOT_ARMED_AGAIN
		:: !list_empty && !urt_timer.pending -> urt_arm_timer()
#endif
		:: else
		fi
	};
	//= if (wq_has_sleeper(&urt_pollers))
	//= mod_delayed_work(urt_workqueue, &urt_news_work, 0);
#if BUG != SOUGHT_TOO_EARLY && BUG != NOT_WOKEN
	sleeper = (urt_pollers != 0);
#endif
	atomic {
		if
		:: sleeper -> mod_delayed_work(urt_news_work)
		:: else
		fi;
		sleeper = false;
unlock:
		mutex_unlock();
		return_from(urt_update_work)
	}
}

active proctype timer_softirq()
{
end:
	do
	:: d_step {
		urt_timer.pending ->
		urt_timer.pending = false;
		urt_timer.running = true;
		assert(!freed)
	   };
	   schedule_cput_upds()
	od
}

active proctype update_kworker()
{
	bool sleeper;
end:
	do
	:: d_step {
		urt_update_work.state == QUEUED ->
		urt_update_work.state = IDLE;
		urt_update_work.running = true;
		assert(!freed)
	   };
	   update_cputimes()
	od
}

active proctype news_softirq()
{
end:
	do
	:: d_step {
		urt_news_work.state == DELAYED ->
		assert(!freed && urt_workqueue);
		urt_news_work.state = QUEUED
	   }
	od
}

active proctype news_kworker()
{
end:
	do
	:: d_step {
		urt_news_work.state == QUEUED ->
		urt_news_work.state = IDLE;
		urt_news_work.running = true;
		assert(!freed)
	   };
	   urt_announce()
	od
}

/*
 * The file
 */

bool file_exists;		/* /proc/urt/status */
byte calls;			/* number of usr_ functions in progress */
byte pins;			/* number of references to the module */
bool going;			/* try_module_get() fails */

inline usr_read()
{
	//= WRITE_ONCE(seq->poll_event, urt_news);
	d_step {
		mutex_lock();
		unread = unread & ~file;
		mutex_unlock()
	}
}

#define has_news()	(unread & file)

/* poll(2) calls usr_poll() again whenever it is woken. */
inline poll()
{
#if BUG == READ_TOO_EARLY
	!has_news();
#endif
	//= poll_wait(file, &urt_pollers, wait);
	d_step {
		assert(!freed);
		urt_pollers = urt_pollers | file
	};
	//= smp_mb();	/* pairs with the one in wq_has_sleeper() */
	//= if (READ_ONCE(seq->poll_event) != READ_ONCE(urt_news))
	do
	:: d_step {
#if BUG != READ_TOO_EARLY
		!has_news() ->
#endif
		asleep = asleep | file
	   };
end_no_news:
	   d_step {
		triggered & file ->
		triggered = triggered & ~file;
		asleep = asleep & ~file
	   }
	:: d_step {
		has_news() ->
		urt_pollers = urt_pollers & ~file;
		triggered = triggered & ~file
	   };
	   break
	od
}

#ifndef LIVENESS
active [PROGRAMS] proctype program()
{
	byte file = 1 << (_pid - 4);	/* the first program is process 4 */
end:
	do
	/* usr_open() */
	//= if (!try_module_get(THIS_MODULE))
	:: d_step {
		file_exists && going ->
		assert(!freed);
		calls++
	   };
	   calls--
	:: d_step {
		file_exists && !going ->
#if BUG != NOT_PINNED
		pins++;
#endif
		assert(!freed)
	   };
	   do
	   :: urt_register()
	   :: urt_unregister()
	   :: usr_read()
	   :: poll()
	   /* usr_release() */
	   :: d_step {
		calls++;
#if BUG != NOT_PINNED
		//= module_put(THIS_MODULE);
		pins--;
#endif
		skip
	      };
	      d_step {
		assert(!freed);
		unread = unread | file;	/* as for a new file */
		calls--
	      };
	      break
	   od
	od
}
#else
/* These two programs never close the file, so there are fewer states. */
active proctype poller()
{
	byte file = 1;

	d_step { file_exists && !going -> pins++ };
end:
	do
	:: usr_read()
	:: poll()
	od
}

active proctype writer()
{
	d_step { file_exists && !going -> pins++ };
end:
	do
	:: urt_register()
	:: urt_unregister()
	od
}
#endif

/*
 * The parameters, which exist until after usertime_exit(). Nobody can see
 * urt_set() before it takes urt_lock.
 */

bool parameters = true;

inline urt_set()
{
	//= if (parameter == &period_ms && !list_empty(&urt_processes))
	d_step {
		mutex_lock_if(parameters);
		assert(!freed);
		if
#if BUG == ARMED_BY_PERIOD
		:: true -> urt_arm_timer()
#else
		:: !list_empty -> urt_arm_timer()
		:: else
#endif
		fi;
		mutex_unlock()
	}
}

active proctype root()
{
end:
	do
	:: urt_set()
	od
}

/*
 * Loading and unloading
 */

inline usertime_init()
{
#if BUG == FILE_TOO_EARLY
	file_exists = true;
#endif
	//= urt_workqueue = alloc_workqueue("usertime", WQ_UNBOUND, 0);
	//= if (!urt_workqueue)
	if
	:: urt_workqueue = true
	:: goto failed
	fi;
	//= file = proc_create(URT_FILE, permissions, dir, &usr_proc_ops);
	if
	:: file_exists = true
	//= err_workqueue:
	//= destroy_workqueue(urt_workqueue);
	:: destroy_workqueue(); goto failed
	fi
}

inline remove_proc_subtree()
{
	file_exists = false;
	!calls
}

inline usertime_exit()
{
#if BUG != FILE_STAYS
	//= remove_proc_subtree(URT_DIR, NULL);
	remove_proc_subtree();
#endif
	mutex_lock();
	//= list_for_each_entry_safe(process, next, &urt_processes, list) {
	//= urt_remove(process);
	do
#if BUG != LIST_STAYS
	:: live -> urt_remove(live)
	:: final -> urt_remove(final)
#endif
	:: else -> break
	od;
#if BUG != DESTROYED_LOCKED
	mutex_unlock();
#endif
#if BUG != TOP_HALF_STAYS
	//= timer_delete_sync(&urt_timer);
	timer_delete_sync(urt_timer);
#endif
#if BUG == BOTTOM_HALF_STAYS
	urt_workqueue = false;
#else
	//= cancel_work_sync(&urt_update_work);
	cancel_work_sync(urt_update_work);
#endif
#if BUG != NEWS_STAYS
	//= cancel_delayed_work_sync(&urt_news_work);
	cancel_work_sync(urt_news_work);
#endif
#if BUG != WORKQUEUE_STAYS && BUG != BOTTOM_HALF_STAYS
	//= destroy_workqueue(urt_workqueue);
	destroy_workqueue();
#endif
#if BUG == DESTROYED_LOCKED
	mutex_unlock();
#endif
}

active proctype module()
{
	usertime_init();
end_in_use:
	d_step { !pins -> going = true };
	usertime_exit();
failed:
	parameters = false;
	d_step {
		assert(!urt_timer.pending && !urt_timer.running);
		assert(urt_update_work.state == IDLE);
		assert(urt_news_work.state == IDLE);
		assert(!urt_update_work.running && !urt_news_work.running);
		assert(!urt_workqueue);
		assert(!urt_pollers && !calls);
		freed = true
	}
}

/*
 * What must never be true while nobody holds urt_lock
 */

#define is_coming(work)	(work.state == QUEUED || work.running)

#define update_coming	(urt_timer.pending || urt_timer.running || \
			 is_coming(urt_update_work))
#define news_coming	(urt_news_work.state == DELAYED || \
			 is_coming(urt_news_work) || going)
#define wake_up_coming	is_coming(urt_news_work)

#ifndef LIVENESS
active proctype observer()
{
end:
	do
	:: urt_lock == NOBODY && !list_empty && !update_coming ->
		printf("a process is listed, but no update is coming\n");
		assert(false)
	:: urt_lock == NOBODY && list_empty && urt_timer.pending ->
		printf("the list is empty, but the timer is pending\n");
		assert(false)
	:: urt_lock == NOBODY && urt_news_held && !news_coming ->
		printf("news is held back, but nothing announces it\n");
		assert(false)
	:: urt_lock == NOBODY && asleep & unread & ~triggered &&
	   !wake_up_coming ->
		printf("a poller sleeps through news\n");
		assert(false)
	od
}
#else

/*
 * What must happen eventually
 */

/* While the list is not empty, updates do not stop. */
ltl updated {
	[] <> (list_empty || urt_update_work.running) &&
	[] <> !urt_update_work.running
}

/* News is not held back forever. */
ltl announced { [] (urt_news_held -> <> (!urt_news_held || going)) }

/* A poller sleeps forever only if the list stays empty and there is no news. */
#define sleeps		(asleep & 1)
#define nothing_new	(list_empty && !(unread & 1))
ltl woken { [] (sleeps -> <> (!sleeps || nothing_new)) }
#endif
