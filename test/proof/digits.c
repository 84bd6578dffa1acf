// SPDX-License-Identifier: GPL-2.0
/*
 * The digits of usertime.c, for cbmc: urt_put_decimal() writes any number up to
 * LARGEST, asked for FIRST to LAST digits.
 */
#include <stddef.h>
#include <string.h>

#define claim(what, condition)	__CPROVER_assert(condition, what)
#define suppose(condition)	__CPROVER_assume(condition)

typedef unsigned int u32;
typedef unsigned long long u64;

u64 nondet_u64(void);

/* What is left of the number after so many divisions by 100. */
static u64 left[12];

/*
 * Every round divides the same numbers. They were divided once, in main(), so
 * that cbmc need not find out that the results are the same, too.
 */
#define do_div(rest, base) \
	divide(&(rest), base, (to + digits - at) / 2)

static u32 divide(u64 *rest, u32 base, size_t divisions)
{
	claim("it is divided by 100", base == 100);
	claim("it is what the last round divided",
	      *rest == left[divisions]);
	*rest = left[divisions + 1];
	return left[divisions] - 100 * *rest;
}

#undef __always_inline
#define __always_inline	inline

#include "digits.part.c"

#define MOST	20		/* digits of 2^64 */

static void check(u64 number, unsigned int digits)
{
	char text[MOST + 2], *end;
	unsigned int length;
	u64 value = 0;

	text[MOST + 1] = '!';
	end = urt_put_decimal(text, digits, number);
	length = end - text;
	claim("there is room for all digits", length <= MOST);
	claim("no digit is missing", length >= digits);

	for (unsigned int i = 0; i < MOST; i++) {
		/* the one that counts the 10^i, if there is one */
		char c = i < length ? text[length - 1 - i] : '0';
		unsigned int pair = left[i / 2] - 100 * left[i / 2 + 1];

		claim("it is a digit", c >= '0' && c <= '9');
		claim("it is the right digit",
		      c - '0' == (i % 2 ? pair / 10 : pair % 10));
	}
	claim("no leading zero was not asked for",
	      length == digits || text[0] != '0');

	if (number > 999999)
		return;
	for (unsigned int i = 0; i < length && i < 7; i++)
		value = 10 * value + (text[i] - '0');
	claim("read back, it is the number", length > 7 || value == number);
}

int main(void)
{
	u64 number = nondet_u64();

	suppose(number <= LARGEST);
	left[0] = number;
	for (unsigned int i = 0; i < 11; i++)
		left[i + 1] = left[i] / 100;
	for (unsigned int digits = FIRST; digits <= LAST; digits++)
		check(number, digits);
	return 0;
}
