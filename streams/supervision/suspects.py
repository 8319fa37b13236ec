"""Records that were in hand when a worker ended unexpectedly, known to every worker of the group.

A message about each span stands in the control topic, under a key of its own, so that it outlives the worker,
its container and its machine, and reaches whichever worker takes the partition. A worker that meets a suspect
decides it alone: nothing else of the process is decided meanwhile. Only an end with one record in hand counts
against that record; after the third it becomes a dead letter. So a kill, a deploy or a lost broker in the
middle of a batch makes suspects for a while and no dead letter.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import ANSWER_MS, Writer, reader, writer
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import Settings
from streams.supervision.flight_recorder import InHand
from streams.supervision.supervisor import Birth

ENDS_MAX: Final = 3
"""Once may be chance, twice bad luck; each costs its partition the time of a restart."""

RETAINED_SECONDS: Final = 7 * 24 * 3600.0
"""As long as a dead letter can be looked at and sent again. What was acknowledged may be delivered once more
when Redis fails over, so a message has to outlive the outcome."""

STAMP_SECONDS: Final = 0.001
"""Kafka's stamps are of whole milliseconds."""

SPANS_MAX: Final = 1000
"""How many of the newest suspects a worker keeps: those of some hundred ended workers."""

SPANS_LOGGED_MAX: Final = 20
"""Spans in one line of the log."""

_PARTITION: Final = 0
_WORD: Final = "suspect"

log = structlog.get_logger("samehand.suspects")


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A span of records; how many workers it ended while it was one record alone in hand, and how."""

    topic: str
    partition: int
    first: int
    last: int
    at: float
    ends: int = 0
    how: str = ""

    @property
    def is_guilty(self) -> bool:
        """True if it ended its worker so often that it must not be tried again."""
        return self.ends >= ENDS_MAX

    def has(self, arrival: Arrival) -> bool:
        """Returns whether a record is one of them. A topic created again has other records at the same
        offsets.
        """
        if not self.first <= arrival.offset <= self.last:
            return False
        return arrival.offset != self.first or abs(arrival.timestamp - self.at) < STAMP_SECONDS


class Suspects:
    """The suspects that a worker knows. `read` asks the control topic; raises `Transient`."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Suspect]]]) -> None:
        self._read = read
        self._moves = 1  # how often partitions came, and how often before the last answer
        self._known_moves = 0
        self._asking = asyncio.Lock()
        self._known: dict[tuple[str, int], list[Suspect]] = {}

    def moved(self) -> None:
        """Partitions came from other workers, and with them perhaps what ended those."""
        self._moves += 1

    @property
    def any(self) -> bool:
        return bool(self._known)

    @property
    def stale(self) -> bool:
        """True if partitions came since the last answer, or there was none yet."""
        return self._known_moves != self._moves

    async def refresh(self) -> None:
        """Ask again, if partitions came since the last answer."""
        async with self._asking:
            while self.stale:
                moves = self._moves
                suspects = await self._read()
                known = defaultdict(list)
                for suspect in suspects:
                    known[suspect.topic, suspect.partition].append(suspect)
                self._known = dict(known)
                self._known_moves = moves

    def find(self, arrival: Arrival) -> Suspect | None:
        """The suspect that a record belongs to, the worst of several; None for none."""
        suspects = [
            suspect
            for suspect in self._known.get((arrival.topic, arrival.partition), ())
            if suspect.has(arrival)
        ]
        return max(suspects, key=lambda suspect: suspect.ends, default=None)


