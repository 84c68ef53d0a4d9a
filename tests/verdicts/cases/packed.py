"""What stands around a table: compression, archives, encodings."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterable

import pyarrow as pa

from tests.verdicts.writing import parquet, tarred, zipped

from .case import Bad, Case

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"t,a\n" + b"".join(b"2024-01-02,%d\n" % n for n in range(3_000))
SMALL = b"t,a\n2024-01-02,1\n2024-01-02,2\n"
SMALL_ROWS = ((1,), (2,))
JSON = b'{"t": "2024-01-02", "a": 1}\n'
NAMES = "t,name\n2024-01-02,Zo\u00eb \u6771\u4eac\n"
WORLD = (("Zo\u00eb \u6771\u4eac",),)


def _zstd(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": _zstd,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {"zip": zipped, "tar": tarred}
TARS = {"gzip": "w:gz", "bzip2": "w:bz2", "xz": "w:xz"}
LINKS = {
    "a symbolic link": tarfile.SYMTYPE,
    "a hard link": tarfile.LNKTYPE,
    "a device": tarfile.CHRTYPE,
    "a pipe": tarfile.FIFOTYPE,
}


def flipped(data: bytes) -> bytes:
    """One byte in the midst is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def link(kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped({"a.csv": SMALL}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _compressed() -> Iterable[Case]:
    for kind, pack in PACKERS.items():
        packed, reading = pack(TEXT), {"compression": kind}
        code, detail = ("gzip_damaged" if kind == "gzip" else "compression_damaged"), {"compression": kind}
        members = pack(SMALL[:9]) + pack(b"") + pack(SMALL[9:])
        yield Case("one member", "", pack(SMALL), rows=SMALL_ROWS, reading=reading, format=kind)
        yield Case("many members", "", members, rows=SMALL_ROWS, reading=reading, format=kind)
        yield Case("many members", "zero bytes behind", members + bytes(512), rows=SMALL_ROWS, format=kind)
        for inner, content in (("ndjson", JSON), ("parquet", parquet(pa.table({"t": ["2024-01-02"], "a": [1]})))):
            yield Case(f"around {inner}", "", pack(content), rows=((1,),), reading={"format": inner}, format=kind)
        yield Case("one member", "cut", packed[:-20], code=code, detail=detail, format=kind)
        yield Case("one member", "a byte changed", flipped(packed), code=code, detail=detail, format=kind)
        yield Case("one member", "other bytes behind", packed + b"garbage", code=code, detail=detail, format=kind)
        second = packed + packed[: len(packed) // 2]
        yield Case("many members", "the second cut", second, code=code, detail=detail, format=kind)
        yield Case("one member", "nothing in it", pack(b""), code="empty", format=kind)


def _archives() -> Iterable[Case]:
    for kind, pack in ARCHIVES.items():
        rows, many = SMALL_ROWS * 2, {"x/a.csv": SMALL, ".hidden": b"x", "x/b.csv.gz": gzip.compress(SMALL)}
        yield Case("one member", "", pack({"a.csv": SMALL}), rows=SMALL_ROWS, reading={"archive": kind}, format=kind)
        counted = [{"name": "x/a.csv", "records": 2}, {"name": "x/b.csv.gz", "records": 2}]
        reading = {"members": counted, "skipped_members": [".hidden"]}
        yield Case(
            "many members", "a hidden one, a compressed one", pack(many), rows=rows, reading=reading, format=kind
        )
        bad = (Bad("field_count", 4, 3),)
        ragged = pack({"a.csv": SMALL, "b.csv": SMALL[:-3] + b"\n"})
        yield Case("many members", "a row with too few fields", ragged, rows=(*SMALL_ROWS, (1,)), bad=bad, format=kind)
        keys = pack({"a.json": JSON, "b.json": b'{"b": "2", "t": "2024-01-02"}\n'})
        yield Case("many members", "JSON with other keys", keys, rows=((1, None), (None, "2")), format=kind)
        for fault, second in (("of two formats", JSON), ("with two headers", b"a,t\n1,2024-01-02\n")):
            mixed, detail = pack({"a.csv": SMALL, "second": second}), {"member": "second"}
            yield Case("many members", fault, mixed, code="archive_mixed", detail=detail, format=kind)
        for name in ("../a.csv", "/etc/passwd", "a/../../b", "C:a.csv", "a\\..\\b"):
            yield Case("names", name, pack({"good.csv": SMALL, name: SMALL}), code="archive_member", format=kind)
        blank = pack({"a.csv": SMALL, "b.csv": b""})
        yield Case("many members", "an empty one", blank, code="empty", detail={"member": "b.csv"}, format=kind)
        nested, detail = pack({"a.zip": zipped({"a.csv": SMALL})}), {"member": "a.zip"}
        yield Case("one member", "an archive", nested, code="archive_member", detail=detail, format=kind)
        yield Case("no member", "but hidden ones", pack({".hidden": SMALL}), code="empty", format=kind)
    yield Case("no member", "", zipped({}), code="empty", format="zip")
    yield Case("one member", "encrypted", encrypted(), code="archive_member", format="zip")
    yield Case("one member", "cut", zipped({"a.csv": TEXT})[:-100], code="format_damaged", format="zip")
    yield Case("one member", "cut", tarred({"a.csv": TEXT})[:9_000], code="format_damaged", format="tar")
    yield Case(
        "many members", "cut between two", tarred({"a": SMALL, "b": SMALL})[:2_048], code="format_damaged", format="tar"
    )
    for fault, type_ in LINKS.items():
        yield Case("one member", fault, link(type_), code="archive_member", format="tar")
    for kind, mode in TARS.items():
        reading = {"archive": "tar", "compression": kind}
        yield Case(f"in {kind}", "", tarred({"a.csv": SMALL}, mode), rows=SMALL_ROWS, reading=reading, format="tar")


def _encodings() -> Iterable[Case]:
    for codec in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        content, reading = ("\ufeff" + NAMES).encode(codec), {"encoding": codec, "byte_order_mark": True}
        yield Case(codec, "by its mark", content, {"encoding": "cp1252"}, rows=WORLD, reading=reading, format="text")
    for codec, word in (
        ("cp1252", "Zo\u00eb \u20ac"),
        ("latin-1", "Zo\u00eb"),
        ("shift_jis", "\u6771\u4eac"),
        ("gb18030", "\u6771\u4eac\u20ac"),
        ("cp037", "Zoe"),
        ("utf-16-le", "Zo\u00eb \u6771\u4eac"),
        ("iso2022_jp", "\u6771\u4eac"),
        ("utf-7", "\u6771\u4eac"),
        ("koi8-r", "\u041c\u043e\u0441\u043a\u0432\u0430"),
    ):
        content, reading = f"t,name\n2024-01-02,{word}\n".encode(codec), {"encoding_evidence": "declared"}
        yield Case(codec, "declared", content, {"encoding": codec}, rows=((word,),), reading=reading, format="text")
    evidence = {"encoding_evidence": "strict UTF-8"}
    content = NAMES.encode()
    yield Case(
        "utf-8", "another declared", content, {"encoding": "cp1252"}, rows=WORLD, reading=evidence, format="text"
    )
    wrong = "t,name\n2024-01-02,Zo\u00eb\n".encode("cp1252")
    yield Case("cp1252", "not declared", wrong, code="encoding", detail={"byte_offset": 20}, format="text")
    for declared, byte, at in (("cp1252", b"\xe9\x81", 16), ("shift_jis", b"\x93\x8c\x85", 17), ("utf-8", b"\xe9", 15)):
        content, detail = b"t,a\n2024-01-02," + byte + b"\n", {"byte_offset": at}
        yield Case(
            declared,
            "a byte that it does not have",
            content,
            {"encoding": declared},
            code="encoding",
            detail=detail,
            format="text",
        )
    half = ("\ufeff" + NAMES).encode("utf-16-le") + b"\x00\xd8"
    yield Case(
        "utf-16-le",
        "half a surrogate pair",
        half,
        code="encoding",
        detail={"byte_offset": len(half) - 2},
        format="text",
    )
    ascii_wide = "t,a\n2024-01-02,x\n".encode("utf-16-le")
    yield Case("utf-16-le", "neither mark nor declared", ascii_wide, code="encoding", format="text")
    yield Case(
        "an encoding that there is not",
        "declared",
        SMALL,
        {"encoding": "klingon"},
        code="option_invalid",
        format="text",
    )
    yield Case("no encoding of text", "declared", SMALL, {"encoding": "base64"}, code="option_invalid", format="text")


CASES = (*_compressed(), *_archives(), *_encodings())
