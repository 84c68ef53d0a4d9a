"""The catalogue of Druid's failures as data, and how a text is looked up in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from shared.druid_errors import CATALOGUE, Entry, Fault, Place, explain
from shared.druid_errors.catalogue import filled, recognise
from tests.integration.druid.failures import cases
from tests.integration.druid.failures.flows import FLOWS

LOADS = (*cases.REFUSED, *cases.FAILED, *cases.SLOW, *cases.SAMPLED)
KILLED = {"druid_worker_lost"}  # by tests/faults/test_druid_deaths.py
PROVOKED = {*FLOWS, *KILLED, *(case.code for case in (*LOADS, *cases.QUERIES, *cases.MANAGEMENT))}
EVERY = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.code)


@EVERY
def test_an_entry_knows_its_example_wherever_druid_says_it(entry: Entry) -> None:
    for place in entry.places:
        explanation = explain(entry.example, place)
        assert explanation.code == entry.code
        assert "(not told)" not in explanation.cause + explanation.what_to_do
        assert explanation.druid_message == entry.example


@EVERY
def test_an_entry_says_something_of_everything(entry: Entry) -> None:
    assert re.fullmatch(r"druid_[a-z_]+", entry.code)
    assert entry.cause[-1] in ".}"
    assert entry.what_to_do.endswith(".")
    assert entry.fault is not Fault.UNKNOWN
    assert entry.places


def test_no_code_is_given_twice() -> None:
    assert [code for code, times in Counter(entry.code for entry in CATALOGUE).items() if times > 1] == []


def test_what_is_said_to_be_provoked_is_provoked_and_nothing_else() -> None:
    assert {entry.code for entry in CATALOGUE if entry.provoked} == PROVOKED
    assert len(PROVOKED) >= 20


def test_every_fault_and_every_place_has_an_entry() -> None:
    assert {entry.fault for entry in CATALOGUE} == set(Fault) - {Fault.UNKNOWN}
    assert {place for entry in CATALOGUE for place in entry.places} == set(Place)


def test_the_first_entry_of_the_place_wins() -> None:
    text = (
        "Failed in phase[segment generation]. See task logs for details.\n"
        "java.lang.IllegalStateException: java.io.EOFException: Unexpected end of ZLIB input stream"
    )
    assert explain(text, Place.TASK).code == "druid_compressed_data_broken"
    assert explain(text.splitlines()[0], Place.TASK).code == "druid_sub_task_failed"


def test_a_text_is_known_only_where_druid_says_it() -> None:
    assert explain("Shutdown request from user", Place.TASK).code == "druid_shut_down"
    assert explain("Shutdown request from user", Place.QUERY).code is None


@pytest.mark.parametrize(
    "text",
    [
        "Query[a] url[http://127.0.0.1:8083/druid/v2/] timed out.",
        "url[http://127.0.0.1:8083/druid/v2/] timed out",
        "Query [a] timed out!",
        "Query did not complete within configured timeout period. You can increase query timeout.",
    ],
)
def test_a_query_is_late_in_whichever_of_druids_words(text: str) -> None:
    """Which of Druid's threads sees it first is chance."""
    assert explain(text, Place.QUERY).code == "druid_query_timeout"


@pytest.mark.parametrize("text", ["", "no disk", "Row {0} of {file}\n\tat some.Class", "Timestamp[", "\x00"])
def test_another_text_is_unknown_kept_and_not_safe(text: str) -> None:
    explanation = explain(text, Place.TASK)
    assert (explanation.code, explanation.whose_fault, explanation.safe_to_retry) == (None, Fault.UNKNOWN, False)
    assert explanation.druid_message == text
    assert explanation.what_to_do


def test_what_druid_quotes_is_no_template() -> None:
    explanation = explain("Could not convert value [{column}] to long for dimension [{0}].", Place.TASK)
    assert explanation.cause == "Druid cannot take the value {column} as a long in the column {0}."


def test_a_value_that_a_pattern_lacks_is_said_to_be_missing() -> None:
    explanation = explain("Not Found (Service: Amazon S3; Status Code: 404; Error Code: 404 Not Found;", Place.TASK)
    assert explanation.cause == "The object (not told), which Druid was to read, is not there."


def test_a_long_value_is_cut_in_the_words_and_kept_in_the_text() -> None:
    text = f"Could not convert value [{'x' * 5000}] to long for dimension [n]."
    explanation = explain(text, Place.TASK)
    assert len(explanation.cause) < 300
    assert "x… as a long" in explanation.cause
    assert explanation.druid_message == text


def test_a_pattern_that_is_wrong_would_be_seen() -> None:
    entry = CATALOGUE[0]
    planted = replace(entry, patterns=(r"no such words",))
    assert recognise(entry, entry.example) is not None
    assert recognise(planted, entry.example) is None


def test_a_field_that_no_pattern_has_would_be_seen() -> None:
    planted = replace(CATALOGUE[0], cause="Druid knows no {kind} of it.")
    found = recognise(planted, planted.example)
    assert found is not None
    assert "(not told)" in filled(planted, found, planted.example).cause
