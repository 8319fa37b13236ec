"""What the servers say of themselves: for people who look at a deployment, not for workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.errors import StoreUnavailable
from store.redis.client import Endpoint, Link

PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Server:
    """A master, each fact ``None`` where it does not tell.

    ``policy`` is its ``maxmemory-policy``; ``appends``: it writes every change to a file; ``saves``: it takes
    snapshots by itself.
    """

    address: str
    policy: str | None
    appends: bool | None
    saves: bool | None
    replicas: int | None
    tells_history: bool


class Inspection:
    """Asks the masters of an endpoint. Every question raises ``StoreUnavailable`` when they are away."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Connects with the first question."""
        self._link = Link(endpoint)

    async def servers(self) -> list[Server]:
        """The masters, each asked by itself."""
        return [await self._server(address) for address in await self._link.masters()]

    async def exists(self, key: str) -> bool:
        """Whether a key is there."""
        return bool(await self._link.command("EXISTS", key))

    async def check_eviction(self) -> None:
        """As a worker asks it. Raises ``StoreEvicts``."""
        await self._link.check_eviction()

    async def write(self, key: str) -> None:
        """Writes a probe and takes it away, as readiness does: a full disk answers PING."""
        await self._link.command("SET", key, "probe", "EX", PROBE_SECONDS)
        await self._link.command("GETDEL", key)

    async def close(self) -> None:
        """Closes all connections."""
        await self._link.close()

    async def _server(self, address: str) -> Server:
        await self._link.command_of(address, "PING")
        memory, persistence = await self._info(address, "memory"), await self._info(address, "persistence")
        replication = await self._info(address, "replication")
        saves = await self._directive(address, "save")
        return Server(
            address,
            memory.get("maxmemory_policy") if memory else None,
            persistence["aof_enabled"] == "1" if persistence and "aof_enabled" in persistence else None,
            None if saves is None else saves != "",
            None if replication is None else int(replication.get("connected_slaves", 0)),
            bool(replication and replication.get("master_replid")),
        )

    async def _directive(self, address: str, name: str) -> str | None:
        """One directive; managed services and a careful ACL do not tell, and some versions have it not."""
        try:
            answer: Any = await self._link.command_of(address, "CONFIG", "GET", name)
        except StoreUnavailable:
            return None
        # One directive is asked for: RESP3 answers a map of it, RESP2 a list.
        values = list(answer.values()) if isinstance(answer, Mapping) else list(answer[1::2])
        if not values:
            return None
        return values[0].decode() if isinstance(values[0], bytes) else str(values[0])

    async def _info(self, address: str, section: str) -> dict[str, str] | None:
        try:
            answer = await self._link.command_of(address, "INFO", section)
        except StoreUnavailable:
            return None
        if isinstance(answer, Mapping):  # redis-py has taken it apart
            return {str(name): str(value) for name, value in answer.items()}
        return dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
