"""Which services the doctor asks, and where."""

from __future__ import annotations

import pytest

from services.doctor import SERVICES, ServicePages
from shared.settings import load


def test_every_service_is_asked_on_this_machine_at_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_PORT", "9003")
    pages = load(ServicePages)
    assert pages.asked == SERVICES
    assert pages.address("gateway") == "http://127.0.0.1:8000"
    assert pages.address("monitor") == "http://127.0.0.1:9003"


def test_in_a_network_of_containers_the_name_is_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_HEALTH_URL", "http://{service}:8000")
    assert load(ServicePages).address("validator") == "http://validator:8000"


def test_only_what_can_be_reached_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_DOCTOR_SERVICES", "gateway, monitor")
    assert load(ServicePages).asked == ("gateway", "monitor")
