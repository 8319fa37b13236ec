"""What agents do while a store or a key is away."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agents.common.queries.preview import Foreseen, Preview
from local.ports import LOOPBACK
from local.redis_cluster import RedisCluster
from schemas.record import Record
from schemas.wire import Decoded, encode
from store.bounds import Bounds
from store.redis import RedisEndpoint, RedisStore, Sizes
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life, dead
from tests.agents.test_waves import nicole
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up, arrival
from tests.store.conftest import SMALL
from tests.trips import Trips, trips

# What a stranger types costs a field, never the sign-up and never the ban.

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

TYPED: list[tuple[str, Any, str]] = [
    ("user_agent", "Mozilla/5.0 " + "x" * 1_024, "too-long"),
    ("ip", ", ".join(f"203.0.113.{n}" for n in range(9)), "too-long"),
    ("ip", "203.0.113.24, 10.0.0.1", "unreadable"),
    ("ip", "nope", "unreadable"),
    ("phone", "x", "unreadable"),
    ("payment_token", "tok_1\n", "bad-format"),
    ("bio", "half \ud83d an emoji", "lone-surrogate"),
    ("bio", "x" * 10_001, "too-long"),
    ("links", ["https://a.example/"] * 51, "too-many"),
    ("referrer", 7, "wrong-type"),
    ("avatar", {"pdq": "0f" * 32}, "incomplete"),
    ("email_hmac", "A7" * 10, "bad-format"),
]


def typed(record: Record, **fields: Any) -> bytes:
    """The message of a record whose account holds other values."""
    message = json.loads(encode(record))
    message["account"] |= fields
    return json.dumps(message).encode()


@pytest.mark.parametrize(("field", "value", "reason"), TYPED)
async def test_a_sign_up_is_looked_up_by_what_is_left_of_it(
    life: Life, field: str, value: object, reason: str
) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    event = typed(a_sign_up("99", handle="umar_media_2", device_id=DEVICE), **{field: value})
    (outcome,) = await life.tell(life.screen, event)
    assert isinstance(outcome, Published)
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert {(it.side, it.field) for it in alert.not_read} == {("account", field)}
    assert reason in {it.reason for it in alert.not_read}
    counted = life.context.metrics.exposition().decode()
    assert f'fields_unusable_total{{field="{field}",reason="{reason}",topic=' in counted


@pytest.mark.parametrize(("field", "value", "reason"), TYPED)
async def test_a_ban_is_enrolled_with_what_is_left_of_it(
    life: Life, field: str, value: object, reason: str
) -> None:
    await life.ban(typed(a_ban("77", handle="umar_media", device_id=DEVICE), **{field: value}))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert {(it.side, it.field) for it in alert.not_read} == {("matched", field)}
    assert reason in {it.reason for it in alert.not_read}


async def test_a_device_with_a_line_feed_is_left_out_and_named(life: Life) -> None:
    known: dict[str, Any] = {"handle": "umar_media", "email": "umar@valley.example"}
    await life.ban(a_ban("77", device_id=DEVICE, **known))
    await life.tell(life.screen, typed(a_sign_up("99", **known), device_id=f"{DEVICE}\n"))
    (alert,) = life.alerts
    assert "device" not in {line.signal for line in alert.evidence}
    assert [(it.field, it.reason) for it in alert.not_read] == [("device_id", "bad-format")]


async def test_a_ban_without_a_usable_date_queue_or_policy_is_a_ban(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media", device_id=DEVICE)))
    message |= {"banned_at": "yesterday", "queue": "two words", "policy": 7, "basis": {"authority": "?"}}
    await life.ban(json.dumps(message).encode())
    await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.queue, alert.matched.policy, alert.matched.basis) == (None, None, None)
    assert "timing" not in {line.signal for line in (*alert.evidence, *alert.counter_evidence)}
    # The queue and the policy are no evidence; the date would have been.
    assert [(it.field, it.reason) for it in alert.not_read] == [("banned_at", "bad-date")]


async def test_a_ban_whose_end_cannot_be_read_is_a_dead_letter(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media")))
    message["expires_at"] = "in a year"
    assert dead(await life.tell(life.enrol, json.dumps(message).encode())) == ["bad-date"]


async def test_a_reinstatement_with_too_long_a_reason_lifts_the_ban(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media"))
    message = json.loads(encode(a_reinstatement("77"))) | {"reason": "x" * 2_000}
    assert dead(await life.tell(life.expunge, json.dumps(message).encode())) == []
    assert await life.context.store.bans(["telegram:77"]) == [None]


# How many round trips to Redis an event waits for, one after the other, on whatever Redis there is.

BATCH = 50


@pytest.fixture(params=["1 shard", "3 shards", "cluster of 3 shards"])
async def lived(request: pytest.FixtureRequest, life: Life, store_prefix: str) -> AsyncIterator[Life]:
    """Agents on a Redis, which have handled some events of every kind already."""
    shards = 1 if request.param == "1 shard" else 3
    if "cluster" in request.param:
        nodes: RedisCluster = request.getfixturevalue("cluster")
        endpoint = RedisEndpoint(
            cluster=tuple((LOOPBACK, node.port) for node in nodes.nodes), deadline_seconds=10.0
        )
    else:
        endpoint = RedisEndpoint(url=request.getfixturevalue("redis_url"), deadline_seconds=10.0)
    store = RedisStore(
        endpoint,
        prefix=store_prefix,
        identity=b"i" * 32,
        sizes=Sizes(shards=shards, **SMALL),
        bounds=Bounds(shards=shards),
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    await lived.ban(a_ban(handle="umar_media", device_id=DEVICE))
    for _ in range(2):
        for many in (1, BATCH):
            await lived.tell(
                lived.screen, *(a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE) for n in range(many))
            )
    yield lived
    await store.close()


def only(counted: Trips, most: int) -> None:
    """Fails with what was sent if there were more trips."""
    assert counted.waited <= most, "\n".join(counted.sent)


async def test_an_event_without_an_alert_waits_for_three_trips(lived: Life) -> None:
    for many in (1, BATCH):
        events = [a_sign_up(handle=f"umar_kitchen_{n}") for n in range(many)]
        with trips() as counted:
            outcomes = await lived.tell(lived.screen, *events)
        assert not any(isinstance(it, Published) for it in outcomes)
        only(counted, 3 if lived_on_one_shard(lived) else 4)


async def test_an_alert_waits_for_two_more_and_its_confirmation_for_one(lived: Life) -> None:
    one = lived_on_one_shard(lived)
    for many in (1, BATCH):
        # On a day of its own each: together they would be a wave, which takes some trips more.
        events = [
            a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE, at=NOON - timedelta(days=2 * n + 2))
            for n in range(many)
        ]
        with trips() as counted:
            outcomes: list[Outcome] = await lived.screen([arrival(event) for event in events])
        assert any(isinstance(it, Published) for it in outcomes)
        only(counted, 5 if one else 8)
        with trips() as counted:
            await lived.publish(lived.screen, outcomes)
        only(counted, 1 if one else 2)


async def test_a_question_waits_for_one_trip_more_only_where_company_exists(lived: Life) -> None:
    preview, one = Preview(lived.context), lived_on_one_shard(lived)
    alone = Decoded(a_sign_up("alone", handle="quiet_reader"))
    await preview.foresee(alone)
    with trips() as counted:
        await preview.foresee(alone)
    only(counted, 3 if one else 4)
    await lived.tell(lived.screen, *(nicole(number) for number in range(6)))
    with trips() as counted:
        foreseen = await preview.foresee(Decoded(nicole(7)))
    assert isinstance(foreseen, Foreseen)
    assert foreseen.wave
    only(counted, 4 if one else 5)


def lived_on_one_shard(lived: Life) -> bool:
    """Whether all of the store is in one shard."""
    store = lived.context.store
    assert isinstance(store, RedisStore)
    return len(store.shards.all) == 1
