# Two commands do everything: `make demo` and `make test`. Both work from an empty clone with only a package index.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# A clone is compiled once, not by every process that the tests start; some shells forbid it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test docs install clean

demo: $(VENV)/.run
	$(BIN)/generec demo $(ARGS)

install: $(VENV)/.run

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --progress-bar on -e ".[text,loop,serve]"
	@touch $@

$(VENV)/.test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --progress-bar off -q -e ".[test]"
	@touch $@

# What Debian has for tests of the store and of the page; `make test DEBIAN=` installs nothing.
DEBIAN ?= postgresql chromium

$(VENV)/.debian: | $(VENV)/.test
	@if [ -z "$(DEBIAN)" ] || dpkg -s $(DEBIAN) >/dev/null 2>&1; then true; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing $(DEBIAN)"; export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get -qq update && apt-get -qq install -y --no-install-recommends $(DEBIAN); } >/dev/null \
		|| echo "$(DEBIAN) could not be installed: what is missing is skipped"; \
	else echo "not root: without apt-get install $(DEBIAN) some tests are skipped"; fi
	@touch $@

test: $(VENV)/.test $(VENV)/.debian
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(ARGS)

$(VENV)/.docs: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --progress-bar off -q -e ".[docs]"
	@touch $@

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

clean:
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
