"""A Redis Cluster of embedded nodes on loopback, to test what a real one does when nodes die or hang."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from local.group import ServerGroup
from local.ports import LOOPBACK, Port, take_port
from local.redis import EmbeddedRedis
from local.server import DidNotStart
from local.waiting import wait_until

MASTERS = 3  # the least that can outvote a dead one
SLOTS = 16_384
NODE_TIMEOUT_MS = 2_000  # quicker than the default 15 s; much less and a busy machine looks like a dead node
CLUSTER_SECONDS_MAX = 30.0


class ClusterNode(EmbeddedRedis):
    name: ClassVar[str] = "redis-node"

    def __init__(self, folder: Path) -> None:
        self._bus: Port = take_port()
        super().__init__(
            folder,
            settings={
                "cluster-enabled": "yes",
                "cluster-config-file": "nodes.conf",
                "cluster-node-timeout": str(NODE_TIMEOUT_MS),
                "cluster-port": str(
                    self._bus.number
                ),  # Redis would take port + 10000, which may be anybody's
            },
        )

    @property
    def bus_port(self) -> int:
        """Where the nodes talk to each other."""
        return self._bus.number

    def run(self, *words: str | int) -> str:
        with self.administrator() as connection:
            return str(connection.execute_command("CLUSTER", *words))

    def close(self) -> None:
        super().close()
        self._bus.release()


class RedisCluster(ServerGroup):
    """Three masters, and with ``replicas`` three replicas: ``masters[i]`` is followed by ``replicas[i]``.

    The lists name who had which part at the start; after a failover ask :meth:`roles`. Raises
    :class:`~local.binaries.NotAvailable`, :class:`~local.server.DidNotStart`.
    """

    name: ClassVar[str] = "cluster"

    def __init__(self, replicas: bool = False, folder: Path | None = None) -> None:
        super().__init__(folder)
        count = MASTERS * (2 if replicas else 1)
        self.nodes = [ClusterNode(self.folder / f"node-{number + 1}") for number in range(count)]
        self.masters, self.replicas = self.nodes[:MASTERS], self.nodes[MASTERS:]

    @property
    def servers(self) -> list[ClusterNode]:
        return self.nodes

    @property
    def address(self) -> str:
        return ",".join(node.address for node in self.nodes)

    def roles(self) -> dict[int, str]:
        """Port to ``master`` or ``slave`` of each node that answers."""
        role_by_port: dict[int, str] = {}
        for node in self.nodes:
            if node.answers():
                with node.administrator() as connection:
                    role_by_port[node.port] = str(connection.role()[0])
        return role_by_port

    def start(self) -> Self:
        """Start the nodes that are not running, join them if they never were; every slot is served then."""
        self.start_each(self.nodes)
        if "cluster_slots_assigned:0\r" in self.masters[0].run("INFO"):
            share = -(-SLOTS // MASTERS)
            for number, node in enumerate(self.masters):
                node.run("ADDSLOTSRANGE", number * share, min(SLOTS, (number + 1) * share) - 1)
            for epoch, node in enumerate(self.nodes, start=1):
                # Distinct from the first, or the masters must quarrel it out.
                node.run("SET-CONFIG-EPOCH", epoch)
            for node in self.nodes[1:]:
                self.nodes[0].run("MEET", LOOPBACK, node.port, node.bus_port)
            met = f"cluster_known_nodes:{len(self.nodes)}\r"
            if not wait_until(
                lambda: all(met in node.run("INFO") for node in self.nodes), CLUSTER_SECONDS_MAX
            ):
                raise DidNotStart(f"the nodes {self.address} did not meet")
            for master, replica in zip(self.masters, self.replicas, strict=False):
                replica.run("REPLICATE", master.run("MYID"))
        self.wait_until_whole()
        return self

    def wait_until_whole(self) -> None:
        """Return when the running nodes serve all slots and replicas hold their masters' data.

        Raises :class:`~local.server.DidNotStart`.
        """
        if not wait_until(
            lambda: all(
                "cluster_state:ok" in node.run("INFO") and _is_in_step(node)
                for node in self.nodes
                if node.pid is not None
            ),
            CLUSTER_SECONDS_MAX,
        ):
            raise DidNotStart(f"the cluster at {self.address} does not serve every slot")


def _is_in_step(node: ClusterNode) -> bool:
    """Returns whether it is a master, or a replica fit to take over: an unlinked one never stands for
    election.
    """
    with node.administrator() as connection:
        state = connection.info("replication")
    return bool(state["role"] == "master" or state["master_link_status"] == "up")
