"""What a dry run reads: topics from a moment on, or files, as events of ours in the order of their moments.

A topic is read without a group and nothing is committed. Its records are ours as they stand, or what a table
of mappings makes of them. All are held in memory, since records of several partitions come in no order: so
their number has a cap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

from agents.runtime.dry_run import ORDER, SourceEvent
from cli import output
from cli.evaluate.map import MappingTally
from cli.inputs.event_files import EventFiles
from cli.inputs.foreign_records import NOTED_EVERY, own_kind, own_result
from cli.inputs.input_files import ACCOUNTS, BANS, InputLine, size
from cli.inputs.input_source import STDIN, shown_path
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, within_run
from report.text import plural, visible
from schemas.accounts import AccountDeleted, AccountEvent, AccountReinstated
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.fields import TARGETS, Kind
from schemas.mapping.mapper import Mapped, NotMapped, Result
from schemas.wire import Decoded, decode_verdict, encode
from streams.errors import TopicsError
from streams.kafka.client import reader
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from streams.registry.transcode import Transcoder, mapped
from streams.settings import Settings

RECORDS_MAX: Final = 1_000_000
"""Unless more is asked for: a record takes 1.2 KB here and as much again in the store."""

FAULTS_KEPT_MAX: Final = 1_000
"""Addresses of bad records that are kept; all are counted."""

BAN_KINDS: Final[frozenset[Kind]] = frozenset({"banned", "reinstated"})
"""What is taken from where bans come from; the sign-ups of such a topic may be years of them."""

PROFILES_MAX: Final = 5_000
"""Profiles of either side that are looked into for signals: a field that one in a thousand fills is seen."""

_UNDATED: Final = datetime.fromisoformat("2000-01-01T00:00:00Z").timestamp()
"""When rows that do not say when are taken to have occurred, if no row of the files says it."""

SourceRecord = AccountEvent | AccountReinstated | AccountDeleted
"""What a mapping can make of a record."""


@dataclass(slots=True)
class Gathered:
    """Everything that was read. ``faults``: the first bad records, by address; ``bad`` counts all of them."""

    topics: Names
    records_max: int = RECORDS_MAX
    localised: Callable[[AccountEvent], AccountEvent] = lambda event: event
    """Writes a phone number with its country code."""
    events: list[SourceEvent] = field(default_factory=list)
    tally: MappingTally = field(default_factory=lambda: MappingTally(profiles_max=PROFILES_MAX))
    faults: list[tuple[str, Malformed]] = field(default_factory=list)
    bad: int = 0
    sources: list[str] = field(default_factory=list)
    _seen: set[tuple[str, int, int]] = field(default_factory=set)

    def add(
        self,
        address: str,
        arrival: Arrival,
        result: Result,
        *,
        only: frozenset[Kind] | None,
        stamped: bool = True,
    ) -> None:
        """Takes in what became of a record of a topic; a record that another source had is passed over.

        ``stamped``: whether the arrival has a moment of Kafka's. A line of a file was read when we read it.
        """
        where = _place(arrival)
        if where in self._seen:
            return
        if isinstance(result, Mapped) and only is not None and result.kind not in only:
            return  # not noted as seen: another source may want it
        if isinstance(result, Mapped) and isinstance(result.found.record, AccountEvent):
            decoded = replace(result.found, record=self.localised(result.found.record))
            result = Mapped(result.kind, decoded, result.rule)
        self._seen.add(where)
        self.tally.add(address, arrival.topic, result)
        if isinstance(result, Malformed):
            self._bad(address, result)
        elif isinstance(result, Mapped) and result.kind != "actioned":  # which changes nothing of a trial
            self._hold(result.kind, result.found.record, address, arrival.timestamp if stamped else None)

    def add_tombstone(self, arrival: Arrival) -> None:
        """Takes in a ban's tombstone, which ends it at the moment that Kafka had it."""
        if _place(arrival) not in self._seen:
            self._seen.add(_place(arrival))
            self.tally.add(arrival.address, arrival.topic, NotMapped("tombstone"))
            lifted = Arrival(self.topics.banned, 0, 0, arrival.key, None, (), arrival.timestamp)
            self._append(SourceEvent(arrival.timestamp, "banned", lifted, arrival.address))

    def add_verdict(self, address: str, arrival: Arrival) -> None:
        """Takes in a moderator's verdict; one on a test item decides nothing."""
        if _place(arrival) in self._seen:
            return
        self._seen.add(_place(arrival))
        self.tally.records += 1
        decoded = decode_verdict(arrival.value, now=max(time.time(), arrival.timestamp))
        if isinstance(decoded, Malformed):
            self._bad(address, decoded)
        elif not decoded.record.golden:
            self._append(SourceEvent(decoded.record.at, "verdict", arrival, address))

    def add_lines(self, kind: Kind, lines: Iterable[InputLine[AccountEvent]], row_of: str) -> None:
        """Takes in the rows of a file; those that do not say when are given a moment by :meth:`ordered`."""
        for line in lines:
            if isinstance(line.outcome, Malformed):
                self.tally.add(line.address, row_of, line.outcome)
                self._bad(line.address, line.outcome)
                continue
            self.tally.add(
                line.address, row_of, Mapped(kind, Decoded(line.outcome, unusable=line.unusable), 0)
            )
            event = within_run(line.outcome, row_of, named=line.named)
            self._hold(kind, event, line.address, None, dated=line.dated)

    def ordered(self, until: float = inf) -> list[SourceEvent]:
        """All events by when they occurred; bans without a date before all others, sign-ups without one last.

        Whatever order they came in, the same events come in the same order. Those after ``until`` (Unix
        seconds) are left out.
        """
        dated = [event for event in self.events if event.dated and event.at <= until]
        first = min((event.at for event in dated), default=_UNDATED)
        last = max((event.at for event in dated), default=_UNDATED)
        undated = [event for event in self.events if not event.dated]
        begin = [_at(event, first) for event in undated if event.kind == "banned"]
        end = [_at(event, last) for event in undated if event.kind != "banned"]
        dated.sort(
            key=lambda event: (event.at, ORDER.index(event.kind))
        )  # stable: as they were read within a moment
        return [*begin, *dated, *end]

    def _hold(
        self, kind: Kind, record: SourceRecord, address: str, stamped_at: float | None, *, dated: bool = True
    ) -> None:
        stamp = max(record.at, stamped_at or 0.0)
        topic, key = str(getattr(self.topics, kind)), record.key.encode()
        self._append(
            SourceEvent(record.at, kind, Arrival(topic, 0, 0, key, encode(record), (), stamp), address, dated)
        )

    def _append(self, event: SourceEvent) -> None:
        if len(self.events) >= self.records_max:
            raise click.ClickException(
                f"over {plural(self.records_max, 'record')}: read less (--from), or allow more (--records)"
            )
        self.events.append(event)

    def _bad(self, address: str, fault: Malformed) -> None:
        self.bad += 1
        if len(self.faults) < FAULTS_KEPT_MAX:
            self.faults.append((address, fault))


