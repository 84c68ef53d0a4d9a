"""Keeping contracts: a good text becomes the next version of its datasource, and the promise to tell the others."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from services.gateway import owners
from services.gateway.callers import Caller
from services.gateway.contract_json import json_text
from services.gateway.datasource_rows import (
    DatasourceRows,
    NewContract,
    StoredContract,
    Version,
    event_of,
)
from services.gateway.negotiation import sent_form
from services.gateway.preconditions import (
    Decision,
    MalformedPreconditionError,
    Precondition,
    decide,
    etag_of,
    precondition_of,
)
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.request import BodyRequest
from shared.contract import Contract, ContractError, Fault, read_contract
from shared.contract.yaml_file import contract_tree
from shared.contract.yaml_text import MOST_BYTES, read
from shared.datasource_name import problem_with
from shared.events import NO_CONTRACT
from shared.kafka.envelope import record_bytes
from shared.telemetry import logger

LONGEST_NAME_OF_A_USER = 256
_ANY_VERSION = 1  # every number makes the same record, but for its digits

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class ContractRequest(BodyRequest):
    """A contract to keep; headers that were not sent are None."""

    datasource_name: str
    caller: Caller
    if_match: str | None = None
    if_none_match: str | None = None
    user_id: str | None = None


class Datasources:
    """The use cases around contracts.

    Args:
        rows: the versions.
        clock: the time of a new version, aware UTC.
        announce: called after a promise was committed.
        max_record_bytes: how large the event of a version may be.
    """

    def __init__(
        self,
        rows: DatasourceRows,
        *,
        clock: Callable[[], datetime],
        announce: Callable[[], None],
        max_record_bytes: int,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._announce = announce
        self._max_record_bytes = max_record_bytes

    async def put(self, request: ContractRequest) -> tuple[Version, bool]:
        """Keep a contract as the next version; the second value says whether it is new.

        Content that is byte for byte that of the latest version makes no new one.

        Raises:
            ProblemError: it is no good contract, or follows another version than the latest.
            DatabaseAwayError: it may be kept later.
        """
        if sent_form(request.content_type) is None:
            detail = "Send the contract with the Content-Type application/yaml, text/yaml or application/json."
            raise ProblemError(ProblemKind.CONTRACT_TYPE, detail)
        condition = _precondition(request)
        owners.check_patterns(request.caller, request.datasource_name)
        created_by = _user(request.user_id)
        content = await _whole(request.body)
        # A large contract takes its time: other requests must not wait for it.
        document = await asyncio.to_thread(_checked, content, request.datasource_name)
        sha256 = hashlib.sha256(content).hexdigest()
        new = NewContract(
            request.caller.tenant, request.datasource_name, content, document, sha256, self._clock(), created_by
        )
        self._check_size(new)

        def decided(latest: Version | None) -> Decision:
            number = latest.version if latest else NO_CONTRACT
            return decide(condition, latest=number, is_same=latest is not None and latest.sha256 == sha256)

        try:
            outcome = await self._rows.add(new, decided)
        except owners.ForeignDatasourceError:
            raise owners.forbidden(new.datasource_name) from None
        if outcome.latest is None or outcome.decision in {Decision.VERSION_REQUIRED, Decision.VERSION_CHANGED}:
            raise _refused(outcome.decision, outcome.latest, request.datasource_name)
        is_new = outcome.decision is Decision.ADD
        if is_new:
            self._announce()
            _log.info("contract_kept", datasource=new.datasource_name, version=outcome.latest.version)
        return outcome.latest, is_new

    async def get(self, caller: Caller, datasource_name: str, version: int | None = None) -> StoredContract:
        """A version of a contract; the latest without a number.

        Raises:
            ProblemError: there is none.
            DatabaseAwayError: it cannot be told.
        """
        found = (
            await self._rows.find(caller.tenant, datasource_name, version) if _can_be(caller, datasource_name) else None
        )
        if found is None:
            raise _unknown(datasource_name, version)
        return found

    async def history(self, caller: Caller, datasource_name: str) -> list[Version]:
        """Every version, the latest first; at least one. See `get`."""
        found = await self._rows.history(caller.tenant, datasource_name) if _can_be(caller, datasource_name) else []
        if not found:
            raise _unknown(datasource_name, None)
        return found

    def _check_size(self, new: NewContract) -> None:
        needed = record_bytes(event_of(new, _ANY_VERSION))
        if needed > self._max_record_bytes:
            detail = (
                f"The contract makes a message of {needed:,} bytes, and at most {self._max_record_bytes:,} are taken "
                "(setting KAFKA_MAX_RECORD_BYTES): shorten descriptions and lists of values."
            )
            raise ProblemError(ProblemKind.CONTRACT_TOO_LARGE, detail)


def _can_be(caller: Caller, datasource_name: str) -> bool:
    """Whether there can be such a datasource for the caller."""
    return not problem_with(datasource_name) and caller.touches(datasource_name)


def _precondition(request: ContractRequest) -> Precondition:
    try:
        return precondition_of(if_match=request.if_match, if_none_match=request.if_none_match)
    except MalformedPreconditionError as error:
        raise ProblemError(ProblemKind.BAD_REQUEST, f"{error}.") from error


def _user(user_id: str | None) -> str | None:
    if user_id is not None and (len(user_id) > LONGEST_NAME_OF_A_USER or not user_id.isprintable()):
        detail = f"The user_id has at most {LONGEST_NAME_OF_A_USER} characters, and no control character among them."
        raise ProblemError(ProblemKind.INVALID_FIELD, detail, field="user_id")
    return user_id or None


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in body:
        content += chunk
        if len(content) > MOST_BYTES:
            raise ProblemError(ProblemKind.CONTRACT_TOO_LARGE, f"A contract may have {MOST_BYTES:,} bytes.")
    return bytes(content)


def _checked(content: bytes, datasource_name: str) -> str:
    """The contract as JSON text."""
    try:
        contract = read_contract(content)
    except ContractError as error:
        raise _invalid(error.faults) from error
    if contract.datasource != datasource_name:
        raise _invalid((_other_datasource(content, contract, datasource_name),))
    return json_text(contract_tree(contract))


def _other_datasource(content: bytes, contract: Contract, datasource_name: str) -> Fault:
    message = f"must be {datasource_name!r}, the name in the address, and is {contract.datasource!r}"
    return read(content).fault(("datasource",), message)


def _invalid(faults: tuple[Fault, ...]) -> ProblemError:
    more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
    listed = [asdict(fault) for fault in faults]
    return ProblemError(ProblemKind.INVALID_CONTRACT, f"{faults[0]}{more}", more={"faults": listed})


def _refused(decision: Decision, latest: Version | None, datasource_name: str) -> ProblemError:
    if latest is None:
        detail = (
            f"{datasource_name!r} has no contract yet, so yours follows no version: leave If-Match (`--follows`) out."
        )
        return ProblemError(ProblemKind.VERSION_CHANGED, detail)
    number, etag = latest.version, etag_of(latest.version, "yaml")
    kind = ProblemKind.VERSION_CHANGED
    detail = (
        f"The latest version of the contract of {datasource_name!r} is {number}, and yours does not follow it: look at "
        f"that version, then send yours with If-Match: {etag} (`--follows {number}`)."
    )
    if decision is Decision.VERSION_REQUIRED:
        kind = ProblemKind.VERSION_REQUIRED
        detail = (
            f"{datasource_name!r} has a contract, in version {number}. So that nobody's change is lost, say that yours "
            f"follows it: If-Match: {etag} (`--follows {number}`)."
        )
    return ProblemError(kind, detail, headers={"ETag": etag})


def _unknown(datasource_name: str, version: int | None) -> ProblemError:
    what = "no contract" if version is None else f"no version {version} of its contract"
    return ProblemError(ProblemKind.UNKNOWN_CONTRACT, f"The datasource {datasource_name[:200]!r} has {what} here.")
