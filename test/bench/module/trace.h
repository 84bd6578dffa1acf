/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracing: how long a work item ran, how long a mutex was held, and how often
 * a timer was started
 */

#define TRACING		"/sys/kernel/tracing/"
#define WORK_START	"workqueue/workqueue_execute_start"
#define WORK_END	"workqueue/workqueue_execute_end"
#define TIMER_START	"timer/timer_start"

/* The addresses of these functions in the kernel. */
static unsigned long long update_cputimes, schedule_cput_upds, least_walk;

static unsigned long long address_of(const char *name)
{
	FILE *symbols = open_lines("/proc/kallsyms");
	unsigned long long address = 0, at;
	char line[256], symbol[128];

	while (!address && fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%llx %*c %127s", &at, symbol) == 2 &&
		    !strcmp(symbol, name))
			address = at;
	if (!address)
		die("/proc/kallsyms has %s", name);
	fclose(symbols);
	return address;
}

static void prepare_tracing(void)
{
	write_file(TRACING "trace_clock", "mono");
	write_file(TRACING "options/raw", "1");
	update_cputimes = address_of("update_cputimes");
	schedule_cput_upds = address_of("schedule_cput_upds");
	least_walk = address_of("least_walk");
}

/* Writes one of the files of an event. */
static void set_event(const char *event, const char *file, const char *format,
		      ...)
{
	char path[128], value[64];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	snprintf(path, sizeof(path), TRACING "events/%s/%s", event, file);
	write_file(path, "%s", value);
}

/* Returns the type of an event, as the trace shows it. */
static int type_of(const char *event)
{
	char path[128];
	FILE *file;
	int type;

	snprintf(path, sizeof(path), TRACING "events/%s/id", event);
	file = open_lines(path);
	if (fscanf(file, "%d", &type) != 1)
		die("%s can be read", path);
	fclose(file);
	return type;
}

/* Traces @event if it is about the function at @address. */
static void trace(const char *event, unsigned long long address)
{
	set_event(event, "filter", "function == 0x%llx", address);
	set_event(event, "enable", "1");
}

static void trace_nothing(void)
{
	write_file(TRACING "events/enable", "0");
}

static void clear_trace(void)
{
	write_file(TRACING "trace", "");
}

static FILE *open_trace(void)
{
	return open_lines(TRACING "trace");
}

/*
 * Reads the next event. Only the raw form of a trace, "PID CPU TIME type: ID",
 * has nanoseconds. After the last event, it closes the trace and returns false.
 */
static bool read_event(FILE *trace, long long *time, int *type)
{
	char line[256];

	while (fgets(line, sizeof(line), trace))
		if (sscanf(line, "%*d %*d %lld type: %d", time, type) == 2)
			return true;
	fclose(trace);
	return false;
}

/* Returns how long the first work item in the trace ran, or 0 if it still runs. */
static long long traced_length(int start_type, int end_type)
{
	long long time, start = 0, end = 0;
	FILE *trace = open_trace();
	int type;

	while (read_event(trace, &time, &type)) {
		if (type == start_type && !start)
			start = time;
		else if (type == end_type && start && !end)
			end = time;
	}
	return end ? end - start : 0;
}

/* Calls @start, and returns how long the work item @function then runs. */
static long long work_length(unsigned long long function, void (*start)(void))
{
	int start_type = type_of(WORK_START), end_type = type_of(WORK_END);
	long long length, least = LLONG_MAX;

	trace(WORK_START, function);
	trace(WORK_END, function);
	for (int i = 0; i < 2 * rounds; i++) {
		clear_trace();
		start();
		do
			length = traced_length(start_type, end_type);
		while (!length);
		if (length < least)
			least = length;
	}
	trace_nothing();
	return least;
}

/*
 * Returns the longest time that this program held a mutex without taking
 * another one. While it reads the list, that mutex is the module's: those of
 * seq_file and of the file's offset are taken around it. The probes themselves
 * add some 1,600 instructions.
 */
static long long longest_hold(int lock_type, int unlock_type)
{
	long long time, locked = 0, longest = 0;
	FILE *trace = open_trace();
	int type;

	while (read_event(trace, &time, &type)) {
		if (type == lock_type) {
			locked = time;
		} else if (type == unlock_type) {
			if (locked && time - locked > longest)
				longest = time - locked;
			locked = 0;
		}
	}
	return longest;
}

/*
 * Returns for how long @read holds the module's mutex. Tracing is off except
 * during @read, because tracing itself takes mutexes.
 */
static long long hold_length(void (*read)(int unused))
{
	long long hold, least = LLONG_MAX;
	int lock_type, unlock_type;

	write_file(TRACING "tracing_on", "0");
	write_file(TRACING "kprobe_events",
		   "p:bench/lock mutex_lock\np:bench/unlock mutex_unlock\n");
	lock_type = type_of("bench/lock");
	unlock_type = type_of("bench/unlock");
	set_event("bench", "filter", "common_pid == %d", getpid());
	set_event("bench", "enable", "1");
	for (int i = 0; i < 2 * rounds; i++) {
		clear_trace();
		write_file(TRACING "tracing_on", "1");
		read(0);
		write_file(TRACING "tracing_on", "0");
		hold = longest_hold(lock_type, unlock_type);
		if (hold < least)
			least = hold;
	}
	set_event("bench", "enable", "0");
	write_file(TRACING "kprobe_events", "");
	write_file(TRACING "tracing_on", "1");
	return least;
}

/* Returns how often a timer with @function is started in a minute. */
static int timers_started(unsigned long long function)
{
	int timer_start = type_of(TIMER_START), type, started = 0;
	long long time;
	FILE *lines;

	clear_trace();
	trace(TIMER_START, function);
	sleep(60);
	lines = open_trace();
	while (read_event(lines, &time, &type))
		started += type == timer_start;
	trace_nothing();
	return started;
}
