# SPDX-License-Identifier: GPL-2.0-or-later
# The face of the build: meson builds user space, kbuild the guest module.
#
#   make            user space into build/, for work on it: a touched file is built in seconds
#   make release    the programs into build/release, as they are installed and measured
#   make unit       the unit tests, or those whose names have T in them (T=queue); half a minute
#   make format     format the C files of user space (clang-format 14)
#   make lint       the static checks that take seconds; check-all has the others
#   make help       this list
#   make module     the guest module for the running kernel (KDIR=... for another)
#   make demo       a chat between this machine and a VM, through the device
#                   (DEVICE=qemu: through the device in our own QEMU)
#   make demo-keys  a web server and a disk in a VM, whose keys stay on this machine
#   make qemu       that QEMU, from Debian's source with qemu/, into the cache (3 minutes)
#   make check      unit, wire and chat tests and one VM; under 5 minutes warm
#   make check-all  everything: sanitizers, static checks, debug kernels, two more kernels
#   make check-long all VM cases on all guests, for an idle machine: an hour and more
#   make check-provider  OpenSSL's own tests with the provider (builds OpenSSL once)
#   make bench      the numbers of docs/performance.md, on this machine (20 minutes;
#                   BENCH=--quick: 3; tools/bench-suite --help)
#   make coverage-guest   line coverage of the module, in User-mode Linux
#   make survival   200 kills and 20 upgrades of the daemon's worker under a guest's load
#   make soak       20 minutes of mixed load, kills, reloads, little memory (SOAK_SECONDS)
#   make hostile    CHAINS (1000000) hostile chains against the daemon and the device in QEMU
#   make coverage   line coverage of device/, daemon/, engine/ (COVERAGE=vm: by VM tests too)
#   make fuzz       run the fuzzers for FUZZ_SECONDS each (clang)
#   make deb        Debian packages into build/deb, built twice and judged (SUITE=trixie: for that
#                   release, in a tree of its own, and installed there; root)
#   make dist       the tarball of a release into build/dist, built and tried once
#   make install-guest   in a guest: the module by DKMS, the header, the udev rule, the group; root
#   make install    the release; PREFIX= (/usr/local, or what build/release has) DESTDIR=
#   make clean      remove build/ (the cache of kernels and QEMU stays)

# Where make install puts things: /usr/local unless build/release was configured for another place.
PREFIX ?=
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60

all: configure
	ninja -C build -j$(JOBS)

# Without the tests, which need more than a build does; in a directory that has them they stay.
configure:
	packaging/deps build
	packaging/configure build '-Dtests?=false' $(if $(PREFIX),--prefix=$(PREFIX))

# Compiled as one whole (decision 90), which only what is measured or installed has to pay for.
release:
	packaging/deps build
	packaging/configure build/release --buildtype=release '-Dtests?=false' $(if $(PREFIX),--prefix=$(PREFIX))
	ninja -C build/release -j$(JOBS)

unit:
	tests/unit/run $(T)

format:
	tests/static/run --format

lint:
	tests/static/run clang-format shellcheck man includes links style

help:
	@sed -n 's/^#   //p' Makefile

module:
	$(MAKE) -C guest $(if $(KDIR),KDIR=$(KDIR)) modules

demo:
	packaging/deps demo
	@$(MAKE) --no-print-directory all
	$(if $(filter qemu vhost-user,$(DEVICE)),packaging/deps qemu)
	tests/vm/demo $(if $(INTERACTIVE),--interactive) $(if $(DEVICE),--device=$(DEVICE))

demo-keys:
	packaging/deps demo-keys
	@$(MAKE) --no-print-directory all
	tests/vm/demo-keys

qemu:
	packaging/deps qemu
	qemu/build --jobs=$(JOBS)

check:
	packaging/deps check
	tests/check

check-all:
	packaging/deps check-all qemu
	tests/check --all

check-long:
	packaging/deps check-all qemu
	@$(MAKE) --no-print-directory all
	tests/vm/suite --long --jobs=$(JOBS)

check-provider: all
	packaging/deps check-provider
	tests/provider/recipes

# Without gnuplot there are no plots, which is said: so a failure here is none.
bench:
	-packaging/deps bench
	@$(MAKE) --no-print-directory release
	VCRYPTO_BUILD=$(CURDIR)/build/release tools/bench-suite --bench=build/release/tools/vcrypto-bench $(BENCH)

coverage-guest: all
	packaging/deps check-all
	tests/vm/coverage

survival: all
	SURVIVAL_KILLS=200 SURVIVAL_UPGRADES=20 VM_RUN_ARGS=--guest=uml \
		bash tests/vm/cases/78-survival

# SOAK_SECONDS: how long, 1200 without it.
soak: all
	VM_RUN_ARGS=--guest=uml bash tests/vm/cases/79-soak

hostile:
	packaging/deps check-all qemu
	tests/hostile $(CHAINS)

coverage:
	packaging/deps coverage
	tests/coverage $(COVERAGE)

fuzz:
	packaging/deps check-all
	tests/fuzz/run $(FUZZ_SECONDS)

install: release
	DESTDIR=$(DESTDIR) meson install -C build/release --no-rebuild

install-guest:
	packaging/install-guest $(if $(DESTDIR),--destdir=$(DESTDIR))

deb:
	packaging/deps deb
	packaging/deb $(SUITE)

dist:
	packaging/deps build
	packaging/dist

clean:
	rm -rf build

.PHONY: release unit format lint help deb dist install-guest configure survival soak hostile coverage all module demo demo-keys qemu check check-all check-long check-provider coverage-guest bench fuzz install clean
