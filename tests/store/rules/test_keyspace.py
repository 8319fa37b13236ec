"""The laws of a step, on one Redis, behind a Sentinel, and on a Cluster."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.waiting import wait_until
from store.base import Ruling
from store.common.key_digests import Addresses
from store.errors import StoreEmptied, StoreUnavailable
from store.limits import OPEN_ALERTS_A_BAN
from store.memory.keyspace import Dictionary
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.keyspace import RedisKeyspace
from store.rules.keyspace import Keyspace, Sight, Standing, Transaction, command, step
from store.rules.verdicts import DECISION, DecisionInForce
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_claim, a_proposal, nth

HOME, NAME = 0, "n:of-the-tests"
WORKERS: Final = 6
FIRST, SECOND = DecisionInForce(1.0), DecisionInForce(2.0)


@pytest.fixture(params=["one", "sentinel", "cluster"])
async def store(
    request: pytest.FixtureRequest, store_prefix: str, tmp_path: Path
) -> AsyncIterator[RedisStore]:
    """A store of three shards with a ban on it, so that it has an epoch."""
    made = a_store(
        RedisEndpoint(url=request.getfixturevalue("redis_url"), deadline_seconds=10.0), store_prefix
    )
    if request.param == "cluster":
        nodes = request.getfixturevalue("cluster").nodes
        where = tuple((LOOPBACK, node.port) for node in nodes)
        made = a_store(RedisEndpoint(cluster=where, deadline_seconds=10.0), store_prefix)
    if request.param != "sentinel":
        yield await opened(made)
        await made.close()
        return
    with (
        EmbeddedRedis(tmp_path / "redis", settings={"appendonly": "no"}) as master,
        Sentinel(tmp_path / "sentinel", master.port, quorum=1) as sentinel,
    ):
        assert wait_until(lambda: sentinel.master_seen()["flags"] == "master", 60)
        where = ((LOOPBACK, sentinel.port),)
        endpoint = RedisEndpoint(sentinels=where, service=MASTER_NAME, deadline_seconds=10.0)
        made = await opened(a_store(endpoint, store_prefix))
        yield made
        await made.close()


def a_store(endpoint: RedisEndpoint, prefix: str) -> RedisStore:
    return RedisStore(endpoint, prefix=prefix, identity=IDENTITY, sizes=Sizes(**SMALL))


async def opened(store: RedisStore) -> RedisStore:
    await store.open()
    await store.enrol([a_ban("9001")], now=NOW)
    return store


async def kept(keys: Keyspace) -> DecisionInForce | None:
    async def read(sight: Sight) -> DecisionInForce | None:
        (found,) = await sight.get([NAME], DECISION)
        return found

    return await step(keys, HOME, read)


async def put(keys: Keyspace, value: DecisionInForce) -> None:
    async def write(sight: Sight) -> None:
        sight.put(NAME, value)

    await step(keys, HOME, write)


async def test_key_that_changed_meanwhile_is_decided_anew(store: RedisStore) -> None:
    keys = RedisKeyspace(store.shards)
    seen: list[DecisionInForce | None] = []

    async def act(sight: Sight) -> int:
        seen.extend(await sight.get([NAME], DECISION))
        if len(seen) == 1:
            await put(keys, FIRST)
        sight.put(NAME, SECOND)
        sight.run("ZADD", "due-of-the-tests", 0, b"member")
        return len(seen)

    assert await step(keys, HOME, act) == 2
    assert seen == [None, FIRST]
    assert await kept(keys) == SECOND


class LosesReplies:
    """A keyspace that applies the first step, and then says that its keys had changed."""

    def __init__(self, keys: Keyspace) -> None:
        self.keys = keys
        self.addresses, self.homes, self.home = keys.addresses, keys.homes, keys.home
        self.ask, self.standing, self.together = keys.ask, keys.standing, keys.together
        self.applied = 0

    async def apply(self, steps: Sequence[Transaction]) -> list[bool]:
        applied = await self.keys.apply(steps)
        self.applied += sum(applied)
        return [False] if self.applied == 1 else applied


async def test_step_whose_reply_was_lost_finds_its_own_result_and_is_applied_once(store: RedisStore) -> None:
    keys = LosesReplies(RedisKeyspace(store.shards))
    turns: list[int] = []

    async def act(sight: Sight) -> int:
        await sight.get([NAME], DECISION)
        turns.append(len(turns))
        sight.put(NAME, DecisionInForce(float(len(turns))))
        return len(turns)

    assert await step(keys, HOME, act) == 1
    assert (keys.applied, await kept(keys.keys)) == (1, DecisionInForce(1.0))


async def test_step_under_another_epoch_fails_and_writes_nothing(store: RedisStore) -> None:
    keys = RedisKeyspace(store.shards)
    await put(keys, FIRST)
    epoch, store.shards.epoch = store.shards.epoch, "another"
    for attempt in (put(keys, SECOND), kept(keys)):
        with pytest.raises(StoreEmptied):
            await attempt
    store.shards.epoch = epoch
    assert await kept(keys) == FIRST


async def test_reader_asks_and_is_refused_every_write(redis_url: str, store_prefix: str) -> None:
    made = await opened(a_store(RedisEndpoint(url=redis_url, deadline_seconds=10.0), store_prefix))
    reader = a_store(RedisEndpoint(url=redis_url, deadline_seconds=10.0, read_only=True), store_prefix)
    await reader.open()
    keys = RedisKeyspace(reader.shards)
    assert await kept(keys) is None
    with pytest.raises(StoreUnavailable):
        await put(keys, FIRST)
    for each in (made, reader):
        await each.close()


async def test_pair_its_debt_and_what_its_ban_says_of_it_change_in_one_step(store: RedisStore) -> None:
    """A worker dies behind any step: what it leaves is a pair whose lists say the same."""
    await store.propose([a_proposal()], now=NOW)
    await store.confirm([a_claim(a_proposal())], now=NOW)
    ((alert,),) = await store.alerts_on(["x:9001"])
    counts = Counter[str]()
    real = RedisKeyspace.apply

    async def counted(self: RedisKeyspace, given: Sequence[Transaction]) -> list[bool]:
        counts.update(str(parts[1]).partition(":")[0] for it in given for parts in it.commands)
        counts["steps"] += len(given)
        return await real(self, given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RedisKeyspace, "apply", counted)
        await store.withdraw([alert], reason="reinstated", now=NOW)
    assert counts == {"steps": 1, "s": 1, "o": 1, "due": 1}
    assert [owed.revision for owed in await store.owed("holder", now=NOW)] == [nth(2)]


async def test_alert_that_was_noted_by_a_dead_worker_is_found_by_its_event_alone(store: RedisStore) -> None:
    proposal = a_proposal()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store._alerts, "_look_again", died)
        with pytest.raises(StoreUnavailable):
            await store.propose([proposal], now=NOW)
    other = a_proposal(claimant="another event")
    rulings = await store.propose([other, proposal], now=NOW)
    assert [it.ruling for it in rulings] == [Ruling.DUPLICATE, Ruling.PUBLISH]
    assert [len(several) for several in await store.alerts_about([proposal.account])] == [1]


async def died(*_: object) -> None:
    raise StoreUnavailable


async def test_six_workers_on_one_ban_seldom_decide_anew_and_read_little_of_it(
    redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    endpoint = RedisEndpoint(url=redis_url, deadline_seconds=30.0)
    workers = [a_store(endpoint, store_prefix) for _ in range(WORKERS)]
    for worker in workers:
        await opened(worker)
    retries: list[int] = []
    real = RedisKeyspace.apply

    async def counted(self: RedisKeyspace, given: Sequence[Transaction]) -> list[bool]:
        applied = await real(self, given)
        retries.extend(not done for done in applied)
        return applied

    async def works(worker: RedisStore, number: int) -> None:
        mirrors = [a_proposal(f"x:{n}") for n in range(number, OPEN_ALERTS_A_BAN, WORKERS)]
        for at in range(0, len(mirrors), 50):
            some = mirrors[at : at + 50]
            ruled = await worker.propose(some, now=NOW)
            claims = [a_claim(one, it.revision) for one, it in zip(some, ruled, strict=True)]
            await worker.confirm(claims, now=NOW)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RedisKeyspace, "apply", counted)
        await asyncio.gather(*(works(worker, number) for number, worker in enumerate(workers)))
    (alerts,) = await workers[0].alerts_on(["x:9001"])
    assert len(alerts) == OPEN_ALERTS_A_BAN
    assert sum(retries) <= 0.01 * len(retries), "no step compares what another pair's writes"
    with redis.Redis.from_url(redis_administrator) as client:
        before = client.info("stats")
        await workers[0].propose([a_proposal("x:0", claimant="again")], now=NOW)
        after = client.info("stats")
    moved = [after[name] - before[name] for name in ("total_net_input_bytes", "total_net_output_bytes")]
    assert sum(moved) <= 8_192
    for worker in workers:
        await worker.close()


# The dictionary replies as Redis does, to the commands that rules use.


COMMANDS: Final[list[tuple[str, str, *tuple[bytes | str | float, ...]]]] = [
    ("SET", "a", b"one", "NX", "EX", 60),
    ("SET", "a", b"two", "NX", "EX", 60),
    ("GET", "a"),
    ("DEL", "a"),
    ("GET", "a"),
    ("ZADD", "z", 2, b"b"),
    ("ZADD", "z", "NX", 1, b"b"),
    ("ZADD", "z", "LT", 3, b"b"),
    ("ZADD", "z", 2, b"a"),
    ("ZADD", "z", 5, b"c"),
    ("ZCARD", "z"),
    ("ZRANGE", "z", 0, -1),
    ("ZRANGE", "z", 0, 0, "WITHSCORES"),
    ("ZRANGE", "z", 0, 1),
    ("ZRANGEBYSCORE", "z", "-inf", "2", "LIMIT", 0, 1),
    ("ZRANGEBYSCORE", "z", "(2", "+inf", "LIMIT", 0, 10),
    ("ZREM", "z", b"a"),
    ("ZREMRANGEBYRANK", "z", 0, -2),
    ("ZRANGE", "z", 0, -1),
    ("ZREMRANGEBYSCORE", "z", "-inf", "5"),
    ("ZCARD", "z"),
    ("HSET", "h", b"f", b"v"),
    ("EXPIRE", "h", 60),
    ("HGET", "h", b"f"),
    ("HGETALL", "h"),
    ("HDEL", "h", b"f"),
    ("HLEN", "h"),
    ("HGETALL", "h"),
]
READS: Final = {"GET", "ZCARD", "ZRANGE", "ZRANGEBYSCORE", "HGET", "HGETALL", "HLEN"}


async def test_dictionary_replies_as_redis_does(redis_url: str, store_prefix: str) -> None:
    made = await opened(a_store(RedisEndpoint(url=redis_url, deadline_seconds=10.0), store_prefix))
    mine = Dictionary(Addresses(IDENTITY), lambda *_: Standing())
    for verb, name, *arguments in COMMANDS:
        asked = [command(HOME, verb, name + ":of-the-tests", *arguments)]
        both: tuple[Keyspace, ...] = (RedisKeyspace(made.shards), mine)
        if verb in READS:
            one, other = [as_text(await keys.ask(asked)) for keys in both]
            assert one == other, verb
        else:
            assert [await keys.apply([Transaction(HOME, (), [asked[0].parts])]) for keys in both] == [
                [True]
            ] * 2
    await made.close()


def as_text(reply: object) -> object:
    """A reply, with scores as numbers: Redis sends them as text."""
    if isinstance(reply, list):
        return [as_text(part) for part in reply]
    return float(reply) if isinstance(reply, bytes) and reply.isdigit() else reply
