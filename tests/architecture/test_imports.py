"""The directions of imports: kept by the tree, and each seen to break on a planted violation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, contracts, copy_to, lint_imports

# contract: violations of it, as (file, line to add). A file that is not there is made.
PLANTS: dict[str, list[tuple[str, str]]] = {
    "services": [
        ("services/monitor/poller.py", "import services.gateway.names"),
        ("services/validator/engine/__init__.py", "from services.submitter import spec"),
        ("services/projector/store.py", "def late():\n    from services.monitor import decide"),
    ],
    "cli": [
        ("services/gateway/routes.py", "from services import cli"),
        ("services/newcomer.py", "import json"),
    ],
    "shared": [
        ("shared/inbox.py", "from services.validator import settings"),
        ("shared/settings.py", "import stack.settings"),
    ],
    "stack": [
        ("stack/settings.py", "from shared.settings import SettingsGroup"),
        ("stack/servers/service.py", "import services.gateway"),
    ],
    "local": [("services/supervisor.py", "import stack.ports")],
    "gateway": [
        ("services/gateway/upload.py", "from services.gateway import routes"),
        ("services/gateway/settings.py", "from services.gateway import app"),
        ("services/gateway/newcomer.py", "import json"),
    ],
    "validator": [("services/validator/engine/verdict.py", "from services.validator import judge")],
    "submitter": [("services/submitter/spec.py", "from services.submitter import submitting")],
    "spec_check": [("services/spec_check/comparing.py", "from services.spec_check import sampler")],
    "monitor": [("services/monitor/decide.py", "from services.monitor import watching")],
    "projector": [("services/projector/projection.py", "from services.projector import handlers")],
    "pure": [
        ("services/projector/projection.py", "import sqlalchemy"),
        ("services/projector/projection.py", "import time"),
        ("services/submitter/admission.py", "from shared.kafka import producer"),
        ("services/validator/engine/infer.py", "import random"),
        ("services/gateway/fields.py", "from fastapi import Request"),
        ("shared/events.py", "from shared.db import engine"),
        ("shared/druid_errors/catalogue.py", "from shared import druid"),
    ],
    "contract": [
        ("shared/contract/model.py", "from shared.db import engine"),
        ("shared/contract/polars_checks.py", "import httpx"),
        ("shared/contract/exchange/formats.py", "from services.validator.engine import FileReport"),
        ("shared/contract/from_report.py", "from shared.kafka import producer"),
    ],
    "contract_without_frames": [
        ("shared/contract/model.py", "from shared.contract import frames"),
        ("shared/contract/exchange/pandera_yaml.py", "import pandera.polars"),
    ],
    "pure_of_druid": [
        ("services/monitor/decide.py", "import httpx"),
        ("services/submitter/spec.py", "from shared.db.engine import Database"),
        ("services/spec_check/comparing.py", "import httpx"),
    ],
}
CASES = [(contract, file, line) for contract, plants in PLANTS.items() for file, line in plants]


def test_the_tree_keeps_every_contract() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout
    assert f"{len(contracts())} kept, 0 broken" in result.stdout


def test_every_contract_has_a_violation_below() -> None:
    assert PLANTS.keys() == {contract["id"] for contract in contracts()}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    copy_to(folder, "pyproject.toml", *PACKAGES)
    return folder


@pytest.mark.parametrize(("contract", "file", "line"), CASES, ids=[f"{one}: {file}" for one, file, _ in CASES])
def test_a_planted_violation_is_seen(tree: Path, contract: str, file: str, line: str) -> None:
    planted = tree / file
    before = planted.read_text() if planted.exists() else None
    planted.write_text(f"{before or ''}\n{line}\n")
    try:
        result = lint_imports(tree, contract)
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before)
    assert result.returncode == 1
    assert "0 kept, 1 broken" in result.stdout, result.stdout
    assert lint_imports(tree, contract).returncode == 0
