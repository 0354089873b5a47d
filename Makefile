# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# A thin front of noxfile.py. It needs Python 3.11 or newer, git and make; the rest goes into .cache.

NOX := .cache/venv/bin/python -m nox

.DEFAULT_GOAL := help
.PHONY: help demo docs try test test-all checks checks-all suites suites-all clean

help:
	@echo "make demo      onboard a project on an emulated CircleCI, twice, and build it"
	@echo "make try BOOK=onboard.yml  run a playbook of yours against an emulated CircleCI"
	@echo "make docs      build the documentation's site in .cache/docs/html"
	@echo "make test      the checks of a pull request, on the oldest and the newest ansible-core"
	@echo "make test-all  every check, on every ansible-core"
	@echo "make clean     remove what these installed"
	@echo "Each check can be run alone: $(NOX) --list"

# exec: a signal sent to make has to reach the program itself, so that it can stop what it started.
demo: .cache/venv/ready
	@exec $(NOX) --session demo

docs: .cache/venv/ready
	@exec $(NOX) --session docs

try: .cache/venv/ready
	@exec $(NOX) --session try -- $(BOOK)

# In two halves side by side, for both wait a lot. What the first one says is shown when it is through.
test test-all: .cache/venv/ready
	@rm -rf .cache/reports && mkdir -p .cache/reports
	@exec $(MAKE) --no-print-directory --jobs=2 --keep-going checks$(@:test%=%) suites$(@:test%=%)

checks checks-all:
	@$(NOX) --tags $@ --report .cache/reports/$@.json >.cache/reports/$@.log 2>&1 & nox=$$!; \
	trap 'kill $$nox' HUP INT TERM; \
	wait $$nox; status=$$?; cat .cache/reports/$@.log; exit $$status

suites suites-all:
	@exec $(NOX) --tags $@ --report .cache/reports/$@.json

# A python3.X on the PATH may be a shim that only says "not found", and a distribution's Python may lack ensurepip:
# take the first that can really make an environment.
.cache/venv/ready: requirements/nox.txt
	@for python in python3.13 python3.12 python3.11 python3 \
	    "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[1-9].*/bin/python3; do \
	  "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  echo "Setting up .cache with $$python"; \
	  "$$python" -m venv --clear .cache/venv || exit 1; \
	  .cache/venv/bin/python -m pip install --quiet --requirement requirements/nox.txt || exit 1; \
	  touch $@; exit 0; \
	done; \
	echo "No Python 3.11 or newer with the venv module was found." >&2; exit 1

clean:
	rm -rf .cache
