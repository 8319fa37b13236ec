"""Which table is in force: that of the settings, adjusted by what holds on the topic."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
from msgspec.structs import replace

from desk.review.adopted import as_sent, can_travel, highest, in_force, table_of
from samehand.scoring.adjust import adjustment_of
from samehand.scoring.learn import learn
from samehand.scoring.weights import default_weights
from schemas.weights import WeightsAdopted
from schemas.wire import encode
from tests.samehand.scoring.test_learn import verdicts

SHIPPED = default_weights()


def adopted(number: int, stage: Any = "live") -> WeightsAdopted:
    return WeightsAdopted(stage=stage, number=number)


def test_what_was_learnt_travels_and_makes_the_same_table() -> None:
    for many in (400, 4_000):
        learned = learn(verdicts(many, {"device": 0.4}), SHIPPED).weights
        record = WeightsAdopted(stage="live", number=1, adjustment=as_sent(adjustment_of(learned, SHIPPED)))
        assert can_travel(record)
        again = msgspec.json.decode(encode(record), type=WeightsAdopted)
        assert again.adjustment is not None
        assert table_of(SHIPPED, again.adjustment) == learned == in_force(SHIPPED, again.adjustment)


def test_what_was_learnt_on_another_table_does_not_weigh() -> None:
    other = replace(SHIPPED, version="another")
    adjustment = as_sent(adjustment_of(learn(verdicts(400, {}), other).weights, other))
    assert table_of(SHIPPED, adjustment) is None
    assert in_force(SHIPPED, adjustment) is SHIPPED
    assert in_force(SHIPPED, None) is SHIPPED


def test_what_readers_would_refuse_is_not_sent() -> None:
    learned = learn(verdicts(400, {}), SHIPPED).weights
    sent = as_sent(adjustment_of(learned, SHIPPED))
    assert not can_travel(
        WeightsAdopted(stage="live", number=1, adjustment=replace(sent, weights_version="v" * 65))
    )
    assert not can_travel(WeightsAdopted(stage="live", number=2**53, adjustment=sent))


def test_of_each_stage_the_highest_number_holds_in_whatever_order_records_stand() -> None:
    records = [adopted(1), adopted(5), adopted(3), adopted(4, "shadow")]
    for several in permutations([*map(encode, records), b"{", b"", b"\0" * 9]):
        found = highest((f"weights/0/{at}", value) for at, value in enumerate(several))
        assert {stage: it.number for stage, it in found.records.items()} == {"live": 5, "shadow": 4}
        assert sorted(found.refused.values()) == ["empty", "not-json", "not-json"]
