// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes the keys of urt watch from the bytes that a terminal sends
 *
 * The up key sends ESC [ A or ESC O A, depending on the terminal's mode. Other
 * keys send another letter, or ESC [ N ~, where N is a number. A read(2) may
 * return a part of a sequence, or several keys, so sequences are parsed byte by byte.
 */
#define _GNU_SOURCE

#include "urt.h"

static int numbered_key(int number)
{
	switch (number) {
	case 1:
	case 7:
		return HOME_KEY;
	case 4:
	case 8:
		return END_KEY;
	case 5:
		return PAGE_UP_KEY;
	case 6:
		return PAGE_DOWN_KEY;
	}
	return NO_KEY;
}

static int final_key(char final, int number)
{
	switch (final) {
	case 'A':
		return UP_KEY;
	case 'B':
		return DOWN_KEY;
	case 'F':
		return END_KEY;
	case 'H':
		return HOME_KEY;
	case '~':
		return numbered_key(number);
	}
	return NO_KEY;
}

/* Parses a byte between ESC [ and the end of a sequence. */
static void parse_parameter(struct sequence *sequence, char byte)
{
	if (byte < '0' || byte > '9')
		sequence->more = true;
	else if (!sequence->more && sequence->number < 100)
		sequence->number = 10 * sequence->number + byte - '0';
}

/*
 * Parses the next byte from the terminal. Returns the key that it completes.
 * Returns NO_KEY if it completes no key or an unknown one.
 */
int parse_byte(struct sequence *sequence, char byte)
{
	char begin = sequence->begin;

	if (byte == '\33') {
		*sequence = (struct sequence){ .begin = '\33' };
		return NO_KEY;
	}
	if (begin == '\33' && (byte == '[' || byte == 'O')) {
		sequence->begin = byte;
		return NO_KEY;
	}
	if (begin == '[' && byte >= ' ' && byte < '@') {
		parse_parameter(sequence, byte);
		return NO_KEY;
	}
	sequence->begin = '\0';
	return begin == '[' || begin == 'O' ?
	       final_key(byte, sequence->number) : byte;
}
