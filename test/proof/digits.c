// SPDX-License-Identifier: GPL-2.0
/*
 * A check of the digits of usertime.c, for cbmc: urt_put_decimal() writes every
 * number of up to PAIRS pairs of digits that fits in 64 bits. It writes DIGITS
 * digits, or more if the number needs them.
 */
#include <limits.h>
#include <string.h>

#include "cbmc.h"

/* The number without its last i pairs of digits, and the last pair of that. */
static u64 rests[PAIRS + 1];
static unsigned char last_pair[PAIRS];

/*
 * A division by 100 removes the last pair. cbmc need not divide, because main()
 * has composed the number of its pairs. It only has to check that the dividend
 * is that number, or one of its rests.
 */
#define do_div(rest, base) ({						\
	typeof(rest) *rest_ = &(rest);					\
	size_t i_ = (to + digits - at) / 2;				\
									\
	claim("the divisor is 100", (base) == 100);			\
	claim("the dividend is the number or one of its rests",		\
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

/* Returns the digit with the weight 10^@i. */
static u32 digit(const char *text, size_t length, size_t i)
{
	return i < length ? text[length - 1 - i] - '0' : 0;
}

int main(void)
{
	char text[2 * PAIRS + 1], *end;
	size_t length;

	/* Compose every number of pairs of digits. */
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
	claim("no needless digit is added",
	      length == DIGITS || text[0] != '0');
	for (size_t i = 0; i < PAIRS; i++) {
		u32 one = digit(text, length, 2 * i);
		u32 ten = digit(text, length, 2 * i + 1);

		claim("the pair is right", one < 10 && ten < 10 &&
		      10 * ten + one == last_pair[i]);
	}
	return 0;
}
