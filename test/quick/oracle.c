// SPDX-License-Identifier: GPL-2.0
/*
 * A plain model of the interface of usertime
 *
 * It shares no code with usertime.c. The list is an array of lines.
 */
#include "oracle.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oracle oracle;

static bool sees(int space, const struct life *life)
{
	int at = life->space;

	while (at >= 0 && at != space)
		at = space_parent[at];
	return at >= 0;
}

static bool can(const struct life *life, unsigned int cap, int user_space)
{
	return life->caps & cap && life->user_space <= user_space;
}

/* The time that getrusage(2) reports, in microseconds. */
unsigned long long oracle_sample(struct life *life)
{
	unsigned long long ticks = life->utime + life->stime, system = 0;

	if (life->user + life->system >= life->rtime)
		return life->user / 1000;
	if (ticks)
		system = (__uint128_t)life->stime * life->rtime / ticks;
	if (system < life->system)
		system = life->system;
	if (life->user < life->rtime - system)
		life->user = life->rtime - system;
	life->system = life->rtime - life->user;
	return life->user / 1000;
}

static void hold_news(void)
{
	oracle.held = true;
	if (!oracle.announce)
		oracle.announce = oracle.now + HOLD;
}

static int add(const struct view *view, const struct life *writer,
	       struct life *life)
{
	struct line new = { .life = life, .owner = view->opener.euid };
	unsigned int mine = 0, most = oracle.parameters[MOST];
	int i, space;

	if (++oracle.allocations == oracle.surprise_at)
		oracle.surprise->gone = true;
	if (oracle.allocations == oracle.fails_at)
		return -ENOMEM;
	for (i = 0; i < oracle.line_count; i++) {
		if (oracle.lines[i].life == life)
			return 0;
		mine += oracle.lines[i].owner == new.owner;
	}
	if (!can(writer, RESOURCE, 0) || !can(&view->opener, RESOURCE, 0)) {
		if (oracle.line_count >= most ||
		    mine >= most / 2 + most % 2)
			return -ENOSPC;
	}
	if (life->gone)
		return -ESRCH;
	for (i = 0; i < oracle.line_count; i++) {
		struct line *old = &oracle.lines[i];

		for (space = 0; space < SPACES; space++) {
			int level = space_level[space];

			if (old->life->numbers[level] == life->numbers[level] &&
			    sees(space, old->life) &&
			    sees(space, life))
				old->hidden[level] = true;
		}
	}
	new.time = oracle_sample(life);
	if (!oracle.line_count)
		oracle.due = oracle.now + oracle.parameters[PERIOD];
	oracle.lines[oracle.line_count++] = new;
	hold_news();
	return 0;
}

static void remove_line(int i)
{
	memmove(&oracle.lines[i], &oracle.lines[i + 1],
		(--oracle.line_count - i) * sizeof(*oracle.lines));
}

static int del(const struct view *view, const struct life *writer,
	       const struct life *life)
{
	int i = 0;

	while (i < oracle.line_count && oracle.lines[i].life != life)
		i++;
	if (i == oracle.line_count)
		return -ESRCH;
	if ((writer->euid != life->uid &&
	     !can(writer, PTRACE, life->user_space)) ||
	    (view->opener.euid != life->uid &&
	     !can(&view->opener, PTRACE, life->user_space)))
		return -EPERM;
	remove_line(i);
	hold_news();
	return 0;
}

static int take_id(const struct view *view, const struct life *writer,
		   const char *id, int length)
{
	bool minus = *id == '-';
	long long number = 0;
	int i;

	if (length > 62 || length == minus)
		return -EINVAL;
	for (i = minus; i < length; i++) {
		if (id[i] < '0' || id[i] > '9')
			return -EINVAL;
		if (number <= INT32_MAX)
			number = number * 10 + id[i] - '0';
	}
	if (!number || number > INT32_MAX)
		return -EINVAL;
	for (i = 0; i < oracle.life_count; i++) {
		struct life *life = &oracle.lives[i];
		int space = view->opener.space;

		if (!life->gone && !life->kernel_thread &&
		    sees(space, life) &&
		    life->numbers[space_level[space]] == number)
			return minus ? del(view, writer, life) :
				       add(view, writer, life);
	}
	return -ESRCH;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/*
 * Writes @count bytes, of which the first @there can be read, and returns what
 * the result must be. The interface leaves the module two choices, which are
 * taken from its @result: how much it accepts before the end of the user's
 * memory, and where after 4 KiB it ends a longer write.
 */
long oracle_write(const struct view *view, const struct life *writer,
		  const char *text, long count, long there, long result)
{
	long taken = 0, start = 0, end, err;

	for (;; start = end) {
		while (start < count && is_space(text[start]))
			start++;
		end = start;
		while (end < count && !is_space(text[end]))
			end++;
		if (result >= 4096 && result >= taken && result <= start)
			return result;
		if (there < count && (result == (taken ? taken : -EFAULT) ||
				      (end >= there && start + 62 >= there)))
			return taken ? taken : -EFAULT;
		if (start == count)
			return count;
		err = take_id(view, writer, text + start, end - start);
		if (err)
			return taken ? taken : err;
		taken = end;
	}
}

/* The bottom half. */
void oracle_update(bool timer_pending, bool poller)
{
	int i;

	if (!oracle.line_count)
		return;
	for (i = 0; i < oracle.line_count; i++) {
		struct line *line = &oracle.lines[i];

		if (line->final) {
			remove_line(i--);
		} else {
			line->time = oracle_sample(line->life);
			line->final = line->life->gone;
		}
	}
	oracle.news++;
	oracle.held = false;
	if (!timer_pending) {
		oracle.due += oracle.parameters[PERIOD];
		if (oracle.due < oracle.now)
			oracle.due = oracle.now + oracle.parameters[PERIOD];
	}
	if (poller)
		oracle.announce = oracle.now;
}

/* Announces the news. Returns whether it is time for that. */
bool oracle_announce(void)
{
	bool may = oracle.announce && oracle.now >= oracle.announce;

	oracle.news += oracle.held;
	oracle.held = false;
	oracle.announce = 0;
	return may;
}

/* Reads at @pos, or seeks to it, which may generate a new snapshot. */
void oracle_look(struct view *view, long long pos, bool failed)
{
	int space = view->opener.space, level = space_level[space], i;

	if (pos && pos == view->next)
		return;
	view->length = 0;
	view->next = failed ? 0 : pos;
	if (failed)
		return;
	for (i = 0; i < oracle.line_count; i++) {
		struct line *line = &oracle.lines[i];

		if (sees(space, line->life) && !line->hidden[level])
			view->length += sprintf(view->snapshot + view->length,
						"%d: %llu\n",
						line->life->numbers[level],
						line->time);
	}
	if (view->length > view->longest)
		view->longest = view->length;
	view->seen = oracle.news;
}

/* Returns whether the value is allowed. A new period begins at once. */
bool oracle_parameter(int parameter, unsigned long long value)
{
	static const unsigned int least[] = { 10, 0, 0 };
	static const unsigned int most[] = { 3600000, UINT_MAX, UINT_MAX - 1 };

	if (value < least[parameter] || value > most[parameter])
		return false;
	oracle.parameters[parameter] = value;
	if (parameter == PERIOD)
		oracle.due = oracle.now + value;
	return true;
}

void oracle_load(void)
{
	oracle.line_count = 0;
	oracle.parameters[PERIOD] = 5000;
	oracle.parameters[MOST] = 4096;
	oracle.parameters[GID] = 0;
	oracle.held = false;
	oracle.announce = 0;
}
