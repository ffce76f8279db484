# A fresh clone needs Python >= 3.11 and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip --disable-pip-version-check --quiet install --no-compile
# Every package is pinned with all that it needs: nothing is left to resolve.
INSTALL := .venv/bin/uv pip install --quiet --no-deps --python

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

.venv/bin/uv:
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) uv==0.13.9

.venv/demo: .venv/bin/uv pyproject.toml requirements/core.txt
	@$(INSTALL) .venv -r requirements/core.txt
	@$(INSTALL) .venv --no-build-isolation --editable .
	@touch $@

# torch comes first and by pip, which takes a wheel for CPUs where one lies on the disk.
.venv/test: .venv/demo requirements/test.txt
	@.venv/bin/python $(PIP) torch==2.13.0
	@$(INSTALL) .venv -r requirements/test.txt
	@touch $@

# The real vLLM, apart: it pins other versions of almost everything. Its torchaudio and torchcodec
# are built for CUDA and do not load beside torch's build for CPUs, so they are not in the list.
.venv-vllm/ready: .venv/bin/uv requirements/vllm.txt
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/python $(PIP) torch==2.13.0
	@$(INSTALL) .venv-vllm -r requirements/vllm.txt
	@touch $@

# The newest client of the Hub, apart: transformers wants an older one.
.venv-hub/ready: .venv/bin/uv requirements/hub.txt
	@$(PYTHON) -m venv .venv-hub
	@$(INSTALL) .venv-hub -r requirements/hub.txt
	@touch $@

clean:
	rm -rf .venv .venv-vllm .venv-hub
