"""Which names of datasources need quotes, and which plain one is nearest."""

from __future__ import annotations

import pytest

from services.plain_name import WORDS_OF_SQL, plain_name, why_awkward


@pytest.mark.parametrize("name", ["sales", "Sales_2024", "_x1", "data"])
def test_a_word_is_plain(name: str) -> None:
    assert why_awkward(name) is None


@pytest.mark.parametrize(
    ("name", "why", "plain"),
    [
        ("Sales 2024 (new)", "it has a space, `(`, `)`", "sales_2024_new"),
        ("web-events", "it has `-`", "web_events"),
        ("2024", "it begins with a digit", "d_2024"),
        ("Order", "it is a word of SQL", "order_data"),
        ("order!", "it has `!`", "order_data"),
        ("Füße à la carte", "it has `ü`, `ß`, a space, `à`", "fusse_a_la_carte"),
        ("売上", "it has `売`, `上`", None),
        ("a b.c-d%e+f", "it has a space, `.`, `-`, `%`, `+`", "a_b_c_d_e_f"),
        ("a b.c-d%e+f&g", "it has a space, `.`, `-`, `%`, `+` and other signs", "a_b_c_d_e_f_g"),
        (" __ x __ ", "it has a space", "x"),
        ("ß" * 100 + " ", "it has `ß`, a space", "s" * 64),
    ],
)
def test_an_awkward_name_has_a_reason_and_a_plain_one_near_it(name: str, why: str, plain: str | None) -> None:
    assert (why_awkward(name), plain_name(name)) == (why, plain)
    if plain is not None:
        assert why_awkward(plain) is None
        assert plain_name(plain) == plain


def test_every_word_of_sql_gets_another_name() -> None:
    assert all(why_awkward(str(plain_name(word))) is None for word in WORDS_OF_SQL)
