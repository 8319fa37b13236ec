"""How long Redis keeps what is noted of an alert: no key of one that is open may expire."""

from __future__ import annotations

import pytest
import redis

from store.base import ConfirmedEntry
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import DAY, IDENTITY, NOW, a_ban, a_claim, a_decision, a_proposal

YEARS = 10 * 365 * DAY
PAIR = a_proposal()
KINDS = ("o", "s", "l", "a")
"""The alert, its marker, where it lies, and that it is about its account."""


@pytest.fixture
async def store(redis_url: str, store_prefix: str) -> RedisStore:
    made = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10),
        prefix=store_prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=2, **SMALL),
    )
    await made.open()
    await made.enrol([a_ban("9001")], now=NOW)
    (ruled,) = await made.propose([PAIR], now=NOW)
    await made.confirm([a_claim(PAIR, ruled.revision)], now=NOW)
    return made


def lasts(administrator: str, prefix: str) -> dict[str, float]:
    """For how many seconds at least the keys of each kind are kept."""
    found: dict[str, float] = {}
    with redis.Redis.from_url(administrator) as client:
        for key in client.scan_iter(match=f"{prefix}{{*}}:*"):
            kind = key.decode(errors="replace").partition("}:")[2].partition(":")[0]
            left = client.ttl(key)
            found[kind] = min(found.get(kind, YEARS), YEARS if left == -1 else left)
    return found


async def test_open_alert_does_not_expire(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in KINDS] == [YEARS] * len(KINDS)
    await store.propose([a_proposal(claimant="update:another")], now=NOW)  # a duplicate
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in KINDS] == [YEARS] * len(KINDS)


async def test_dismissed_alert_does_not_expire(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    await store.decide([a_decision(PAIR.alert_id)], now=NOW)
    alerts = [it for it in await store.pairs([PAIR.alert_id]) if it]
    await store.withdraw(alerts, reason="verdict", now=NOW)
    (owed,) = await store.owed("holder", now=NOW)
    await store.settle([ConfirmedEntry(PAIR.alert_id, PAIR.banned, owed.revision, owed.alert, PAIR.account)])
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in ("c", "n", "l", "a")] == [YEARS] * 4


async def test_withdrawn_alert_leaves_only_its_revision_for_a_while(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    await store.expunge([("x:9001", NOW)], now=NOW)
    (owed,) = await store.owed("holder", now=NOW)
    await store.settle([ConfirmedEntry(PAIR.alert_id, PAIR.banned, owed.revision, None, PAIR.account)])
    kept = lasts(redis_administrator, store_prefix)
    assert not {"o", "c", "l", "a", "owed", "due", "until"} & kept.keys()
    assert 34 * DAY < kept["s"] <= 35 * DAY


async def test_alert_of_a_former_release_no_longer_expires_once_it_was_recalled(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    with redis.Redis.from_url(redis_administrator) as client:
        for key in client.scan_iter(match=f"{store_prefix}{{*}}:*"):
            if key.decode(errors="replace").partition("}:")[2].partition(":")[0] in KINDS:
                client.expire(key, 35 * 86_400)
    assert lasts(redis_administrator, store_prefix)["o"] <= 35 * DAY
    alerts = [it for it in await store.pairs([PAIR.alert_id]) if it]
    assert await store.recall(alerts, now=NOW) == [False]
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in KINDS] == [YEARS] * len(KINDS)
