"""Which format a file has, by its content; its name and what was declared are only compared with that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePath

from services.validator.engine.request import ParseRequest
from services.validator.engine.source import Source
from services.validator.engine.verdict import BadFile, Code
from shared.file_options import FORMATS, Format, problem_with_format

from .compression import Inflated

_NUL_SHARE = 0.3
_TAR_MARK_AT = 257

_READ: tuple[tuple[bytes, Format], ...] = (
    (b"PAR1", "parquet"),
    (b"ORC", "orc"),
    (b"Obj\x01", "avro"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_REFUSED = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"PARE", "an encrypted Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"%PDF-", "a PDF document"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b", "a gzip file inside a gzip file"),
    (b"\x89PNG", "a PNG image"),
)
_JSON_ARRAY = re.compile(r"\s*\[\s*(?:[\[{]|\]\s*$)")
_JSON_OBJECT = re.compile(r"\s*\{\s*[\"}]")
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html)", re.IGNORECASE)
_FORMATS_OF_NAMES: dict[str, tuple[Format, ...]] = {
    ".csv": ("delimited",),
    ".tsv": ("delimited",),
    ".tab": ("delimited",),
    ".psv": ("delimited",),
    ".json": ("json", "ndjson"),
    ".ndjson": ("ndjson",),
    ".jsonl": ("ndjson",),
    ".parquet": ("parquet",),
    ".pq": ("parquet",),
    ".orc": ("orc",),
    ".avro": ("avro",),
    ".xlsx": ("xlsx",),
    ".xlsm": ("xlsx",),
    ".zip": ("zip",),
    ".tar": ("tar",),
    ".tgz": ("tar",),
    ".tbz2": ("tar",),
    ".txz": ("tar",),
}
_COMPRESSIONS_OF_NAMES = {
    ".gz": "gzip",
    ".tgz": "gzip",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".bz2": "bzip2",
    ".tbz2": "bzip2",
    ".xz": "xz",
    ".txz": "xz",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the content says. A workbook is a zip file until its members were looked at."""

    format: Format
    compression: str | None


def detect(request: ParseRequest) -> Found:
    """Recognise the file. Raises `BadFile` for what no reader reads, and for an unknown declared format."""
    declared = request.options.format
    if declared is not None and (fault := problem_with_format(declared)):
        raise BadFile(Code.OPTION_INVALID, f"format {fault}.", option="format", allowed=list(FORMATS))
    inflated = Inflated(request.source_path, request.limits)
    found = _binary_format(inflated.head) or _text_format(Source(request), declared)
    return Found(found, inflated.compression)


def _binary_format(head: bytes) -> Format | None:
    for magic, name in _READ:
        if head.startswith(magic):
            return name
    if head[_TAR_MARK_AT:].startswith(b"ustar"):
        return "tar"
    for magic, looks_like in _REFUSED:
        if head.startswith(magic):
            message = f"The file is no delimited text: it looks like {looks_like}."
            raise BadFile(Code.NOT_DELIMITED, message, looks_like=looks_like)
    return None


def _text_format(source: Source, declared: str | None) -> Format:
    head = source.head
    if b"\x00" in head:
        _refuse_nul(head)
    text = head.decode("utf-8", "ignore")
    if _MARKUP.match(text):
        raise BadFile(Code.NOT_DELIMITED, "The file is no delimited text: it looks like XML or HTML.", looks_like="XML")
    if _JSON_ARRAY.match(text):
        return "json"
    if _JSON_OBJECT.match(text):
        return _lines_or_object(text, declared)
    return "delimited"


def _lines_or_object(text: str, declared: str | None) -> Format:
    """Text that begins with an object: one to a line, or a single one over many lines.

    The first line decides when it is an object; a second object at the start of a later line does too.
    """
    lines = text.lstrip().split("\n")
    try:
        json.loads(lines[0])
    except (ValueError, RecursionError):
        if declared in ("json", "ndjson"):
            return "json" if declared == "json" else "ndjson"
        closed = [line.startswith("{") and line.rstrip().endswith("}") for line in lines]
        return "ndjson" if len(lines) > 1 and any(closed) else "json"
    return "ndjson"


def _refuse_nul(head: bytes) -> None:
    """Text in two-byte units has a zero in most of one half of its bytes; anything else with zeros is binary."""
    for start, name in ((1, "UTF-16 LE"), (0, "UTF-16 BE")):
        half = head[start::2]
        if half.count(0) > _NUL_SHARE * len(half) and head[1 - start :: 2].count(0) == 0:
            codec = name.lower().replace(" ", "-")
            message = (
                f"The file looks like {name} text without a byte order mark; send encoding={codec} or save it as UTF-8."
            )
            raise BadFile(Code.ENCODING, message, encoding=name, byte_offset=head.index(0))
    offset = head.index(0)
    message = f"The file is no delimited text: it has a zero byte at offset {offset}."
    raise BadFile(Code.NOT_DELIMITED, message, looks_like="binary data", byte_offset=offset)


def disagreement(filename: str, declared: str | None, found: Format, compression: str | None) -> str | None:
    """A sentence when the file's name or the declared format says something else than the content."""
    said = []
    suffixes = [suffix.lower() for suffix in PurePath(filename).suffixes]
    packed = _COMPRESSIONS_OF_NAMES.get(suffixes[-1]) if suffixes else None
    if packed and packed != compression:
        said.append(f"the name says {packed} and the content is {compression or 'not compressed'}")
    inner = suffixes[-2:-1] if packed and suffixes[-1] not in _FORMATS_OF_NAMES else suffixes[-1:]
    expected = _FORMATS_OF_NAMES.get(inner[0], ()) if inner else ()
    if expected and found not in expected:
        said.append(f"the name says {' or '.join(expected)} and the content is {found}")
    if declared is not None and declared != found:
        said.append(f"the declared format is {declared} and the content is {found}")
    return f"{'; '.join(said)}: read by the content" if said else None
