# SPDX-License-Identifier: Apache-2.0
# Every target installs what it needs; `make help` lists them.

SHELL := /bin/bash
PYTHON := .build-python/bin/python
READY := .build-python/ready
BUILD_FLAGS := --explicit-target-dependency-import-check error
RUNS ?= 100000
LISTEN ?= 127.0.0.1:8080
METERS ?= 5
COUNT ?= 3
BASE ?= debootstrap

# A crash of a test says in which test, in seconds: the backtrace of all threads takes a quarter of an hour.
export SWIFT_BACKTRACE ?= interactive=no,color=no,threads=crashed,images=none,registers=none,symbolicate=fast

# Tests that only compute run apart from those that talk, so that nobody's answer waits for a processor.
COMPUTING := ^(COSEMModel|DLMSCodec|DLMSEngine|DLMSSecurity|Fuzz|JSONText|ProtocolDecoder|Recurrence|Timekeeping)Tests\.

.DEFAULT_GOAL := help
.PHONY: help setup build debug demo test format lint unit peers contract client console fuzz bench image deb manual clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that building needs.
	@Scripts/install-packages build

$(READY): Tests/Peers/requirements.txt Scripts/install-packages Scripts/install-python
	@Scripts/install-packages test
	@Scripts/install-python

build: setup ## Build the release binary at .build/release/cosem-gateway.
	swift build -c release $(BUILD_FLAGS)

debug: setup ## Build the debug binary.
	swift build $(BUILD_FLAGS)

demo: setup ## Build, start the gateway with simulated meters and print curl lines (LISTEN=host:port METERS=n).
	swift build --product cosem-gateway $(BUILD_FLAGS)
	exec .build/debug/cosem-gateway demo --listen $(LISTEN) --meters $(METERS)

test: lint unit peers contract console ## Everything CI checks: lint, unit tests, foreign meters and clients, the contract, the console.

format: ## Format the Swift sources in place.
	swift format --in-place -r -p Package.swift Sources Tests Benchmarks/Sources

lint: setup ## Check formatting and house rules.
	swift format lint --strict -r -p Package.swift Sources Tests Benchmarks/Sources
	@Scripts/install-packages lint
	Scripts/check-house-rules
	Scripts/check-unit

unit: setup ## Build everything with the import check and run the Swift tests.
	swift build --build-tests $(BUILD_FLAGS)
	@Scripts/install-packages test
	set -o pipefail; swift test --skip-build --filter '$(COMPUTING)' 2>&1 | grep -vP '^◇ |^✔ Test (?!run with)'
	set -o pipefail; swift test --skip-build --filter '^GatewayAPITests\.' 2>&1 | grep -vP '^◇ |^✔ Test (?!run with)'
	set -o pipefail; swift test --skip-build --skip StoreTests --skip GatewayAPITests --skip '$(COMPUTING)' 2>&1 | grep -vP '^◇ |^✔ Test (?!run with)'
	set -o pipefail; Scripts/with-postgresql swift test --skip-build --filter StoreTests 2>&1 | grep -vP '^◇ |^✔ Test (?!run with)'

peers: setup $(READY) ## Read foreign meters and let foreign clients read our simulator.
	swift build --product cosem-gateway $(BUILD_FLAGS)
	swift build --product meter-probe $(BUILD_FLAGS)
	Scripts/with-postgresql $(PYTHON) -m pytest -q -n 3 --dist loadfile Tests/Peers

contract: setup $(READY) ## Validate openapi.yaml and run schemathesis against the demo (COUNT=cases an operation).
	swift build --product cosem-gateway $(BUILD_FLAGS)
	COUNT=$(COUNT) $(PYTHON) -m pytest -q -n 4 --dist worksteal Tests/Contract

client: setup $(READY) ## Have openapi-generator make a Python client that reads a meter of the demo and posts an order.
	swift build --product cosem-gateway $(BUILD_FLAGS)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r Tests/Contract/client-requirements.txt
	$(PYTHON) -m pytest -q Tests/Contract/test_generated_client.py

console: setup $(READY) ## Go through the web console with Chromium and axe.
	swift build --product cosem-gateway $(BUILD_FLAGS)
	$(PYTHON) -m pytest -q -n 3 Tests/Console

fuzz: setup ## Fuzz the decoders with libFuzzer (RUNS=executions of each).
	@Scripts/install-packages test
	Tests/FuzzTests/LibFuzzer/run $(RUNS)

bench: build $(READY) ## Measure against named references; prints ratios.
	Benchmarks/run

image: ## Build the container image with buildah and check it (BASE=debootstrap, or registry for the Dockerfile's own).
	BASE=$(BASE) TAG=$(TAG) Scripts/build-image

deb: setup ## Make a Debian package in .build/deb, and have lintian look at it where it is installed.
	@Scripts/install-packages deb
	swift build -c release --static-swift-stdlib --disable-local-rpath --product cosem-gateway
	package=$$(Scripts/build-deb .build/release/cosem-gateway .build/deb) && echo "$$package" && lintian --fail-on error "$$package"

manual: debug ## Write the manual pages and completions to .build/manual.
	Scripts/make-manual .build/debug/cosem-gateway .build/manual

clean: ## Delete the build folders.
	rm -rf .build .build-* Benchmarks/.build
