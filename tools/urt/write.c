// SPDX-License-Identifier: GPL-2.0
/*
 * What several formats that urt writes have in common
 */
#define _GNU_SOURCE

#include <string.h>

#include "urt.h"

/* A name in quotes that have @quote in front of each of @special in it. */
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
