"""The process that reads a file has no network and few open files, whatever code runs in it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from services.validator.engine import ChildLimits, child, confinement, run_child
from tests.verdicts.judging import Judge
from tests.verdicts.processes import process_file, settled, started_child

ROOT = Path(child.__file__).parents[3]
# Tries everything after `before` and prints what came of it: "open", or the name of the error.
PROGRAM = """
import ctypes, errno, json, platform, socket
from services.validator.engine import confinement

libc = ctypes.CDLL(None, use_errno=True)
{before}

def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, "?")
    return "open"

def raw(number):
    return errno.errorcode[ctypes.get_errno()] if libc.syscall(number, *[-1] * 6) == -1 else "open"

files = []
def many_files():
    for _ in range(confinement.MAX_OPEN_FILES):
        files.append(open("/dev/null"))

(_, refused), = [known for name, known in confinement._MACHINES.items() if name == platform.machine()]
found = {{
    "raw": [raw(number) for number in (*refused, confinement._OTHER_ABI | refused[0])],
    "tcp": tried(socket.socket, socket.AF_INET),
    "unix": tried(socket.socket, socket.AF_UNIX),
    "connection": tried(socket.create_connection, ("127.0.0.1", 9)),
    "files": tried(many_files),
}}
print(json.dumps(found))
"""

# A service that reads files, without root's rights, and a process of the same user that looks at its environment.
LOOK = """
import ctypes, os
from services.validator.engine import confinement

if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
ctypes.CDLL(None).prctl(confinement._PR_SET_DUMPABLE, 1, 0, 0, 0)
{before}
if os.fork() == 0:
    try:
        open(f"/proc/{{os.getppid()}}/environ").close()
        print("seen", flush=True)
    except PermissionError:
        print("hidden", flush=True)
    os._exit(0)
os.wait()
"""


def found_in_a_process(before: str) -> dict[str, object]:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded: dict[str, object] = json.loads(run.stdout)
    return loaded


def test_the_network_and_the_ways_around_are_shut() -> None:
    found = found_in_a_process("confinement.confine(libc)")
    assert set(found.pop("raw")) == {"EPERM"}  # type: ignore[call-overload] # a list
    assert found == {"tcp": "EPERM", "unix": "EPERM", "connection": "EPERM", "files": "EMFILE"}


def test_without_confinement_they_are_open() -> None:
    found = found_in_a_process("")
    assert (found["tcp"], found["unix"], found["files"]) == ("open", "open", "open")


@pytest.mark.parametrize(
    "lack",
    [
        "machine, platform.machine = platform.machine(), lambda: 'unheard-of'",
        "confinement._MODE_FILTER = 99",  # EINVAL, as from a kernel without seccomp
    ],
)
def test_where_there_is_no_filter_python_has_no_sockets(lack: str) -> None:
    back = "; platform.machine = lambda: machine" if "machine," in lack else ""
    found = found_in_a_process(f"{lack}; confinement.confine(libc){back}")
    assert (found["tcp"], found["unix"], found["connection"]) == ("EPERM", "EPERM", "EPERM")


@pytest.mark.parametrize(("before", "found"), [("confinement.conceal()", "hidden"), ("", "seen")])
def test_the_service_hides_its_environment(before: str, found: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOOK.format(before=before)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == f"{found}\n"


async def test_every_thread_of_the_real_child_is_confined(judge: Judge) -> None:
    request = judge.request("ts,a\n" + "2024-01-01T00:00:00Z,some text\n" * 1_000_000)
    running = asyncio.create_task(run_child(request, ChildLimits(poll_interval=timedelta(milliseconds=5))))
    pid = await started_child()
    await settled(pid)
    threads: dict[str, bytes] = {}
    limits = b""
    while not running.done():
        threads |= statuses(pid)
        limits = process_file(pid, "limits") or limits
        await asyncio.sleep(0.01)
    assert (await running).outcome == "accepted"
    assert len(threads) > 1
    assert all(b"Seccomp:\t2\n" in status and b"NoNewPrivs:\t1\n" in status for status in threads.values())
    (open_files,) = [line for line in limits.splitlines() if line.startswith(b"Max open files")]
    assert open_files.split()[3:5] == [str(confinement.MAX_OPEN_FILES).encode()] * 2


def statuses(pid: int) -> dict[str, bytes]:
    """What the kernel says of each thread that there is at this moment."""
    names = [task.name for task in Path(f"/proc/{pid}/task").glob("*")]
    return {name: status for name in names if (status := process_file(pid, f"task/{name}/status"))}
