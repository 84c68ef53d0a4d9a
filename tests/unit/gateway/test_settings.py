from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.gateway.origins import origins_pattern
from services.gateway.settings import GatewaySettings, HttpSettings
from shared.settings import SettingsInvalidError, load


def test_defaults_listen_on_loopback() -> None:
    settings = load(HttpSettings)
    assert (settings.gateway_host, settings.gateway_port) == ("127.0.0.1", 8000)
    assert settings.max_upload_bytes == 5 * 1024**3


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", "::", ""])  # noqa: S104  # that is the point
def test_other_hosts_are_refused_in_one_clear_line(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HOST", host)
    assert load(HttpSettings).gateway_host == (host or "127.0.0.1"), "a gateway that asks for keys may listen anywhere"
    monkeypatch.setenv("AUTH", "none")
    if not host:
        assert load(HttpSettings).gateway_host == "127.0.0.1"
        return
    with pytest.raises(SettingsInvalidError, match=r"GATEWAY_HOST: .*loopback"):
        load(HttpSettings)


def test_a_container_whose_port_is_published_on_loopback_may_listen_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH", "none")
    monkeypatch.setenv("GATEWAY_HOST", "0.0.0.0")  # noqa: S104  # that is the point
    monkeypatch.setenv("GATEWAY_PUBLISHED_ON_LOOPBACK", "true")
    assert load(HttpSettings).gateway_host == "0.0.0.0"  # noqa: S104  # see above
    monkeypatch.setenv("GATEWAY_PUBLISHED_ON_LOOPBACK", "false")
    with pytest.raises(SettingsInvalidError, match="GATEWAY_PUBLISHED_ON_LOOPBACK=true"):
        load(HttpSettings)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GATEWAY_HOST": "127.0.0.2",
        "GATEWAY_PORT": "8123",
        "CORS_ORIGINS": "https://a.example, https://b.example:8443/",
        "MAX_UPLOAD_BYTES": "1000",
        "UPLOAD_TIMEOUT": "PT1M",
        "UPLOAD_EXPIRY": "PT2H",
        "DB_PASSWORD": "p@ss:/?#%",
    }.items():
        monkeypatch.setenv(name, value)
    settings = GatewaySettings.read(None)
    assert settings.http.cors_origins == ("https://a.example", "https://b.example:8443")
    assert settings.http.upload_timeout == timedelta(minutes=1)
    assert settings.http.upload_expiry == timedelta(hours=2)
    assert settings.database.url().password == "p@ss:/?#%"


@pytest.mark.parametrize(("name", "value"), [("UPLOAD_EXPIRY", "PT1M"), ("UPLOAD_TIMEOUT", "P2D")])
def test_uploads_under_way_are_never_swept(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalidError, match=r"UPLOAD_EXPIRY: .*UPLOAD_TIMEOUT"):
        load(HttpSettings)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost", True),
        ("http://localhost:3000", True),
        ("http://127.0.0.1:8000", True),
        ("https://localhost:3000", False),
        ("http://localhost.evil.example", False),
        ("http://localhost:3000.evil.example", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_localhost_is_the_default_origin(origin: str, *, allowed: bool) -> None:
    found = re.fullmatch(origins_pattern(HttpSettings().cors_origins), origin)
    assert bool(found) is allowed


def test_other_origin_lists() -> None:
    assert re.fullmatch(origins_pattern(["*"]), "http://anything")
    assert not re.fullmatch(origins_pattern([]), "http://localhost")
    assert not re.fullmatch(origins_pattern(["http://a.b"]), "http://aXb")
