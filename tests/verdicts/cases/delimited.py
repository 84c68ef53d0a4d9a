r"""Delimited text: dialects, and faults of structure in them. Every file's time is in its column `t`.

`D` stands for a date, so that a file reads as it is written.
"""

from __future__ import annotations

from .case import Bad, Case

DAY = "2024-01-02"


def text(*lines: str, end: str = "\n") -> bytes:
    """The lines, each with its end, `D` for a date."""
    return "".join(line.replace("D", DAY) + end for line in lines).encode()


DIALECTS = (
    Case("comma", "", text("t,a", "D,x", "D,y"), rows=(("x",), ("y",)), reading={"delimiter": ",", "header": True}),
    Case("semicolon", "", text("t;a", "D;x", "D;y"), rows=(("x",), ("y",)), reading={"delimiter": ";"}),
    Case("tab", "", text("t\ta", "D\tx", "D\ty"), rows=(("x",), ("y",)), reading={"delimiter": "\t"}),
    Case("pipe", "", text("t|a", "D|x", "D|y"), rows=(("x",), ("y",)), reading={"delimiter": "|"}),
    Case(
        "any character, declared",
        "",
        text("t~a", "D~x"),
        {"delimiter": "~"},
        rows=(("x",),),
        reading={"delimiter_evidence": "declared"},
    ),
    Case(
        "a rare character",
        "detected",
        text("t^a^n", "D^x, y^1", "D^z^2"),
        rows=(("x, y", 1), ("z", 2)),
        reading={
            "delimiter": "^",
            "delimiter_evidence": "detected: no usual delimiter separates, and with '^' 100% of the first records have "
            "the header's 3 fields",
        },
    ),
    Case(
        "a rare character",
        "not certain: two columns",
        text("t^a", "D^x", "D^y"),
        code="timestamp_missing",
        reading={
            "delimiter": ",",
            "delimiter_evidence": "no delimiter found for certain: read as one column; with '^' 100% of the first "
            "records have the header's 2 fields: send delimiter if it separates",
        },
    ),
    Case("quoted fields", "quoted delimiter", text("t,a", 'D,"x,y"'), rows=(("x,y",),)),
    Case(
        "quoted fields",
        "quoted line ends",
        text("t,a", 'D,"x\ny\r\nz"', "D"),
        rows=(("x\ny\r\nz",),),
        bad=(Bad("field_count", 2, 5),),
    ),
    Case("quoted fields", "doubled quote", text("t,a", 'D,"say ""hi"""', 'D,""""'), rows=(('say "hi"',), ('"',))),
    Case("quoted fields", "quote inside a plain field", text("t,a", 'D,5" pipe'), rows=(('5" pipe',),)),
    Case(
        "escaped quotes",
        "detected",
        text("t,a", r'D,"say \"hi\", please"', r"D,\N", r'D,"C:\\x \d"'),
        rows=(('say "hi", please',), (r"\N",), (r"C:\x \d",)),
        reading={"escape": "\\"},
    ),
    Case(
        "escaped quotes",
        "declared, doubled ones as well",
        text("t,a", r'D,"a^"b""c^^"'),
        {"escape": "^"},
        rows=(('a"b"c^',),),
        reading={"escape": "^", "escape_evidence": "declared"},
    ),
    Case("escaped quotes", "a path is none", text("t,a", r'D,"C:\temp\"', 'D,"x"'), rows=(("C:\\temp\\",), ("x",))),
    Case("line ends", "CRLF", text("t,a", "D,x", "D,y", end="\r\n"), rows=(("x",), ("y",))),
    Case("line ends", "CR", text("t,a", "D,x", "D,y", end="\r"), rows=(("x",), ("y",))),
    Case("line ends", "mixed, none at the end", text("t,a\r", "D,x\r", "D,y")[:-1], rows=(("x",), ("y",))),
    Case(
        "blank lines",
        "before, between and behind",
        text("", "t,a", "", "D,x", "", "", "D", ""),
        rows=(("x",),),
        bad=(Bad("field_count", 2, 7),),
        reading={"blank_lines": 5},
    ),
    Case(
        "blank lines",
        "among quoted records",
        text("t,a", "", 'D,"x\n\ny"', "\r"),
        rows=(("x\n\ny",),),
        reading={"blank_lines": 2},
    ),
)

