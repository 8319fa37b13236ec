"""Samples of topics, foreign or ours: a file with a record a line, or the newest records of a topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from cli import output
from cli.inputs.input_files import read_raw, read_table
from cli.inputs.input_source import read_bytes, shown_path
from report.text import plural, visible
from schemas.malformed import Malformed
from schemas.mapping.compiler import MAPPING_BYTES_MAX, MappingError, Mappings, compile_mappings
from schemas.mapping.fields import TARGETS, Kind
from schemas.mapping.mapper import Mapped, NotMapped, Result
from streams.errors import TopicsError
from streams.kafka.client import reader
from streams.kafka.mapped_topics import mappings_of
from streams.kafka.topics import Names, names
from streams.outcomes import Arrival
from streams.settings import Settings, load

NOTED_EVERY: Final = 500  # records between two steps of a bar


def compiled(path: Path | None) -> Mappings:
    """Returns the table of the option, else that of the settings. Faults name their line."""
    if path is None:
        return mappings_of(load())
    try:
        return compile_mappings(read_bytes(path, MAPPING_BYTES_MAX + 1), shown_path(path))
    except MappingError as wrong:
        for fault in wrong.faults:
            output.note(f"{wrong.name}: {visible(str(fault), 1_000)}")
        raise click.ClickException(
            f"{wrong.name} cannot be used: {plural(len(wrong.faults), 'fault')}"
        ) from None


def mapped_records(
    path: Path,
    mappings: Mappings | None,
    topic: str | None = None,
    *,
    kcat: bool,
    hear: output.Advance,
    partition: int = 0,
) -> Iterator[tuple[str, Arrival, Result]]:
    """What a table makes of a file's records, each with its address; without one they are of our own topics.

    ``topic`` is that of the file; where one topic is mapped, it is that one. Records of two files need
    different ``partition`` s, lest they count as one. Raises ``click.UsageError`` where the file does not say
    of which topic it is, ``click.ClickException`` for a record of another topic.
    """
    if topic is not None and (mappings is None or topic not in mappings.topics):
        raise click.UsageError(f"{visible(topic)}={shown_path(path)}: the topic is not mapped (--mapping)")
    if mappings is None:
        topics = names(load())
        for address, record in of_kcat(path, topics.created, hear=hear):
            now = max(time.time(), record.timestamp)
            yield address, record, own_result(record, own_kind(record.topic, topics), now=now)
        return
    of = topic or next(iter(mappings.topics))
    if topic is None and len(mappings.topics) > 1 and not kcat:
        mapped = visible(", ".join(mappings.topics), 1_000)
        name = shown_path(path)
        raise click.UsageError(
            f"{name} holds records of one topic, and several are mapped: give TOPIC={name} (of {mapped}), or "
            "use --kcat"
        )
    sample = of_kcat(path, of, hear=hear) if kcat else of_file(path, of, hear=hear, partition=partition)
    for address, record in sample:
        if record.topic not in mappings.topics:
            raise click.ClickException(f"{address}: its topic, {visible(record.topic)}, is not mapped")
        # Samples may be old and clocks differ: what lies ahead is found by the worker that reads it.
        now = max(time.time(), record.timestamp)
        yield address, record, mappings.topics[record.topic].map(record, now=now)


def own_kind(topic: str, topics: Names) -> Kind | None:
    """What the records of one of our topics of accounts are; None for any other topic."""
    return next((kind for kind in TARGETS if topic == getattr(topics, kind)), None)


def own_result(record: Arrival, kind: Kind | None, *, now: float) -> Result:
    """A record of ours as a mapping would hand it over."""
    if kind is None or record.value is None:
        return NotMapped("no-rule" if kind is None else "tombstone")
    decoded = TARGETS[kind].decode(record.value, now=now)
    return decoded if isinstance(decoded, Malformed) else Mapped(kind, decoded, 0)


def of_file(
    path: Path, topic: str, *, hear: output.Advance, partition: int = 0
) -> Iterator[tuple[str, Arrival]]:
    """The values of a file, one a line, each with its address, as if they stood on ``topic``.

    A row of CSV is an object of its cells by their columns; empty cells are absent.
    """
    now = time.time()
    lines = read_table(path, hear) if path.suffix.lower() == ".csv" else read_raw(path, hear)
    for number, (address, raw) in enumerate(lines):
        yield address, Arrival(topic, partition, number, None, raw, (), now)


def of_kcat(path: Path, topic: str, *, hear: output.Advance) -> Iterator[tuple[str, Arrival]]:
    """Records as ``kcat -J`` prints them, with keys and headers; ``topic`` for those that name none.

    Raises ``click.ClickException`` for a line that is none.
    """
    for address, raw in read_raw(path, hear):
        try:
            line = _decoder.decode(raw)
            headers = tuple(zip(line.headers[::2], line.headers[1::2], strict=True))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            raise click.ClickException(f"{address}: is no record of `kcat -J`") from None
        yield (
            address,
            Arrival(
                line.topic or topic,
                line.partition,
                line.offset,
                None if line.key is None else line.key.encode(),
                None if line.payload is None else line.payload.encode(),
                tuple((name or "", (value or "").encode()) for name, value in headers),
                line.ts / 1_000,
            ),
        )


class _Printed(msgspec.Struct):
    """One line of `kcat -J`. Headers are names and values by turns; a value may be null, as in Kafka."""

    partition: int
    offset: int
    payload: str | None
    topic: str | None = None
    key: str | None = None
    ts: int = 0
    headers: tuple[str | None, ...] = ()


_decoder: Final = msgspec.json.Decoder(_Printed)


def of_topic(settings: Settings, topic: str, records: int) -> Iterator[tuple[str, Arrival]]:
    """The newest ``records`` of a topic, partition by partition. Joins no group and commits nothing.

    Raises ``TopicsError`` without the topic, ``BrokerUnavailable``, ``BrokerRefused``.
    """
    with reader(settings) as opened:
        partitions = opened.partitions(topic)
        if not partitions:
            raise TopicsError(f"there is no topic {topic}, or we may not see it")
        share = max(records // len(partitions), 1)
        with output.progress(
            f"reading {plural(len(partitions), 'partition')}", share * len(partitions)
        ) as hear:
            done = 0
            for partition in partitions:
                since = max(opened.end(topic, partition) - share, 0)
                for arrival in opened.read(topic, partition, since):
                    yield arrival.address, arrival
                    done += 1
                    if done % NOTED_EVERY == 0:
                        hear(done)