@dataclass(frozen=True, slots=True)
class SuspectTopic:
    """The messages about suspects of one group in the control topic."""

    settings: Settings

    async def read(self) -> list[Suspect]:
        """The suspects that stand, in a thread. Raises `BrokerUnavailable`, for a missing right too."""
        try:
            return await asyncio.to_thread(self.standing)
        except BrokerRefused as refusal:
            raise BrokerUnavailable(str(refusal)) from refusal

    def standing(self) -> list[Suspect]:
        """The suspects that stand, the newest last. Raises `BrokerUnavailable`, `BrokerRefused`."""
        words = self._words() or {}
        since = time.time() - RETAINED_SECONDS
        return [suspect for suspect, stamp in words.values() if stamp >= since][-SPANS_MAX:]

    def mark(self, hands: Sequence[InHand], how: str, *, from_outside: bool = False) -> list[Suspect]:
        """Note what was in hand when a worker ended; return what is known of it now.

        Where the worker may have been ended `from_outside` while it waited for a server, no record is to
        blame. Without a control topic nothing is noted: no record of its service was ever in hand.

        Raises `BrokerUnavailable`, `BrokerRefused`.
        """
        waiting = from_outside and any(hand.waiting for hand in hands)
        alone = sum(hand.records for hand in hands) == 1 and not waiting
        if (words := self._words()) is None:
            return []
        marked: list[Suspect] = []
        for hand in hands:
            for span in hand.spans:
                fresh = Suspect(
                    topic=span.topic,
                    partition=span.partition,
                    first=span.first,
                    last=span.last,
                    at=span.at,
                    how=how,
                )
                before, _ = words.get(self._key(fresh), (fresh, 0.0))
                ends = before.ends if before.at == fresh.at else 0
                marked.append(msgspec.structs.replace(fresh, ends=ends + alone))
        old = time.time() - RETAINED_SECONDS
        with writer(self.settings) as out:
            for suspect in marked:
                self._say(out, self._key(suspect), msgspec.json.encode(suspect))
            for key, (_, stamp) in words.items():
                if stamp < old:
                    self._say(out, key, None)
        return marked

    def _words(self) -> dict[bytes, tuple[Suspect, float]] | None:
        """The last message of each key with its stamp in Unix seconds, newest last; None without a topic."""
        control, words = names(self.settings).control, dict[bytes, tuple[Suspect, float]]()
        ours = f"{_WORD}:{self.settings.kafka_group}:".encode()
        with reader(self.settings) as opened:
            if _PARTITION not in opened.partitions(control):
                return None
            for word in opened.read(control, _PARTITION):
                if word.key is not None and word.key.startswith(ours):
                    words.pop(word.key, None)
                    if (suspect := _read(word.value)) is not None:
                        words[word.key] = suspect, word.timestamp
        return words

    def _key(self, suspect: Suspect) -> bytes:
        where = f"{suspect.topic}:{suspect.partition}:{suspect.first}-{suspect.last}"
        return f"{_WORD}:{self.settings.kafka_group}:{where}".encode()

    def _say(self, out: Writer, key: bytes, value: bytes | None) -> None:
        sent = out.send(names(self.settings).control, key=key, value=value, headers=[])
        sent.get(timeout=ANSWER_MS / 1000)


def _read(value: bytes | None) -> Suspect | None:
    try:
        return msgspec.json.decode(value, type=Suspect) if value else None
    except msgspec.MsgspecError:
        return None


def mark_unfinished(topic: SuspectTopic, birth: Birth) -> None:
    """Note what the process before us had in hand when it ended, before anybody is given those records again.

    Raises `BrokerUnavailable`, `BrokerRefused`; what was in hand is then kept for the next process.
    """
    hands = birth.recorder.unfinished()
    if not hands:
        return
    how = birth.ended or "the whole process was ended from outside"
    marked = topic.mark(hands, how, from_outside=birth.from_outside)
    log.warning(
        "the previous worker ended with unfinished records: each is processed alone now",
        ended=how,
        records=sum(hand.records for hand in hands),
        spans=[
            f"{suspect.topic}:{suspect.partition}:{suspect.first}-{suspect.last}"
            for suspect in marked[:SPANS_LOGGED_MAX]
        ],
        ends=max((suspect.ends for suspect in marked), default=0),
    )
    birth.recorder.settle()
