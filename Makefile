# Everything that is to be typed. `make` alone prints this list.
#
# The environment is made on demand in .venv, of the exact versions in requirements/, and made anew
# when these change: by uv where it is installed, else by Python's own venv and pip. Nothing is
# written outside this folder but the package cache of either.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo token test slow snapshots stories older bench lint check lock clis clients clean

PYTHON := .venv/bin/python

# A .venv without a working interpreter (moved, or its Python is gone) counts as not there.
$(shell $(PYTHON) -c '' 2>/dev/null || rm -f .venv/installed-to-run .venv/installed-to-test)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: .venv/installed-to-run ## start everything on your machine; Ctrl-C stops it
	@$(PYTHON) -m sandbox run

demo: .venv/installed-to-run ## run one whole top-up without a browser, and print how long it took
	@$(PYTHON) -m sandbox demo

token: .venv/installed-to-run ## print a bearer token for the API: make token USER=owner|member|stranger, or ana|ben|eve|ira
	@$(PYTHON) -m sandbox token $(if $(findstring command line,$(origin USER)),$(USER),owner)

# Databases are made by the hundred: in memory where Linux has 2 GB to spare there, else on the disk.
# Six tests at a time on two cores, because more than half of every test is waiting; four of those that
# start whole systems. In the order of their names, which ends with short ones, and not with the files
# of few tests, which are the longest.
WORKERS := 6
slow: WORKERS := 4
SPARE := $(shell df -k /dev/shm 2>/dev/null | awk 'END { print ($$4 > 2000000) ? "/dev/shm" : "" }')
PYTEST = $(if $(SPARE),TMPDIR=$(SPARE)) $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
  --durations=20 --durations-min=2

# A -m in ARGS overrides ours, because the last one counts: make test ARGS="-m slow -k mixes".
test: .venv/installed-to-test ## run the tests: make test, or make test ARGS="-k wallet -n 0"
	@$(PYTEST) -m "not slow" $(ARGS)

slow: .venv/installed-to-test ## run the tests that `make test` leaves to CI: the longest ones
	@$(PYTEST) -m slow $(ARGS)

snapshots: .venv/installed-to-test ## write the API's document, log events and metrics to tests/snapshots
	@$(PYTHON) -m tests.snapshots

# Each has some twenty acts, a database and a backend of its own; idle workers take the next one.
STORIES := 500

stories: .venv/installed-to-test ## random sequences after which the ledger must agree with Stripe: make stories STORIES=500
	@$(if $(SPARE),TMPDIR=$(SPARE)) PURSEBOT_STORIES=$(STORIES) $(PYTHON) -m pytest -n 4 \
	  --dist worksteal --show-capture=no tests/backend/books/test_books.py $(ARGS)

# Where Debian, Ubuntu, Red Hat and Homebrew put what the wheel does not bring: PostgreSQL 15 to 17.
OLDER := $(firstword $(wildcard $(foreach major,15 16 17,/usr/lib/postgresql/$(major)/bin \
  /usr/pgsql-$(major)/bin /opt/homebrew/opt/postgresql@$(major)/bin)))

older: .venv/installed-to-test ## run the database's tests on a PostgreSQL 15 to 17 of the machine
	@if [ -n "$(OLDER)" ]; then \
	  $(OLDER)/postgres --version; \
	  PURSEBOT_POSTGRES_BIN=$(OLDER) $(PYTEST) tests/database; \
	else \
	  echo "Skipped: this machine has no PostgreSQL 15, 16 or 17 (on Debian: apt-get install postgresql)."; \
	  [ "$${PURSEBOT_NO_SKIPS:-}" != 1 ]; \
	fi

bench: .venv/installed-to-run ## measure two ways side by side, and print their ratio
	@$(PYTHON) -m bench

