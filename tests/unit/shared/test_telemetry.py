"""Logging is set up once for a process, so each case is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BEFORE = """
import logging
from shared.telemetry import LogSettings, configure, logger, task_scope
log = logger("a.module")
configure(service="monitor", settings=LogSettings(level={level!r}, format={form!r}))
"""
SCRIPT = """
with task_scope("dSXkVh3PurvQXCK83h2Tmp", event_id="e", nothing=None):
    log.info("inside", rows=3)
    logging.getLogger("a.library").warning("from %s", "outside")
log.info("after")
log.debug("too quiet")
logging.getLogger("aiokafka.client").error("two hundred lines a second")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken")
"""


def lines(form: str = "json", level: str = "INFO") -> list[str]:
    script = BEFORE.format(form=form, level=level) + SCRIPT
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_a_line_is_json_with_the_service_and_inside_a_task_its_id() -> None:
    inside, library, after, broken = (json.loads(line) for line in lines())
    assert inside.pop("timestamp").endswith("Z")
    assert inside == {
        "event": "inside",
        "rows": 3,
        "level": "info",
        "logger": "a.module",
        "service": "monitor",
        "task_id": "dSXkVh3PurvQXCK83h2Tmp",
        "event_id": "e",
    }
    assert (library["event"], library["task_id"]) == ("from outside", inside["task_id"])
    assert "task_id" not in after
    assert "ZeroDivisionError" in broken["exception"]


def test_people_get_text() -> None:
    first = lines(form="text")[0]
    assert "inside" in first
    assert "task_id=dSXkVh3PurvQXCK83h2Tmp" in first


def test_less_can_be_asked_for() -> None:
    assert [json.loads(line)["event"] for line in lines(level="ERROR")] == ["broken"]
