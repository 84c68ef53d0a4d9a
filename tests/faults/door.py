"""A door between the services and Druid: it notes who asks what, and lets a test act while a task is posted."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby

import httpx

from shared.druid import TASK_COLUMN

POST_PATH = "/druid/indexer/v1/task"
SQL_PATH = "/druid/v2/sql"
ANSWER_SECONDS = 60

PassOn = Callable[[], httpx.Response]
"""Sends the request that has come to Druid; Druid's answer."""

AtPost = Callable[[PassOn], httpx.Response | None]
"""What is done with a post instead of passing it on; None cuts the answer: the service hears nothing."""


@dataclass(frozen=True)
class Call:
    """A request as it came."""

    service: str
    method: str
    path: str
    body: bytes

    @property
    def posts(self) -> str | None:
        """The id of the Druid task that it posts."""
        return str(json.loads(self.body)["id"]) if (self.method, self.path) == ("POST", POST_PATH) else None

    def counts(self, task_id: str) -> bool:
        """Whether it asks Druid's SQL for the rows of a task."""
        if self.path != SQL_PATH:
            return False
        asked = json.loads(self.body)
        return f'"{TASK_COLUMN}" = ?' in asked["query"] and task_id in [one["value"] for one in asked["parameters"]]


class Door:
    """Passes requests on until told otherwise.

    Args:
        target: Druid's address.
    """

    def __init__(self, target: str) -> None:
        self.calls: list[Call] = []
        self._at_post: AtPost | None = None
        self._lock = threading.Lock()
        self._client = httpx.Client(base_url=target, timeout=ANSWER_SECONDS, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def address(self, service: str) -> str:
        """Where a service has to look for Druid, so that it is known by what it asks."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{service}"

    def at_next_post(self, act: AtPost) -> threading.Event:
        """Have this done with the next post of a task, and only with that; the event is set when it is done."""
        done = threading.Event()

        def once(pass_on: PassOn) -> httpx.Response | None:
            try:
                return act(pass_on)
            finally:
                done.set()

        self._at_post = once
        return done

    def posts(self, task_id: str) -> list[bytes]:
        """The bodies of all posts for a task."""
        return [call.body for call in self.calls if _is_of(call.posts, task_id)]

    def course(self, task_id: str) -> list[str]:
        """Who posted and who counted for a task, in the order of time; the same again at once is told once."""
        told = []
        for call in self.calls:
            if _is_of(call.posts, task_id):
                told.append(f"{call.service} posts {call.posts}")
            elif call.counts(task_id):
                told.append(f"{call.service} counts")
        return [one for one, _ in groupby(told)]

    @contextlib.contextmanager
    def opened(self) -> Iterator[Door]:
        """Serve."""
        serving = threading.Thread(target=self._server.serve_forever, daemon=True)
        serving.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            serving.join()
            self._client.close()

    def _take(self, call: Call) -> httpx.Response | None:
        def pass_on() -> httpx.Response:
            headers = {"content-type": "application/json"} if call.body else {}
            return self._client.request(call.method, call.path, content=call.body, headers=headers)

        with self._lock:
            self.calls.append(call)
            act = self._at_post if call.posts else None
            if act is not None:
                self._at_post = None
        return act(pass_on) if act is not None else pass_on()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            """One request of one connection."""

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                service, _, path = self.path.removeprefix("/").partition("/")
                try:
                    answer = take(Call(service, self.command, f"/{path}", body))
                except httpx.HTTPError:
                    answer = None
                if answer is None:
                    return
                self.send_response(answer.status_code)
                self.send_header("content-type", answer.headers.get("content-type", "application/json"))
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_POST = do_DELETE = do_GET  # noqa: N815  # the names of the standard library

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _is_of(druid_task_id: str | None, task_id: str) -> bool:
    return druid_task_id is not None and druid_task_id.startswith(f"ingest_{task_id}_")
