# One word does one thing. Everything is set up on first use in .venv, and again only when a dependency changes.
# ARGS is passed on: make demo ARGS="--for 60s", make test ARGS="-k offer".

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults theory bench bench-board bench-replay docs screenshots lint check format lock clean

PY := .venv/bin/python
READY := .venv/.ready

help:
	@echo "make demo    a small bank at work, to be seen and joined in a browser"
	@echo "make test    every test"
	@echo "make setup   only what giliran needs to run, in .venv: then source .venv/bin/activate"
	@echo "make faults  the full acceptance: nodes and store die under a full house, and many lives at random"
	@echo "make theory  3,200,000 calls against queueing theory, and the table of it"
	@echo "make bench   what the engine costs, beside what it stands on"
	@echo "make bench-board  whether a full wallboard keeps up, in a real browser"
	@echo "make bench-replay  how fast a day replays in virtual time, beside trio alone"
	@echo "make docs    the types of giliran.js, from the message classes"
	@echo "make screenshots  every page in its main states, into docs/screenshots/"
	@echo "make lint    ruff and mypy"
	@echo "make check   lint, then test: what must pass before a change goes in"
	@echo "make format  let ruff put the code in form"
	@echo "make lock    choose the newest allowed versions and write requirements.lock"

$(READY): pyproject.toml requirements.lock .ci/venv
	@.ci/venv 1>&2
	@touch $@

setup: $(READY)
	@echo "ready: source .venv/bin/activate, then giliran --help"

demo: $(READY)
	@$(PY) -m engine demo $(ARGS)

test: $(READY)
ifeq ($(strip $(ARGS)),)
	@failed=0; $(PY) -m pytest --ignore=tests/browser || failed=$$?; \
	$(PY) -m pytest --numprocesses=2 --dist=loadfile tests/browser || failed=$$?; exit $$failed
else
	@$(PY) -m pytest $(ARGS)
endif

faults: $(READY)
	@GILIRAN_FAULTS=1 GILIRAN_SEEDS=50 $(PY) -m pytest tests/faults tests/actors/test_life_at_random.py $(ARGS)

theory: $(READY)
	@GILIRAN_THEORY=1 $(PY) -m pytest tests/theory $(ARGS)

bench: $(READY)
	@$(PY) -m bench $(ARGS)

bench-board: $(READY)
	@$(PY) -m bench board $(ARGS)

bench-replay: $(READY)
	@$(PY) -m bench replay $(ARGS)

docs: $(READY)
	@$(PY) -m engine.reference engine/web/static/giliran.d.ts

screenshots: $(READY)
	@PYTHONPATH=tests $(PY) -m browser.screenshots $(ARGS)

lint: $(READY)
	@$(PY) -m ruff check engine tests bench
	@$(PY) -m ruff format --check engine tests bench
	@$(PY) -m mypy

check: lint test

format: $(READY)
	@$(PY) -m ruff check --fix engine tests bench
	@$(PY) -m ruff format engine tests bench

lock:
	@.ci/lock > requirements.lock.new && mv requirements.lock.new requirements.lock

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
