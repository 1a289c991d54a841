# The commands of this house. `make demo` shows it, `make test` proves it; the rest is for who works on it.
# Build output may lie outside the clone, so that a fresh clone on a warm machine builds fast.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/letsema/target
PEOPLE ?=
POPULATION ?= 10000
PORT ?= 8080
DATA ?= $(HOME)/.cache/letsema/demo

# What is built for a run is not built again: half the disk, and no slower. Who works on the code runs `make check` or cargo.
demo build test test-all bench: export CARGO_INCREMENTAL = 0

.PHONY: demo build check test test-all bench fmt clean-demo

## The whole program on an embedded SQLite file with the Lesotho pack and invented people.
demo: build
	$(CARGO_TARGET_DIR)/debug/letsema demo --data $(DATA) --port $(PORT) --population $(POPULATION) $(if $(PEOPLE),--people $(PEOPLE))

build:
	cargo build --locked --package letsema

## Fast checks, warm under two minutes: style, lints, the rules of the house, unit tests.
check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo nextest run --locked --workspace --lib --bins
	cargo nextest run --locked --package xtask

## Everything: installs what the tests need (as root), then all tests on SQLite and PostgreSQL, then in a browser.
test:
	tests/run

## The slow proofs: long simulations, large populations, other people's programs.
test-all: test
	tests/slow

## Figures beside their physical limits; see bench/README.md.
bench:
	bench/run

fmt:
	cargo fmt --all

clean-demo:
	rm -rf $(DATA)