def _place(arrival: Arrival) -> tuple[str, int, int]:
    return arrival.topic, arrival.partition, arrival.offset


def _at(event: SourceEvent, moment: float) -> SourceEvent:
    """An undated event at a moment that does not depend on when its file was read."""
    value = event.arrival.value
    assert value is not None
    assert event.kind != "verdict"  # which says when it was given
    decoded = TARGETS[event.kind].decode(value, now=float("inf"))
    assert isinstance(decoded, Decoded)
    record = replace(decoded.record, occurred_at=from_seconds(moment))
    arrival = Arrival(event.arrival.topic, 0, 0, event.arrival.key, encode(record), (), moment)
    return SourceEvent(moment, event.kind, arrival, event.address, dated=False)


@dataclass(frozen=True, slots=True)
class Topics:
    """Reads topics of a broker, and maps what is not ours."""

    settings: Settings
    mappings: Mappings | None
    gathered: Gathered
    transcoder: Transcoder | None = None

    def read(self, topic: str, since: float | None, *, only: frozenset[Kind] | None = None) -> None:
        """All records of a topic from a moment (Unix seconds) on, by Kafka's stamps; of `only` some kinds.

        Raises ``TopicsError`` without the topic, ``BrokerUnavailable``, ``BrokerRefused``.
        """
        with reader(self.settings) as opened:
            partitions = opened.partitions(topic)
            if not partitions:
                raise TopicsError(f"there is no topic {visible(topic)}, or we may not see it")
            begins = {
                partition: 0 if since is None else opened.offset_at(topic, partition, since)
                for partition in partitions
            }
            total = sum(max(0, opened.end(topic, partition) - begins[partition]) for partition in partitions)
            with output.progress(f"reading {visible(topic)}", total) as hear:
                arrivals = (
                    arrival
                    for partition, begin in begins.items()
                    for arrival in opened.read(topic, partition, begin)
                )
                for done, arrival in enumerate(arrivals, 1):
                    self._take(topic, arrival, only)
                    if done % NOTED_EVERY == 0:
                        hear(done)
        self.gathered.sources.append(topic)

    def _take(self, topic: str, arrival: Arrival, only: frozenset[Kind] | None) -> None:
        gathered = self.gathered
        now = max(time.time(), arrival.timestamp)  # what lies ahead is found by the worker that reads it
        if self.mappings is not None and topic in self.mappings.topics:
            result = mapped(self.mappings.topics[topic], arrival, self.transcoder, now=now)
        elif topic == gathered.topics.verdicts:
            gathered.add_verdict(arrival.address, arrival)
            return
        else:
            # A topic of another name holds bans or sign-ups, as it was given.
            kind = own_kind(topic, gathered.topics) or ("created" if only is None else "banned")
            if kind == "banned" and arrival.value is None:
                gathered.add_tombstone(arrival)
                return
            result = own_result(arrival, kind, now=now)
        gathered.add(arrival.address, arrival, result, only=only)


