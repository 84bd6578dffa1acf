/* SPDX-License-Identifier: GPL-2.0 */
/* What a registration costs, and a registration when half the list is taken */

/* A max_processes that is never reached. */
#define NO_LIMIT	1000000

static char all_words[PROCESSES_MAX * 12];	/* words of all processes */
static int null_fd;
static int user_fd;				/* opened by the ordinary user */

static void write_null(int i)
{
	if (write(null_fd, words[i], strlen(words[i])) < 0)
		die("/dev/null can be written");
}

/* Registers all with as few calls as possible: each accepts up to a page. */
static void register_together(int unused)
{
	size_t left = strlen(all_words);
	const char *at = all_words;
	ssize_t taken;

	(void)unused;
	while (left) {
		taken = write(status_fd, at, left);
		if (taken <= 0)
			die("%d processes register together", count);
		at += taken;
		left -= taken;
	}
}

static void register_costs(void)
{
	char *end = all_words;

	for (int i = 0; i < count; i++)
		end += sprintf(end, "%s\n", words[i]);
	null_fd = open_file("/dev/null", O_WRONLY);
	report_cost("register (one write each)",
		    instructions(unregister_all, register_one, count) / count);
	report_cost("register (one write for all)",
		    instructions(unregister_all, register_together, 1) / count);
	report_cost("- write(2) of the same to /dev/null",
		    instructions(NULL, write_null, count) / count);
	close(null_fd);
}

static void set_user(uid_t uid)
{
	if (seteuid(uid))
		die("the bench becomes user %d", uid);
}

/* Registers, as the ordinary user, the process after those of root. */
static void register_next(int unused)
{
	(void)unused;
	if (write(user_fd, words[count], strlen(words[count])) < 0)
		die("process %s registers", words[count]);
}

static void unregister_next(void)
{
	set_user(0);
	if (dprintf(status_fd, "-%s", words[count]) < 0)
		die("process %s unregisters", words[count]);
	set_user(ORDINARY_USER);
}

static double register_next_cost(void)
{
	double cost;

	set_user(ORDINARY_USER);
	register_next(0);
	cost = instructions(unregister_next, register_next, 1);
	unregister_next();
	set_user(0);
	return cost;
}

/*
 * No user may have more than half of max_processes lines. The module counts a
 * user's lines when that many are taken, here by root.
 */
static void share_cost(void)
{
	double alone, counting;

	register_first(count);
	alone = register_next_cost();
	set_parameter("max_processes", 2 * count);
	counting = register_next_cost();
	set_parameter("max_processes", NO_LIMIT);
	report_cost("register: half the list taken (in all)", counting);
	report_cost("- with a higher limit (in all)", alone);
}
