/* SPDX-License-Identifier: GPL-2.0 */
/* The processes, and the list of those that are registered */

#define PROCESSES_MAX	30000

static int status_fd;
static pid_t pids[PROCESSES_MAX];
static char words[PROCESSES_MAX][12];	/* the PIDs in decimal */
static char text[PROCESSES_MAX * 40];	/* in memory before it is timed */

static int threads;		/* of each process that starts next */

/* The threads share the stack, because none of them ever returns. */
static int run_process(void *stack)
{
	for (int i = 1; i < threads; i++)
		if (clone(sleep_on, (char *)stack - 512 * i, CLONE_VM |
			  CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
			_exit(1);
	return sleep_on(NULL);
}

static void start_processes(int number, int threads_of_each)
{
	static char stacks[PROCESSES_MAX][4096];

	threads = threads_of_each;
	set_next_pid(FIRST_PID);
	for (int i = 0; i < number; i++) {
		char *stack = stacks[i] + sizeof(stacks[i]);

		pids[i] = start_process(run_process, stack, stack);
		snprintf(words[i], sizeof(words[i]), "%d", pids[i]);
	}
	/* The clock jumps to the end of this second when all of them sleep. */
	sleep(1);
}

static void end_processes(int number)
{
	for (int i = 0; i < number; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void register_one(int i)
{
	if (write(status_fd, words[i], strlen(words[i])) < 0)
		die("process %s registers", words[i]);
}

static void unregister_all(void)
{
	FILE *list = open_lines(URT_STATUS_PATH);
	int pid;

	while (fscanf(list, "%d: %*u", &pid) == 1)
		if (dprintf(status_fd, "-%d", pid) < 0)
			die("process %d unregisters", pid);
	fclose(list);
}

/* Registers these and no other. */
static void register_first(int number)
{
	unregister_all();
	for (int i = 0; i < number; i++)
		register_one(i);
}

static ssize_t read_list(void)
{
	ssize_t length = pread(status_fd, text, sizeof(text), 0);

	if (length < 0)
		die("the list can be read");
	return length;
}

static void update(void)
{
	await_announcement();
	read_list();
	make_update(status_fd);
}
