/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of the module, and what happens during them */

/* What happens during the next call. */
static struct {
	enum { NOTHING, FAILS, REAPED, LEAVES, FIRES } what;
	int at, life, thread;
} meanwhile;

static void op_meanwhile(void)
{
	unsigned int what = byte();

	meanwhile.what = 1 + what % 4;
	meanwhile.at = 1 + what / 4 % 8;
	meanwhile.thread = what / 32 % 4;
	meanwhile.life = byte();
}

static void reap_meanwhile(void)
{
	trace("meanwhile, process %d is reaped\n", meanwhile.life);
	reap(meanwhile.life);
}

static void begin(int caller)
{
	int i = meanwhile.life % oracle.life_count;
	bool alive = leaders[i] && i && i != caller;

	current = leaders[caller];
	messages = 0;
	allocations = 0;
	fails_at = meanwhile.what == FAILS ? meanwhile.at : 0;
	surprise_at = meanwhile.what == REAPED && alive ? meanwhile.at : 0;
	surprise = reap_meanwhile;
	leaving = meanwhile.what == LEAVES && alive ?
		  nth_thread(i, meanwhile.thread) : NULL;
	if (leaving == leaders[i])
		leaving = NULL;
	leaves_at = meanwhile.at - 1;
	fires_at_once = meanwhile.what == FIRES;
	meanwhile.what = NOTHING;
	meanwhile.life = i;
	oracle.allocations = 0;
	oracle.fails_at = fails_at;
	oracle.surprise_at = surprise_at;
	oracle.surprise = &oracle.lives[i];
}

/* Returns whether an allocation failed. */
static bool end(const char *what)
{
	need_no_locks(what);
	if (surprise_at && allocations >= surprise_at)
		oracle.surprise->gone = true;
	return fails_at && allocations >= fails_at;
}

static void expect_messages(int expected, const char *what)
{
	expect(messages, expected, what);
	if (expected && (strncmp(message, "usertime: ", 10) ||
			 strchr(message, '\n') != message + strlen(message) - 1))
		complain("a bad line in the log: %s", message);
}
