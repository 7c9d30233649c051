# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# Bytecode makes imports 3-5 times faster; some machines switch it off globally.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
PY := .venv/bin/python
UV := .venv/bin/uv
UV_VERSION := 0.13.9
PORT ?= 7071

# The first Python 3.13 on the PATH.
define FIND_PYTHON
for p in python3.13 python3 python; do \
  if $$p -c 'import sys, venv, ensurepip; raise SystemExit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1; then echo $$p; exit 0; fi; \
done; \
echo "Python 3.13 (with venv) is needed and was not found on the PATH: install it (Debian: python3.13 python3.13-venv; others: python.org or pyenv) and run make again." >&2; exit 1
endef
define FIND_NODE
v=$$({ node --version 2>/dev/null || true; } | sed -E 's/^v([0-9]+).*/\1/'); \
if [ "$${v:-0}" -lt 20 ] || ! command -v npm >/dev/null; then \
  echo "Node 20 or newer with npm is needed$${v:+ and version $$v was found}: install it (Debian: nodejs npm; others: nodejs.org) and run make again." >&2; exit 1; \
fi
endef

# uv is many times as fast as pip; where it cannot be had, pip does it.
INSTALL = $(UV) pip install -q --python $(PY) --compile-bytecode -r $(1) 2>/dev/null || $(PY) -m pip install -q --disable-pip-version-check -r $(1)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1mmake %-22s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sed "$$([ -t 1 ] || echo 's/\x1b\[[0-9;]*m//g')"

.PHONY: setup
setup: ## install what the local cloud needs into this folder (.venv, node_modules)
	@$(MAKE) -s -j2 .venv/ready node_modules/ready

.PHONY: dev
dev: setup .venv/dev ## install what tests and checks need as well

.venv/ready: requirements-local.txt requirements.txt
	@python=$$($(FIND_PYTHON)); echo "Installing Python packages into .venv ..."; \
	$$python -m venv --clear .venv; \
	$(PY) -m pip install -q --disable-pip-version-check uv==$(UV_VERSION) 2>/dev/null || true; \
	$(call INSTALL,requirements-local.txt); \
	echo "$(CURDIR)" >"$$($(PY) -c 'import site; print(site.getsitepackages()[0])')/quantum_jobs.pth"; \
	touch $@

.venv/dev: requirements-dev.txt .venv/ready
	@echo "Installing what tests and checks need into .venv ..."; \
	$(call INSTALL,requirements-dev.txt); \
	touch $@

.venv/tight: requirements-tight.txt .venv/ready
	@echo "Installing what hybrid applications need into .venv ..."; \
	$(call INSTALL,requirements-tight.txt); \
	$(PY) -c "import matplotlib.font_manager"; \
	touch $@

.venv-referee/ready: requirements-referee.txt requirements-pasqal.txt .venv/ready
	@echo "Installing the referee (Qiskit, Aer, Cirq, pytket) and Pasqal's simulator into .venv-referee ..."; \
	$(PY) -m venv --clear .venv-referee; \
	$(UV) pip install -q --python .venv-referee/bin/python --compile-bytecode -r requirements-referee.txt -r requirements-pasqal.txt; \
	.venv-referee/bin/python -c "import matplotlib.font_manager"; \
	touch $@

.PHONY: pasqal
pasqal: setup ## add Pasqal's simulator (441 MB), so that the local workspace runs Pulser jobs
	@$(UV) pip install -q --python $(PY) --compile-bytecode -r requirements-pasqal.txt
	@$(PY) -c "import matplotlib.font_manager" # builds a cache that the workers may not write

node_modules/ready: package-lock.json
	@$(FIND_NODE); echo "Installing Azurite into node_modules ..."; \
	npm ci --no-audit --no-fund --loglevel=error >/dev/null; \
	touch $@

