"""Reads what the servers say of themselves, for people who inspect a deployment, not for workers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from store.errors import StoreUnavailable
from store.redis.client import RedisClient, RedisEndpoint

PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A master; a fact is ``None`` if the server does not say.

    ``policy`` is its ``maxmemory-policy``; ``appends``: it writes every change to a file (AOF); ``saves``: it
    takes snapshots by itself.
    """

    address: str
    policy: str | None
    appends: bool | None
    saves: bool | None
    replicas: int | None
    tells_history: bool


class Inspection:
    """Asks the masters of an endpoint. Every method raises ``StoreUnavailable`` if they cannot be reached."""

    def __init__(self, endpoint: RedisEndpoint) -> None:
        """Connects with the first command."""
        self._client = RedisClient(endpoint)

    async def servers(self) -> list[RedisServer]:
        """The facts of each master."""
        servers: list[RedisServer] = []
        for address in await self._client.masters():
            await self._client.command_of(address, "PING")
            memory = await self._info(address, "memory")
            persistence = await self._info(address, "persistence")
            replication = await self._info(address, "replication")
            saves: bool | None = None
            # A managed service, an ACL or a version without it hides the directive.
            with suppress(StoreUnavailable):
                answer = await self._client.command_of(address, "CONFIG", "GET", "save")
                # It holds one directive: a map in RESP3, a list in RESP2.
                values = list(answer.values()) if isinstance(answer, Mapping) else answer[1::2]
                saves = bool(values[0]) if values else None
            appends = (
                persistence["aof_enabled"] == "1" if persistence and "aof_enabled" in persistence else None
            )
            servers.append(
                RedisServer(
                    address,
                    memory.get("maxmemory_policy") if memory else None,
                    appends,
                    saves,
                    None if replication is None else int(replication.get("connected_slaves", 0)),
                    bool(replication and replication.get("master_replid")),
                )
            )
        return servers

    async def exists(self, key: str) -> bool:
        return bool(await self._client.command("EXISTS", key))

    async def check_eviction(self) -> None:
        """Checks, as a worker does, that no master may drop keys. Raises ``StoreEvicts``."""
        await self._client.check_eviction()

    async def write(self, key: str) -> None:
        """Writes a probe and deletes it, as the readiness check does: PING succeeds even with a full disk."""
        await self._client.command("SET", key, "probe", "EX", PROBE_SECONDS)
        await self._client.command("GETDEL", key)

    async def close(self) -> None:
        await self._client.close()

    async def _info(self, address: str, section: str) -> dict[str, str] | None:
        try:
            answer = await self._client.command_of(address, "INFO", section)
        except StoreUnavailable:
            return None
        if isinstance(answer, Mapping):  # redis-py has parsed it
            return {str(name): str(value) for name, value in answer.items()}
        return dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
