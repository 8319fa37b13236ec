"""What a rebuild reads besides `accounts.banned`: open and dismissed alerts, and what people decided.

Releases up to 0.2.0 noted no states. Of their alerts the topic of alerts says how they stand, for as long as
it keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from agents.common.alerts.recall import recall
from agents.common.alerts.states import state_of
from agents.common.context import AgentContext
from agents.common.waves import recalled_wave
from agents.judge import Judge
from schemas.alert_state import AlertState
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.revisions import COUNTED_MAX
from schemas.waves import WaveAlert
from schemas.wire import decode_alert, decode_alert_state, decode_wave, encode
from store.rules.pairs import KNOWN_ON
from streams.kafka.client import TopicReader, Writer
from streams.outcomes import Arrival, Dead, batches

CONFIRMED_SECONDS_MAX: Final = 30.0
"""How long a broker may take to confirm a record; another run publishes what is missing then."""

WAVES_AT_ONCE: Final = 16
"""Waves in one call of the store, of up to 100 KB each."""

STATES_AT_ONCE: Final = 256
"""Alerts in one call of the store, of about two kilobytes each."""


@dataclass(slots=True)
class AlertReplay:
    """What a rebuild did besides bans.

    ``alerts``: those that the store knows again; ``noted``: those whose state the topic of states lacked;
    ``waves``: those that the store knows again.
    """

    alerts: int = 0
    verdicts: int = 0
    noted: int = 0
    waves: int = 0


class _Latest(NamedTuple):
    """The record that holds for an alert: its revision, and where it lies; none once it is forgotten."""

    revision: int
    address: str


class _Revision(msgspec.Struct):
    """As much of an alert as says whether it is to be read."""

    alert_id: str
    revision: int


class _StoredState(NamedTuple):
    """An alert, where that is said, and whether only the topic of alerts says so."""

    state: AlertState
    address: str
    former: bool


class AlertTopics:
    """Replays the topics into a store, and goes on from there when it is called again.

    Verdicts are noted before anything follows from them: otherwise one that was taken back would withdraw an
    alert, and the next one would open it again. All may be read again: the store takes of an alert only what
    is later than what it knows. A topic that is not there yet has no alerts.
    """

    def __init__(
        self,
        context: AgentContext,
        replayed: AlertReplay,
        progress: Callable[[str, int], AbstractContextManager[Callable[[int], None]]],
    ) -> None:
        """Takes the context of the store, what to count in, and what shows how far a step went."""
        self._context = context
        self._progress = progress
        self._judge = Judge(context)
        self._replayed = replayed
        self._taken: dict[str, str] = {}  # address of the record by alert id, of alerts given to the store
        self.faults: dict[str, Dead] = {}
        """What cannot be read, by its address."""

    @property
    def taken(self) -> int:
        """Returns how many alerts were written to the store."""
        return len(self._taken)

    async def ahead(self, opened: TopicReader) -> None:
        """Replays alerts on bans that the store has, while workers go on with another store.

        Nothing is published and nothing follows from verdicts yet: those workers see to it.
        """
        await self._hold(opened)
        await self._recall(opened, None)
        await self._recall_waves(opened)

    async def whole(self, opened: TopicReader, out: Writer) -> None:
        """Replays all, once the bans are enrolled: an open alert on a ban that is gone is withdrawn."""
        await self._hold(opened)
        await self._recall(opened, out)
        await self._recall_waves(opened)
        self._replayed.verdicts = 0
        for batch in batches(_records(opened, self._context.topics.verdicts)):
            outcomes = await self._judge.replay(batch)
            for arrival, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Dead):
                    self.faults[arrival.address] = outcome
            self._replayed.verdicts += len(batch)

    async def _hold(self, opened: TopicReader) -> None:
        for batch in batches(_records(opened, self._context.topics.verdicts)):
            await self._judge.hold(batch)

    async def _recall(self, opened: TopicReader, out: Writer | None) -> None:
        latest = self._latest(opened)
        former = self._former(opened, latest)
        standing = chain(self._states(opened, latest), self._former_states(opened, former))
        with self._progress("reading open alerts", len(latest) + len(former)) as hear:
            for turn, some in enumerate(batches(standing, STATES_AT_ONCE)):
                if out is not None:
                    self._note(some, out)
                new = [arrival for arrival in some if self._taken.get(arrival.state.key) != arrival.address]
                if out is None:
                    store, accounts = self._context.store, [taken.state.record.matched.key for taken in new]
                    # The store may lack a ban that workers have just enrolled elsewhere.
                    bans = await self._context.call_store(store.bans(accounts)) if new else []
                    new = [taken for taken, ban in zip(new, bans, strict=True) if ban is not None]
                self._replayed.alerts += await recall([arrival.state for arrival in new], self._context)
                self._taken |= {arrival.state.key: arrival.address for arrival in new}
                hear(turn * STATES_AT_ONCE + len(some))

    async def _recall_waves(self, opened: TopicReader) -> None:
        """Recalls each wave by its last record."""
        latest: dict[str, WaveAlert] = {}
        for arrival in _records(opened, self._context.topics.waves):
            if arrival.value is None:
                latest.pop((arrival.key or b"").decode(errors="replace"), None)
                continue
            # A worker whose clock is ahead may have written it.
            read = decode_wave(arrival.value, now=math.inf)
            if isinstance(read, Malformed):
                self._unreadable(arrival, read)
            elif read.record.revision >= (known.revision if (known := latest.get(read.record.key)) else 0):
                latest[read.record.key] = read.record
        store, now = self._context.store, self._context.now()
        for some in batches(map(recalled_wave, latest.values()), WAVES_AT_ONCE):
            self._replayed.waves += await self._context.call_store(store.recall_waves(some, now=now))

    def _note(self, some: Sequence[_StoredState], out: Writer) -> None:
        """Publishes the states that the topic of states lacks, before anything can end these alerts."""
        topic, states = self._context.topics.state, [taken.state for taken in some if taken.former]
        sent = [out.send(topic, key=state.key.encode(), value=encode(state), headers=[]) for state in states]
        for confirmation in sent:
            confirmation.get(CONFIRMED_SECONDS_MAX)
        self._replayed.noted += len(sent)

    def _latest(self, opened: TopicReader) -> dict[str, _Latest]:
        """The state that holds for each alert, by its id; some hundred bytes for each.

        The last one, but for one that a slow worker published after a later revision. What is forgotten comes
        back only under a higher revision.
        """
        latest: dict[str, _Latest] = {}
        forgotten: dict[str, int] = {}
        for arrival in _records(opened, self._context.topics.state):
            if arrival.value is None:
                key = (arrival.key or b"").decode(errors="replace")
                if (known := latest.pop(key, None)) is not None:
                    forgotten[key] = known.revision
                continue
            state = _read(arrival)
            if isinstance(state, Malformed):
                self._unreadable(arrival, state)
                continue
            known, revision = latest.get(state.key), state.record.revision
            if revision > forgotten.get(state.key, 0) and (known is None or revision >= known.revision):
                latest[state.key] = _Latest(revision, arrival.address)
        return latest

    def _former(self, opened: TopicReader, latest: dict[str, _Latest]) -> dict[str, _Latest]:
        """Returns the last record by alert id of a release that wrote no states.

        Alerts published since then have a state, or have ended.
        """
        latest_by_id: dict[str, _Latest] = {}
        for arrival in _records(opened, self._context.alerts_topic):
            try:
                record = msgspec.json.decode(arrival.value or b"", type=_Revision)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                read = decode_alert(arrival.value, now=math.inf)
                if isinstance(read, Malformed):
                    self._unreadable(arrival, read)
                continue
            known = latest_by_id.get(record.alert_id)
            if record.revision > COUNTED_MAX:
                latest_by_id.pop(record.alert_id, None)
            elif known is None or record.revision >= known.revision:
                latest_by_id[record.alert_id] = _Latest(record.revision, arrival.address)
        return {
            key: former
            for key, former in latest_by_id.items()
            if key not in latest or latest[key].revision < former.revision
        }

    def _states(self, opened: TopicReader, latest: dict[str, _Latest]) -> Iterator[_StoredState]:
        for arrival in _records(opened, self._context.topics.state):
            state = None if arrival.value is None else _read(arrival)
            if isinstance(state, AlertState):
                known = latest.get(state.key)
                if known is not None and known.address == arrival.address:
                    yield _StoredState(state, arrival.address, former=False)

    def _former_states(self, opened: TopicReader, former: dict[str, _Latest]) -> Iterator[_StoredState]:
        """The states of alerts that are open, or that a verdict may still name."""
        wanted = {latest.address for latest in former.values()}
        for arrival in _records(opened, self._context.alerts_topic) if wanted else ():
            if arrival.address not in wanted:
                continue
            read = decode_alert(arrival.value, now=math.inf)
            if isinstance(read, Malformed):
                self._unreadable(arrival, read)
                continue
            record = read.record
            if record.status == "open" or record.withdrawn_reason in KNOWN_ON:
                since_event = record.seconds_since_event or 0.0 if isinstance(record, MirrorAlert) else 0.0
                state = state_of(
                    record,
                    seen_at=record.detected_at.timestamp() - since_event,
                    since=(record.withdrawn_at or record.detected_at).timestamp(),
                )
                yield _StoredState(state, arrival.address, former=True)

    def _unreadable(self, arrival: Arrival, why: Malformed) -> None:
        self.faults[arrival.address] = Dead(why.reason, why.path, why.detail)


def _read(arrival: Arrival) -> AlertState | Malformed:
    read = decode_alert_state(
        arrival.value, now=math.inf
    )  # a worker whose clock is ahead may have written it
    return read if isinstance(read, Malformed) else read.record


def _records(opened: TopicReader, topic: str) -> Iterator[Arrival]:
    for partition in opened.partitions(topic):
        yield from opened.read(topic, partition)
