// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU plugin that counts the cache lines that a guest touches
 *
 * usage: qemu-system-aarch64 -plugin PLUGIN.so,out=FILE ...
 *
 * When a program in the guest (lines.c) asks for it, the plugin writes a line
 * of three numbers to FILE: the cache lines of the kernel that were loaded from
 * or stored to, how many of these were stored to, and the cache lines of
 * programs that were loaded from or stored to. Fetching instructions does not
 * count.
 */
#include <stdio.h>
#include <string.h>

#include "plugin.h"

#define LINE_SHIFT	6
#define KERNEL		0x8000000000000000	/* the lowest address */

/* A hash table with room for all lines that are touched. */
#define TABLE_SIZE	0x100000

static struct {
	unsigned long long line;
	bool used, stored;
} table[TABLE_SIZE];

static bool counting;
static FILE *out;

int qemu_plugin_version = PLUGIN_API;

static void touch(unsigned long long line, bool stored)
{
	unsigned int i = line % (TABLE_SIZE - 1);

	while (table[i].used && table[i].line != line)
		i = (i + 1) % TABLE_SIZE;
	table[i].line = line;
	table[i].used = true;
	table[i].stored |= stored;
}

static void report(void)
{
	int kernel = 0, stored = 0, program = 0;

	for (int i = 0; i < TABLE_SIZE; i++) {
		if (!table[i].used)
			continue;
		if (table[i].line << LINE_SHIFT >= KERNEL) {
			kernel++;
			stored += table[i].stored;
		} else {
			program++;
		}
	}
	fprintf(out, "%d,%d,%d\n", kernel, stored, program);
	fflush(out);
}

static void accessed(unsigned int cpu, unsigned int info,
		     unsigned long long address, void *data)
{
	unsigned int size = 1 << qemu_plugin_mem_size_shift(info);
	bool stored = qemu_plugin_mem_is_store(info);

	(void)cpu;
	(void)data;
	if (address == PLUGIN_BEGIN) {
		memset(table, 0, sizeof(table));
		counting = true;
	} else if (address == PLUGIN_END) {
		counting = false;
		report();
	} else if (counting) {
		touch(address >> LINE_SHIFT, stored);
		touch((address + size - 1) >> LINE_SHIFT, stored);
	}
}

static void translated(unsigned long long id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < count; i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i),
						 accessed, NO_REGISTERS,
						 LOADS_AND_STORES, NULL);
}

int qemu_plugin_install(unsigned long long id, const void *qemu, int argc,
			char **argv)
{
	(void)qemu;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return 1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
