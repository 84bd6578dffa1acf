// SPDX-License-Identifier: GPL-2.0
/* taskstats of each process by TGID, with many requests in each send(2) */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers.h"

#define BATCH		256
#define REPLY_SIZE	1024
#define RECEIVE_BUFFER	(4 << 20)	/* for the replies to a batch */

struct request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	uint32_t tgid;
};

struct family_request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	char name[sizeof(TASKSTATS_GENL_NAME)];
};

static struct request *requests;
static long long *times;
static struct mmsghdr messages[BATCH];
static char replies[BATCH][REPLY_SIZE] __attribute__((aligned(8)));
static int family, fd, added;

/* Returns what the attribute @type among those from @at to @end contains. */
static void *find(char *at, const char *end, int type)
{
	while (at < end) {
		const struct nlattr *attribute = (const struct nlattr *)at;

		if (attribute->nla_type == type)
			return at + NLA_HDRLEN;
		at += NLA_ALIGN(attribute->nla_len);
	}
	return NULL;
}

/* Returns the number of taskstats among the families of generic netlink. */
static int find_family(void)
{
	struct family_request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = GENL_ID_CTRL,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.command = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attribute = {
			.nla_len = NLA_HDRLEN + sizeof(request.name),
			.nla_type = CTRL_ATTR_FAMILY_NAME,
		},
		.name = TASKSTATS_GENL_NAME,
	};
	struct nlmsghdr *reply = (struct nlmsghdr *)replies[0];
	uint16_t *number = NULL;

	if (send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, reply, REPLY_SIZE, 0) < 0)
		return -errno;
	if (reply->nlmsg_type == GENL_ID_CTRL)
		number = find((char *)reply + NLMSG_LENGTH(GENL_HDRLEN),
			      (char *)reply + reply->nlmsg_len,
			      CTRL_ATTR_FAMILY_ID);
	return number ? *number : -ENOENT;
}

static int start(int count)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const int size = RECEIVE_BUFFER;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		return -errno;
	family = find_family();
	if (family < 0)
		return family;
	requests = allocate(count, sizeof(*requests));
	times = allocate(count, sizeof(*times));
	added = 0;
	return 0;
}

static int add(int i)
{
	requests[i] = (struct request) {
		.header = {
			.nlmsg_len = sizeof(struct request),
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.command = {
			.cmd = TASKSTATS_CMD_GET,
			.version = TASKSTATS_GENL_VERSION,
		},
		.attribute = {
			.nla_len = NLA_HDRLEN + sizeof(uint32_t),
			.nla_type = TASKSTATS_CMD_ATTR_TGID,
		},
		.tgid = pids[i],
	};
	added = i + 1;
	return 0;
}

/* Returns the user time in a reply, or -1 if it is an error. */
static long long reply_time(char *reply)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)reply;
	const char *end = reply + header->nlmsg_len;
	const struct taskstats *stats;
	char *tgid;

	if (header->nlmsg_type != family)
		return -1;
	tgid = find(reply + NLMSG_LENGTH(GENL_HDRLEN), end,
		    TASKSTATS_TYPE_AGGR_TGID);
	stats = tgid ? find(tgid, end, TASKSTATS_TYPE_STATS) : NULL;
	return stats ? (long long)stats->ac_utime * 1000 : -1;
}

/* The replies come in the order of the requests. */
static void sample_batch(int first, int number)
{
	int received = 0, more;

	if (send(fd, &requests[first], number * sizeof(requests[0]), 0) < 0)
		die("asking for taskstats");
	while (received < number) {
		more = recvmmsg(fd, messages + received, number - received, 0,
				NULL);
		if (more < 0)
			die("receiving taskstats");
		received += more;
	}
	for (int i = 0; i < number; i++)
		times[first + i] = reply_time(replies[i]);
}

static void sample(void)
{
	struct iovec parts[BATCH];

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec) { replies[i], sizeof(replies[i]) };
		messages[i].msg_hdr = (struct msghdr) {
			.msg_iov = &parts[i], .msg_iovlen = 1
		};
	}
	for (int i = 0; i < added; i += BATCH)
		sample_batch(i, added - i < BATCH ? added - i : BATCH);
}

static long long time_of(int i)
{
	return times[i];
}

static void stop(void)
{
	free(times);
	free(requests);
	close(fd);
}

const struct peer peer_taskstats = {
	.name = "taskstats by TGID (256 per send(2))",
	.unit = "ticks",
	.user_alone = true,
	.root = true,
	.start = start,
	.add = add,
	.sample = sample,
	.time = time_of,
	.stop = stop,
};
