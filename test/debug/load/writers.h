/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes of the load that write to the file and set parameters
 */
#ifndef LOAD_WRITERS_H
#define LOAD_WRITERS_H

#include "shared.h"

static bool is_root = true;

static void drop_root(void)
{
	if (setresuid(USER, USER, USER))
		die("setresuid(2)");
	is_root = false;
}

/* Whether a write registered a live process. The list may be full. */
static bool is_registered(long result, pid_t pid)
{
	if (result > 0)
		happened(REGISTERED);
	else if (is_root || result != -ENOSPC)
		wrong("registering %d returned %ld", pid, result);
	return result > 0;
}

static void register_known(int fd)
{
	unsigned int load = get(shared->loads);
	int which = below(KNOWN);

	if (is_registered(status_write(fd, "%d", FIRST_KNOWN + which),
			  FIRST_KNOWN + which))
		set(shared->known[which].registered, load);
}

static void unregister_short(int fd)
{
	pid_t pid = FIRST_NUMBER + below(NUMBERS);
	long result = status_write(fd, "-%d", pid);

	if (result > 0)
		happened(UNREGISTERED);
	else if (result != -ESRCH && (is_root || result != -EPERM))
		wrong("unregistering %d returned %ld", pid, result);
}

/*
 * Writes anything but the PIDs of known and short-lived processes: there are at
 * most five random digits in a row, and random bytes are rarely digits.
 */
static void write_random(int fd)
{
	static char text[1000];
	int length = below(one_in(10) ? sizeof(text) : 200);
	bool by_digits = one_in(2);
	long result;

	for (int i = 0; i < length; i++) {
		if (!by_digits)
			text[i] = random();
		else if (i % 6)
			text[i] = "\n 0123456789-0123456789"[below(23)];
		else
			text[i] = " -\t"[below(3)];
	}
	result = status_write_bytes(fd, text, length);
	if (result > length ||
	    (result < 0 && result != -EINVAL && result != -ESRCH &&
	     (is_root || (result != -EPERM && result != -ENOSPC))))
		wrong("writing %d random bytes returned %ld", length, result);
	happened(RANDOM);
}

static void write_parameter(void)
{
	static const char * const values[] = { "10", "11", "40", "20", "4096" };
	int which = below(COUNT(values));
	int fd = open(which < 3 ? PARAMETERS "period_ms" :
		      PARAMETERS "max_processes", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, values[which], strlen(values[which])) < 0 &&
	    errno != ENODEV)
		wrong("parameter %s: %s", values[which], strerror(errno));
	close(fd);
	happened(PARAMETER);
}

static void writer(void)
{
	while (!get(shared->stop)) {
		int fd = try_open(), count = 1 + below(40);

		for (int i = 0; fd >= 0 && i < count && !is_over(); i++) {
			register_known(fd);
			unregister_short(fd);
			write_random(fd);
			if (is_root && one_in(40))
				write_parameter();
		}
		if (fd >= 0)
			close(fd);
	}
}

static void user_writer(void)
{
	drop_root();
	writer();
}

#endif
