# Needs Python 3.11 or newer, GNU make and git; everything else goes into .venv.
#
#   make demo    a small world in .demo/custctl.db, made anew each time, and what custctl says about it
#   make test    everything that CI runs on the Python that is used
#   make soak    the same tests on many more random worlds, and the slow ones
#   make bench   how fast it is, as ratios against neighbours in the same run
#   make clean   removes every environment, .demo and every cache
#
#   make test-python PYTHON=python3.13   what each other Python passes: every command, the promises, start-up and the demo
#
# All of it on another Python: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo/custctl.db
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install --constraint constraints.txt

# What an environment was made from and for: the requirements, the Python and the folder (scripts in it hold its
# path). When one of them changes, the name of the stamp does, and the environment is made anew.
KEY := $(shell { cat pyproject.toml constraints.txt; pwd; $(PYTHON) --version; } 2>&1 | cksum | tr ' ' '-')
INSTALLED := $(VENV)/installed-$(KEY)
INSTALLED_DEV := $(VENV)/installed-dev-$(KEY)

# The caller's own set-up must change neither the demo nor a test.
unexport CUSTCTL_DB CUSTCTL_PROFILE CUSTCTL_OUTPUT CUSTCTL_ACTOR

.PHONY: help demo test check test-python another-python soak bench clean

help:
	@sed -n 's/^#   make/make/p' Makefile

demo: $(INSTALLED)
	@rm -rf $(dir $(DEMO))
	@$(BIN)/custctl --db $(DEMO) demo
	@printf '\nThis world is in %s. To look around in it:\n' '$(DEMO)'
	@printf '  . %s/activate; export CUSTCTL_DB=%s\n' '$(BIN)' '$(DEMO)'
	@printf '  custctl access matrix amanda.smith@company-a.example\n'

test: $(INSTALLED_DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist worksteal
	@printf '\nAll of it passed. Next: make soak, the same on 10,000 random worlds.\n'

check: test

# In an environment of its own, beside that of the Python that is used every day.
test-python:
	@$(MAKE) --no-print-directory VENV=.venv-$(notdir $(PYTHON)) DEMO=.demo-$(notdir $(PYTHON))/custctl.db another-python

another-python: $(INSTALLED_DEV) demo
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/test_every_command.py tests/test_startup.py \
		tests/test_syntax.py tests/promises

soak: $(INSTALLED_DEV)
	CUSTCTL_WORLDS=$${CUSTCTL_WORLDS:-10000} CUSTCTL_STORED_WORLDS=$${CUSTCTL_STORED_WORLDS:-1000} CUSTCTL_FUZZ=$${CUSTCTL_FUZZ:-100000} \
		$(BIN)/python -m pytest -n 2 --dist worksteal -m 'slow or not slow'

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-* .demo .demo-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED):
	@command -v $(PYTHON) >/dev/null || { echo "custctl needs Python 3.11 or newer, and there is no $(PYTHON);" \
		"name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("custctl needs Python 3.11 or newer, and \
	$(PYTHON) is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "Making $(VENV) (once, about a minute) ..." >&2
	@$(PYTHON) -m venv --clear $(VENV) || { echo "$(PYTHON) cannot make a virtual environment; on Debian and" \
		"Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP) --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "Adding the development tools to $(VENV) ..." >&2
	@$(PIP) --editable '.[dev]'
	@touch $@
