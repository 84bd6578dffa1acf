/* SPDX-License-Identifier: GPL-2.0 */
/* linux/fs.h, linux/poll.h, linux/proc_fs.h */

struct inode;

struct file {
	const struct cred *f_cred;
	void *private_data;
	loff_t f_pos;
	struct cred cred;
	struct list_head polling;	/* in a wait queue while it polls */
	bool woken;
};

struct wait_queue_head { struct list_head pollers; };

struct poll_table_struct { bool sleeps; };

struct kiocb {
	struct file *ki_filp;
	loff_t ki_pos;
};

struct iov_iter {
	char *to;
	size_t count;
};

struct proc_ops {
	int (*proc_open)(struct inode *inode, struct file *file);
	ssize_t (*proc_read)(struct file *file, char __user *buf, size_t size,
			     loff_t *pos);
	ssize_t (*proc_read_iter)(struct kiocb *iocb, struct iov_iter *iter);
	ssize_t (*proc_write)(struct file *file, const char __user *buf,
			      size_t size, loff_t *pos);
	loff_t (*proc_lseek)(struct file *file, loff_t offset, int whence);
	__poll_t (*proc_poll)(struct file *file,
			      struct poll_table_struct *wait);
	int (*proc_release)(struct inode *inode, struct file *file);
};

struct proc_dir_entry {
	const char *name;
	unsigned int mode, uid, gid;
	struct proc_dir_entry *parent;
	const struct proc_ops *ops;
};

static int wakes;		/* of a wait queue */
static struct proc_dir_entry *proc_dir, *proc_file;

#define poll_table		struct poll_table_struct
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = { LIST_HEAD_INIT((name).pollers) }
#define wq_has_sleeper(queue)	(!list_empty(&(queue)->pollers))

static inline void poll_wait(struct file *file, struct wait_queue_head *queue,
			     poll_table *wait)
{
	might_sleep();
	if (wait->sleeps)
		insert(&file->polling, &queue->pollers);
}

/* With many pollers, this takes long, and anyone may add some. */
static inline void wake_up_interruptible_poll(struct wait_queue_head *queue,
					      __poll_t mask)
{
	struct file *file;

	need(mask & EPOLLPRI, "pollers of news are not woken");
	need(!held, "pollers are woken with the lock held");
	need(workqueue->max_active != 1, "an update waits for pollers to wake");
	wakes++;
	for_each((void)0, file, &queue->pollers, polling)
		file->woken = true;
}

static inline struct proc_dir_entry *proc_create(const char *name,
						 unsigned int mode,
						 struct proc_dir_entry *parent,
						 const struct proc_ops *ops)
{
	struct proc_dir_entry *entry = kzalloc(sizeof(*entry),
					       GFP_KERNEL_ACCOUNT);

	if (entry)
		*entry = (struct proc_dir_entry){ name, mode, 0, 0, parent, ops };
	*(ops ? &proc_file : &proc_dir) = entry;
	return entry;
}

static inline void proc_remove(struct proc_dir_entry *entry)
{
	*(entry->ops ? &proc_file : &proc_dir) = NULL;
	kfree(entry);
}

static inline void remove_proc_subtree(const char *name,
				       struct proc_dir_entry *parent)
{
	need(!strcmp(name, proc_dir->name), "the directory is not in /proc");
	proc_remove(proc_file);
	proc_remove(proc_dir);
}

#define proc_mkdir(name, parent)	proc_create(name, 0555, parent, NULL)
#define proc_set_user(entry, user, group) \
	((entry)->uid = (user).val, (entry)->gid = (group).val)
