from __future__ import annotations

import signal
from pathlib import Path

import pytest
from pydantic import ValidationError

from stack import catalog, profile
from stack.catalog import UnknownNameError
from stack.server import Context, Server
from stack.servers import kafka
from stack.settings import StackSettings
from stack.templating import render

SECRET = profile.Secrets(
    db_password="p", s3_access_key="AK", s3_secret_key="SK", kafka_cluster_id="C" * 22, api_key="ik_k"
)


def context(tmp_path: Path, offset: int = 0) -> Context:
    settings = StackSettings(dir=tmp_path / ".stack", cache=tmp_path / "cache", port_offset=offset)
    return Context(settings=settings, secret=SECRET, profile=profile.render(settings, SECRET))


@pytest.fixture
def servers(tmp_path: Path) -> dict[str, Server]:
    return catalog.define(context(tmp_path))


def test_the_catalogue_is_complete_and_every_member_can_be_stopped(servers: dict[str, Server]) -> None:
    assert set(servers) == set(catalog.GROUPS["all"])
    assert {name for group in catalog.STOP_ORDER for name in group} == set(servers)


def test_no_two_servers_share_a_port(servers: dict[str, Server], tmp_path: Path) -> None:
    settings = context(tmp_path).settings
    taken = [settings.port(name) for server in servers.values() for name in server.ports]
    assert len(set(taken)) == len(taken) == 16


def test_the_offset_moves_every_port(tmp_path: Path) -> None:
    moved = context(tmp_path, offset=1000)
    assert moved.profile["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:20092"
    assert moved.profile["DB_PORT"] == "6433"
    assert moved.profile["DRUID_URL"] == "http://127.0.0.1:19888"
    assert "clientPort=13181" in catalog.define(moved)["zookeeper"].command.config
    assert "listeners=PLAINTEXT://127.0.0.1:20092,CONTROLLER://127.0.0.1:20093" in kafka._properties(moved, Path("/d"))


def test_everything_listens_on_loopback(servers: dict[str, Server]) -> None:
    for name in ("coordinator", "indexer", "historical", "broker", "router"):
        config = servers[name].command.config
        assert "druid.host=127.0.0.1\n" in config
        assert "druid.bindOnHost=true\n" in config
    assert "clientPortAddress=127.0.0.1\n" in servers["zookeeper"].command.config
    assert "--listen_addresses=127.0.0.1" in servers["postgres"].command.argv
    assert "127.0.0.1:17070" in servers["versitygw"].command.argv


def test_no_secret_is_among_the_arguments(tmp_path: Path) -> None:
    secret = profile.Secrets.make()
    settings = context(tmp_path).settings
    defined = catalog.define(Context(settings=settings, secret=secret, profile=profile.render(settings, secret)))
    arguments = " ".join(argument for server in defined.values() for argument in server.command.argv)
    assert not [word for word in (secret.db_password, secret.s3_access_key, secret.s3_secret_key) if word in arguments]


def test_postgresql_is_asked_for_its_fast_shutdown(servers: dict[str, Server]) -> None:
    assert servers["postgres"].stop_signal == signal.SIGINT


def test_druid_gets_the_keys_of_the_store(servers: dict[str, Server]) -> None:
    config = servers["indexer"].command.config
    assert "druid.s3.accessKey=AK\n" in config
    assert "druid.s3.secretKey=SK\n" in config
    assert "druid.worker.capacity=3\n" in config


def test_a_heap_is_a_setting(tmp_path: Path) -> None:
    before = context(tmp_path)
    settings = before.settings.model_copy(update={"indexer_heap": "3g"})
    after = catalog.define(Context(settings=settings, secret=SECRET, profile=before.profile))
    assert "-Xmx3g" in after["indexer"].command.argv
    assert after["indexer"].command.version != catalog.define(before)["indexer"].command.version


@pytest.mark.parametrize("change", [{"kafka_port": 0}, {"kafka_port": 70_000}, {"indexer_heap": "lots"}])
def test_settings_that_cannot_work_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StackSettings(**change)  # type: ignore[arg-type] # wrong on purpose


def test_groups_and_names_are_expanded_once() -> None:
    assert catalog.expand(["kafka", "servers"]) == ["kafka", *catalog.DRUID, "postgres", "versitygw"]


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"called kafak: there are kafka, zookeeper"):
        catalog.expand(["kafak"])


def test_a_server_brings_what_it_needs(servers: dict[str, Server]) -> None:
    def needs(name: str) -> set[str]:
        return {server.name for server in catalog.with_needs([name], servers)}

    assert needs("kafka") == {"kafka"}
    assert needs("indexer") == {"indexer", "coordinator", "zookeeper"}
    assert needs("router") == set(catalog.DRUID)
    assert needs("monitor") == {"monitor", "kafka", "postgres", *catalog.DRUID}


def test_a_template_with_an_unfilled_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="port"):
        render("druid/zoo.cfg", {"home": "/h"})
