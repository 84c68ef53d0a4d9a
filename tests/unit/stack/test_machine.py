from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack import cache, ports, requirements
from stack.artifact import ARTIFACTS
from stack.java import java_problem, parse_major
from stack.logs import Tail, last_lines, rotate
from stack.requirements import RequirementError
from stack.servers.postgres import Account, find_account, find_place, reachable
from stack.servers.zookeeper import ghost_nodes

NOBODY = Account(uid=65_534, gid=65_534, name="nobody")


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("no such thing", None),
    ],
)
def test_the_version_of_java_is_read(said: str, major: int | None) -> None:
    assert parse_major(said) == major


def fake_java(folder: Path, version: str) -> str:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return str(program)


def test_an_old_java_is_named_with_its_version(tmp_path: Path) -> None:
    assert java_problem(fake_java(tmp_path, "17.0.1")) is None
    problem = java_problem(fake_java(tmp_path, "11.0.2"))
    assert problem is not None
    assert "no Java 17 or newer (it says 11)" in problem


def test_missing_tools_are_told_together_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(RequirementError) as caught:
        requirements.insist(requirements.examine(java=True, downloads=ARTIFACTS.values()))
    lines = str(caught.value).splitlines()
    assert [line.split(" is missing: ")[0] for line in lines] == ["java", "mvn", "go"]
    assert "install it with" in lines[0]
    assert "kafka, postgres, druid, druid-s3" in lines[1]
    assert "versitygw" in lines[2]


def test_nothing_is_needed_when_nothing_is_downloaded_or_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert requirements.examine(java=False, downloads=[]) == []


def test_the_cache_is_keyed_by_version_and_knows_what_it_lacks(tmp_path: Path) -> None:
    assert [a.name for a in cache.missing(tmp_path, ["kafka", "druid", "kafka"])] == ["kafka", "druid"]
    cache.folder(tmp_path, "kafka").mkdir()
    (tmp_path / "druid-0.0.1").mkdir()
    assert [a.name for a in cache.missing(tmp_path, ["kafka", "druid"])] == ["druid"]


def test_a_full_cache_is_not_touched(tmp_path: Path) -> None:
    for name in ARTIFACTS:
        cache.folder(tmp_path, name).mkdir()
    before = sorted(tmp_path.iterdir())
    cache.fetch(tmp_path, ARTIFACTS)
    assert sorted(tmp_path.iterdir()) == before


def test_the_holder_of_a_port_is_named(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    listening = "   0: 0100007F:4A94 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1"
    connected = "   1: 0100007F:4A95 0100007F:0016 01 00000000:00000000 00:00000000 00000000  1000 0 4712 1"
    (tmp_path / "net" / "tcp").write_text(f"  sl  local_address …\n{listening}\n{connected}\n")
    (tmp_path / "42" / "fd").mkdir(parents=True)
    (tmp_path / "42" / "comm").write_text("nginx\n")
    (tmp_path / "42" / "fd" / "3").symlink_to("socket:[4711]")
    assert ports.holder(0x4A94, tmp_path) == "nginx (pid 42)"
    assert ports.holder(0x4A95, tmp_path) is None


def test_postgresql_moves_out_of_a_closed_folder(tmp_path: Path) -> None:
    state, downloaded, outside = tmp_path / "home" / ".stack", tmp_path / "cache" / "postgres-17", tmp_path / "out"
    state.mkdir(parents=True)
    downloaded.mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    closed = find_place(state, downloaded, NOBODY, outside)
    assert closed.home.parent == outside
    assert closed.outside
    assert find_place(tmp_path / "other", downloaded, NOBODY, outside).home != closed.home
    own = Account(uid=os.getuid(), gid=os.getgid(), name="me")
    assert find_place(state, downloaded, own, outside).home == state / "postgres"
    assert find_place(state, downloaded, None, outside).programs == downloaded


def test_a_folder_is_reachable_when_all_above_it_are(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            assert not reachable(inner, NOBODY)
    own = Account(uid=os.getuid(), gid=os.getgid(), name="me")
    (tmp_path / "a").chmod(0o000)
    assert not reachable(inner, own)
    (tmp_path / "a").chmod(0o700)
    assert reachable(tmp_path / "a", own)


def test_only_root_needs_another_account() -> None:
    assert find_account(is_root=False) is None
    account = find_account(is_root=True)
    assert account is not None
    assert account.uid != 0


def test_a_log_begins_anew_and_the_last_one_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    rotate(log)
    log.write_text("one\ntwo\nthree\n")
    tail = Tail(log)
    assert last_lines(log, 2) == "two\nthree"
    rotate(log)
    assert last_lines(log, 2) == ""
    assert (tmp_path / "kafka.log.1").read_text() == "one\ntwo\nthree\n"
    log.write_text("four\nfi")
    assert tail.new_lines() == ["four"]
    with log.open("a") as more:
        more.write("ve\n")
    assert tail.new_lines() == ["five"]


def test_registrations_of_dead_sessions_are_ghosts() -> None:
    dump = (
        "SessionTracker dump:\n1 expire at Mon:\n\t0x1a\n\t0x2b\nephemeral nodes dump:\nSessions with Ephemerals (2):\n"
        "0x1a:\n\t/druid/internal-discovery/BROKER/127.0.0.1:18082\n"
        "0x2b:\n\t/druid/internal-discovery/INDEXER/127.0.0.1:18091\n\t/druid/announcements/127.0.0.1:18091\n"
    )
    connections = " /127.0.0.1:43154[1](queued=0,recved=93,sent=107,sid=0x1a,lop=PING)\n /127.0.0.1:4[0](queued=0)\n"
    assert ghost_nodes(dump, connections) == [
        "/druid/internal-discovery/INDEXER/127.0.0.1:18091",
        "/druid/announcements/127.0.0.1:18091",
    ]