TOPS = (
    Case(
        "title rows",
        "detected",
        text("Sales of the day", "by: branch", "", "t,n", "D,1", "D,2"),
        rows=((1,), (2,)),
        reading={"skip_rows": 3, "blank_lines": 1},
    ),
    Case(
        "title rows",
        "detected, filled up with delimiters",
        text("Sales;;", ";;", "t;n;s", "D;1;x", "D;2;y"),
        rows=((1, "x"), (2, "y")),
        reading={"skip_rows": 2},
    ),
    Case(
        "title rows",
        "a bad row behind them keeps its line",
        text("Sales of the day", "t,n", *["D,1"] * 12, "D"),
        rows=((1,),) * 12,
        bad=(Bad("field_count", 13, 15),),
    ),
    Case(
        "title rows",
        "detected among declared comments",
        text("Sales of the day", "% a note", "t,n", "D,1", "%", "D,2"),
        {"comment": "%"},
        rows=((1,), (2,)),
        reading={"skip_rows": 2, "comment_lines": 1},
    ),
    Case(
        "title rows",
        "declared",
        text("a,b", "t,a", "D,x"),
        {"skip_rows": 1},
        rows=(("x",),),
        reading={"skip_rows": 1, "skip_rows_evidence": "declared"},
    ),
    Case("title rows", "more declared than there are", text("t,a", "D,x"), {"skip_rows": 9}, code="empty"),
    Case(
        "title rows",
        "not certain: a column of text",
        text("name", "Anna,Berlin", "Bob,Paris"),
        code="no_valid_rows",
        reading={"skip_rows": None},
    ),
    Case(
        "comments",
        "a block before the header, detected",
        text("# made by x", "# on a day, at noon, here", "t,a", "D,x", "D,y"),
        rows=(("x",), ("y",)),
        reading={"skip_rows": 2},
    ),
    Case(
        "comments",
        "a header that begins with #",
        text("##made by x", "#t\ta", "D\tx", "D\ty"),
        {"timestamp_column": "#t"},
        rows=(("x",), ("y",)),
        reading={"skip_rows": 1},
    ),
    Case(
        "comments",
        "declared, anywhere",
        text('%a "quote', "t,a", "%,,", "D,x", '%"', 'D,"y\n%z"', "D", "%"),
        {"comment": "%"},
        rows=(("x",), ("y\n%z",)),
        bad=(Bad("field_count", 3, 8),),
        reading={"comment": "%", "comment_lines": 4},
    ),
    Case(
        "comments",
        "behind the header, not declared",
        text("t,a", "D,x", "# note"),
        rows=(("x",),),
        bad=(Bad("field_count", 2, 3),),
    ),
    Case(
        "no header",
        "detected by a column of dates",
        text("D,x,1", "D,y,2", "D,z,3"),
        {"timestamp_column": "column_1"},
        rows=(("x", 1), ("y", 2), ("z", 3)),
        reading={"header": False},
    ),
    Case(
        "no header",
        "detected by repeated numbers",
        text("1704067200,7,7", "1704067201,8,9", "1704067202,8,8"),
        {"timestamp_column": "column_1"},
        rows=((7, 7), (8, 9), (8, 8)),
        reading={"header": False},
    ),
    Case(
        "no header",
        "declared",
        text("D,x", "D", "D,y"),
        {"header": False, "timestamp_column": "column_1"},
        rows=(("x",), ("y",)),
        bad=(Bad("field_count", 2, 2),),
        reading={"header": False, "header_evidence": "declared"},
    ),
    Case("no header", "not certain: numbers alone", text("2019,2020", "1,2", "3,4"), code="header_invalid"),
    Case("no header", "not certain: one row", text("D,1", "D,2"), code="header_invalid"),
    Case(
        "a header of numbers",
        "declared",
        text("2019,2020", "D,5", "D,6"),
        {"header": True, "timestamp_column": "2019"},
        rows=((5,), (6,)),
    ),
    Case(
        "header names",
        "repeated, blank, reserved",
        text("t,a,a,,__time,ingest_task_id,b", "D,1,2,3,4,5,6"),
        {"timestamp_column": "t"},
        rows=((1, 2, 3, 4, 5, 6),),
        columns={
            "a_2": {"source_name": "a", "renamed": "repeated name"},
            "column_4": {"source_name": "", "renamed": "blank name"},
            "__time_2": {"source_name": "__time", "renamed": "reserved name"},
            "ingest_task_id_2": {"source_name": "ingest_task_id", "renamed": "reserved name"},
        },
    ),
    Case(
        "trailing delimiters",
        "in all lines",
        text("t,a,", "D,x,", "D,y,"),
        rows=(("x",), ("y",)),
        reading={"trailing_delimiter": "the last column has neither a name nor a value: it is dropped"},
    ),
    Case("trailing delimiters", "not in the header", text("t,a", "D,x,", "D,y,"), rows=(("x",), ("y",))),
    Case(
        "trailing delimiters",
        "in the header alone",
        text("t,a,", "D,x", "D,y"),
        rows=(("x",), ("y",)),
        reading={"trailing_delimiter": "the header ends with a delimiter, the records do not: it is dropped"},
    ),
    Case(
        "trailing delimiters",
        "with one value behind",
        text("t,a,", "D,x,", "D,y,z"),
        rows=(("x", None), ("y", "z")),
        columns={"column_3": {"renamed": "blank name"}},
    ),
)

