# The only entry point. Verbs, no logic: what takes more than five lines is a program.
.DEFAULT_GOAL := help
.PHONY: help setup check test unit sim sim-long sim-replay sim-mutants faults demo scenarios run push bench bench-lambdas fuzz fmt lint doc deny e2e lambdas deploy mutants clean

NEXTEST := 0.9.143
DENY := 0.20.2
CARGO_FUZZ := 0.13.2
MUTANTS := 27.1.0
TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/bin:$(PATH)
GREENROOM := target/debug/greenroom
RELEASED := target/release/greenroom
BRANCH ?= feature/my-idea
SIM := target/simulate/sim
RUNS ?= 100000
SEED ?= 1
TARGET ?= webhook
MINUTES ?= 1
# What other tests keep, for the targets that read the same thing.
SEEDS_stage_file := shared/core/tests/valid shared/core/tests/broken
SEEDS_hurl := shared/suites/tests/corpus

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: ## Everything the other verbs need: tools into .tools, crates into cargo's cache
	@command -v git >/dev/null || { echo "git is missing: install it with the system's package manager"; exit 1; }
	cargo --version
	@cargo nextest --version 2>/dev/null | grep -q '$(NEXTEST)' || cargo install --locked --root $(TOOLS) --version $(NEXTEST) cargo-nextest
	cargo fetch --locked
	@infra/tools.sh

check: fmt-check lint doc unit ## Formatting, lints, docs, unit and scenario tests

test: ## All tests, the whole story over the real binary and over the deployed functions among them; FAST=1 leaves the latter out
	cargo nextest run --workspace --locked
	cargo test --doc --workspace --locked --quiet
	$(MAKE) --no-print-directory sim
	$(if $(FAST),@echo "FAST: the deployed functions are not tested",$(MAKE) --no-print-directory e2e)

unit: ## The tests of the libraries
	cargo nextest run --workspace --exclude greenroom --locked

sim: simulator ## Simulate 3,000 bad days, and see that a known bug would be noticed
	$(SIM) run --runs 3000
	target/simulate/seeded canary

sim-long: simulator ## The same for a night, each run twice: make sim-long RUNS=1000000 SEED=4000
	$(SIM) run --runs $(RUNS) --from $(SEED) --twice

sim-replay: simulator ## One run again, with all that happens: make sim-replay SEED=112
	$(SIM) replay $(SEED)

sim-mutants: simulator ## How many runs each seeded bug survives; writes docs/seeded-bugs.md
	target/simulate/seeded run

faults: ## Golden scenarios with every pair of faults; some minutes (single faults are tests)
	cargo run --locked --profile simulate -p greenroom-testkit --bin faults -- pairs

demo: build ## The main job on real input, from a push to a recovery; leaves nothing running
	target/debug/demo --greenroom $(GREENROOM) --folder .demo

scenarios: build ## Every example played to the real server; UPDATE=1 rewrites transcripts, EXAMPLES=gitflow is one
	target/debug/scenarios --greenroom $(GREENROOM) $(if $(UPDATE),--update) $(EXAMPLES)

run: build ## The same set-up, left serving
	target/debug/demo --greenroom $(GREENROOM) --folder .demo serve

push: ## Push something to what `make run` serves: make push BRANCH=feature/x
	target/debug/demo --folder .demo push $(BRANCH)

bench: ## Every benchmark; ratios of one run count, times do not
	cargo build --release --locked -p greenroom
	cargo bench --workspace --locked --benches
	cargo run --release --locked -p greenroom-testkit --bin serve_bench -- --greenroom $(RELEASED)

fuzz: ## Look for input that breaks a promise: make fuzz TARGET=webhook MINUTES=10 (installs cargo-fuzz into .tools)
	@cargo fuzz --version 2>/dev/null | grep -q '$(CARGO_FUZZ)' || cargo install --locked --root $(TOOLS) --version $(CARGO_FUZZ) cargo-fuzz
	@mkdir -p .fuzz/$(TARGET)
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_STRIP=none cargo fuzz run --fuzz-dir shared/fuzz --target-dir target/fuzz \
	  --sanitizer none --features libfuzzer $(TARGET) .fuzz/$(TARGET) shared/fuzz/corpus/$(TARGET) $(SEEDS_$(TARGET)) \
	  -- -max_total_time=$$(($(MINUTES) * 60)) -timeout=10 -dict=shared/fuzz/words.dict

.PHONY: build simulator fmt-check lint-template
lint-template:
	@mkdir -p $(addprefix .build/lambda/,$(notdir $(wildcard functions/*)))
	cfn-lint infra/template.yaml
	SAM_CLI_TELEMETRY=0 AWS_REGION=eu-central-1 sam validate --lint --template-file infra/template.yaml
simulator:
	cargo build --locked --profile simulate -p greenroom-simulator --bins

build:
	cargo build --locked -p greenroom -p greenroom-testkit --bins

fmt: ## Format the code
	cargo fmt --all

fmt-check:
	cargo fmt --all -- --check

lint: lint-template ## Clippy, and the template's own linters; warnings are errors
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy -p greenroom-integration-tests --all-targets --features deployed --locked -- -D warnings

doc: ## The documentation of the code, warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --document-private-items

deny: ## Licences, sources and duplicates of the dependencies (installs cargo-deny into .tools)
	@cargo deny --version 2>/dev/null | grep -q '$(DENY)' || cargo install --locked --root $(TOOLS) --version $(DENY) cargo-deny
	cargo deny --locked check bans licenses sources

e2e: ## The functions as they are deployed: built, put into MiniStack by the template, and asked from outside
	PROFILE=dev ARCHITECTURE=$(shell uname -m | sed 's/aarch64/arm64/') infra/lambdas.sh
	cargo test --locked -p greenroom-integration-tests --features deployed --test deployed -- --test-threads=16

lambdas: ## The functions as they are deployed, into .build/lambda; ARCHITECTURE=arm64|x86_64, PROFILE=dev builds quickly
	@infra/lambdas.sh

bench-lambdas: lambdas ## Sizes and times of the functions beside one that does nothing
	cargo build --locked --profile lambda -p greenroom-lambda --example hello
	cargo run --locked -p greenroom-integration-tests --features deployed --example functions

deploy: lambdas ## Greenroom on AWS: make deploy STACK=greenroom PARAMETERS="AlertsEmail=team@example.com"
	@infra/deploy.sh

mutants: ## Mutation tests of the core (installs cargo-mutants into .tools): make mutants FILES=gates.rs
	@cargo mutants --version 2>/dev/null | grep -q '$(MUTANTS)' || cargo install --locked --root $(TOOLS) --version $(MUTANTS) cargo-mutants
	PROPTEST_CASES=64 cargo mutants --package greenroom-core $(foreach file,$(FILES),--file '$(file)') $(MUTANTS_ARGS)

clean: ## Remove what was built and what the demo left
	cargo clean
	rm -rf .build .demo .tools