def of_files(gathered: Gathered, events: Path | None, bans: Path | None, files: EventFiles) -> None:
    """Reads files of bans and of sign-ups: as ours, or by the mapping where a file is in another form."""
    if bans is not None:
        with output.progress("reading bans", size([bans])) as hear:
            if files.maps(bans, BANS):
                _add_mapped(gathered, bans, files, hear, only=BAN_KINDS, partition=int(bans != events))
            else:
                gathered.add_lines("banned", files.bans(bans, hear), ROW_OF_BANS)
        gathered.sources.append(_name(bans))
    if events is None:
        return
    with output.progress("reading events", size([events])) as hear:
        if files.maps(events, ACCOUNTS):
            _add_mapped(gathered, events, files, hear)
        else:
            gathered.add_lines("created", files.accounts(events, hear), ROW_OF_ACCOUNTS)
    if events != bans:
        gathered.sources.append(_name(events))


def _name(path: Path) -> str:
    """Without its folder: the same file has the same report wherever it lies."""
    return shown_path(path) if path == STDIN else visible(path.name, 250)


def _add_mapped(
    gathered: Gathered,
    path: Path,
    files: EventFiles,
    hear: output.Advance,
    *,
    only: frozenset[Kind] | None = None,
    partition: int = 0,
) -> None:
    for address, arrival, result in files.mapped(path, hear, partition):
        if files.mappings is None and arrival.topic == gathered.topics.verdicts:
            gathered.add_verdict(address, arrival)
        elif files.mappings is None and arrival.topic == gathered.topics.banned and arrival.value is None:
            gathered.add_tombstone(arrival)
        else:
            gathered.add(address, arrival, result, only=only, stamped=files.kcat)
