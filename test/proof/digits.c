// SPDX-License-Identifier: GPL-2.0
/*
 * The digits of usertime.c, for cbmc: urt_put_decimal() writes every number up
 * to LARGEST, when it is asked for 1 to WIDEST digits.
 */
#include <limits.h>
#include <string.h>

#include "cbmc.h"

/* The digits of 2^64, and the pairs of digits. */
#define MOST		20
#define DIVISIONS	10

/* The number without its last i pairs of digits, and the pair before those. */
static u64 rests[DIVISIONS + 1];
static u32 last_pair[DIVISIONS];

/*
 * Whatever the width, the numbers that are divided are the same. cbmc need not
 * find that out: main() divides, once, and all that is checked here is that it
 * is indeed the number whose quotient main() knows.
 */
#define do_div(rest, base) ({						\
	typeof(rest) *rest_ = &(rest);					\
	size_t i_ = (to + digits - at) / 2;				\
									\
	claim("it is divided by 100", (base) == 100);			\
	claim("it is what main() has divided", *rest_ == rests[i_]);	\
	*rest_ = rests[i_ + 1];						\
	last_pair[i_];							\
})

#undef __always_inline
#define __always_inline	inline

#include "digits.part.c"

/* The digit that counts the 10^@i. */
static unsigned int digit(const char *text, unsigned int length, unsigned int i)
{
	return i < length ? (unsigned char)(text[length - 1 - i] - '0') : 0;
}

static void check(u64 number, unsigned int digits)
{
	char text[MOST + 1], *end;
	unsigned int length;
	u64 value = 0;

	end = urt_put_decimal(text, digits, number);
	length = end - text;
	claim("no digit is missing", length >= digits);
	claim("no digit is added without need",
	      length == digits || text[0] != '0');
	for (unsigned int i = 0; i < DIVISIONS; i++) {
		unsigned int one = digit(text, length, 2 * i);
		unsigned int ten = digit(text, length, 2 * i + 1);

		claim("it is the right pair",
		      one < 10 && ten < 10 && 10 * ten + one == last_pair[i]);
	}

	/* The same once more, without a division, for numbers below 10^6. */
	if (number >= 1000000)
		return;
	claim("a small number is short", length <= 7);
	for (unsigned int i = 0; i < 7; i++)
		if (i < length)
			value = 10 * value + (text[i] - '0');
	claim("read back, it is the number", value == number);
}

/* A quotient is what it is. For cbmc, that is easier than to divide. */
static void divide(unsigned int i)
{
	u64 quotient = nondet_u64();

	suppose(quotient <= ULLONG_MAX / 100);
	suppose(100 * quotient <= rests[i]);
	suppose(rests[i] - 100 * quotient < 100);
	rests[i + 1] = quotient;
	last_pair[i] = rests[i] - 100 * quotient;
}

int main(void)
{
	u64 number = nondet_u64();

	suppose(number <= LARGEST);
	rests[0] = number;
	for (unsigned int i = 0; i < DIVISIONS; i++)
		divide(i);
	for (unsigned int digits = 1; digits <= WIDEST; digits++)
		check(number, digits);
	return 0;
}
