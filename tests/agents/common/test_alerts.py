"""Pairs become alerts: one a pair, the stronger of two, and only what the store admits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import pytest

from agents.common.alerts import PROPOSED_AT_ONCE, NewAccount, Pair, admitted, best_score
from agents.common.snapshot import Snapshot
from agents.common.weights_in_force import Weighing
from samehand.frequency.ban_calendar import NO_CALENDARS
from samehand.frequency.rates import NothingCounted
from samehand.scoring.weights import default_weights
from schemas.alerts import MirrorAlert
from store.base import Proposal, Ruled
from store.memory.store import MemoryStore
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

UNCOUNTED = Snapshot(NothingCounted(1), NO_CALENDARS, Weighing.by(default_weights()))


async def test_two_events_of_one_account_in_one_batch_are_one_alert(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    weaker = a_sign_up("99", handle="someone_else", device_id=DEVICE)
    stronger = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)
    await life.tell(life.screen, weaker, stronger)
    (alert,) = life.alerts
    assert {line.signal for line in alert.evidence} >= {"handle", "device"}


async def test_digests_of_two_peppers_are_never_compared(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    theirs = ban.fingerprints[0]
    assert best_score(ban.fingerprints, theirs, life.context, UNCOUNTED) is not None
    assert best_score((), theirs, life.context, UNCOUNTED) is None


async def test_an_alert_is_counted_once_it_is_confirmed(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert isinstance(alert, MirrorAlert)
    text = life.context.metrics.exposition().decode()
    assert 'samehand_alerts_total{band="likely",direction="forward",queue="extremism"} 1.0' in text


async def many_pairs(life: Life, events: int, bans_an_event: int) -> list[Pair]:
    """Pairs of so many sign-ups with as many banned accounts each, as an evader's batch has them."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    (mine,) = ban.fingerprints
    scored = best_score([mine], mine, life.context, UNCOUNTED)
    assert scored is not None
    pairs = []
    for event in range(events):
        side = NewAccount(f"telegram:{event}", "telegram", str(event), ban.facts.quoted, mine, 0.0)
        for number in range(bans_an_event):
            facts = replace(ban.facts, account_id=f"b{number}")
            pairs.append(Pair(side, facts, mine, scored[1], "forward", 0.0, f"forward:{event}", "ours-1"))
    return pairs


async def test_a_batch_is_proposed_in_parts_that_redis_answers_within_its_deadline(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = await many_pairs(life, 40, 30)
    propose, sizes = MemoryStore.propose, list[int]()

    async def noted(store: MemoryStore, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        sizes.append(len(proposals))
        return await propose(store, proposals, now=now)

    monkeypatch.setattr(MemoryStore, "propose", noted)
    found = await admitted(pairs, life.context)
    assert sum(sizes) == len(pairs) == 1_200
    assert max(sizes) <= PROPOSED_AT_ONCE
    assert [place for place, _ in found.emits] == sorted({place for place, _ in found.emits})


async def test_the_time_of_a_batch_grows_with_its_pairs_and_no_faster(make_life: MakeLife) -> None:
    async def seconds(events: int) -> float:
        took = []
        for _ in range(2):
            life = make_life()
            pairs = await many_pairs(life, events, 64)
            begun = process_time()
            await admitted(pairs, life.context)
            took.append(process_time() - begun)
        return min(took)

    # Eight times the pairs; it was 21 times as long when each pair looked through all of the batch.
    assert await seconds(128) < 16 * await seconds(16)
