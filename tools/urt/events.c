// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel reports through netlink: new processes and programs, and that
 * the module was loaded or unloaded
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

/* Room for some 5,000 events, which a busy machine sends between two looks. */
#define QUEUE_SIZE	(2 << 20)

/* An event as the kernel sends it, which would have to be aligned otherwise. */
struct message {
	struct nlmsghdr header;
	struct cn_msg connector;
	char event[sizeof(struct proc_event)];
};

/* Where a member of the event is, for the filter. */
#define AT(member)	(offsetof(struct message, event) + \
			 offsetof(struct proc_event, member))

/* A socket for what the kernel sends to @group. Return: -1 with errno. */
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
 * Receives a message from the kernel; those from other programs are skipped.
 * Return: its length; 0 if there is none; -1 if the kernel had to drop some.
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
 * Lets through the kernel's answers, and each exec, fork and change of a name
 * that concerns a process and not a thread: its two numbers are the same. What
 * is not let through does not wake urt.
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

/* Tells the kernel to begin or end sending. Return: false with errno. */
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

/* Like receive(), for a message of the process events connector. */
static ssize_t receive_event(int fd, struct proc_event *event, __u32 *ack)
{
	struct message message = { 0 };
	ssize_t got = receive(fd, &message, sizeof(message));

	memcpy(event, message.event, sizeof(*event));
	*ack = message.connector.ack;
	return got;
}

/*
 * The kernel's answer comes before send(2) returns. There is none in a PID
 * namespace, for example. Return: false with errno if it is no.
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
 * Opens the process events connector. Return: -1 with errno if the kernel has
 * none, or does not let us use it.
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

/* Before Linux 6.6, the kernel goes on sending unless it is told this. */
void close_events(int fd)
{
	if (fd >= 0 && send_op(fd, PROC_CN_MCAST_IGNORE))
		close(fd);
}

/*
 * @pid receives the process of the next event, and @parent the one that forked
 * it, if that is the event, and 0 otherwise. Return: what has come.
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

/* Opens the socket that uevents come from. Exits if there is none. */
int open_uevents(void)
{
	int fd = open_group(NETLINK_KOBJECT_UEVENT, 1, NULL);

	if (fd < 0)
		err(failure, "uevents");
	return fd;
}

/* Return: the next event that concerns the module. */
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
