/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/slab.h and linux/uaccess.h
 *
 * The fuzzer decides what else happens during an allocation.
 */

struct kmem_cache { size_t size; };

static int objects;		/* that have not been freed */
static int allocations;		/* in this call */
static int fails_at, surprise_at;	/* number of an allocation, or 0 */
static void (*surprise)(void);
static const char *user_end;	/* where the user's memory ends */

/* User addresses are higher by this, so only copy_from_user() can use them. */
#define USER			(1ul << 54)

#define __GFP_ACCOUNT		1
#define GFP_KERNEL_ACCOUNT	__GFP_ACCOUNT
#define SLAB_ACCOUNT		__GFP_ACCOUNT

static inline void *kzalloc(size_t size, int flags)
{
	might_sleep();
	need(!held, "memory is allocated with the lock held");
	need(flags & __GFP_ACCOUNT, "memory is charged to nobody");
	if (++allocations == surprise_at)
		surprise();
	if (allocations == fails_at)
		return NULL;
	objects++;
	return calloc(1, size);
}

static inline void kfree(void *object)
{
	objects -= !!object;
	free(object);
}

static inline struct kmem_cache *create_cache(size_t size, int flags)
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), flags);

	if (cache)
		cache->size = size;
	return cache;
}

#define kmem_cache_create(name, size, align, flags, constructor) \
	create_cache(size, flags)
#define kmem_cache_zalloc(cache, flags)	kzalloc((cache)->size, flags)
#define kmem_cache_free(cache, object)	kfree(object)
#define kmem_cache_destroy(cache)	kfree(cache)

/* Returns how many bytes it could not copy. */
static inline size_t copy_from_user(void *to, const char __user *from,
				    size_t size)
{
	const char *memory = from - USER;
	size_t there = memory < user_end ? user_end - memory : 0;

	might_sleep();
	need(!held, "user memory is read with the lock held");
	there = min(there, size);
	memcpy(to, memory, there);
	memset((char *)to + there, 0, size - there);
	return size - there;
}
