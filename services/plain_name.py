"""Plain names of datasources: words that SQL takes without quotes and an address without escapes. Pure.

Any name that Druid takes is loaded; a plain one spares everybody who asks for its rows the quotes.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LENGTH = 64
_NAMED = 5
# What Druid 33 refuses as the name of a table without quotes, asked of a server.
_WORDS = """
abs all allocate allow alter and any are array as at avg begin between bigint binary bit blob boolean both by call
case cast char character check classifier close clustered coalesce collate column commit condition connect
constraint contains convert corr count create cross cube current current_date current_time current_timestamp cursor
cycle date datetime day deallocate dec decimal declare default define delete describe distinct double drop each
element else empty end equals escape every except exec execute exists explain extend external extract false fetch
filter float floor for foreign friday from full function fusion get global grant group grouping groups having hold
hour identity import in indicator initial inner inout insert int integer intersect interval into is join json_value
lag language large lateral lead leading left like limit ln local localtime localtimestamp lower match max measures
member merge method min minute mod module monday month multiset national natural new next no none normalize not null
nullif numeric offset old omit on one only open or order ordinal out outer over overlaps overlay parameter partition
partitioned pattern per percent period portion position power precedes precision prepare primary procedure qualify
range rank reads real recursive ref references release reset result return returns revoke right rollback rollup row
rows running safe_cast saturday savepoint scope scroll search second seek select session_user set show similar skip
smallint some specific sql sqrt start static stream submultiset subset substring succeeds sum sunday symmetric
system system_user table tablesample then thursday time timestamp tinyint to trailing translate treat trigger trim
true truncate try_cast tuesday uescape union unique unknown unnest update upper upsert user using value values
varbinary varchar varying versioning wednesday when whenever where window with within without year
"""
WORDS_OF_SQL = frozenset(_WORDS.split())


def why_awkward(name: str) -> str | None:
    """Why a name that Druid takes is none that can be written without quotes; None for a plain one."""
    if _PLAIN.fullmatch(name):
        return "it is a word of SQL" if name.lower() in WORDS_OF_SQL else None
    odd = list(dict.fromkeys(re.findall(r"[^A-Za-z0-9_]", name)))
    if not odd:
        return "it begins with a digit"
    named = ", ".join("a space" if one == " " else f"`{one}`" for one in odd[:_NAMED])
    return f"it has {named}{' and other signs' if len(odd) > _NAMED else ''}"


def plain_name(name: str) -> str | None:
    """The plain name that is nearest to it; None where no letter and no digit of it is one of ASCII's."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = re.sub(r"[^0-9a-z]+", "_", "".join(one for one in letters if not unicodedata.combining(one)))
    plain = plain.strip("_")[:_LENGTH].rstrip("_")
    if not plain:
        return None
    if plain[0].isdigit():
        return f"d_{plain}"
    return f"{plain}_data" if plain in WORDS_OF_SQL else plain
