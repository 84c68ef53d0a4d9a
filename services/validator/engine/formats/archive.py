"""A zip or tar archive as one file: its members, all of one format and one header, read one after the other.

Hidden files and those that macOS adds are passed over and named in the report. In JSON members the keys may differ.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydantic import JsonValue

from services.validator.engine.block import Block, DeclaredType, RecordReader
from services.validator.engine.header import check_width
from services.validator.engine.request import ParseLimits, ParseRequest
from services.validator.engine.verdict import BadFile, Code
from shared.file_options import Format

from .arrow_faults import faults_of
from .compression import CHUNK_BYTES, check_inflated
from .scratch import Scratch
from .zip_checks import MAX_MEMBERS, opened_zip

Open = Callable[[ParseRequest], tuple[RecordReader, Format]]
_DRIVE = re.compile(r"[A-Za-z]:")
_HEADER_SHOWN = 10
_ERRORS = (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, OverflowError, zlib.error, RuntimeError)
_TAR_BLOCK = 512


@dataclass(slots=True)
class _Member:
    name: str
    reader: RecordReader
    format: Format
    records: int | None = None


class ArchiveReader:
    """All members as one table. `open_member` opens one that was written to disk."""

    def __init__(self, request: ParseRequest, kind: Format, scratch: Scratch, open_member: Open) -> None:
        self._kind = kind
        self._skipped: list[JsonValue] = []
        self._members: list[_Member] = []
        unpacked = _zip_members if kind == "zip" else _tar_members
        with faults_of(kind, *_ERRORS):
            for name, chunks in unpacked(request.source_path, request.limits):
                if _is_hidden(name):
                    self._skipped.append(name)
                    continue
                path = scratch.keep(chunks)
                self._members.append(self._open(name, path, request, open_member))
        if not self._members:
            raise BadFile(Code.EMPTY, "The archive has no member with content.")
        self.header = self._one_header(request.limits)

    @property
    def format(self) -> Format:
        """The format of the members."""
        return self._members[0].format

    @property
    def types(self) -> Sequence[DeclaredType | None]:
        """The declared type where all members agree; text where one says text."""
        of_columns = zip(*(member.reader.types for member in self._members), strict=True)
        return [_agreed(kinds) for kinds in of_columns]

    def describe(self) -> dict[str, JsonValue]:
        """How the first member was read, and the records of each."""
        members: list[JsonValue] = [{"name": member.name, "records": member.records} for member in self._members]
        described = self._members[0].reader.describe()
        return {**described, "archive": self._kind, "members": members, "skipped_members": self._skipped}

    def count_again(self) -> int:
        """Reader 2 of each member's format."""
        return sum(member.reader.count_again() for member in self._members)

    def blocks(self) -> Iterator[Block]:
        """The members' records, numbered through."""
        first = 1
        for member in self._members:
            member.records = 0
            for block in member.reader.blocks():
                block.first_record = first
                block.member = member.name
                member.records += block.records
                first += block.records
                yield block

    def _open(self, name: str, path: Path, request: ParseRequest, open_member: Open) -> _Member:
        inner = request.model_copy(update={"source_path": path, "original_filename": name})
        try:
            reader, found = open_member(inner)
        except BadFile as bad:
            message = f"The member {name[:200]!r}: {bad.problem.message}"
            raise BadFile(Code(bad.problem.code), message, **{**bad.problem.detail, "member": name}) from bad
        if self._members and found != self._members[0].format:
            other = self._members[0]
            message = (
                f"The member {name[:200]!r} is {found}, and {other.name[:200]!r} is {other.format}: send one format."
            )
            raise BadFile(Code.ARCHIVE_MIXED, message, member=name, format=found)
        return _Member(name, reader, found)

    def _one_header(self, limits: ParseLimits) -> list[str]:
        first = self._members[0]
        if first.format in ("ndjson", "json"):
            keys = list(dict.fromkeys(key for member in self._members for key in member.reader.header))
            check_width(len(keys), max_columns=limits.max_columns)
            for member in self._members:
                kinds = dict(zip(member.reader.header, member.reader.types, strict=True))
                member.reader.header = keys
                member.reader.types = [kinds.get(key) for key in keys]  # type: ignore[misc] # a JSON reader's is no property
            return keys
        for member in self._members[1:]:
            if member.reader.header != first.reader.header:
                shown: list[JsonValue] = [*member.reader.header[:_HEADER_SHOWN]]
                message = (
                    f"The member {member.name[:200]!r} has other columns than {first.name[:200]!r}: send one table."
                )
                raise BadFile(Code.ARCHIVE_MIXED, message, member=member.name, header=shown)
        return first.reader.header


def check_name(name: str) -> None:
    """Raise `BadFile` for a name that would lead out of the archive."""
    if "\x00" in name or "\\" in name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        message = f"The member name {name[:200]!r} is absolute or leads out of the archive."
        raise BadFile(Code.ARCHIVE_MEMBER, message, member=name[:1_000])


def _zip_members(path: Path, limits: ParseLimits) -> Iterator[tuple[str, Iterator[bytes]]]:
    with opened_zip(path, limits, "zip") as archive:
        for member in archive.infolist():
            check_name(member.orig_filename)
            if not member.is_dir():
                with archive.open(member) as file:
                    yield member.filename, _chunks(file)


def _tar_members(path: Path, limits: ParseLimits) -> Iterator[tuple[str, Iterator[bytes]]]:
    total = count = 0
    with tarfile.open(path, "r:", errors="replace") as archive:
        for member in archive:
            count += 1
            if count > MAX_MEMBERS:
                raise BadFile(
                    Code.ARCHIVE_MEMBER, f"The archive has more than {MAX_MEMBERS:,} members.", limit=MAX_MEMBERS
                )
            check_name(member.name)
            total += member.size
            check_inflated(total, path.stat().st_size, limits)
            if member.isdir():
                continue
            file = archive.extractfile(member) if member.isreg() else None
            if file is None:
                message = f"The member {member.name[:200]!r} is no regular file but a link or a device."
                raise BadFile(Code.ARCHIVE_MEMBER, message, member=member.name)
            yield member.name, _chunks(file)
        end = archive.offset
    with path.open("rb") as raw:
        raw.seek(end)
        if raw.read(_TAR_BLOCK) != bytes(_TAR_BLOCK):
            msg = "it ends without its end mark"
            raise EOFError(msg)


def _chunks(file: BinaryIO | object) -> Iterator[bytes]:
    read: Callable[[], bytes] = partial(file.read, CHUNK_BYTES)  # type: ignore[union-attr] # zipfile and tarfile name no common type
    return iter(read, b"")


def _agreed(kinds: Sequence[DeclaredType | None]) -> DeclaredType | None:
    for text in ("text", "quoted"):
        if text in kinds:
            return text
    return kinds[0] if len(set(kinds)) == 1 else None


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return parts[-1].startswith(".") or parts[0] == "__MACOSX"
