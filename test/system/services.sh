# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# The parts that install the packages of this version begin with this file.
# shellcheck disable=SC2016 # the shells in the machine expand $(...)

. test/system/machine.sh

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
next=$version.1
cgroup=/sys/fs/cgroup/system.slice/nginx.service
folder=lib/prometheus/node-exporter
packaged="usertime.c usertime.h Kbuild Makefile README.md CHANGELOG.md debian docs man tools"

# Builds the packages in ~/$1 of the machine and keeps them in build/system/RELEASE/$2. If
# an earlier part has kept packages there that are newer than the source, copies those.
packages() {
	kept=build/system/$release/$2
	# shellcheck disable=SC2086 # a list of words
	if [ -e "$kept/log" ] && [ -z "$(find $packaged -newer "$kept/log")" ]; then
		tar -c -C "$kept" . | connect user "mkdir -p $1/build/deb && tar -x -C $1/build/deb"
	else
		rm -rf "$kept" && mkdir -p "$kept" && user "cd ../$1 && make deb" &&
			user "tar -c -C ../$1/build/deb ." | tar -x -C "$kept"
	fi && user "ls ../$1/build/deb/usertime-*.deb"
}

# Builds packages of the next version: this source, with another version in all places.
# "1.2.2" as a pattern would also match "1 202", as in "urt 1 2026-11-26".
next_packages() {
	pattern=$(echo "$version" | sed 's/\./[.]/g')
	user "mkdir ../next && cp -R $packaged scripts test ../next && cd ../next &&
		sed -i 's/$pattern/$next/g' \$(grep -rlF '$version' usertime.h debian man)" &&
		packages next next
}

# Installs the packages in ~/$1 with README's command. apt-get asks whether to continue.
install() {
	headers='linux-headers-$(uname -r) linux-headers-$(dpkg --print-architecture)'
	command=$(given "sudo apt-get install $headers ./build/deb/usertime-*.deb") &&
		user "cd ../$1 && echo y | $command"
}

# README: Install, Watch processes for months
set_up() {
	guided 'echo usertime | sudo tee /etc/modules-load.d/usertime.conf' &&
		root_guided 'echo options usertime period_ms=1000 > /etc/modprobe.d/usertime.conf' &&
		guided 'sudo modprobe usertime' &&
		guided 'echo unit nginx.service | sudo tee -a /etc/usertime/follow.conf' &&
		guided 'sudo systemctl enable --now usertime-follow usertime-export'
}

# Runs `systemctl edit` for unit $1, and enters the [Service] with the line $2 that urt(1)
# shows.
edit() {
	grep -i "run systemctl edit $1 and enter:" "$out/guide" &&
		awk -v RS= -v line="$2" '/^ *\[Service\]/ && index($0, line)' "$out/guide" |
		sed 's/^ *//' >"$out/drop-in" && [ -s "$out/drop-in" ] &&
		user "cat >/tmp/drop-in <<'END'
$(cat "$out/drop-in")
END
		cat >/tmp/editor <<'END'
#!/bin/sh
shift \$((\$# - 1))	# the file is last; Debian 13 names a line before it
cp /tmp/drop-in \"\$1\"
END
		chmod +x /tmp/editor
		script -qec 'sudo SYSTEMD_EDITOR=/tmp/editor systemctl edit $1' /dev/null" &&
		user "cat /etc/systemd/system/$1.service.d/override.conf" | grep "^$2"
}

# urt(1): moves the file of usertime-export to a tmpfs.
on_tmpfs() {
	args=$(given 'ARGS="--collector.textfile.directory=/[rv]*/lib/prometheus/node-exporter"') &&
		edit usertime-export "Environment=FILE=/run/$folder/usertime.prom" &&
		user "sudo sed -i 's|^ARGS=.*|$args|' /etc/default/prometheus-node-exporter" &&
		root_guided 'systemctl restart usertime-export prometheus-node-exporter'
}

active() {
	user "for unit in $*; do systemctl is-active \$unit || exit; done"
}

# Whether the three processes of nginx's unit are listed: its main process, and a worker for
# each of two CPUs.
nginx_listed() {
	root "pids=\$(cat $cgroup/cgroup.procs) && set -- \$pids && [ \$# = 3 ] &&
		for pid; do grep \"^\$pid: \" /proc/urt/status || exit; done"
}

# Prints node_exporter's answer.
scrape() {
	user 'exec 3<>/dev/tcp/localhost/9100
		printf "GET /metrics HTTP/1.0\r\n\r\n" >&3
		cat <&3'
}

served() {
	scrape >"$out/answer" && grep -F "$1" "$out/answer"
}

# node_exporter answers, and the answer does not mention usertime.
not_served() {
	scrape >"$out/answer" && grep '^process_start_time_seconds' "$out/answer" &&
		! grep -E '^usertime_|/usertime\.prom' "$out/answer"
}

all_run() {
	active usertime-follow usertime-export && await nginx_listed &&
		await served 'usertime_user_seconds_total{comm="nginx",pid="'
}

# Scrapes node_exporter five times a second. At each boot, this begins before node_exporter
# starts. Writes a line "answer" or "no answer" to /run/answers, and then what the answer
# says about usertime.
watch_answers() {
	root 'cat >/usr/local/bin/ask <<"END"
#!/bin/bash
exec 2>/dev/null
if answer=$(exec 3<>/dev/tcp/localhost/9100
	printf "GET /metrics?collect[]=textfile HTTP/1.0\r\n\r\n" >&3 && cat <&3); then
	echo "answer"
	grep usertime <<<"$answer"
else
	echo "no answer"
fi
exit 0
END
	chmod +x /usr/local/bin/ask
	cat >/etc/systemd/system/answers.service <<"END"
[Unit]
Before=prometheus-node-exporter.service
[Service]
ExecStartPre=/usr/local/bin/ask
ExecStart=/bin/sh -c "while sleep 0.2; do ask; done"
StandardOutput=append:/run/answers
[Install]
WantedBy=multi-user.target
END
	systemctl enable --now answers'
}
