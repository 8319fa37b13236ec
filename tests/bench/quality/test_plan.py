"""Who comes to a platform of a size: each way back in each span of time, to bans as they are."""

from __future__ import annotations

from collections import Counter

from bench.quality.plan import ORDINARY, SPANS, planned, signing_up
from bench.running.crowd import aged, people
from simulate.evasion.strategies import STRATEGIES

BANS, UNTIL, SEED = 40_000, 1_800_000_000.0, 3
PLAN = planned(SEED, BANS, UNTIL, a_cell=2, others=3_000)


def test_each_strategy_comes_in_each_span_and_the_sixth_twice_as_often() -> None:
    kinds = Counter(one.kind for one in PLAN.coming)
    for way in STRATEGIES:
        assert kinds[str(way.number)] == (4 if way.number == 6 else 2) * len(SPANS)
    assert 0.005 < 1 - kinds[ORDINARY] / 3_000 < 0.02


def test_nobody_comes_before_the_ban_or_after_now_and_no_ban_is_moved() -> None:
    spans = Counter[str]()
    for one in PLAN.coming:
        assert UNTIL - 2 * 86_400 < one.at <= UNTIL
        if one.banned is None:
            continue
        since = one.at - aged(one.banned, UNTIL)
        assert since >= 0
        if not one.kind.isdigit():
            continue
        spans[next(name for name, (first, last) in SPANS.items() if first - 1 <= since <= last + 1)] += 1
    assert set(spans) == set(SPANS)


def test_a_mirror_keeps_what_its_strategy_keeps() -> None:
    plan = planned(SEED, 300, UNTIL, a_cell=1, others=20)
    numbered = enumerate(people(SEED, 300, range(300), plan.banned))
    banned = {number: person for number, person in numbered if number in plan.banned}
    assert len(banned) == len(plan.banned)
    seen = {}
    for one, person in signing_up(plan, SEED, 300, banned, "tuning"):
        seen[person.account_id] = one
        if one.kind == "1" and one.banned is not None:
            assert person.device_id == banned[one.banned].device_id
    assert len(seen) == len(plan.coming)
