"""What is asked of a store, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samehand.fingerprint.distil import pack
from samehand.keys import KeyKind, falls_silent, posting_cap
from samehand.showings import Showings
from store.base import Candidate, ConfirmedEntry, Ruled, Ruling, Store, Summary
from store.bounds import Bounds
from store.common.records import frame_of, read_frame
from store.errors import StoreError, StoreMismatch, StoreRefused, StoreUnavailable
from store.limits import SILENT_LISTS, listed_at_most
from tests.store.makers import (
    DAY,
    NOW,
    a_ban,
    a_claim,
    a_decision,
    a_proposal,
    a_remembered,
    an_account,
    fingerprints,
    nth,
)
from tests.tables import for_each

# What all stores share: limits, errors, sums.


# A candidate reads its records when somebody asks.


def test_a_candidate_gives_the_fingerprints_that_were_packed() -> None:
    (one,) = fingerprints(an_account())
    candidate = Candidate("ref", (pack(one), pack(one)), 12.5)
    assert candidate.fingerprint == one
    assert candidate.fingerprints == (one, one)
    assert candidate.fingerprints is candidate.fingerprints


def test_a_candidate_shows_no_trait_of_its_account() -> None:
    frame = read_frame(frame_of(b"tags", fingerprints(an_account(handle="zufar_zarif")), None))
    assert "zufar" not in repr(Candidate("ref", frame.records, 12.5))


# A store that is another one says in what, since each has a cure of its own.


def test_a_mismatch_says_in_what() -> None:
    assert (StoreMismatch("other").kind, StoreMismatch("other", "pepper").kind) == ("layout", "pepper")
    assert str(StoreMismatch("other", "pepper")) == "other"


def test_a_refusal_is_waited_out_by_who_runs_already() -> None:
    with pytest.raises(StoreUnavailable):
        raise StoreRefused("Redis refuses the login")
    assert issubclass(StoreRefused, StoreError)


# The caps that follow from others.


@for_each("kind", list(KeyKind))
def test_a_name_lists_more_than_it_proposes_and_all_else_as_many(kind: KeyKind) -> None:
    assert listed_at_most(kind) == posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)


# Which published alerts nobody has judged: counted, and how long the oldest of them waits.


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


# What a store would say and do, asked by somebody who writes nothing down.


PUBLISH = Ruling.PUBLISH


async def would(store: Store, *proposals: object) -> list[Ruled]:
    """The rulings, asked twice: asking changes nothing."""
    first = await store.rulings(proposals, now=NOW)  # type: ignore[arg-type]  # makers of proposals
    assert await store.rulings(proposals, now=NOW) == first  # type: ignore[arg-type]  # the same
    return first


async def test_what_was_never_told_would_be_and_is_not_noted_by_asking(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    assert await would(store, a_proposal()) == [Ruled(PUBLISH, nth(1))]
    assert await store.pairs([a_proposal().alert_id]) == [None]
    assert await store.propose([a_proposal()], now=NOW) == [Ruled(PUBLISH, nth(1))]


async def test_what_is_told_already_has_its_revision_and_the_next_where_its_band_has_risen(
    store: Store,
) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    lower, higher = a_proposal(band="possible"), a_proposal(band="likely", claimant="forward:event-2")
    await store.propose([lower], now=NOW)
    await store.confirm([a_claim(lower)], now=NOW)
    assert await would(store, lower, higher) == [Ruled(PUBLISH, nth(1)), Ruled(PUBLISH, nth(2))]


async def test_nobody_hears_of_a_pair_that_was_silenced_nor_of_a_ban_that_is_gone(store: Store) -> None:
    await store.enrol([a_ban("9001"), a_ban("9002", expires_at=NOW)], now=NOW - 1)
    await store.decide([a_decision(a_proposal().alert_id)], now=NOW)
    rulings = await would(store, a_proposal(), a_proposal(banned="x:404"), a_proposal(banned="x:9002"))
    assert [it.ruling for it in rulings] == [Ruling.SUPPRESSED, Ruling.NOT_BANNED, Ruling.NOT_BANNED]


async def test_nobody_hears_of_an_account_that_is_banned_or_deleted(store: Store) -> None:
    await store.enrol([a_ban("9001"), a_ban("7002")], now=NOW)
    await store.forget([("x:7003", NOW)], now=NOW)
    rulings = await would(store, a_proposal("x:7002"), a_proposal("x:7003"))
    assert [it.ruling for it in rulings] == [Ruling.ACCOUNT_BANNED, Ruling.ACCOUNT_DELETED]


@pytest.mark.usefixtures("few_alerts")
async def test_a_ban_with_more_alerts_than_anybody_reads_has_no_further_one(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    told = [a_proposal(f"x:{n}") for n in range(2)]
    await store.propose(told, now=NOW)
    assert await would(store, *told, a_proposal("x:9")) == [
        Ruled(PUBLISH, nth(1)),
        Ruled(PUBLISH, nth(1)),
        Ruled(Ruling.WITHHELD, 0),
    ]


@pytest.mark.usefixtures("few_alerts")
async def test_an_account_with_more_alerts_than_anybody_reads_has_no_further_one(store: Store) -> None:
    await store.enrol([a_ban(f"900{n}") for n in range(3)], now=NOW)
    told = [a_proposal(banned=f"x:900{n}") for n in range(2)]
    await store.propose(told, now=NOW)
    assert [it.ruling for it in await would(store, *told, a_proposal(banned="x:9002"))] == [
        PUBLISH,
        PUBLISH,
        Ruling.WITHHELD,
    ]


@pytest.mark.usefixtures("few_alerts")
async def test_the_summary_of_a_ban_is_none_of_its_alerts(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    summary = Summary("summary of x:9001", b"counts")
    kept_back = replace(a_proposal("x:8"), again_only=True, counted=True, summary=summary)
    await store.propose([replace(a_proposal("x:1"), summary=summary), kept_back], now=NOW)
    assert await would(store, replace(a_proposal("x:2"), summary=summary)) == [Ruled(PUBLISH, nth(1))]


async def test_since_when_an_account_shows_what_it_shows_is_told_as_if_it_were_remembered(
    store: Store,
) -> None:
    first = replace(a_remembered("7", handle="umar_media"), shown=Showings(int(NOW), int(NOW)))
    assert await store.showings([first], now=NOW) == [first.shown]
    await store.remember([first], now=NOW)
    changed = replace(
        a_remembered("7", handle="salma_travels", seen_at=NOW + 2 * DAY),
        shown=Showings(None, int(NOW + 2 * DAY)),
    )
    would_show = await store.showings([changed], now=NOW + 2 * DAY)
    kept = await store.remembered(["x:7"], now=NOW + 2 * DAY)
    assert [it and it.seen_at for it in kept] == [NOW], "asking must not remember"
    assert await store.remember([changed], now=NOW + 2 * DAY) == would_show
    assert would_show != [changed.shown], "what was known of it counts"


async def test_a_later_state_says_nothing_of_an_earlier_one(store: Store) -> None:
    later = replace(a_remembered("7", seen_at=NOW), shown=Showings(int(NOW), int(NOW)))
    await store.remember([later], now=NOW)
    earlier = replace(a_remembered("7", seen_at=NOW - DAY), shown=Showings(None, int(NOW - DAY)))
    assert await store.showings([earlier], now=NOW) == [earlier.shown]


async def test_bans_held_by_a_quarantine_are_there_until_released_and_the_first_ones_beyond_the_cap(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store.memory.store", "store.redis.store"):
        monkeypatch.setattr(f"{module}.HELD_MAX", 2)
    first, second = ("ab" * 10, "x:9001"), ("cd" * 10, "telegram:a b:c")
    await store.hold([first], now=NOW)
    await store.hold([second, first], now=NOW + 1)
    await store.hold([("ef" * 10, "x:9002")], now=NOW + 2)
    assert await store.held() == [first, second]
    await store.release([first])
    await store.release([])
    assert await store.held() == [second]
