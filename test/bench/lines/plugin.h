/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What plugin.c uses of QEMU, and how a program in the guest controls it
 *
 * No Debian package has QEMU's qemu-plugin.h. These declarations are from
 * version 1 of its API, which Debian 12's QEMU has.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

/* The plugin counts from a load at the first address to one at the second. */
#define PLUGIN_PAGE	0x10000000
#define PLUGIN_BEGIN	PLUGIN_PAGE
#define PLUGIN_END	(PLUGIN_PAGE + 8)

#define PLUGIN_API	1

/* For qemu_plugin_register_vcpu_mem_cb(). */
#define NO_REGISTERS		0
#define LOADS_AND_STORES	3

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*plugin_translated)(unsigned long long id,
				  struct qemu_plugin_tb *tb);
typedef void (*plugin_accessed)(unsigned int cpu, unsigned int info,
				unsigned long long address, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(unsigned long long id,
					   plugin_translated function);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      plugin_accessed function,
				      int registers, int accesses, void *data);
bool qemu_plugin_mem_is_store(unsigned int info);
unsigned int qemu_plugin_mem_size_shift(unsigned int info);

#endif
