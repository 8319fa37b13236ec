"""A compressed batch costs no memory beyond its bound, and its neighbours are read."""

from __future__ import annotations

import gzip
import inspect
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pytest
from aiokafka.record.memory_records import (  # type: ignore[import-untyped]  # aiokafka ships no types
    MemoryRecords as Compiled,
)
from kafka.record import (  # type: ignore[import-untyped]  # kafka-python ships no types
    MemoryRecords as Plain,
)
from kafka.record import MemoryRecordsBuilder, default_records

from streams.faust_app import patches
from streams.kafka import client
from streams.kafka.bounded_batches import RECORD_BYTES_MAX, UNPACKED_BYTES_MAX, bounded
from streams.kafka.client import writer
from tests.streams.conftest import Stage
from tests.tables import for_each

CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
MEBIBYTE = bytes(1 << 20)
BOMB_MEBIBYTES = 64

clients = pytest.mark.parametrize("parse", [Compiled, Plain])
"""How aiokafka and kafka-python read a fetch."""


def zeros(mebibytes: int) -> bytes:
    """That many mebibytes of zeros, packed without holding them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(MEBIBYTE) for _ in range(mebibytes)), packer.flush()])


def varint(number: int) -> bytes:
    left, out = number << 1, bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


@contextmanager
def packing(payload: bytes) -> Iterator[None]:
    """Whatever kafka-python builds meanwhile has this behind its header, as if gzip had made it."""

    def pack(builder: Any) -> bool:
        builder._buffer[61:] = payload
        builder._compression_type = CODECS["gzip"]
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(default_records.DefaultRecordBatchBuilder, "_maybe_compress", pack)
        yield


class Latin(str):
    """A header's key that is sent in another encoding: brokers take it."""

    def encode(self, *_: object) -> bytes:
        return super().encode("latin-1")


