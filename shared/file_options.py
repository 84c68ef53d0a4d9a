"""Which formats and encodings a sender may name: the gateway refuses another, and the validator reads these.

What is named here is only what can be known without the file. A sheet is looked for in the workbook.
"""

from __future__ import annotations

import codecs
from typing import Literal, get_args

Format = Literal["delimited", "ndjson", "json", "parquet", "orc", "avro", "xlsx", "zip", "tar"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Python calls these encodings of text; no file is written in them.
_NO_ENCODINGS_OF_FILES = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape")


def codec_of(encoding: str) -> str | None:
    """The codec's own name; None when Python knows no such encoding of text."""
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True) and info.incrementaldecoder is not None
    return info.name if is_text and info.name not in _NO_ENCODINGS_OF_FILES else None


def problem_with_format(name: str) -> str | None:
    """What stands against the format, as the end of a sentence."""
    return None if name in FORMATS else f"{name[:40]!r} is unknown; it can be {', '.join(FORMATS)}"


def problem_with_encoding(name: str) -> str | None:
    """What stands against the encoding, as the end of a sentence."""
    if codec_of(name) is not None:
        return None
    return f"{name[:40]!r} is unknown; send the name of a text encoding, e.g. cp1252, latin-1, shift_jis"
