// SPDX-License-Identifier: GPL-2.0
/*
 * Receives events from the kernel through netlink: new processes, programs and
 * names, and the loading and unloading of the module
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "urt.h"

/* For 5,000 events: a busy machine may have that many between two reads. */
#define QUEUE_SIZE	(2 << 20)

/* A message from the kernel. The event in it is not aligned. */
struct message {
	struct nlmsghdr header;
	struct cn_msg connector;
	char event[sizeof(struct proc_event)];
};

/* The offset of a member of the event in the message. */
#define AT(member)	(offsetof(struct message, event) + \
			 offsetof(struct proc_event, member))

/* Opens a socket for messages to @group. Returns -1 and sets errno on error. */
static int open_group(int protocol, unsigned int group,
		      const struct sock_fprog *filter)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = group,
	};
	const int size = QUEUE_SIZE;
	int fd, error;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    protocol);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if ((filter && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter,
				  sizeof(*filter))) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/*
 * Receives a message from the kernel, and ignores those from programs. Returns
 * its length, 0 if there is none, or -1 if the kernel has dropped messages.
 */
static ssize_t receive(int fd, void *message, size_t size)
{
	struct sockaddr_nl from;
	socklen_t length;
	ssize_t got;

	do {
		length = sizeof(from);
		got = recvfrom(fd, message, size, 0, (struct sockaddr *)&from,
			       &length);
		if (got < 0 && errno == ENOBUFS)
			return -1;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			err(failure, "netlink");
	} while (got >= 0 && from.nl_pid);
	return got < 0 ? 0 : got;
}

/*
 * Opens a socket with a filter, so that fewer events wake urt. The filter
 * accepts execs and the kernel's answers. It accepts forks and changes of a
 * name only if they concern the first thread of a process: pid and tgid are
 * equal.
 */
static int open_filtered(void)
{
#define LOAD(member)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(member))
#define IF(value, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(value), then, otherwise)
	struct sock_filter steps[] = {
		/*  0 */ LOAD(what),
		/*  1 */ IF(PROC_EVENT_NONE, 11, 0),	/* to 13 */
		/*  2 */ IF(PROC_EVENT_EXEC, 10, 0),	/* to 13 */
		/*  3 */ IF(PROC_EVENT_COMM, 5, 0),	/* to 9 */
		/*  4 */ IF(PROC_EVENT_FORK, 0, 9),	/* or to 14 */
		/*  5 */ LOAD(event_data.fork.child_pid),
		/*  6 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/*  7 */ LOAD(event_data.fork.child_tgid),
		/*  8 */ BPF_STMT(BPF_JMP | BPF_JA, 3),	/* to 12 */
		/*  9 */ LOAD(event_data.comm.process_pid),
		/* 10 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/* 11 */ LOAD(event_data.comm.process_tgid),
		/* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		/* 13 */ BPF_STMT(BPF_RET | BPF_K, ~0U),
		/* 14 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {
		.len = sizeof(steps) / sizeof(*steps),
		.filter = steps,
	};

	return open_group(NETLINK_CONNECTOR, CN_IDX_PROC, &filter);
}

/*
 * Requests that the kernel start or stop sending. Returns false and sets errno
 * on error.
 */
static bool send_op(int fd, enum proc_cn_mcast_op op)
{
	struct {
		struct nlmsghdr header;
		struct cn_msg connector;
		enum proc_cn_mcast_op op;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = NLMSG_DONE },
		.connector = { .id = { CN_IDX_PROC, CN_VAL_PROC },
			       .ack = getpid(), .len = sizeof(op) },
		.op = op,
	};

	return send(fd, &message, sizeof(message), 0) == sizeof(message);
}

/* Like receive(), for the process events connector. */
static ssize_t receive_event(int fd, struct proc_event *event, __u32 *ack)
{
	struct message message = { 0 };
	ssize_t got = receive(fd, &message, sizeof(message));

	memcpy(event, message.event, sizeof(*event));
	*ack = message.connector.ack;
	return got;
}

/*
 * Reads the kernel's answer, which is in the queue when send(2) returns. There
 * is no answer in a PID namespace, for example. Returns false and sets errno if
 * the kernel does not send events.
 */
static bool read_answer(int fd)
{
	struct proc_event event;
	__u32 ack;

	while (receive_event(fd, &event, &ack)) {
		if (event.what == PROC_EVENT_NONE &&
		    ack == (__u32)getpid() + 1) {
			errno = event.event_data.ack.err;
			return !errno;
		}
	}
	errno = EOPNOTSUPP;
	return false;
}

/*
 * Opens the process events connector. Returns -1 and sets errno if the kernel
 * does not have one, or if urt may not use it.
 */
int open_events(void)
{
	int fd = open_filtered(), error;

	if (fd < 0)
		return -1;
	if (send_op(fd, PROC_CN_MCAST_LISTEN) && read_answer(fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Stops the events. Before Linux 6.6, close(2) alone does not stop them. */
void close_events(int fd)
{
	if (fd < 0)
		return;
	send_op(fd, PROC_CN_MCAST_IGNORE);
	close(fd);
}

/*
 * Returns the next event. Stores its process in @pid and, if it is a fork, the
 * parent in @parent, otherwise 0.
 */
enum event next_event(int fd, pid_t *pid, pid_t *parent)
{
	struct proc_event event;
	ssize_t got;
	__u32 ack;

	*parent = 0;
	while ((got = receive_event(fd, &event, &ack)) > 0) {
		switch (event.what) {
		case PROC_EVENT_FORK:
			*pid = event.event_data.fork.child_tgid;
			*parent = event.event_data.fork.parent_tgid;
			return NEW_PROCESS;
		case PROC_EVENT_EXEC:
			*pid = event.event_data.exec.process_tgid;
			return NEW_PROGRAM;
		case PROC_EVENT_COMM:
			*pid = event.event_data.comm.process_tgid;
			return NEW_NAME;
		default:
			return ANSWER;
		}
	}
	return got ? LOST : NO_EVENT;
}

/* Opens a socket for uevents. Exits on error. */
int open_uevents(void)
{
	int fd = open_group(NETLINK_KOBJECT_UEVENT, 1, NULL);

	if (fd < 0)
		err(failure, "uevents");
	return fd;
}

/* Returns the next event that concerns the module. */
enum event next_uevent(int fd)
{
	char message[8192];
	ssize_t got;

	while ((got = receive(fd, message, sizeof(message) - 1)) > 0) {
		message[got] = '\0';
		if (!strcmp(message, "add@/module/usertime"))
			return LOADED;
		if (!strcmp(message, "remove@/module/usertime"))
			return UNLOADED;
	}
	return got ? LOST : NO_EVENT;
}
