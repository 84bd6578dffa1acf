/* SPDX-License-Identifier: GPL-2.0 */
/* The file is opened, written, read, polled and closed */

static void op_open(void)
{
	int i = byte() % FILES, caller = pick_caller(), result;
	struct file *file = &files[i];
	bool failed;

	if (views[i])
		return;
	memset(file, 0, sizeof(*file));
	file->polling = (struct list_head)LIST_HEAD_INIT(file->polling);
	file->cred = leaders[caller]->cred;
	file->f_cred = &file->cred;
	unloading = byte() == 1;
	begin(caller);
	result = proc_file->ops->proc_open(NULL, file);
	failed = end("open");
	trace("file %d: open by process %d = %d\n", i, caller, result);
	expect(result, unloading ? -ENODEV : failed ? -ENOMEM : 0, "open");
	unloading = false;
	if (result)
		return;
	views[i] = calloc(1, sizeof(*views[i]));
	views[i]->opener = oracle.lives[caller];
	views[i]->seen = -1;
}

static void op_close(int i)
{
	trace("file %d: close\n", i);
	cut(&files[i].polling);
	begin(0);
	expect(proc_file->ops->proc_release(NULL, &files[i]), 0, "close");
	end("close");
	free(views[i]);
	views[i] = NULL;
}

/* Puts the numbers of all processes that are visible at @level in @text. */
static long put_all(int level, char *text)
{
	long size = 0;
	int i;

	for (i = 0; i < oracle.life_count; i++)
		if (oracle.lives[i].numbers[level])
			size += sprintf(text + size, "%d ",
					oracle.lives[i].numbers[level]);
	return size;
}

/*
 * Makes a text of bytes, which stand for themselves or for numbers of
 * processes. Repeats it if it should be longer than what one write takes.
 */
static long make_text(int level, char *text)
{
	unsigned int length = byte(), i;
	long size = 0, once;

	for (i = 0; i < length % 100 && size < 1000; i++) {
		unsigned int c = byte();
		int nr = oracle.lives[c % 32 % oracle.life_count].numbers[level];

		if (c < 0x80)
			text[size++] = c;
		else if (c < 0xa0)
			size += sprintf(text + size, "%d ", nr);
		else if (c < 0xc0)
			size += sprintf(text + size, "-%d ", nr);
		else if (c < 0xff)
			size += sprintf(text + size, "%*s%.*d ", c & 0x18, "",
					(c & 7) * 9, nr);
		else
			size += put_all(level, text + size);
	}
	for (once = size; length >= 200 && once && size + once < TEXT; size += once)
		memcpy(text + size, text, once);
	return size;
}

static void op_write(int i)
{
	static char text[TEXT];
	int writer = pick_caller();
	long count = make_text(space_level[views[i]->opener.space], text);
	long there = byte() % 2 ? byte() * count / 256 : count;
	loff_t pos = 0;
	long result;

	user_end = text + there;
	begin(writer);
	result = proc_file->ops->proc_write(&files[i], (char *)((size_t)text + USER),
					    count, &pos);
	trace("file %d: process %d writes \"%.*s\" (%ld bytes, readable: %ld) = %ld\n",
	      i, writer, (int)min(count, 200), text, count, there, result);
	expect(result, oracle_write(views[i], &oracle.lives[writer], text, count,
				    there, result), "write");
	end("write");
	expect(pos, 0, "the offset after a write");
	expect_messages(0, "lines that a write logs");
}

static void op_read(int i)
{
	static char data[8192];
	struct view *view = views[i];
	struct seq_file *seq = files[i].private_data;
	unsigned int how = byte(), size = byte() * (how & 1 ? 30 : 1);
	loff_t pos = how & 2 ? byte() : files[i].f_pos;
	struct kiocb iocb = { &files[i], pos };
	struct iov_iter iter = { data, size };
	ssize_t result;
	bool failed;

	need(proc_file->ops->proc_read_iter, "splice(2) from the file fails");
	begin(pick_caller());
	result = proc_file->ops->proc_read_iter(&iocb, &iter);
	failed = end("read");
	trace("file %d: read of %u at %lld = %ld\n%.*s", i, size,
	      (long long)pos, result, (int)max(result, 0), data);
	if (!size)
		return expect(result, 0, "a read of 0 bytes");
	oracle_look(view, pos, failed);
	if (failed)
		return expect(result, -ENOMEM, "read");
	expect(result, pos > view->length ? 0 : min(view->length - pos, size),
	       "read");
	if (memcmp(data, view->snapshot + pos, result))
		complain("read: expected \"%.*s\"", (int)result,
			 view->snapshot + pos);
	view->next = iocb.ki_pos;
	if (!(how & 2))
		files[i].f_pos = iocb.ki_pos;
	/* seq_file keeps the buffer that a longer list needed. */
	need(!view->opener.space ||
	     seq->size <= max(PAGE_SIZE, 2 * (view->longest + URT_LINE_SIZE)),
	     "a container pays for lines that it does not see");
}

static void op_seek(int i)
{
	int whence = byte() % 3;
	long long offset = (signed char)byte(), result;
	long long target = offset + (whence == SEEK_CUR ? files[i].f_pos : 0);
	bool failed;

	begin(0);
	result = proc_file->ops->proc_lseek(&files[i], offset, whence);
	failed = end("lseek");
	trace("file %d: lseek %lld %d = %lld\n", i, offset, whence, result);
	if (whence == SEEK_END || target < 0)
		return expect(result, -EINVAL, "lseek");
	if (target)
		oracle_look(views[i], target, failed);
	else
		views[i]->next = 0;
	expect(result, failed ? -ENOMEM : target, "lseek");
}

static void op_poll(int i)
{
	poll_table table = { byte() % 2 };
	__poll_t expected = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
	__poll_t mask;

	cut(&files[i].polling);
	files[i].woken = false;
	begin(pick_caller());
	mask = proc_file->ops->proc_poll(&files[i], &table);
	end("poll");
	trace("file %d: poll = 0x%x\n", i, mask);
	if (views[i]->seen != oracle.news)
		expected |= EPOLLPRI;
	expect(mask, expected, "poll");
	if (mask & EPOLLPRI)
		cut(&files[i].polling);
}
