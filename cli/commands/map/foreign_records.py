"""Samples of other people's topics: a file with a record a line, or the newest records of a topic itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from cli import output
from cli.inputs.input_files import read_raw
from report.text import plural
from streams.errors import TopicsError
from streams.kafka.client import reader
from streams.outcomes import Arrival
from streams.settings import Settings

NOTED_EVERY: Final = 500  # records between two steps of a bar


def of_file(path: Path, topic: str, *, hear: output.Advance) -> Iterator[tuple[str, Arrival]]:
    """The values of a file, one a line, each with its address, as if they stood on ``topic``."""
    now = time.time()
    for number, (address, raw) in enumerate(read_raw(path, hear)):
        yield address, Arrival(topic, 0, number, None, raw, (), now)


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
