/* SPDX-License-Identifier: GPL-2.0 */
/* How much memory of slabs a registered process and an open file take */

#define SLABS_MAX	512

struct slabs {
	int number;
	struct {
		char name[64];
		long long objects, size;
	} slab[SLABS_MAX];
};

/* Shrinks slabs first: /proc/slabinfo may count free objects as used. */
static void read_slabs(struct slabs *slabs)
{
	char line[512];
	FILE *info;

	shrink_slabs();
	info = open_lines("/proc/slabinfo");
	slabs->number = 0;
	while (slabs->number < SLABS_MAX && fgets(line, sizeof(line), info)) {
		int i = slabs->number;

		if (sscanf(line, "%63s %lld %*d %lld", slabs->slab[i].name,
			   &slabs->slab[i].objects, &slabs->slab[i].size) == 3)
			slabs->number++;
	}
	fclose(info);
}

/*
 * Returns how many bytes each of the count things takes that were made since
 * @before. slabinfo counts whole pages of objects, so the result is rounded to
 * whole objects. Every open file in /proc has a struct pde_opener, not only
 * those of a module.
 */
static long long slabs_grown(const struct slabs *before, const char *what)
{
	static struct slabs after;
	long long sum = 0;

	read_slabs(&after);
	for (int i = 0; i < after.number && i < before->number; i++) {
		long long more = after.slab[i].objects -
				 before->slab[i].objects;
		long long each = (more + count / 2) / count;

		if (each < 1 || !strcmp(after.slab[i].name, "pde_opener"))
			continue;
		sum += each * after.slab[i].size;
		printf("# %s: %lld of %lld bytes in %s\n", what, each,
		       after.slab[i].size, after.slab[i].name);
	}
	return sum;
}

static long long memory_of_files(const char *path, const char *what)
{
	static struct slabs before;
	static int fds[PROCESSES_MAX];
	long long grown;

	read_slabs(&before);
	for (int i = 0; i < count; i++)
		fds[i] = open_file(path, O_RDONLY);
	grown = slabs_grown(&before, what);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return grown;
}

static void memory_costs(void)
{
	static struct slabs before;
	long long file;

	unregister_all();
	read_list();
	read_slabs(&before);
	for (int i = 0; i < count; i++)
		register_one(i);
	report_cost("memory: a registered process (bytes)",
		    slabs_grown(&before, "a registered process"));
	file = memory_of_files("/dev/null", "an open file, any");
	report_cost("memory: an open file (bytes)",
		    memory_of_files(URT_STATUS_PATH, "an open file") - file);
}
