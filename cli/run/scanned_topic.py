"""Accounts of a list on their way through workers, never more of them than these soon read.

The plan:

1. Wait until workers have read all that the platform published before: also the bans to compare with.
2. Publish a block of accounts, confirmed on all replicas, and note where the topic ends after it.
3. Publish the next block once no more are unread than workers read in a second or two, and unless something
   that the platform published seconds ago still waits: a list has time, a sign-up has not.
4. Save how far workers have read, not how far was published: the topic is kept for a day, and an account that
   nobody reads by then is published again by the next run. What was alerted on is a duplicate then.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from cli import output
from cli.exit_codes import NotDone
from streams.kafka.client import ANSWER_MS, TopicReader, reader, writer
from streams.kafka.topics import names
from streams.settings import Settings

BLOCK: Final = 100
"""Accounts published together."""

BLOCK_BYTES: Final = 4 * 1024 * 1024
"""A block with pictures has fewer accounts: neither we nor a fetch of a worker hold hundreds of megabytes."""

UNREAD_MAX: Final = 2_000
"""Accounts on the topic that no worker has read: some megabytes of a broker."""

AHEAD_SECONDS: Final = 1.5
"""So much of a list, at the pace of the workers, may lie before a sign-up: on a busy machine one waited 6 s
behind 2,000 accounts. Half a second of it is until workers acknowledge."""

LOOK_SECONDS: Final = 2.0
"""Between two looks at what the platform publishes. Workers acknowledge each half second what they have read:
what waits for longer is late."""

POLL_SECONDS: Final = 0.25

NOTICE_SECONDS: Final = 15.0
STALL_SECONDS: Final = 300.0
"""Without progress of any worker: longer than a restart or a failover. A person is watching."""


class Step(NamedTuple):
    """A block: how many lines of the files lead up to its end, and its records as keys and values."""

    lines: int
    records: Sequence[tuple[bytes, bytes]]


class _Patience:
    """Waits for workers, and gives up on a topic of which they have read nothing for `STALL_SECONDS`."""

    def __init__(self) -> None:
        self._moved: dict[str, tuple[int, float]] = {}
        self._noticed = False

    def wait(self, topic: str, acknowledged: int) -> None:
        """Waits a little for a topic of which so many records are read."""
        now = time.monotonic()
        before, since = self._moved.get(topic, (-1, now))
        if acknowledged != before:
            since = now
        self._moved[topic] = acknowledged, since
        if now - since > STALL_SECONDS:
            raise NotDone(
                f"workers have read nothing of {topic} for {STALL_SECONDS / 60:g} minutes: look at `samehand "
                "doctor`, then run the same command again, which continues there"
            )
        if now - since > NOTICE_SECONDS and not self._noticed:
            self._noticed = True
            output.note(f"{topic} has records that no worker reads; waiting")
        time.sleep(POLL_SECONDS)


class _Room:
    """How many accounts may be unread: as many as workers read in :data:`AHEAD_SECONDS`."""

    def __init__(self) -> None:
        self._looked_at, self._read = 0.0, 0
        self._accounts = BLOCK

    def after(self, acknowledged: int) -> int:
        """The room once so many accounts are read; it follows the pace of the workers, second by second."""
        now = time.monotonic()
        if (seconds := now - self._looked_at) >= 1.0:
            pace = (acknowledged - self._read) / seconds if self._looked_at else 0.0
            self._accounts = round(min(max(BLOCK, pace * AHEAD_SECONDS), UNREAD_MAX))
            self._looked_at, self._read = now, acknowledged
        return self._accounts


class _LiveEvents:
    """Looks whether workers are late with what the platform publishes."""

    def __init__(self, opened: TopicReader, topics: Sequence[str]) -> None:
        self._opened = opened
        self._ends = {topic: opened.ends(topic) for topic in topics}
        self._look_at = 0.0
        self._late: tuple[str, int] | None = None

    @property
    def late(self) -> tuple[str, int] | None:
        """A topic with records that were there at the look before, and how many of it are read."""
        if time.monotonic() >= self._look_at:
            self._late = next((late for topic in self._ends if (late := self._of(topic)) is not None), None)
            if self._late is None:
                self._ends = {topic: self._opened.ends(topic) for topic in self._ends}
            self._look_at = time.monotonic() + LOOK_SECONDS
        return self._late

    def _of(self, topic: str) -> tuple[str, int] | None:
        acknowledged = self._opened.acknowledged(topic)
        for partition, end in self._ends[topic].items():
            offset = acknowledged.get(partition, end)
            # A transaction ends with an offset that holds no record, and that nobody acknowledges.
            if offset < end and next(self._opened.read(topic, partition, offset), None) is not None:
                return topic, sum(acknowledged.values())
        return None


def read_by_workers(settings: Settings, steps: Iterable[Step]) -> Iterator[Step]:
    """Publishes blocks and yields each once workers have read it.

    Raises:
        NotDone: workers read nothing any more.
        BrokerUnavailable: the broker does not take or confirm a record.
    """
    called = names(settings)
    topic = called.scanned
    with writer(settings) as out, reader(settings, grouped=True) as opened:
        live = _LiveEvents(opened, (called.banned, called.created, called.updated))
        published: deque[tuple[Step, dict[int, int]]] = deque()
        patience, room = _Patience(), _Room()

        def settled(*, all_of_them: bool = False) -> Iterator[Step]:
            """Yields what is read, until there is room for another block, or until all is read."""
            while True:
                acknowledged = opened.acknowledged(topic)
                while published and all(
                    acknowledged.get(partition, 0) >= end for partition, end in published[0][1].items()
                ):
                    yield published.popleft()[0]
                read = sum(acknowledged.values())
                unread = sum(opened.ends(topic).values()) - read
                if all_of_them and not published:
                    return
                if not all_of_them and live.late is None and unread + BLOCK <= room.after(read):
                    return
                patience.wait(*(live.late or (topic, read)))

        for step in steps:
            yield from settled()
            sent = [out.send(topic, key=key, value=value, headers=[]) for key, value in step.records]
            for confirmation in sent:
                confirmation.get(timeout=2 * ANSWER_MS / 1000)
            published.append((step, opened.ends(topic)))
        yield from settled(all_of_them=True)
