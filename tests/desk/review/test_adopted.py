"""Weights that are adopted, and reasons."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
from msgspec.structs import replace

from desk.review.reasons import REASONS, reasons_for, rival_of
from desk.review.weighing.adopted import as_sent, can_travel, highest, in_force, table_of
from samehand.scoring.adjust import adjustment_of
from samehand.scoring.learn import learn
from samehand.scoring.rivals import RATED
from samehand.scoring.weights import default_weights
from schemas.internal.weights import WeightsAdopted
from schemas.wire import encode
from tests.samehand.scoring.test_learn import verdicts

# Which table is in force: that of the settings, adjusted by what holds on the topic.

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


# Reasons name rival explanations by the words of the mind.


def test_a_dismissal_names_each_rival_that_has_a_rate_by_one_code() -> None:
    named = {reason.code: reason.rival for reason in REASONS if reason.rival is not None}
    assert named == {
        "common-name": "namesake",
        "shared-network": "neighbour",
        "fan-or-parody": "copier",
        "household": "household",
        "former-holder": "former-holder",
    }
    assert sorted(named.values()) == sorted(rival.name for rival in RATED)
    assert {reason.verdict for reason in REASONS if reason.rival} == {"not_mirror"}


def test_other_codes_and_a_platforms_own_name_no_rival() -> None:
    assert [rival_of(code) for code in ("common-name", "other-person", "several-traits", "our-own", "")] == [
        "namesake",
        None,
        None,
        None,
        None,
    ]


def test_each_verdict_has_a_digit_for_each_of_its_reasons() -> None:
    assert len({reason.code for reason in REASONS}) == len(REASONS)
    assert all(len(reasons_for(verdict)) <= 9 for verdict in ("mirror", "not_mirror", "unsure"))
