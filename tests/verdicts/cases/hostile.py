"""Files that are meant to harm whoever reads them. They are made when they are asked for: some have 100 MB."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tests.verdicts.writing import avro_of, edited, orc_of, parquet, tarred, xlsx, zipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
GIB = 1024 * MIB
ROW = b'{"ts": "2024-01-01", "a": %s}\n'
GOOD = b"ts,a\n2024-01-01,1\n"
LONG = b"x" * 100_000_000
NESTED = b"[" * 10_000 + b"]" * 10_000
SHEET = "xl/worksheets/sheet1.xml"
RECORDS_OF_THREE: list[list[Any]] = [["ts", "a"], ["2024-01-01", 1], ["2024-01-02", 2]]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file, and the rule that rejects it; without a rule it is loaded, but for the rows that `bad` rules reject.

    `last` are the last values of its column `a`, where it is loaded.
    """

    format: str
    fault: str
    make: Callable[[], bytes]
    rule: str | None = None
    bad: tuple[str, ...] = ()
    last: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.format}: {self.fault}"

    @property
    def outcome(self) -> str:
        """In words, for the table."""
        if self.rule:
            return f"the file is rejected: `{self.rule}`"
        rules = ", ".join(f"`{rule}`" for rule in self.bad)
        return f"the row is rejected: {rules}" if rules else "loaded as it is"


