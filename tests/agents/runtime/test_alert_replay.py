"""What a rebuild makes of the topics of states, verdicts and waves, in whatever order they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from agents.runtime import alert_replay
from agents.runtime.alert_replay import AlertReplay, AlertTopics
from schemas.alert_state import AlertState
from schemas.alerts import MirrorAlert
from schemas.examples import ALERT, STATE, SUMMARY, VERDICT, WAVE, WITHDRAWN
from schemas.record import Record
from schemas.revisions import by_time
from schemas.wire import encode
from streams.kafka.client import TopicReader, Writer
from streams.outcomes import Arrival
from tests.agents.conftest import Life
from tests.makers import a_ban, a_verdict
from tests.store.makers import open_on


@contextmanager
def in_silence(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows nobody how far it went."""
    yield lambda done: None


KEY = ALERT.alert_id.encode()
OPEN = encode(STATE)
RISEN: MirrorAlert = replace(ALERT, revision=ALERT.revision + 5)
LATER: AlertState = replace(STATE, alert=RISEN)
DISMISSED: AlertState = replace(STATE, alert=replace(WITHDRAWN, withdrawn_reason="verdict"))


FORMER: MirrorAlert = replace(ALERT, revision=2)
GONE: MirrorAlert = replace(WITHDRAWN, revision=3, withdrawn_reason="verdict")


class Topics:
    """Topics of one partition each, to read and to write."""

    def __init__(
        self,
        states: Sequence[bytes | None] = (),
        verdicts: Sequence[Record] = (),
        alerts: Sequence[bytes] = (),
        waves: Sequence[bytes | None] = (),
    ) -> None:
        self.values: dict[str, list[bytes | None]] = {
            "t.alerts": list(alerts),
            "t.alerts.state": list(states),
            "t.alerts.waves": list(waves),
            "t.alerts.verdicts": [encode(it) for it in verdicts],
        }

    def partitions(self, topic: str) -> list[int]:
        return [0] if self.values[topic] else []

    def read(self, topic: str, partition: int) -> Iterator[Arrival]:
        for offset, value in enumerate(list(self.values[topic])):
            key = WAVE.wave_id.encode() if topic == "t.alerts.waves" else KEY
            yield Arrival(topic, partition, offset, key, value, timestamp=2e9)

    def send(self, topic: str, *, key: bytes, value: bytes, headers: list[Any]) -> Topics:
        assert key == KEY
        self.values[topic].append(value)
        return self

    def get(self, timeout: float) -> None:
        """As a confirmation: it is written."""


async def replayed(life: Life, topics: Topics, *, banned: bool = True) -> tuple[AlertTopics, AlertReplay]:
    if banned:
        await life.enrol([_arrival(a_ban("2201", platform="x", handle="northwind_media"))])
    counts = AlertReplay()
    replay = AlertTopics(life.context, counts, in_silence)
    await replay.whole(cast(TopicReader, topics), cast(Writer, topics))
    return replay, counts


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
    replay, counts = await replayed(life, Topics(states))
    assert await revision_of(life) == revision
    assert (replay.faults, counts.alerts) == ({}, int(revision is not None))


async def test_state_that_cannot_be_read_has_its_address_and_reason(life: Life) -> None:
    replay, counts = await replayed(life, Topics([b"{", OPEN, b'{"version":9}'], alerts=[b"{", b"[]"]))
    assert {address: it.reason for address, it in replay.faults.items()} == {
        "t.alerts.state:0:0": "not-json",
        "t.alerts.state:0:2": "unknown-version",
        "t.alerts:0:0": "not-json",
        "t.alerts:0:1": "wrong-type",
    }
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


async def test_alert_of_a_release_without_states_is_known_and_its_state_is_noted(life: Life) -> None:
    topics = Topics(alerts=[encode(replace(ALERT, revision=1)), encode(FORMER)])
    _, counts = await replayed(life, topics)
    assert (await revision_of(life), counts.alerts, counts.noted) == (2, 1, 1)
    (noted,) = topics.values["t.alerts.state"]
    assert noted is not None
    assert b"northwind" not in noted
    assert (await replayed(life, topics))[1].noted == 0, "it has a state by now"


async def test_what_ends_such_an_alert_is_told_above_it(life: Life) -> None:
    await replayed(life, Topics(alerts=[encode(FORMER)]), banned=False)
    (owed,) = await life.context.store.owed("holder", now=life.seconds)
    assert (owed.reason, owed.revision) == ("ban-forgotten", by_time(life.seconds))


