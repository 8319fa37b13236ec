"""Redis servers: who may do what there, what they say of themselves, and what happens when they fail."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import ADMINISTRATOR, PASSWORD, WORKER, EmbeddedRedis, worker_rules
from local.redis_cluster import RedisCluster
from local.waiting import wait_until
from samehand.lineage import Descent
from store.base import Ban, ConfirmedEntry, Enrolled, Proposal, Ruled, Ruling, Store
from store.bounds import Bounds
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.client import RedisClient, together
from store.redis.resharding import Resharding
from store.redis.server_info import Inspection
from tests.house import ROOT
from tests.redis_user import NAME, USERS, commands, with_password
from tests.redis_user import PASSWORD as USER_PASSWORD
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import (
    IDENTITY,
    NOW,
    a_ban,
    a_claim,
    a_decision,
    a_member,
    a_proposal,
    a_query,
    a_remembered,
    nth,
    open_on,
)
from tests.store.redis.test_writes import RESHARDING
from tests.store.slot_move import SlotMove
from tests.trips import trips

# Commands that are sent at the same time share a trip to Redis, and nothing else.


COMMANDS = 300


@pytest.fixture
async def client(redis_administrator: str) -> AsyncIterator[RedisClient]:
    """A client that has a connection already."""
    client = RedisClient(RedisEndpoint(url=redis_administrator, deadline_seconds=10.0))
    await client.command("PING")
    yield client
    await client.close()


async def test_many_commands_are_one_trip_and_each_has_its_answer(
    client: RedisClient, store_prefix: str
) -> None:
    with trips() as counted:
        await together([client.command("SET", f"{store_prefix}{n}", n) for n in range(COMMANDS)])
        assert counted.waited == 1
        found = await together([client.command("GET", f"{store_prefix}{n}") for n in range(COMMANDS)])
        assert counted.waited == 2
    assert found == [str(n).encode() for n in range(COMMANDS)]


async def test_an_error_is_of_one_command_alone(client: RedisClient, store_prefix: str) -> None:
    key = f"{store_prefix}text"
    await client.command("SET", key, "words")
    commands = [client.command("GET", key), client.command("HGET", key, "field")]
    right, refused = await asyncio.gather(*commands, return_exceptions=True)
    assert right == b"words"
    assert isinstance(refused, StoreUnavailable)


async def test_who_stops_waiting_takes_no_answer_from_others(client: RedisClient, store_prefix: str) -> None:
    key = f"{store_prefix}text"
    await client.command("SET", key, "words")
    given_up = asyncio.create_task(client.command("STRLEN", key))
    kept = asyncio.create_task(client.command("GET", key))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == b"words"
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await client.command("STRLEN", key) == 5


async def test_a_server_that_is_away_is_told_to_everybody_who_asked() -> None:
    client = RedisClient(RedisEndpoint(url="redis://127.0.0.1:1/0", deadline_seconds=5.0))
    answers = await asyncio.gather(*(client.command("GET", str(n)) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in answers] == [StoreUnavailable] * 3
    await client.close()


# What servers say of themselves, alone and in a cluster.


async def test_one_server_is_asked_for_what_matters(redis_administrator: str) -> None:
    inspection = Inspection(RedisEndpoint(url=redis_administrator))
    (server,) = await inspection.servers()
    assert (server.policy, server.appends, server.saves) == ("noeviction", True, False)
    assert (server.replicas, server.tells_history) == (0, True)
    assert not await inspection.exists("nothing")
    await inspection.close()


async def test_a_worker_is_told_all_but_of_snapshots() -> None:
    with EmbeddedRedis() as server:
        inspection = Inspection(RedisEndpoint(url=server.url))
        (found,) = await inspection.servers()
        assert (found.policy, found.appends, found.saves) == ("noeviction", True, None)
        assert (found.replicas, found.tells_history) == (0, True)
        assert not await inspection.exists("samehand-nothing")
        await inspection.close()


async def test_each_master_of_a_cluster_is_asked(cluster: RedisCluster) -> None:
    inspection = Inspection(
        RedisEndpoint(
            cluster=((LOOPBACK, cluster.nodes[0].port),),
            deadline_seconds=5.0,
            options={"username": ADMINISTRATOR, "password": PASSWORD},
        )
    )
    servers = await inspection.servers()
    assert sorted(server.address for server in servers) == sorted(node.address for node in cluster.nodes)
    assert {server.appends for server in servers} == {True}
    await inspection.close()


async def test_a_server_that_tells_nothing_is_asked_all_the_same(redis_url: str) -> None:
    with EmbeddedRedis(settings={"appendonly": "no"}).start() as server:
        with server.administrator() as administrator:
            administrator.acl_setuser("default", enabled=True, nopass=True, commands=["-info"])
        inspection = Inspection(RedisEndpoint(url=server.url))
        (found,) = await inspection.servers()
        assert (found.policy, found.appends, found.replicas, found.tells_history) == (None, None, None, False)
        await inspection.close()


async def test_one_that_is_away_is_unavailable() -> None:
    inspection = Inspection(RedisEndpoint(url="redis://127.0.0.1:1/0"))
    with pytest.raises(StoreUnavailable):
        await inspection.servers()
    await inspection.close()


# Sentinels that let nobody in without a name: a store behind them is found with it, and not without.


_PASSWORD = "only-of-this-test"  # a server on loopback that lives as long as the test


@pytest.fixture
def sentinel(redis_url: str, tmp_path: Path) -> Iterator[Sentinel]:
    """One Sentinel with a password, and its master (after ``redis_url``, which skips where there is none)."""
    with EmbeddedRedis(tmp_path / "redis", settings={"appendonly": "no"}) as master:
        alone = Sentinel(tmp_path / "sentinel", master.port, quorum=1, password=_PASSWORD)
        with alone:
            # It names its master once it has spoken to it.
            assert wait_until(lambda: alone.master_seen()["flags"] == "master", 60)
            yield alone


def store_behind(sentinel: Sentinel, options: dict[str, str], deadline_seconds: float = 10.0) -> RedisStore:
    """The store of the master that the Sentinel names."""
    return RedisStore(
        RedisEndpoint(
            sentinels=((LOOPBACK, sentinel.port),),
            service=MASTER_NAME,
            deadline_seconds=deadline_seconds,
            sentinel_options=options,
        ),
        prefix="samehand:",
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
    )


async def test_a_worker_that_says_its_name_to_sentinels_is_told_the_master(sentinel: Sentinel) -> None:
    store = store_behind(sentinel, {"username": WORKER, "password": _PASSWORD})
    await store.open()
    await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
    (found,) = await store.bans_like([a_query("q", handle="um4r.media")], now=NOW)
    assert len(found) == 1
    await store.close()


@pytest.mark.parametrize("options", [{}, {"username": WORKER, "password": "of-somebody-else"}])
async def test_who_says_no_name_or_a_wrong_password_is_told_that_redis_is_not_there(
    sentinel: Sentinel, options: dict[str, str]
) -> None:
    store = store_behind(sentinel, options, deadline_seconds=1.0)
    with pytest.raises(StoreUnavailable) as refused:
        await store.open()
    assert "of-somebody-else" not in str(refused.value)
    await store.close()


# All bans of a store, told one after another: another layout filled with them answers the same.


def a_store(url: str, prefix: str, sizes: Sizes) -> RedisStore:
    """A store under a prefix."""
    return RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0), prefix=prefix, identity=IDENTITY, sizes=sizes
    )


def a_handle(number: int) -> str:
    """One of many: what more bans share than a posting lists depends on who came first."""
    digits = f"{number * 77_368_637_368_631 % 10**14:014}"
    return "".join(
        "bcdfghjklmnpqrstvwxz"[int(pair) % 20] + "aeiou"[int(pair) // 20]
        for pair in (digits[at : at + 2] for at in range(0, 14, 2))
    )


@pytest.mark.parametrize("fewer", [False, True])
async def test_the_same_bans_in_another_layout_are_found_alike(
    redis_url: str, store_prefix: str, fewer: bool
) -> None:
    """However full its postings are. Where a bucket holds more, false entries make some keys look less rare,
    and propose a few who share none.
    """
    old = a_store(redis_url, store_prefix + "old:", Sizes(**SMALL))
    sizes = {**SMALL, "bans": 50} if fewer else SMALL
    new = a_store(redis_url, store_prefix + "new:", Sizes(**sizes))
    await old.open()
    await new.open()
    bans = [a_ban(str(n), handle=a_handle(n % 200)) for n in range(560)]
    await old.enrol(bans, now=NOW)
    await old.expunge([(ban.account, NOW) for ban in bans[::9]], now=NOW)
    async for batch in old.walk():
        await new.enrol(batch, now=NOW)
    found: dict[str, Ban] = {ban.account: ban async for batch in new.walk() for ban in batch}
    assert found == {ban.account: ban for place, ban in enumerate(bans) if place % 9}
    queries = [a_query("q", handle=a_handle(n) + "x") for n in range(60)]
    answers = []
    for store in (old, new):
        likes = await store.bans_like(queries, now=NOW)
        answers.append(
            [
                list(zip(await store.facts([one.ref for one in several]), several, strict=True))
                for several in likes
            ]
        )
        await store.close()
    by_chance = 0
    for mine, its in zip(*answers, strict=True):
        if fewer:
            sought, told = ({facts.account_id for facts, _ in several} for several in (mine, its))
            assert sought <= told
            by_chance += len(told - sought)
        else:
            assert [(facts, one.rank) for facts, one in mine] == [(facts, one.rank) for facts, one in its]
    assert by_chance < len(queries)


# The same stories on a real cluster of three masters.


# A dead master is noticed after 2 s, and another elected within a second or two.
FAILOVER_SECONDS = 8.0
RECOVERED_SECONDS_MAX = 60.0  # on a machine busy with other tests an election takes long
# Two commands of a second each, and that busy machine.
LATE_SECONDS = 15.0


async def test_a_cluster_answers_as_the_reference_does(cluster: RedisCluster) -> None:
    reference = MemoryStore(Bounds(), IDENTITY)
    store = RedisStore(
        RedisEndpoint(cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes), deadline_seconds=10.0),
        prefix="samehand-alike:",
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
    )
    await store.open()
    bans = [a_ban(str(n), handle=f"umar_media_{n % 9}", descent=Descent("x:0", 1)) for n in range(60)]
    for one in (reference, store):
        assert await one.enrol(bans, now=NOW) == [Enrolled.NEW] * 60
        await one.remember([a_remembered(f"r{n}") for n in range(40)], now=NOW)
        await one.expunge([(f"x:{n}", NOW) for n in range(20)], now=NOW)
        assert await one.propose([a_proposal(banned="x:30"), a_proposal(banned="x:3")], now=NOW) == [
            Ruled(Ruling.PUBLISH, nth(1)),
            Ruled(Ruling.NOT_BANNED, 0),
        ]
    queries = [a_query("q", handle=f"um4r.media{n}") for n in range(9)]
    expected = await reference.bans_like(queries, now=NOW)
    found = await store.bans_like(queries, now=NOW)
    assert [[one.fingerprint for one in several] for several in found] == [
        [one.fingerprint for one in several] for several in expected
    ]
    assert [[one.rank for one in several] for several in found] == [
        [one.rank for one in several] for several in expected
    ]
    assert await store.bans([ban.account for ban in bans]) == await reference.bans(
        [ban.account for ban in bans]
    )
    assert len((await store.remembered_like([a_query("q")], now=NOW))[0]) == 40
    assert (await store.figures()).fingerprints == 40
    assert await store.ready() is None
    await store.close()
    for node in cluster.nodes:
        with node.administrator() as connection:
            assert connection.dbsize(), "every master should hold a part"


async def test_a_slot_that_moves_under_load_is_an_outage_and_then_over(cluster: RedisCluster) -> None:
    """Half of a tag's keys lie on one master and half on another: nobody reads or writes there meanwhile.

    A script names few of the keys that it reads. Sent on to the new master it would find nothing there yet,
    and take the store for an emptied one.
    """
    sizes, prefix = Sizes(**SMALL), "samehand-moving:"
    endpoint = RedisEndpoint(
        cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes), deadline_seconds=1.0
    )
    bounds = Bounds()
    store = RedisStore(endpoint, prefix=prefix, identity=IDENTITY, sizes=sizes, bounds=bounds)
    await store.open()
    bans = [a_ban(f"b{n}", handle=f"umar_media_{n}") for n in range(120)]
    seen = [a_remembered(f"r{n}", handle=f"umar_media_{n}") for n in range(120)]
    outages: list[StoreUnavailable] = []
    done: list[int] = []
    await asyncio.gather(store.enrol(bans[:60], now=NOW), store.remember(seen[:60], now=NOW))

    async def work(numbers: range) -> None:
        """As workers do: what was not acknowledged is told again until it is."""
        for number in numbers:
            while True:
                try:
                    await store.enrol([bans[number]], now=NOW)
                    await store.remember([seen[number]], now=NOW)
                    (found,) = await store.bans_like([a_query("q")], now=NOW, keep=200)
                    assert len(found) >= 60
                    break
                except StoreUnavailable as outage:
                    outages.append(outage)
            done.append(number)

    move = SlotMove(cluster, f"{prefix}{{00}}:e")
    await asyncio.to_thread(move.begin)
    await asyncio.to_thread(move.carry_half)
    workers = [asyncio.create_task(work(range(60 + at, 120, 4))) for at in range(4)]
    late_at = time.monotonic() + LATE_SECONDS
    while len(outages) < len(workers):
        assert time.monotonic() < late_at
        await asyncio.sleep(0.01)
    await asyncio.to_thread(move.finish)
    await asyncio.wait_for(asyncio.gather(*workers), RECOVERED_SECONDS_MAX)
    reference = MemoryStore(bounds, IDENTITY)
    await reference.enrol(bans, now=NOW)
    await reference.remember(seen, now=NOW)
    queries = [a_query("q", handle=f"umar_media_{n}") for n in (3, 70, 119)]
    for like in ("bans_like", "remembered_like"):
        found, expected = [await getattr(one, like)(queries, now=NOW) for one in (store, reference)]
        assert [[one.fingerprint for one in several] for several in found] == [
            [one.fingerprint for one in several] for several in expected
        ]
    assert (await store.figures()).fingerprints == len(bans)
    await store.close()


async def test_a_store_on_a_cluster_is_carried_into_another_layout(cluster: RedisCluster) -> None:
    """Tags lie on three masters, before and after; what no topic brings again is there in the end."""

    def layout(number: int, *, carrying: bool = False) -> RedisStore:
        return RedisStore(
            RedisEndpoint(
                cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes),
                deadline_seconds=10.0,
                options={"username": ADMINISTRATOR, "password": PASSWORD},
            ),
            prefix=f"samehand-resharded-{number}:",
            identity=IDENTITY,
            sizes=Sizes(**{**SMALL, "bans": number * 1_000}),
            carrying=carrying,
        )

    before, after = layout(2), layout(6)
    ban, seen = a_ban("9001"), [a_remembered(f"r{n}") for n in range(40)]
    await before.open()
    await before.enrol([ban], now=NOW)
    await before.remember(seen, now=NOW)
    assert await before.propose([a_proposal()], now=NOW) == [Ruled(Ruling.PUBLISH, nth(1))]
    one = Resharding(layout(2, carrying=True), layout(6, carrying=True))
    await one.begin()
    await one.carry_remembered(NOW, lambda _: None)
    await one.close_source()
    await one.carry_remembered(NOW, lambda _: None)
    await one.carry_rest(lambda _: None)
    await one.finish()
    await after.open()
    await after.enrol([ban], now=NOW)
    (found,) = await after.remembered_like([a_query("q")], now=NOW)
    facts = await after.remembered_facts([candidate.ref for candidate in found])
    assert {fact.account for fact in facts if fact} == {account.account for account in seen}
    (opened,) = await open_on(after, ban.account)
    assert [alert.alert_id for alert in opened] == [a_proposal().alert_id]
    for store in (before, after):
        await store.close()


async def test_a_failover_is_an_outage_and_then_over(redis_url: str) -> None:
    """Whatever redis-py trips over meanwhile, callers see outages alone, each within its deadline."""
    with RedisCluster(replicas=True) as nodes:
        store = RedisStore(
            RedisEndpoint(
                cluster=tuple((LOOPBACK, node.port) for node in nodes.nodes),
                deadline_seconds=1.0,
                options={"socket_timeout": 0.25, "socket_connect_timeout": 0.25},
            ),
            prefix="samehand:",
            identity=IDENTITY,
            sizes=Sizes(**SMALL),
        )
        await store.open()
        before = await store.history()
        outages: list[StoreUnavailable] = []
        done_at = time.monotonic() + FAILOVER_SECONDS

        async def ask() -> None:
            while time.monotonic() < done_at:
                began = time.monotonic()
                try:
                    await store.history()
                except StoreUnavailable as outage:
                    outages.append(outage)
                assert time.monotonic() - began < LATE_SECONDS
                await asyncio.sleep(0.01)

        askers = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0.5)
        nodes.masters[1].kill()
        await asyncio.gather(*askers)
        assert outages
        recovered_by = time.monotonic() + RECOVERED_SECONDS_MAX
        while await store.ready() is not None:
            assert time.monotonic() < recovered_by
        assert await store.history() not in ("", before)
        await store.close()


# What the worker's user may do in Redis: what the store sends, and nothing besides.


SOURCES = [
    path
    for room in ("redis", "rules")
    for kind in ("*.py", "*.lua")
    for path in (ROOT / "store" / room).rglob(kind)
]
#: Sent by the client to find its way in a cluster, and to another database than the first. CLIENT SETINFO,
#: which it sends too and may be refused, would keep Redis 7.0 from starting: it does not know it.
OF_THE_CLIENT = {"cluster|slots", "asking", "command", "select"}
#: Sent by `samehand doctor`, which says what it could not see without, and by `samehand rebuild --into`.
OF_ADMINISTRATORS = {"config"} | RESHARDING
#: Sent by workers of 0.2.0, which run beside new ones during an upgrade; they go with the next release.
OF_THE_FORMER_RELEASE = {"lindex", "llen", "lpop", "lrange", "lrem", "rpush", "strlen"}


def sent() -> set[str]:
    """The commands that the store's Python and Lua send, as literals; a script's ends in how it is run."""
    found = set()
    for path in SOURCES:
        for name, how in re.findall(
            r"""(?:call|run|command|command_of)\(\s*(?:\w+,\s*)?f?["']([A-Z_]{3,})(\{how\})?["']""",
            path.read_text("utf-8"),
        ):
            found |= {name.lower(), f"{name}_RO".lower()} if how else {name.lower()}
    return found


def test_it_may_send_what_the_store_sends_and_no_more() -> None:
    assert sent() - OF_ADMINISTRATORS == commands() - OF_THE_CLIENT - OF_THE_FORMER_RELEASE


def test_nobody_else_is_let_in_and_nobody_without_a_password() -> None:
    lines = USERS.read_text("utf-8").splitlines()
    assert lines[0] == "user default off"
    assert len(lines) == 2
    assert {"resetkeys", "resetchannels", "-@all"} <= set(worker_rules())
    assert not [rule for rule in worker_rules() if rule == "nopass" or rule[0] in "#>"]


def test_the_script_puts_the_digest_of_the_password_in(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{USER_PASSWORD}\n", "utf-8")
    done = subprocess.run(
        [ROOT / "deploy" / "redis" / "users.sh", secret], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"user default off\n{with_password()}\n"


def test_it_refuses_an_empty_password(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("\n", "utf-8")
    done = subprocess.run([ROOT / "deploy" / "redis" / "users.sh", secret], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.fixture(params=["without a name", "by name and password"])
def worker(
    request: pytest.FixtureRequest, redis_url: str, redis_user: dict[str, str]
) -> Iterator[redis.Redis]:
    """A connection with a worker's rights."""
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    named = redis_user if request.param == "by name and password" else {}
    with redis.Redis.from_url(redis_url, **named) as connection:
        yield connection


@pytest.mark.parametrize(
    "command",
    [
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("SHUTDOWN", "NOSAVE"),
        ("MONITOR",),
        ("PUBLISH", "samehand", "x"),
        ("SCRIPT", "FLUSH"),
        ("GET", "another-service"),
        ("EVAL", "return redis.call('GET', 'another-service')", "0"),
        ("EVAL", "return redis.call('FLUSHALL')", "0"),
    ],
    ids=" ".join,
)
def test_what_it_need_not_do_is_refused(worker: Any, command: tuple[str, ...]) -> None:
    with pytest.raises(redis.ResponseError, match=r"(?i)permission|ACL failure|NOPERM"):
        worker.execute_command(*command)


def test_who_says_no_name_on_servers_of_tests_has_its_rights_exactly(
    redis_administrator: str, redis_user: dict[str, str]
) -> None:
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    with redis.Redis.from_url(redis_administrator, decode_responses=True) as administrator:
        told: list[Any] = [administrator.acl_getuser(name) for name in ("default", NAME)]
    nobody, named = (
        {about: user[about] for about in ("categories", "commands", "keys", "channels", "selectors")}
        for user in told
    )
    assert nobody == named
    assert nobody["categories"] == ["-@all"]


async def test_it_finds_its_way_to_another_database() -> None:
    with EmbeddedRedis() as server:
        store = RedisStore(
            RedisEndpoint(url=server.url.removesuffix("/0") + "/2", deadline_seconds=10.0),
            prefix="samehand",
            identity=IDENTITY,
            sizes=Sizes(**SMALL),
        )
        await store.open()
        assert await store.ready() is None
        await store.close()
        with server.administrator() as administrator:
            assert list(administrator.info("keyspace")) == ["db2"]


async def test_it_finds_its_way_in_a_cluster(cluster: RedisCluster) -> None:
    """Every node knows the user, as where each loads the file."""
    for node in cluster.nodes:
        with node.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", *with_password().split()[1:])
    store = RedisStore(
        RedisEndpoint(
            cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes),
            deadline_seconds=10.0,
            options={"username": NAME, "password": USER_PASSWORD},
        ),
        prefix="samehand-by-name",
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
    )
    await store.open()
    await store.enrol([a_ban(str(n), handle=f"umar_media_{n}") for n in range(12)], now=NOW)
    (found,) = await store.bans_like([a_query("q", handle="umar_media_3")], now=NOW)
    assert found
    assert await store.ready() is None
    await store.close()


# What never reaches Redis, and what is gone after a reinstatement: the whole keyspace is read.


PERSONAL: dict[str, Any] = {
    "email": "umar.test.person@example.org",
    "phone": "+923001234567",
    "device_id": "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11",
    "ip": "39.40.17.29",
    "payment_token": "tok_4929000011112222",
}
BIO = "News. Write to umar.test.person@example.org or +92 300 1234567, server 39.40.17.29"
RAW = (
    *PERSONAL.values(),
    "umar.test.person",
    "umartestperson",
    "923001234567",
    "3001234567",
    "f3b1c9d277aa4e5f9b1e2f6c1d0e9a11",
    "39.40.17",
    "4929000011112222",
)


def everything(client: redis.Redis, prefix: str) -> Iterator[bytes]:
    """Every key and value of every type, and what values inflate to where they are compressed."""
    key: Any
    for key in client.scan_iter(match=f"{prefix}*", count=1_000):
        yield key
        kind = client.type(key)
        values: list[Any]
        if kind == b"string":
            values = [value for value in [client.get(key)] if value is not None]
        elif kind == b"hash":
            values = [part for pair in client.hgetall(key).items() for part in pair]
        elif kind == b"list":
            values = client.lrange(key, 0, -1)
        elif kind == b"set":
            values = list(client.smembers(key))
        elif kind == b"zset":
            values = client.zrange(key, 0, -1)
        elif kind == b"none":  # a lease that ended since the scan named it
            values = []
        else:
            pytest.fail(f"{key!r} is a {kind!r}, which this test cannot read")
        for value in values:
            assert isinstance(value, bytes)
            yield value
            for start in re.finditer(rb"[\x78\x1f]", value[:64]):
                inflated = _inflated(value[start.start() :])
                if inflated:
                    yield inflated


def _inflated(value: bytes) -> bytes | None:
    try:
        return zlib.decompress(value, wbits=47)
    except zlib.error:
        return None


@pytest.fixture
async def store(redis_url: str, store_prefix: str) -> RedisStore:
    store = RedisStore(
        RedisEndpoint(url=redis_url), prefix=store_prefix, identity=IDENTITY, sizes=Sizes(**SMALL)
    )
    await store.open()
    return store


def holding(client: redis.Redis, prefix: str, words: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """Which of the words stand where, in small letters or as they are, as text or in UTF-16."""
    needles = [(word, word.lower().encode()) for word in words]
    return [
        (word, blob[:80])
        for blob in everything(client, prefix)
        for word, raw in needles
        if raw in blob.lower()
    ]


async def test_raw_personal_values_never_reach_redis(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    await store.enrol([a_ban("1", bio=BIO, **PERSONAL)], now=NOW)
    await store.remember([a_remembered("2", bio=BIO, **PERSONAL)], now=NOW)
    with redis.Redis.from_url(redis_administrator) as client:
        assert holding(client, store_prefix, ("umar_media",)), "what alerts quote should be there"
        assert holding(client, store_prefix, RAW) == []
    await store.close()


async def test_after_a_reinstatement_nothing_names_the_account(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    lifted = a_ban(
        "88112233445566", handle="zufar_zarif", display_name="Zufar Zarif", expires_at=NOW + 60, **PERSONAL
    )
    await store.enrol([lifted, a_ban("2", descent=Descent(lifted.account, 1))], now=NOW)
    await store.remember([a_remembered("88112233445566", handle="zufar_zarif"), a_remembered("3")], now=NOW)
    await store.join(
        [a_member(lifted.account, Descent("x:2", 1)), a_member("x:3", Descent(lifted.account, 1))], now=NOW
    )
    proposals = [a_proposal(f"x:{n}", lifted.account, payload=b"on zufar_zarif") for n in (3, 4)]
    await store.propose(proposals, now=NOW)
    await store.confirm([a_claim(one) for one in proposals], now=NOW)
    await store.decide([a_decision(proposals[1].alert_id)], now=NOW)
    words = ("88112233445566", "zufar", "zarif", "zfrzrf")
    with redis.Redis.from_url(redis_administrator) as client:
        before = len(list(everything(client, store_prefix)))
        assert holding(client, store_prefix, words)
        await store.expunge([(lifted.account, NOW)], now=NOW)
        owed = await store.owed("holder", now=NOW)
        assert len(owed) == 2
        await store.settle(
            [ConfirmedEntry(one.alert.alert_id, one.alert.banned, one.revision) for one in owed]
        )
        assert holding(client, store_prefix, words) == []
        assert len(list(everything(client, store_prefix))) < before
        kept = list(client.scan_iter(match=f"{store_prefix}*:m:*"))
        assert [client.ttl(key) > 0 for key in kept] == [True]
    await store.close()


async def test_enrolling_and_expunging_leaves_no_posting_behind(
    store: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    bans = [
        a_ban(str(n), handle=f"umar_media_{n % 7}", expires_at=NOW + 60 * n + 60, **PERSONAL)
        for n in range(40)
    ]
    await store.enrol(bans, now=NOW)
    ends = [None, NOW + 9_000]
    await store.enrol(
        [a_ban(str(n), handle="salma", occurred_at=NOW, expires_at=ends[n % 2]) for n in range(40)], now=NOW
    )
    await store.remember([a_remembered(str(n), **PERSONAL) for n in range(40)], now=NOW)
    await store.expunge([(ban.account, NOW + 1) for ban in bans], now=NOW)
    with redis.Redis.from_url(redis_administrator) as client:
        left = {
            key.partition(b"}:")[2]
            for key in client.scan_iter(match=f"{store_prefix}*")
            if not re.search(rb":(m:|[ewnoug]$|bans$|gn$)", key)
        }
    assert left <= {b""}
    await store.close()


# A gate's user in Redis: it reads what a worker wrote, and may write nothing.


GATE = "samehand-gate"


def rules() -> list[str]:
    """The user's rules as `deploy/redis/users.sh` writes them."""
    on, *others = (ROOT / "deploy" / "redis" / "gate.acl").read_text("utf-8").split()[2:]
    return [on, f"#{sha256(USER_PASSWORD.encode()).hexdigest()}", *others]


def store_at(endpoint: RedisEndpoint, bans: int = 2_000) -> RedisStore:
    return RedisStore(endpoint, prefix="samehand", identity=IDENTITY, sizes=Sizes(**{**SMALL, "bans": bans}))


def reading(**where: object) -> RedisEndpoint:
    options = {"username": GATE, "password": USER_PASSWORD}
    return RedisEndpoint(read_only=True, deadline_seconds=10.0, options=options, **where)  # type: ignore[arg-type]  # url, cluster


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedRedis]:
    """A server that knows the gate's user beside the worker's."""
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", GATE, *rules())
        yield server


async def read_all(store: Store, proposals: list[Proposal]) -> list[Ruled]:
    """Everything that a gate asks."""
    (found,) = await store.bans_like([a_query("q", handle="umar_media")], now=NOW)
    assert found
    assert await store.facts([one.ref for one in found])
    assert await store.bans(["x:9001", "x:7001"], now=NOW)
    await store.remembered(["x:7001"], now=NOW)
    (alike,) = await store.remembered_like([a_query("q", handle="umar_media")], now=NOW)
    await store.remembered_facts([one.ref for one in alike])
    await store.frequencies(at=NOW, now=NOW)
    assert await store.showings([a_remembered("7001")], now=NOW)
    await store.company([a_remembered("7001")], now=NOW)
    assert await store.pairs([one.alert_id for one in proposals])
    return await store.rulings(proposals, now=NOW)


async def test_it_reads_all_that_a_gate_asks_and_may_write_nothing(server: EmbeddedRedis) -> None:
    worker, gate = store_at(RedisEndpoint(url=server.url)), store_at(reading(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await worker.remember([a_remembered("7001")], now=NOW)
    await worker.propose([a_proposal()], now=NOW)
    await gate.open()
    assert await gate.ready() is None
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    (remembered,) = await gate.remembered_like([a_query("q", handle="umar_media")], now=NOW)
    assert await gate.remembered_facts([one.ref for one in remembered]) != [], "as leads ask"
    with pytest.raises(StoreUnavailable):
        await gate.enrol([a_ban("9002")], now=NOW)
    with pytest.raises(StoreUnavailable):
        await gate.decide([a_decision("a pair")], now=NOW)
    with pytest.raises(StoreUnavailable):
        await gate.remember([a_remembered("7002")], now=NOW)
    await worker.close()
    await gate.close()


async def test_it_waits_for_a_store_that_nobody_has_laid_out_and_lays_out_none(server: EmbeddedRedis) -> None:
    gate = store_at(reading(url=server.url))
    await gate.open()
    assert await gate.bans_like([a_query("q")], now=NOW) == [[]]
    with server.administrator() as administrator:
        assert administrator.dbsize() == 0
    worker = store_at(RedisEndpoint(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    assert await gate.ready() is None
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    await worker.close()
    await gate.close()


async def test_it_tells_a_store_that_was_emptied_and_one_of_another_size(server: EmbeddedRedis) -> None:
    worker, gate = store_at(RedisEndpoint(url=server.url)), store_at(reading(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await gate.open()
    other = store_at(reading(url=server.url), bans=3_000)
    with pytest.raises(StoreMismatch):
        await other.open()
    with server.administrator() as administrator:
        administrator.flushall()
    assert "emptied" in (await gate.ready() or "")
    with pytest.raises(StoreEmptied):
        await gate.bans_like([a_query("q")], now=NOW)
    for store in (worker, gate, other):
        await store.close()


async def test_gate_finds_its_way_in_a_cluster(cluster: RedisCluster) -> None:
    for node in cluster.nodes:
        with node.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", *with_password().split()[1:])
            administrator.execute_command("ACL", "SETUSER", GATE, *rules())
    where = tuple((LOOPBACK, node.port) for node in cluster.nodes)
    user = {"username": "samehand", "password": USER_PASSWORD}
    worker = store_at(RedisEndpoint(cluster=where, deadline_seconds=10.0, options=user))
    gate = store_at(reading(cluster=where))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await gate.open()
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    await worker.close()
    await gate.close()


def test_the_script_adds_the_gates_user_where_it_has_a_password(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{USER_PASSWORD}\n", "utf-8")
    script = ROOT / "deploy" / "redis" / "users.sh"
    done = subprocess.run([script, secret, secret], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [with_password(), " ".join(["user", GATE, *rules()])]


def test_the_script_adds_an_operators_user_where_it_has_a_password(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{USER_PASSWORD}\n", "utf-8")
    script = ROOT / "deploy" / "redis" / "users.sh"
    done = subprocess.run([script, secret, secret, secret], capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    assert last.startswith(
        f"user samehand-operator on #{sha256(USER_PASSWORD.encode()).hexdigest()} resetkeys"
    )


def test_it_may_change_no_key_and_see_no_other_service(server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url, username=GATE, password=USER_PASSWORD) as connection:
        for command in (
            ("SET", "samehand{00}:e", "x"),
            ("GET", "another-service"),
            ("EVAL", "return 1", "0"),
            ("EVAL_RO", "return redis.call('SET', KEYS[1], 'x')", "1", "samehand{00}:e"),
        ):
            with pytest.raises(redis.ResponseError):
                connection.execute_command(*command)
