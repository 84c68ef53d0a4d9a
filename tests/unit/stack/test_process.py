from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stack import process
from stack.process import Command, Process, argv_hash

STATE = Path("/home/someone/.stack")
DATA = Path("/data/of/postgres")


def add(
    proc: Path,
    pid: int,
    argv: list[str],
    *,
    environment: dict[str, str] | None = None,
    session: int | None = None,
    state: str = "S",
    cwd: str = "/",
) -> None:
    entry = proc / str(pid)
    entry.mkdir()
    pairs = (environment or {}).items()
    entry.joinpath("environ").write_bytes(b"".join(f"{key}={value}\0".encode() for key, value in pairs))
    entry.joinpath("cmdline").write_bytes(b"".join(argument.encode() + b"\0" for argument in argv))
    fields = [state, "1", str(pid), str(session or pid), *["0"] * 15, "777", *["0"] * 30]
    entry.joinpath("stat").write_text(f"{pid} (a (strange) name) {' '.join(fields)}\n")
    entry.joinpath("statm").write_text("1000 25 3 1 0 9 0\n")
    entry.joinpath("cwd").symlink_to(cwd)


def marked(name: str, argv: list[str], *, state: Path = STATE) -> dict[str, str]:
    return {
        "INGEST_STACK": str(state),
        "INGEST_STACK_NAME": name,
        "INGEST_STACK_PRINT": f"{argv_hash(argv)}.settings",
    }


def scan(proc: Path) -> dict[int, Process]:
    return {one.pid: one for one in process.scan(STATE, homes={DATA: "postgres"}, proc=proc)}


def test_a_marked_session_leader_with_our_arguments_is_the_server(tmp_path: Path) -> None:
    add(tmp_path, 10, ["java", "kafka"], environment=marked("kafka", ["java", "kafka"]))
    (found,) = scan(tmp_path).values()
    assert (found.pid, found.name, found.leader, found.version) == (10, "kafka", True, "settings")
    assert found.started_ticks == 777
    assert found.rss_bytes == 25 * process._PAGE_BYTES


def test_children_of_a_server_are_found_and_are_not_the_server(tmp_path: Path) -> None:
    argv = ["python", "-m", "services.validator"]
    add(tmp_path, 10, argv, environment=marked("validator", argv))
    add(tmp_path, 11, argv, environment=marked("validator", argv), session=10)
    add(tmp_path, 12, ["python", "parse"], environment=marked("validator", argv))
    assert {pid: one.leader for pid, one in scan(tmp_path).items()} == {10: True, 11: False, 12: False}


def test_a_backend_without_environment_is_known_by_its_working_directory(tmp_path: Path) -> None:
    add(tmp_path, 10, ["postgres: checkpointer"], cwd=str(DATA))
    add(tmp_path, 11, ["sh"], cwd="/data")
    (found,) = scan(tmp_path).values()
    assert (found.pid, found.name, found.leader) == (10, "postgres", False)


def test_other_stacks_strangers_and_the_dead_are_not_ours(tmp_path: Path) -> None:
    add(tmp_path, 10, ["a"], environment=marked("kafka", ["a"], state=Path("/other/.stack")))
    add(tmp_path, 11, ["b"], environment={"PATH": "/bin"})
    add(tmp_path, 12, ["c"], environment=marked("kafka", ["c"]), state="Z")
    (tmp_path / "13").mkdir()
    (tmp_path / "self").mkdir()
    assert scan(tmp_path) == {}


def test_the_version_changes_with_all_that_a_server_reads_but_not_with_its_place() -> None:
    command = Command(argv=("java", "-Xmx1g"), cwd=Path("/"), env={"A": "1"}, config="port=1")
    assert replace(command, argv=("/usr/bin/java", "-Xmx1g")).version == command.version
    changed = [
        replace(command, argv=("java", "-Xmx2g")),
        replace(command, env={"A": "2"}),
        replace(command, config="port=2"),
        replace(command, user="nobody"),
    ]
    assert command.version not in {one.version for one in changed}
