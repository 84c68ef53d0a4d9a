"""Copies of the source tree, to break or to take apart."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "services", "stack")
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")


def copy_to(folder: Path, *names: str) -> None:
    """Copy files and packages, by their paths below the root."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def contracts() -> list[dict[str, Any]]:
    """The contracts as `pyproject.toml` has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def lint_imports(folder: Path, *contract_ids: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree."""
    limits = [argument for one in contract_ids for argument in ("--contract", one)]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo", *limits],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
