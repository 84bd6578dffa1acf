# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Each part of the system test begins with this file. It boots a whole Debian for
# arm64 (scripts/image) and runs commands in it over ssh, as a user would. A part
# prints TAP, with the plan at the end. The output of the machine and its console is
# in build/system/RELEASE/PART/. "set -e" has no effect in functions that seen or
# await calls, so their commands are joined by &&.

set -eu

release=${RELEASE:-bookworm}
part=${0##*/}
out=build/system/$release/$part
limit=1800	# seconds, for one command
n=0 failed='' emulator=''

# Boots a new machine, with a copy of the tracked files in the user's ~/usertime.
machine_start() {
	qemu-img create -q -f qcow2 -F raw -b "$image/disk" "$out/disk" >&2
	machine_boot
	if [ -e .git ]; then
		git ls-files -z
	else
		find . -path ./build -prune -o -type f -print0
	fi | tar -c --null -T - | connect user 'mkdir usertime && tar -x -C usertime'
}

# Boots the machine that machine_start made, and waits until it has started its
# services. In a power cut, the disk loses what has not been flushed.
machine_boot() {
	cpu=max,pauth-impdef=on accel=tcg
	if [ "$(uname -m)" = aarch64 ] && [ -w /dev/kvm ]; then
		cpu=host accel=kvm
	fi
	port=$(perl -MIO::Socket::INET -e '
		print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
	qemu-system-aarch64 -M virt -cpu $cpu -accel $accel -smp 2 -m 2G \
		-display none -monitor none \
		-kernel "$image/kernel" -initrd "$image/initrd" \
		-append "root=/dev/vda rw console=ttyAMA0" \
		-drive "if=none,id=disk,file=$out/disk,cache=writeback" \
		-device virtio-blk-device,drive=disk \
		-netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
		-device virtio-net-device,netdev=net \
		-chardev "file,id=console,path=$out/console.log,append=on" \
		-serial chardev:console >>"$out/emulator" 2>&1 </dev/null &
	emulator=$!
	machine_up ''
}

# Waits until the machine has booted and started all its services. $1 is the ID of the
# boot before, or empty.
machine_up() {
	tries=0
	until id=$(boot_id) && [ "$id" != "$1" ]; do
		tries=$((tries + 1))
		if [ $tries = 200 ] || ! kill -0 "$emulator" 2>/dev/null; then
			last_words "the machine did not boot" >&2
			return 1
		fi
		sleep 3
	done
	for user in user root; do	# all commands of a user share one connection
		connect "$user" -M -N -f >>"$out/emulator" 2>&1
	done
	connect user 'systemctl is-system-running --wait' >>"$out/emulator" || :
}

boot_id() {
	connect user -o ControlPath=none cat /proc/sys/kernel/random/boot_id 2>/dev/null </dev/null
}

machine_reboot() {
	before=$(user 'cat /proc/sys/kernel/random/boot_id') || return
	connect user 'sudo reboot' </dev/null || :
	for user in user root; do
		connect "$user" -O exit 2>/dev/null || :
	done
	machine_up "$before"
}

# Cuts the power.
machine_kill() {
	kill -KILL "$emulator"
	wait "$emulator" 2>/dev/null || :
	emulator=
}

# Runs ssh to the machine as user $1. The other arguments are ssh's.
connect() {
	name=$1
	shift
	timeout --foreground "$limit" ssh -q -F none -i "$image/key" -p "$port" -l "$name" \
		-o ControlPath="$sockets/%r" -o BatchMode=yes -o ConnectTimeout=10 \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ServerAliveInterval=15 -o ServerAliveCountMax=20 127.0.0.1 "$@"
}

# run USER COMMANDS: runs commands in the machine, one or more lines. user and root stop at
# the first command that fails.
run() {
	status=0
	connect "$@" </dev/null || status=$?
	case $status in
	124) last_words "still running after $limit seconds: $2" >&2 ;;
	255) last_words "no connection to the machine for: $2" >&2 ;;
	esac
	return $status
}

user() {
	run user "set -e
cd usertime
$1"
}

root() {
	run root "set -e
$1"
}

# Prints the guide, which is all that a user reads: README, CONTRIBUTING, docs/ and the
# manual pages.
guide() {
	cat README.md CONTRIBUTING.md docs/*.md
	for page in man/*; do
		LC_ALL=C.UTF-8 MANWIDTH=1000 man -l "$page"
	done
}

# Removes indentation, the prompt "$ " and comments, and joins lines after a backslash. The
# prompt of root, "# ", stays: it is part of the command.
lines() {
	sed -e ':join' -e '/\\$/ { N; s/\\\n *//; b join' -e '}' \
		-e 's/^ *//; s/^\$ //; s/ \{1,\}# .*//'
}

# Prints the command if it is in the guide, on a line of its own or in backquotes.
given() {
	lines <"$out/guide" | grep -qxF -e "$1" || grep -qF -e "\`$1\`" "$out/guide" || {
		echo "the guide does not contain this command: $1" >&2
		echo false
		return 1
	}
	printf '%s\n' "$1" | tee -a "$out/given"
}

# Whether this part has run all commands that the guide marks for it (see scripts/commands).
all_marked() {
	scripts/commands "make test-system PARTS=$part" README.md CONTRIBUTING.md docs/*.md |
		lines | grep . >"$out/marked" ||
		{ echo "the guide marks no command for this part"; return 1; }
	! grep -vxF -f "$out/given" "$out/marked"
}

# Run a command from the guide, as the user or as root.
guided() {
	given "$1" >/dev/null && user "$1"
}

root_guided() {
	given "# $1" >/dev/null && root "$1"
}

last_words() {
	echo "machine: $1"
	echo "The last of $out/console.log:"
	tail -n 30 "$out/console.log" | tr -d '\r'
}

# Prints a point of TAP: whether the command succeeds. If not, prints the end of its output,
# too.
seen() {
	what=$1
	shift
	n=$((n + 1)) began=$(date +%s)
	if "$@" >"$out/log" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		tail -n 40 "$out/log" | tr -d '\r' | awk '{ print "# " $0 }'
		failed=yes
	fi
	{
		echo "# $n - $what: $(($(date +%s) - began)) s"
		tr -d '\r' <"$out/log"
	} >>"$out/output"
}

# Repeats a command until it succeeds, for up to five minutes.
await() {
	tries=$(date +%s)
	until "$@" >"$out/try" 2>&1; do
		if [ $(($(date +%s) - tries)) -gt 300 ]; then
			cat "$out/try"
			echo "not within five minutes: $*"
			return 1
		fi
		sleep 1
	done
	cat "$out/try"
}

# Whether the kernel's own checkers have never printed anything.
no_reports() {
	eval "$(grep '^reports=' scripts/tap)"
	# shellcheck disable=SC2154 # eval has set it
	! grep -E -B 3 -A 30 "$reports" "$out/console.log"
}

# Runs at the end of the part, and if it fails or is stopped.
finish() {
	status=$?
	trap '' HUP INT TERM
	[ -z "$emulator" ] || machine_kill
	rm -rf "$sockets" "$out/disk"
	if [ $status = 0 ]; then
		echo "1..$n"
	else
		echo "# ended with status $status after point $n"
	fi
	[ $status = 0 ] && [ -z "$failed" ]
}

image=$(scripts/image "$release")
rm -rf "$out"
mkdir -p "$out"
guide >"$out/guide"
sockets=$(mktemp -d)
trap finish EXIT
trap 'exit 1' HUP INT TERM
