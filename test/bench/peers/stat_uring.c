// SPDX-License-Identifier: GPL-2.0
/* /proc/PID/stat of each process, kept open and read with io_uring */
#include "shared.h"

#include <liburing.h>

#define BATCH	256

static struct io_uring ring;
static char batch_texts[BATCH][TEXT_SIZE];

static int start(int count)
{
	int error = io_uring_queue_init(BATCH, &ring, 0);

	return error ? error : start_files(count);
}

static int add(int i)
{
	return add_file(i, open_proc(i, "stat"));
}

static void sample_batch(int first, int number)
{
	struct io_uring_cqe *done;

	for (int i = 0; i < number; i++) {
		struct io_uring_sqe *read = io_uring_get_sqe(&ring);

		io_uring_prep_read(read, fds[first + i], batch_texts[i],
				   TEXT_SIZE - 1, 0);
		io_uring_sqe_set_data64(read, i);
	}
	if (io_uring_submit_and_wait(&ring, number) != number)
		die("io_uring_submit_and_wait(3)");
	for (int i = 0; i < number; i++) {
		if (io_uring_wait_cqe(&ring, &done))
			die("io_uring_wait_cqe(3)");
		batch_texts[done->user_data][done->res < 0 ? 0 : done->res] = 0;
		io_uring_cqe_seen(&ring, done);
	}
}

static void sample(void)
{
	for (int i = 0; i < added; i += BATCH)
		sample_batch(i, added - i < BATCH ? added - i : BATCH);
}

static long long time_of(int i)
{
	return stat_time(batch_texts[i]);
}

static void stop(void)
{
	stop_files();
	io_uring_queue_exit(&ring);
}

const struct peer peer_stat_uring = {
	.name = "/proc/PID/stat (kept open and io_uring)",
	.unit = "ticks",
	.user_alone = true,
	.start = start,
	.add = add,
	.sample = sample,
	.time = time_of,
	.stop = stop,
};
