"""What a rebuild makes of the topic of states and of verdicts, whatever order compaction left them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from desk.cli.alert_topics import Replayed, replay_alerts
from desk.cli.banned_topic import Tally
from schemas.alert_state import AlertState
from schemas.examples import ALERT, STATE, WITHDRAWN
from schemas.record import Record
from schemas.wire import encode
from streams.kafka.client import Reader
from streams.outcomes import Arrival
from tests.agents.conftest import Life, make_life
from tests.makers import a_ban, a_verdict

__all__ = ["make_life"]  # a fixture

KEY = ALERT.alert_id.encode()
OPEN = encode(STATE)
LATER: AlertState = replace(STATE, alert=replace(ALERT, revision=ALERT.revision + 5))
DISMISSED: AlertState = replace(STATE, alert=replace(WITHDRAWN, withdrawn_reason="verdict"))


class Topics:
    """Two topics of one partition each."""

    def __init__(self, states: Sequence[bytes | None], verdicts: Sequence[Record] = ()) -> None:
        self.values: dict[str, list[bytes | None]] = {
            "t.alerts.state": list(states),
            "t.alerts.verdicts": [encode(it) for it in verdicts],
        }

    def partitions(self, topic: str) -> list[int]:
        return [0] if self.values[topic] else []

    def read(self, topic: str, partition: int) -> Iterator[Arrival]:
        for offset, value in enumerate(self.values[topic]):
            yield Arrival(topic, partition, offset, KEY, value, timestamp=2e9)


async def replayed(life: Life, topics: Topics) -> tuple[Tally, Replayed]:
    await life.enrol([_arrival(a_ban("2201", platform="x", handle="northwind_media"))])
    tally, counts = Tally(), Replayed()
    known = await replay_alerts(cast(Reader, topics), life.context, tally, counts)
    assert len(known) <= 1
    return tally, counts


def _arrival(record: Record) -> Arrival:
    return Arrival("t", 0, 0, b"x:2201", encode(record), timestamp=2e9)


async def revision_of(life: Life) -> int | None:
    (found,) = await life.context.store.pairs([ALERT.alert_id])
    return None if found is None else found.revision


@pytest.fixture
def life(make_life: Any) -> Life:
    made: Life = make_life()
    return made


@pytest.mark.parametrize(
    ("states", "revision"),
    [
        ([OPEN], ALERT.revision),
        ([OPEN, encode(LATER)], ALERT.revision + 5),
        ([encode(LATER), OPEN], ALERT.revision + 5),
        ([OPEN, None], None),
        ([encode(LATER), None, OPEN], None),
        ([OPEN, None, encode(LATER)], ALERT.revision + 5),
        ([None], None),
        ([], None),
    ],
    ids=[
        "open",
        "risen",
        "late",
        "forgotten",
        "late and forgotten",
        "raised anew",
        "only forgotten",
        "empty",
    ],
)
async def test_latest_state_holds(life: Life, states: list[bytes | None], revision: int | None) -> None:
    tally, counts = await replayed(life, Topics(states))
    assert await revision_of(life) == revision
    assert (tally.faults, counts.alerts) == ([], int(revision is not None))


async def test_state_that_cannot_be_read_has_its_address_and_reason(life: Life) -> None:
    tally, counts = await replayed(life, Topics([b"{", OPEN, b'{"version":9}']))
    assert [(address, it.reason) for address, it in tally.faults] == [
        ("t.alerts.state:0:0", "not-json"),
        ("t.alerts.state:0:2", "unknown-version"),
    ]
    assert counts.alerts == 1


async def test_verdict_that_was_taken_back_withdraws_nothing(life: Life) -> None:
    dismissed = a_verdict(ALERT.alert_id, "not_mirror")
    unsure = replace(dismissed, verdict="unsure", decided_at=dismissed.decided_at + timedelta(minutes=1))
    many = [
        a_verdict(f"{n:032x}", "unsure") for n in range(1_000)
    ]  # so that both are in batches of their own
    _, counts = await replayed(life, Topics([OPEN], [dismissed, *many, unsure]))
    assert await life.context.store.owed("holder", now=life.seconds) == []
    assert (await revision_of(life), counts.verdicts) == (ALERT.revision, 1_002)


async def test_dismissal_is_silent_again(life: Life) -> None:
    await replayed(life, Topics([encode(DISMISSED)], [a_verdict(ALERT.alert_id, "not_mirror")]))
    (found,) = await life.context.store.pairs([ALERT.alert_id])
    assert found is not None
    assert (found.open, found.withdrawn) == (False, "verdict")
    assert await life.context.store.owed("holder", now=life.seconds) == []
