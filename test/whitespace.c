// SPDX-License-Identifier: GPL-2.0
/*
 * "A NUL counts as white space." "A write that contains only white space
 * registers nothing and succeeds, because Rust's `writeln!`, C++ with unitbuf
 * and others write the newline separately."
 *
 * "No write, however malformed, prints anything to the kernel log."
 */
#include "process.h"
#include "urt.h"

#include <sys/uio.h>

#define LONG	10000	/* more than a page */
#define COUNT	6

static const struct {
	const char *name, *text;
	size_t length;
} blanks[COUNT] = {
	{ "a blank", " ", 1 },
	{ "a newline", "\n", 1 },
	{ "a tab", "\t", 1 },
	{ "a NUL", "", 1 },
	{ "several kinds", "\n\n\t \t\n \t", 8 },
	{ "several kinds and a NUL at the end", "\t \t\n", 5 },
};

int main(void)
{
	static char text[LONG];
	static struct list list;
	pid_t a, b, c, none;
	struct iovec pieces[2];
	int fd, log_fd;
	size_t taken;

	plan(COUNT + 1 + 3 + 1 + 5);
	stop_updates();
	log_fd = log_open();
	fd = status_open();
	a = start_sleeper();
	b = start_sleeper();
	c = start_sleeper();
	none = start_sleeper();
	end(none);

	settle(fd);
	for (int i = 0; i < COUNT; i++)
		is(status_write_bytes(fd, blanks[i].text, blanks[i].length),
		   blanks[i].length, "%s", blanks[i].name);
	memset(text, ' ', LONG);
	for (taken = 0; taken < LONG;) {
		long more = status_write_bytes(fd, text + taken, LONG - taken);

		if (more <= 0)
			break;
		taken += more;
	}
	is(taken, LONG, "%d blanks, piece by piece", LONG);

	list_read(fd, &list);
	list_is(&list, "nothing is registered", 0);
	/* News would come after 0.1 s. Later news would go unnoticed. */
	ok(!changed(fd, 500), "white space is no news");
	is(log_lines(log_fd), 0, "nothing is logged");

	is(status_write(fd, "%d", none), -ESRCH,
	   "an ID of no process still fails");

	/* As writeln! does. */
	is(status_write(fd, "%d", a), snprintf(NULL, 0, "%d", a), "a PID");
	is(status_write(fd, "\n"), 1, "its newline, in a separate write");
	pieces[0].iov_len = sprintf(text, "%d", b);
	pieces[0].iov_base = text;
	pieces[1].iov_len = 1;
	pieces[1].iov_base = "\n";
	is(writev(fd, pieces, 2), pieces[0].iov_len + 1,
	   "a PID and a newline with one writev(2)");
	is(status_write(fd, "\n %d\t\n", c), snprintf(NULL, 0, "\n %d\t\n", c),
	   "a PID with white space around it");
	list_read(fd, &list);
	list_is(&list, "all are registered", a, b, c, 0);
	return done();
}
