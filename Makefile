TOOL := go tool -modfile=$(CURDIR)/internal/tools/go.mod
CRASH := internal/crash
# In memory if possible: simulations write many small files.
SIM_DIR := $(firstword $(wildcard /dev/shm) /tmp)
BENCH := internal/bench

.DEFAULT_GOAL := help
.PHONY: help fmt lint test race fuzz damaged bench bench-peers cover check tidy drill sim sweep callback-load reload soak mutants crash crash-long

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

fmt: ## format all Go files and sort their imports
	$(TOOL) golangci-lint fmt ./...
	cd $(CRASH) && $(TOOL) golangci-lint fmt ./...
	cd $(BENCH) && $(TOOL) golangci-lint fmt ./...

lint: ## go vet, golangci-lint, staticcheck
	go vet ./... && $(TOOL) golangci-lint run ./... && $(TOOL) staticcheck ./...
	cd $(CRASH) && go vet ./... && $(TOOL) golangci-lint run ./...
	cd $(BENCH) && go vet ./... && $(TOOL) golangci-lint run ./...

test: ## all tests
	go test ./...

race: ## all tests with the race detector
	go test -race ./...

fuzz: ## each fuzz target for 60 s, or FUZZTIME=10s: half an hour
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*' . | sed 's|/[^/]*:func | |' | sort | while read -r package target; do \
		echo "$$package $$target"; go test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),60s) || exit 1; done

damaged: ## 20,000 damaged files: none makes an outbox panic, hang, or deliver what was not accepted; two minutes
	go test ./outbox -run TestDamagedFilesAreJudged -v -timeout 30m -args -damaged.files 20000

bench: ## all benchmarks, no tests; COUNT=10 for benchstat
	go test -run '^$$' -bench . -benchmem -count $(or $(COUNT),1) ./...

bench-peers: ## beside peers, into docs/benchmarks.md: half an hour; PARTS=accept,mixed for some, SHORT=1 only to see that it works
	cd $(BENCH) && go run . $(if $(SHORT),-short,-page $(CURDIR)/docs/benchmarks.md) $(if $(PARTS),-only $(PARTS))

cover: ## coverage of all tests, the untested lines in coverage.html
	go test -coverprofile=coverage.out ./... && go tool cover -html=coverage.out -o coverage.html

check: ## all that CI runs
	.ci/run

tidy: ## tidy all modules
	go mod tidy && (cd $(CRASH) && go mod tidy) && (cd $(BENCH) && go mod tidy) && cd internal/tools && go mod tidy

drill: ## the announced window, played and judged with ten seeds: six minutes
	for seed in 1 2 3 4 5 6 7 8 9 10; do go run ./examples/anymarketctl drill --json --seed $$seed || exit 1; done

sim: ## everything goes wrong, in virtual time: 2,000 seeds, 20,000 hours, over a million calls; ten minutes
	totals=$$(mktemp); TMPDIR=$(SIM_DIR) GOTMPDIR=/tmp go test ./anymarket ./anymarket/marketplace -run 'Simulation$$' -timeout 60m \
		-args -sim.seeds 1000 -sim.totals $$totals; status=$$?; cat $$totals; rm $$totals; exit $$status

sweep: ## duplicates within and beyond the model, the table of docs/once.md: minutes
	go test ./anymarket -run 'TestSweepBeyondTheModel' -v -timeout 60m -args -sim.sweep

callback-load: ## 1,000 callbacks a second for 30 s, handlers that hang, SIGKILL: nothing answered is lost
	go run ./internal/callbackload

reload: ## 500,000 rows among live changes, the loader killed twice: complete, in bounded memory
	go run ./internal/reloadload

soak: ## an hour of steady load, outages and restarts: what it takes stays flat, nothing is lost
	go run ./internal/soak

mutants: ## plant a bug at a time, each must be caught by a test: ten minutes
	go run ./internal/mutants

crash: ## crash images, kills, power cuts, failing calls: minutes, as root on Linux
	$(CRASH)/scripts/crash.sh ci

crash-long: ## the same with more of each: about an hour
	$(CRASH)/scripts/crash.sh long
