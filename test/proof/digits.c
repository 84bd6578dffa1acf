// SPDX-License-Identifier: GPL-2.0
/*
 * The digits of usertime.c, for cbmc: urt_put_decimal() writes every number of
 * up to PAIRS pairs of digits that fits in 64 bits, when it is asked for DIGITS.
 */
#include <limits.h>
#include <string.h>

#include "cbmc.h"

/* The number without its last i pairs of digits, and the pair before those. */
static u64 rests[PAIRS + 1];
static unsigned char last_pair[PAIRS];

/*
 * A division by 100 takes off the last pair. cbmc need not divide: main() has
 * made the number of its pairs. All that is left is that what is divided is
 * that number, or one of its rests.
 */
#define do_div(rest, base) ({						\
	typeof(rest) *rest_ = &(rest);					\
	size_t i_ = (to + digits - at) / 2;				\
									\
	claim("it is divided by 100", (base) == 100);			\
	claim("it is the number, or what is left of it",		\
	      i_ < PAIRS && *rest_ == rests[i_]);			\
	*rest_ = rests[i_ + 1];						\
	(u32)last_pair[i_];						\
})

/* For cbmc, bytes are easier than its own memcpy(). */
static void copy(char *to, const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i];
}

#define memcpy copy

#undef __always_inline
#define __always_inline	inline

#include "digits.part.c"

/* The digit that counts the 10^@i. */
static u32 digit(const char *text, size_t length, size_t i)
{
	return i < length ? text[length - 1 - i] - '0' : 0;
}

int main(void)
{
	char text[2 * PAIRS + 1], *end;
	size_t length;

	/* Every number, made of its pairs of digits */
	for (int i = PAIRS - 1; i >= 0; i--) {
		last_pair[i] = nondet_char();
		suppose(last_pair[i] < 100);
		suppose(rests[i + 1] <= ULLONG_MAX / 100);
		suppose(100 * rests[i + 1] <= ULLONG_MAX - last_pair[i]);
		rests[i] = 100 * rests[i + 1] + last_pair[i];
	}

	end = urt_put_decimal(text, DIGITS, rests[0]);

	length = end - text;
	claim("no digit is missing", length >= DIGITS);
	claim("no digit is added without need",
	      length == DIGITS || text[0] != '0');
	for (size_t i = 0; i < PAIRS; i++) {
		u32 one = digit(text, length, 2 * i);
		u32 ten = digit(text, length, 2 * i + 1);

		claim("it is the right pair", one < 10 && ten < 10 &&
		      10 * ten + one == last_pair[i]);
	}
	return 0;
}
