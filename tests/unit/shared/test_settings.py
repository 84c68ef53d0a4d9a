from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import SettingsGroup, SettingsInvalidError, find_profile, load


class Sample(SettingsGroup):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_", frozen=True, extra="ignore", env_ignore_empty=True)

    names: tuple[str, ...] = ()
    needed: str
    elsewhere: int = Field(default=1, validation_alias="ELSEWHERE")


def problem(group: type[SettingsGroup]) -> str:
    with pytest.raises(SettingsInvalidError) as caught:
        load(group)
    return str(caught.value)


def test_all_problems_are_one_line_with_the_variables_and_without_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PORT", "hunter2")
    monkeypatch.setenv("DB_POOL_CONNECTIONS", "-4711")
    told = problem(DatabaseSettings)
    assert told.startswith("settings: DB_PORT: Input should be a valid integer")
    assert "; DB_POOL_CONNECTIONS: " in told
    assert "\n" not in told
    assert "hunter2" not in told
    assert "4711" not in told


def test_missing_and_renamed_variables_are_named_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", "no number")
    assert problem(Sample).startswith("settings: SAMPLE_NEEDED: Field required; ELSEWHERE: Input should be")


def test_a_list_that_is_none_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_NEEDED", "here")
    monkeypatch.setenv("SAMPLE_NAMES", "hunter2")
    told = problem(Sample)
    assert "names" in told
    assert "hunter2" not in told


def test_the_environment_wins_over_the_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profile = tmp_path / "profile.env"
    profile.write_text("DB_HOST=from-profile\nDB_USER=from-profile\nOTHER=1\n")
    monkeypatch.setenv("DB_HOST", "from-environment")
    monkeypatch.setenv("DB_USER", "")
    settings = load(DatabaseSettings, profile=profile)
    assert (settings.host, settings.user) == ("from-environment", "from-profile")


@pytest.mark.parametrize("password", ["p@ss:w/rd?#%25", "ü ' \" \\", "$HOME", "a=b"])
def test_any_character_may_stand_in_a_password(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("DB_PASSWORD", password)
    settings = load(DatabaseSettings)
    assert settings.url().password == password
    assert password not in repr(settings)
    assert password not in str(settings.url())


def test_the_profile_is_found_upwards_unless_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INGEST_PROFILE", raising=False)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_profile(below) is None
    (tmp_path / ".stack").mkdir()
    (tmp_path / ".stack" / "profile.env").touch()
    assert find_profile(below) == tmp_path / ".stack" / "profile.env"
    monkeypatch.setenv("INGEST_PROFILE", "/elsewhere")
    assert find_profile(below) == Path("/elsewhere")


def test_security_arguments_follow_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "ingest")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "secret")
    arguments = load(KafkaSettings).client_arguments()
    assert arguments["sasl_plain_password"] == "secret"
    assert "ssl_context" not in arguments
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    arguments = load(KafkaSettings).client_arguments()
    assert "ssl_context" in arguments
    assert "sasl_mechanism" not in arguments
