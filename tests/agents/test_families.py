"""A ban that names the alert it follows from, and families whatever comes first, again, or after a loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from math import inf

import pytest
from msgspec import structs

from agents.common.alert_states import recall
from samehand.alert_id import alert_id
from samehand.lineage import Descent
from schemas.accounts import AccountBanned
from schemas.verdicts import VerdictGiven
from schemas.wire import Decoded, decode_alert_state, decode_verdict
from store.bounds import Bounds
from store.memory.store import MemoryStore
from streams.outcomes import Published
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up, a_verdict, arrival
from tests.schemas.makers import as_json

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
FIRST, SECOND, THIRD = "telegram:77", "telegram:99", "telegram:111"


def banned(account: str, because_of: str | None = None, minutes: int = 50) -> AccountBanned:
    """A ban of an account that always uses the same device."""
    at, account_id = NOON + timedelta(minutes=minutes), account.partition(":")[2]
    return a_ban(account_id, handle=f"umar_{account_id}", device_id=DEVICE, at=at, because_of=because_of)


async def alerted(life: Life, account: str) -> None:
    account_id = account.partition(":")[2]
    await life.tell(life.screen, a_sign_up(account_id, handle=f"umar_{account_id}", device_id=DEVICE))


async def ban(life: Life, *bans: AccountBanned | bytes) -> list[VerdictGiven]:
    """Enrols bans. Returns the verdicts that this published, which nobody has read yet."""
    return [
        read.record
        for outcome in await life.tell(life.enrol, *bans)
        for emit in (outcome.emits if isinstance(outcome, Published) else ())
        if emit.topic == life.context.topics.verdicts
        and isinstance(read := decode_verdict(emit.value, now=life.seconds), Decoded)
    ]


async def descent(life: Life, account: str) -> tuple[str, int]:
    (found,) = await life.context.store.bans([account])
    assert found is not None
    return found.facts.descent.root_id, found.facts.descent.generation


def unusable(life: Life) -> dict[str, float]:
    """How often `because_of` was left out, by reason."""
    return {
        sample.labels["reason"]: sample.value
        for metric in life.context.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "samehand_fields_unusable_total" and sample.labels["field"] == "because_of"
    }


def by_generation(life: Life, metric: str) -> dict[str, float]:
    return {
        sample.labels["generation"]: sample.value
        for family in life.context.metrics.registry.collect()
        for sample in family.samples
        if sample.name == metric
    }


async def a_chain(life: Life) -> list[VerdictGiven]:
    """Three accounts, each banned because of the alert on the one before; the verdicts that bans gave."""
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    given = await ban(life, banned(SECOND, alert_id(SECOND, FIRST)))
    await life.tell(life.judge, *given)
    await alerted(life, THIRD)
    given += await ban(life, banned(THIRD, alert_id(THIRD, SECOND)))
    await life.tell(life.judge, given[-1])
    await life.relay()
    return given


async def test_ban_joins_the_family_of_its_alert_without_a_verdict_of_a_reviewer(life: Life) -> None:
    given = await a_chain(life)
    assert [await descent(life, it) for it in (FIRST, SECOND, THIRD)] == [(FIRST, 0), (FIRST, 1), (FIRST, 2)]
    assert [(it.verdict, it.given_by, it.alert_id) for it in given] == [
        ("mirror", "ban", alert_id(SECOND, FIRST)),
        ("mirror", "ban", alert_id(THIRD, SECOND)),
    ]
    assert await ban(life, banned(SECOND, alert_id(SECOND, FIRST))) == [], "known by now"
    assert not unusable(life)
    assert by_generation(life, "samehand_bans_enrolled_total") == {"0": 1, "1": 1, "2": 1, "3-5": 0, "6+": 0}
    alerts = by_generation(life, "samehand_alert_generations_total")
    assert (alerts["0"], alerts["1"]) == (1, 1)
    verdicts = life.context.metrics.registry.get_sample_value(
        "samehand_verdicts_total", {"verdict": "mirror", "band": "likely"}
    )
    assert verdicts == 0, "nobody judged how right alerts are"


async def test_alert_that_a_ban_must_not_name_is_counted_and_the_ban_enrolled(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    await alerted(life, THIRD)
    malformed = as_json(banned(SECOND, "x", minutes=53)) | {"because_of": ["x"]}
    for named in (
        banned(SECOND, "0" * 32),
        banned(SECOND, alert_id(THIRD, FIRST), minutes=51),  # a stranger's
        json.dumps(malformed).encode(),
    ):
        assert await ban(life, named) == []
        assert await descent(life, SECOND) == (SECOND, 0)
    assert unusable(life) == {"unknown-alert": 1, "other-account": 1, "wrong-type": 1}
    assert (await life.context.store.descents([THIRD, FIRST])) == [None, None]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_cut_link_stays_cut_until_a_person_takes_the_cut_back(life: Life, order: Sequence[int]) -> None:
    named = alert_id(SECOND, FIRST)
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    given = await ban(life, banned(SECOND, named))
    by_ban, mirror = given[0], a_verdict(named, "mirror")
    cut = structs.replace(mirror, verdict="unsure", decided_at=NOON + timedelta(minutes=45), verdict_id="cut")
    restored = structs.replace(mirror, decided_at=NOON + timedelta(minutes=46), verdict_id="restored")
    # A ban that was dated after the cut is none the stronger for it.
    again = structs.replace(by_ban, decided_at=NOON + timedelta(minutes=90), verdict_id="ban-again")
    records = [by_ban, mirror, cut, again]
    for place in order:
        await life.tell(life.judge, records[place])
        await ban(life, banned(SECOND, named, minutes=60 + place))
    assert await descent(life, SECOND) == (SECOND, 0)
    assert await ban(life, banned(SECOND, named, minutes=70)) == []
    await life.tell(life.judge, *records)
    assert await descent(life, SECOND) == (SECOND, 0)
    await life.tell(life.judge, restored, *records)
    await ban(life, banned(SECOND, named, minutes=80))
    assert await descent(life, SECOND) == (FIRST, 1)


async def test_dismissed_alert_joins_no_family_by_a_ban(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    await life.tell(life.judge, a_verdict(alert_id(SECOND, FIRST), "not_mirror"))
    assert await ban(life, banned(SECOND, alert_id(SECOND, FIRST))) == []
    assert await descent(life, SECOND) == (SECOND, 0)
    assert not unusable(life), "a reviewer's word is no fault of the ban"


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cut", [False, True])
async def test_rebuilt_store_has_the_same_families_whatever_partition_is_read_first(
    life: Life, backwards: bool, cut: bool
) -> None:
    verdicts = await a_chain(life)
    if cut:
        taken_back = structs.replace(a_verdict(alert_id(SECOND, FIRST), "unsure"), verdict_id="cut")
        await life.tell(life.judge, taken_back)
        verdicts = [*verdicts, taken_back]
    accounts = (FIRST, SECOND, THIRD)
    before = [await descent(life, account) for account in accounts]
    assert before == ([(FIRST, 0), (SECOND, 0), (SECOND, 1)] if cut else [(FIRST, 0), (FIRST, 1), (FIRST, 2)])
    anew = Life(replace(life.context, store=MemoryStore(Bounds())), life.seconds)
    named = {SECOND: alert_id(SECOND, FIRST), THIRD: alert_id(THIRD, SECOND)}
    for account in reversed(accounts):
        await ban(anew, banned(account, named.get(account)))
    await anew.judge.hold([arrival(it) for it in verdicts])
    states = [decode_alert_state(value, now=inf) for value in life.states.values()]
    await recall([it.record for it in states if isinstance(it, Decoded)], anew.context)
    for given in reversed(verdicts) if backwards else verdicts:
        await anew.tell(anew.judge, given)
    for account in accounts:  # what workers deliver again
        await ban(anew, banned(account, named.get(account)))
    assert [await descent(anew, account) for account in accounts] == before


async def test_withdrawal_says_whose_ban_was_lifted_and_descendants_stay(life: Life) -> None:
    await a_chain(life)
    await alerted(life, "telegram:131")
    before = len(life.alerts)
    await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(hours=1)))
    await life.relay()
    ended = {it.alert_id: (it.withdrawn_reason, it.lifted) for it in life.alerts[before:]}
    assert ended[alert_id(THIRD, SECOND)] == ("reinstated", "matched")
    assert ended[alert_id(SECOND, FIRST)] == ("reinstated", "account")
    assert alert_id("telegram:131", THIRD) not in ended
    assert await descent(life, THIRD) == (FIRST, 2)


async def test_account_banned_again_because_of_the_same_alert_stays_in_its_family(life: Life) -> None:
    named = alert_id(SECOND, FIRST)
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    await life.tell(life.judge, *await ban(life, banned(SECOND, named)))
    await life.relay()
    await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(minutes=55)))
    await life.relay()
    await alerted(life, SECOND)
    await life.tell(life.judge, *await ban(life, banned(SECOND, named, minutes=70)))
    assert await life.context.store.descents([SECOND]) == [Descent(FIRST, 1)], (
        "as what is decided later reads it"
    )
    assert await ban(life, banned(SECOND, named, minutes=71)) == [], "known by now"


async def test_ban_that_names_its_alert_late_moves_the_mirrors_below_it(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted(life, SECOND)
    await ban(life, banned(SECOND))
    await life.relay()
    await alerted(life, THIRD)
    await life.tell(life.judge, *await ban(life, banned(THIRD, alert_id(THIRD, SECOND))))
    assert await descent(life, THIRD) == (SECOND, 1)
    given = await ban(life, banned(SECOND, alert_id(SECOND, FIRST), minutes=60))  # enrolled with its family
    await life.tell(life.judge, *given)
    assert [await descent(life, it) for it in (SECOND, THIRD)] == [(FIRST, 1), (FIRST, 2)]
