# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the tests of the build, which source this: they get, from `make test-host`, Debian's
# kernel for guests, unpacked in DEBIAN, with its ARCH and CROSS_COMPILE, and in CLANG what
# builds modules for a kernel built by clang.

set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # for those that source this
kdir=$(readlink -f "$DEBIAN/headers")
# shellcheck disable=SC2034
cross="ARCH=$ARCH CROSS_COMPILE=$CROSS_COMPILE"
points=0

# seen POINT COMMAND...: one point, which is ok if the command succeeds.
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

# A clean copy of what is built.
copy() {
	mkdir -p "$1"
	cp -r Makefile Kbuild usertime.[ch] man scripts test tools "$1"
}

# make_in FOLDER [ARGUMENT...], without the variables of the make that runs the tests.
make_in() (
	cd "$1"
	shift
	env -i PATH="$PATH" HOME="$HOME" LC_ALL=C.UTF-8 make "$@"
)

# A folder that serves as KDIR, of a kernel with these options. Instead of building, it
# prints what it was called with.
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

# called [ARGUMENT...]: what that folder is called with by `make modules_install`.
called() {
	make_in "$work/copy" -s KDIR="$work/kernel" DEPMOD=true "$@" modules_install 2>&1
}

# says FILE REGEX, and says_not: the regular expression is found in the file, which is shown.
says() {
	cat "$1"
	grep -qE -e "$2" "$1" || { echo "expected: $2"; return 1; }
}

says_not() {
	cat "$1"
	! grep -E -e "$2" "$1" || { echo "not expected: $2"; return 1; }
}
