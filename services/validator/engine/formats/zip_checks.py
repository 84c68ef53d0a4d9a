"""What must hold of a zip file before anything in it is read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from xml.parsers import expat

from services.validator.engine.request import ParseLimits
from services.validator.engine.verdict import BadFile, Code
from shared.file_options import Format

from .arrow_faults import faults_of
from .compression import CHUNK_BYTES, check_inflated

MAX_MEMBERS = 10_000
_ENCRYPTED = 1
_MEMBER_HEADER_BYTES = 30  # at least: its name and what may follow it count on top
_NOT_READ = {
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "content.xml": "an OpenDocument file",
}


class _RootSeen(Exception):  # noqa: N818 - it ends a parse that has seen enough
    pass


@contextmanager
def opened_zip(path: Path, limits: ParseLimits, format_name: str) -> Iterator[zipfile.ZipFile]:
    """The archive, its announced sizes within the limits. No more is ever inflated of a member than it announces.

    Raises `BadFile`: `format_damaged`, `limit_inflated`, `limit_inflate_ratio`, `archive_member`.
    """
    errors = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError)
    with faults_of(format_name, *errors), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise BadFile(Code.ARCHIVE_MEMBER, f"The archive has more than {MAX_MEMBERS:,} members.", limit=MAX_MEMBERS)
        for member in members:
            if member.flag_bits & _ENCRYPTED:
                message = f"The member {member.filename[:200]!r} is encrypted; send it unlocked."
                raise BadFile(Code.ARCHIVE_MEMBER, message, member=member.filename)
        _refuse_overlaps(members)
        check_inflated(sum(member.file_size for member in members), path.stat().st_size, limits)
        yield archive


def _refuse_overlaps(members: list[zipfile.ZipInfo]) -> None:
    """Raise `BadFile` when the directory gives the same bytes to two members: rows would be read twice."""
    placed = sorted(members, key=lambda member: member.header_offset)
    for before, member in pairwise(placed):
        if before.header_offset + _MEMBER_HEADER_BYTES + before.compress_size > member.header_offset:
            message = f"The members {before.filename[:200]!r} and {member.filename[:200]!r} share bytes of the archive."
            raise BadFile(Code.FORMAT_DAMAGED, message, member=member.filename)


def zip_format(path: Path, limits: ParseLimits) -> Format:
    """Whether a zip file is a workbook or an archive. Raises `BadFile` for documents of other programs."""
    with opened_zip(path, limits, "zip") as archive:
        names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    for name, looks_like in _NOT_READ.items():
        if name in names and ("[Content_Types].xml" in names or "META-INF/manifest.xml" in names):
            raise BadFile(
                Code.NOT_DELIMITED, f"The file is no table: it looks like {looks_like}.", looks_like=looks_like
            )
    return "zip"


def refuse_entities(archive: zipfile.ZipFile) -> None:
    """Raise `BadFile` when an XML part declares a document type: that is where entity tricks begin."""
    for member in archive.infolist():
        if member.filename.lower().endswith((".xml", ".rels", ".vml")):
            _refuse_document_type(archive, member)


def _refuse_document_type(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    def refuse(*_: object) -> None:
        message = f"The part {member.filename[:200]!r} declares a document type (DOCTYPE), which no workbook needs."
        raise BadFile(Code.FORMAT_DAMAGED, message, member=member.filename)

    def stop(*_: object) -> None:
        raise _RootSeen

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        with archive.open(member) as part:
            while data := part.read(CHUNK_BYTES // 64):
                parser.Parse(data, False)
        parser.Parse(b"", True)  # newer releases of expat put the end of a long token off until then
    except _RootSeen:
        return
