# Everything that a newcomer or a machine runs. `make help` lists it.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# One package at a time holds the linker; two are what a small machine bears.
GO        ?= go
TESTFLAGS ?=
PKG       ?= ./...

# SIMD=1 builds with the toolchain's experiment, which vector kernels need
# (docs/decisions/0015-kernels.md).
SIMD ?=
ifeq ($(SIMD),1)
export GOEXPERIMENT := simd
endif

GOLANGCI := .tools/bin/golangci-lint

.PHONY: help deps build demo test lint unit bench bench-http test-simd test-s3 test-postgres test-api generate clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

deps: ## install what is missing: Debian packages, the ONNX runtime
	@scripts/install-deps.sh

build: deps ## make bin/certana with everything that it needs
	@mkdir -p bin
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/certana ./cmd/certana
	@if [ -e .tools/onnxruntime/libonnxruntime.so.1 ]; then cp -u .tools/onnxruntime/libonnxruntime.so.1 bin/; fi

demo: build ## the main job on real pictures: upload, certify, commit, verify
	@$(GO) run ./cmd/demo -server bin/certana -out out

test: deps lint unit ## linters and every test

unit: deps ## every test, without the linters
	$(GO) test $(TESTFLAGS) $(PKG)

lint: deps $(GOLANGCI) ## the linters alone
	$(GOLANGCI) run

bench: build ## how long each stage takes on one thread, and each part against a JPEG transcode
	@bin/certana bench

bench-http: build ## authenticated reads against a static answer of the same server, by wrk
	@command -v wrk >/dev/null || { echo 'bench-http: wrk is missing; on Debian: apt-get install wrk' >&2; exit 1; }
	@bin/certana bench http

test-simd: deps ## the vector kernels against the plain ones, which SIMD=1 builds in
	GOEXPERIMENT=simd $(GO) vet ./internal/dsp
	GOEXPERIMENT=simd $(GO) test $(TESTFLAGS) ./internal/dsp ./internal/watermark/spread

test-s3: deps ## the blob store and the sealing service against a real S3 server
	scripts/test-s3.sh

test-postgres: deps ## everything that has rows, over a PostgreSQL 15 that it starts itself
	scripts/test-postgres.sh

test-api: deps ## every answer against the OpenAPI document, by Schemathesis
	scripts/test-api.sh

generate: ## regenerate the code made from api/openapi.yaml and the goldens
	$(GO) generate ./...

clean: ## remove what make made; the data folder stays
	rm -rf bin out .tools/bin

# The linter is pinned in a module of its own, so that its dependencies never
# meet the product's; built once, again when the pin moves.
$(GOLANGCI): tools/go.mod tools/go.sum
	@echo "lint: building golangci-lint as pinned in tools/go.mod (once)"
	@mkdir -p .tools/bin
	cd tools && $(GO) build -o ../$(GOLANGCI) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $(GOLANGCI)
