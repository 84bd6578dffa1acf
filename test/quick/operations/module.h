/* SPDX-License-Identifier: GPL-2.0 */
/* The module is loaded and unloaded, and its parameters are set */

/* Returns whether the value is allowed. */
static bool set_parameter(int i)
{
	static const unsigned long long values[] = {
		0, 1, 2, 3, 5, 9, 10, 11, 100, 5000, 3600000, 3600001,
		UINT_MAX - 1, UINT_MAX, UINT_MAX + 1ull, 1ull << 40
	};
	static const char * const formats[] = {
		"%llu", "%llu\n", "0x%llx", "0%llo", "+%llu",
		"%llux", "-%llu", " %llu"	/* not numbers */
	};
	static const struct kernel_param * const params[] = {
		&param_period_ms, &param_max_processes, &param_gid
	};
	const struct kernel_param *param = params[i];
	unsigned int what = byte(), format = what / 16 % 8;
	unsigned long long value = values[what % 16];
	bool allowed = format < 5 && oracle_parameter(i, value);
	char text[40];
	int result;

	sprintf(text, formats[format], value);
	begin(0);
	result = param->ops->set(text, param);
	end("setting a parameter");
	trace("%s=\"%s\" = %d\n", param->name, text, result);
	expect(result, allowed ? 0 : -EINVAL, param->name);
	expect(param->perm, i == GID ? 0444 : 0644, "permissions");
	expect_messages(!allowed, "lines that a parameter logs");
	param->ops->get(text, param);
	expect(atoll(text), oracle.parameters[i], param->name);
	return allowed;
}

static void op_parameter(void)
{
	set_parameter(byte() % GID);
}

/* Checks that nothing is left after unloading, or if loading failed. */
static void expect_nothing_left(void)
{
	need(list_empty(&timers), "a timer is left");
	need(list_empty(&works), "work is left");
	need(!workqueue, "the workqueue is left");
	need(!proc_dir && !proc_file, "something is left in /proc");
	expect(objects, 0, "objects that have not been freed");
	expect(module_refs, 0, "references to the module");
	loaded = false;
}

static void load(unsigned int what)
{
	static const unsigned int modes[] = {
		0666, 0660, 0400, 0, 0667, 01666, 0200666, 0666
	};
	unsigned int mode = modes[what % 8];
	bool allowed = mode && !(mode & ~0666), failed;
	char text[10];
	int i, result;

	load_data();
	oracle_load();
	for (i = 0; i < PARAMETERS; i++)
		if (what >> i & 0x20 && !set_parameter(i))
			return expect_nothing_left();
	sprintf(text, what & 8 ? "0%o" : "%o", mode);
	*(char **)param_mode.arg = text;
	begin(0);
	result = init_module();
	failed = end("loading");
	trace("insmod mode=%s = %d\n", text, result);
	expect(result, !allowed ? -EINVAL : failed ? -ENOMEM : 0, "loading");
	expect_messages(!allowed, "lines that loading logs");
	if (result)
		return expect_nothing_left();
	loaded = true;
	need(!strcmp(proc_dir->name, URT_DIR) &&
	     !strcmp(proc_file->name, URT_FILE) && proc_file->parent == proc_dir,
	     "the file has another name");
	expect(proc_file->mode, mode, "the file's mode");
	expect(proc_file->uid, 0, "the file's user");
	expect(proc_file->gid, oracle.parameters[GID], "the file's group");
}

static void unload(bool halves_run)
{
	trace("rmmod\n");
	begin(0);
	runs_before = halves_run;
	unloading = true;
	cleanup_module();
	unloading = false;
	runs_before = false;
	wakes = 0;
	end("unloading");
	expect_nothing_left();
}

/* rmmod(8) does not even try while the module is in use. */
static void op_unload(void)
{
	bool halves_run = byte() % 2;

	if (!module_refs)
		unload(halves_run);
}
