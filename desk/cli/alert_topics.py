"""What a rebuild reads besides `accounts.banned`: open and dismissed alerts, and what people decided.

Call it once the bans are enrolled: an open alert on a ban that is gone is withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from msgspec.structs import replace

from agents.common.alert_states import recall, state_emit
from agents.common.context import AgentContext
from agents.judge import Judge
from desk.cli import output
from desk.cli.banned_topic import Tally
from desk.cli.offline.offline_scoring import BATCH_RECORDS, batches
from schemas.alert_state import AlertState
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert, decode_alert_state
from store.base import Recalled
from store.limits import CLAIM_SECONDS
from store.redis import RedisStore
from streams.kafka.client import Reader, writer
from streams.outcomes import Arrival, Dead
from streams.settings import Settings

CONFIRMED_SECONDS_MAX: Final = 30.0
"""How long a broker may take to confirm a record; another run publishes what is missing then."""

STATES_AT_ONCE: Final = 256
"""Alerts in one call of the store, of about two kilobytes each."""


@dataclass(slots=True)
class Replayed:
    """What a rebuild did besides bans.

    ``alerts``: those that the store knows again; ``noted``: those of the store that the topic lacked.
    """

    alerts: int = 0
    verdicts: int = 0
    noted: int = 0


class _Latest(NamedTuple):
    """The record that holds for an alert: its revision, and where it lies; none once it is forgotten."""

    revision: int
    address: str


async def replay_alerts(
    opened: Reader, context: AgentContext, tally: Tally, replayed: Replayed
) -> frozenset[str]:
    """Replays `alerts.state` and `alerts.verdicts` up to where they end now.

    Verdicts are noted before anything follows from them: otherwise one that was taken back would withdraw an
    alert, and the next one would open it again. All may be read again: the store takes of an alert only what
    is later than what it knows. A topic that is not there yet has no alerts.

    Returns the ids of the alerts that have a state.
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
    return frozenset(latest)


async def note_missing(
    settings: Settings, store: RedisStore, context: AgentContext, known: frozenset[str], replayed: Replayed
) -> None:
    """Publishes the state of open alerts that have none: releases up to 0.2.0 raised them.

    Alerts of the last minutes are left out: their workers publish the state themselves, after the alert.
    """
    before = context.now() - CLAIM_SECONDS
    with writer(settings) as out:
        async for bans in store.walk():
            several = await context.call_store(store.open_alerts([ban.account for ban in bans]))
            missing = [it for alerts in several for it in alerts if it.alert_id not in known]
            states = [
                state_emit(
                    replace(read.record, revision=it.revision),
                    seen_at=it.seen_at,
                    since=context.now(),
                    context=context,
                )
                for it in missing
                if isinstance(read := decode_alert(it.payload, now=math.inf), Decoded)
                and read.record.detected_at.timestamp() < before
            ]
            sent = [out.send(it.topic, key=it.key, value=it.value, headers=[]) for it in states]
            for confirmation in sent:
                confirmation.get(CONFIRMED_SECONDS_MAX)
            # Known from now on for as long as their bans.
            await context.call_store(
                store.recall([Recalled(it, context.now()) for it in missing], now=context.now())
            )
            replayed.noted += len(states)


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