.PHONY: lock
lock: .venv/ready ## pin requirements*.in into requirements*.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements.in -o requirements.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-local.in -o requirements-local.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-tight.in -o requirements-tight.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-quantum.in -o requirements-quantum.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-dev.in -o requirements-dev.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-referee.in -o requirements-referee.txt
	@$(UV) pip compile -q --no-header --python-version 3.13 requirements-pasqal.in -o requirements-pasqal.txt

.PHONY: demo
demo: setup ## a Bell program through the whole local cloud, ends with its histogram
	@$(PY) -m local run -- $(PY) examples/loose/bell.py

.PHONY: delivery
delivery: setup ## a web shop plans today's two delivery vans over the HTTP API, in the local cloud
	@$(PY) -m local run -- $(PY) -m examples.loose.delivery --to .local/delivery

.PHONY: h2
h2: setup .venv/tight ## VQE of H2 along its bond, exact and noisy, as a picture: .local/h2.png
	@$(PY) -m local run -- $(PY) -m examples.tight.h2 --to .local/h2.png

.PHONY: maxcut
maxcut: setup .venv/tight ## QAOA cuts a graph of 14 nodes, as a picture: .local/maxcut.png
	@$(PY) -m local run -- $(PY) -m examples.tight.maxcut --to .local/maxcut.png

.venv/quantum: requirements-quantum.txt .venv/ready
	@echo "Installing what the quantum programs need into .venv ..."; \
	$(call INSTALL,requirements-quantum.txt); \
	$(PY) -c "import matplotlib.font_manager"; \
	touch $@

.PHONY: quantum-setup
quantum-setup: .venv/quantum ## install compiler, estimator and simulator of the quantum programs

.PHONY: quantum-compile
quantum-compile: .venv/quantum ## the quantum programs to QIR, for each profile
	@$(PY) -m quantum compile --out build/quantum/compile

.PHONY: quantum-estimate
quantum-estimate: .venv/quantum ## what they take of an error-corrected machine; fails over budget
	@$(PY) -m quantum estimate --out build/quantum/estimate

.PHONY: quantum-simulate
quantum-simulate: .venv/quantum ## their outcomes against the exact distributions
	@$(PY) -m quantum simulate --out build/quantum/simulate

.PHONY: quantum-submit
quantum-submit: .venv/quantum ## jobs on simulators of the workspace of KEY_VAULT_URL and STORAGE_ACCOUNT_NAME
	@$(PY) -m quantum submit --out build/quantum/submit

.PHONY: quantum-all
quantum-all: setup .venv/quantum ## all of it, with jobs in the local workspace
	@$(PY) -m local run --no-functions -- $(PY) -m quantum all

.PHONY: package
package: dev ## the deployment package as Azure gets it: build/release/package.zip
	@$(PY) -m pipelines package

.PHONY: rehearse
rehearse: package ## start the package alone in the local cloud and smoke-test it through the gateway
	@$(PY) -m pipelines rehearse

.PHONY: smoke
smoke: dev ## a first look at the service of QUANTUM_JOBS_URL, as the caller of QUANTUM_JOBS_TOKEN
	@$(PY) -m pipelines smoke

.PHONY: release-check
release-check: dev ## compile and lint infra/ with Microsoft's own Bicep compiler (az)
	@$(PY) -m pipelines check-infrastructure

.PHONY: release-what-if
release-what-if: dev ## what a deployment of infra/ would change (az)
	@$(PY) -m pipelines what-if

.PHONY: release-infrastructure
release-infrastructure: dev ## deploy infra/ (az)
	@$(PY) -m pipelines infrastructure

.PHONY: release-deploy
release-deploy: dev ## put build/release/package.zip into the Functions apps (az)
	@$(PY) -m pipelines deploy

.PHONY: release-smoke
release-smoke: dev ## smoke-test what was deployed through its gateway (az)
	@$(PY) -m pipelines smoke-release

.PHONY: release-keep
release-keep: dev ## keep the package as the one to roll back to (az)
	@$(PY) -m pipelines keep

