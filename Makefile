# The two commands: `make run` and `make test`. Both work with Python 3.10 (venv, pip) and nothing else installed.
unexport PYTHONDONTWRITEBYTECODE
export RASA_TELEMETRY_ENABLED := false
export UV_COMPILE_BYTECODE := 1

UV := $(shell ./tools/uv-path)

.PHONY: run test lint types contracts check train bench sync

run: sync
	$(UV) run --no-sync rapport up

test: sync
	$(UV) run --no-sync pytest -n 2 --dist loadfile

sync:
	@test -n "$(UV)" || { echo "uv could not be set up; see the lines above." >&2; exit 1; }
	@$(UV) sync --quiet || $(UV) sync

lint: sync
	$(UV) run --no-sync ruff check .
	$(UV) run --no-sync ruff format --check .

types: sync
	$(UV) run --no-sync mypy

contracts: sync
	$(UV) run --no-sync lint-imports

check: sync
	$(UV) run --no-sync rapport check

train: sync
	$(UV) run --no-sync rapport train

bench: sync
	$(UV) run --no-sync rapport bench