def repeated(piece: bytes, size: int) -> Iterator[bytes]:
    """A text of `size` bytes in pieces of about a MiB."""
    many = max(1, MIB // len(piece))
    for _ in range(size // (many * len(piece))):
        yield piece * many


def gzipped(pieces: Iterator[bytes], level: int = 1) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(packer.compress(piece) for piece in pieces) + packer.flush()


def after(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def zip_of(name: str, pieces: Iterator[bytes], others: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in (others or {}).items():
            archive.writestr(other, content)
        with archive.open(name, "w") as member:
            for piece in pieces:
                member.write(piece)
    return out.getvalue()


def zip_that_overlaps() -> bytes:
    """One member that the directory lists twice."""
    data = zipped({"a.csv": GOOD})
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry, tail = data[start:end], bytearray(data[end:])
    tail[8:12] = b"\x02\x00\x02\x00"
    tail[12:16] = (2 * len(entry)).to_bytes(4, "little")
    return data[:start] + entry * 2 + bytes(tail)


def zip_that_lies() -> bytes:
    """A member of 200 MB that says it has 20 bytes."""
    data = bytearray(zip_of("a.csv", repeated(b"2024-01-01,x\n", 200 * MIB)))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (20).to_bytes(4, "little")
    return bytes(data)


def tar_of(*members: tarfile.TarInfo) -> bytes:
    """Members without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member in members:
            archive.addfile(member)
    return out.getvalue()


def tar_link() -> bytes:
    member = tarfile.TarInfo("a.csv")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return tar_of(member)


def sparse_tar() -> bytes:
    """A member of 8 GiB that is one hole, of which the archive has not a byte."""
    member = tarfile.TarInfo("a.csv")
    member.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    holes = b"%011o\0%011o\0" % (8 * GIB - 1, 0)
    header[386 : 386 + 96] = holes + bytes(96 - len(holes))
    header[482] = 0
    header[483:495] = b"%011o\0" % (8 * GIB - 1)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1_024)


def tar_of_long_names() -> bytes:
    """A header whose extension for long names has 2 GB."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2**31
    return gzipped(after(member.tobuf(tarfile.GNU_FORMAT), repeated(b"x", 2**31)))


def avro_of_nothing(count: bytes) -> bytes:
    """A record that has an array of nulls, of which any number takes no byte."""
    fields = [{"name": "ts", "type": {"type": "array", "items": "null"}}]
    data = avro_of(fields, [{"ts": []}], codec="null")
    sync = data[-16:]
    body = count + b"\x00"
    return data[: data.index(sync) + 16] + b"\x02" + bytes([2 * len(body)]) + body + sync


def avro_text(size: int) -> bytes:
    records = [{"ts": "2024-01-01"}, {"ts": "x" * size}]
    return avro_of([{"name": "ts", "type": "string"}], records, codec="deflate", sync_interval=10**9)


def footer_that_lies() -> bytes:
    """A Parquet file of 1,000 rows that says everywhere it has 1,001."""
    data = bytearray(parquet(pa.table({"ts": ["2024-01-01"] * 1_000, "n": range(1_000)}), compression="none"))
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return bytes(data[:start] + data[start:].replace(b"\xd0\x0f", b"\xd2\x0f"))


def footer_beyond_the_file() -> bytes:
    data = parquet(pa.table({"ts": ["2024-01-01"]}))
    return data[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1"


def workbook(old: bytes, new: bytes) -> bytes:
    return edited(xlsx(RECORDS_OF_THREE), SHEET, old, new)


def laughs() -> bytes:
    entities = b'<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
    )
    return workbook(b"<worksheet ", b"<!DOCTYPE x [" + entities + b"]><worksheet ")


EQUAL = ["2024-01-01"] * 20_000_000

BOMBS = (
    Hostile("gzip", "a bomb", lambda: gzipped(repeated(b"ts,a\n", 160 * MIB), 9), "limit_inflate_ratio"),
    Hostile("bzip2", "a bomb", lambda: bz2.compress(b"ts,a\n" * 18_000_000), "limit_inflate_ratio"),
    Hostile("xz", "a bomb", lambda: lzma.compress(b"ts,a\n" * 18_000_000, preset=0), "limit_inflate_ratio"),
    Hostile("zstd", "a bomb", lambda: zstd.compress(b"ts,a\n" * 40_000_000), "limit_inflate_ratio"),
    Hostile("gzip", "300,000 members of a byte", lambda: gzip.compress(b"x", 1) * 300_000, "no_rows"),
    Hostile("zip", "a bomb", lambda: zip_of("a.csv", repeated(b"ts,a\n", 160 * MIB)), "limit_inflate_ratio"),
    Hostile("zip", "a member of 200 MB that says it has 20 bytes", zip_that_lies, "format_damaged"),
    Hostile("zip", "members that share their bytes", zip_that_overlaps, "format_damaged"),
    Hostile("tar", "a hole of 8 GiB", sparse_tar, "limit_inflate_ratio"),
    Hostile("tar", "a name of 2 GB", tar_of_long_names, "limit_memory"),
    Hostile(
        "xlsx",
        "a bomb",
        lambda: zip_of("xl/sharedStrings.xml", repeated(b"<si><t>x</t></si>", 140 * MIB), {"xl/workbook.xml": b"<x/>"}),
        "limit_inflate_ratio",
    ),
    Hostile(
        "parquet",
        "20 million equal rows",
        lambda: parquet(pa.table({"ts": pa.array(EQUAL).dictionary_encode()})),
        "limit_inflate_ratio",
    ),
    Hostile("parquet", "a page of 700 MB", lambda: parquet(pa.table({"ts": ["x" * 700 * MIB]})), "limit_memory"),
    Hostile(
        "orc",
        "5 million equal rows",
        lambda: orc_of(pa.table({"ts": ["2024-01-01" + " " * 90] * 5_000_000})),
        "limit_memory",
    ),
    Hostile("avro", "a block that inflates to 70 MB", lambda: avro_text(70_000_000), "limit_inflated"),
    Hostile("avro", "an array of 2^40 nulls", lambda: avro_of_nothing(b"\x80\x80\x80\x80\x80\x40"), "limit_memory"),
)

SIZES = (
    Hostile("delimited", "a million columns", lambda: b"ts" + b"," * 1_000_000 + b"\n1\n", "limit_columns"),
    Hostile("ndjson", "a million keys", lambda: b"".join(b'{"k%d": 1}\n' % n for n in range(10**6)), "limit_columns"),
    Hostile(
        "parquet", "20,000 columns", lambda: parquet(pa.table({f"c{n}": [1] for n in range(20_000)})), "limit_columns"
    ),
    Hostile("xlsx", "a cell in column 11,881,376", lambda: workbook(b'r="B2"', b'r="ZZZZZ2"'), "format_damaged"),
    Hostile("delimited", "a line of 2 GB", lambda: gzipped(repeated(b"x", 2**31)), "limit_record"),
    Hostile(
        "delimited",
        "a line of 2 GB behind a good row",
        lambda: gzipped(after(GOOD, repeated(b"x", 2**31))),
        "limit_record",
    ),
    Hostile(
        "delimited",
        "a quoted field of 2 GB",
        lambda: gzipped(after(GOOD + b'1,"', repeated(b"x", 2**31))),
        "limit_record",
    ),
    Hostile(
        "delimited",
        "a quoted field of a billion lines",
        lambda: gzipped(after(GOOD + b'1,"', repeated(b"x\n", 2**31))),
        "limit_memory",
    ),
    Hostile(
        "delimited",
        "a line of 1 GB in UTF-16",
        lambda: gzipped(after(b"\xff\xfe", repeated(b"x\0", GIB))),
        "limit_record",
    ),
    Hostile(
        "ndjson",
        "a line of 2 GB",
        lambda: gzipped(after(ROW % b"1" + b'{"a": "', repeated(b"x", 2**31))),
        "limit_record",
    ),
    Hostile("json", "an element of 2 GB", lambda: gzipped(after(b'[{"a": "', repeated(b"x", 2**31))), "limit_record"),
    Hostile("delimited", "a field of 100 MB", lambda: GOOD + b"2024-01-01," + LONG + b"\n", "limit_record"),
    Hostile("delimited", "a quoted field of 100 MB", lambda: b'ts,a\n2024-01-01,"' + LONG + b'"\n', "limit_record"),
    Hostile("json", "a text of 100 MB", lambda: b'[{"a": "' + LONG + b'"}]', "limit_record"),
    Hostile("json", "100 MB of white space", lambda: b"[{}" + b" " * 100_000_000, "format_damaged"),
    Hostile("parquet", "a value of 100 MB", lambda: parquet(pa.table({"ts": [LONG.decode()]})), "limit_record"),
    Hostile("orc", "a value of 100 MB", lambda: orc_of(pa.table({"ts": [LONG.decode()]})), "limit_record"),
    Hostile(
        "xlsx",
        "a cell of 100 MB",
        lambda: workbook(b"<v>1</v>", b"<v>" + b"1" * 100_000_000 + b"</v>"),
        "limit_inflate_ratio",
    ),
    Hostile("ndjson", "a value nested 10,000 deep", lambda: ROW % b"1" + ROW % NESTED, bad=("json_depth",)),
    Hostile("json", "nested 10,000 deep", lambda: b"[" + ROW % NESTED + b"]", "json_depth"),
    Hostile("json", "a million deep", lambda: b"[" * 1_000_000, "json_depth"),
    Hostile(
        "xlsx",
        "elements nested a million deep",
        lambda: workbook(b"<sheetData>", b"<a>" * 10**6 + b"<sheetData>"),
        "format_damaged",
    ),
)

LIES = (
    Hostile("delimited", "2 GB of zero bytes", lambda: gzipped(repeated(b"\0", 2**31)), "not_delimited"),
    Hostile("delimited", "a zero byte in the first 64 KiB", lambda: GOOD + b"2024-01-01,x\0y\n", "not_delimited"),
    Hostile(
        "delimited",
        "a zero byte in text behind the first 64 KiB",
        lambda: GOOD + b"2024-01-01,x\n" * 9_999 + b"2024-01-01,x\0y\n",
        last=("x", "x\0y"),
    ),
    Hostile(
        "ndjson", "a zero byte behind the first 64 KiB", lambda: ROW % b"1" * 9_999 + ROW % b'"\0"', bad=("not_json",)
    ),
    Hostile(
        "json",
        "a zero byte behind the first 64 KiB",
        lambda: b"[" + (ROW % b"1" + b",") * 9_999 + ROW % b'"\0"' + b"]",
        "format_damaged",
    ),
    Hostile(
        "gzip", "a member that is cut", lambda: gzip.compress(GOOD) + gzip.compress(GOOD * 99)[:-9], "gzip_damaged"
    ),
    Hostile(
        "zstd",
        "a frame that is cut",
        lambda: zstd.compress(GOOD) + zstd.compress(GOOD * 99)[:-9],
        "compression_damaged",
    ),
    Hostile("zip", "a member that is cut", lambda: zipped({"a.csv": GOOD * 99})[:60], "format_damaged"),
    Hostile("tar", "a member that is cut", lambda: tarred({"a.csv": GOOD * 99})[:700], "format_damaged"),
    Hostile("tar", "a link", tar_link, "archive_member"),
    Hostile(
        "zip", "a name that leads out of the archive", lambda: zipped({"../../etc/passwd": GOOD}), "archive_member"
    ),
    Hostile("tar", "a name that leads out of the archive", lambda: tarred({"/etc/passwd": GOOD}), "archive_member"),
    Hostile("parquet", "a footer that lies about the rows", footer_that_lies, "format_damaged"),
    Hostile("parquet", "a footer longer than the file", footer_beyond_the_file, "format_damaged"),
    Hostile("xlsx", "entities that grow to 2 TB", laughs, "format_damaged"),
    Hostile(
        "xlsx",
        "an entity that names a file",
        lambda: workbook(b"<worksheet ", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet '),
        "format_damaged",
    ),
    Hostile(
        "delimited",
        "formulas",
        lambda: GOOD + b"2024-01-01,=cmd|' /C calc'!A0\n2024-01-01,@SUM(1)\n2024-01-01,-2+3\n",
        last=("=cmd|' /C calc'!A0", "@SUM(1)", "-2+3"),
    ),
)

HOSTILE = (*BOMBS, *SIZES, *LIES)
