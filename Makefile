# SPDX-License-Identifier: MIT OR Apache-2.0
# `make help` lists the targets.

# One profile for everything: what `make demo` shows a newcomer is what
# `make check` tests and `make deb` ships, and it is built once.
PROFILE = release
CARGO = cargo
PREFIX = /usr
DESTDIR =

# The same programs whoever builds them, and wherever: no folder of the builder's is in them. A blank in
# a folder's name would end the flag there, so that such a folder stays.
CARGO_HOME ?= $(HOME)/.cargo
ifeq ($(words $(CURDIR) $(CARGO_HOME)),2)
export CARGO_BUILD_RUSTFLAGS = --remap-path-prefix=$(CURDIR)=/pager --remap-path-prefix=$(CARGO_HOME)=/cargo
endif

VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)

PROGRAMS = -p pagerd -p pagerctl -p pager-hook
PACKAGES = target/packages
NOTICES = $(PACKAGES)/third-party-licenses.txt

.DEFAULT_GOAL := build
.PHONY: help demo check build bench deb rpm reproduce install uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: programs ## Show one approval from question to answer (ANSWER=allow|deny where there is no terminal)
	@target/$(PROFILE)/pagerctl demo $(if $(ANSWER),--answer $(ANSWER)) $(ARGS)

check: ## Run every test, installing what a fresh Debian lacks
	@tests/check.sh

build: programs $(NOTICES) ## Build the programs into target/release

# For tests/check.sh: with other flags everything would be built anew.
.PHONY: flags
flags:
	@printf '%s\n' '$(CARGO_BUILD_RUSTFLAGS)'

.PHONY: programs
programs:
	$(CARGO) build --locked --profile $(PROFILE) $(PROGRAMS)

$(NOTICES): Cargo.lock packaging/third-party.sh
	@mkdir -p $(PACKAGES)
	packaging/third-party.sh >$@.new
	@mv $@.new $@

bench: programs ## Measure, print the table, write target/bench.json
	$(CARGO) bench --locked -p pager-tests

deb: build ## Build the Debian package into target/packages
	packaging/build-deb.sh $(PACKAGES)

rpm: build ## Build the RPM package into target/packages
	packaging/build-rpm.sh $(PACKAGES) $(VERSION)

reproduce: ## Build the commit in another folder too, and compare the packages byte by byte
	packaging/reproduce.sh

install: $(NOTICES) ## Install what make build has built (DESTDIR=, PREFIX=/usr)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' packaging/install.sh install

uninstall: ## Remove what make install has installed
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' packaging/install.sh uninstall

clean: ## Remove everything that was built
	$(CARGO) clean
