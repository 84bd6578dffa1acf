/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/rculist.h and linux/hashtable.h
 *
 * The hash is bad on purpose, so that there are collisions.
 */

struct list_head { struct list_head *next, *prev; };

struct hlist_node { struct hlist_node *next, **pprev; };

static inline void insert(struct list_head *entry, struct list_head *prev)
{
	entry->next = prev->next;
	entry->prev = prev;
	prev->next->prev = entry;
	prev->next = entry;
}

static inline void cut(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry;
	entry->prev = entry;
}

static inline void hash_insert(struct hlist_node **head,
			       struct hlist_node *node)
{
	node->next = *head;
	node->pprev = head;
	if (node->next)
		node->next->pprev = &node->next;
	*head = node;
}

static inline void hash_cut(struct hlist_node *node)
{
	if (!node->pprev)
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->pprev = NULL;
}

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)
#define list_empty(head)	(READ_ONCE((head)->next) == (head))
#define need_mutex()		need(held, "a list is used without the lock")
#define list_add(entry, head)	(need_mutex(), insert(entry, head))
#define list_add_tail(entry, head)	list_add(entry, (head)->prev)
#define list_del(entry)		(need_mutex(), cut(entry))
#define entry_of(ptr, pos, member) \
	container_of(ptr, typeof(*(pos)), member)
#define list_next_entry(pos, member) \
	entry_of((pos)->member.next, pos, member)
#define list_prev_entry(pos, member) \
	entry_of((pos)->member.prev, pos, member)
#define for_each(first, pos, head, member) \
	for (first, pos = entry_of((head)->next, pos, member); \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry(pos, head, member) \
	for_each(need_mutex(), pos, head, member)
#define list_for_each_entry_safe(pos, n, head, member) \
	for (need_mutex(), pos = entry_of((head)->next, pos, member); \
	     n = list_next_entry(pos, member), &pos->member != (head); pos = n)
#define list_for_each_entry_rcu(pos, head, member) \
	for_each(threads_are_walked(head), pos, head, member)

#define DEFINE_HASHTABLE(name, bits)	struct hlist_node *name[1 << (bits)]
#define hash_ptr(ptr, bits)	0
#define hash_head(table, key) \
	(&(table)[(key) % (sizeof(table) / sizeof(*(table)))])
#define hash_add(table, node, key) \
	(need_mutex(), hash_insert(hash_head(table, key), node))
#define hash_del(node)		(need_mutex(), hash_cut(node))
#define hlist_unhashed(node)	(!(node)->pprev)
#define hlist_entry(ptr, pos, member) \
	((ptr) ? entry_of(ptr, pos, member) : NULL)
#define hash_for_each_possible(table, pos, member, key) \
	for (need_mutex(), \
	     pos = hlist_entry(*hash_head(table, key), pos, member); pos; \
	     pos = hlist_entry(pos->member.next, pos, member))
