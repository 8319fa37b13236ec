"""The rules of a pair, over every order of events."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import WithdrawnReason
from store.base import ConfirmedEntry, Ruling
from store.limits import CLAIM_SECONDS
from store.rules.ban_alerts import PAIR
from store.rules.keyspace import Standing
from store.rules.pairs import (
    KNOWN_ON,
    OPEN,
    Facts,
    StoredPair,
    band_rank,
    confirmed,
    ended,
    proposed,
    recalled,
    settled,
    withdrawn,
)
from tests.store.makers import NOW, a_proposal
from tests.tables import for_each

BANNED = Standing(banned=True)
FREE = Facts(None, Standing(), BANNED)
MINE, OTHERS = b"my event", b"another event"
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["possible", "likely", "confirm", "withdraw", "settle", "wait"]),
        st.sampled_from([MINE, OTHERS]),
    ),
    max_size=30,
)


@given(EVENTS)
def test_revisions_never_fall_and_confirmed_band_is_not_published_again(
    events: list[tuple[str, bytes]],
) -> None:
    pair: StoredPair | None = None
    last, published, now = 0, -1, 0.0
    for event, claim in events:
        if event == "wait":
            now += CLAIM_SECONDS
        elif event == "confirm":
            pair = confirmed(pair, claim, last) or pair
            published = pair.confirmed if pair else -1
        elif event == "withdraw" and pair is not None and pair.status == OPEN:
            pair, published = withdrawn(pair, "verdict", now), -1
        elif event == "settle" and pair is not None:
            known = None if pair.known is None or pair.known.open else pair.known
            entry = ConfirmedEntry("a", "x:9001", pair.revision, known)
            pair = settled(pair, entry, room=True) or pair
            assert not pair.owed
        elif event in ("possible", "likely"):
            ruling, after = proposed(pair, a_proposal(band=event), claim, FREE, now)
            assert ruling.ruling is Ruling.DUPLICATE or band_rank(event) > published
            assert (after is None) == (ruling.ruling is Ruling.DUPLICATE)
            pair = after or pair
        if pair is not None:
            assert pair.revision >= last
            last = pair.revision
            assert PAIR.decode(msgspec.msgpack.encode(pair)) == pair


@for_each("reason", ["verdict", "account-banned", "reinstated"])
def test_withdrawn_alert_is_owed_and_known_only_for_reasons_that_quote_on(reason: WithdrawnReason) -> None:
    _, pair = proposed(None, a_proposal(), MINE, FREE, NOW)
    assert pair is not None
    gone = withdrawn(pair, reason, NOW)
    assert (gone.owed, gone.revision) == (reason, pair.revision + 1)
    assert (gone.known is not None) == (reason in KNOWN_ON)


def test_repeated_proposal_of_an_event_finds_its_own_revision() -> None:
    first, pair = proposed(None, a_proposal(), MINE, FREE, NOW)
    again, _ = proposed(pair, a_proposal(), MINE, FREE, NOW + 5)
    assert again == first


def test_alert_on_an_expired_ban_is_left_to_the_sweep() -> None:
    _, pair = proposed(None, a_proposal(), MINE, FREE, NOW)
    over, gone = FREE._replace(banned=Standing(expired=True)), FREE._replace(banned=Standing())
    assert ended(pair, over, NOW) is None
    withdrawn_pair = ended(pair, gone, NOW)
    assert withdrawn_pair is not None
    assert withdrawn_pair.owed == "ban-forgotten"


def test_recalled_alert_of_a_lower_revision_changes_nothing() -> None:
    _, pair = proposed(None, a_proposal(), MINE, FREE, NOW)
    assert pair is not None
    alert = pair.published
    assert recalled(pair, alert, NOW, ban_stands=True) is None
    taken = recalled(pair, replace(alert, revision=alert.revision + 1), NOW, ban_stands=True)
    assert taken is not None
    assert (taken.status, taken.confirmed) == (OPEN, band_rank("possible"))
