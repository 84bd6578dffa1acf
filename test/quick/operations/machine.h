/* SPDX-License-Identifier: GPL-2.0 */
/* The machine that the operations change, and the bytes that choose them */

#define FILES	6
#define TEXT	6000	/* the longest write */

static const u8 *input, *input_end;
static bool tracing;
static struct pid_namespace *spaces[SPACES];
static struct user_namespace inner_users = { &init_user_ns };
static struct task_struct *leaders[LIVES];	/* NULL once it is reaped */
static struct file files[FILES];
static struct view *views[FILES];	/* NULL if the file is closed */
static bool loaded;

__printf(1, 2)
static void trace(const char *format, ...)
{
	va_list args;

	if (!tracing)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

static void expect(long long result, long long expected, const char *what)
{
	if (result != expected)
		complain("%s: %lld, expected %lld", what, result, expected);
}

static unsigned int byte(void)
{
	return input < input_end ? *input++ : 0;
}
