"""A gateway that answers the command line what a test says."""

from __future__ import annotations

import httpx
import pytest


class Gateway:
    """Answers each request with `answer`, and remembers it."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200)
        self.asked: httpx.Request | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked = request
        return self.answer

    @property
    def request(self) -> httpx.Request:
        assert self.asked is not None
        return self.asked


def answering(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway that every client speaks to from now on."""
    answers, real = Gateway(), httpx.Client

    def client(*, base_url: str, **_: object) -> httpx.Client:
        return real(transport=httpx.MockTransport(answers), base_url=base_url)

    monkeypatch.setattr(httpx, "Client", client)
    return answers
