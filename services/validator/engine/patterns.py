r"""How times may be written: the closed list of format names, a regular expression for each, and declared ones.

Every expression names the parts that it finds: year, month or month_name, day, hour, minute, second, fraction, half
(am or pm), zone with sign, zone_hour and zone_minute. Digits are spelt out because `\d` also matches other scripts.
"""

from __future__ import annotations

import re

ISO = "iso"
YEAR_FIRST = "yyyy/MM/dd"
DAY_FIRST = "dd/MM/yyyy"
MONTH_FIRST = "MM/dd/yyyy"
DAY_NAMED = "dd MMM yyyy"
MONTH_NAMED = "MMM dd, yyyy"
COMPACT_DAY = "yyyyMMdd"
COMPACT_SECOND = "yyyyMMddHHmmss"
EPOCH_SECONDS = "epoch_s"
EPOCH_MILLIS = "epoch_ms"
EPOCH_MICROS = "epoch_us"
EPOCH_NANOS = "epoch_ns"
EPOCHS = (EPOCH_SECONDS, EPOCH_MILLIS, EPOCH_MICROS, EPOCH_NANOS)
COMPACT = (COMPACT_DAY, COMPACT_SECOND)
# Whole numbers are also something else far more often than times.
BY_NUMBER = (*EPOCHS, *COMPACT)
WRITTEN = (ISO, YEAR_FIRST, DAY_FIRST, MONTH_FIRST, DAY_NAMED, MONTH_NAMED)
FORMATS = (*WRITTEN, *COMPACT, *EPOCHS)
OWN_FORMAT = "a pattern of %Y %m %d %b %B %a %A %H %I %M %S %f %p %z, such as '%d.%m.%Y %H:%M'"
TWO_DIGIT_YEAR = "years of two digits are not read, because 24 may be 1924 or 2024: write four"

_ZONE = r"(?P<zone>Z|UTC|GMT|(?P<sign>[+-])(?P<zone_hour>0[0-9]|1[0-8])(?::?(?P<zone_minute>[0-5][0-9]))?)"
_HALF = r"(?P<half>[AaPp])\.?[Mm]\.?"
_CLOCK = (
    r"(?:(?:[T ]|, ?)(?P<hour>[0-9]{%s}):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:[.,](?P<fraction>[0-9]{1,9}))?)?(?: ?" + _HALF + r")?(?: ?" + _ZONE + r")?)?$"
)
_TWO_DIGITS, _ONE_OR_TWO = _CLOCK % "2", _CLOCK % "1,2"
_MONTH_NAME = (
    r"(?P<month_name>(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))"
)
_DAY_NAME = r"(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_YEAR = r"(?P<year>[0-9]{4})"
_DAY = r"(?P<day>[0-9]{1,2})"
_EITHER = r"^(?P<{}>[0-9]{{1,2}})(?P<mark>[-/.])(?P<{}>[0-9]{{1,2}})(?P<second_mark>[-/.])" + _YEAR.replace(
    "{4}", "{{4}}"
)
_COMPACT = r"^" + _YEAR + r"(?P<month>[0-9]{2})(?P<day>[0-9]{2})"

