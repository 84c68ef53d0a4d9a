from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.projector.app import create_app
from services.projector.settings import HttpSettings, ProjectorSettings
from shared.db.engine import Database, DatabaseSettings
from shared.db.storable import storable
from shared.kafka.settings import KafkaSettings
from shared.settings import SettingsInvalidError
from shared.telemetry import LogSettings


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PROJECTOR_PORT", "PROJECTOR_HOST", "DB_HOST", "DB_PASSWORD", "LOG_LEVEL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "profile.env"
    file.write_text("PROJECTOR_PORT=8104\nDB_PASSWORD=p@ss w/rd\nKAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\n")
    return file


def test_the_profile_fills_in_what_the_environment_does_not_say(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_HOST", "elsewhere")
    settings = ProjectorSettings.read(profile)
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8104)
    assert settings.database.host == "elsewhere"
    assert settings.database.password.get_secret_value() == "p@ss w/rd"
    assert settings.kafka.bootstrap_servers == "127.0.0.1:1"


def test_without_a_profile_there_are_defaults(profile: Path) -> None:
    assert profile.exists()
    assert ProjectorSettings.read(None).http == HttpSettings(host="127.0.0.1", port=8004)


@pytest.mark.parametrize(("name", "value"), [("PROJECTOR_PORT", "0"), ("LOG_LEVEL", "loud"), ("DB_PORT", "x")])
def test_a_bad_setting_is_named(profile: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalidError, match=name.split("_")[1]):
        ProjectorSettings.read(profile)


class AwayDatabase(Database):
    async def ping(self) -> None:
        raise ConnectionRefusedError


async def test_the_app_is_made_without_a_connection_and_tells_what_is_away() -> None:
    kafka = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    settings = ProjectorSettings(http=HttpSettings(), kafka=kafka, database=DatabaseSettings(), log=LogSettings())
    service = create_app(settings, database=AwayDatabase(settings.database))
    assert await get(service.app, "/livez") == (200, "ok")
    status, checks = await get(service.app, "/readyz")
    assert status == 503
    assert checks["postgresql"] == "ConnectionRefusedError"
    assert checks["kafka"] != "ok"


async def get(app: Any, path: str) -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "path": path}, None, send)
    body = json.loads(sent[1]["body"])
    return sent[0]["status"], body.get("checks", "ok" if body["ok"] else "stuck")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\x00b", "a\ufffdb"),
        ({"k\x00": ["\x00", 1.5, float("nan"), float("-inf"), None, True, 10**30]}, None),
        ("plain", "plain"),
    ],
)
def test_what_postgresql_cannot_hold_is_replaced(value: Any, stored: Any) -> None:
    if stored is None:
        stored = {"k\ufffd": ["\ufffd", 1.5, None, None, None, True, 10**30]}
    assert storable(value) == stored