.PHONY: release-roll-back
release-roll-back: dev ## put the last package that was kept back (az)
	@$(PY) -m pipelines roll-back

.PHONY: up
up: setup ## start the local cloud and keep it running (PORT=7071)
	@$(PY) -m local up --port $(PORT)

.PHONY: test
test: dev ## all tests
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile

# The parts of `make test`, which pipelines run side by side.
PYTEST := .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile
WIRED := tests/local tests/contract tests/examples tests/primitives $(wildcard tests/test_*end_to_end.py) tests/test_restart.py

.PHONY: test-unit
test-unit: dev ## the tests that need no more than the package itself, those of programs and pipelines among them
	@$(PYTEST) tests --ignore=tests/apim --ignore=tests/faults $(addprefix --ignore=,$(WIRED))

.PHONY: test-integration
test-integration: dev ## the tests of the local cloud and through it
	@$(PYTEST) $(WIRED)

.PHONY: test-gateway
test-gateway: dev ## the tests of the gateway's policies
	@$(PYTEST) tests/apim

.PHONY: test-long
test-long: dev .venv-referee/ready mono ## the proofs that take minutes, with independent simulators beside ours; then those of faults, defects, the soak
	@.venv-referee/bin/python -m pytest tests/local/execution/test_pulser.py tests/local/azure_quantum/test_pasqal.py
	@.venv-referee/bin/python -m pytest -m long -rs -n auto --maxprocesses 4 --timeout 1800 --session-timeout 2700 --hypothesis-profile searching --ignore tests/faults --ignore tests/test_seeded_defects.py
	@$(MAKE) test-faults
	@$(MAKE) test-defects
	@$(MAKE) soak

.PHONY: test-defects
test-defects: dev ## more than 150 defects planted one by one in a copy: the tests notice each
	@$(PY) -m pytest tests/test_seeded_defects.py -m "long or not long" -n auto --maxprocesses 4 --timeout 1800
	@timeout 900 $(PY) -m tests.referee.seeded_defects

.PHONY: test-faults
test-faults: dev ## the process dies at every step, in thousands of storms, and by SIGKILL: nothing lost, nothing doubled
	@$(PY) -m pytest tests/faults -m "long or not long" -n auto --maxprocesses 4 --timeout 900
	@$(PY) -m tests.faults

SOAK_MINUTES ?= 30
.PHONY: soak
soak: dev ## mixed load with faults and killed hosts: nothing lost, nothing doubled, no process grows (SOAK_MINUTES=30)
	@SOAK_MINUTES=$(SOAK_MINUTES) $(PY) -m tests.faults.soak

# The C# compiler that policy expressions are held against; without it those tests say that they are skipped.
.PHONY: mono
mono:
	@if ! command -v mcs >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing the C# compiler (mono-mcs) ..."; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mono-mcs libnewtonsoft-json5.0-cil; } >/dev/null 2>&1 \
	    || echo "mono-mcs could not be installed: expressions will not be compared with a C# compiler" >&2; \
	fi

.PHONY: check
check: .venv/dev ## format, lint, types, import direction, the rules of the gateway's policies, of infra/ and of the pipelines, secrets
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports && $(PY) -m local.apim.lint && $(PY) -m tools.bicep infra && $(PY) -m pipelines lint && $(PY) -m tools.secrets_scan

.PHONY: spec
spec: .venv/ready ## write the specification's two files in apim/ from the table of operations
	@$(PY) -m quantum_jobs.specifications

.PHONY: bench
bench: setup ## speed, beside the bare SDK on the same local cloud
	@$(PY) -m bench

.PHONY: bench-million
bench-million: setup ## speed with 100 and with 1,000,000 stored jobs; takes half an hour and 8 GB
	@$(PY) -m bench.million

.PHONY: clean
clean: ## remove what setup and the local cloud made
	@rm -rf .venv .venv-referee node_modules .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis
