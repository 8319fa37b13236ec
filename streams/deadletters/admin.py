"""Dead letters for people: list, show, replay, drop.

A letter is named by the address of its record, `topic:partition:offset`, and one that concerns an endpoint
of `samehand deliver` by that and `@endpoint`. The topic of dead letters is append-only, so `drop` and
`replay` append a note for that address (a record without a value, whose header says what was done) and the
letter counts as done; its bytes go with the topic's retention, and the note after them.

Replaying sends the same key and value to the source topic. It is idempotent in two ways: a letter that is
done is not sent again unless `again` is asked for, and a record processed twice ends in the same alerts
(docs/adr/0003-delivery.md). A record that one endpoint refused is sent with a header that names the endpoint:
no other gets it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec

from schemas.letters import DeadLetter
from schemas.malformed import Malformed
from schemas.wire import decode_letter
from streams.errors import LettersError
from streams.kafka.client import ANSWER_MS, TopicReader, Writer, reader, writer
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import Settings

Done = Literal["", "replayed", "dropped"]

DONE_HEADER: Final = "samehand-done"
ADDRESS_HEADER: Final = "samehand-address"
ENDPOINT_HEADER: Final = "samehand-endpoint"
"""On a record that was sent again: the only endpoint of `samehand deliver` that is to get it."""

LISTED_MAX: Final = 100_000
"""A list is for people; with more letters than this, narrow it down.

Without their bytes they take some 50 MB.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters: those that meet all conditions. Dates in Unix seconds; `open_only`: only open ones."""

    topic: str | None = None
    reason: str | None = None
    since: float | None = None
    until: float | None = None
    address: str | None = None
    open_only: bool = True

    def takes(self, letter: DeadLetter) -> bool:
        """Returns whether the letter meets the conditions, whatever was done with it."""
        at = letter.at.timestamp()
        return (
            self.topic in (None, letter.topic)
            and self.reason in (None, letter.reason)
            and self.address in (None, letter.address)
            and (self.since is None or at >= self.since)
            and (self.until is None or at <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter and what was done with it."""

    record: DeadLetter
    done: Done = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: letters sent, and addresses whose record is gone from its topic."""

    sent: int
    gone: tuple[str, ...]


def list_letters(settings: Settings, wanted: Wanted) -> list[Letter]:
    """The letters, oldest first; without their bytes but for one that is wanted by its address.

    Raises `BrokerUnavailable`, `LettersError` for too many.
    """
    with reader(settings) as opened:
        listed = _listed(opened, settings, wanted)
    return sorted(listed.values(), key=lambda letter: letter.record.at)


def replay(
    settings: Settings,
    wanted: Wanted,
    *,
    again: bool = False,
    progress: Callable[[str], None] = lambda address: None,
) -> Replayed:
    """Send the records of the letters to their topics again; `progress` is given each address.

    A record that its topic still has is sent as it stands there, headers and all, else as its letter kept it.
    Raises `BrokerUnavailable`; what was sent until then is noted, so that the next replay sends the rest.
    """
    sent, gone = 0, []
    with reader(settings) as opened, reader(settings) as sources, writer(settings) as out:
        todo = set(_listed(opened, settings, replace(wanted, open_only=False) if again else wanted))
        for letter in _letters(opened, settings):
            if letter.address not in todo:
                continue
            todo.discard(letter.address)  # a kill may have written a letter twice
            original = _original(sources, letter)
            if original is None:
                gone.append(letter.address)
                continue
            headers = [(name, value) for name, value in original.headers if name != ENDPOINT_HEADER]
            if letter.endpoint is not None:
                headers.append((ENDPOINT_HEADER, letter.endpoint.encode()))
            confirmation = out.send(letter.topic, key=original.key, value=original.value, headers=headers)
            confirmation.get(timeout=ANSWER_MS / 1000)
            _note(out, settings, letter, "replayed")
            sent += 1
            progress(letter.address)
    return Replayed(sent, tuple(gone))


def drop(settings: Settings, wanted: Wanted) -> int:
    """Mark the letters as done without replaying them; return how many. Raises `BrokerUnavailable`."""
    with reader(settings) as opened, writer(settings) as out:
        listed = _listed(opened, settings, wanted)
        for letter in listed.values():
            _note(out, settings, letter.record, "dropped")
    return len(listed)


def _listed(opened: TopicReader, settings: Settings, wanted: Wanted) -> dict[str, Letter]:
    """The letters by address, so that one that was written twice, after a kill, counts once."""
    letters: dict[str, Letter] = {}
    done: dict[str, Done] = {}
    for arrival in _everything(opened, settings):
        if arrival.value is None:
            headers = dict(arrival.headers)
            if (address := headers.get(ADDRESS_HEADER)) is not None:
                dropped = headers.get(DONE_HEADER) == b"dropped"
                done[address.decode(errors="replace")] = "dropped" if dropped else "replayed"
        elif (letter := _decoded(arrival)) is not None and wanted.takes(letter):
            kept = letter if wanted.address else msgspec.structs.replace(letter, value=None)
            letters[letter.address] = Letter(kept)
            if len(letters) > LISTED_MAX:
                raise LettersError(
                    f"more than {LISTED_MAX} dead letters; narrow them down by topic, reason or date"
                )
    known = {address: Letter(letter.record, done.get(address, "")) for address, letter in letters.items()}
    return {address: letter for address, letter in known.items() if not (wanted.open_only and letter.done)}


def _letters(opened: TopicReader, settings: Settings) -> Iterator[DeadLetter]:
    for arrival in _everything(opened, settings):
        if arrival.value is not None and (letter := _decoded(arrival)) is not None:
            yield letter


def _everything(opened: TopicReader, settings: Settings) -> Iterator[Arrival]:
    topic = names(settings).letters
    for partition in opened.partitions(topic):
        yield from opened.read(topic, partition)


def _decoded(arrival: Arrival) -> DeadLetter | None:
    """The letter; None for a stranger's record in the topic. Its date is not checked against our clock."""
    decoded = decode_letter(arrival.value, now=float("inf"))
    return None if isinstance(decoded, Malformed) else decoded.record


def _original(sources: TopicReader, letter: DeadLetter) -> Arrival | None:
    """The record itself: as its topic still has it, with its headers, else what the letter kept of it.

    A letter holds no headers, and no value that is too large: such a record is gone, and None is returned,
    once its topic has dropped it.
    """
    if letter.partition in sources.partitions(letter.topic):
        nearest = next(sources.read(letter.topic, letter.partition, letter.offset), None)
        if nearest is not None and _is_about(letter, nearest):
            return nearest
    if letter.value is None and letter.value_bytes > 0:
        return None
    return Arrival(letter.topic, letter.partition, letter.offset, letter.key, letter.value)


def _is_about(letter: DeadLetter, record: Arrival) -> bool:
    """Returns whether `record` is the letter's: a topic created again has another at that address."""
    kept = [(letter.key, record.key), (letter.value, record.value)]
    same = all(ours is None or ours == theirs for ours, theirs in kept)
    return same and (record.offset, len(record.value or b"")) == (letter.offset, letter.value_bytes)


def _note(out: Writer, settings: Settings, letter: DeadLetter, done: Done) -> None:
    headers = [(DONE_HEADER, done.encode()), (ADDRESS_HEADER, letter.address.encode())]
    confirmation = out.send(names(settings).letters, key=letter.topic.encode(), value=None, headers=headers)
    confirmation.get(timeout=ANSWER_MS / 1000)
