/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the kernel that usertime.c uses, in user space
 *
 * They also include what the patches in test/mutants use. One thread does
 * everything: fuzz.c decides whether it is a program in a system call, a
 * softirq or a kworker. If the module does what it must not do, such as sleeping
 * in a softirq or using a list without the lock, complain() ends the program.
 * Memory comes from malloc(), so that AddressSanitizer finds uses after free.
 *
 * Each file in kernel/ begins with the names of the kernel headers that it
 * replaces. This file has what all of them use.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unistd.h>

#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 12, 0)
#define CONFIG_VIRT_CPU_ACCOUNTING_GEN	1
#define IS_ENABLED(option)	true	/* CONFIG_64BIT */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
#define ktime_t			__s64
#define __user
#define __init
#define __exit
#define SZ_4K			4096
#define NSEC_PER_USEC		1000ul
#define NSEC_PER_MSEC		1000000ul
#define static_assert(x)	_Static_assert(x, #x)
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile typeof(x) *)&(x) = (value))
#define smp_mb()		__sync_synchronize()
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define div_u64(a, b)		((u64)(a) / (u32)(b))
#define do_div(n, base)		({ u32 r_ = (n) % (base); (n) /= (base); r_; })
#define mul_u64_u64_div_u64(a, b, c) \
	((u64)((unsigned __int128)(a) * (b) / (c)))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof(*(p)->member) * (n))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static int messages;		/* in the log */
static char message[100];	/* the last of them */

#define __printf(a, b)		__attribute__((format(printf, a, b)))

__printf(1, 2) __attribute__((noreturn))
static inline void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "\nusertime: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	abort();
}

#define need(condition, what) \
	((condition) ? (void)0 : complain("%s", what))
#define pr_err(format, ...) \
	(messages++, snprintf(message, sizeof(message), pr_fmt(format), \
			      ##__VA_ARGS__))

/* Like the kernel's: an optional sign, a prefix if @base is 0, one newline. */
static inline int parse(const char *s, unsigned int base, long long least,
			long long most, long long *value)
{
	const char *digits = s + (*s == '+' || (*s == '-' && least < 0));
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return -EINVAL;
	errno = 0;
	*value = strtoll(s, &end, base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno || *value < least || *value > most ? -ERANGE : 0;
}

#define kstrto(s, base, least, most, result) ({ \
	long long value_; \
	int err_ = parse(s, base, least, most, &value_); \
	if (!err_) \
		*(result) = value_; \
	err_; })
#define kstrtoint(s, base, result)	kstrto(s, base, INT_MIN, INT_MAX, result)
#define kstrtouint(s, base, result)	kstrto(s, base, 0, UINT_MAX, result)
#define kstrtou16(s, base, result)	kstrto(s, base, 0, USHRT_MAX, result)

#include "kernel/lock.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/file.h"
#include "kernel/seq_file.h"
#include "kernel/module.h"

#endif
