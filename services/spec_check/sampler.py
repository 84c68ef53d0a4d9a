"""The door to Druid's sampler: `POST /druid/indexer/v1/sampler`, and its answer as typed rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from services.spec_check import request
from services.spec_check.comparing import SampledRow, Theirs
from services.spec_check.errors import CannotCheckError
from shared.druid import DruidAwayError, DruidRefusedError, DruidSettings, HttpDruid
from shared.druid_errors import Place, explain

PATH = "/druid/indexer/v1/sampler"
# The sampler has to be done before its caller gives up.
_SHARE_OF_ANSWER_TIME = 0.7
_COMPLEX = re.compile(r"COMPLEX<(.*)>")


class Sampler:
    """The sampler of one Druid.

    Args:
        settings: where Druid is. The sampler gets seven tenths of the time that an answer may take.
        transport: replaces the network, in tests.
    """

    def __init__(self, settings: DruidSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = settings.url
        self._within = settings.answer_timeout * _SHARE_OF_ANSWER_TIME
        self._druid = HttpDruid(settings, transport=transport)

    async def close(self) -> None:
        """Give the connections back."""
        await self._druid.close()

    async def __call__(self, spec: Mapping[str, Any], source: Mapping[str, Any], rows: int) -> Theirs:
        """Have Druid read rows of a source by a spec.

        Raises:
            CannotCheckError: Druid does not answer, refuses, or is none.
        """
        body = request.body(spec, source, rows=rows, within=self._within)
        try:
            return read(await self._druid.ask("POST", PATH, body=body), url=self.url)
        except DruidAwayError as error:
            msg = f"the sampler of Druid at {self.url} does not answer: {error}. DRUID_URL has to name Druid's router"
            raise CannotCheckError(msg) from error
        except DruidRefusedError as error:
            raise CannotCheckError(_refused(self.url, str(error))) from error


def read(answer: Any, *, url: str) -> Theirs:
    """The answer of a sampler at `url`, as types and rows.

    Raises:
        CannotCheckError: it is no answer of a sampler's, or has no row.
    """
    try:
        types = {str(one["name"]): _type(str(one["type"])) for one in answer["logicalSegmentSchema"]}
        rows = [SampledRow(one.get("input"), one.get("parsed"), one.get("error")) for one in answer["data"]]
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"what answers at {url} is no sampler of Druid's: {error!r} in place of its rows. Set DRUID_URL"
        raise CannotCheckError(msg) from error
    if not rows:
        msg = f"nothing could be compared: the sampler of Druid at {url} gave no row back"
        raise CannotCheckError(msg)
    return Theirs(types, rows)


def _type(druids: str) -> str:
    """`LONG` and `COMPLEX<json>` as specs call them, `long` and `json`."""
    nested = _COMPLEX.fullmatch(druids)
    return (nested[1] if nested else druids).lower()


def _refused(url: str, words: str) -> str:
    known = explain(words, Place.SAMPLER)
    told = f"{known.cause} {known.what_to_do} Druid said: " if known.code else ""
    return f"the sampler of Druid at {url} refused the sample: {told}{words}"
