"""What a rebuild reads besides `accounts.banned`: open and dismissed alerts, and what people decided.

Call it once the bans are enrolled: an open alert on a ban that is gone is withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from agents.common.alert_states import recall
from agents.common.context import AgentContext
from agents.judge import Judge
from desk.cli import output
from desk.cli.banned_topic import Tally
from desk.cli.offline.offline_scoring import BATCH_RECORDS, batches
from schemas.alert_state import AlertState
from schemas.malformed import Malformed
from schemas.wire import decode_alert_state
from streams.kafka.client import Reader
from streams.outcomes import Arrival, Dead

STATES_AT_ONCE: Final = 256
"""Alerts in one call of the store, of about two kilobytes each."""


@dataclass(slots=True)
class Replayed:
    """How many alerts the store knows again, and how many verdicts were read."""

    alerts: int = 0
    verdicts: int = 0


class _Latest(NamedTuple):
    """The record that holds for an alert: its revision, and where it lies; none once it is forgotten."""

    revision: int
    address: str


async def replay_alerts(opened: Reader, context: AgentContext, tally: Tally, replayed: Replayed) -> None:
    """Replays `alerts.state` and `alerts.verdicts` up to where they end now.

    Verdicts are noted before anything follows from them: otherwise one that was taken back would withdraw an
    alert, and the next one would open it again. All may be read again: the store takes of an alert only what
    is later than what it knows. A topic that is not there yet has no alerts.
    """
    judge = Judge(context)
    for batch in batches(_records(opened, context.topics.verdicts), BATCH_RECORDS):
        await judge.hold(batch)
    latest = _latest(opened, context, tally)
    with output.progress("reading open alerts", len(latest)) as hear:
        for turn, some in enumerate(batches(_states(opened, context, latest), STATES_AT_ONCE)):
            replayed.alerts += await recall(some, context)
            hear(turn * STATES_AT_ONCE + len(some))
    for batch in batches(_records(opened, context.topics.verdicts), BATCH_RECORDS):
        outcomes = await judge(batch)
        replayed.verdicts += len(batch)
        tally.faults += [
            (arrival.address, it) for arrival, it in zip(batch, outcomes, strict=True) if isinstance(it, Dead)
        ]


def _latest(opened: Reader, context: AgentContext, tally: Tally) -> dict[str, _Latest]:
    """The record that holds for each alert, by its id; some hundred bytes for each.

    The last one, but for one that a slow worker published after a later revision. What is forgotten comes
    back only under a higher revision.
    """
    latest: dict[str, _Latest] = {}
    forgotten: dict[str, int] = {}
    for arrival in _records(opened, context.topics.state):
        if arrival.value is None:
            key = (arrival.key or b"").decode(errors="replace")
            if (known := latest.pop(key, None)) is not None:
                forgotten[key] = known.revision
            continue
        state = _read(arrival)
        if isinstance(state, Malformed):
            tally.faults.append((arrival.address, Dead(state.reason, state.path, state.detail)))
            continue
        known, revision = latest.get(state.key), state.record.revision
        if revision > forgotten.get(state.key, 0) and (known is None or revision >= known.revision):
            latest[state.key] = _Latest(revision, arrival.address)
    return latest


def _states(opened: Reader, context: AgentContext, latest: dict[str, _Latest]) -> Iterator[AlertState]:
    for arrival in _records(opened, context.topics.state):
        state = None if arrival.value is None else _read(arrival)
        if isinstance(state, AlertState):
            known = latest.get(state.key)
            if known is not None and known.address == arrival.address:
                yield state


def _read(arrival: Arrival) -> AlertState | Malformed:
    read = decode_alert_state(
        arrival.value, now=math.inf
    )  # a worker whose clock is ahead may have written it
    return read if isinstance(read, Malformed) else read.record


def _records(opened: Reader, topic: str) -> Iterator[Arrival]:
    for partition in opened.partitions(topic):
        yield from opened.read(topic, partition)
