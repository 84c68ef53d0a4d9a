"""Things done wrong to a real Druid: the catalogue has to know what it says, by the text that a service would read."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from shared.druid import DruidRefusedError, DruidSettings, DruidState, HttpDruid
from shared.druid_errors import Explanation, Place, explain
from shared.storage.s3 import S3ObjectStore
from tests.integration.druid.failures.cases import (
    FAILED,
    MANAGEMENT,
    OBJECTS,
    QUERIES,
    REFUSED,
    SAMPLED,
    SLOW,
    Asked,
    Spoiled,
)
from tests.integration.druid.failures.flows import DEADLINE_SECONDS, FLOWS, Wrong
from tests.integration.druid.failures.specs import BUCKET, ENDPOINT, REGION, SOURCE, s3, spec

SLOW_SECONDS = 600.0


def named(case: Spoiled | Asked) -> str:
    return f"{case.code}: {case.name}"


@pytest_asyncio.fixture(scope="session")
async def objects(store: S3ObjectStore) -> None:
    for key, content in OBJECTS.items():
        await store.put_bytes(key, content)


@pytest_asyncio.fixture
async def wrong(
    profile: dict[str, str], druid_settings: DruidSettings, druid: HttpDruid, store: S3ObjectStore, objects: None
) -> AsyncIterator[Wrong]:
    del objects
    places = {
        BUCKET: store.bucket,
        ENDPOINT: profile["S3_ENDPOINT_URL"],
        REGION: profile["AWS_REGION"],
        "{access_key}": profile["AWS_ACCESS_KEY_ID"],
        "{druid}": druid_settings.url,
    }
    name = f"failures_{uuid.uuid4().hex[:8]}"
    async with httpx.AsyncClient(base_url=druid_settings.url, trust_env=False, timeout=60) as client:
        yield Wrong(druid, client, name, places)
        (await client.delete(f"/druid/coordinator/v1/datasources/{name}")).raise_for_status()


def check(explanation: Explanation, code: str, shows: str) -> None:
    """The code, what Druid named, and no gap in the words."""
    assert explanation.code == code, explanation.druid_message
    assert shows in explanation.cause
    assert not re.search(r"[{}]", explanation.what_to_do)


async def test_the_load_that_is_spoiled_below_is_sound(wrong: Wrong) -> None:
    """Otherwise a case could fail for another reason than its own."""
    for edits in ({}, {SOURCE: s3("sound.json")}):
        status = await wrong.end(await wrong.start(edits), DEADLINE_SECONDS)
        assert (status.state, status.error) == (DruidState.SUCCESS, None)


@pytest.mark.parametrize("case", REFUSED, ids=named)
async def test_a_load_that_is_refused(wrong: Wrong, case: Spoiled) -> None:
    with pytest.raises(DruidRefusedError) as caught:
        await wrong.druid.submit({"id": "missing", **spec(wrong.datasource, case.edits, wrong.places)})
    check(explain(str(caught.value), Place.SUBMISSION), case.code, case.shows)


@pytest.mark.parametrize("case", FAILED, ids=named)
async def test_a_load_that_fails(wrong: Wrong, case: Spoiled) -> None:
    raw_text = await wrong.why_failed(await wrong.start(case.edits))
    check(explain(raw_text, Place.TASK), case.code, case.shows)
    assert "\n\tat " not in raw_text


@pytest.mark.druid
@pytest.mark.timeout(SLOW_SECONDS + 60)
@pytest.mark.parametrize("case", SLOW, ids=named)
async def test_a_load_that_fails_after_minutes(wrong: Wrong, case: Spoiled) -> None:
    raw_text = await wrong.why_failed(await wrong.start(case.edits), seconds=SLOW_SECONDS)
    check(explain(raw_text, Place.TASK), case.code, case.shows)


@pytest.mark.parametrize("code", FLOWS)
async def test_a_failure_of_several_steps(wrong: Wrong, code: str) -> None:
    raw_text, place = await FLOWS[code](wrong)
    check(explain(raw_text, place), code, "")


@pytest.mark.parametrize(
    ("case", "place"),
    [*((case, Place.QUERY) for case in QUERIES), *((case, Place.MANAGEMENT) for case in MANAGEMENT)],
    ids=lambda one: named(one) if isinstance(one, Asked) else one.value,
)
async def test_a_question_that_is_refused(wrong: Wrong, case: Asked, place: Place) -> None:
    sent = {"content": case.body} if case.body is not None else {"json": case.json}
    headers = {"content-type": "application/json"}
    answer = await wrong.client.request(case.method, case.path, params=case.params, headers=headers, **sent)
    assert answer.is_error
    body = answer.json() if answer.text.startswith("{") else {}
    said = body.get("errorMessage") or body.get("error") or answer.text
    check(explain(said, place), case.code, case.shows)


@pytest.mark.parametrize("case", SAMPLED, ids=named)
async def test_a_sample_that_is_refused(wrong: Wrong, case: Spoiled) -> None:
    body = spec(wrong.datasource, case.edits, wrong.places)
    parts = {name: {**body["spec"][name], "type": "index"} for name in ("ioConfig", "tuningConfig")}
    sampled = {
        "type": "index",
        "spec": {**body["spec"], **parts},
        "samplerConfig": {"numRows": 10, "timeoutMs": 10_000},
    }
    answer = await wrong.client.post("/druid/indexer/v1/sampler", json=sampled)
    assert answer.status_code == 400
    check(explain(answer.json()["error"], Place.SAMPLER), case.code, case.shows)


async def test_a_text_of_a_newer_druid_is_unknown_and_kept(wrong: Wrong) -> None:
    """Druid refuses this for a reason that is in no entry; the text still reaches the user."""
    edits = {"spec.dataSchema.dimensionsSpec": {"dimensions": ["a"], "dimensionExclusions": ["a"]}}
    with pytest.raises(DruidRefusedError) as caught:
        await wrong.druid.submit(spec(wrong.datasource, edits, wrong.places))
    explanation = explain(str(caught.value), Place.SUBMISSION)
    assert (explanation.code, explanation.safe_to_retry) == (None, False)
    assert "dimensions exclusions cannot overlap" in explanation.druid_message
