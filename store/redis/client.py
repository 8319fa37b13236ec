"""Sends all commands and scripts to Redis, with a deadline, and turns its errors into the store's own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import hiredis
import numpy as np
import numpy.typing as npt
import redis.asyncio.connection as redis_py
import redis.exceptions
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    NoPermissionError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from store.errors import StoreEmptied, StoreEvicts, StoreMoving, StoreRefused, StoreUnavailable
from store.redis.deadline import COMMAND_SLICES, Deadline
from store.redis.scripts import READING, SCRIPTS

Answer = TypeVar("Answer")
Other = TypeVar("Other")
Part = bytes | str | float

_LONG = 32  # arguments from which on it pays (1,900 keys: a look-up costs the client 90 µs instead of 125)


class KeyNames(bytes):
    """Many key names at once: the first, by which a client routes the command, and the packed command."""

    tables: Sequence[npt.NDArray[np.uint8]]
    values_command: bytes

    @classmethod
    def of(cls, tables: Sequence[npt.NDArray[np.uint8]]) -> KeyNames:
        """Takes names of one length in the rows of each table, at least one in the first."""
        names = cls(tables[0][0].tobytes())
        names.tables = tables
        packed = [b"*%d\r\n$4\r\nMGET\r\n" % (1 + sum(map(len, tables)))]
        for table in tables:
            head = b"$%d\r\n" % table.shape[1]
            whole = np.empty((len(table), len(head) + table.shape[1] + 2), np.uint8)
            whole[:, : len(head)] = np.frombuffer(head, np.uint8)
            whole[:, len(head) : -2] = table
            whole[:, -2:] = np.frombuffer(b"\r\n", np.uint8)
            packed.append(whole.tobytes())
        names.values_command = b"".join(packed)
        return names

    def each(self) -> list[bytes]:
        """The names, one by one."""
        return [row.tobytes() for table in self.tables for row in table]


def pack_quickly(pool: ConnectionPool) -> None:
    """Makes all future connections of a pool (TCP, TLS, a socket file, by Sentinel) pack in C."""
    plain: Any = pool.connection_class

    class Packing(plain):  # type: ignore[misc]  # the class is known when the URL has been read
        """The pool's own kind of connection."""

        def pack_command(self, *args: Any) -> list[bytes]:
            """The command in Redis' protocol."""
            if len(args) == 2 and isinstance(args[1], KeyNames):
                return [args[1].values_command]
            if len(args) < _LONG or " " in str(args[0]):  # a command of two words: only redis-py splits it
                short: list[bytes] = super().pack_command(*args)
                return short
            return [hiredis.pack_command(args)]

    pool.connection_class = Packing


