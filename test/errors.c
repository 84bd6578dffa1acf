// SPDX-License-Identifier: GPL-2.0
/*
 * The table of errors: EINVAL, if "the ID is not a decimal number, is zero, is
 * out of range, has a `+`, or is a raw binary integer"; ESRCH, if "there is no
 * such process [...] or `-PID` names a process that is not registered"; EFAULT.
 *
 * "A failed write changes nothing. No write, however malformed, prints anything
 * to the kernel log." "A write that contains only white space registers nothing
 * and succeeds"; so does a raw binary integer whose bytes are all white space.
 */
#include "process.h"
#include "urt.h"

static const char * const malformed[] = {
	"abc", "12a", "a12", "1,2", "1.5", "1-2", "0x10", "-", "--5", "- 5",
	"+5", "-+5", "0", "00", "-0", "2147483648",
	"-2147483648", "4294967295", "99999999999999999999",
	" 0 ", "\n-\n", "\r", "\v", "\f", "\302\240",
};

static const char * const white[] = { " ", "\t", "\n", " \t\n\n" };

static const unsigned int integers[] = { 1337, 300, 33, 0xffffffff };

static const unsigned int white_integers[] = { 0, ' ', '\n', 0x20090a };

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

static struct list before, after;
static int fd, log_fd;

/* Checks that a write returns @expected, and changes and logs nothing. */
static void returns(long expected, const char *name, const void *text,
		    size_t length)
{
	long result;
	int logged;

	list_read(fd, &before);
	result = status_write_bytes(fd, text, length);
	logged = log_lines(log_fd);
	list_read(fd, &after);
	if (ok(result == expected && !logged && list_same(&before, &after),
	       "%s: %s", expected < 0 ? strerrorname_np(-expected) : "success",
	       name))
		return;
	diag("the write returned %ld, expected %ld", result, expected);
	diag("%d lines logged; the list before and after:\n# %s# %s",
	     logged, before.text, after.text);
}

static void returns_text(long expected, const char *text)
{
	char name[64];
	int at = 0;

	for (int i = 0; text[i]; i++)
		at += sprintf(name + at, text[i] <= ' ' ? "\\%03o" : "%c",
			      (unsigned char)text[i]);
	returns(expected, name, text, strlen(text));
}

static void fails(int error, const char *name, const void *text, size_t length)
{
	returns(-error, name, text, length);
}

static void fails_text(int error, const char *text)
{
	returns_text(-error, text);
}

int main(void)
{
	static char digits[100000], noise[128 * 1024];
	pid_t registered, other, none;
	long page = sysconf(_SC_PAGESIZE);
	char *pages, text[64];
	int length, listed;
	long result;

	plan(1 + COUNT(malformed) + 2 + COUNT(integers) + 7 + 3 + 5 +
	     COUNT(white) + COUNT(white_integers) + 2);
	stop_updates();
	log_fd = log_open();
	fd = status_open();
	registered = start_sleeper();
	status_register(fd, registered);
	other = start_sleeper();
	none = start_sleeper();
	end(none);

	is(status_write_bytes(fd, "", 0), 0, "an empty write does nothing");
	for (int i = 0; i < COUNT(white); i++)
		returns_text(strlen(white[i]), white[i]);
	for (int i = 0; i < COUNT(white_integers); i++) {
		sprintf(text, "a raw %#x", white_integers[i]);
		returns(sizeof(white_integers[i]), text, &white_integers[i],
			sizeof(white_integers[i]));
	}
	returns(1, "a NUL", "", 1);
	returns(3, "NULs", "\0\0", 3);

	for (int i = 0; i < COUNT(malformed); i++)
		fails_text(EINVAL, malformed[i]);

	/* Numbers that an overflow would turn into the registered PID. */
	sprintf(text, "%lld", (1LL << 32) + registered);
	fails_text(EINVAL, text);
	sprintf(text, "18446744073%d", 709551616 + registered);
	fails_text(EINVAL, text);

	for (int i = 0; i < COUNT(integers); i++) {
		sprintf(text, "a raw %#x", integers[i]);
		fails(EINVAL, text, &integers[i], sizeof(integers[i]));
	}

	/* usertime(4): "has more than 62 characters" */
	snprintf(text, sizeof(text), "%062d", registered);
	is(status_write_bytes(fd, text, 62), 62, "62 digits, most of them 0");
	snprintf(text, sizeof(text), "%063d", registered);
	fails(EINVAL, "63 digits", text, 63);

	memset(digits, '9', sizeof(digits));
	fails(EINVAL, "5,000 digits", digits, 5000);
	fails(EINVAL, "100,000 digits", digits, sizeof(digits));
	digits[0] = '-';
	fails(EINVAL, "100,000 digits after a sign", digits, sizeof(digits));
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = random();
	noise[0] = '\x80';
	fails(EINVAL, "4,096 random bytes", noise, 4096);
	fails(EINVAL, "131,072 random bytes", noise, sizeof(noise));

	sprintf(text, "%d", none);
	fails_text(ESRCH, text);
	sprintf(text, "-%d", none);
	fails_text(ESRCH, text);
	sprintf(text, "-%d", other);
	fails_text(ESRCH, text);

	pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(pages + page, page, PROT_NONE);
	fails(EFAULT, "a NULL buffer", NULL, 5);
	fails(EFAULT, "an unreadable buffer", pages + page, 5);
	memcpy(pages + page - 4, "-123", 4);
	fails(EFAULT, "a number with an unreadable end",
	      pages + page - 4, 8);
	memset(pages + page - 4, ' ', 4);
	fails(EFAULT, "white space, then unreadable memory",
	      pages + page - 4, 8);

	/* The ID may be accepted or not, but the result must say which. */
	length = sprintf(text, "%d ", other);
	memcpy(pages + page - length, text, length);
	result = status_write_bytes(fd, pages + page - length, length + 9);
	listed = time_now(fd, other) >= 0;
	if (!ok(result == -EFAULT ? !listed : listed && result >= length - 1 &&
		result <= length, "an ID, then unreadable memory"))
		diag("the write returned %ld, listed: %d", result, listed);
	return done();
}
