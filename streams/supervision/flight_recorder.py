"""Shared memory that outlives a worker: its last heartbeat, and the records that it was deciding.

The supervisor makes it, the worker writes it, and the next worker reads what its predecessor left. It lies in
a file of `SAMEHAND_DATA_DIR` where there is one, so that it outlives a container whose every process was
killed; otherwise it is gone with the supervisor. It holds addresses of records, no value.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import IO, Final

import msgspec

from streams.outcomes import Arrival

SLOTS: Final = 16
"""Deliveries that note what they decide: seven topics, and what is delivered again; half as many to come."""

SLOT_BYTES: Final = 8192
"""Room for the spans of some 150 partitions in one batch; one left out is found if it ends a worker again."""

FILES_MAX: Final = 64
"""Supervisors that may share a folder; a further one has no file, and its memory is gone with it."""

_HEAD: Final = struct.Struct("<QQ")  # beats so far; milliseconds that the next may take
# Most records to decide at once, 0 for no limit; 1 while a server is waited for; bytes of what follows.
_SLOT: Final = struct.Struct("<III")
_HEAD_BYTES: Final = 64
_BYTES: Final = _HEAD_BYTES + SLOTS * SLOT_BYTES


class OffsetSpan(msgspec.Struct, frozen=True, array_like=True):
    """Records of one partition from offset `first` to `last`; `at` is Kafka's stamp of the first."""

    topic: str
    partition: int
    first: int
    last: int
    at: float


class InHand(msgspec.Struct, frozen=True):
    """What one delivery was deciding: how many records, and where they lie.

    `waiting`: it waited for a server's answer, so that whatever ended the process from outside is no sign.
    """

    name: str
    records: int
    spans: list[OffsetSpan]
    waiting: bool = False


class Slot:
    """The part of the memory that one delivery writes."""

    def __init__(self, memory: mmap.mmap, start: int, name: str) -> None:
        self._memory = memory
        self._start = start
        self._name = name

    def note(self, arrivals: Sequence[Arrival]) -> None:
        """Notes the records that are being decided."""
        # Neighbours of a batch that follow each other in their partition are one span.
        spans: list[OffsetSpan] = []
        for _, several in groupby(
            enumerate(arrivals),
            lambda placed: (placed[1].topic, placed[1].partition, placed[1].offset - placed[0]),
        ):
            neighbours = [arrival for _, arrival in several]
            first, last = neighbours[0], neighbours[-1]
            spans.append(OffsetSpan(first.topic, first.partition, first.offset, last.offset, first.timestamp))
        while len(raw := msgspec.json.encode(InHand(self._name, len(arrivals), spans))) > _ROOM:
            del spans[len(spans) // 2 :]
        body = self._start + _SLOT.size
        self._write(0)  # a reader in the middle of this reads nothing
        self._memory[body : body + len(raw)] = raw
        self._write(len(raw))

    def clear(self) -> None:
        """Notes that none is being decided."""
        self._write(0)

    def wait(self, waiting: bool) -> None:
        """Notes whether a server's answer is waited for."""
        records_max, _, length = _SLOT.unpack_from(self._memory, self._start)
        _SLOT.pack_into(self._memory, self._start, records_max, waiting, length)

    def read(self) -> InHand | None:
        """What was noted last and not cleared; None for nothing, and for what cannot be read."""
        _, waiting, length = _SLOT.unpack_from(self._memory, self._start)
        body = self._start + _SLOT.size
        with suppress(msgspec.MsgspecError):
            if 0 < length <= _ROOM:
                in_hand = msgspec.json.decode(self._memory[body : body + length], type=InHand)
                return msgspec.structs.replace(in_hand, waiting=waiting == 1)
        return None

    @property
    def records_max(self) -> int:
        """Most records that may be decided at once, as this or an earlier process found; 0 for no limit."""
        return int(_SLOT.unpack_from(self._memory, self._start)[0])

    @records_max.setter
    def records_max(self, records: int) -> None:
        _, waiting, length = _SLOT.unpack_from(self._memory, self._start)
        _SLOT.pack_into(self._memory, self._start, records, waiting, length)

    def _write(self, length: int) -> None:
        _SLOT.pack_into(self._memory, self._start, self.records_max, 0, length)


_ROOM: Final = SLOT_BYTES - _SLOT.size


class FlightRecorder:
    """The shared memory. Without a `folder` that can be written, it is gone with this process.

    A folder that is not there is made where its parent is.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = _taken_file(folder)
        # Without a file it is memory that a fork shares with its parent.
        self._memory = mmap.mmap(self._file.fileno() if self._file else -1, _BYTES)
        self._names: list[str] = []

    def slot(self, name: str) -> Slot:
        """The part of a delivery. Each process must ask for its names in the same order."""
        if name not in self._names:
            self._names.append(name)
        if (number := self._names.index(name)) >= SLOTS:
            raise ValueError(f"more than {SLOTS} deliveries")
        return Slot(self._memory, _HEAD_BYTES + number * SLOT_BYTES, name)

    def beat(self, patience_seconds: float) -> None:
        """Records a heartbeat; a worker whose next one takes longer than `patience_seconds` hangs."""
        beats, _ = _HEAD.unpack_from(self._memory)
        _HEAD.pack_into(self._memory, 0, (beats + 1) % (1 << 63), round(patience_seconds * 1000))

    @property
    def beats(self) -> int:
        """How many heartbeats there were."""
        return int(_HEAD.unpack_from(self._memory)[0])

    @property
    def patience_seconds(self) -> float:
        """How long the next heartbeat may take."""
        return float(_HEAD.unpack_from(self._memory)[1]) / 1000

    def unfinished(self) -> list[InHand]:
        """What was in hand when the process before us ended."""
        slots = (Slot(self._memory, _HEAD_BYTES + number * SLOT_BYTES, "") for number in range(SLOTS))
        return [in_hand for slot in slots if (in_hand := slot.read()) is not None]

    def settle(self) -> None:
        """Forget what was unfinished, and try half as many records at once where it was more than one."""
        for number in range(SLOTS):
            slot = Slot(self._memory, _HEAD_BYTES + number * SLOT_BYTES, "")
            if (in_hand := slot.read()) is not None:
                slot.records_max = max(1, in_hand.records // 2)
            slot.clear()


def _taken_file(folder: Path | None) -> IO[bytes] | None:
    """The first file that no other supervisor holds; locked for as long as it is open."""
    if folder is None:
        return None
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    for number in range(FILES_MAX):
        try:
            handle = os.open(
                folder / f"flight-recorder-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        try:
            # Reserved: on a full disk a later write into a hole would kill the worker (SIGBUS).
            if sys.platform == "linux":
                os.posix_fallocate(handle, 0, _BYTES)
            else:
                os.truncate(handle, _BYTES)
        except OSError:
            os.close(handle)
            return None
        return os.fdopen(handle, "r+b")
    return None