_AWAY = (OSError, ClusterDownError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
_DENIED = re.compile(r"to run the '([a-z|]{1,40})' command")

# The most trips of a worker at a time: each of its agents waits for one or two, on a cluster for one a tag.
_CONNECTIONS_MAX = 32

EPOCH_KEY = "e"  # the shard's key for the epoch, which every script checks first

MOVED = "moved"
"""The epoch of a tag that was left for another layout: to all but who carries it over, theirs is gone."""

EMPTIED = "the store was emptied since the first enrolment: run `samehand rebuild`"

NO_EVICTION = "noeviction"
"""The only policy that drops nothing: the `volatile-…` policies drop keys with a time to live, which
remembered accounts and the markers of alerts have.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisEndpoint:
    """Where Redis is: ``url`` (one server), ``sentinels`` with ``service``, or ``cluster`` (some nodes).

    ``read_only``: the client makes no store, and sends reading scripts as read-only, so that a user without
    write permission may run them. A cluster's client then asks for the keys of each script: one command more.

    ``deadline_seconds`` bounds each command as the caller sees it, including retries inside the client.
    ``options`` go to redis-py's connections as they are (TLS files, user name, password),
    ``sentinel_options`` to its connections with the Sentinels.
    """

    url: str | None = None
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str | None = None
    cluster: tuple[tuple[str, int], ...] = ()
    deadline_seconds: float = 2.0
    read_only: bool = False
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: dict[str, Any] = field(default_factory=dict, repr=False)


class RedisClient:
    """Sends commands and scripts to one endpoint."""

    def __init__(self, endpoint: RedisEndpoint) -> None:
        """Connects with the first command."""
        self._endpoint = endpoint
        self._client = _client(endpoint)
        self._waiting: list[tuple[tuple[Part, ...], asyncio.Future[Any]]] = []  # for one turn of the loop
        self._sending: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive
        self._at_once = asyncio.Semaphore(_CONNECTIONS_MAX)
        self._evicts = ""
        self.moving = ""
        """If set, all but :meth:`ask` raise ``StoreMoving`` with it: the store is filling, or was left."""

    async def command(self, *parts: Part) -> Any:
        """Sends one command, routed by its first key."""
        self._refuse()
        return await self.ask(*parts)

    async def ask(self, *parts: Part) -> Any:
        """Sends one command even while :meth:`command` refuses: for what the store says of itself."""
        async with self._translated():
            return await self._command(*parts)

    async def script(self, name: str, root: str, *arguments: Part) -> Any:
        """Runs one script on a tag; loads it where the server does not know it (new or restarted).

        It names two keys, of which one never exists. So while a cluster moves their slot, no master has both,
        and each refuses (TRYAGAIN). With one key, the new master would run the script on a part of the tag.
        """
        self._refuse()
        script = SCRIPTS[name]
        keys = (2, root, root + EPOCH_KEY)
        async with self._translated():
            how = "_RO" if self._endpoint.read_only and name in READING else ""
            try:
                return await self._command(f"EVALSHA{how}", script.digest, *keys, *arguments)
            except NoScriptError:
                return await self._command(f"EVAL{how}", script.text, *keys, *arguments)

    async def _command(self, *parts: Part) -> Any:
        """The answer to one command; all that are sent in one turn of the loop share a trip to each server.

        A command on a slot that moves is sent again alone.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((parts, answer))
        loop.call_soon(self._flush)
        return await answer

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            task = asyncio.create_task(self._pipelined(waiting))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _pipelined(self, waiting: Sequence[tuple[tuple[Part, ...], asyncio.Future[Any]]]) -> None:
        """Sends several commands, and hands out the answers."""
        pipeline = self._client.pipeline(transaction=False)
        for parts, _ in waiting:
            pipeline.execute_command(*parts)
        answers: Sequence[Any]
        try:
            # The callers have deadlines too; without this one, a connection would be held beyond them.
            async with Deadline(self._endpoint.deadline_seconds, COMMAND_SLICES), self._at_once:
                answers = await pipeline.execute(raise_on_error=False)
        except Exception as fault:
            answers = [fault] * len(waiting)
        if isinstance(self._client, RedisCluster) and any(isinstance(it, _AWAY) for it in answers):
            await self._client.aclose()  # asks anew who the masters are
        for (_, answer), reply in zip(waiting, answers, strict=True):
            if answer.done():  # the caller does not wait any more
                continue
            if isinstance(reply, Exception):
                answer.set_exception(reply)
            else:
                answer.set_result(reply)

    @property
    def is_cluster(self) -> bool:
        """True if a command may name keys of one slot only."""
        return isinstance(self._client, RedisCluster)

    async def values(self, names: KeyNames) -> list[bytes | None]:
        """The values of keys, in order."""
        # A cluster's connections pack each key by themselves.
        parts = names.each() if self.is_cluster else [names]
        return cast(list[bytes | None], await self.command("MGET", *parts))

    async def masters(self) -> list[str]:
        """The masters' addresses as :meth:`command_of` takes them; without a cluster one, called ""."""
        if not isinstance(self._client, RedisCluster):
            return [""]
        async with self._translated():
            await self._client.initialize()
            return sorted(node.name for node in self._client.get_primaries())

    async def command_of(self, master: str, *parts: Part) -> Any:
        async with self._translated():
            which: dict[str, Any] = {}
            if isinstance(self._client, RedisCluster):
                which = {"target_nodes": self._client.get_node(node_name=master)}
            return await self._client.execute_command(*parts, **which)

    async def replication_id(self, master: str) -> str:
        """The identifier of a master's data, another once it restarts or is replaced; "" if unknown."""
        try:
            return str((await self.command_of(master, "INFO", "replication")).get("master_replid", ""))
        except StoreRefused:
            return ""

    async def scan(self, master: str, cursor: int, pattern: bytes, count: int) -> tuple[int, list[bytes]]:
        """The cursor to go on from (0 at the end), and some names of one master's keys that match."""
        following, names = await self.command_of(master, "SCAN", cursor, "MATCH", pattern, "COUNT", count)
        if isinstance(following, dict):  # for a cluster redis-py returns the cursor of each node asked
            (following,) = following.values()
        return int(following), list(names)

    async def check_eviction(self) -> None:
        """Checks that no master may drop keys by itself. While one may, every other request raises too.

        A server that does not say (an ACL without INFO) counts as one that drops nothing.

        Raises:
            StoreEvicts: a master may drop keys; says which, by which setting, and how many it has dropped.
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
                return  # any command will say that it is away; the former finding holds
            self._evicts = (
                f"Redis {master and master + ' '}evicts keys at its memory limit (maxmemory {limit} bytes, "
                f"maxmemory-policy {policy}), fingerprints included; {gone} keys evicted so far. "
                f"Set its maxmemory-policy to {NO_EVICTION}"
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
            return None, None  # an ACL without INFO: a metric is not worth more rights
        used = sum(int(answer["used_memory"]) for answer in answers)
        limits = [int(answer.get("maxmemory", 0)) for answer in answers]
        return used, sum(limits) if all(limits) else None

    async def close(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Applies the deadline, and turns every error of Redis into one of the store's."""
        try:
            async with Deadline(self._endpoint.deadline_seconds, COMMAND_SLICES):
                yield
        except TimeoutError as fault:
            allowed_ms = 1_000 * self._endpoint.deadline_seconds
            raise StoreUnavailable(f"Redis did not answer in time ({allowed_ms:g} ms)") from fault
        except ResponseError as fault:
            message = str(fault)
            if "EMPTIED" in message:
                raise StoreEmptied(EMPTIED) from fault
            if isinstance(fault, NoPermissionError):
                denied = _DENIED.search(message)
                what = f"the command {denied[1].upper()}" if denied else "a command or a key"
                raise StoreRefused(f"Redis denies its user {what} that the store needs (NOPERM)") from fault
            # Out of memory, disk full (MISCONF), read-only, cluster down, loading, no rights, …: redis-py has
            # a class for some, and begins the message of others with Redis' error code. The message says no
            # more than class or code, since the rest may quote arguments.
            kind = type(fault).__name__ if type(fault) is not ResponseError else message.split(" ", 1)[0]
            raise StoreUnavailable(f"Redis refuses a command: {kind}") from fault
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
    """Runs several jobs at once, whose commands share their trips.

    Raises the first error after all have ended, so none is left running.
    """
    if len(jobs) == 1:
        return [await jobs[0]]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return cast(list[Answer], answers)


async def both(one: Coroutine[Any, Any, Answer], other: Coroutine[Any, Any, Other]) -> tuple[Answer, Other]:
    """Like :func:`together`, for two jobs with answers of two types."""
    jobs: list[Coroutine[Any, Any, Any]] = [one, other]
    first, second = await together(jobs)
    return first, second


def _login_refused(fault: BaseException | None) -> bool:
    """Returns whether the login was refused; clients of clusters and Sentinels wrap the server's error."""
    while fault is not None and not isinstance(fault, AuthenticationError):
        fault = fault.__cause__ or fault.__context__
    return fault is not None


def _client(endpoint: RedisEndpoint) -> Redis | RedisCluster:
    """A client without retries of its own: the caller holds its batch and tries again."""
    redis_py.async_timeout = Deadline  # type: ignore[assignment,attr-defined]  # theirs goes by the clock
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
