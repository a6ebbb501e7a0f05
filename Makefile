# `make repro` and `make test` set everything up by themselves; Python 3.11 to 3.13 is needed.
# Asked for its base, since inside the environment `python3` is the environment's, without pip.
PYTHON ?= $(shell python3 -c "import sys; print(sys._base_executable)")
PYTHON := $(PYTHON)
VENV := .venv
PORT ?= 5001
MLFLOW ?= 3.17.0
# Columns of `dvc exp show` that are no help in choosing: files, and scores beside the main ones.
UNSHOWN := '.*/.*|Executor|State|Created|val.(AUROC|F1)|test.(AUROC|F1|ECE)|gain.AP'
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# No stage and no test calls home.
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := true

# Without pip inside, so that it also works where Python comes without ensurepip.
INSTALL = $(PYTHON) -m pip --python $(VENV)/bin/python install --quiet --disable-pip-version-check \
	--require-hashes -r

.PHONY: repro experiments folds claims learning-curve retrain test test-mlflow check ui serve export \
	bench soak lock format clean

repro: $(VENV)/.run  ## run the pipeline; only what changed is computed
	dvc repro
	@-python -m pipeline find

folds: $(VENV)/.run  ## is the network better than other models, in every fold of people?
	dvc repro studies/folds/dvc.yaml

claims: $(VENV)/.run  ## does the recipe keep its promises on these data, do recommendations hold?
	dvc repro studies/claims/dvc.yaml

learning-curve: $(VENV)/.run  ## would more recordings help?
	dvc repro studies/learning_curve/dvc.yaml

retrain: $(VENV)/.run  ## pull data, train what changed, judge it against the champion, report
	python -m pipeline retrain $(OPTIONS)

# In the order of folders, since the longest modules, end to end, would else be the last. One thread
# each, and two workers more than two cores have: tests wait for servers and processes. Hundreds of
# those load our modules: what is compiled stays, also where a shell asks for the opposite.
test: export OMP_NUM_THREADS := 1
test: export TF_NUM_INTRAOP_THREADS := 1
test: export TF_NUM_INTEROP_THREADS := 1
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.dev  ## run all tests
	python -m pytest -n 4 --dist loadscope --no-loadscope-reorder

# An environment over the other one, with nothing but MLflow of its own.
test-mlflow: OTHER := .local/mlflow-$(MLFLOW)
test-mlflow: $(VENV)/.dev  ## the tests of tracking under another MLflow: MLFLOW=3.18.0
	$(PYTHON) -m venv --without-pip $(OTHER)
	$(VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])' \
		> $$(echo $(OTHER)/lib/python3*/site-packages)/beneath.pth
	$(PYTHON) -m pip --python $(OTHER)/bin/python install --quiet --disable-pip-version-check \
		--ignore-installed --no-deps mlflow==$(MLFLOW)
	test "$$($(OTHER)/bin/python -W ignore -c 'import mlflow; print(mlflow.__version__)')" = $(MLFLOW)
	PATH=$(CURDIR)/$(OTHER)/bin:$$PATH PYTHONWARNINGS="ignore:Versions of mlflow" \
		$(OTHER)/bin/python -m pytest -n 2 -W "ignore:Versions of mlflow" tests/tracking

check: $(VENV)/.dev  ## style, types
	ruff check .
	ruff format --check .
	mypy

experiments: $(VENV)/.run  ## DVC's experiments, best first: scores, and the parameters that differ
	dvc exp show --only-changed --sort-by val.AP --sort-order desc --drop $(UNSHOWN)

# For one person: without processes for GenAI's jobs, and four for requests, it is there sooner and
# holds less memory.
ui: $(VENV)/.run  ## compare runs in the browser, at the address that it prints
	@test ! -f mlflow.db || python -m pipeline relocate
	@-python -m pipeline find --all
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1

serve: $(VENV)/.run  ## answer HTTP requests on this machine; MODEL=RUN for another than the champion
	python -m pipeline serve --port $(PORT) $(MODEL)

export: $(VENV)/.export  ## the model as ONNX, LiteRT and SavedModel; MODEL=RUN for another
	python -m pipeline export $(MODEL) $(OPTIONS)

bench: $(VENV)/.dev  ## ratios against baselines, one after another: half an hour; BENCH="labels" alone
	python -m benchmarks $(BENCH) $(OPTIONS)

soak: $(VENV)/.dev  ## mutated data, kills, races, promotions, intervals, two at a time: 30 minutes
	python -m benchmarks.soak $(CAMPAIGNS)

format: $(VENV)/.dev  ## lay the code out
	ruff check --fix .
	ruff format .

lock:  ## renew the pinned dependencies; needs uv
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url \
		--generate-hashes --custom-compile-command "make lock" --quiet -o requirements.lock
	for group in export dev; do \
		uv pip compile pyproject.toml --group $$group --universal --python-version 3.11 \
			--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet \
			-c requirements.lock -o requirements-$$group.lock || exit 1; \
	done

clean:  ## remove what the pipeline made, but no recorded run
	rm -rf outputs data/demo .local/training

$(VENV)/bin/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	$(INSTALL) requirements.lock
	touch $@

$(VENV)/.export: requirements-export.lock | $(VENV)/bin/python
	$(INSTALL) requirements-export.lock
	touch $@ $(VENV)/.run

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	$(INSTALL) requirements-dev.lock
	touch $@ $(VENV)/.run $(VENV)/.export
