"""Is this the store that we left? Emptied, laid out otherwise, full, read-only, away: said, not hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from local.redis import EmbeddedRedis
from samehand.normalize.text.fold import FOLD_VERSION
from store.base import Ban, Enrolled
from store.errors import StoreEmptied, StoreError, StoreMismatch, StoreUnavailable
from store.redis import RedisEndpoint, RedisStore, Sizes, store_meta
from store.redis.store_meta import UNFILLED
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query, a_remembered


@pytest.fixture(scope="module")
def server(redis_url: str) -> Iterator[EmbeddedRedis]:
    """A Redis that tests may harm (after ``redis_url``, which skips where none can be started)."""
    with EmbeddedRedis(settings={"appendonly": "no"}) as running:
        yield running


@pytest.fixture
def url(server: EmbeddedRedis) -> str:
    """Its address, empty and as it was at first."""
    if server.pid is None:
        server.start()
    with redis.Redis.from_url(server.administrator_url) as client:
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", "0")
        client.acl_setuser("default", commands=["+info"])
        client.flushall()
    return server.url


@pytest.fixture
def administrator(server: EmbeddedRedis) -> str:
    """Its address for who may do everything."""
    return server.administrator_url


async def opened(
    url: str, *, identity: bytes = IDENTITY, shards: int = 2, known: str = "", reads: bool = False
) -> RedisStore:
    """A store at an address; ``reads``: as a gate opens it."""
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=1.0, read_only=reads),
        prefix="samehand:",
        identity=identity,
        sizes=Sizes(shards=shards, **SMALL),
        known_epoch=known,
    )
    await store.open()
    return store


async def test_a_store_emptied_under_us_never_answers_nothing(url: str, administrator: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator) as client:
        client.flushall()
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    with pytest.raises(StoreEmptied):
        await store.remember([a_remembered()], now=NOW)
    reason = await store.ready()
    assert reason is not None
    assert "emptied" in reason
    await store.close()


async def test_one_shard_emptied_is_noticed_too(url: str, administrator: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator) as client:
        client.delete("samehand:{1}:e")
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    await store.close()


async def test_a_store_emptied_while_we_were_away_is_noticed_by_whoever_knew_its_epoch(
    url: str, administrator: str
) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    epoch = store.epoch
    await store.close()
    with redis.Redis.from_url(administrator) as client:
        client.flushall()
    with pytest.raises(StoreEmptied):
        await opened(url, known=epoch)


async def test_a_store_that_is_not_filled_yet_is_refused_to_whoever_knows_of_bans(url: str) -> None:
    with pytest.raises(StoreEmptied, match="samehand rebuild"):
        await opened(url, known=UNFILLED)
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    with pytest.raises(StoreEmptied, match="not to its end"):
        await opened(url, known=UNFILLED)
    known = await opened(url, known=rebuilder.epoch)  # as noted by then
    await known.close()
    await rebuilder.close()


async def test_a_store_that_an_enrolment_began_is_as_good_as_noted(url: str) -> None:
    """Its worker died before it noted the epoch."""
    first = await opened(url)
    await first.enrol([a_ban("1")], now=NOW)
    second = await opened(url, known=UNFILLED)
    assert second.epoch == first.epoch
    assert await second.ready() is None
    await first.close()
    await second.close()


async def test_a_store_that_is_not_filled_yet_answers_nobody(url: str) -> None:
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=1.0),
        prefix="samehand:",
        identity=IDENTITY,
        known_epoch=UNFILLED,
    )
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    assert "emptied" in (await store.ready() or "")
    await store.close()


async def test_a_rebuild_begins_again_and_the_old_epoch_is_over(url: str, administrator: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator) as client:
        client.flushall()
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    (candidates,) = await rebuilder.bans_like([a_query()], now=NOW)
    assert len(candidates) == 1
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    await store.close()
    await rebuilder.close()


async def test_a_rebuild_begins_again_where_some_shards_alone_lost_their_epoch(
    url: str, administrator: str
) -> None:
    store = await opened(url)
    await store.enrol([a_ban(str(n)) for n in range(8)], now=NOW)
    with redis.Redis.from_url(administrator) as client:
        client.delete(*client.scan_iter(match="samehand:{1}:*"))
    rebuilder = store
    with pytest.raises(StoreEmptied):
        await rebuilder.open()
    await rebuilder.begin_again()
    became = await rebuilder.enrol([a_ban(str(n)) for n in range(8)], now=NOW)
    assert {Enrolled.NEW, Enrolled.UNCHANGED} == set(became), "one shard was lost, the other was not"
    assert await rebuilder.ready() is None
    assert (await rebuilder.figures()).fingerprints == 8
    await store.close()


async def test_its_history_is_another_after_a_restart_and_the_same_otherwise(
    server: EmbeddedRedis, url: str
) -> None:
    store = await opened(url)
    history = await store.history()
    await store.enrol([a_ban("1")], now=NOW)
    assert history == await store.history() != ""
    server.stop()
    server.start()
    with pytest.raises(StoreUnavailable):
        await store.history()  # the old connection
    assert await store.history() not in ("", history)
    await store.close()


async def test_its_history_names_the_last_refilling(url: str) -> None:
    store = await opened(url)
    before = await store.history()
    await store.begin_again()
    assert (await store.history()).partition(":") == (store.epoch, ":", before.removeprefix(":"))
    await store.close()


async def test_a_server_that_does_not_tell_its_history_has_none(url: str, administrator: str) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator) as client:
        client.acl_setuser("default", enabled=True, nopass=True, commands=["-info"])
    assert await store.history() == ""
    await store.close()


def of_fold(version: int) -> Ban:
    """A ban whose fingerprint another program made."""
    ban = a_ban("1")
    return replace(ban, fingerprints=tuple(replace(one, fold_version=version) for one in ban.fingerprints))


@pytest.mark.parametrize("version", [FOLD_VERSION + 1, FOLD_VERSION + 2])
async def test_fingerprints_of_a_fold_that_we_do_not_read_are_refused(url: str, version: int) -> None:
    store = await opened(url)
    await store.enrol([of_fold(version)], now=NOW)
    await store.close()
    with pytest.raises(StoreMismatch, match=f"fold version {version}"):
        await opened(url)


async def test_those_of_the_fold_before_are_read_until_a_rebuild_has_finished(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 1)
    await store.open()
    await store.enrol([of_fold(FOLD_VERSION + 1)], now=NOW)
    await store.note_rebuilt()
    assert (await store.figures()).fold_versions == (FOLD_VERSION + 1,)
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 2)
    await store.open()
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 3)
    with pytest.raises(StoreMismatch):
        await store.open()
    await store.close()


async def test_a_worker_that_began_before_the_first_ban_learns_the_epoch(url: str) -> None:
    early, other = await opened(url), await opened(url)
    await other.enrol([a_ban("1")], now=NOW)
    await early.bans_like([a_query()], now=NOW)
    assert early.epoch == other.epoch
    await early.close()
    await other.close()


@pytest.mark.parametrize(
    ("change", "word"),
    [({"shards": 3}, "shards is 2 in Redis and 3 here"), ({"identity": b"other" * 8}, "identity")],
)
async def test_a_store_laid_out_otherwise_is_refused(url: str, change: dict[str, int], word: str) -> None:
    await (await opened(url)).close()
    with pytest.raises(StoreMismatch, match=word):
        await opened(url, **change)  # type: ignore[arg-type]  # one of either


async def test_out_of_memory_is_unavailable_and_ready_says_so(url: str, administrator: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator) as client:
        client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="OutOfMemory"):
            await store.enrol([a_ban("2")], now=NOW)
        reason = await store.ready()
        assert reason is not None
        assert "OutOfMemory" in reason
        client.config_set("maxmemory", "0")
    assert await store.ready() is None
    await store.close()


async def test_a_replica_that_cannot_write_is_not_ready_though_it_answers_ping(
    url: str, administrator: str
) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator) as client:
        client.replicaof("127.0.0.1", "1")
        assert client.ping()
    reason = await store.ready()
    assert reason is not None
    assert "ReadOnly" in reason
    await store.close()


async def test_a_server_that_is_gone_is_unavailable_and_comes_back(server: EmbeddedRedis, url: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    server.kill()
    with pytest.raises(StoreUnavailable):
        await store.bans_like([a_query()], now=NOW)
    assert await store.ready() is not None
    await store.close()


async def test_an_error_never_quotes_what_was_sent(url: str, administrator: str) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator) as client:
        client.set("samehand:{0}:b:c", "of another type")
        client.set("samehand:{1}:b:c", "of another type")
    with pytest.raises(StoreError) as fault:
        await store.enrol([a_ban("777888999", handle="zufar_zarif")], now=NOW)
    assert "zufar" not in str(fault.value)
    assert "777888999" not in str(fault.value)
    await store.close()


async def test_a_gate_says_that_no_worker_has_opened_a_store(url: str) -> None:
    gate = await opened(url, reads=True)
    assert "SAMEHAND_STORE_PREFIX" in (await gate.ready() or "")
    worker = await opened(url)
    assert await gate.ready() is None
    assert await gate.bans_like([a_query()], now=NOW) == [[]], "no account was banned yet"
    await gate.close()
    await worker.close()


async def test_a_gate_says_that_a_store_was_never_filled_until_it_is(url: str) -> None:
    with pytest.raises(StoreEmptied):
        await opened(url, known=UNFILLED)  # what a worker knows, a gate is told
    with pytest.raises(StoreEmptied, match="samehand rebuild"):
        await opened(url, reads=True)
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    with pytest.raises(StoreEmptied, match="not to its end"):
        await opened(url, reads=True)
    await rebuilder.note_rebuilt()
    gate = await opened(url, reads=True)
    assert await gate.ready() is None
    await gate.close()
    await rebuilder.close()


async def test_a_gate_that_runs_takes_up_a_store_that_was_rebuilt_and_not_before(
    url: str, administrator: str
) -> None:
    worker = await opened(url)
    await worker.enrol([a_ban("1")], now=NOW)
    gate = await opened(url, reads=True)
    with redis.Redis.from_url(administrator) as client:
        client.flushall()
    assert await gate.ready() is not None
    with pytest.raises(StoreEmptied):
        await worker.open()
    assert "samehand rebuild" in (await gate.ready() or "")
    await worker.begin_again()
    await worker.enrol([a_ban("1")], now=NOW)
    assert "not to its end" in (await gate.ready() or "")
    await worker.note_rebuilt()
    assert await gate.ready() is None
    (candidates,) = await gate.bans_like([a_query()], now=NOW)
    assert len(candidates) == 1
    await gate.close()
    await worker.close()


async def test_bans_enrolled_from_the_first_on_need_no_rebuild(url: str) -> None:
    """The group's offsets were set back instead."""
    with pytest.raises(StoreEmptied):
        await opened(url, known=UNFILLED)
    worker = await opened(url)
    await worker.enrol([a_ban("1")], now=NOW)
    gate = await opened(url, reads=True)
    assert await gate.ready() is None
    await gate.close()
    await worker.close()
