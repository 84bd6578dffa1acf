// SPDX-License-Identifier: GPL-2.0
/*
 * Quotes names for CSV, JSON and Prometheus, and prints times
 */
#define _GNU_SOURCE

#include <string.h>

#include "urt.h"

/* Writes @name in quotes, with @quote before each character in @special. */
void put_quoted(FILE *out, const char *name, const char *special,
		char quote)
{
	putc('"', out);
	for (; *name; name++) {
		if (strchr(special, *name))
			putc(quote, out);
		putc(*name, out);
	}
	putc('"', out);
}

void put_seconds(FILE *out, unsigned long long time)
{
	fprintf(out, "%llu.%06llu", time / URT_UNIT_PER_SEC,
		time % URT_UNIT_PER_SEC);
}
