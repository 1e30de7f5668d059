# Two commands do everything on a fresh machine with Python >= 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MANIFESTS := pyproject.toml clients/python/pyproject.toml clients/torch/pyproject.toml constraints.txt

# One constraints file pins every version, build tools included.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Python keeps what it has compiled, whatever the shell says: the suite starts hundreds of processes of the same modules.
export PYTHONDONTWRITEBYTECODE :=
# Where torch itself comes from: TORCH_INDEX=https://download.pytorch.org/whl/cpu for its CPU build. Default: PyPI.
TORCH_INDEX ?=
# Ours in one command, so that pip finds each here and asks no index for it.
PACKAGES := --editable ./clients/torch --editable '.[worker]' --editable './clients/python[cli,plot]'

.PHONY: help demo paper study serve test quick lint types contracts contract-ts web-check chromium firefox browser pictures unit fuzz chaos containers mutants openapi client palette pin-images job-spec python-docs notebooks cli-reference lock dist format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifneq ($(TORCH_INDEX),)
	@echo "Installing torch from $(TORCH_INDEX) ..."
	@$(BIN)/python -m pip install --quiet --no-deps --index-url '$(TORCH_INDEX)' torch
else
	@test "$$(uname -s)" != Linux || $(BIN)/python -c 'import sys, importlib.util; sys.exit(importlib.util.find_spec("torch") is None)' \
	|| echo "torch from PyPI brings CUDA libraries, a download of several GB on Linux. Without a GPU, stop with Ctrl-C and" \
	"take its CPU build: make $(MAKECMDGOALS) TORCH_INDEX=https://download.pytorch.org/whl/cpu"
endif
	@echo "Installing into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet $(PACKAGES)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the development tools ..."
	@$(BIN)/python -m pip install --quiet --editable ./clients/torch --editable '.[worker,dev]'
	@touch $@

demo: $(VENV)/.installed ## Start the service, reproduce the paper's sections 3.1 and 3.2 through it, write ayla-report/; KEEP=1: look at them
	@$(BIN)/ayla-service run --port 0 $(if $(KEEP),--keep '/jobs?tag=reproduce') -- $(BIN)/ayla reproduce poly-sgd poly-adam curve-a curve-b --output ayla-report

paper: $(VENV)/.installed ## All of the paper's section 3, with MNIST where it is; goes on where it was cut off; QUICK=1 for less of MNIST, FRESH=1 to run all anew
	@$(BIN)/ayla-service run --port 0 -- $(BIN)/ayla reproduce $(if $(QUICK),--quick) $(if $(FRESH),--fresh) --output ayla-paper

study: $(VENV)/.installed ## Where does AYLA help? Eleven optimizers with and without it on 25 problems, tuned and compared; goes on where it was cut off
	@test -f ayla-study/study.yaml || { mkdir -p ayla-study && $(BIN)/ayla study init --suite full ayla-study/study.yaml; }
	@$(BIN)/ayla-service run --port 0 -- $(BIN)/ayla study run ayla-study/study.yaml --output ayla-study

serve: $(VENV)/.installed ## Start the service and its dashboard on http://127.0.0.1:8642 until Ctrl-C; OPEN=1: open it in a browser
	@$(BIN)/ayla-service serve $(if $(OPEN),--open)

test: lint types contracts unit ## Everything CI checks: lint, types, import contracts, the test suite

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	@$(BIN)/mypy

contracts: $(VENV)/.installed-dev
	@$(BIN)/lint-imports

# Three processes on two cores: much of the tests' time is waiting, for workers, leases and pages.
unit: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses 3

QUICK_TESTS := tests/spec tests/core/test_paper_reference.py tests/core/test_transform.py tests/core/optimizers/test_references.py \
	tests/jobs/test_api.py tests/queue/test_claims.py

quick: $(VENV)/.installed-dev ## While you work: the spec, the mathematics, the API and the queue on SQLite, in under a minute
	@$(BIN)/python -m pytest --numprocesses 2 $(QUICK_TESTS) -k 'not postgres'

fuzz: $(VENV)/.installed-dev ## The property tests with new examples, round after round; MINUTES=60, SEED=7 for one round again
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

chaos: $(VENV)/.installed-dev ## Kill, freeze and cut off all parts of an installation, and see that nothing is lost; CHAOS='--seed 7'
	@$(BIN)/python -m tests.chaos $(CHAOS)

containers: ## Build the images, run all of docker-compose.yml and the pages' commands, and see that it holds; needs Docker
	@$(PYTHON) -m tests.containers

mutants: $(VENV)/.installed-dev ## Take each guard of the queue away in turn, and see that the suite notices
	@$(BIN)/python -m tests.mutants

openapi: $(VENV)/.installed ## Write openapi.json anew after a change of the API
	@$(BIN)/ayla-service openapi > openapi.json.new && mv openapi.json.new openapi.json

client: $(VENV)/.installed-dev ## Write what is generated in clients/python anew, after a change of its async text or of openapi.json
	@$(BIN)/python -m tests.client.generate

TYPESCRIPT := clients/typescript
NPM := npm --prefix $(TYPESCRIPT)

$(TYPESCRIPT)/node_modules/.installed: $(TYPESCRIPT)/package.json $(TYPESCRIPT)/package-lock.json $(TYPESCRIPT)/.npmrc
	@command -v npm > /dev/null || { echo "Node.js 20.19, 22.12 or newer is needed, with npm." >&2; exit 1; }
	@echo "Installing into $(TYPESCRIPT)/node_modules (a minute the first time) ..."
	@cd $(TYPESCRIPT) && npm ci --loglevel error
	@touch $@