async def test_such_an_alert_that_was_dismissed_is_silent(life: Life) -> None:
    topics = Topics(alerts=[encode(FORMER), encode(GONE)])
    _, counts = await replayed(life, topics)
    (found,) = await life.context.store.pairs([ALERT.alert_id])
    assert found is not None
    assert (found.open, found.withdrawn, found.revision, counts.noted) == (False, "verdict", 3, 1)
    (decided,) = await life.context.store.decided([ALERT.alert_id])
    assert decided is not None, "also once its verdict has left its topic"
    assert await life.context.store.owed("holder", now=life.seconds) == []


@pytest.mark.parametrize(
    "alerts",
    [
        [encode(FORMER), encode(replace(WITHDRAWN, revision=3, withdrawn_reason="account-deleted"))],
        [encode(FORMER), encode(RISEN)],
        [encode(replace(FORMER, status="withdrawn", withdrawn_at=FORMER.detected_at))],
    ],
    ids=["ended for good", "told since, and forgotten", "without a reason"],
)
async def test_of_what_has_ended_nothing_is_noted(life: Life, alerts: list[bytes]) -> None:
    topics = Topics(alerts=alerts)
    _, counts = await replayed(life, topics)
    assert (await revision_of(life), counts.noted, topics.values["t.alerts.state"]) == (None, 0, [])


async def test_state_that_is_later_than_such_an_alert_holds(life: Life) -> None:
    _, counts = await replayed(life, Topics([OPEN], alerts=[encode(FORMER)]))
    assert (await revision_of(life), counts.noted) == (ALERT.revision, 0)


async def test_summary_of_such_a_release_is_known(life: Life) -> None:
    summary = replace(SUMMARY, revision=4, matched=ALERT.matched)
    topics = Topics(alerts=[encode(summary)])
    replay = AlertTopics(life.context, AlertReplay(), in_silence)
    await life.enrol([_arrival(a_ban("2201", platform="x", handle="northwind_media"))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.KEY", summary.alert_id.encode())
        await replay.whole(cast(TopicReader, topics), cast(Writer, topics))
    ((found,),) = await open_on(life.context.store, ALERT.matched.key)
    assert (found.alert_id, found.revision) == (summary.alert_id, 4)
    assert await life.context.store.owed("holder", now=life.seconds) == []


async def test_ahead_of_the_rest_nothing_is_published_nor_withdrawn(life: Life) -> None:
    """Workers of the former store have just enrolled the ban, which this one lacks."""
    topics, counts = Topics(alerts=[encode(FORMER)]), AlertReplay()
    replay = AlertTopics(life.context, counts, in_silence)
    await replay.ahead(cast(TopicReader, topics))
    assert (counts.alerts, topics.values["t.alerts.state"]) == (0, [])
    await life.enrol([_arrival(a_ban("2201", platform="x", handle="northwind_media"))])
    await replay.ahead(cast(TopicReader, topics))
    assert (await revision_of(life), counts.alerts) == (2, 1)
    topics.values["t.alerts"].append(encode(GONE))  # by those workers
    topics.values["t.alerts.verdicts"].append(encode(a_verdict(ALERT.alert_id, "not_mirror")))
    await replay.whole(cast(TopicReader, topics), cast(Writer, topics))
    (found,) = await life.context.store.pairs([ALERT.alert_id])
    assert found is not None
    assert (found.open, found.revision, counts.noted) == (False, 3, 1)
    assert await life.context.store.owed("holder", now=life.seconds) == []


async def test_what_the_store_was_told_it_is_not_told_again(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = Topics([OPEN])
    replay, _ = await replayed(life, topics)
    again = AsyncMock(return_value=0)
    monkeypatch.setattr(alert_replay, "recall", again)
    await replay.whole(cast(TopicReader, topics), cast(Writer, topics))
    again.assert_awaited_once_with([], life.context)


async def test_waves_are_known_again_by_their_last_record(life: Life) -> None:
    waves = [encode(WAVE), encode(replace(WAVE, revision=WAVE.revision - 1, members=WAVE.members[:2]))]
    for _ in range(2):
        _, counts = await replayed(life, Topics(waves=[b"{", *waves]))
    (known,) = await life.context.store.waves([WAVE.wave_id])
    assert known is not None
    assert (known.revision, len(known.members)) == (WAVE.revision, 5)
    assert counts.waves == 0, "nothing changes when they are read again"


async def test_a_verdict_on_a_recalled_wave_silences_it(life: Life) -> None:
    verdict = replace(VERDICT, alert_id=WAVE.wave_id, verdict="not_mirror")
    _, counts = await replayed(life, Topics(waves=[encode(WAVE)], verdicts=[verdict]))
    (known,) = await life.context.store.waves([WAVE.wave_id])
    assert known is not None
    assert (counts.waves, known.withdrawn) == (1, "verdict")


async def test_a_forgotten_wave_stays_forgotten(life: Life) -> None:
    topics = Topics(waves=[encode(WAVE), None])
    await replayed(life, topics)
    assert await life.context.store.waves([WAVE.wave_id]) == [None]
