/* SPDX-License-Identifier: GPL-2.0 */
/* linux/mutex.h, linux/spinlock.h, linux/seqlock.h, linux/rcupdate.h */

struct mutex { int unused; };
struct spinlock { bool held; };
struct seqlock {
	struct spinlock lock;
	unsigned int sequence;
};

static struct mutex *held;	/* the mutex, or NULL */
static int rcu, spinning;	/* read sections; locks */
static bool in_softirq;

static inline void might_sleep(void)
{
	need(!in_softirq, "it sleeps in a softirq");
	need(!rcu, "it sleeps in an RCU read section");
	need(!spinning, "it sleeps with a spinlock held");
}

static inline void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	need(!held, "a mutex is taken twice");
	held = mutex;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	need(held == mutex, "a mutex is released that is not held");
	held = NULL;
}

static inline void raw_spin_lock_irq(struct spinlock *lock)
{
	need(!spinning++, "a spinlock is taken inside another");
	lock->held = true;
}

static inline void raw_spin_unlock_irq(struct spinlock *lock)
{
	need(lock->held, "a spinlock is released that is not held");
	lock->held = false;
	spinning--;
}

static inline void need_no_locks(const char *what)
{
	if (held || rcu || spinning)
		complain("%s returns with a lock held", what);
}

#define DEFINE_MUTEX(name)	struct mutex name
#define lockdep_assert_held(m)	need(held == (m), "the lock is not held")
#define cond_resched()		might_sleep()
#define rcu_read_lock()		(rcu++)
#define rcu_read_unlock()	need(rcu-- > 0, "rcu_read_unlock() once more")
#define read_seqbegin(s)		((s)->sequence)
#define read_seqretry(s, begin)		((s)->sequence != (begin))
#define read_seqlock_excl_irq(s)	raw_spin_lock_irq(&(s)->lock)
#define read_sequnlock_excl_irq(s)	raw_spin_unlock_irq(&(s)->lock)
