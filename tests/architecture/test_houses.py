"""Each service can be taken out with what is shared alone, and importing anything does nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, SERVICES, copy_to

BUILD = """
import importlib, inspect, socket, sys

def refuse(*_args, **_kwargs):
    raise AssertionError("nothing may connect before the start")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
name = sys.argv[1]
settings = importlib.import_module(f"services.{name}.settings")
groups = [one for one in vars(settings).values() if inspect.isclass(one) and hasattr(one, "read")]
(group,) = [one for one in groups if one.__module__ == settings.__name__]
app = importlib.import_module(f"services.{name}.app").create_app(group.read(None))
assert callable(getattr(app, "app", app)), app
importlib.import_module(f"services.{name}.__main__")
print(sorted(module for module in sys.modules if module.startswith(("services.", "stack"))))
"""
MINIMAL = {"S3_BUCKET_NAME": "ingest", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
RULES = (
    *(
        ROOT / "services" / file
        for file in ("monitor/decide.py", "monitor/evidence.py", "monitor/ledger.py", "monitor/says.py")
    ),
    *(
        ROOT / "services" / "submitter" / file
        for file in ("admission.py", "chunks.py", "intervals.py", "live_types.py", "spec.py", "says.py")
    ),
    *(ROOT / "services" / "submitter" / file for file in ("dimensions.py", "expressions.py", "metrics.py")),
    *(ROOT / "services" / "submitter" / file for file in ("sources.py", "transforms.py", "tuning.py")),
    *(ROOT / "services" / file for file in ("projector/projection.py", "validator/publication.py")),
    *(ROOT / "services" / "gateway" / file for file in ("fields.py", "multipart.py", "names.py", "problems.py")),
    ROOT / "services" / "spec_preview.py",
    *(ROOT / "services" / "spec_check" / file for file in ("cells.py", "comparing.py", "expecting.py", "request.py")),
    *(ROOT / "services" / "spec_check" / file for file in ("lines.py", "transforming.py")),
    ROOT / "shared" / "events.py",
)
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
CHANCE = {"uuid1", "uuid4", "uuid6", "uuid7", "urandom"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_lives_with_what_is_shared_alone(name: str, tmp_path: Path) -> None:
    copy_to(tmp_path, "shared", "services/__init__.py", f"services/{name}")
    built = _python(tmp_path, "-c", BUILD, name)
    assert built.returncode == 0, built.stderr
    assert all(module.startswith(f"services.{name}") for module in ast.literal_eval(built.stdout))


def test_a_service_that_needs_another_would_not(tmp_path: Path) -> None:
    copy_to(tmp_path, "shared", "services/__init__.py", "services/monitor")
    with (tmp_path / "services/monitor/app.py").open("a") as file:
        file.write("import services.submitter.spec\n")
    assert "No module named 'services.submitter'" in _python(tmp_path, "-c", BUILD, "monitor").stderr


def test_a_service_that_connects_when_it_is_made_would_be_seen(tmp_path: Path) -> None:
    copy_to(tmp_path, "shared", "services/__init__.py", "services/projector")
    with (tmp_path / "services/projector/app.py").open("a") as file:
        file.write("import socket\nsocket.create_connection(('127.0.0.1', 9))\n")
    assert "nothing may connect" in _python(tmp_path, "-c", BUILD, "projector").stderr


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert [file for file in _sources() if file.stem in drawers or file.parent.name in drawers] == []


def test_importing_what_is_shared_reads_no_environment(tmp_path: Path) -> None:
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "shared").rglob("*.py")
        if file.name != "__init__.py" and "migrations" not in file.parts
    ]
    read = _environment_reads(tmp_path, modules)
    assert len(modules) > 20
    assert read.returncode == 0, read.stderr
    assert read.stdout == ""


@pytest.mark.parametrize(
    "planted",
    [
        "import os\nHOST = os.environ.get('HOME')",
        "import os\nHOST = os.getenv('HOME')",
        "from shared.kafka.settings import KafkaSettings\nSETTINGS = KafkaSettings()",
    ],
)
def test_a_module_that_reads_the_environment_would_be_seen(tmp_path: Path, planted: str) -> None:
    copy_to(tmp_path, "shared")
    (tmp_path / "shared" / "planted.py").write_text(planted + "\n")
    assert "is read by" in _environment_reads(tmp_path, ["shared.planted"], tree=tmp_path).stdout


@pytest.mark.parametrize("file", RULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_rules_get_time_and_names_as_arguments(file: Path) -> None:
    assert list(_effects(ast.parse(file.read_text()))) == []


def test_a_rule_that_looks_at_the_clock_would_be_seen() -> None:
    planted = (
        "from uuid import uuid4\nfrom datetime import UTC, datetime\nseen = datetime.now(UTC), uuid4(), open('x')\n"
    )
    assert list(_effects(ast.parse(planted))) == ["now", "uuid4", "open"]


def _effects(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CLOCKS | CHANCE | {"open", "getenv"}:
                yield name


WATCH = """
import os, sys, traceback

def by_us(frames):
    if any("/pydantic_settings/sources/" in file for file in frames):
        return any(file.startswith(sys.argv[1] + "/shared/") for file in frames)
    callers = [file for file in frames if not file.endswith(("/os.py", "_collections_abc.py", "<string>"))]
    return callers[-1].startswith(sys.argv[1] + "/shared/") if callers else False

class Watched(type(os.environ)):
    def __getitem__(self, name):
        frames = [frame.filename for frame in traceback.extract_stack() if "<frozen" not in frame.filename]
        if by_us(frames) and not name.startswith("PYDANTIC_"):
            print(f"{name} is read by {[file for file in frames if '/shared/' in file][-1]}")
        return super().__getitem__(name)

os.environ.__class__ = Watched
for module in sys.argv[2:]:
    __import__(module)
"""


def _environment_reads(folder: Path, modules: list[str], *, tree: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Import modules, and print each read of the environment by a line of the tree's own."""
    return _python(folder, "-c", WATCH, str(tree), *modules, path=tree)


def _python(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, **MINIMAL, "PYTHONPATH": str(path or folder), "PYTHONSAFEPATH": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


def _sources() -> list[Path]:
    return [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
