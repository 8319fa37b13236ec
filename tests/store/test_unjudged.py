"""Which published alerts nobody has judged: counted, and how long the oldest of them waits."""

from __future__ import annotations

from store.base import ConfirmedEntry, Store
from store.bounds import Bounds
from tests.store.makers import NOW, a_ban, a_claim, a_proposal, nth


async def published(store: Store, *numbers: int, now: float = NOW) -> list[str]:
    """Publishes alerts on one ban; their ids."""
    proposals = [a_proposal(f"x:new-{number}", claimant=f"forward:{number}") for number in numbers]
    await store.enrol([a_ban("9001", handle="umar_media")], now=NOW)
    ruled = await store.propose(proposals, now=now)
    claims = [a_claim(one, it.revision) for one, it in zip(proposals, ruled, strict=True)]
    await store.confirm(claims, now=now)
    return [one.alert_id for one in proposals]


async def waiting(store: Store) -> tuple[int, float | None]:
    """How many wait, and since when."""
    figures = await store.figures()
    return figures.unjudged, figures.oldest_unjudged_at


async def test_a_store_without_alerts_has_nobody_waiting(store: Store) -> None:
    assert await waiting(store) == (0, None)


async def test_published_alerts_wait_until_they_are_judged(store: Store) -> None:
    first = await published(store, 1, 2)
    second = await published(store, 3, now=NOW + 60)
    assert await waiting(store) == (3, NOW)
    await store.judged(first)
    assert await waiting(store) == (1, NOW + 60)
    await store.judged([*second, "f" * 32])
    assert await waiting(store) == (0, None)


async def test_one_that_is_published_again_has_waited_since_the_first_time(store: Store) -> None:
    await published(store, 1)
    await published(store, 1, now=NOW + 3600)
    assert await waiting(store) == (1, NOW)


async def test_a_withdrawn_alert_waits_for_nobody(store: Store) -> None:
    (alert_id,) = await published(store, 1)
    banned = a_proposal("x:new-1").banned
    await store.expunge([(banned, NOW)], now=NOW)
    await store.settle([ConfirmedEntry(alert_id, banned, nth(2))])
    assert await waiting(store) == (0, None)


async def test_what_is_older_than_alerts_are_known_is_forgotten(store: Store) -> None:
    await published(store, 1)
    await published(store, 2, now=NOW + 3600)
    await store.sweep(now=NOW + Bounds().dedup_seconds + 1)
    assert await waiting(store) == (1, NOW + 3600)
