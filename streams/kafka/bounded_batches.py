"""Keeps batches that a client cannot read, or only with too much memory, from both Kafka clients.

A broker bounds a batch as it is stored (``max.message.bytes``, 1 MiB by default), and both clients unpack one
whole, without a setting for it: a mebibyte of gzip holds a gibibyte of zeros. One such batch, from anybody
who may write to a topic, would end every process that reads it, again after each restart; so would a codec
that is not installed, or a header whose key is no UTF-8, which brokers take. Here a batch is unpacked in
bounded memory, and read, before the client sees it. Where it exceeds a bound or cannot be read, the client is
given a single record in its place, which says why. That record is no JSON: it becomes a dead letter like any
other that nobody can read, and reading goes on behind it.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from kafka.record.default_records import (  # type: ignore[import-untyped]  # kafka-python ships no types
    DefaultRecordBatchBuilder,
)
from kafka.record.util import calc_crc32c  # type: ignore[import-untyped]  # kafka-python ships no types

from schemas.wire import MESSAGE_BYTES_MAX

UNPACKED_BYTES_MAX: Final = 16 << 20
"""Of one batch, and of those of one fetch of a partition but the last: a mebibyte of JSON that packs to a
sixteenth."""

RECORD_BYTES_MAX: Final = 2 * MESSAGE_BYTES_MAX
"""Of one record in a compressed batch. Some 2,000 wait in front of an agent, which accepts none over half of
it."""

_PREFIX: Final = struct.Struct(">qiib")
"""Base offset, length of what follows the length, leader epoch or checksum, format: alike in every format."""
_LENGTH_END: Final = 12
_HEADER: Final = struct.Struct(">qiibIhiqqqhii")
"""Of a batch of format 2. Its checksum covers everything from the attributes on."""
_ATTRIBUTES_AT: Final = 21
_LEGACY_ATTRIBUTES_AT: Final = 17
_CODECS: Final = {1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
_GZIP: Final = 1
_CODEC_MASK: Final = 0x07
_TRANSACTIONAL: Final = 0x10
_DAMAGED: Final = "compressed with gzip and damaged"
_FORMAT: Final = 2
_VARINT_BITS_MAX: Final = 35
_NO_MOMENT: Final = -1
_NO_PRODUCER: Final = (-1, -1, -1)

log = structlog.get_logger("samehand.topics")


def bounded(fetched: bytes, parse: Callable[[bytes], Any]) -> bytes:
    """Returns the batches of one fetch of a partition, with a record in place of each that cannot be read.

    ``parse``: how the client reads a fetch. The answer ends behind the batch with which the unpacked bytes
    reach their bound: the client fetches the rest again, from where it has read to. What fails its checksum
    stays as it is, and the client refuses it.
    """
    batches = list(_batches(memoryview(fetched)))
    if not batches:
        return fetched  # the client says that it is cut
    kept: list[bytes | memoryview] = []
    unpacked = 0
    for batch in batches:
        size, fault = _look_into(batch)
        fault = fault or _malformed(batch, parse)
        # A legacy batch is refused whatever it holds.
        if fault and (
            _is_legacy(batch) or calc_crc32c(batch[_ATTRIBUTES_AT:]) == _HEADER.unpack_from(batch)[4]
        ):
            kept.append(_stand_in(batch, fault))
        else:
            kept.append(batch)
        unpacked += size
        if unpacked >= UNPACKED_BYTES_MAX:
            break
    return b"".join(kept)


def _batches(view: memoryview) -> Iterator[memoryview]:
    at = 0
    while len(view) - at > _LEGACY_ATTRIBUTES_AT:
        length = _PREFIX.unpack_from(view, at)[1]
        end = at + _LENGTH_END + length
        if length < 0 or end > len(view):
            break  # the last one is cut where the fetch was full
        yield view[at:end]
        at = end


def _is_legacy(batch: memoryview) -> bool:
    format_: int = _PREFIX.unpack_from(batch)[3]
    return format_ < _FORMAT


def _look_into(batch: memoryview) -> tuple[int, str]:
    """Returns how many bytes were unpacked, and why the client must not unpack them or cannot."""
    at = _LEGACY_ATTRIBUTES_AT if _is_legacy(batch) else _ATTRIBUTES_AT + 1  # the low byte of two
    codec = batch[at] & _CODEC_MASK if at < len(batch) else 0
    if not codec:
        return len(batch), ""
    if _is_legacy(batch):
        return 0, "compressed in the format that Kafka had before 0.11"
    if codec != _GZIP:
        return 0, f"compressed with {_CODECS.get(codec, 'an unknown codec')}, which samehand does not read"
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(batch[_HEADER.size :])).read(UNPACKED_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error):
        return 0, _DAMAGED
    if len(unpacked) > UNPACKED_BYTES_MAX:
        return len(unpacked), f"compressed with gzip from more than {UNPACKED_BYTES_MAX:,} bytes"
    records, largest = _records_in(unpacked)
    if records != _HEADER.unpack_from(batch)[12]:
        return len(unpacked), _DAMAGED
    if largest > RECORD_BYTES_MAX:
        return len(unpacked), f"compressed with gzip, and one has more than {RECORD_BYTES_MAX:,} bytes"
    return len(unpacked), ""


def _malformed(batch: memoryview, parse: Callable[[bytes], Any]) -> str:
    """Returns why the client would raise within the batch, beyond which it would never come."""
    if _is_legacy(batch):
        return ""
    try:
        for _ in parse(bytes(batch)).next_batch():
            pass
    except Exception:  # each client has its own
        return "malformed, as by a header whose key is no UTF-8"
    return ""


def _records_in(unpacked: bytes) -> tuple[int, int]:
    """Returns how many records there are up to what is malformed, and the length of the largest."""
    records = largest = at = 0
    while at < len(unpacked):
        zigzag, shift, byte = 0, 0, 0x80
        while byte >= 0x80 and at < len(unpacked) and shift < _VARINT_BITS_MAX:
            byte = unpacked[at]
            zigzag |= (byte & 0x7F) << shift
            shift += 7
            at += 1
        length = zigzag >> 1
        at += length
        if zigzag & 1 or at > len(unpacked):
            break  # negative, or longer than what there is
        records += 1
        largest = max(largest, length)
    return records, largest


def _stand_in(batch: memoryview, fault: str) -> bytes:
    """Returns a batch of one record that says what is wrong, at the last offset of what it stands for."""
    if _is_legacy(batch):
        (base,) = struct.unpack_from(">q", batch)
        records, last, moment, attributes = 1, 0, _NO_MOMENT, 0
        producer: tuple[int, int, int] = _NO_PRODUCER
    else:
        header = _HEADER.unpack_from(batch)
        base, attributes, last, moment, records = header[0], header[5], header[6], header[8], header[12]
        producer = header[9:12]
    log.error("a batch was not read: a dead letter stands for it", records=records, offset=base, why=fault)
    builder = DefaultRecordBatchBuilder(
        magic=_FORMAT,
        compression_type=0,
        is_transactional=bool(attributes & _TRANSACTIONAL),
        producer_id=producer[0],
        producer_epoch=producer[1],
        base_sequence=producer[2],
        batch_size=MESSAGE_BYTES_MAX,
    )
    said = f"samehand: {records:,} records from offset {base} on are {fault}"
    builder.append(offset=last, timestamp=moment, key=None, value=said.encode(), headers=[])
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, base)  # outside of the checksum
    return bytes(made)


def bound_batches(fetcher: Any) -> None:
    """Makes a client read what `bounded` returns. ``fetcher``: the module of its fetcher."""
    parse = fetcher.MemoryRecords
    fetcher.MemoryRecords = lambda fetched: parse(bounded(fetched, parse))
