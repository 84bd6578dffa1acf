# SPDX-License-Identifier: GPL-2.0
# `make help` lists the targets. Kbuild builds the module itself.
#
# KDIR (or KERNEL_SRC), ARCH, CROSS_COMPILE, O, LLVM, KCFLAGS, DEPMOD and INSTALL_MOD_PATH
# have the same meaning as for every out-of-tree module. These are for tests in guests
# (TESTS and OUT also for test-here):
#
#   RELEASE=trixie FLAVOUR=arm64-16k ARCH=arm64   boot another of Debian's kernels
#   KERNEL=/path/to/Image KDIR=/path/to/headers   boot any other kernel
#   TESTS="poll final"   run only these tests
#   OUT=DIR              write the results to DIR, DIR-nohz_full and so on
#   FILES="..."          copy these files to the guest's /test, too
#   MODFLAGS="..."       pass these arguments to the make that builds the guest's module

B := build
OUT := $(B)/test
PREFIX ?= /usr/local
TESTS := $(filter-out spin,$(basename $(notdir $(wildcard test/*.c))))
# Tests that also run on CPUs without a tick. nohz_full runs only there.
nohz_full := accuracy final nohz_full threads
# Tests that wait for a minute. They run in a guest whose clock skips idle time.
idle_clock := urt_rename urt_follow_unit urt_follow_full urt_follow_deaf
# A test for 32-bit kernels, in a guest whose clock runs fast.
fast_clock := beyond_32bit
special := nohz_full $(idle_clock) $(fast_clock)

headers := $(wildcard test/*.h test/*/*.h test/*/*/*.h) usertime.h
warnings := -Wall -Wextra
cflags := -static -O2 $(warnings) -pthread -I. -Itest

all: modules $(B)/spin $(B)/urt	## build urt, test/spin.c, and the module for the running kernel

# The kernel's headers, the folder with its configuration, and the value of an option.
KDIR ?= $(KERNEL_SRC)
here_kdir := $(or $(KDIR),/lib/modules/$(shell uname -r)/build)
objtree := $(or $(O),$(here_kdir))
config = $(shell sed -n 's/^CONFIG_$2=//p' $1/include/config/auto.conf 2>/dev/null)

# For a kernel built by clang, clang must build the modules: the same version if it is
# installed. A compiler that the user names is used instead.
ifeq ($(origin LLVM)$(filter command,$(origin CC)),undefined)
llvm = $(if $(call config,$1,CC_IS_CLANG),LLVM=$(shell \
	v=$$(($(call config,$1,CLANG_VERSION) / 10000)); \
	if type clang-$$v ld.lld-$$v >/dev/null 2>&1; then echo -$$v; else echo 1; fi))
endif

# The path of this folder.
folder = $(if $(findstring :,$(CURDIR))$(word 2,x$(CURDIR)x),$(error \
	kbuild cannot handle the space or colon in the path of this folder: $(CURDIR)),$(CURDIR))

# What root builds for this machine is compiled as the folder's owner, who can then build
# here, too.
as_owner = $(if $(filter 0,$(shell id -u)),scripts/as-owner)
# -ffile-prefix-map keeps the path of this folder out of the module.
kbuild_here = $(MAKE) -C $(here_kdir) M=$(folder) $(call llvm,$(objtree))
modules:	## build only the module
	@[ -e $(here_kdir)/Makefile ] || { echo "no kernel headers in $(here_kdir):" \
		"apt-get install build-essential linux-headers-$$(uname -r), or set KDIR" >&2; exit 1; }
	+$(as_owner) $(kbuild_here) KCFLAGS="$$KCFLAGS -ffile-prefix-map=$(CURDIR)=." modules

# Most header packages have neither a signing key nor System.map. Without the key,
# kbuild would print an SSL error. Without System.map, kbuild does not run depmod.
DEPMOD ?= depmod
key = $(wildcard $(objtree)/certs/signing_key.x509)
modules_install: modules	## install the module (INSTALL_MOD_PATH and DEPMOD are honored)
	+$(kbuild_here) $(if $(key),,CONFIG_MODULE_SIG_ALL=) modules_install
	@[ -e $(objtree)/System.map ] || echo "A missing System.map is normal. depmod runs now:"
	PATH=$$PATH:/usr/sbin:/sbin; $(DEPMOD) $(addprefix -b ,$(INSTALL_MOD_PATH)) \
		$$(modinfo -F vermagic usertime.ko | cut -d ' ' -f 1)

prefix = $(DESTDIR)$(PREFIX)

install: $(B)/urt	## install urt, urt-plot, the manual pages and the completion (PREFIX, DESTDIR)
	install -D -m 755 $(B)/urt $(prefix)/bin/urt
	install -D -m 755 tools/urt/plot $(prefix)/bin/urt-plot
	install -D -m 644 man/urt.1 $(prefix)/share/man/man1/urt.1
	install -D -m 644 man/urt-plot.1 $(prefix)/share/man/man1/urt-plot.1
	install -D -m 644 man/usertime.4 $(prefix)/share/man/man4/usertime.4
	install -D -m 644 tools/urt/urt.bash-completion \
		$(prefix)/share/bash-completion/completions/urt

uninstall:	## remove what make install has installed
	rm -f $(prefix)/bin/urt $(prefix)/bin/urt-plot \
		$(prefix)/share/man/man1/urt.1 $(prefix)/share/man/man1/urt-plot.1 \
		$(prefix)/share/man/man4/usertime.4 \
		$(prefix)/share/bash-completion/completions/urt

# Builds for this machine or for CROSS_COMPILE's, with the user's CC, CPPFLAGS, CFLAGS and
# LDFLAGS.
CFLAGS ?= -O2 -g
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
build_here = @echo "  CC      $@"; $(as_owner) mkdir -p $(@D); \
	$(as_owner) $(CC) -I. -Itest $(warnings) $(CPPFLAGS) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $(filter %.c,$^)
# Builds static programs for guests, which have no libraries.
compile = @echo "  CC      $@"; mkdir -p $(@D); $(1)gcc $(cflags) -o $@ $(filter %.c,$^)

urt := $(wildcard tools/urt/*.c) tools/urt/urt.h usertime.h

$(B)/spin $(B)/here/spin: test/spin.c $(headers)
	$(build_here)

$(B)/urt $(B)/here/urt: $(urt)
	$(build_here)

$(B)/here/%: test/%.c $(headers)
	$(build_here)

# The guest boots Debian's cloud-arm64 kernel, or the one that RELEASE, FLAVOUR, ARCH or
# KERNEL selects. Its module is built in build/; the one for this machine is not touched.

arch := $(or $(ARCH),arm64)
arch_arm64 := arm64 cloud-arm64 aarch64-linux-gnu arm
arch_arm := armhf armmp arm-linux-gnueabihf arm
arch_x86_64 := amd64 cloud-amd64 x86_64-linux-gnu x86
arch_riscv := riscv64 riscv64 riscv64-linux-gnu misc
arch_powerpc := ppc64el powerpc64le powerpc64le-linux-gnu ppc
arch_s390 := s390x s390x s390x-linux-gnu misc
deb_arch := $(word 1,$(arch_$(arch)))
flavour := $(or $(FLAVOUR),$(word 2,$(arch_$(arch))))
triplet := $(word 3,$(arch_$(arch)))
tools := qemu-system-$(word 4,$(arch_$(arch))) cpio kmod xz-utils perl gcc

debian := $(B)/debian-$(if $(RELEASE)$(FLAVOUR),$(if $(RELEASE),$(RELEASE)-)$(flavour),$(deb_arch))
ifdef KERNEL
$(if $(KDIR),,$(error KERNEL=$(KERNEL) also needs its headers: set KDIR))
kernel := $(KERNEL)
kdir := $(KDIR)
guest := $(B)/guest$(subst /,-,$(abspath $(KERNEL)))
else
kernel := $(debian)/kernel
kdir := $(debian)/headers
guest := $(debian:$(B)/debian-%=$(B)/guest-%)
endif

ifeq ($(shell dpkg --print-architecture 2>/dev/null),$(deb_arch))
tools += libc6-dev
compiler := gcc
else
compiler := gcc-$(subst _,-,$(triplet))
tools += $(compiler) libc6-dev-$(deb_arch)-cross
cross := $(triplet)-
endif

# The kernel of another release needs the compiler and pahole of that release.
release := $(RELEASE:%-backports=%)
root :=
ifneq ($(filter-out $(shell . /etc/os-release; echo $$VERSION_CODENAME),$(release)),)
root := scripts/root $(release) make,$(compiler),dwarves
kmake := $(root) make
else
kmake := +$(MAKE)
endif
kbuild = @$(kmake) -s -C $(kdir) M=$(folder)/$(@D) ARCH=$(arch) \
	CROSS_COMPILE=$(cross) $(call llvm,$(kdir)) CONFIG_DEBUG_INFO_BTF_MODULES=

tools:
	@scripts/need $(tools)

$(debian)/ready: | tools
	@RELEASE=$(RELEASE) scripts/debs $(debian) $(deb_arch) \
		linux-image-$(flavour) linux-headers-$(flavour) busybox-static
	@touch $@

$(guest)/module/usertime.ko: usertime.c usertime.h Kbuild $(debian)/ready | tools
	@mkdir -p $(@D)
	@cp usertime.c usertime.h Kbuild $(@D)
	@echo "building the module for the guest"
	$(kbuild) KCFLAGS="$$KCFLAGS -g" $(MODFLAGS) modules
	@touch $@

guest-root:
	$(if $(root),@$(root) true)

guest-module: $(guest)/module/usertime.ko

# Programs for guests, from test/ and test/debug/. Some in test/debug/ are scripts.
$(B)/test-$(deb_arch)/%: test/%.c $(headers) | tools
	$(call compile,$(cross))

$(B)/test-$(deb_arch)/%: test/debug/%.c $(headers) | tools
	$(call compile,$(cross))

$(B)/test-$(deb_arch)/urt: $(urt) | tools
	$(call compile,$(cross))

$(B)/test-$(deb_arch)/%: test/debug/%
	@mkdir -p $(@D)
	@cp $< $@

programs = $(patsubst %,$(B)/test-$(deb_arch)/%,$(TESTS) spin urt)
programs: $(programs)

initramfs = scripts/initramfs $(guest)/initramfs $(debian) $(kernel) test/init \
	$(guest)/module/usertime.ko

demo_programs := $(B)/test-$(deb_arch)/spin $(B)/test-$(deb_arch)/urt
demo: $(guest)/module/usertime.ko $(demo_programs)	## run three programs in a virtual machine, and draw their times
	@scripts/need gnuplot-nox fonts-dejavu-core
	@$(initramfs) test/demo $(demo_programs)
	@ARCH=$(arch) scripts/guest $(B)/demo $(kernel) $(guest)/initramfs \
		sh /test/demo /test/spin /test/urt /test/usertime.ko /dev/vport0p3
	@cp $(B)/demo/file $(B)/demo.csv && tools/urt/plot $(B)/demo.csv
	@echo "The data is in $(B)/demo.csv, and the plot in $(B)/demo.svg and $(B)/demo.png."

test-plot: demo	## run the demo and check the plot
	@scripts/need python3
	@prove --exec '' test/host/plot :: $(B)/demo.csv

# Runs the tests $1 in a guest, with $2 on the kernel's command line. The results are in $3.
# $4 sets variables for scripts/guest.
in_guest = rm -rf $3; { ARCH=$(arch) APPEND="$2" $4 \
	scripts/guest $3 $(kernel) $(guest)/initramfs \
	sh /test/run /test /test/usertime.ko $1; echo "\# status $$?"; } | scripts/tap $3 $1

# On an arm64 machine, make test mentions test-here, which is faster.
ifeq ($(shell uname -m)-$(RELEASE)$(FLAVOUR)$(ARCH)$(KERNEL),aarch64-)
hint := test-here-hint
endif
test-here-hint:
	@echo "'sudo make test-here' runs most of these tests faster, on this machine's own kernel. It loads and" \
		"unloads the module many times, so first stop programs that use it. A bug may crash the machine."

test: $(hint) $(guest)/module/usertime.ko $(programs)	## run the tests in a virtual machine
	@$(initramfs) test/run $(programs) $(FILES)
ifneq ($(filter nohz_full,$(TESTS)),)
	@$(call in_guest,$(filter $(nohz_full),$(TESTS)),nohz_full=1-3 $(APPEND),$(OUT)-nohz_full)
endif
# With ICOUNT, scripts/guest emulates a cortex-a57, which does not support 16 KiB pages.
ifneq ($(filter $(idle_clock),$(TESTS)),)
	@$(call in_guest,$(filter $(TESTS),$(idle_clock)),TEST_LIMIT=2000 $(APPEND),$(OUT)-idle_clock,\
		ICOUNT=0 $(if $(findstring 16k,$(flavour)),CPU=cortex-a76))
endif
ifeq ($(arch)-$(filter $(fast_clock),$(TESTS)),arm-$(fast_clock))
	@$(call in_guest,$(fast_clock),$(APPEND),$(OUT)-fast_clock,ICOUNT=8)
endif
ifneq ($(filter-out $(special),$(TESTS)),)
	@$(call in_guest,$(filter-out $(special),$(TESTS)),$(APPEND),$(OUT))
endif

# With GDB=1, nokaslr keeps the kernel at the addresses that gdb expects. The time limits are long,
# because a person uses this guest, and gdb may stop it.
shell: $(guest)/module/usertime.ko $(programs)	## run a shell in a virtual machine, with the module loaded (GDB=1: gdb can attach)
	@$(initramfs) test/shell $(programs) $(FILES)
	@ARCH=$(arch) TERMINAL=1 LIMIT=1000000 BOOT_LIMIT=1000000 APPEND="$(if $(GDB),nokaslr )$(APPEND)" \
		QEMU="$(if $(GDB),-s )$$QEMU" scripts/guest $(B)/shell $(kernel) $(guest)/initramfs \
		sh /test/shell /test/usertime.ko $(if $(GDB),$(guest)/module/usertime.ko $(wildcard $(kdir)/vmlinux))

$(B)/prometheus/usr/bin/promtool:
	@scripts/debs $(B)/prometheus $$(dpkg --print-architecture) prometheus
	@touch $@

test-metrics: $(B)/prometheus/usr/bin/promtool	## check the output of urt export with Prometheus's promtool
	@$(MAKE) -s test TESTS=urt_export OUT=$(B)/metrics
	@sed -n 's/^# export: //p' $(B)/metrics/urt_export.tap >$(B)/metrics/usertime.prom
	@[ -s $(B)/metrics/usertime.prom ]
	@said=$$($< check metrics <$(B)/metrics/usertime.prom 2>&1) && [ -z "$$said" ] || \
		{ echo "promtool: $$said"; exit 1; }
	@echo "promtool accepts $(B)/metrics/usertime.prom"

$(B)/node-exporter/ready:
	@scripts/debs $(@D) arm64 prometheus-node-exporter libc6
	@touch $@

exporter = $(addprefix $(B)/node-exporter/,usr/bin/prometheus-node-exporter \
	$(addprefix lib/aarch64-linux-gnu/,ld-linux-aarch64.so.1 libc.so.6))

fleet = test/fleet $(B)/test-$(deb_arch)/spin $(B)/test-$(deb_arch)/urt
test-fleet: $(guest)/module/usertime.ko $(fleet) $(B)/prometheus/usr/bin/promtool $(B)/node-exporter/ready	## scrape two machines with Prometheus, and kill one
	@scripts/need gnuplot-nox
	@MODULES=virtio_net $(initramfs) $(fleet) $(exporter)
	@scripts/test-fleet $(B)/fleet $(kernel) $(guest)/initramfs $(B)/prometheus docs/prometheus.yml

$(guest)/bench/%: test/bench/%.c $(headers) | tools
	$(call compile,$(cross))

$(guest)/bench/least.ko: test/bench/least.c test/bench/Kbuild $(debian)/ready | tools
	@mkdir -p $(@D)
	@cp test/bench/least.c test/bench/Kbuild $(@D)
	$(kbuild) modules
	@touch $@

bench_programs = $(addprefix $(guest)/bench/,module tool) $(B)/test-$(deb_arch)/urt
in_bench = LIMIT=1800 ARCH=$(arch) ICOUNT=0 MEMORY=4G scripts/guest $(B)/bench $(kernel) $(guest)/initramfs
ifdef BENCH_LARGE
bench: $(guest)/module/usertime.ko $(guest)/bench/large $(guest)/bench/least.ko
	@$(initramfs) $(guest)/bench/large $(guest)/bench/least.ko
	@LIMIT=3600 ARCH=$(arch) ICOUNT=0 MEMORY=16G scripts/guest $(B)/bench-large $(kernel) $(guest)/initramfs \
		/test/large /test/usertime.ko /test/least.ko 100 1000 10000 100000 500000
else
bench: $(guest)/module/usertime.ko $(bench_programs) $(guest)/bench/least.ko	## measure the costs, in instructions (BENCH_SHORT=1: only a part; BENCH_LARGE=1: up to 500,000 processes)
	@scripts/need gnuplot-nox
	@$(initramfs) $(bench_programs) $(guest)/bench/least.ko
	@{ $(in_bench) /test/module /test/usertime.ko /test/least.ko $(if $(BENCH_SHORT),short) && \
		$(in_bench) /test/tool /test/usertime.ko /test/urt $(if $(BENCH_SHORT),short); } \
		>$(B)/bench.csv || { cat $(B)/bench.csv; exit 1; }
	@scripts/bench $(B)/bench.csv $(B)/bench.svg
endif

# The libraries are Debian 12's: Debian 13's libelf.a calls functions that it lacks.
# clang-19 is in Debian 12 and 13; clang-14 drops the tag that marks a kptr.
peers := $(B)/debian-peers-$(deb_arch)
$(peers)/ready: | tools
	@scripts/need clang-19 bpftool
	@RELEASE=bookworm scripts/debs $(@D) $(deb_arch) liburing-dev libbpf-dev libelf-dev \
		zlib1g-dev linux-libc-dev
	@touch $@

peer_files = $(wildcard $(addprefix test/bench/peers/,$1))
peer_libraries := $(addprefix $(peers)/usr/lib/$(triplet)/lib,uring.a bpf.a elf.a z.a)
skeletons := $(patsubst test/bench/peers/%.bpf.c,$(B)/bpf/%.skel.h,$(call peer_files,*.bpf.c))

# bpftool converts a BPF program to a header.
$(B)/bpf/%.skel.h: test/bench/peers/%.bpf.c $(call peer_files,*.h) $(peers)/ready
	@echo "  BPF     $@"; mkdir -p $(@D)
	@clang-19 -target bpf -g -O2 $(warnings) -Wno-unused-parameter -I$(peers)/usr/include \
		-I$(peers)/usr/include/$(triplet) -c $< -o $(@:.skel.h=.o)
	@PATH=$$PATH:/usr/sbin; bpftool gen skeleton $(@:.skel.h=.o) name $* >$@

$(guest)/bench/peers: $(filter-out %.bpf.c,$(call peer_files,*.c)) $(headers) $(skeletons) \
		$(peers)/ready
	$(call compile,$(cross)) -I$(B)/bpf -isystem $(peers)/usr/include $(peer_libraries)

ifeq ($(RELEASE)$(FLAVOUR)$(KERNEL),)
bench-peers:	## compare usertime with other methods, and write docs/comparison.md (BENCH_SHORT=1: only a part, to build/)
	@$(MAKE) -s $@ RELEASE=trixie FLAVOUR=cloud-arm64
else
bench-peers: bench-peers-tools $(guest)/module/usertime.ko $(guest)/bench/least.ko $(guest)/bench/peers
	@$(initramfs) $(guest)/bench/least.ko $(guest)/bench/peers
	@LIMIT=3600 ARCH=$(arch) ICOUNT=0 MEMORY=4G scripts/guest $(B)/bench-peers $(kernel) $(guest)/initramfs \
		/test/peers /test/usertime.ko /test/least.ko $(if $(BENCH_SHORT),short) \
		>$(B)/peers.csv || { cat $(B)/peers.csv; exit 1; }
	@scripts/bench-peers $(B)/peers.csv $(B)/peers-tools.csv $(if $(BENCH_SHORT),$(B),docs)/comparison.md
endif

# The tools, their loader and their libraries are Debian 13's, whatever the kernel is.
$(B)/debian-trixie-tools/ready:
	@RELEASE=trixie scripts/debs $(@D) arm64 prometheus-process-exporter prometheus-node-exporter \
		sysstat atop libc6 libncursesw6 libtinfo6 zlib1g libglib2.0-0t64 libpcre2-8-0 libatomic1
	@touch $@

peers_tools = test/bench/peers/tools test/bench/peers/worker $(B)/test-$(deb_arch)/urt \
	$(addprefix $(B)/debian-trixie-tools/usr/,$(addprefix bin/,atop pidstat \
	prometheus-node-exporter prometheus-process-exporter) $(addprefix lib/aarch64-linux-gnu/, \
	ld-linux-aarch64.so.1 libatomic.so.1 libc.so.6 libglib-2.0.so.0 libm.so.6 libncursesw.so.6 \
	libpcre2-8.so.0 libtinfo.so.6 libz.so.1))
bench-peers-tools: $(guest)/module/usertime.ko $(B)/test-$(deb_arch)/urt $(B)/debian-trixie-tools/ready
	@$(initramfs) $(peers_tools)
	@LIMIT=3600 ARCH=$(arch) ICOUNT=0 scripts/guest $(B)/peers-tools $(kernel) $(guest)/initramfs \
		sh /test/tools /test $(if $(BENCH_SHORT),short) >$(B)/peers-tools.csv || \
		{ cat $(B)/peers-tools.csv; exit 1; }

$(B)/lines.so: test/bench/lines/plugin.c test/bench/lines/plugin.h
	@scripts/need gcc libc6-dev
	@mkdir -p $(@D)
	@gcc -O2 $(warnings) -shared -fPIC -o $@ $<

# The lines for 1,000 processes are subtracted from those for 4,000, to leave out fixed costs.
# Of several rounds, the last after sorting, with the fewest lines, is used.
lines_programs = $(guest)/bench/least.ko $(guest)/bench/lines
bench-lines: $(guest)/module/usertime.ko $(lines_programs) $(B)/lines.so	## count the cache lines that updates and reads touch
	@$(initramfs) $(lines_programs)
	@ARCH=$(arch) ICOUNT=0 QEMU="-plugin $(B)/lines.so,out=$(B)/lines.count" \
		scripts/guest $(B)/lines $(kernel) $(guest)/initramfs \
		/test/lines /test/usertime.ko /test/least.ko >$(B)/lines.what
	@paste -d , $(B)/lines.what $(B)/lines.count | sort -t , -k 1,1 -k 2,2nr -k 3,3nr | awk -F , ' \
		$$2 == 4000 { many = $$3; stored = $$4 } \
		$$2 == 1000 { lines[$$1] = many - $$3; written[$$1] = $$4 < stored ? stored - $$4 : 0 } \
		END { for (what in lines) printf "%s: %.1f cache lines per process, %.1f of them written\n", \
			what, lines[what] / 3000, written[what] / 3000 }'

test-clang:	## run the tests on a kernel built by clang, with a module built by clang
	@scripts/test-debug clang

test-debug:	## run the tests on debug kernels (KASAN, lockdep, ...; ONLY="kasan gcov": only these)
	@scripts/test-debug $(ONLY)

test-arm64:	## build and run four tests in an emulated Debian for arm64 (TESTS="...": these)
	@scripts/test-arm64 $(B)/arm64 $(or $(RELEASE),bookworm)

test-strangers:	## run stress-ng and trinity while the module works, on the kasan kernel
	@scripts/test-strangers

test-mutants:	## check that the tests find bugs planted in the module (QUICK=1: that make quick finds them)
	@QUICK=$(QUICK) scripts/test-mutants

# Builds usertime.c as a program for this machine: test/quick/ takes the place of the kernel,
# and the headers that usertime.c includes are empty.
quick := $(B)/quick
QUICK_CFLAGS := -O1
quick_clang = @mkdir -p $(@D); clang -g $(QUICK_CFLAGS) -std=gnu11 -fno-strict-aliasing $(warnings) \
	-Wno-unused-parameter -Wno-sign-compare -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -I. -I$(quick)/include

$(quick)/oracle.o: test/quick/oracle.c test/quick/oracle.h
	@scripts/need clang libclang-rt-dev llvm
	$(quick_clang) -c -o $@ $<

$(quick)/fuzz: test/quick/fuzz.c $(quick)/oracle.o $(headers) usertime.c
	@sed -n 's,^#include <\(.*\)>,$(quick)/include/\1,p' usertime.c | while read -r header; do \
		mkdir -p "$${header%/*}" && : >"$$header"; done
	$(quick_clang) -Dfuzz_one=LLVMFuzzerTestOneInput -fprofile-instr-generate=$(quick)/profile.raw \
		-fcoverage-mapping -o $@ $< $(quick)/oracle.o

quick: $(quick)/fuzz	## run usertime.c in user space, on the saved inputs and for 5 s on new ones
	@scripts/quick $(quick) 5

SECONDS := 60
fuzz: $(quick)/fuzz	## like quick, for 60 s on new inputs (SECONDS=n; SEED=n: the same inputs each time)
	@scripts/quick $(quick) $(SECONDS) $(SEED)

proof:	## check every case of the models, the parser and the printing of numbers (ONLY="spin cbmc": only these parts)
	@scripts/proof $(ONLY)

here := $(filter-out $(idle_clock) $(fast_clock),$(TESTS))
test-here: all $(B)/here/spin $(B)/here/urt $(here:%=$(B)/here/%)	## run the tests on this machine (as root)
	@[ "$$(id -u)" = 0 ] || { echo "only root can load a module" >&2; exit 1; }
	@echo "loading $(CURDIR)/usertime.ko into this machine's kernel, $$(uname -r), many times"
	@rm -rf $(OUT) && $(as_owner) mkdir -p $(OUT)
	@{ test/run $(B)/here usertime.ko $(here); status=$$?; \
		dmesg | tac | sed '/usertime-test: start/q' | tac >$(OUT)/console.log; \
		echo "# status $$status"; } | scripts/tap $(OUT) $(here)

$(B)/checkpatch/checkpatch.pl:
	@scripts/need linux-source xz-utils
	@mkdir -p $(@D)
	@for source in /usr/src/linux-source-*.tar.xz; do :; done; \
		echo "unpacking checkpatch from $$source"; \
		tar -xf $$source -C $(@D) --strip-components=2 --occurrence=1 \
		--wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch'
	@touch $@

$(B)/clang-tools/gen_compile_commands.py:
	@scripts/need linux-source xz-utils
	@for source in /usr/src/linux-source-*.tar.xz; do :; done; \
		tar -xf $$source -C $(B) --strip-components=2 --occurrence=1 --wildcards '*/$(@:$(B)/%=scripts/%)'
	@touch $@

# Describes the guest's module, because its kernel headers are always here. An editor needs the path of
# usertime.c, not that of the copy that is compiled.
compile_commands.json: $(B)/clang-tools/gen_compile_commands.py $(guest)/module/usertime.ko	## tell language servers how usertime.c is compiled
	@scripts/need python3
	@python3 $< -d $(kdir) -o $@ $(guest)/module
	@sed -i 's:/$(guest)/module/usertime\.c:/usertime.c:g' $@

deb:	## build the Debian packages, in build/deb/
	@scripts/need dpkg-dev gcc libc6-dev debhelper dh-dkms bash-completion lintian cpio
	@scripts/deb $(B)/deb

test-deb: deb	## install, use and purge the packages on Debian 12 and 13 (ONLY=12: only on 12)
	@scripts/need mmdebstrap uidmap debian-archive-keyring cpio gcc libc6-dev qemu-system-x86
	@scripts/test-deb $(B)/deb $(or $(ONLY),12 13)

test-kernels:	## run the tests on Debian's kernels from 5.10 to 7.x (ONLY="5.10 7.x": only on these)
	@scripts/test-kernels $(ONLY)

PARTS := $(filter-out %.sh,$(notdir $(wildcard test/system/*)))
test-system:	## boot a whole Debian 12 for arm64, and run all tests and the documents' commands there (RELEASE=trixie: Debian 13; PARTS="readme": only this part)
	@scripts/need qemu-system-arm qemu-utils openssh-client perl man-db
	@scripts/image $(or $(RELEASE),bookworm) >/dev/null
	@RELEASE=$(RELEASE) prove --exec '' --verbose --timer $(PARTS:%=test/system/%)

# The longest parts are last. Each part runs even if others have failed.
test-all:	## run all checks and tests (six hours; longer the first time)
	@scripts/parts "$(MAKE) check" "$(MAKE) fuzz SECONDS=600" "$(MAKE) test-mutants QUICK=1" \
		"$(MAKE) proof" "$(MAKE) test-host" "$(MAKE) bench" "$(MAKE) test-plot" \
		"$(MAKE) test-metrics" "$(MAKE) test-fleet" "$(MAKE) test-deb" "$(MAKE) test-arm64" \
		"$(MAKE) test-clang" "$(MAKE) test-debug" "$(MAKE) test-strangers" "$(MAKE) test-system" \
		"$(MAKE) test-system RELEASE=trixie" "$(MAKE) test-kernels" "$(MAKE) test-mutants"

check: $(B)/checkpatch/checkpatch.pl $(debian)/ready	## check the source: W=1, sparse, checkpatch, shellcheck, manual pages, units, texts
	@scripts/need sparse shellcheck kmod man-db mandoc gcc libc6-dev systemd procps
	@$(MAKE) -s $(B)/here/urt CROSS_COMPILE=
	@KDIR=$(or $(KDIR),$(abspath $(debian)/headers)) \
		ARCH=$(if $(KDIR),$(ARCH),$(arch)) \
		CROSS_COMPILE=$(if $(KDIR),$(CROSS_COMPILE),$(cross)) \
		CFLAGS="$(cflags)" scripts/check $(B)/check $< $(B)/here/urt

host := callers clang deb folder install jobs limits owner reproducible
test-host: $(debian)/ready deb | tools	## build and install the module in all usual ways, and build the packages (no virtual machine)
	@CLANG=$$(scripts/debug-kernel clang-headers) DEBIAN=$(abspath $(debian)) ARCH=$(arch) \
		CROSS_COMPILE=$(cross) prove --exec '' $(host:%=test/host/%)

clean:	## remove what was built, but not what was downloaded
	rm -f *.ko *.o .*.o *.mod *.mod.c .*.cmd .*.d Module.symvers modules.order compile_commands.json
	rm -rf $(filter-out $(addprefix $(B)/,debian-% checkpatch prometheus node-exporter \
		strangers-root),$(wildcard $(B)/*))

help:	## show this list
	@sed -n 's/^\([a-z0-9_.-]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

.PHONY: all modules modules_install install uninstall tools demo test-plot test shell test-metrics test-fleet \
	test-arm64 test-clang test-debug test-host test-mutants test-strangers test-here test-here-hint \
	quick fuzz proof bench bench-lines bench-peers bench-peers-tools programs guest-root guest-module \
	deb test-deb test-all test-kernels test-system check clean help compile_commands.json
.DELETE_ON_ERROR:
