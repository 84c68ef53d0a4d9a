"""Containers or child processes, and the settings of the compose file: what needs no engine to be seen."""

from __future__ import annotations

import importlib
import re
import typing
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from shared.db.engine import DatabaseSettings
from shared.druid import DruidSettings
from shared.kafka.settings import KafkaSettings
from shared.storage.settings import S3Settings
from stack import artifact, profile
from stack.docker import own_engine
from stack.docker.choose import ChoiceError, Kind, Machine, Wish, choose, parse_wish
from stack.docker.compose import EXAMPLE, make_settings, profile_of
from stack.settings import PROJECT, StackSettings

COMPOSE = (PROJECT / "docker-compose.yml").read_text()
SECRETS = {"DB_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "INGEST_API_KEY"}


def machine(
    running: Kind | None = None, engine_version: str | None = "28.2.2", images_problem: str | None = None
) -> Machine:
    return Machine(running=running, engine_version=engine_version, images_problem=images_problem)


@pytest.mark.parametrize(
    ("wish", "found", "kind", "why"),
    [
        ("auto", machine(), "docker", "Docker 28.2.2 answers and has the images"),
        ("auto", machine(engine_version=None), "native", "no Docker engine answers"),
        ("auto", machine(images_problem="x cannot be pulled"), "native", "x cannot be pulled"),
        ("native", machine(), "native", "STACK=native"),
        ("docker", machine(), "docker", "Docker 28.2.2 answers and has the images"),
        ("auto", machine(running="native"), "native", "it runs as child processes already"),
        ("auto", machine(running="docker", engine_version=None), "docker", "it runs in containers already"),
        ("docker", machine(running="docker"), "docker", "it runs in containers already"),
    ],
)
def test_the_choice(wish: Wish, found: Machine, kind: Kind, why: str) -> None:
    choice = choose(wish, found)
    assert (choice.kind, choice.why) == (kind, why)


@pytest.mark.parametrize(
    ("wish", "found", "said"),
    [
        ("docker", machine(engine_version=None), "no Docker engine answers: start one"),
        ("docker", machine(images_problem="x cannot be pulled"), "x cannot be pulled: start one"),
        ("docker", machine(running="native"), "the stack runs as child processes: `make down` first"),
        ("native", machine(running="docker"), "the stack runs in containers: `make down` first"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_to_do(wish: Wish, found: Machine, said: str) -> None:
    with pytest.raises(ChoiceError, match=said):
        choose(wish, found)


def test_another_word_is_no_wish() -> None:
    with pytest.raises(ChoiceError, match="STACK is auto, docker or native, not 'podman'"):
        parse_wish("podman")


def test_settings_are_made_once_with_secrets_of_their_own(tmp_path: Path) -> None:
    first = make_settings(tmp_path / ".env", {"GATEWAY_PORT": "9000", "NEW": "1"})
    assert all(first[name] for name in SECRETS)
    assert (first["GATEWAY_PORT"], first["NEW"]) == ("9000", "1")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert make_settings(tmp_path / ".env", {"GATEWAY_PORT": "1"}) == first
    assert make_settings(tmp_path / "other")["DB_PASSWORD"] != first["DB_PASSWORD"]


def test_the_example_holds_no_secret_and_every_variable_of_the_compose_file() -> None:
    example = dotenv_values(EXAMPLE)
    assert {name for name, value in example.items() if not value} == SECRETS
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE))
    assert used - set(example) == {"KAFKA_CLUSTER_ID", "KAFKA_HEAP"}
    assert set(example) <= used


def test_defaults_of_the_compose_file_are_those_of_the_example() -> None:
    example = dotenv_values(EXAMPLE)
    defaults = dict(re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", COMPOSE))
    assert {name: value for name, value in defaults.items() if name in example} == {
        name: value for name, value in example.items() if value
    }


def test_the_images_are_the_releases_that_run_as_child_processes() -> None:
    example = dotenv_values(EXAMPLE)
    assert example["KAFKA_IMAGE"] == f"apache/kafka:{artifact.KAFKA_VERSION}"
    assert example["DRUID_IMAGE"] == f"apache/druid:{artifact.DRUID_VERSION}"
    assert example["S3_IMAGE"] == f"versity/versitygw:v{artifact.VERSITYGW_VERSION}"
    assert example["POSTGRES_IMAGE"] == f"postgres:{artifact.POSTGRES_VERSION.split('.')[0]}"


def test_every_port_is_published_on_loopback() -> None:
    published = re.findall(r'ports: \["([^"]+)"\]', COMPOSE)
    assert len(published) == COMPOSE.count("ports:") == 5
    assert all(one.startswith("127.0.0.1:") for one in published)


def test_the_profile_of_containers_says_what_that_of_child_processes_says(tmp_path: Path) -> None:
    containers = profile_of(make_settings(tmp_path / ".env"))
    secret = profile.Secrets.make()
    native = profile.render(StackSettings(dir=tmp_path), secret)
    hidden = {f"{name.upper()}_PORT" for name in profile.SERVICES if name != "gateway"}
    assert set(native) - set(containers) == hidden
    assert set(containers) - set(native) == {"INGEST_DOCTOR_SERVICES"}
    same = ("DB_HOST", "DB_PORT", "DRUID_URL", "KAFKA_BOOTSTRAP_SERVERS", "S3_ENDPOINT_URL", "INGEST_API_URL")
    assert {name: containers[name] for name in same} == {name: native[name] for name in same}


def test_the_socket_of_an_own_engine_is_short_whatever_the_folder(tmp_path: Path) -> None:
    host = own_engine.environment(tmp_path / ("long" * 60))["DOCKER_HOST"]
    assert len(host.removeprefix("unix://")) < 90
    assert host != own_engine.environment(tmp_path)["DOCKER_HOST"]


ADDRESSES = {
    KafkaSettings: "KAFKA_BOOTSTRAP_SERVERS",
    DatabaseSettings: "DB_HOST",
    DruidSettings: "DRUID_URL",
    S3Settings: "S3_ENDPOINT_URL",
}


@pytest.mark.parametrize("name", ["gateway", "validator", "submitter", "monitor", "projector"])
def test_a_container_is_told_where_each_server_of_its_service_is(name: str) -> None:
    """A group of settings that the compose file forgets has defaults, which lead nowhere in a container."""
    module = importlib.import_module(f"services.{name}.settings")
    groups = set(typing.get_type_hints(getattr(module, f"{name.title()}Settings")).values())
    told = yaml.safe_load(COMPOSE)["services"][name]["environment"]
    assert {variable for group, variable in ADDRESSES.items() if group in groups} <= told.keys()
