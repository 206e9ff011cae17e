# What a person types. Everything else is in tools/, CMakePresets.json and cmake/.

PYTHON ?= python3
JOBS ?= $(shell nproc)
SUITE ?= all
BASELINE ?=
FUZZ_SECONDS ?= 60

VENV := $(CURDIR)/.venv
PY := $(VENV)/bin/python
# The pinned cmake, ninja and clang tools of the project's own environment.
export PATH := $(VENV)/bin:$(PATH)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export CTEST_PARALLEL_LEVEL := $(JOBS)

# Where the system's compiler is older than the code needs, set-up installs this one beside it.
ifeq ($(origin CXX),default)
ifneq ($(wildcard /usr/bin/g++-12),)
export CC := gcc-12
export CXX := g++-12
endif
endif

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-release test-asan test-tsan test-install test-arrow-private bench wheel
.PHONY: lint format stubs docs fuzz clean marc-data

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what the build needs, and say so before asking for root
	@$(PYTHON) tools/setup.py

build: setup ## Build the library, the command line and the Python package
	@cmake --preset release --log-level=NOTICE
	@cmake --build --preset release

demo: build ## Run the main job on real flight data
	@$(PY) examples/flights/demo.py

test: test-release test-asan test-tsan ## Build and run all tests, sanitizers included

test-release: build
	@cmake --build --preset release --target thalweg_tests
	@ctest --preset release

test-asan: setup
	@cmake --preset asan --log-level=NOTICE
	@cmake --build --preset asan --target thalweg_tests thalweg_fuzz
	@ctest --preset asan

test-tsan: setup
	@cmake --preset tsan --log-level=NOTICE
	@cmake --build --preset tsan --target thalweg_base_test thalweg_runtime_test thalweg_io_test
	@ctest --preset tsan

test-install: build ## Install the wheel into an empty environment and use it from there
	@ctest --test-dir build/release --tests-regex '^install$$' --output-on-failure

test-arrow-private: build ## Prove that our Arrow and others in one process stay apart
	@ctest --preset release --tests-regex '^bindings$$'

bench: build ## Run benchmarks: SUITE=etl|files|archive|marc|all, BASELINE=name saves and compares
	@cmake --build --preset release --target thalweg_benches
	@$(PY) bench/run.py $(SUITE) $(if $(BASELINE),--baseline $(BASELINE))

marc-data: setup ## Fetch 250,000 real MARC records into build/data/marc
	@$(PY) tools/marc_data.py

wheel: build ## Build the wheel into dist/
	@$(PY) tools/wheel.py

lint: setup ## Check formatting, the style rules, types, and clang-tidy on what changed (ALL=1: everything)
	@cmake --preset release --log-level=NOTICE
	@$(PY) tools/lint.py $(if $(ALL),--all)

format: setup ## Format the C++ sources
	@$(PY) tools/lint.py --fix

stubs: build ## Renew the type stubs of the Python module
	cp build/release/generated/_core.pyi python/thalweg/_core.pyi

docs: build ## Renew the reference pages from the specs in the code
	@$(PY) tools/reference.py

fuzz: ## Fuzz every target for FUZZ_SECONDS (default 60) each
	@$(PYTHON) tools/setup.py --with fuzz
	@$(PY) tools/fuzz.py --seconds $(FUZZ_SECONDS)

clean: ## Remove what was built; the environment and the prepared Arrow stay
	rm -rf build/dev build/release build/asan build/tsan build/fuzz build/wheel dist
