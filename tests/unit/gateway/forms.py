"""Multipart forms, written by hand: byte for byte what the tests say."""

from __future__ import annotations

from collections.abc import Sequence

BOUNDARY = "----boundary-7MA4YWxk"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

Part = tuple[str, str | None, bytes]


def form(*parts: Part, closed: bool = True) -> bytes:
    """A form of (name, file name or None, content)."""
    body = b""
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


def upload_form(
    content: bytes = b"time,n\n2026-01-01,1\n",
    *,
    filename: str = "data.csv",
    datasource: str | None = "sales",
    fields: Sequence[tuple[str, str]] = (),
    file_first: bool = False,
    closed: bool = True,
) -> bytes:
    """The usual form."""
    file: Part = ("file", filename, content)
    rest: list[Part] = [(name, None, value.encode()) for name, value in fields]
    if datasource is not None:
        rest.append(("datasource_name", None, datasource.encode()))
    return form(*([file, *rest] if file_first else [*rest, file]), closed=closed)
