"""The one place that talks to Redis: commands and scripts with a deadline, and errors as the store's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from store.common.ranking import Ints
from store.errors import (
    StoreEmptied,
    StoreEvicts,
    StoreMismatch,
    StoreMoving,
    StoreRefused,
    StoreUnavailable,
)
from store.redis.packing import Names, pack_quickly
from store.redis.scripts import READING, SCRIPTS

Answer = TypeVar("Answer")

# What a worker has in the air at once: a batch asks each shard, a handful of commands at a time.
_CONNECTIONS_MAX = 32

EPOCH_KEY = "e"  # of a shard: the epoch, which every script looks at first

NO_EVICTION = "noeviction"
"""The only policy that drops nothing: `volatile-…` drop what has a time to live, as remembered accounts and
the markers of alerts have.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where Redis is. One of ``url`` (alone), ``sentinels`` with ``service``, or ``cluster`` (some nodes).

    ``read_only``: nothing is laid out, and scripts are sent as such that write nothing, which a user may run
    who may not write. A cluster's client then asks for the keys of each: one command more.

    ``deadline_seconds`` bounds each command from the caller's side, whatever the client retries inside;
    ``options`` go to redis-py's connections as they are (TLS files, user name, password), and
    ``sentinel_options`` to those with the Sentinels.
    """

    url: str | None = None
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str | None = None
    cluster: tuple[tuple[str, int], ...] = ()
    deadline_seconds: float = 2.0
    read_only: bool = False
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: dict[str, Any] = field(default_factory=dict, repr=False)


class Link:
    """Commands and scripts of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Connects lazily: nothing is opened before the first command."""
        self._endpoint = endpoint
        self._client = _client(endpoint)
        self._evicts = ""
        self.moving = ""
        """Why nothing but :meth:`ask` is answered: the store is not whole yet, or was left."""

    async def command(self, *parts: bytes | str | float) -> Any:
        """One command, routed by its first key."""
        self._refuse()
        return await self.ask(*parts)

    async def ask(self, *parts: bytes | str | float) -> Any:
        """The same, also while nothing else is answered: what the store says of itself."""
        async with self._translated():
            return await self._client.execute_command(*parts)

    async def script(self, name: str, root: str, *arguments: bytes | str | float) -> Any:
        """One script on a shard; loaded where it is not yet known (a fresh or restarted server).

        It names two keys, of which one is never there. While a cluster moves their slot, no master has both:
        each refuses (TRYAGAIN). With one key the new master would run it on what it has of the shard by then.
        """
        self._refuse()
        script = SCRIPTS[name]
        keys = (2, root, root + EPOCH_KEY)
        async with self._translated():
            if self._endpoint.read_only and name in READING:
                try:
                    return await self._client.execute_command("EVALSHA_RO", script.digest, *keys, *arguments)
                except NoScriptError:
                    return await self._client.execute_command("EVAL_RO", script.text, *keys, *arguments)
            try:
                return await self._client.execute_command("EVALSHA", script.digest, *keys, *arguments)
            except NoScriptError:
                return await self._client.execute_command("EVAL", script.text, *keys, *arguments)

    async def values(self, start: bytes, numbers: Ints) -> list[bytes | None]:
        """The values of keys that begin alike and end with four bytes of a number, in order."""
        if not len(numbers):
            return []
        names: Sequence[bytes]
        if isinstance(self._client, RedisCluster):  # its connections pack what they are given
            names = [start + number.to_bytes(4, "big") for number in numbers.tolist()]
        else:
            names = [Names.of(start, numbers)]
        return cast(list[bytes | None], await self.command("MGET", *names))

    async def masters(self) -> list[str]:
        """Each master's address as :meth:`command_of` takes it: of a cluster all, else one, called ""."""
        if not isinstance(self._client, RedisCluster):
            return [""]
        async with self._translated():
            await self._client.initialize()
            return sorted(node.name for node in self._client.get_primaries())

    async def command_of(self, master: str, *parts: bytes | str | float) -> Any:
        """One command to one master."""
        async with self._translated():
            which: dict[str, Any] = {}
            if isinstance(self._client, RedisCluster):
                which = {"target_nodes": self._client.get_node(node_name=master)}
            return await self._client.execute_command(*parts, **which)

    async def scan(self, master: str, cursor: int, pattern: bytes, count: int) -> tuple[int, list[bytes]]:
        """Some names of one master's keys that look so, and the cursor to go on from, 0 at the end."""
        following, names = await self.command_of(master, "SCAN", cursor, "MATCH", pattern, "COUNT", count)
        if isinstance(following, dict):  # of a cluster redis-py answers the cursor of each node asked
            (following,) = following.values()
        return int(following), list(names)

    async def check_eviction(self) -> None:
        """Whether a master may drop keys of its own accord. Until none may, nothing else is asked.

        A server that does not tell (an ACL without INFO) is believed.

        Raises:
            StoreEvicts: one may; says which, by which setting, and how many keys are gone.
        """
        for master in await self.masters():
            try:
                memory = await self.command_of(master, "INFO", "memory")
                policy, limit = str(memory.get("maxmemory_policy", "")), int(memory.get("maxmemory", 0))
                if policy in ("", NO_EVICTION) or limit == 0:
                    continue
                gone = (await self.command_of(master, "INFO", "stats")).get("evicted_keys", 0)
            except StoreRefused:
                continue
            except StoreUnavailable:
                return  # whoever works with it hears that it is away; what was found before stands
            self._evicts = (
                f"Redis {master and master + ' '}drops keys when it is full (maxmemory-policy {policy}, "
                f"maxmemory {limit}), and fingerprints with them; so far {gone}. "
                f"Its policy must be {NO_EVICTION}"
            )
            self._refuse_eviction()
        self._evicts = ""

    def _refuse(self) -> None:
        self._refuse_eviction()
        if self.moving:
            raise StoreMoving(self.moving)

    def _refuse_eviction(self) -> None:
        if self._evicts:
            raise StoreEvicts(self._evicts)

    async def memory(self) -> tuple[int | None, int | None]:
        """Bytes in use and the limit (``None``: no limit, or the server does not tell), over all masters."""
        try:
            answers = [await self.command_of(master, "INFO", "memory") for master in await self.masters()]
        except StoreUnavailable:
            return None, None  # an ACL without INFO: what it measures is not worth more rights
        used = sum(int(answer["used_memory"]) for answer in answers)
        limits = [int(answer.get("maxmemory", 0)) for answer in answers]
        return used, sum(limits) if all(limits) else None

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Every error of Redis as one of the store's, and the deadline."""
        try:
            async with asyncio.timeout(self._endpoint.deadline_seconds):
                yield
        except TimeoutError as fault:
            raise StoreUnavailable("Redis did not answer in time") from fault
        except ResponseError as fault:
            raise _meaning(fault) from fault
        except (RedisError, RedisClusterException, OSError) as fault:
            if _login_refused(fault):
                raise StoreRefused("Redis refuses the login") from fault
            raise StoreUnavailable(f"Redis cannot be reached: {type(fault).__name__}") from fault
        except (AttributeError, RuntimeError) as fault:
            # Nothing but redis-py runs in here. In 8.1, while a cluster fails over, one task of its client
            # closes the connection that another is about to write to: 'NoneType' object has no attribute
            # 'writelines', or of uvloop that the handler is closed.
            raise StoreUnavailable("Redis cannot be reached: its client is reconnecting") from fault


