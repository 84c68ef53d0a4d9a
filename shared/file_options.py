"""What a sender may say about a file's form: before it is sent, and when it is read.

What is named here is only what can be known without the file. A sheet is looked for in the workbook.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import available_timezones

Format = Literal["delimited", "ndjson", "json", "parquet", "orc", "avro", "xlsx", "zip", "tar"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Python calls these encodings of text; no file is written in them.
_NO_ENCODINGS_OF_FILES = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape")

_ROWS = re.compile(r"^[0-9]{1,18}$")
_RATIO = re.compile(r"^(?:[0-9]|[0-9]?\.[0-9]{1,17}|[0-9]\.)$")

_DELIMITERS_IN_WORDS = {r"\t": "\t", "tab": "\t"}
_NO_DELIMITERS = frozenset('"\r\n\0')
_NO_QUOTES = frozenset(" ,\t\r\n\0")
NO_QUOTE = "none"
"""The word for fields that nothing quotes; in a contract and in an event it is the empty text."""
MAX_SKIP_ROWS = 1_000
MAX_COMMENT = 8
DECIMAL_MARKS = (".", ",")
THOUSANDS = (",", ".", " ", "'", "\u2019", "\u00a0", "\u202f")
"""Comma, point, space, two apostrophes, and the two spaces at which no line is broken."""

# They stand in the list, and mean another zone on every machine, or none.
_NO_ZONES = frozenset({"Factory", "localtime"})


def delimiter_of(text: str) -> str | None:
    r"""The character that is meant, a tab by `\t` or `tab`; None when the text names none that can be one."""
    found = _DELIMITERS_IN_WORDS.get(text, text)
    return found if len(found) == 1 and found not in _NO_DELIMITERS else None


def quote_of(text: str) -> str | None:
    """The character that is meant, "" by `none`; None when the text names none that can be one.

    It is one byte of UTF-8, neither a letter nor a digit: reader 2 looks for it among bytes.
    """
    found = "" if text == NO_QUOTE else text
    return found if text and problem_with_quote_character(found) is None else None


def problem_with_quote_character(character: str) -> str | None:
    """What stands against the character around fields, or "" for none, as the end of a sentence."""
    plain = len(character) == 1 and character.isascii() and not character.isalnum() and character not in _NO_QUOTES
    if not character or plain:
        return None
    return f"{character[:40]!r} must be one ASCII sign, such as ', no comma, letter, digit, space or line's end"


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


def problem_with_time_zone(name: str) -> str | None:
    """What stands against the zone, as the end of a sentence; where this machine has no list, the engine judges."""
    known = _zones()
    if name in known or not known:
        return None
    return f"{name[:40]!r} is unknown; send a name of the IANA list, such as Europe/Berlin or UTC"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES


def problem_with_header(text: str) -> str | None:
    """What stands against it, as the end of a sentence."""
    return None if text in ("true", "false") else f"{text[:40]!r} is neither true nor false"


def problem_with_skip_rows(text: str) -> str | None:
    """What stands against the number of lines, as the end of a sentence."""
    if text.isascii() and text.isdigit() and int(text[:9]) <= MAX_SKIP_ROWS:
        return None
    return f"{text[:40]!r} is no whole number from 0 to {MAX_SKIP_ROWS:,}"


def problem_with_comment(text: str) -> str | None:
    """What stands against the prefix, as the end of a sentence."""
    if 0 < len(text) <= MAX_COMMENT and not _NO_DELIMITERS & set(text):
        return None
    return f"{text[:40]!r} must be 1 to {MAX_COMMENT} characters, none of them a quote or a line's end"


def problem_with_quote(text: str) -> str | None:
    """What stands against the option, as the end of a sentence."""
    if quote_of(text) is not None:
        return None
    return f"{problem_with_quote_character(text) or 'it is empty'}; write {NO_QUOTE} if nothing quotes fields"


def problem_with_escape(text: str) -> str | None:
    """What stands against the character, as the end of a sentence."""
    if len(text) == 1 and text not in _NO_DELIMITERS:
        return None
    return f"{text[:40]!r} must be one character, such as \\; a doubled quote is always read"


def problem_with_decimal_mark(text: str) -> str | None:
    """What stands against the character, as the end of a sentence."""
    return None if text in DECIMAL_MARKS else f"{text[:40]!r} must be a point or a comma"


def problem_with_thousands(text: str) -> str | None:
    """What stands against the character, as the end of a sentence."""
    return None if text in THOUSANDS else f"{text[:40]!r} must be a comma, point, space or apostrophe"


def problem_with_rows(text: str) -> str | None:
    """What stands against a number of rows, as the end of a sentence."""
    return None if _ROWS.match(text) else f"{text[:40]!r} is no number of rows; send a whole number such as 100"


def problem_with_ratio(text: str) -> str | None:
    """What stands against a share, as the end of a sentence."""
    if _RATIO.match(text) and 0 <= float(text) <= 1:
        return None
    return f"{text[:40]!r} is no share; send a number from 0 to 1, such as 0.05 for 5 %"


PROBLEMS: Mapping[str, Callable[[str], str | None]] = {
    "encoding": problem_with_encoding,
    "format": problem_with_format,
    "time_zone": problem_with_time_zone,
    "header": problem_with_header,
    "skip_rows": problem_with_skip_rows,
    "comment": problem_with_comment,
    "quote": problem_with_quote,
    "escape": problem_with_escape,
    "decimal_mark": problem_with_decimal_mark,
    "thousands": problem_with_thousands,
    "max_rejected_rows": problem_with_rows,
    "max_rejected_ratio": problem_with_ratio,
}
"""What can be said against the text of an option, by its name; the other options are checked where they are used."""
