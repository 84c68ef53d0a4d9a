"""A form with one file, sent by the standard library: it costs next to nothing, so what is timed is the gateway."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figure import WrongAnswerError

PATH = "/api/ingest/upload"
_BLOCK = 1024 * 1024
_BOUNDARY = "druid-ingest-benchmark"


def send(path: Path, *, port: int, datasource: str, headers: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    """Seconds from the connection to the answer, and the answer; `headers` are the caller's credentials.

    Raises:
        WrongAnswerError: it is no 202.
    """
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="datasource_name"\r\n\r\n{datasource}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, blocksize=_BLOCK, timeout=600)
    started = time.perf_counter()
    try:
        connection.putrequest("POST", PATH)
        connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
        connection.putheader("Content-Length", str(len(head) + path.stat().st_size + len(tail)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(head)
        with path.open("rb") as file:
            connection.send(file)
        connection.send(tail)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    seconds = time.perf_counter() - started
    if answer.status != http.HTTPStatus.ACCEPTED:
        msg = f"the gateway answered {answer.status}: {body[:300]!r}"
        raise WrongAnswerError(msg)
    return seconds, json.loads(body)
