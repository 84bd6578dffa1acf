/* SPDX-License-Identifier: GPL-2.0 */
/* linux/seq_file.h: a file with one record */

struct seq_file {
	char *buf;
	size_t size, from, count;
	loff_t read_pos;
	int poll_event;
	int (*show)(struct seq_file *seq, void *unused);
	void *private;
};

static inline int single_open(struct file *file,
			      int (*show)(struct seq_file *, void *),
			      void *data)
{
	struct seq_file *seq = kzalloc(sizeof(*seq), GFP_KERNEL_ACCOUNT);

	file->private_data = seq;
	if (!seq)
		return -ENOMEM;
	seq->show = show;
	seq->private = data;
	return 0;
}

static inline int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kfree(seq->buf);
	kfree(seq);
	return 0;
}

static inline size_t seq_get_buf(struct seq_file *seq, char **buf)
{
	*buf = seq->buf;
	return seq->size;
}

static inline void seq_commit(struct seq_file *seq, int length)
{
	need(length <= (int)seq->size, "a record is longer than its buffer");
	seq->count = length < 0 ? seq->size : length;
}

/* A page is so small that a few lines need more than one. */
#define PAGE_SIZE	64

/*
 * Generates the record, in a buffer that doubles until it fits, and goes to
 * @pos. The kernel does this if a read does not continue the last one.
 */
static inline int seq_go(struct seq_file *seq, loff_t pos)
{
	seq->read_pos = 0;
	seq->from = 0;
	if (!seq->buf)
		seq->size = PAGE_SIZE / 2;
	for (;;) {
		if (!seq->buf)
			seq->buf = kzalloc(seq->size *= 2, GFP_KERNEL_ACCOUNT);
		if (!seq->buf)
			return -ENOMEM;
		seq->show(seq, NULL);
		if (seq->count < seq->size)
			break;
		kfree(seq->buf);
		seq->buf = NULL;
	}
	seq->from = min((size_t)pos, seq->count);
	seq->count -= seq->from;
	seq->read_pos = pos;
	return 0;
}

static inline ssize_t seq_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct seq_file *seq = iocb->ki_filp->private_data;
	loff_t pos = iocb->ki_pos;
	size_t size;
	int err;

	if (!iter->count)
		return 0;
	if (!pos || pos != seq->read_pos) {
		err = seq_go(seq, pos);
		if (err)
			return err;
	}
	size = min(seq->count, iter->count);
	memcpy(iter->to, seq->buf + seq->from, size);
	seq->from += size;
	seq->count -= size;
	seq->read_pos += size;
	iocb->ki_pos += size;
	return size;
}

/* Fails, because splice(2) from a file needs seq_read_iter(). */
static inline ssize_t seq_read(struct file *file, char __user *buf,
			       size_t size, loff_t *pos)
{
	return -EINVAL;
}

static inline loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *seq = file->private_data;
	int err = 0;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	if (whence == SEEK_END || offset < 0)
		return -EINVAL;
	if (!offset)
		seq->read_pos = 0;
	else if (offset != seq->read_pos)
		err = seq_go(seq, offset);
	file->f_pos = err ? 0 : offset;
	return err ? err : offset;
}
