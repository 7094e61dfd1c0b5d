# make reproduce   prove the claims, check the simulation, draw Figure 4.7
# make test        lint, types and tests
# make compare     train small networks and judge the predictions about them
# make report      one page of all results, results/report.html
# make bench       the benchmarks, as ratios
# make certify     put the claims' real-arithmetic obligations to the kernel of Coq (needs coqc)
# make test-versions  the lowest and the newest supported sympy, z3 and jax, some tests with each
# make fuzz        10,000 random statements, each verdict checked by an evaluator of its own
# make system-deps what the tests need from the system's package manager
# Variables: PYTHON (an interpreter >= 3.11), EXTRAS (for instance EXTRAS=gpu)

PYTHON ?= python3
EXTRAS ?=
VENV   := .venv
RUN    := $(VENV)/bin/python
IMAGES := dataset-fashion-mnist

# The environment is rebuilt when what it is made from changes, not when a file is merely touched.
INPUTS := $(shell (cat pyproject.toml constraints.txt; pwd; $(PYTHON) --version) 2>&1 | cksum | tr ' ' '-')
BASE   := $(VENV)/.made-$(INPUTS)
PIP    := $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
comma  := ,
with    = $(BASE)-$(subst $(comma),-,$(1))
ALL    := $(call with,nn-test)

.DELETE_ON_ERROR:
.PHONY: reproduce test lint compare report bench certify certify-test test-versions fuzz system-deps clean

reproduce: $(if $(EXTRAS),$(call with,$(EXTRAS)),$(BASE))
	$(RUN) -m simulations check
	$(RUN) -m theory verify
	$(RUN) -m simulations figure-4.7

test: lint
	$(RUN) -m pytest -n 2 --dist worksteal

lint: $(ALL)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

# Without Debian's package of the images, and without the right to install it, they are downloaded.
compare: $(call with,nn)
	@dpkg -s $(IMAGES) >/dev/null 2>&1 || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  apt-get install -y -qq --no-install-recommends $(IMAGES) >/dev/null || true
	$(RUN) -m nn_experiments compare quick

report: $(BASE)
	$(RUN) -m theory report --html

bench: $(ALL)
	$(RUN) -m simulations bench
	$(RUN) -m nn_experiments bench
	$(RUN) -m pytest tests/benchmarks --benchmark-enable --benchmark-only

# Coq, 350 MB, is not among the system-deps: apt-get install coq
certify: $(BASE)
	$(RUN) -m theory.coq

certify-test: $(ALL)
	$(RUN) -m pytest -m coq tests/theory/test_coq.py

test-versions: $(ALL)
	$(RUN) tests/versions.py

fuzz: $(ALL)
	$(RUN) tests/theory/fuzz.py 10000

$(BASE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  found=$$($(PYTHON) --version 2>/dev/null) || found="not to be found"; \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$found." >&2; \
	  echo "Name another interpreter: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --editable .
	@touch $@

$(BASE)-%: $(BASE)
	$(PIP) --editable '.[$(subst -,$(comma),$*)]'
	@touch $@

SYSTEM_PACKAGES := poppler-utils chromium chromium-driver $(IMAGES)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

system-deps:
	@command -v apt-get >/dev/null || { echo "apt-get was not found. Install with your package manager: $(SYSTEM_PACKAGES)" >&2; exit 2; }
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES)

clean:
	rm -rf $(VENV) results
