// SPDX-License-Identifier: GPL-2.0
/*
 * "urt list --json is for scripts: it prints an array of objects, with times in
 * integer microseconds."
 */
#include "tool.h"

#define TIME	"\"microseconds\":%lld,\"share\":null,"
#define PLAIN	"\"command\":\"plain\"}"
#define ODD	"\"command\":\"\\\"\\\\\\\\x01gr\303\274n\\\\xff\"}"

static int fd;
static struct list list;

static void is_text(const char *expected, const char *name)
{
	if (!ok(!strcmp(tool.text, expected), "%s", name))
		diag("seen:\n%s\n# expected:\n%s", tool.text, expected);
}

int main(void)
{
	pid_t first, second, third;
	char expected[512];
	const char *share;
	double value = -1;
	int found = 0;

	plan(2 + 2 + 2 + 1 + 4);
	fd = status_open();
	stop_updates();
	is(tool_run("list", "--json"), 0, "list --json of an empty list");
	is_text("[\n]\n", "an empty array");

	first = start_named("plain", 100);
	second = start_named("\"\\\001gr\303\274n\377", 20);
	third = start_named("plain", 20);
	status_register(fd, first);
	status_register(fd, second);
	status_register(fd, third);
	list_read(fd, &list);
	is(tool_run("list", "--json", "--now"), 0, "list --json --now");
	snprintf(expected, sizeof(expected),
		 "[\n"
		 "{\"pid\":%d," TIME PLAIN ",\n"
		 "{\"pid\":%d," TIME ODD ",\n"
		 "{\"pid\":%d," TIME PLAIN "\n"
		 "]\n", first, (long long)list_time(&list, first), second,
		 (long long)list_time(&list, second), third,
		 (long long)list_time(&list, third));
	is_text(expected, "an object for each process, escaped as in JSON");

	is(tool_run("list", "--json", "-0g"), 0, "list --json -g");
	snprintf(expected, sizeof(expected),
		 "[\n"
		 "{\"processes\":2," TIME PLAIN ",\n"
		 "{\"processes\":1," TIME ODD "\n"
		 "]\n", (long long)list_time(&list, first) +
		 list_time(&list, third), (long long)list_time(&list, second));
	is_text(expected, "an object for each name");

	tool_run("list", "--json", "-0l");
	snprintf(expected, sizeof(expected), ",\"command\":\"%s\"}",
		 program_invocation_name);
	said(expected, "with -l, the command line");

	set_period(2000);
	status_write(fd, "-%d -%d", second, third);
	go_on(first);
	is(tool_run("list", "--json"), 0, "list --json");
	share = strstr(tool.text, ",\"share\":");
	if (share)
		found = sscanf(share, ",\"share\":%lf,\"command\":\"plain\"}\n]\n",
			       &value);
	is(found, 1, "the share is in the object");
	ok(value > 0.3 && value < 3, "the share is about one CPU");
	is(share && strchr(share, '.') ? (long)strspn(strchr(share, '.') + 1,
						      "0123456789") : 0,
	   6, "the share has six decimals");
	return done();
}
