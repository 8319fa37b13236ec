"""A gate's signed call becomes a reading, whose page shows the holder's words as words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from html import unescape

import pytest
from litestar.testing import AsyncTestClient

from desk.database import appeals
from desk.database.engine import Database
from desk.web.app import create_app
from schemas.appeals import WORDS_CHARS_MAX, AppealMade
from schemas.wire import encode
from streams.standard_webhooks import Secret
from tests.desk.people import Office, an_office
from tests.desk.web.test_journeys import Client, at_the_desk, decided, the_queue
from tests.desk_databases import on_each_database

KEY = Secret(b"s" * 32)
WORDS = "میں وہ نہیں ہوں \u202e</bdi><script>alert(1)</script>\x00{{ 7 * 7 }}"
MADE = AppealMade(appeal_id="c-1", alert_id="alert-1", words=WORDS)


@pytest.fixture
async def office(database: Database) -> Office:
    made = an_office(database)
    return replace(made, desk=replace(made.desk, appeals_secret=KEY))


async def sent(
    client: Client,
    office: Office,
    body: bytes,
    *,
    key: Secret = KEY,
    seconds_ago: int = 0,
) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    headers = key.headers("message", int(office.clock()) - seconds_ago, body)
    answer = await client.post("/api/v1/appeals", content=body, headers=headers)
    return answer.status_code, answer.json().get("code", "")


@on_each_database
async def test_a_gate_is_believed_by_its_signature_and_a_repeat_makes_one_reading(office: Office) -> None:
    async with at_the_desk(office) as client:
        await believed(office, client)


async def believed(office: Office, client: Client) -> None:
    await office.receive()
    body = encode(MADE)
    assert await sent(client, office, body) == (409, "not-decided")
    [waiting] = await the_queue(client)
    await decided(client, waiting["read_id"])
    for refused in (
        await sent(client, office, body, key=Secret(b"o" * 32)),
        await sent(client, office, body, seconds_ago=400),
    ):
        assert refused == (401, "signature")
    assert (await client.post("/api/v1/appeals", content=body)).status_code == 401
    assert await sent(client, office, b'{"appeal_id": 7}') == (400, "wrong-type")
    assert (await sent(client, office, b" " * 70_000))[0] == 413
    longest = AppealMade(appeal_id="c-1", alert_id="alert-1", words="😀" * WORDS_CHARS_MAX)
    assert await sent(client, office, encode(longest)) == (202, "")
    at_once = await asyncio.gather(*(sent(client, office, encode(longest)) for _ in range(4)))
    assert set(at_once) == {(202, "")}
    assert await sent(client, office, body) == (409, "other-body")
    async with office.database.read() as connection:
        assert len((await appeals.of_alerts(connection, ["alert-1"]))["alert-1"]) == 1


async def test_a_desk_without_the_secret_takes_no_appeals(database: Database) -> None:
    office = an_office(database)
    async with AsyncTestClient(create_app(office.desk)) as client:
        assert await sent(client, office, encode(MADE)) == (404, "not-found")


@pytest.mark.parametrize("language", ["en", "ur", "ar"])
async def test_the_page_shows_words_as_words_and_asks_for_a_milder_action_by_a_key(
    office: Office, language: str
) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
        office.clock.pass_(11)
        assert await sent(client, office, encode(MADE)) == (202, "")
    async with at_the_desk(office, "bilal") as client:
        client.headers["Accept-Language"] = language
        page = (await client.get("/alerts/alert-1")).text
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "{{ 7 * 7 }}" in unescape(page)
        assert "میں وہ نہیں ہوں" in page
        assert 'value="partly/several-traits"' in page
        assert 'value="unsure/' not in page
        [appeal] = await the_queue(client, kind="appeal")
        form = {"chosen": "partly/several-traits", "policy": "hate", "csrf": client.headers["X-CSRF-Token"]}
        done = await client.post(f"/reads/{appeal['read_id']}/decide", data=form, follow_redirects=False)
        assert done.status_code == 303
    async with office.database.read() as connection:
        [row] = (await appeals.of_alerts(connection, ["alert-1"]))["alert-1"]
    assert (row.outcome, row.reason_code, "\x00" in row.words) == ("partly", "several-traits", False)
