"""What the users of Redis may do, and that nothing personal lies in it."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis, worker_rules
from local.redis_cluster import RedisCluster
from samehand.lineage import Descent
from store.base import ConfirmedEntry
from store.limits import SLOT_RESTS_SECONDS
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.house import ROOT
from tests.redis_user import NAME, PASSWORD, USERS, commands, with_password
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
)
from tests.store.redis.test_resharding import RESHARDING

# What the worker's user may do in Redis: what the store sends, and nothing besides.


SOURCES = [*(ROOT / "store" / "redis").rglob("*.py"), *(ROOT / "store" / "redis").rglob("*.lua")]
#: Sent by the client to find its way in a cluster, and to another database than the first. CLIENT SETINFO,
#: which it sends too and may be refused, would keep Redis 7.0 from starting: it does not know it.
OF_THE_CLIENT = {"cluster|slots", "asking", "command", "select"}
#: Sent by `samehand doctor`, which says what it could not see without, and by `samehand rebuild --into`.
OF_ADMINISTRATORS = {"config"} | RESHARDING


def sent() -> set[str]:
    """The commands that the store's Python and Lua send, as literals."""
    found = set()
    for path in SOURCES:
        for name in re.findall(
            r"""(?:call|command|command_of)\(\s*(?:\w+,\s*)?["']([A-Z_]{3,})["']""",
            path.read_text("utf-8"),
        ):
            found.add(name.lower())
    return found


def test_it_may_send_what_the_store_sends_and_no_more() -> None:
    assert sent() - OF_ADMINISTRATORS == commands() - OF_THE_CLIENT


def test_nobody_else_is_let_in_and_nobody_without_a_password() -> None:
    lines = USERS.read_text("utf-8").splitlines()
    assert lines[0] == "user default off"
    assert len(lines) == 2
    assert {"resetkeys", "resetchannels", "-@all"} <= set(worker_rules())
    assert not [rule for rule in worker_rules() if rule == "nopass" or rule[0] in "#>"]


def test_the_script_puts_the_digest_of_the_password_in(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", "utf-8")
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
            options={"username": NAME, "password": PASSWORD},
        ),
        prefix="samehand-by-name",
        identity=IDENTITY,
        sizes=Sizes(shards=6, **SMALL),
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
            values = [client.get(key)]
        elif kind == b"hash":
            values = [part for pair in client.hgetall(key).items() for part in pair]
        elif kind == b"list":
            values = client.lrange(key, 0, -1)
        elif kind == b"set":
            values = list(client.smembers(key))
        elif kind == b"zset":
            values = client.zrange(key, 0, -1)
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
    """A store of two shards."""
    store = RedisStore(
        RedisEndpoint(url=redis_url), prefix=store_prefix, identity=IDENTITY, sizes=Sizes(shards=2, **SMALL)
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
    for turn in (1, 2):
        await store.sweep(now=NOW + 10_000 + turn * SLOT_RESTS_SECONDS)
    with redis.Redis.from_url(redis_administrator) as client:
        left = {
            key.decode().partition("}:")[2]
            for key in client.scan_iter(match=f"{store_prefix}*")
            if not re.search(rb":(m:|[ewno]$|b:[cfmt]$|gl?$|g0:c$)", key)
        }
    assert left <= {""}
    await store.close()
