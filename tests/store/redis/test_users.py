"""What the worker's user may do in Redis: what the store sends, and nothing besides.

That it may do all of that is shown by every other test that has a Redis: whoever says no name there has these
rights, and nothing of a worker's has others.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.redis_users import worker_rules
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.house import ROOT
from tests.redis_user import NAME, PASSWORD, USERS, commands, with_password
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query
from tests.store.redis.test_resharding import RESHARDING

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


async def test_it_finds_its_way_in_a_cluster(redis_url: str) -> None:
    """Every node knows the user, as where each loads the file."""
    with RedisCluster() as nodes:
        for node in nodes.nodes:
            with node.administrator() as administrator:
                administrator.execute_command("ACL", "SETUSER", *with_password().split()[1:])
        store = RedisStore(
            RedisEndpoint(
                cluster=tuple((LOOPBACK, node.port) for node in nodes.nodes),
                deadline_seconds=10.0,
                options={"username": NAME, "password": PASSWORD},
            ),
            prefix="samehand",
            identity=IDENTITY,
            sizes=Sizes(shards=6, **SMALL),
        )
        await store.open()
        await store.enrol([a_ban(str(n), handle=f"umar_media_{n}") for n in range(12)], now=NOW)
        (found,) = await store.bans_like([a_query("q", handle="umar_media_3")], now=NOW)
        assert found
        assert await store.ready() is None
        await store.close()
