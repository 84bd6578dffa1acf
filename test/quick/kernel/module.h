/* SPDX-License-Identifier: GPL-2.0 */
/* linux/module.h, and how the data of usertime.c are loaded */

static int module_refs;

struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	unsigned int perm;
	void *arg;
};

struct kernel_param_ops {
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buffer, const struct kernel_param *param);
};

static inline int param_get_uint(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%u\n", *(unsigned int *)param->arg);
}

#define KBUILD_MODNAME		"usertime"
#define THIS_MODULE		NULL
#define try_module_get(module)	(!unloading && ++module_refs)
#define module_put(module)	need(module_refs-- > 0, "it is put too often")
#define module_param_cb(name, ops, arg, perm) \
	static const struct kernel_param param_##name = \
		{ #name, ops, perm, arg }
#define module_param(name, type, perm) \
	module_param_cb(name, NULL, &(name), perm)
#define module_init(function)	static int (*const init_module)(void) = function
#define module_exit(function) \
	static void (*const cleanup_module)(void) = function
#define MODULE_PARM_DESC(name, text)	static_assert(sizeof(text))
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text))
#define MODULE_AUTHOR(text)		static_assert(sizeof(text))
#define MODULE_LICENSE(text)		static_assert(sizeof(text))
#define MODULE_VERSION(text)		static_assert(sizeof(text))

/* The sections with the data of usertime.c. */
extern u64 __start_module_data[], __stop_module_data[];
extern u64 __start_module_bss[], __stop_module_bss[];

/* ASan puts bytes of its own between the variables. */
__attribute__((no_sanitize("address", "coverage")))
static inline void copy(volatile u64 *to, volatile u64 *to_end, const u64 *from)
{
	while (to < to_end)
		*to++ = from ? *from++ : 0;
}

/* Sets the data to what they are in the module's file. */
static inline void load_data(void)
{
	static bool saved;
	static u64 image[1000];
	u64 *image_end = image + (__stop_module_data - __start_module_data);

	if (!saved)
		copy(image, image_end, __start_module_data);
	saved = true;
	copy(__start_module_data, __stop_module_data, image);
	copy(__start_module_bss, __stop_module_bss, NULL);
}
