/* SPDX-License-Identifier: GPL-2.0 */
/* What a read of the list costs, and the alternatives */

static int stat_fds[PROCESSES_MAX];

static void read_kept(int unused)
{
	(void)unused;
	read_list();
}

static void read_anew(int unused)
{
	int fd = open_file(URT_STATUS_PATH, O_RDONLY);
	ssize_t length;

	(void)unused;
	do
		length = read(fd, text, sizeof(text));
	while (length > 0);
	if (length < 0)
		die("the list can be read");
	close(fd);
}

/* Returns the cost of the first read after an update (kept descriptor). */
static double read_costs(void)
{
	double first = instructions(update, read_kept, 1);

	report_cost("read (new open): first after an update",
		    instructions(update, read_anew, 1) / count);
	report_cost("read (new open): repeated",
		    instructions(NULL, read_anew, 1) / count);
	report_cost("read (kept descriptor): first after an update",
		    first / count);
	report_cost("read (kept descriptor): repeated",
		    instructions(NULL, read_kept, 1) / count);
	printf("# at %d: a line has %.1f bytes\n", count,
	       (double)read_list() / count);
	return first;
}

static void read_stat(int i)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/stat", words[i]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, 4096) <= 0)
		die("%s can be read", path);
	close(fd);
}

static void read_kept_stat(int i)
{
	if (pread(stat_fds[i], text, 4096, 0) <= 0)
		die("/proc/PID/stat can be read");
}

static void read_clock(int i)
{
	struct timespec time;

	if (clock_gettime(USER_CLOCK(pids[i]), &time))
		die("clock_gettime(2) of %d", pids[i]);
}

static void other_costs(void)
{
	report_cost("- /proc/PID/stat opened each time",
		    instructions(NULL, read_stat, count) / count);
	for (int i = 0; i < count; i++)
		stat_fds[i] = open_stat(pids[i]);
	report_cost("- /proc/PID/stat kept open",
		    instructions(NULL, read_kept_stat, count) / count);
	for (int i = 0; i < count; i++)
		close(stat_fds[i]);
	report_cost("- clock_gettime(2) of CPUCLOCK_VIRT",
		    instructions(NULL, read_clock, count) / count);
}