NUMBERS = (
    Case(
        "decimal comma",
        "detected",
        text("t;n", "D;1,5", "D;-2", "D;NA"),
        rows=((1.5,), (-2.0,), (None,)),
        columns={"n": {"type": "double", "decimal_mark": ",", "thousands": None}},
    ),
    Case(
        "decimal comma",
        "detected, with thousands",
        text("t;n", "D;1.234.567,5", "D;1.000", "D;12"),
        rows=((1234567.5,), (1000.0,), (12.0,)),
        columns={"n": {"decimal_mark": ",", "thousands": "."}},
    ),
    Case("decimal comma", "a leading zero settles it", text("t;n", "D;0,234"), rows=((0.234,),)),
    Case(
        "decimal comma",
        "declared",
        text("t;n;m", "D;1,234;1.234"),
        {"decimal_mark": ","},
        rows=((1.234, 1234),),
        columns={"n": {"number_evidence": "declared"}, "m": {"type": "long"}},
    ),
    Case("decimal comma", "declared, and a point", text("t;n", "D;1.5"), {"decimal_mark": ","}, rows=(("1.5",),)),
    Case(
        "thousands",
        "detected",
        text("t;n", "D;1,234,567", "D;-1,000.25", "D;5"),
        rows=((1234567.0,), (-1000.25,), (5.0,)),
        columns={"n": {"decimal_mark": ".", "thousands": ","}},
    ),
    Case("thousands", "whole numbers", text("t;n", "D;1,234,567", "D;1,000"), rows=((1234567,), (1000,))),
    Case("thousands", "a space, with decimals", text("t;n", "D;1 234,5", "D;12"), rows=((1234.5,), (12.0,))),
    Case("thousands", "an apostrophe, declared", text("t;n", "D;1'234"), {"thousands": "'"}, rows=((1234,),)),
    Case(
        "thousands",
        "not certain: 1,234",
        text("t;n", "D;1,234", "D;5"),
        rows=(("1,234",), ("5",)),
        columns={
            "n": {
                "type": "string",
                "number_evidence": "'1,234' could have thousands or decimals, and no value of the column settles "
                "which: send decimal_mark",
            }
        },
    ),
    Case(
        "thousands",
        "not certain: 1.234 beside a decimal comma",
        text("t;n;m", "D;1.234;0,5", "D;2.345;1,5"),
        rows=(("1.234", 0.5), ("2.345", 1.5)),
    ),
    Case("thousands", "1.234 alone has decimals", text("t;n", "D;1.234", "D;2.345"), rows=((1.234,), (2.345,))),
    Case("thousands", "an address is no number", text("t;n", "D;192.168.100.200"), rows=(("192.168.100.200",),)),
    Case("thousands", "some grouped, some not", text("t;n", "D;1,234.5", "D;1234.5"), rows=(("1,234.5",), ("1234.5",))),
    Case("thousands", "one word more", text("t;n", "D;1,5", "D;x"), rows=(("1,5",), ("x",))),
    Case("thousands", "the decimal mark", text("t;n"), {"thousands": ",", "decimal_mark": ","}, code="option_invalid"),
)

