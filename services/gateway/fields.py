"""The form's fields beside the file: which there are, how large they may be, what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.gateway.problems import ProblemError, ProblemKind
from shared.datasource_name import problem_with
from shared.events import LoadMode, LoadOptions, StopAfter
from shared.file_options import PROBLEMS, delimiter_of, quote_of

FILE = "file"
DATASOURCE = "datasource_name"
CONTRACT_VERSION = "contract_version"

# Bytes of UTF-8; the limits in characters are those of the events.
FIELD_BYTES: Mapping[str, int] = {
    DATASOURCE: 4096,
    "user_id": 1024,
    "mode": 64,
    "timestamp_column": 4096,
    "timestamp_format": 512,
    "time_zone": 256,
    "max_rejected_rows": 64,
    "max_rejected_ratio": 64,
    "delimiter": 64,
    "encoding": 256,
    "sheet": 1024,
    "format": 256,
    "header": 64,
    "skip_rows": 64,
    "comment": 64,
    "quote": 64,
    "escape": 64,
    "decimal_mark": 64,
    "thousands": 64,
    CONTRACT_VERSION: 64,
    "force": 64,
    "stop_after": 64,
    "confirm": 512,
}
# Fields that take one of a few words.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(mode.value for mode in LoadMode),
    "force": ("true", "false"),
    "stop_after": tuple(step.value for step in StopAfter),
}
_CHARACTERS: Mapping[str, int] = {
    "user_id": 256,
    "timestamp_column": 1024,
    "timestamp_format": 128,
    "time_zone": 64,
    "max_rejected_rows": 18,
    "max_rejected_ratio": 20,
    "encoding": 64,
    "sheet": 256,
    "format": 64,
    "confirm": 128,
}
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class UploadForm:
    """What the user said about the file."""

    datasource_name: str
    user_id: str | None
    options: LoadOptions
    contract_version: int | None = None


@dataclass(frozen=True)
class FormKind:
    """Which fields a form may have beside its file; `datasource_name` where it is known without the form."""

    fields: tuple[str, ...]
    datasource_name: str | None = None


UPLOAD = FormKind(tuple(FIELD_BYTES))


def correction_form(datasource_name: str) -> FormKind:
    """The form of a correction: where its rows go and what they mean was said with the file that it corrects."""
    return FormKind(("user_id", "delimiter", "quote", "encoding", "sheet", "format"), datasource_name)


def check_name(name: str, kind: FormKind = UPLOAD) -> None:
    """Refuse a field that does not exist: a typing error would otherwise be an option that is not heeded."""
    if name not in kind.fields:
        known = ", ".join((FILE, *kind.fields))
        raise ProblemError(
            ProblemKind.UNKNOWN_FIELD, f"The form has a field {name[:100]!r}; known are {known}.", field=name[:100]
        )


def check_size(name: str, size_bytes: int) -> None:
    """Raises `ProblemError` when a field is longer than it may be."""
    limit = FIELD_BYTES[name]
    if size_bytes > limit:
        raise ProblemError(ProblemKind.INVALID_FIELD, f"The field {name} is longer than {limit} bytes.", field=name)


def parse_field(name: str, raw: bytes) -> str | None:
    """The value of a field, or None when it was left empty.

    Raises:
        ProblemError: the value cannot be used; the detail says what was expected.
    """
    try:
        value = raw.decode()
    except UnicodeDecodeError:
        raise _invalid(name, "is not UTF-8 text") from None
    if name == DATASOURCE:
        return _datasource(value)
    if not value:
        return None
    if name in _WORDS:
        return _word(name, value)
    if name == "delimiter":
        return _delimiter(name, value)
    if name == CONTRACT_VERSION:
        return _version(name, value)
    if _CONTROL.search(value):
        raise _invalid(name, "contains a control character")
    if len(value) > _CHARACTERS.get(name, len(value)):
        raise _invalid(name, f"has {len(value)} characters, and {_CHARACTERS[name]} are allowed")
    fault = PROBLEMS[name](value) if name in PROBLEMS else None
    if fault:
        raise ProblemError(ProblemKind.INVALID_FIELD, f"The field {name}: {fault}.", field=name)
    return value


def form_of(fields: Mapping[str, str | None], kind: FormKind = UPLOAD) -> UploadForm:
    """Put parsed fields together.

    Raises:
        ProblemError: there is no datasource_name.
    """
    datasource_name = kind.datasource_name or fields.get(DATASOURCE)
    if datasource_name is None:
        detail = "Say with datasource_name into which Druid datasource the file's rows go."
        raise ProblemError(ProblemKind.MISSING_FIELD, detail, field=DATASOURCE)
    version = fields.get(CONTRACT_VERSION)
    bad_rows, ratio = fields.get("max_rejected_rows"), fields.get("max_rejected_ratio")
    return UploadForm(
        contract_version=None if version is None else int(version),
        datasource_name=datasource_name,
        user_id=fields.get("user_id"),
        options=LoadOptions(
            **({"mode": mode} if (mode := fields.get("mode")) else {}),
            timestamp_column=fields.get("timestamp_column"),
            timestamp_format=fields.get("timestamp_format"),
            time_zone=fields.get("time_zone"),
            max_rejected_rows=None if bad_rows is None else int(bad_rows),
            max_rejected_ratio=None if ratio is None else float(ratio),
            delimiter=fields.get("delimiter"),
            encoding=fields.get("encoding"),
            sheet=fields.get("sheet"),
            format=fields.get("format"),
            header=None if (header := fields.get("header")) is None else header == "true",
            skip_rows=None if (rows := fields.get("skip_rows")) is None else int(rows),
            comment=fields.get("comment"),
            quote=None if (quote := fields.get("quote")) is None else quote_of(quote),
            escape=fields.get("escape"),
            decimal_mark=_mark(fields.get("decimal_mark")),
            thousands=fields.get("thousands"),
            force=True if fields.get("force") == "true" else None,
            stop_after=None if (step := fields.get("stop_after")) is None else StopAfter(step),
            confirm=fields.get("confirm"),
        ),
    )


def _datasource(value: str) -> str:
    fault = problem_with(value)
    if fault:
        detail = (
            f"The datasource_name {fault}. Any letters, digits, spaces and signs may stand in it, but "
            "no slash, no control character, no emoji, and no dot at the start."
        )
        raise ProblemError(ProblemKind.INVALID_FIELD, detail, field=DATASOURCE)
    return value


def _word(name: str, value: str) -> str:
    if value not in _WORDS[name]:
        fault = f"is {value[:40]!r}, and may be {' or '.join(_WORDS[name])}"
        raise _invalid(name, fault)
    return value


def _version(name: str, value: str) -> str:
    if not _VERSION.fullmatch(value):
        fault = f"is {value[:40]!r}, and must be the number of a version of the datasource's contract, from 1"
        raise _invalid(name, fault)
    return value


def _mark(value: str | None) -> Literal[".", ","] | None:
    return None if value is None else "," if value == "," else "."


def _delimiter(name: str, value: str) -> str:
    found = delimiter_of(value)
    if found is None:
        fault = r"must be one character, not a quote or a line's end; write \t for a tab"
        raise _invalid(name, fault)
    return found


def _invalid(name: str, what: str) -> ProblemError:
    return ProblemError(ProblemKind.INVALID_FIELD, f"The field {name} {what}.", field=name)
