# Every target is a plain python command; the README has them for those without make.
# DATA=path is the data, ARGS any settings: make run-x DATA=path/to/data ARGS="--training.epochs 3 --seed 1"

PYTHON ?= python3
PY := .venv/bin/python
INSTALLED := .venv/installed
TORCH_INDEX ?= https://download.pytorch.org/whl
FLAGS = $(if $(DATA),--data.root "$(DATA)") $(ARGS)

# A project by its name, or by the first or last part of it where only one project has that part.
matches = $(or $(wildcard projects/$(1)/main.py),$(sort $(wildcard projects/$(1)_*/main.py projects/*_$(1)/main.py)))
names = $(patsubst projects/%/main.py,%,$(1))
main = $(strip $(if $(word 2,$(call matches,$(1))),\
	$(error "$(1)" may mean $(call names,$(call matches,$(1))); write one of them whole),\
	$(or $(call matches,$(1)),$(error there is no project "$(1)" in projects/))))

define require_python
$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.14 is needed; set PYTHON=python3.11") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
endef

# Installs what is asked for and is not installed yet: everything, or what one project needs.
install = $(if $(wildcard $(PY)),$(PY),$(require_python) && $(PYTHON)) tools/install.py $(1) \
	--torch "$(TORCH)" --torch-index "$(TORCH_INDEX)"

# What make cannot do is said before anything is installed: a folder with a space in its name, a project that is none.
STRANGE := $(filter-out projects/%/main.py,$(wildcard projects/*/main.py))
$(if $(STRANGE),$(error make splits names at spaces, and a folder in projects/ has one ($(STRANGE)): rename it))
asked_of = $(filter-out test-shared test-shared-% test-long test-docs,$(filter $(1)-%,$(MAKECMDGOALS)))
$(foreach verb,check-data run serve export runs sweep test,$(foreach goal,$(call asked_of,$(verb)),\
	$(if $(call main,$(goal:$(verb)-%=%)),)))

.DEFAULT_GOAL := help
.PHONY: always help setup doctor test test-shared test-long lint web lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  projects:      $(call names,$(wildcard projects/*/main.py)) (the first or last part of a name is enough)"

setup: $(INSTALLED)  ## make .venv and install everything into it; TORCH=cpu leaves CUDA out

$(INSTALLED): always
	@$(call install)

installed-for-%: always
	@$(call install,$(call main,$*))

doctor:  ## say what this machine has, what is installed, and what to do about it
	@$(if $(wildcard $(PY)),$(PY),$(PYTHON)) tools/doctor.py

check-data-%: installed-for-%  ## read the data as training would, and say what is in it and what is wrong
	@$(PY) $(call main,$*) check-data $(FLAGS)

run-%: installed-for-%  ## train, evaluate, baseline, export and report; a table says what came of it
	@$(PY) $(call main,$*) run $(FLAGS)

serve-%: installed-for-%  ## answer HTTP requests with the exported network, on this machine only
	@$(PY) $(call main,$*) serve $(FLAGS)

export-%: installed-for-%  ## write the trained network as one ONNX file
	@$(PY) $(call main,$*) export $(FLAGS)

runs-%: installed-for-%  ## list the training runs; ARGS="compare A B" compares two, "use A" goes back to one
	@$(PY) $(call main,$*) runs $(ARGS)

sweep-%: installed-for-%  ## search for good settings by many training runs
	@$(PY) $(call main,$*) sweep $(FLAGS)

# Two at a time, each on one thread: most of a test is one thread's work, and threads of two processes would wait for
# each other. The tests of shared/ run last, in four parts, so that neither core is idle for long at the end. The output
# of each comes whole, where make can do that (from version 4). With CI set, a test that is skipped for a reason that
# pyproject.toml does not list fails. No test uses a plugin that a library brings; to load them takes seconds.
PYTEST = PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(PY) -m pytest --quiet -m "not long" $(if $(CI),--no-unlisted-skips)
test: $(INSTALLED)  ## all tests: of shared/, of the repository, of each project
	@OMP_NUM_THREADS=1 $(MAKE) --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		$(patsubst projects/%/main.py,test-%,$(wildcard projects/*/main.py)) $(addprefix test-shared-,0 1 2 3)

test-shared: $(INSTALLED)  ## the tests of shared/ and of the repository as a whole
	@echo "== shared"; $(PYTEST) tests

test-shared-%: $(INSTALLED)
	@echo "== shared, part $* of 0 to 3"; files=$$(find tests -name "test_*.py" | LC_ALL=C sort | awk "NR % 4 == $*"); \
		[ -z "$$files" ] || $(PYTEST) $$files || [ $$? -eq 5 ]  # 5: all tests of these files are long ones

test-long: test  ## the slow tests too
	@for tests in tests projects/*/tests; do $(PY) -m pytest --quiet -m long $$tests || [ $$? -eq 5 ] || exit 1; done

web: $(INSTALLED)  ## dist/web: a static page of every exported project, which runs on the visitor's device (needs npm)
	@$(PY) tools/web.py $(ARGS)

test-%: installed-for-%  ## the tests of one project
	@echo "== $*"; $(PYTEST) $(dir $(call main,$*))tests

lint: $(INSTALLED)  ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m mypy --platform win32 --cache-dir .mypy_cache/win32

lock:  ## install the newest versions into a fresh environment and write them to constraints.txt
	@$(PYTHON) tools/lock.py

clean:  ## remove .venv, build and caches; data and outputs stay
	@rm -rf .venv .venv-bench .venv-docs build .pytest_cache .ruff_cache .mypy_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Of this repository alone: tools/new_project.py leaves out of a new repository what follows.
BENCH := .venv-bench
TRACKERS := .venv-trackers
DOCS := .venv-docs
.PHONY: new-project test-docs docs exercise hint progress bench trackers

new-project:  ## your own project: NAME=flowers FROM=image_segmentation, and TO=~/code/flowers for a repository of its own
	@$(require_python)
	@$(PYTHON) tools/new_project.py "$(NAME)" --from "$(FROM)" $(if $(TO),--to "$(TO)")

test-docs: $(INSTALLED)  ## run the commands of every page, in a copy of the repository
	@$(PY) -m pytest --quiet -m long tests/test_docs.py $(ARGS)

docs: $(INSTALLED) $(DOCS)/installed  ## dist/docs: pages, notebooks as they ran, exercises and the reference of shared/
	@$(DOCS)/bin/python tools/docs.py

$(DOCS)/installed: docs/requirements.txt constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --constraint constraints.txt --requirement docs/requirements.txt
	@touch $@

exercise: $(INSTALLED)  ## check your answer to an exercise of docs/exercises: make exercise N=03
	@$(PY) docs/learn/road.py exercise "$(N)"

hint: $(INSTALLED)  ## a hint for an exercise: make hint N=03
	@$(PY) docs/learn/road.py hint "$(N)"

progress: $(INSTALLED)  ## which exercises are solved
	@$(PY) docs/learn/road.py progress

bench: bench-loops bench-mnist bench-serving bench-text_training  ## loops, server, fine-tuning beside their peers

bench-samples: $(INSTALLED)  ## run each project on its sample: how long, how well
	@$(PY) tools/bench_samples.py $(ARGS)

bench-%: $(BENCH)/installed  ## one benchmark, also on your data: make bench-mnist DATA=folder
	@PYTHONPATH="$(CURDIR)" $(BENCH)/bin/python tools/bench_$*.py $(if $(DATA),--data "$(DATA)") $(ARGS)

$(BENCH)/installed: $(INSTALLED) tools/requirements-bench.txt
	$(PY) -m venv $(BENCH)
	@# The peers come on top of what the project has, not beside a second copy of it.
	@$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> $$($(BENCH)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth
	@# BentoML asks for other versions of these two than the project has.
	@grep -v -E '^(certifi|opentelemetry-api)=' constraints.txt > $(BENCH)/constraints.txt
	$(BENCH)/bin/python -m pip install --quiet --constraint $(BENCH)/constraints.txt --requirement tools/requirements-bench.txt
	@touch $@

trackers: $(INSTALLED)  ## MLflow, Weights & Biases and trackio beside the project, for their tests (make test-long)
	$(PY) -m venv $(TRACKERS)
	@$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> $$($(TRACKERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth
	$(TRACKERS)/bin/python -m pip install --quiet --requirement tools/requirements-trackers.txt
