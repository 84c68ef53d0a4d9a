#!/usr/bin/env bash
# Writes the locked requirements anew: one file for development and tests, one for each service alone.
# Only versions and hashes are kept; where packages come from is the business of whoever installs them.
set -eu
cd "$(dirname "$0")/.."
locked() {
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --custom-compile-command "make lock" "$@"
}
compile() {
  locked pyproject.toml "$@"
}
compile --all-extras --group dev -o requirements/dev.txt
# A peer of the benchmarks, installed apart from everything else.
echo frictionless | locked - -o requirements/frictionless.txt
for service in gateway validator submitter monitor projector cli; do
  compile --extra "$service" --constraint requirements/dev.txt -o "requirements/$service.txt"
done
