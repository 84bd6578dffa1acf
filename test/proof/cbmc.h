/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the harnesses use of cbmc
 */
#ifndef CBMC_H
#define CBMC_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned int u32;
typedef unsigned long long u64;

#define claim(what, condition)	__CPROVER_assert(condition, what)
#define suppose(condition)	__CPROVER_assume(condition)

/* Return any value of the type: cbmc tries them all. */
bool nondet_bool(void);
char nondet_char(void);
int nondet_int(void);
size_t nondet_size(void);

#endif /* CBMC_H */
