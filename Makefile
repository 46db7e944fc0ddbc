# Two commands do everything on a fresh clone: `make quickstart` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip
JOBS ?= 2
QUICK_CONFIG := configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py
QUICK_WORK := work_dirs/quickstart
export OMP_NUM_THREADS ?= 1
export PYTHONUNBUFFERED := 1
# `make PYTHON=...` chooses what the environment is made from, not what the scripts in it run.
unexport PYTHON

.PHONY: install quickstart test fault mini lint docs clean

install: $(VENV)/.installed

# Step 1 takes everything that resolves cleanly; step 2 the OpenMMLab packages, whose declared needs would
# overwrite decord2 and bring three OpenCVs.
$(VENV)/.installed: setup.py constraints.txt $(wildcard requirements/*.txt)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -r requirements/runtime.txt -r requirements/text.txt \
		-r requirements/tests.txt -r requirements/lint.txt
	$(PIP) install -q --no-deps -r requirements/openmmlab.txt
	$(PIP) install -q --no-deps --no-build-isolation -e .
	touch $@

quickstart: install
	$(BIN)/python tools/data/make_mini.py --out data/mini --preset default --layouts egoexolearn
	$(BIN)/python tools/train.py $(QUICK_CONFIG) --work-dir $(QUICK_WORK)
	$(BIN)/python tools/test.py $(QUICK_CONFIG) $(QUICK_WORK)/best.pth --work-dir $(QUICK_WORK) \
		--dump $(QUICK_WORK)/predictions.npz --out $(QUICK_WORK)/scalars.json
	$(BIN)/python tools/evaluate.py segmentation --pred $(QUICK_WORK)/predictions.npz --gt data/mini/egoexolearn
	$(BIN)/python tools/analysis/report.py $(QUICK_WORK)

test: install
	$(BIN)/python -m pytest tests -n $(JOBS) --dist loadfile

# Every kill point instead of a sample of them; writes the result into docs/fault_results.md.
fault: install
	$(BIN)/python -m pytest tests/fault -n $(JOBS) --dist loadfile --fault full

# Thresholds on the preset `default`, three seeds; writes the tables of configs/<benchmark>/README.md and puts one
# checkpoint (3 to 20 MB) per config of their plans into work_dirs/zoo, where get_model(NAME, pretrained=True) finds it.
# MINI="planning" does one benchmark.
MINI ?= segmentation anticipation planning transfer correspondence recognition
mini: install
	$(BIN)/python tools/data/make_mini.py --out data/mini --preset default
	failed=0; for name in $(MINI); do \
		$(BIN)/python tools/analysis/mini_table.py $$name --seeds 0 1 2 --jobs $(JOBS) || failed=1; done; exit $$failed

lint: install
	$(BIN)/ruff check egoexo tools tests speed docs setup.py
	$(BIN)/codespell egoexo tools tests speed docs configs README.md CONTRIBUTING.md CHANGELOG.md

docs: install
	$(PIP) install -q -c constraints.txt -r requirements/docs.txt
	$(BIN)/sphinx-build -E -W --keep-going -b html docs docs/_build/html

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache docs/_build .dist_test
