// SPDX-License-Identifier: GPL-2.0
/*
 * "urt follow registers all processes that match, both those that already exist
 * and those that start later": also when the kernel stops sending events. Since
 * Linux 6.6, any user can bring that about. Follow notices within a minute,
 * says so, and looks through /proc from then on. This runs where the clock jumps
 * over idle time.
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

/* The kernel counts those that listen; each of these takes one away. */
static void stop_events(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	for (int i = 0; i < SENDERS; i++) {
		int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
				NETLINK_CONNECTOR);

		if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
				   sizeof(address)))
			die("a socket of the connector");
		send_op(fd, 7);
		send_op(fd, PROC_CN_MCAST_IGNORE);
		senders[i] = fd;
	}
}

/* The next program that listens gets events again. */
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
			skip("deaf", "this kernel reports no processes");
		return done();
	}
	follow_start("-n", "marker");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "a process that starts is registered");
	end(pid);
	/* Nothing happens for five minutes: that is no sign of anything. */
	sleep(300);
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "so is one that starts much later");
	end(pid);

	stop_events();
	pid = start_named("marker", 0);
	ok(!!tool_says(0, "no process events arrive"),
	   "it says that no events come");
	ok(gets_line(fd, pid), "and registers what has started meanwhile");
	is(follow_ends(), 0, "SIGTERM ends it");
	end(pid);

	follow_start("-n", "marker");
	said("no process events", "another one says so at once");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "and registers what starts");
	follow_ends();
	end(pid);

	allow_events();
	follow_start("-n", "marker");
	ok(!strstr(tool.text, "no process events"),
	   "when it listens, others get events again");
	pid = start_named("marker", 0);
	ok(gets_line(fd, pid), "and registers what starts");
	follow_ends();
	end(pid);
	return done();
}
