# SPDX-License-Identifier: GPL-2.0
# The front door, for people.  Kbuild says how the module itself is built.
#
# KDIR (or KERNEL_SRC), ARCH, CROSS_COMPILE, O, LLVM, KCFLAGS, DEPMOD and INSTALL_MOD_PATH
# mean what they mean in every out-of-tree module.
# RELEASE=trixie FLAVOUR=arm64-16k ARCH=arm64: another kernel of Debian's for the
# guests.  KERNEL=/path/to/Image KDIR=/path/to/headers: any other.
# TESTS="one another": not all of the tests.  OUT=DIR: what they say goes there.
# FILES="...": more files for the guest's /test.
# MODFLAGS="...": more for the build of the guest's module.

B := build
OUT := $(B)/test
PREFIX ?= /usr/local
TESTS := $(filter-out spin,$(basename $(notdir $(wildcard test/*.c))))
# those that also run where processors do without a tick, and one that only does
nohz_full := accuracy final nohz_full threads
# those that run where the clock jumps over idle time: they wait for a minute
idle_clock := urt_rename urt_follow_unit urt_follow_full urt_follow_deaf
# one for 32-bit kernels, which only runs where the clock runs fast
fast_clock := beyond_32bit
special := nohz_full $(idle_clock) $(fast_clock)

headers := $(wildcard test/*.h test/*/*.h test/*/*/*.h) usertime.h
warnings := -Wall -Wextra
cflags := -static -O2 $(warnings) -pthread -I. -Itest

all: modules $(B)/spin $(B)/urt	## build the module for the running kernel, the tool and test/spin.c

# The kernel's headers, the folder of its configuration, and an option of that.
KDIR ?= $(KERNEL_SRC)
here_kdir := $(or $(KDIR),/lib/modules/$(shell uname -r)/build)
objtree := $(or $(O),$(here_kdir))
config = $(shell sed -n 's/^CONFIG_$2=//p' $1/include/config/auto.conf 2>/dev/null)

# A kernel built by clang needs modules built by clang, of the same version if that is
# installed.  If the user names a compiler, that is used.
ifeq ($(origin LLVM)$(filter command,$(origin CC)),undefined)
llvm = $(if $(call config,$1,CC_IS_CLANG),LLVM=$(shell \
	v=$$(($(call config,$1,CLANG_VERSION) / 10000)); \
	if type clang-$$v ld.lld-$$v >/dev/null 2>&1; then echo -$$v; else echo 1; fi))
endif

# This folder.
folder = $(if $(findstring :,$(CURDIR))$(word 2,x$(CURDIR)x),$(error \
	kbuild cannot handle the space or colon in the path of this folder: $(CURDIR)),$(CURDIR))

# Root builds as the folder's owner, who can then build again.
as_owner = $(if $(filter 0,$(shell id -u)),scripts/as-owner)
# -ffile-prefix-map keeps the path of this folder out of the module.
kbuild_here = $(MAKE) -C $(here_kdir) M=$(folder) $(call llvm,$(objtree))
modules:	## build only the module
	@[ -e $(here_kdir)/Makefile ] || { echo "no kernel headers in $(here_kdir):" \
		"apt-get install build-essential linux-headers-$$(uname -r), or say KDIR=..." >&2; exit 1; }
	+$(as_owner) $(kbuild_here) KCFLAGS="$$KCFLAGS -ffile-prefix-map=$(CURDIR)=." modules

# Without a key to sign modules with, which most headers lack, kbuild would print an SSL
# error.  Without System.map, which they lack too, it does not run depmod.
DEPMOD ?= depmod
key = $(wildcard $(objtree)/certs/signing_key.x509)
modules_install: modules	## install the module (INSTALL_MOD_PATH and DEPMOD are honored)
	+$(kbuild_here) $(if $(key),,CONFIG_MODULE_SIG_ALL=) modules_install
	@[ -e $(objtree)/System.map ] || echo "A missing System.map is normal. depmod runs now:"
	PATH=$$PATH:/usr/sbin:/sbin; $(DEPMOD) $(addprefix -b ,$(INSTALL_MOD_PATH)) \
		$$(modinfo -F vermagic usertime.ko | cut -d ' ' -f 1)

prefix = $(DESTDIR)$(PREFIX)

install: $(B)/urt	## install the tool, urt-plot, the manual pages and the completion (PREFIX, DESTDIR)
	install -D -m 755 $(B)/urt $(prefix)/bin/urt
	install -D -m 755 tools/urt/plot $(prefix)/bin/urt-plot
	install -D -m 644 man/urt.1 $(prefix)/share/man/man1/urt.1
	install -D -m 644 man/urt-plot.1 $(prefix)/share/man/man1/urt-plot.1
	install -D -m 644 man/usertime.4 $(prefix)/share/man/man4/usertime.4
	install -D -m 644 tools/urt/urt.bash-completion \
		$(prefix)/share/bash-completion/completions/urt

uninstall:	## remove what install has installed
	rm -f $(prefix)/bin/urt $(prefix)/bin/urt-plot \
		$(prefix)/share/man/man1/urt.1 $(prefix)/share/man/man1/urt-plot.1 \
		$(prefix)/share/man/man4/usertime.4 \
		$(prefix)/share/bash-completion/completions/urt

# For this machine: CC, CPPFLAGS, CFLAGS and LDFLAGS are the user's.
CFLAGS ?= -O2 -g
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
build_here = @echo "  CC      $@"; $(as_owner) mkdir -p $(@D); \
	$(as_owner) $(CC) -I. -Itest $(warnings) $(CPPFLAGS) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $(filter %.c,$^)
# For guests, which have no libraries.
compile = @echo "  CC      $@"; mkdir -p $(@D); $(1)gcc $(cflags) -o $@ $(filter %.c,$^)

urt := $(wildcard tools/urt/*.c) tools/urt/urt.h usertime.h

$(B)/spin $(B)/here/spin: test/spin.c $(headers)
	$(build_here)

$(B)/urt $(B)/here/urt: $(urt)
	$(build_here)

$(B)/here/%: test/%.c $(headers)
	$(build_here)

# The guest: Debian's arm64 kernel, unless RELEASE, FLAVOUR, ARCH or KERNEL say
# another.  What is made for it is made in build/, apart from what `make` makes
# for this machine.

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
$(if $(KDIR),,$(error KERNEL=$(KERNEL) wants its headers too: KDIR=...))
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

# The compiler and pahole that another release's kernel wants are of that release.
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
	$(kbuild) $(MODFLAGS) modules
	@touch $@

guest-root:
	$(if $(root),@$(root) true)

guest-module: $(guest)/module/usertime.ko

# Programs for guests: of test/, or of test/debug/, where some are scripts.
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
	@echo "drawn: $(B)/demo.svg and $(B)/demo.png, from $(B)/demo.csv"

test-plot: demo	## run the demo and check the plot
	@scripts/need python3
	@prove --exec '' test/host/plot :: $(B)/demo.csv

# The tests $1 in a guest with $2 on its command line, and the verdict in $3; $4
# is more of its environment.
in_guest = rm -rf $3; { ARCH=$(arch) APPEND="$2" $4 \
	scripts/guest $3 $(kernel) $(guest)/initramfs \
	sh /test/run /test /test/usertime.ko $1; echo "\# status $$?"; } | scripts/tap $3 $1

# On arm64, where the machine could run them itself.
ifeq ($(shell uname -m)-$(RELEASE)$(FLAVOUR)$(ARCH)$(KERNEL),aarch64-)
hint := test-here-hint
endif
test-here-hint:
	@echo "'sudo make test-here' runs the same tests faster, on this machine's own kernel. It loads" \
		"and unloads the module again and again: stop what uses it. A fault may crash the machine."

test: $(hint) $(guest)/module/usertime.ko $(programs)	## run the tests in a virtual machine
	@$(initramfs) test/run $(programs) $(FILES)
ifneq ($(filter nohz_full,$(TESTS)),)
	@$(call in_guest,$(filter $(nohz_full),$(TESTS)),nohz_full=1-3 $(APPEND),$(OUT)-nohz_full)
endif
# cortex-a57, the CPU of guests whose clock counts, has no pages of 16 KiB.
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

$(B)/prometheus/usr/bin/promtool:
	@scripts/debs $(B)/prometheus $$(dpkg --print-architecture) prometheus
	@touch $@

test-metrics: $(B)/prometheus/usr/bin/promtool	## check the output of urt export with Prometheus's promtool
	@$(MAKE) -s test TESTS=urt_export OUT=$(B)/metrics
	@sed -n 's/^# export: //p' $(B)/metrics/urt_export.tap >$(B)/metrics/usertime.prom
	@[ -s $(B)/metrics/usertime.prom ]
	@said=$$($< check metrics <$(B)/metrics/usertime.prom 2>&1) && [ -z "$$said" ] || \
		{ echo "promtool: $$said"; exit 1; }
	@echo "promtool has nothing to say of $(B)/metrics/usertime.prom"

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
bench: $(guest)/module/usertime.ko $(bench_programs) $(guest)/bench/least.ko	## measure what it costs, in instructions (BENCH_SHORT=1: a part; BENCH_LARGE=1: of 500,000 processes)
	@scripts/need gnuplot-nox
	@$(initramfs) $(bench_programs) $(guest)/bench/least.ko
	@{ $(in_bench) /test/module /test/usertime.ko /test/least.ko $(if $(BENCH_SHORT),short) && \
		$(in_bench) /test/tool /test/usertime.ko /test/urt $(if $(BENCH_SHORT),short); } \
		>$(B)/bench.csv || { cat $(B)/bench.csv; exit 1; }
	@scripts/bench $(B)/bench.csv $(B)/bench.svg
endif

# libelf.a of Debian 13 lacks functions that it calls. clang-14 drops what marks a kptr;
# Debian 12 and 13 have clang-19.
peers := $(B)/debian-peers-$(deb_arch)
$(peers)/ready: | tools
	@scripts/need clang-19 bpftool
	@RELEASE=bookworm scripts/debs $(@D) $(deb_arch) liburing-dev libbpf-dev libelf-dev \
		zlib1g-dev linux-libc-dev
	@touch $@

peer_files = $(wildcard $(addprefix test/bench/peers/,$1))
peer_libraries := $(addprefix $(peers)/usr/lib/$(triplet)/lib,uring.a bpf.a elf.a z.a)
skeletons := $(patsubst test/bench/peers/%.bpf.c,$(B)/bpf/%.skel.h,$(call peer_files,*.bpf.c))

# bpftool puts a BPF program into a header.
$(B)/bpf/%.skel.h: test/bench/peers/%.bpf.c $(call peer_files,*.h) $(peers)/ready
	@echo "  BPF     $@"; mkdir -p $(@D)
	@clang-19 -target bpf -g -O2 $(warnings) -Wno-unused-parameter -I$(peers)/usr/include \
		-I$(peers)/usr/include/$(triplet) -c $< -o $(@:.skel.h=.o)
	@PATH=$$PATH:/usr/sbin; bpftool gen skeleton $(@:.skel.h=.o) name $* >$@

$(guest)/bench/peers: $(filter-out %.bpf.c,$(call peer_files,*.c)) $(headers) $(skeletons) \
		$(peers)/ready
	$(call compile,$(cross)) -I$(B)/bpf -isystem $(peers)/usr/include $(peer_libraries)

ifeq ($(RELEASE)$(FLAVOUR)$(KERNEL),)
bench-peers:	## compare it with other methods, in docs/comparison.md (BENCH_SHORT=1: a part, in build/)
	@$(MAKE) -s $@ RELEASE=trixie FLAVOUR=cloud-arm64
else
bench-peers: bench-peers-tools $(guest)/module/usertime.ko $(guest)/bench/least.ko $(guest)/bench/peers
	@$(initramfs) $(guest)/bench/least.ko $(guest)/bench/peers
	@LIMIT=3600 ARCH=$(arch) ICOUNT=0 MEMORY=4G scripts/guest $(B)/bench-peers $(kernel) $(guest)/initramfs \
		/test/peers /test/usertime.ko /test/least.ko $(if $(BENCH_SHORT),short) \
		>$(B)/peers.csv || { cat $(B)/peers.csv; exit 1; }
	@scripts/bench-peers $(B)/peers.csv $(B)/peers-tools.csv $(if $(BENCH_SHORT),$(B),docs)/comparison.md
endif

# Debian 13's tools, whatever the kernel, with their loader and libraries.
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

# The difference between 1,000 and 4,000 processes is what the processes touch. The
# fewest lines of several rounds are taken: they are the last when sorted.
lines_programs = $(guest)/bench/least.ko $(guest)/bench/lines
bench-lines: $(guest)/module/usertime.ko $(lines_programs) $(B)/lines.so	## count the cache lines that an update touches
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

test-debug:	## run the tests on debug kernels (KASAN, lockdep, ...; ONLY="kasan gcov": on some)
	@scripts/test-debug $(ONLY)

test-arm64:	## run make test on Debian for arm64, with its own compiler (TESTS: a few)
	@scripts/test-arm64 $(B)/arm64 $(or $(RELEASE),bookworm)

test-strangers:	## run stress-ng and trinity beside the module, on the kasan kernel
	@scripts/test-strangers

test-mutants:	## check that the tests fail when the module is broken (QUICK=1: that make quick does)
	@QUICK=$(QUICK) scripts/test-mutants

# usertime.c for this machine, with the kernel of test/quick/ in place of Linux. The
# headers that it includes are empty.
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

quick: $(quick)/fuzz	## run usertime.c in user space, on inputs that are kept and for 5 s on new ones
	@scripts/quick $(quick) 5

SECONDS := 60
fuzz: $(quick)/fuzz	## the same for SECONDS=n (SEED=n: on the same new inputs each time)
	@scripts/quick $(quick) $(SECONDS) $(SEED)

proof:	## try every case of a model of usertime.c (ONLY=liveness: what must happen in the end)
	@scripts/proof $(ONLY)

here := $(filter-out $(idle_clock) $(fast_clock),$(TESTS))
test-here: all $(B)/here/spin $(B)/here/urt $(here:%=$(B)/here/%)	## run the tests on this machine (as root)
	@[ "$$(id -u)" = 0 ] || { echo "only root can load a module" >&2; exit 1; }
	@echo "loading $(CURDIR)/usertime.ko into this machine's kernel, $$(uname -r), again and again"
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

deb:	## build the Debian packages, in build/deb/
	@scripts/need dpkg-dev gcc libc6-dev debhelper dh-dkms bash-completion lintian cpio
	@scripts/deb $(B)/deb

test-deb: deb	## install, load and purge the packages on Debian 12 and 13 (ONLY=12: on one)
	@scripts/need mmdebstrap uidmap debian-archive-keyring cpio gcc libc6-dev qemu-system-x86
	@scripts/test-deb $(B)/deb $(or $(ONLY),12 13)

test-kernels:	## run the tests on Debian's kernels from 5.10 to 7.x (ONLY="5.10 7.x": on some)
	@scripts/test-kernels $(ONLY)

PARTS := $(filter-out %.sh,$(notdir $(wildcard test/system/*)))
test-system:	## boot a whole Debian 12 for arm64 and use it as README says (RELEASE=trixie, PARTS="readme")
	@scripts/need qemu-system-arm qemu-utils openssh-client perl
	@scripts/image $(or $(RELEASE),bookworm) >/dev/null
	@RELEASE=$(RELEASE) prove --exec '' --verbose --timer $(PARTS:%=test/system/%)

# What takes longest comes last. Each part runs with what it needs, also after a failure.
test-all:	## run everything there is (four hours, the first time more)
	@scripts/parts "$(MAKE) check" "$(MAKE) fuzz SECONDS=600" "$(MAKE) test-mutants QUICK=1" \
		"$(MAKE) proof" "$(MAKE) test-host" "$(MAKE) bench" "$(MAKE) test-plot" \
		"$(MAKE) test-metrics" "$(MAKE) test-fleet" "$(MAKE) test-deb" "$(MAKE) test-arm64" \
		"$(MAKE) test-clang" "$(MAKE) test-debug" "$(MAKE) test-strangers" "$(MAKE) test-system" \
		"$(MAKE) test-system RELEASE=trixie" "$(MAKE) test-kernels" "$(MAKE) test-mutants"

check: $(B)/checkpatch/checkpatch.pl $(debian)/ready	## check the source: W=1, sparse, checkpatch, shellcheck, manual pages, units, guide
	@scripts/need sparse shellcheck kmod man-db mandoc gcc libc6-dev systemd procps
	@$(MAKE) -s $(B)/here/urt CROSS_COMPILE=
	@KDIR=$(or $(KDIR),$(abspath $(debian)/headers)) \
		ARCH=$(if $(KDIR),$(ARCH),$(arch)) \
		CROSS_COMPILE=$(if $(KDIR),$(CROSS_COMPILE),$(cross)) \
		CFLAGS="$(cflags)" scripts/check $(B)/check $< $(B)/here/urt

host := callers clang deb folder install jobs limits owner reproducible
test-host: $(debian)/ready deb | tools	## build and install the module the ways people do, and the packages (no virtual machine)
	@CLANG=$$(scripts/debug-kernel clang-headers) DEBIAN=$(abspath $(debian)) ARCH=$(arch) \
		CROSS_COMPILE=$(cross) prove --exec '' $(host:%=test/host/%)

clean:	## remove what was built, but not what was downloaded
	rm -f *.ko *.o .*.o *.mod *.mod.c .*.cmd .*.d Module.symvers modules.order
	rm -rf $(filter-out $(addprefix $(B)/,debian-% checkpatch prometheus node-exporter \
		strangers-root),$(wildcard $(B)/*))

help:	## show this list
	@sed -n 's/^\([a-z0-9_-]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

.PHONY: all modules modules_install install uninstall tools demo test-plot test test-metrics test-fleet \
	test-arm64 test-clang test-debug test-host test-mutants test-strangers test-here test-here-hint \
	quick fuzz proof bench bench-lines bench-peers bench-peers-tools programs guest-root guest-module \
	deb test-deb test-all test-kernels test-system check clean help
.DELETE_ON_ERROR:
