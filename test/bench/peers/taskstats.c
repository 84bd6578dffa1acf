// SPDX-License-Identifier: GPL-2.0
/* taskstats of each process by TGID, with many requests in each send(2) */
#include "shared.h"

#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <sys/socket.h>

#define BATCH		256
#define REPLY_SIZE	1024
#define RECEIVE_BUFFER	(4 << 20)	/* for the replies to a batch */

struct request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	__u32 tgid;
};

struct family_request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	char name[sizeof(TASKSTATS_GENL_NAME)];
};

struct reply {
	struct nlmsghdr header;
	char attributes[REPLY_SIZE];
};

static struct request *requests;
static struct mmsghdr messages[BATCH];
static struct reply replies[BATCH];
static int family, fd;

/* Returns the content of the attribute @type among those from @at to @end. */
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

static const char *end_of(const struct reply *reply)
{
	return (const char *)reply + reply->header.nlmsg_len;
}

/* Returns the content of an attribute of @reply, if its family is right. */
static void *find_first(struct reply *reply, int family_of_reply, int type)
{
	if (reply->header.nlmsg_type != family_of_reply)
		return NULL;
	return find((char *)reply + NLMSG_LENGTH(GENL_HDRLEN), end_of(reply),
		    type);
}

/* Returns the family ID of taskstats in generic netlink. */
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
	__u16 *number;

	if (send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &replies[0], sizeof(replies[0]), 0) < 0)
		return -errno;
	number = find_first(&replies[0], GENL_ID_CTRL, CTRL_ATTR_FAMILY_ID);
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
	start_times(count);
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
			.nla_len = NLA_HDRLEN + sizeof(__u32),
			.nla_type = TASKSTATS_CMD_ATTR_TGID,
		},
		.tgid = pids[i],
	};
	added = i + 1;
	return 0;
}

/* Returns the user time in @reply, or -1 if the reply is an error. */
static long long reply_time(struct reply *reply)
{
	char *tgid = find_first(reply, family, TASKSTATS_TYPE_AGGR_TGID);
	const struct taskstats *stats = NULL;

	if (tgid)
		stats = find(tgid, end_of(reply), TASKSTATS_TYPE_STATS);
	return stats ? (long long)stats->ac_utime * 1000 : -1;
}

/* The replies come in the order of the requests. */
static void sample_batch(int first, int number)
{
	int received = 0, more;

	if (send(fd, &requests[first], number * sizeof(requests[0]), 0) < 0)
		die("taskstats can be requested");
	while (received < number) {
		more = recvmmsg(fd, messages + received, number - received, 0,
				NULL);
		if (more < 0)
			die("taskstats can be received");
		received += more;
	}
	for (int i = 0; i < number; i++)
		times[first + i] = reply_time(&replies[i]);
}

static void sample(void)
{
	struct iovec parts[BATCH];

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec) { &replies[i], sizeof(replies[i]) };
		messages[i].msg_hdr = (struct msghdr) {
			.msg_iov = &parts[i], .msg_iovlen = 1
		};
	}
	for (int i = 0; i < added; i += BATCH)
		sample_batch(i, added - i < BATCH ? added - i : BATCH);
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
	.time = kept_time,
	.stop = stop,
};