FAULTS = (
    Case("", "too few fields", text("t,a", "D,x", "D"), rows=(("x",),), bad=(Bad("field_count", 2, 3),)),
    Case("", "too many fields", text("t,a", "D,x,y", "D,x"), rows=(("x",),), bad=(Bad("field_count", 1, 2),)),
    Case("", "a row of blanks", text("t,a", "D,x", ","), rows=(("x",),), bad=(Bad("timestamp_missing", 2, 3),)),
    Case("", "a line of spaces", text("t,a", "D,x", "  "), rows=(("x",),), bad=(Bad("field_count", 2, 3),)),
    Case(
        "quoted fields",
        "too few fields over two lines",
        text("t,a,b", 'D,"x\ny"', "D,z,z"),
        rows=(("z", "z"),),
        bad=(Bad("field_count", 1, 2),),
    ),
    Case(
        "quoted fields",
        "text behind a closing quote",
        text("t,a", "D,x", 'D,"y"z', "D,w"),
        rows=(("x",), ("w",)),
        bad=(Bad("quote", 2, 3),),
    ),
    Case(
        "quoted fields",
        "quotes within quotes",
        text("t,a", 'D,"say "hi" now"', "D,w"),
        rows=(("w",),),
        bad=(Bad("quote", 1, 2),),
    ),
    Case("quoted fields", "a quote that is never closed", text("t,a", "D,x", 'D,"y', "D,z"), code="quote", line=3),
    Case(
        "quoted fields",
        "a quote that is closed in the midst of another field",
        text("t,a", "D,x", 'D,"y', 'D,"z"'),
        code="quote",
        line=3,
    ),
    Case(
        "quoted fields",
        "a broken field that may go on in the next line",
        text("t,a", 'D,"one "two', 'three"', "D,x"),
        code="quote",
        line=2,
    ),
    Case(
        "quoted fields",
        "a field that takes up whole records",
        text("t,a", 'D,"x', "D,y", 'z",w', "D,v"),
        code="quote",
        line=2,
    ),
    Case("escaped quotes", "broken", text("t,a", r'D,"a\"b', "D,x"), {"escape": "\\"}, code="quote", line=2),
    Case(
        "comments",
        "a broken row behind one",
        text("t,a", "#", 'D,"y"z', "D,w"),
        {"comment": "#"},
        rows=(("w",),),
        bad=(Bad("quote", 1, 3),),
    ),
    Case(
        "UTF-8",
        "bad bytes in one line of twenty",
        text("t,a", *["D,x"] * 19) + DAY.encode() + b",\xff\n",
        rows=(("x",),) * 19,
        bad=(Bad("encoding", 20, 21),),
    ),
    Case(
        "UTF-8",
        "bad bytes in one line, characters of UTF-8 in two",
        text("t,a", "D,é", "D,ü") + DAY.encode() + b",\xe9\n",
        rows=(("é",), ("ü",)),
        bad=(Bad("encoding", 3, 4),),
    ),
    Case(
        "UTF-8 by its mark",
        "bad bytes in one line, quoted",
        b"\xef\xbb\xbf" + text("t,a", 'D,"x\ny"') + DAY.encode() + b',"\xe9\n\xe9"\n',
        rows=(("x\ny",),),
        bad=(Bad("encoding", 2, 4),),
    ),
    Case("another encoding", "not declared", text("t,a", "D,x") + DAY.encode() + b",\xe9\n", code="encoding"),
    Case(
        "another encoding",
        "declared",
        text("t,a") + DAY.encode() + b",\xe9\n",
        {"encoding": "cp1252"},
        rows=(("é",),),
    ),
    Case(
        "",
        "an over-long field",
        text("t,a", "D,x", "D," + "y" * 100, "D,z"),
        rows=(("x",), ("z",)),
        bad=(Bad("limit_record", 2, 3),),
        max_record_bytes=50,
    ),
    Case(
        "quoted fields",
        "an over-long field",
        text("t,a", "D,x", 'D,"' + "y\n" * 50 + '"', 'D,"z"'),
        rows=(("x",), ("z",)),
        bad=(Bad("limit_record", 2, 3),),
        max_record_bytes=50,
    ),
    Case("", "a line without end", text("t,a", "D," + "y" * 900), code="limit_record", max_record_bytes=50),
    Case("", "nothing but blank lines", text("", ""), code="empty"),
    Case("", "a header alone", text("t,a"), code="no_rows"),
    Case("", "a blank header", text(",", "D,x"), {"header": True}, code="header_invalid"),
    Case("", "a broken header", text('t,"a"x', "D,x"), code="header_invalid"),
    Case("", "every row bad", text("t,a", "D", "D,x,y"), code="no_valid_rows"),
)

CASES = (*DIALECTS, *TOPS, *NUMBERS, *FAULTS)
