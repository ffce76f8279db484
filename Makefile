# A fresh clone needs Python >= 3.11 and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
VLLM := .venv-vllm/bin
INSTALL := -m pip --disable-pip-version-check --quiet install --no-compile

# The environments are made side by side; what is imported is compiled, not all that is there.
MAKEFLAGS += --jobs=3

# Tests start hundreds of processes: each would compile every module again where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint docs site fixtures clean

demo: .venv/demo
	@$(BIN)/release demo

test: .venv/test .venv-vllm/ready .venv-hub/ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/zizmor --quiet --offline --persona auditor .github
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: .venv/test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: .venv/demo
	@$(BIN)/python docs/generate.py

site: .venv/test
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo site/index.html

.venv/bin/python:
	@$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml requirements/core.txt
	@$(BIN)/python $(INSTALL) -r requirements/core.txt
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test: .venv/demo requirements/test.txt
	@$(BIN)/python $(INSTALL) torch==2.13.0
	@$(BIN)/python $(INSTALL) -r requirements/test.txt
	@touch $@

# The real vLLM, apart: it pins other versions of almost everything.
.venv-vllm/ready: requirements/vllm.txt
	@$(PYTHON) -m venv .venv-vllm
	@$(VLLM)/python $(INSTALL) torch==2.13.0
	@$(VLLM)/python $(INSTALL) -r requirements/vllm.txt
# Their libraries are built for CUDA and do not load beside torch's build for CPUs.
	@$(VLLM)/python -m pip --disable-pip-version-check --quiet uninstall -y torchaudio torchcodec
	@touch $@

# The newest client of the Hub, apart: transformers wants an older one.
.venv-hub/ready: requirements/hub.txt
	@$(PYTHON) -m venv .venv-hub
	@.venv-hub/bin/python $(INSTALL) -r requirements/hub.txt
	@touch $@

clean:
	rm -rf .venv .venv-vllm .venv-hub