async def together(jobs: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Several commands at once; the first error after all have ended, so that none is left in the air."""
    if len(jobs) == 1:
        return [await jobs[0]]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return cast(list[Answer], answers)


def _meaning(fault: ResponseError) -> Exception:
    message = str(fault)
    if "EMPTIED" in message:
        return StoreEmptied("the store was emptied since the first enrolment: run `samehand rebuild`")
    if "FULL" in message.split():
        return StoreMismatch("a shard has no slot left: rebuild with more shards", "full")
    if isinstance(fault, NoPermissionError):
        return StoreRefused("Redis lets the user in, but not to every command and key (NOPERM)")
    # Out of memory, disk full (MISCONF), read-only, cluster down, loading, no rights, …: redis-py has classes
    # for some and keeps the word of others. Only these are told: what follows may quote arguments.
    known = type(fault) is not ResponseError
    return StoreUnavailable(f"Redis refuses: {type(fault).__name__ if known else message.split(' ', 1)[0]}")


def _login_refused(fault: BaseException | None) -> bool:
    """Clients of a cluster and of Sentinels wrap what a server said."""
    while fault is not None and not isinstance(fault, AuthenticationError):
        fault = fault.__cause__ or fault.__context__
    return fault is not None


def _client(endpoint: Endpoint) -> Redis | RedisCluster:
    """A client without retries of its own: the caller holds its batch and comes again."""
    timeouts: dict[str, Any] = {
        "socket_timeout": endpoint.deadline_seconds,
        "socket_connect_timeout": endpoint.deadline_seconds,
    }
    options = {**timeouts, **endpoint.options}
    if endpoint.cluster:
        # The deadline around a command bounds what the client retries while the cluster fails over.
        nodes = [ClusterNode(host, port) for host, port in endpoint.cluster]
        return RedisCluster(startup_nodes=nodes, max_connections=_CONNECTIONS_MAX, **options)
    once = Retry(NoBackoff(), 0)
    if endpoint.sentinels:
        sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py does not annotate it
            list(endpoint.sentinels),
            sentinel_kwargs={**timeouts, **endpoint.sentinel_options},
            retry=once,
            **options,
        )
        master: Redis = sentinel.master_for(endpoint.service or "mymaster")
        pack_quickly(master.connection_pool)
        return master
    pool = BlockingConnectionPool.from_url(
        endpoint.url or "redis://127.0.0.1:6379/0",
        max_connections=_CONNECTIONS_MAX,
        timeout=endpoint.deadline_seconds,
        retry=once,
        **options,
    )
    pack_quickly(pool)
    return Redis.from_pool(pool)
