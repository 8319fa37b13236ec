"""A slot of a Cluster on its way from one master to another."""

from __future__ import annotations

import redis

from local.ports import LOOPBACK
from local.redis import ADMINISTRATOR, PASSWORD
from local.redis_cluster import RedisCluster


class SlotMove:
    """Moves a slot from its master to another, step by step, as `redis-cli --cluster reshard` does."""

    def __init__(self, cluster: RedisCluster, key: str) -> None:
        self._nodes = cluster.masters
        self._slot = int(cluster.masters[0].run("KEYSLOT", key))
        counts = [int(node.run("COUNTKEYSINSLOT", self._slot)) for node in self._nodes]
        at = counts.index(max(counts))
        self._source, self._target = self._nodes[at], self._nodes[at - 1]

    def begin(self) -> None:
        """Both know of it."""
        self._target.run("SETSLOT", self._slot, "IMPORTING", self._source.run("MYID"))
        self._source.run("SETSLOT", self._slot, "MIGRATING", self._target.run("MYID"))

    def carry_half(self) -> None:
        """Half of the keys lie on the new master."""
        self._carry(int(self._source.run("COUNTKEYSINSLOT", self._slot)) // 2)

    def finish(self) -> None:
        """All of them do, and everybody is told."""
        while left := int(self._source.run("COUNTKEYSINSLOT", self._slot)):
            self._carry(left)
        for node in (self._target, self._source, *self._nodes):
            node.run("SETSLOT", self._slot, "NODE", self._target.run("MYID"))

    def _carry(self, count: int) -> None:
        with redis.Redis.from_url(self._source.administrator_url) as source:
            keys = source.execute_command("CLUSTER", "GETKEYSINSLOT", self._slot, count)
            login = ("AUTH2", ADMINISTRATOR, PASSWORD)
            there = (LOOPBACK, self._target.port, "", 0, 5_000)
            source.execute_command("MIGRATE", *there, *login, "KEYS", *keys)