# Each line is one linter. All of them run; if any fails, make lint fails.
define LINTERS
python -m ruff check
python -m ruff format --check
python -m mypy
lint-imports
squawk supabase/migrations/*.sql
endef
export LINTERS

lint: .venv/installed-to-test ## run the linters: style, types, imports, SQL
	@failed=; \
	while read -r line; do \
	  echo "== $$line"; \
	  .venv/bin/$$line </dev/null || failed="$$failed  $$line"$$'\n'; \
	done <<<"$$LINTERS"; \
	[ -z "$$failed" ] || { printf 'Failed:\n%s' "$$failed"; exit 1; }

# The linters use one core, and half of every test is waiting: so they run beside the tests, and
# print all that they have to say when they are done.
check: .venv/installed-to-test ## run the linters and `make test`; CI also runs slow, older and stories
	@output=$$(mktemp); trap 'rm -f "$$output"' EXIT; failed=; \
	{ $(MAKE) --no-print-directory lint </dev/null >"$$output" 2>&1 && code=0 || code=1; \
	  printf '\n%s\n' "$$(<"$$output")"; exit $$code; } & \
	linting=$$!; \
	$(MAKE) --no-print-directory test </dev/null || failed="  make test"$$'\n'; \
	wait $$linting || failed="  make lint"$$'\n'"$$failed"; \
	[ -z "$$failed" ] || { printf 'Failed:\n%s' "$$failed"; exit 1; }

# Stripe's and Supabase's CLIs, for the test of the commands in the documents.
clis: .cache/cli/3.1.0-2.117.0-1.52.0 ## install the two CLIs that the documents use, from npm, into .cache

.cache/cli/3.1.0-2.117.0-1.52.0:
	@echo "Installing Stripe's and Supabase's programs into .cache/cli, once ..."
	@rm -rf .cache/cli
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .cache/cli/new supabase@3.1.0 @stripe/cli@1.52.0 >/dev/null
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .cache/cli/old supabase@2.117.0 >/dev/null
	@touch $@

# The bots' libraries and Stripe's, for the tests of clients that are not ours. aiogram is in .venv.
CLIENTS := grammy@1.46.0 telegraf@4.16.3 stripe@23.1.0
CLIENTS_OF_PYTHON := pyTelegramBotAPI==4.37.1
CLIENTS_INSTALLED := .cache/clients/$(subst =,,$(subst @,-,$(subst $() ,_,$(strip $(CLIENTS) $(CLIENTS_OF_PYTHON)))))

clients: $(CLIENTS_INSTALLED) ## install other clients of the Bot API and of Stripe, from npm and PyPI, into .cache

$(CLIENTS_INSTALLED):
	@echo "Installing clients into .cache/clients, once ..."
	@rm -rf .cache/clients
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .cache/clients/node $(CLIENTS) >/dev/null
	@python3 -m venv .cache/clients/python
	@.cache/clients/python/bin/pip install --quiet --disable-pip-version-check $(CLIENTS_OF_PYTHON)
	@touch $@

clean: ## remove the environment and every cache; .data, your sandbox's wallets, stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed-to-run: pyproject.toml requirements/run.txt
	@$(call install,run)

.venv/installed-to-test: pyproject.toml requirements/test.txt
	@$(call install,test)

# An environment for tests stays one. One with other versions is removed as a whole: a package that
# is not required any more would hide that something still imports it.
# For pip one dot is printed per package, uv shows its own progress; errors are shown in full.
define install
echo "Installing packages into .venv, once ..."; \
[ -w "$${HOME:-/nowhere}" ] || export UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1; \
[ ! -e .venv/installed-to-test ] && kind=$(1) || kind=test; \
for used in .venv/run.txt .venv/test.txt; do \
  [ ! -e "$$used" ] || cmp -s "$$used" "requirements/$${used##*/}" || rm -rf .venv; \
done; \
if command -v uv >/dev/null; then \
  $(PYTHON) -c '' 2>/dev/null || uv venv --quiet --clear --python '>=3.11' .venv; \
  uv pip install --python $(PYTHON) --require-hashes --requirement "requirements/$$kind.txt"; \
  uv pip install --quiet --python $(PYTHON) --no-build-isolation --no-deps --editable .; \
else \
  $(PYTHON) -m pip --version >/dev/null 2>&1 || { \
    for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
      "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
    done; \
    [ "$$python" != none ] || { echo "Python 3.11 or newer is needed, or uv, which brings its own."; exit 1; }; \
    "$$python" -m venv --clear .venv || { rm -rf .venv; exit 1; }; \
  }; \
  $(PYTHON) -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes --requirement "requirements/$$kind.txt" | while read -r what which _; do \
      case "$$what $$which" in Collecting*) printf .;; *g\ collected) printf ' unpacking ...';; esac; \
    done; \
  $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input \
    --no-build-isolation --no-deps --editable .; \
  echo " done."; \
fi; \
cp "requirements/$$kind.txt" .venv/; \
touch .venv/installed-to-run; \
[ "$$kind" = run ] || touch .venv/installed-to-test
endef

# Both from one resolution, for every Python that pyproject.toml allows and every system: run.txt
# starts as a copy, because uv keeps the versions that the file has. setuptools builds us.
BUILDS_US := setuptools>=77

lock: ## find exact versions for pyproject.toml, keeping those that fit: make lock ARGS=--upgrade
	@uv=$$(command -v uv) || uv=.cache/uv/bin/uv; \
	[ -x "$$uv" ] || { python3 -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv; }; \
	mkdir -p requirements; \
	lock() { \
	  echo '$(BUILDS_US)' | "$$uv" pip compile --quiet --no-config --universal --python-version 3.11 \
	    --generate-hashes --custom-compile-command "make lock" --output-file "$$@" pyproject.toml -; \
	}; \
	lock requirements/test.txt --extra sandbox --extra dev $(ARGS); \
	cp requirements/test.txt requirements/run.txt; \
	lock requirements/run.txt --extra sandbox
