r"""Regular expressions of a contract: the dialect of Rust's `regex` crate, as Polars uses it, over the whole value.

No look-around and no back-references, so that every match takes time linear in the text. `[0-9]{5}` accepts `12345` and
neither `x12345` nor `123456`.
"""

from __future__ import annotations

from functools import lru_cache

LONGEST_CHARS = 1_000


def whole(pattern: str) -> str:
    """The pattern for the whole text, where Polars would look for it anywhere in it."""
    return rf"\A(?:{pattern})\z"


@lru_cache(maxsize=1_000)
def problem_with(pattern: str) -> str | None:
    """What stands against a pattern, as the end of a sentence; None if it compiles."""
    if len(pattern) > LONGEST_CHARS:
        return f"has {len(pattern)} characters, and {LONGEST_CHARS:,} are allowed"
    # Only what will use the pattern can say whether it is one. A contract without patterns needs no Polars.
    import polars as pl  # noqa: PLC0415

    # `a)|(b` is none by itself, and `(?x)a#` swallows what stands behind it.
    for tried in (pattern, whole(pattern)):
        try:
            pl.select(pl.lit("").str.contains(tried))
        except pl.exceptions.ComputeError as error:
            said = [line.strip() for line in str(error).splitlines() if line.strip()]
            reason = next((line.removeprefix("error: ") for line in said if line.startswith("error: ")), said[0])
            return f"is no regular expression of the Rust dialect: {reason}"
    return None
