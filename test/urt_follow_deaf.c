// SPDX-License-Identifier: GPL-2.0
/*
 * "urt follow registers all processes that match, both those that already exist
 * and those that start later." This must hold even if the kernel stops sending
 * events. Since Linux 6.6, any user can make it do so. Follow notices within a
 * minute, says so, and searches /proc from then on. The test runs on a machine
 * whose clock skips idle time.
 */
#define TAP_SECONDS	1200	/* of that clock */

#include "tool.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define SENDERS	4

static int senders[SENDERS];

static void send_op(int fd, int op)
{
	struct {
		struct nlmsghdr header;
		struct cn_msg connector;
		int op;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = NLMSG_DONE },
		.connector = { .id = { CN_IDX_PROC, CN_VAL_PROC },
			       .len = sizeof(op) },
		.op = op,
	};

	if (send(fd, &message, sizeof(message), 0) < 0)
		die("the connector takes messages");
}

/* The kernel counts listeners. Each of these sockets lowers the count. */
static void stop_events(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	for (int i = 0; i < SENDERS; i++) {
		int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
				NETLINK_CONNECTOR);

		if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
				   sizeof(address)))
			die("a socket of the connector opens");
		send_op(fd, 7);
		send_op(fd, PROC_CN_MCAST_IGNORE);
		senders[i] = fd;
	}
}

/* Raises the count, so that the next listener gets events. */
static void allow_events(void)
{
	for (int i = 0; i < SENDERS; i++) {
		send_op(senders[i], PROC_CN_MCAST_LISTEN);
		close(senders[i]);
	}
}

int main(void)
{
	pid_t pid;
	int fd;

	plan(9);
	fd = status_open();
	if (!has_process_events()) {
		for (int i = 0; i < 9; i++)
			skip("no events", "this kernel reports no processes");
		return done();
	}
	follow_start("-n", "marker");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "a process that starts is registered");
	end(pid);
	/* Follow must not take five minutes without events for a failure. */
	sleep(300);
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid),
	   "a process that starts much later is registered");
	end(pid);

	stop_events();
	pid = start_named("marker", 0);
	ok(!!tool_says(0, "no process events arrive"),
	   "it reports that no events arrive");
	ok(gets_line(fd, pid), "it registers a process that started meanwhile");
	is(follow_ends(), 0, "SIGTERM ends it");
	end(pid);

	follow_start("-n", "marker");
	said("no process events", "another follow says so at once");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "it registers a process that starts");
	follow_ends();
	end(pid);

	allow_events();
	follow_start("-n", "marker");
	ok(!strstr(tool.text, "no process events"),
	   "when there are events again, follow does not say so");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "it registers a process that starts");
	follow_ends();
	end(pid);
	return done();
}