PATTERNS = {
    ISO: r"^" + _YEAR + r"-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})" + _TWO_DIGITS,
    YEAR_FIRST: r"^" + _YEAR + r"/(?P<month>[0-9]{1,2})/" + _DAY + _ONE_OR_TWO,
    DAY_FIRST: _EITHER.format("day", "month") + _ONE_OR_TWO,
    MONTH_FIRST: _EITHER.format("month", "day") + _ONE_OR_TWO,
    DAY_NAMED: rf"^(?:{_DAY_NAME},? )?{_DAY}[ -]{_MONTH_NAME}\.?[ -]{_YEAR}" + _ONE_OR_TWO,
    MONTH_NAMED: rf"^(?:{_DAY_NAME},? )?{_MONTH_NAME}\.? {_DAY},? {_YEAR}" + _ONE_OR_TWO,
    COMPACT_DAY: _COMPACT + "$",
    COMPACT_SECOND: _COMPACT
    + r"T?(?P<hour>[0-9]{2})(?P<minute>[0-5][0-9])(?P<second>[0-5][0-9])"
    + rf"(?:[.,](?P<fraction>[0-9]{{1,9}})|(?P<millis>[0-9]{{3}}))?{_ZONE}?$",
}
_NAMED_SHAPE = r"^(?:[A-Za-z]{3,9},? )?"
SHAPES = {
    ISO: r"^[0-9]{4}-[0-9]",
    YEAR_FIRST: r"^[0-9]{4}/[0-9]",
    DAY_FIRST: r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]",
    MONTH_FIRST: r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]",
    DAY_NAMED: _NAMED_SHAPE + r"[0-9]{1,2}[ -][A-Za-z]{3}",
    MONTH_NAMED: _NAMED_SHAPE + r"[A-Za-z]{3,9}\.? [0-9]{1,2},? [0-9]{4}",
    COMPACT_DAY: r"^[0-9]{8}$",
    COMPACT_SECOND: r"^[0-9]{8}T?[0-9]{6}",
}
# What is not of this shape is in none of the written formats.
ANY_SHAPE = (
    r"^(?:[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]|(?:[A-Za-z]{3,9},? )?(?:[0-9]{1,2}[ -][A-Za-z]{3}"
    r"|[A-Za-z]{3,9}\.? [0-9]{1,2},? [0-9]{4}))"
)
SHORT_YEAR_SHAPE = r"^[0-9]{1,2}[-/.](?:[0-9]{1,2}|[A-Za-z]{3})[-/.][0-9]{2}(?:[T ,]|$)"

_DIRECTIVES = {
    "Y": _YEAR,
    "m": r"(?P<month>[0-9]{1,2})",
    "d": _DAY,
    "b": _MONTH_NAME,
    "B": _MONTH_NAME,
    "a": _DAY_NAME,
    "A": _DAY_NAME,
    "H": r"(?P<hour>[0-9]{1,2})",
    "I": r"(?P<hour>[0-9]{1,2})",
    "M": r"(?P<minute>[0-5][0-9])",
    "S": r"(?P<second>[0-5][0-9])",
    "f": r"(?P<fraction>[0-9]{1,9})",
    "p": _HALF,
    "z": _ZONE,
    "%": "%",
}
_PIECE = re.compile(r"%(.?)|([^%]+)", re.DOTALL)


def is_own(time_format: str) -> bool:
    """Whether a format is a pattern of the sender's own and no name of the list."""
    return "%" in time_format


def pattern_of(time_format: str) -> str:
    """The regular expression of a written format or of the sender's own pattern.

    Raises:
        ValueError: the pattern has a directive that is not taken, one of them twice, or no whole date; it says which.
    """
    if not is_own(time_format):
        return PATTERNS[time_format]
    seen: list[str] = []
    pattern = ""
    for piece in _PIECE.finditer(time_format):
        directive, literal = piece.groups()
        if literal is not None:
            pattern += re.escape(literal)
            continue
        if directive == "y":
            raise ValueError(TWO_DIGIT_YEAR + ", and %Y instead of %y")
        if directive not in _DIRECTIVES:
            msg = f"%{directive} is not taken; known are {' '.join('%' + name for name in _DIRECTIVES)}"
            raise ValueError(msg)
        seen.append(directive)
        pattern += _DIRECTIVES[directive]
    _check_parts(seen)
    return f"^{pattern}$"


def _check_parts(seen: list[str]) -> None:
    named = set(seen)
    alike = [{"Y"}, {"m", "b", "B"}, {"d"}, {"H", "I"}, {"M"}, {"S"}, {"f"}, {"p"}, {"z"}]
    for kind in alike:
        if sum(seen.count(name) for name in kind) > 1:
            msg = f"it names a part twice: {' '.join('%' + name for name in sorted(kind))}"
            raise ValueError(msg)
    if not ("Y" in named and "d" in named and named & alike[1]):
        msg = "a whole date is needed: %Y, %m (or %b) and %d"
        raise ValueError(msg)
    if ("I" in named) != ("p" in named):
        msg = "%I and %p belong together"
        raise ValueError(msg)
