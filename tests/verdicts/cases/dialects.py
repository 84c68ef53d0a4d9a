"""Delimited files with known truth, to measure what finds a dialect: none of them declares anything.

Most are as people write them; the columns of plain text are there because a delimiter can be invented for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .delimited import CASES


@dataclass(frozen=True, slots=True)
class Written:
    """A file and how it is written.

    `delimiter` is None in a file of one column. `columns` counts the fields of a record, without an empty one behind a
    trailing delimiter. `header` is whether the first record (behind titles and comments) is one.
    """

    name: str
    content: bytes
    delimiter: str | None
    columns: int
    header: bool = True


def written(
    name: str, delimiter: str | None, columns: int, *lines: str, header: bool = True, end: str = "\n"
) -> Written:
    """A file of these lines, each with its end."""
    return Written(name, "".join(line + end for line in lines).encode(), delimiter, columns, header)


# The files of `delimited` that declare no dialect and are accepted, at least in part.
_OF_CASES = {
    "comma": (",", 2),
    "semicolon": (";", 2),
    "tab": ("\t", 2),
    "pipe": ("|", 2),
    "quoted fields: quoted delimiter": (",", 2),
    "quoted fields: quoted line ends": (",", 2),
    "quoted fields: doubled quote": (",", 2),
    "escaped quotes: detected": (",", 2),
    "line ends: CRLF": (",", 2),
    "line ends: CR": (",", 2),
    "line ends: mixed, none at the end": (",", 2),
    "blank lines: before, between and behind": (",", 2),
    "title rows: detected": (",", 2),
    "title rows: detected, filled up with delimiters": (";", 3),
    "comments: a block before the header, detected": (",", 2),
    "comments: a header that begins with #": ("\t", 2),
    "header names: repeated, blank, reserved": (",", 7),
    "trailing delimiters: in all lines": (",", 2),
    "trailing delimiters: not in the header": (",", 2),
    "trailing delimiters: in the header alone": (",", 2),
    "decimal comma: detected": (";", 2),
    "decimal comma: detected, with thousands": (";", 2),
    "thousands: a space, with decimals": (";", 2),
    "thousands: an address is no number": (";", 2),
}
_HEADLESS_OF_CASES = {
    "no header: detected by a column of dates": (",", 3),
    "no header: detected by repeated numbers": (",", 3),
}
_CONTENT = {case.name.removeprefix("delimited: "): case.content for case in CASES}
KNOWN = (
    *(Written(name, _CONTENT[name], *truth) for name, truth in _OF_CASES.items()),
    *(Written(name, _CONTENT[name], *truth, header=False) for name, truth in _HEADLESS_OF_CASES.items()),
)

USUAL = (
    written(
        "semicolon: bank statement",
        ";",
        5,
        "Buchungstag;Valuta;Auftraggeber;Verwendungszweck;Betrag",
        "02.01.2024;02.01.2024;Stadtwerke;Abschlag 01/24, Strom;-84,50",
        "03.01.2024;03.01.2024;Müller, Anna;Miete, Januar;-1.250,00",
        "05.01.2024;05.01.2024;Firma GmbH;Gehalt;3.417,22",
    ),
    written(
        "semicolon: every field has a decimal comma",
        ";",
        3,
        "lat;lon;temp",
        "52,52;13,40;1,5",
        "48,13;11,58;-0,5",
        "53,55;9,99;2,0",
    ),
    written("semicolon: a comma in the header", ";", 2, "Name, Vorname;Alter", "Muster, Max;41", "Beispiel, Eva;35"),
    written("semicolon: no header", ";", 3, "1;2,5;x", "2;3,5;y", "3;4,5;z", header=False),
    written(
        "tab: text with commas",
        "\t",
        3,
        "id\ttitle\tnote",
        "1\tBread, butter, and jam\tgood, cheap",
        "2\tTea\tnone",
        "3\tSalt, pepper\tdry, cool",
    ),
    written("tab: empty cells", "\t", 4, "a\tb\tc\td", "1\t\t\t4", "\t2\t\t", "1\t2\t\t4"),
    written(
        "tab: a gene table",
        "\t",
        4,
        "gene\tchr\tstart\tend",
        "BRCA1\tchr17\t43044295\t43125364",
        "TP53\tchr17\t7668402\t7687550",
    ),
    written(
        "pipe: a mainframe export",
        "|",
        4,
        "CUST|NAME|CITY|BALANCE",
        "0001|SMITH, JOHN|NEW YORK, NY|1,204.50",
        "0002|DOE, JANE|AUSTIN, TX|88.00",
        "0003|ROE, RICHARD|RENO, NV|-12.10",
    ),
    written("pipe: trailing delimiter", "|", 3, "a|b|c|", "1|2|3|", "4|5|6|"),
    written("pipe: spaces around", "|", 3, "id | name | n", "1 | Anna B | 5", "2 | Bob C | 6"),
    written(
        "comma: time of day",
        ",",
        3,
        "station,time,value",
        "A,10:00:00,1",
        "B,10:05:00,2",
        "C,10:10:00,3",
    ),
    written(
        "comma: JSON inside quotes",
        ",",
        3,
        "id,time,payload",
        '1,2024-01-02T10:00:00Z,"{""a"": 1, ""b"": [1, 2, 3]}"',
        '2,2024-01-02T10:00:01Z,"{""a"": 2, ""b"": []}"',
        '3,2024-01-02T10:00:02Z,"{}"',
    ),
    written(
        "comma: JSON inside backslashed quotes",
        ",",
        2,
        "id,payload",
        r'1,"{\"a\": 1, \"b\": \"x;y\"}"',
        r'2,"{\"a\": 2, \"b\": \"z\"}"',
    ),
    written(
        "comma: urls",
        ",",
        3,
        "url,status,ms",
        "https://example.org/a?b=1&c=2|3,200,15",
        "https://example.org/d;e=4,404,7",
        "https://example.org:8080/,500,1204",
    ),
    written(
        "comma: long text quoted",
        ",",
        3,
        "id,review,stars",
        '1,"Good, but slow; it took | a while: three days, to be exact.",4',
        '2,"Never again; really, never; the box, the tape, the smell: all wrong.",1',
        '3,"ok",3',
    ),
    written(
        "comma: quoted newlines full of semicolons",
        ",",
        2,
        "id,body",
        '1,"a;b;c\nd;e;f\ng;h;i"',
        '2,"j;k;l\nm;n;o"',
        '3,"p;q;r"',
    ),
    written("comma: all text", ",", 3, "name,city,country", "Anna,Oslo,Norway", "Bob,Rome,Italy", "Cleo,Paris,France"),
    written("comma: all text, no header", ",", 3, "Anna,Oslo,NO", "Bob,Rome,IT", "Cleo,Paris,FR", header=False),
    written(
        "comma: log, no header",
        ",",
        3,
        "2024-01-02 10:00:00,INFO,up",
        "2024-01-02 10:00:01,WARN,slow",
        "2024-01-02 10:00:02,INFO,ok",
        header=False,
    ),
    written("comma: two lines", ",", 3, "a,b,c", "1,2,3"),
    written("comma: two lines of text", ",", 2, "name,city", "Anna,Oslo"),
    written("comma: a header alone", ",", 3, "name,city,age"),
    written("comma: numbers under years", ",", 4, "region,2021,2022,2023", "North,5,6,7", "South,8,9,10"),
    written("comma: everything quoted", ",", 3, '"id","name","n"', '"1","a;b;c","2"', '"2","d;e;f","3"'),
    written("comma: spaces behind", ",", 3, "id, name, n", "1, Anna, 5", "2, Bob, 6"),
    written("comma: one short row of four", ",", 3, "a,b,c", "1,2,3", "4,5", "6,7,8", "9,10,11"),
    written("comma: CRLF and LF", ",", 3, "a,b,c\r", "1,2,3", "4,5,6\r", "7,8,9"),
    written("semicolon: CRLF and LF", ";", 3, "a;b;c\r", "1;2,5;3", "4;5,5;6\r", "7;8,5;9"),
    written("comma: CRLF", ",", 3, "a,b,c", "1,x,3.5", "2,y,4.5", end="\r\n"),
    written("comma: titles", ",", 3, "Report of 2 January 2024", "", "day,n,s", "2024-01-02,1,x", "2024-01-03,2,y"),
    written(
        "semicolon: titles with commas",
        ";",
        3,
        "Sales, all branches, net",
        "day;n;s",
        "2024-01-02;1,5;x",
        "2024-01-03;2,5;y",
    ),
    written(
        "comma: comments", ",", 3, "# made by a logger, v1", "# unit: mm", "day,n,s", "2024-01-02,1,x", "2024-01-03,2,y"
    ),
    written("comma: Japanese", ",", 3, "日付,名前,数", "2024-01-02,山田、太郎,5", "2024-01-03,鈴木、花子,6"),
    written(
        "comma: one wide sensor table",
        ",",
        12,
        ",".join(f"s{n}" for n in range(12)),
        *(",".join(f"{n}.{m}" for m in range(12)) for n in range(9)),
    ),
    written("comma: sparse", ",", 5, "a,b,c,d,e", ",,,,", "1,,,,", ",,,2,", ",,,,3"),
    written("comma: ragged notes in the last column", ",", 2, "id,note", '1,"see a, b"', "2,see c", '3,"x, y, z"'),
)

RARE = (
    written("caret", "^", 3, "id^name^n", "1^Anna^5", "2^Bob^6", "3^Cleo^7"),
    written(
        "caret: text with commas in the body",
        "^",
        3,
        "id^name^n",
        "1^Smith, Anna^5,5",
        "2^Doe, Bob^6,5",
        "3^Roe, C^7,5",
    ),
    written("caret: commas in the header", "^", 3, "id^name, first^n, total", "1^Smith^5", "2^Doe, Bob^6", "3^Roe^7"),
    written("tilde", "~", 3, "id~name~n", "1~Anna~5", "2~Bob~6", "3~Cleo~7"),
    written(
        "tilde: EDI-like, text with commas",
        "~",
        4,
        "seg~code~text~qty",
        "A1~X9~bolts, small~100",
        "A2~X7~nuts, M4~250",
        "A3~Y1~washers~75",
    ),
    written("tilde: two lines", "~", 2, "t~a", "2024-01-02~x"),
    written("space", " ", 3, "day temp rain", "2024-01-02 1.5 0", "2024-01-03 2.5 4", "2024-01-04 0.5 1"),
    written(
        "space: decimal comma",
        " ",
        3,
        "day temp rain",
        "2024-01-02 1,5 0,0",
        "2024-01-03 2,5 4,1",
        "2024-01-04 0,5 1,0",
    ),
    written("space: no header", " ", 3, "1 0.5 0.25", "2 0.7 0.11", "3 0.1 0.09", header=False),
    written(
        "space: a web log",
        " ",
        4,
        "host code bytes path",
        "10.0.0.1 200 512 /a",
        "10.0.0.2 404 0 /b?c=1",
        "10.0.0.1 200 99 /d",
    ),
    written("colon", ":", 3, "name:uid:shell", "root:0:/bin/sh", "www:33:/bin/false", "me:1000:/bin/bash"),
    written(
        "colon: passwd, no header",
        ":",
        7,
        "root:x:0:0:root:/root:/bin/bash",
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
        "bin:x:2:2:bin:/bin:/usr/sbin/nologin",
        header=False,
    ),
    written("hash", "#", 3, "id#name#n", "1#Anna#5", "2#Bob#6", "3#Cleo#7"),
    written("dollar", "$", 3, "id$name$n", "1$Anna$5", "2$Bob$6", "3$Cleo$7"),
    written("unit separator", "\x1f", 3, "id\x1fname\x1fn", "1\x1fAnna, A\x1f5", "2\x1fBob\x1f6", "3\x1fCleo\x1f7"),
    written("control A", "\x01", 3, "id\x01name\x01n", "1\x01Anna, A\x015", "2\x01Bob\x016", "3\x01Cleo\x017"),
    written("section sign", "§", 3, "id§name§n", "1§Anna§5", "2§Bob§6", "3§Cleo§7"),
    written("slash", "/", 3, "id/name/n", "1/Anna/5", "2/Bob/6", "3/Cleo/7"),
    written("asterisk", "*", 3, "seg*code*qty", "A1*X9*100", "A2*X7*250", "A3*Y1*75"),
)

ONE_COLUMN = (
    written("one column: numbers", None, 1, "n", "1", "2", "3", "4"),
    written("one column: decimals", None, 1, "value", "1.5", "2.5", "13.25"),
    written("one column: decimal commas", None, 1, "value", "1,5", "2,5", "13,25"),
    written("one column: words", None, 1, "colour", "red", "green", "blue", "yellow"),
    written("one column: full names", None, 1, "name", "Anna Berg", "Bob Dahl", "Cleo Lund", "Dora Holm"),
    written("one column: full names, under two words", None, 1, "full name", "Anna Berg", "Bob Dahl", "Cleo Lund"),
    written("one column: names, reversed", None, 1, "name", "Berg, Anna", "Dahl, Bob", "Lund, Cleo"),
    written("one column: dates", None, 1, "day", "2024-01-02", "2024-01-03", "2024-01-04"),
    written("one column: dates with slashes", None, 1, "day", "01/02/2024", "13/02/2024", "14/03/2024"),
    written("one column: dates with points", None, 1, "day", "02.01.2024", "13.02.2024", "14.03.2024"),
    written("one column: times of day", None, 1, "time", "10:00:00", "10:05:00", "10:10:00"),
    written("one column: times of day, no header", None, 1, "10:00", "10:05", "10:10", header=False),
    written(
        "one column: timestamps", None, 1, "time", "2024-01-02 10:00:00", "2024-01-02 10:05:00", "2024-01-02 10:10:00"
    ),
    written("one column: ISO timestamps", None, 1, "time", "2024-01-02T10:00:00Z", "2024-01-02T10:05:00Z"),
    written(
        "one column: urls",
        None,
        1,
        "url",
        "https://example.org/a",
        "https://example.org/b",
        "https://example.org/c?d=1",
    ),
    written("one column: mail addresses", None, 1, "mail", "anna@example.org", "bob@example.org", "cleo@example.com"),
    written("one column: paths", None, 1, "path", "/var/log/a", "/var/log/b", "/etc/hosts/c"),
    written(
        "one column: uuids",
        None,
        1,
        "id",
        "6f1c2d3e-0000-4000-8000-000000000001",
        "6f1c2d3e-0000-4000-8000-000000000002",
    ),
    written("one column: IPv4", None, 1, "ip", "10.0.0.1", "10.0.0.2", "192.168.100.200"),
    written("one column: MAC addresses", None, 1, "mac", "00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5f", "00:1a:2b:3c:4d:60"),
    written("one column: key=value", None, 1, "setting", "a=1", "b=2", "c=3"),
    written("one column: phone numbers", None, 1, "phone", "+49 30 123456", "+49 40 654321", "+49 89 112233"),
    written(
        "one column: sentences",
        None,
        1,
        "text",
        "It rains today.",
        "The sun is out, at last.",
        "Nothing to see: move on; really.",
    ),
    written("one column: snake case", None, 1, "metric", "cpu_load_one", "cpu_load_five", "mem_free_all"),
    written("one column: codes with dashes", None, 1, "sku", "AB-12-X", "CD-34-Y", "EF-56-Z"),
    written("one column: prices", None, 1, "price", "$5.00", "$7.50", "$12.25"),
    written("one column: percent", None, 1, "share", "5%", "7%", "12%"),
    written("one column: hashtags", None, 1, "tag", "#one", "#two", "#three"),
    written("one column: home folders", None, 1, "home", "~anna", "~bob", "~cleo"),
    written("one column: two lines", None, 1, "name", "Anna Berg"),
    written("one column: a single line", None, 1, "name"),
    written("one column: quoted text", None, 1, "text", '"a, b"', '"c, d"', '"e"'),
    written("one column: quoted newlines", None, 1, "text", '"a\nb"', '"c\nd"'),
    written("one column: log lines", None, 1, "message", "[INFO] service up", "[WARN] disk slow", "[INFO] all good"),
)

# Even as a table, header and all: only a person can tell.
_EVEN = (
    written("one column: addresses", None, 1, "street address", "Main 12", "Oak 7", "Elm 9"),
    written(
        "one column: addresses of three words", None, 1, "full street address", "Old Main 12", "New Oak 7", "Big Elm 9"
    ),
    written(
        "one column: dates under day/month/year", None, 1, "day/month/year", "01/02/2024", "13/02/2024", "14/03/2024"
    ),
    written("one column: codes under a code", None, 1, "item-code-number", "AB-12-7", "CD-34-8", "EF-56-9"),
    written("one column: versions under a version", None, 1, "major.minor.patch", "1.0.2", "1.2.0", "2.0.0"),
    written("one column: times under h:m:s", None, 1, "h:m:s", "10:00:00", "10:05:00", "10:10:00"),
    written("one column: sums", None, 1, "a+b", "1+2", "3+4", "5+6"),
    written("one column: handles", None, 1, "user@host", "anna@7", "bob@8", "cleo@9"),
    written("one column: queries", None, 1, "a&b", "a=1&b=2", "a=3&b=4", "a=5&b=6"),
    written("one column: snake case with numbers", None, 1, "shard_no_id", "a_1_2", "b_3_4", "c_5_6"),
)
# Written after the rules of the detector were, to see whether they hold elsewhere.
_LATER = (
    written(
        "caret: an airline export",
        "^",
        5,
        "FLT^DEP^ARR^SCHED^FARE",
        "LH400^FRA^JFK^2024-01-02 10:05^512,40",
        "LH401^JFK^FRA^2024-01-03 16:00^498,00",
        "LH9^FRA^HAM^2024-01-03 07:30^88,10",
    ),
    written(
        "tilde: Windows line ends",
        "~",
        3,
        "Konto~Text~Betrag",
        "1200~Miete, Januar~-950,00",
        "1400~Strom; Gas~-84,10",
        "1800~Lohn~3000,00",
        end="\r\n",
    ),
    written("exclamation mark", "!", 4, "node!cpu!mem!state", "a1!0.5!12!up", "a2!0.7!14!up", "a3!0.1!9!down"),
    written(
        "ampersand: all text", "&", 3, "name&city&country", "Anna&Oslo&Norway", "Bob&Rome&Italy", "Cleo&Paris&France"
    ),
    written("space: aligned by several", " ", 3, "id   name   n", "1    Anna   5", "22   Bob    6"),
    written("space: a grid of points", " ", 4, "x y z t", "0.0 0.1 0.2 1", "0.1 0.1 0.3 2", "0.2 0.4 0.2 3"),
    written(
        "record separator as a field's",
        "\x1e",
        3,
        "id\x1eword\x1en",
        "1\x1ea b\x1e5",
        "2\x1ec d\x1e6",
        "3\x1ee, f\x1e7",
    ),
    written("comma: half of the rows too short", ",", 3, "id,a name,b name", "1,x y,2", "2", "3,z w,4", "4"),
    written(
        "one column: tweets", None, 1, "tweet text here", "so much #sun today", "off to @work again", "10 out of 10"
    ),
    written("one column: chemical formulas", None, 1, "formula", "H2 + O2 = H2O", "C + O2 = CO2", "N2 + H2 = NH3"),
    written(
        "one column: a log without header",
        None,
        1,
        "2024-01-02 10:00:00 up",
        "2024-01-02 10:00:01 slow",
        "2024-01-02 10:00:02 ok",
        header=False,
    ),
    written("one column: coordinates", None, 1, "position", "52.5 13.4", "48.1 11.6", "53.6 10.0"),
    written("one column: ratios", None, 1, "odds", "3:1", "5:2", "7:4"),
)

CORPUS = (*KNOWN, *USUAL, *RARE, *ONE_COLUMN, *_EVEN, *_LATER)
