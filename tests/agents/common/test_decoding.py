"""A batch is read record by record: one that cannot be read does not cost its neighbours."""

from __future__ import annotations

from datetime import timedelta

from agents.common.decoding import itself, read_all
from schemas.accounts import AccountDeleted
from schemas.wire import Decoded, decode_deleted
from streams.outcomes import NOTHING
from tests.agents.conftest import Life, dead
from tests.makers import NOON, a_deletion, arrival


def test_what_can_be_read_is_handed_on_with_its_place(life: Life) -> None:
    batch = [arrival(a_deletion("1")), arrival(b"{"), arrival(a_deletion("2"))]
    outcomes, ready = read_all(batch, decode_deleted, life.context, itself)
    assert [(place, event.account_id) for place, event in ready] == [(0, "1"), (2, "2")]
    assert (outcomes[0], outcomes[2], dead(outcomes)) == (NOTHING, NOTHING, ["not-json"])


def test_a_record_on_which_our_own_logic_fails_is_a_dead_letter_that_quotes_nothing(life: Life) -> None:
    def breaks(found: Decoded[AccountDeleted]) -> None:
        raise RuntimeError(f"about {found.record.account_id}")

    outcomes, ready = read_all([arrival(a_deletion("umar"))], decode_deleted, life.context, breaks)
    assert ready == []
    assert dead(outcomes) == ["logic-fault"]
    assert "umar" not in str(outcomes)


def test_fields_that_this_version_does_not_know_are_counted(life: Life) -> None:
    raw = arrival(a_deletion("1")).value
    assert raw is not None
    read_all([arrival(raw[:-1] + b',"novel":1}', topic="t")], decode_deleted, life.context, itself)
    shown = life.context.meters.exposition().decode()
    assert 'samehand_unknown_fields_total{topic="t"} 1.0' in shown
    assert 'fields_unusable_total{field="unknown",reason="unknown-field",topic="t"} 1.0' in shown


def test_a_worker_whose_clock_is_slow_believes_the_record_that_kafka_stamped(life: Life) -> None:
    life.seconds = (NOON - timedelta(hours=1)).timestamp()
    event = arrival(a_deletion("1", at=NOON))  # stamped at noon
    outcomes, ready = read_all([event], decode_deleted, life.context, itself)
    assert (outcomes, len(ready)) == ([NOTHING], 1)


def test_a_date_after_the_record_itself_is_held_against_foreign_records_alone(life: Life) -> None:
    life.seconds = NOON.timestamp()
    event = arrival(a_deletion("1", at=NOON + timedelta(hours=1)))
    assert dead(read_all([event], decode_deleted, life.context, itself)[0]) == ["future-date"]
    assert len(read_all([event], decode_deleted, life.context, itself, ours=True)[1]) == 1
