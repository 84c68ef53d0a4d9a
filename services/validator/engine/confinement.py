"""What the process that reads a hostile file may not do: reach the network, the service, or many files.

The network is shut off by a filter on system calls (seccomp), which needs no privilege, which native code cannot pass
and which cannot be taken off again. Numbers of system calls: the kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and
`include/uapi/asm-generic/unistd.h`; the filter's form: https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import struct
import sys
from collections.abc import Iterable
from typing import Final

MAX_OPEN_FILES: Final = 128

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_ALLOW = 0x7FFF_0000
_REFUSE = 0x0005_0000 | errno.EPERM
# Instructions of classic BPF, and where `struct seccomp_data` has the number of the call and the machine.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
# Calls of the x32 ABI have this bit: the same calls by other numbers.
_OTHER_ABI = 0x4000_0000
# socket, and the ways around it: io_uring opens sockets of its own, pidfd_getfd takes those of the service, and ptrace
# and process_vm_readv, process_vm_writev make the service do it.
_MACHINES: Final = {
    "x86_64": (0xC000_003E, (41, 425, 438, 101, 310, 311)),
    "aarch64": (0xC000_00B7, (198, 425, 438, 117, 270, 271)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine(libc: ctypes.CDLL) -> None:
    """Confine this process and all that it starts; threads that run already are not confined.

    A kernel without seccomp (an emulated processor), and a processor that is not listed, leave an audit hook of Python
    alone: it refuses sockets to Python code and not to native code.

    Raises:
        OSError: the kernel refuses for another reason.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    known = _MACHINES.get(platform.machine())
    if known is None or not _filtered(libc, program(*known)):
        sys.addaudithook(_refuse_sockets)


def conceal() -> None:
    """Hide this process's memory and environment, where its passwords are, from other processes of the same user.

    It leaves no core file either. What it starts with `exec` is not hidden.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")


def program(machine: int, refused: Iterable[int]) -> bytes:
    """The filter: refuse these calls, and every call in the manner of another machine, with EPERM; allow the rest."""
    refused = tuple(refused)
    code = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IF_EQUAL, 0, len(refused) + 3, machine),  # jumps count the instructions to leave out
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, len(refused) + 1, 0, _OTHER_ABI),
        *((_IF_EQUAL, len(refused) - n, 0, number) for n, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _filtered(libc: ctypes.CDLL, code: bytes) -> bool:
    # Without the first call the kernel takes filters from the privileged alone.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(code) // 8, code)), 0, 0) == 0:
        return True
    if ctypes.get_errno() in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


def _refuse_sockets(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        raise PermissionError(errno.EPERM, f"the process that reads files has no network: {event}")