def batch(
    values: list[bytes],
    *,
    base: int = 0,
    magic: int = 2,
    codec: str | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """A batch as a producer makes it."""
    built = MemoryRecordsBuilder(magic=magic, compression_type=CODECS.get(codec or "", 0), batch_size=1 << 26)
    for value in values:
        built.append(timestamp=1_700_000_000_000, key=b"k", value=value, headers=[*headers])
    built.close()
    made = bytearray(built.buffer())
    made[:8] = base.to_bytes(8, "big")
    return bytes(made)


def holding(payload: bytes, *, records: int = 1, base: int = 0) -> bytes:
    """A batch that says it holds so many records, packed with gzip."""
    with packing(payload):
        return batch([b"x"] * records, base=base)


def recoded(packed: bytes, codec: int) -> bytes:
    """The same batch as if it were packed with another codec."""
    made = bytearray(packed)
    made[22] = codec
    made[17:21] = default_records.calc_crc32c(memoryview(made)[21:]).to_bytes(4, "big")
    return bytes(made)


def read(parse: Callable[[bytes], Any], fetched: bytes) -> list[tuple[int, bytes]]:
    records = parse(bounded(fetched, parse))
    found = []
    while records.has_next():
        each = records.next_batch()
        assert each.validate_crc()
        found += [(record.offset, record.value) for record in each]
    return found


@clients
def test_what_is_packed_within_the_bounds_is_read_as_it_is(parse: Callable[[bytes], Any]) -> None:
    fetched = batch([b"a", b"b"]) + batch([b"c" * 1_000_000] * 15, base=2, codec="gzip")
    assert bounded(fetched, parse) == fetched
    assert len(read(parse, fetched)) == 17


@clients
@pytest.mark.parametrize("members", [1, 300], ids=["one", "one behind many small ones"])
def test_a_bomb_costs_no_more_than_the_bound(parse: Callable[[bytes], Any], members: int) -> None:
    bomb = gzip.compress(b"") * (members - 1) + zeros(64)
    fetched = b"".join(
        [
            batch([b"before"], base=0),
            holding(bomb, records=3, base=1),
        ]
    )
    tracemalloc.start()
    try:
        first, stand_in = read(parse, fetched)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first == (0, b"before")
    assert stand_in == (
        3,
        b"samehand: 3 records from offset 1 on are compressed with gzip from more than 16,777,216 bytes",
    )
    assert peak < 3 * UNPACKED_BYTES_MAX


@clients
def test_a_record_that_nobody_could_hold_many_of_is_none(parse: Callable[[bytes], Any]) -> None:
    fetched = batch([b"small", bytes(RECORD_BYTES_MAX)], codec="gzip")
    [(offset, said)] = read(parse, fetched)
    assert offset == 1
    assert b"one has more than" in said


@clients
@pytest.mark.parametrize("codec", ["snappy", "lz4", "zstd"])
def test_a_codec_that_is_not_installed_stops_nobody(parse: Callable[[bytes], Any], codec: str) -> None:
    fetched = recoded(batch([b"a", b"b"], codec="gzip"), CODECS[codec]) + batch([b"after"], base=2)
    (offset, said), last = read(parse, fetched)
    assert (offset, last) == (1, (2, b"after"))
    assert codec.encode() in said


@clients
@pytest.mark.parametrize(
    "payload", [b"", b"no gzip", gzip.compress(b"cut", mtime=0)[:-9], b"\x1f\x8b\x08" + bytes(40)]
)
def test_what_cannot_be_unpacked_stops_nobody(parse: Callable[[bytes], Any], payload: bytes) -> None:
    fetched = holding(payload, records=3) + batch([b"z"], base=3)
    (offset, _), last = read(parse, fetched)
    assert (offset, last) == (2, (3, b"z"))


@clients
@pytest.mark.parametrize("codec", [None, "gzip"])
def test_a_header_whose_key_is_no_utf8_stops_nobody(parse: Callable[[bytes], Any], codec: str | None) -> None:
    odd = batch([b"a", b"b"], base=1, codec=codec, headers=[(Latin("café"), b"1")])
    fetched = batch([b"before"]) + odd + batch([b"after"], base=3)
    first, (offset, said), last = read(parse, fetched)
    assert (first, offset, last) == ((0, b"before"), 2, (3, b"after"))
    assert said == (
        b"samehand: 2 records from offset 1 on are malformed, as by a header whose key is no UTF-8"
    )


@clients
def test_a_fetch_that_holds_no_whole_batch_is_left_to_the_client(parse: Callable[[bytes], Any]) -> None:
    cut = batch([b"a" * 100])[:-1]
    assert bounded(cut, parse) == cut


@clients
def test_what_fails_its_checksum_is_left_to_the_client(parse: Callable[[bytes], Any]) -> None:
    torn = bytearray(batch([b"a" * 100], codec="gzip"))
    torn[-9] ^= 1
    assert bounded(bytes(torn), parse) == torn
    assert not parse(bytes(torn)).next_batch().validate_crc()


def test_a_fetch_ends_behind_the_batch_that_fills_it() -> None:
    """A hundred batches of 10 MiB each would be a gibibyte: two are taken, and the others fetched again."""
    one = batch([bytes(1 << 20)] * 10, codec="gzip")
    assert bounded(one * 100, Plain) == one * 2


def test_so_it_ends_behind_a_bomb_whose_unpacking_takes_its_time() -> None:
    bomb = holding(zeros(17))
    assert len(read(Plain, bomb * 20)) == 1


@for_each("magic", [0, 1])
def test_a_format_that_no_broker_of_ours_writes_is_not_unpacked(magic: int) -> None:
    [(_, said)] = read(Plain, batch([b"v" * 1000], magic=magic, codec="gzip"))
    assert b"before 0.11" in said


@for_each("cut", range(1, 80))
def test_the_last_batch_of_a_fetch_may_be_cut_anywhere(cut: int) -> None:
    whole = batch([b"a" * 50], codec="gzip")
    assert read(Plain, whole + whole[:-cut]) == [(0, b"a" * 50)]


def test_both_clients_read_through_it() -> None:
    for module, name in ((patches, "aiokafka_fetcher"), (client, "kafka_fetcher")):
        fetcher = getattr(module, name)
        assert fetcher.MemoryRecords.__module__ == bounded.__module__
        assert "records = MemoryRecords(" in inspect.getsource(fetcher)


@pytest.fixture
def brought(request: pytest.FixtureRequest) -> Stage:
    return cast(Stage, request.getfixturevalue(request.param))


@pytest.mark.journey
@pytest.mark.parametrize(
    "brought", ["stage", pytest.param("kafka_stage", marks=pytest.mark.kafka)], indirect=True
)
def test_a_worker_reads_on_behind_what_it_cannot_read(
    brought: Stage,
) -> None:
    """Zeros in one record, four times what may be unpacked, and a header's key in Latin-1."""
    zeros_bytes = BOMB_MEBIBYTES << 20
    body = b"\x00\x00\x00" + varint(1) + b"k" + varint(zeros_bytes)
    record = varint(len(body) + zeros_bytes + 1) + body
    packer = zlib.compressobj(9, wbits=31)
    bomb = [
        packer.compress(record),
        *(packer.compress(MEBIBYTE) for _ in range(BOMB_MEBIBYTES)),
        packer.compress(b"\x00"),
    ]
    brought.send([b"before"])
    with packing(b"".join([*bomb, packer.flush()])):
        brought.send([b"bomb"])
    with writer(brought.settings) as out:
        odd = out.send(brought.names.created, key=b"0", value=b"odd", headers=[(Latin("café"), b"1")])
        odd.get(timeout=60.0)
    brought.send([b"after"])
    brought.start()
    brought.until(lambda: brought.echoed().total() == 4)
    assert brought.echoed().keys() >= {b"before", b"after"}
