# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# The tests of the build source this file. `make test-host` sets these variables: DEBIAN,
# the folder with Debian's kernel for guests; ARCH and CROSS_COMPILE for that kernel; and
# CLANG, the build tree of a kernel built by clang.

set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # used by the tests
kdir=$(readlink -f "$DEBIAN/headers")
# shellcheck disable=SC2034
cross="ARCH=$ARCH CROSS_COMPILE=$CROSS_COMPILE"
points=0

# seen POINT COMMAND...: prints a point, which is ok if the command succeeds.
seen() {
	points=$((points + 1)) point=$1
	shift
	if ("$@") >"$work/log" 2>&1; then
		echo "ok $points - $point"
	else
		echo "not ok $points - $point"
		sed 's/^/# /' "$work/log"
	fi
}

plan() {
	echo "1..$points"
}

# copy FOLDER: makes a clean copy of the source there.
copy() {
	mkdir -p "$1"
	cp -r Makefile Kbuild usertime.[ch] man scripts test tools "$1"
}

# make_in FOLDER [ARGUMENT...]: runs make there, without the variables of the make that runs
# the tests.
make_in() (
	cd "$1"
	shift
	env -i PATH="$PATH" HOME="$HOME" LC_ALL=C.UTF-8 make "$@"
)

# kernel_with OPTION...: makes a folder that serves as KDIR, of a kernel with these options.
# It builds nothing, but prints what make passes to it.
kernel_with() {
	mkdir -p "$work/kernel/include/config"
	printf 'CONFIG_%s\n' "$@" >"$work/kernel/include/config/auto.conf"
	cat >"$work/kernel/Makefile" <<-'END'
		CC := compiler
		CONFIG_MODULE_SIG_ALL := y
		modules modules_install: ; @echo '$@: LLVM=<$(LLVM)> CC=<$(CC)> KCFLAGS=<$(KCFLAGS)>' \
			'SIG_ALL=<$(CONFIG_MODULE_SIG_ALL)> uid=<'$$(id -u)'>'
	END
}

# called [ARGUMENT...]: prints what `make modules_install` passes to that folder.
called() {
	make_in "$work/copy" -s KDIR="$work/kernel" DEPMOD=true "$@" modules_install 2>&1
}

# says FILE REGEX, says_not FILE REGEX: print the file, and succeed if it matches, or does not.
says() {
	cat "$1"
	grep -qE -e "$2" "$1" || { echo "expected: $2"; return 1; }
}

says_not() {
	cat "$1"
	! grep -E -e "$2" "$1" || { echo "not expected: $2"; return 1; }
}
