from __future__ import annotations

import json
from decimal import Decimal

import pytest

from services.gateway.contract_json import json_text
from services.gateway.negotiation import sent_form, wanted_form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "yaml"),
        ("", "yaml"),
        ("*/*", "yaml"),
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("text/yaml", "yaml"),
        ("text/*", "yaml"),
        ("application/*", "yaml"),
        ("application/json;q=0.5, application/yaml;q=0.4", "json"),
        ("*/*;q=0.1, application/json", "json"),
        ("application/yaml;q=0, text/yaml;q=0, */*", "json"),
        ("text/html, application/xhtml+xml", None),
        ("application/json;q=0", None),
        ("application/json;q=much", None),
    ],
)
def test_the_form_that_is_liked_best(accept: str | None, form: str | None) -> None:
    assert wanted_form(accept) == form


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/yaml", "yaml"),
        ("text/yaml; charset=utf-8", "yaml"),
        ("APPLICATION/JSON", "json"),
        ("application/x-www-form-urlencoded", None),
        ("", None),
    ],
)
def test_the_form_that_is_sent(content_type: str, form: str | None) -> None:
    assert sent_form(content_type) == form


def test_numbers_keep_their_digits_in_json() -> None:
    many = Decimal("12345678901234567890.12345678901234567890")
    text = json_text({"a": [many, Decimal("1E+5"), 2**70, True, None, 'ü"\n\x00'], "b": {}})
    read = json.loads(text, parse_float=Decimal)
    assert read == {"a": [many, Decimal("1E+5"), 2**70, True, None, 'ü"\n\x00'], "b": {}}
    assert "12345678901234567890.12345678901234567890" in text