contract-ts: $(VENV)/.installed $(TYPESCRIPT)/node_modules/.installed ## Lint openapi.json, and run a job from TypeScript by its types; needs Node.js
	@$(NPM) run --silent lint
	@$(NPM) run --silent types
	@$(NPM) run --silent build
	@$(NPM) run --silent test
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && AYLA_API_KEY= \
	$(BIN)/ayla-service run --port 0 --data-dir "$$folder" -- $(NPM) run --silent start

WEB := clients/web

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc
	@command -v npm > /dev/null || { echo "Node.js 20.19, 22.12 or newer is needed, with npm." >&2; exit 1; }
	@echo "Installing into $(WEB)/node_modules (a minute the first time) ..."
	@cd $(WEB) && npm ci --loglevel error
	@touch $@

web-check: $(WEB)/node_modules/.installed ## Check the types of the dashboard against openapi.json, and run its unit tests; needs Node.js
	@npm --prefix $(WEB) run --silent contract > /dev/null
	@npm --prefix $(WEB) run --silent types
	@npm --prefix $(WEB) run --silent test

chromium: ## Install Debian's Chromium for the tests of the dashboard, where there is none and apt and root allow it
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit 0; done; \
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Debian's Chromium (a minute) ..."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } > /dev/null \
		|| echo "Chromium could not be installed." >&2; \
	else echo "There is no Chromium here, and to install Debian's takes apt and root." >&2; fi

# Without a registry or with an older Node.js npm fails; then the tests say that they are left out.
firefox: ## Install Debian's Firefox and its driver for the smoke tests of the dashboard, or say what is missing
	@for name in firefox-esr firefox; do command -v $$name > /dev/null && exit 0; done; \
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Debian's Firefox (a minute) ..."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr; } > /dev/null \
		|| echo "Firefox could not be installed." >&2; \
	else echo "There is no Firefox here, and to install Debian's takes apt and root." >&2; fi
	@test -d $(WEB)/node_modules/puppeteer-core || { command -v npm > /dev/null && cd $(WEB) \
	&& npm ci --loglevel error --fetch-retries 1 --fetch-timeout 15000 && touch node_modules/.installed; } \
	|| echo "Firefox is not driven: that takes Node.js 20.19, 22.12 or newer, with npm and its registry." >&2

browser: chromium firefox $(VENV)/.installed-dev ## The tests of the dashboard in real browsers, which are installed where the system allows it
	@$(BIN)/python -m pytest --numprocesses 2 -rs tests/browser

# torch comes from an index of its own (docs/operations.md), ayla-torch from clients/torch; httpx2-jsfetch is for browsers.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --constraint constraints.txt \
	--no-annotate --no-emit-package torch --no-emit-package ayla-torch --no-emit-package httpx2-jsfetch --custom-compile-command 'make lock'

lock: $(VENV)/.installed-dev ## Write the lock files anew after a change of dependencies or of constraints.txt
	@echo hatchling | $(LOCK) pyproject.toml - --extra postgres --extra queue --output-file service/requirements.lock
	@echo hatchling | $(LOCK) pyproject.toml - --extra worker --extra postgres --extra queue \
		--output-file worker/requirements.lock
	@echo hatchling | $(LOCK) clients/python/pyproject.toml - --extra cli --extra plot \
		--output-file clients/python/requirements.lock

pin-images: ## Name the base images of the containers by their digests of now; needs Docker and its registry
	@$(PYTHON) -m tests.containers.pin_images

dist: $(VENV)/.installed-dev ## Build the wheels of all packages into dist/; install them in one command
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist ./clients/torch ./clients/python .

pictures: chromium $(VENV)/.installed-dev ## Take the pictures of the dashboard's views in docs/figures/dashboard anew; look at them before you commit
	@$(BIN)/python -m tests.browser.pictures

palette: $(VENV)/.installed-dev ## Write the dashboard's colours anew after a change of the looks of figures
	@$(BIN)/python -m tests.web.palette > $(WEB)/ayla_web/charts/palette.js.new && mv $(WEB)/ayla_web/charts/palette.js.new $(WEB)/ayla_web/charts/palette.js

job-spec: $(VENV)/.installed-dev ## Write docs/job-spec.md anew after a change of the job spec
	@$(BIN)/python -m tests.docs.job_spec_page > docs/job-spec.md.new && mv docs/job-spec.md.new docs/job-spec.md

python-docs: $(VENV)/.installed-dev ## Write docs/python.md anew after a change of the client's docstrings
	@$(BIN)/python -m tests.docs.python_page > docs/python.md.new && mv docs/python.md.new docs/python.md

notebooks: $(VENV)/.installed-dev ## Run docs/notebooks against a service of their own, and write their outputs anew
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && AYLA_API_KEY= \
	$(BIN)/ayla-service run --port 0 --data-dir "$$folder" -- $(BIN)/python -m tests.docs.notebooks

cli-reference: $(VENV)/.installed-dev ## Write docs/cli.md anew after a change of the command line
	@$(BIN)/python -m tests.docs.cli_page > docs/cli.md.new && mv docs/cli.md.new docs/cli.md

format: $(VENV)/.installed-dev ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove the virtual environment, reports and caches; the data folder stays
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/contract.d.ts $(TYPESCRIPT)/node_modules $(TYPESCRIPT)/dist $(TYPESCRIPT)/src/contract.d.ts ayla-report ayla-paper ayla-study .mypy_cache .ruff_cache .pytest_cache .hypothesis
