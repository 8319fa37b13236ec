"""A Redis Cluster of three masters on loopback, made of single servers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import redis

from local.redis import EmbeddedRedis

_SLOTS = 16_384
_MASTERS = 3
_FORMED_SECONDS = 30.0


@contextmanager
def three_masters() -> Iterator[str]:
    """The URL of one of its nodes, once all of them agree on the slots."""
    settings = {"cluster-enabled": "yes", "cluster-node-timeout": "2000", "appendonly": "no"}
    with ExitStack() as stack:
        servers = [stack.enter_context(EmbeddedRedis(settings=settings).start()) for _ in range(_MASTERS)]
        clients = [stack.enter_context(redis.Redis.from_url(server.url)) for server in servers]
        for place, client in enumerate(clients):
            first, last = _SLOTS * place // _MASTERS, _SLOTS * (place + 1) // _MASTERS - 1
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            for server in servers:
                client.execute_command("CLUSTER MEET", "127.0.0.1", server.port)
        _wait(clients)
        yield servers[0].url


def _wait(clients: list[redis.Redis]) -> None:
    until = time.monotonic() + _FORMED_SECONDS
    while not all(_agrees(client) for client in clients):
        if time.monotonic() > until:
            raise TimeoutError("the cluster did not form")
        time.sleep(0.05)


def _agrees(client: redis.Redis) -> bool:
    facts: dict[str, str] = client.cluster("INFO")
    return facts["cluster_state"] == "ok" and facts["cluster_slots_assigned"] == str(_SLOTS)
