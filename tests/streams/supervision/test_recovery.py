"""A record that ends whichever worker meets it: the group recovers by itself, and says what it set aside."""

from __future__ import annotations

import pytest

from schemas.letters import DeadLetter
from schemas.wire import Decoded, decode_letter
from tests.streams.conftest import Stage

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

SUPERVISED = {"ECHO_SUPERVISED": "1", "SAMEHAND_HANG_SECONDS": "3", "SAMEHAND_SESSION_SECONDS": "3"}
RECOVERY_SECONDS_MAX = 240.0  # four ends of a worker on a busy machine


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"event-%d" % number for number in range(start, start + count)]


def letters(stage: Stage) -> list[DeadLetter]:
    found = [decode_letter(raw, now=4e9) for raw in stage.read(stage.names.letters)]
    return [one.record for one in found if isinstance(one, Decoded)]


@pytest.mark.parametrize("harm", ["hang", "exit", "segfault", "unforeseen"])
def test_with_two_workers_the_record_is_set_aside_and_nothing_else_is_lost(
    kafka_stage: Stage, harm: str
) -> None:
    stage = kafka_stage
    good = numbered(600)
    workers = [stage.start(**SUPERVISED), stage.start(**SUPERVISED)]
    stage.until(
        lambda: all(any(e["event"] == "partitions assigned" for e in stage.events(n)) for n in (0, 1))
    )
    stage.send([*good[:300], harm.encode(), *good[300:]])
    took = stage.until(
        lambda: not set(good) - set(stage.echoed()) and len(letters(stage)) == 1, RECOVERY_SECONDS_MAX
    )
    [letter] = letters(stage)
    assert (letter.reason, letter.value) == ("ended-worker", harm.encode())
    # Three, and once more where the other worker had it alone in hand before it could read of the third.
    assert letter.detail.startswith(("ended its worker 3 times", "ended its worker 4 times"))
    assert set(stage.echoed()) == set(good)
    assert all(worker.poll() is None for worker in workers), "the supervisors live"
    ends = sum(
        event["event"] == "the worker ended, starting another" for n in (0, 1) for event in stage.events(n)
    )
    stage.tell(f"{harm}: set aside after {ends} ends of a worker, {took:.0f} s")
    # A batch a worker, three alone, and who met it while another hung on it already.
    assert ends <= 2 + 3 + 1
