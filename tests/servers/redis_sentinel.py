"""A master, its replicas and three sentinels on loopback, to test a failover that really happens."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from local.binaries import REDIS, executable
from local.group import ServerGroup
from local.ports import LOOPBACK
from local.redis import (
    ADMINISTRATOR,
    PASSWORD,
    WORKER,
    EmbeddedRedis,
    administrator_rules,
    answers_ping,
    client,
)
from local.server import DidNotStart, LocalServer
from local.waiting import wait_until

SENTINELS = 3  # the least of which two can agree while the third is dead
QUORUM = 2
MASTER_NAME = "samehand"
DOWN_MS = 2_000  # quicker than the default 30 s; at 1 s a busy machine alone made a second failover
FAILOVER_MS = 3_000
READY_SECONDS_MAX = 30.0


#: What a worker asks of Sentinels, and how it greets them.
WORKER_RULES = (
    "-@all",
    "+ping",
    "+sentinel|masters",
    "+auth",
    "+hello",
    "+client|setname",
    "+client|setinfo",
)


class Sentinel(LocalServer):
    """One of those that watch ``master_port``; ``quorum`` of them agree that it is gone.

    Whoever says no name may do what a worker needs; with ``password`` only the user ``samehand`` may.
    """

    name: ClassVar[str] = "sentinel"

    def __init__(
        self, folder: Path, master_port: int, quorum: int = QUORUM, password: str | None = None
    ) -> None:
        super().__init__(folder)
        self._master_port = master_port
        self._quorum = quorum
        self._password = password

    def command(self) -> list[str]:
        configuration = self.folder / "sentinel.conf"
        if not configuration.exists():  # afterwards it belongs to the sentinel, which writes what it learns
            configuration.write_text(self._configuration(), encoding="ascii")
        return [str(executable(*REDIS)), str(configuration), "--sentinel"]

    def _configuration(self) -> str:
        watched = f"sentinel monitor {MASTER_NAME} {LOOPBACK} {self._master_port} {self._quorum}"
        lines = [
            f"port {self.port}",
            f"bind {LOOPBACK}",
            f'dir "{self.folder}"',
            watched,
            f"sentinel down-after-milliseconds {MASTER_NAME} {DOWN_MS}",
            f"sentinel failover-timeout {MASTER_NAME} {FAILOVER_MS}",
            f"sentinel auth-user {MASTER_NAME} {ADMINISTRATOR}",
            f"sentinel auth-pass {MASTER_NAME} {PASSWORD}",
            f"sentinel sentinel-user {ADMINISTRATOR}",
            f"sentinel sentinel-pass {PASSWORD}",
            *self._users(),
        ]
        return "\n".join([*lines, ""])

    def _users(self) -> list[str]:
        rules = " ".join(WORKER_RULES)
        everybody = f"user default on nopass {rules}"
        if self._password is not None:
            everybody = f"user default off\nuser {WORKER} on >{self._password} {rules}"
        return [everybody, f"user {ADMINISTRATOR} {' '.join(administrator_rules())}"]

    def answers(self) -> bool:
        return answers_ping(self.port)

    def master_seen(self) -> dict[str, str]:
        """What this sentinel knows of the master."""
        with client(self.port, ADMINISTRATOR, PASSWORD) as connection:
            facts: dict[str, str] = connection.sentinel_master(MASTER_NAME)
        return facts


class SentinelTrio(ServerGroup):
    """A Redis master with ``replicas`` replicas, under three sentinels that name a new master within seconds.

    ``redis`` holds the servers, the first master first. Raises :class:`~local.binaries.NotAvailable`,
    :class:`~local.server.DidNotStart`.
    """

    name: ClassVar[str] = "sentinel"
    master_name: ClassVar[str] = MASTER_NAME

    def __init__(self, replicas: int = 1, folder: Path | None = None) -> None:
        super().__init__(folder)
        first = EmbeddedRedis(self.folder / "redis-1")
        follow = {"replicaof": f"{LOOPBACK} {first.port}"}
        others = [EmbeddedRedis(self.folder / f"redis-{n + 2}", settings=follow) for n in range(replicas)]
        self.redis = [first, *others]
        self.sentinels = [Sentinel(self.folder / f"sentinel-{n + 1}", first.port) for n in range(SENTINELS)]

    @property
    def servers(self) -> list[LocalServer]:
        return [*self.redis, *self.sentinels]

    @property
    def address(self) -> str:
        """``host:port,…`` of the sentinels."""
        return ",".join(sentinel.address for sentinel in self.sentinels)

    def master(self) -> EmbeddedRedis:
        """The server that the sentinels name as master now. Raises :class:`LookupError` if none answers."""
        for sentinel in self.sentinels:
            if sentinel.pid is not None and sentinel.answers():
                port = int(sentinel.master_seen()["port"])
                return next(server for server in self.redis if server.port == port)
        raise LookupError("no sentinel answers")

    def start(self) -> Self:
        self.start_each(self.redis)
        # Replicas first: a sentinel asks the master for them when it starts, and then only every 10 s.
        if not any(sentinel.pid for sentinel in self.sentinels):
            wait_until(lambda: self._replicas_linked(self.redis[0]), READY_SECONDS_MAX)
        self.start_each(self.sentinels)
        if not wait_until(self._is_whole, READY_SECONDS_MAX):
            raise DidNotStart(f"the sentinels {self.address} did not find each other and the replicas")
        return self

    def _is_whole(self) -> bool:
        facts = [sentinel.master_seen() for sentinel in self.sentinels]
        return all(self._knows_all(fact) for fact in facts) and self._replicas_linked(self.master())

    def _knows_all(self, fact: dict[str, str]) -> bool:
        expected = (len(self.redis) - 1, SENTINELS - 1)
        return (int(fact["num-slaves"]), int(fact["num-other-sentinels"])) == expected

    def _replicas_linked(self, master: EmbeddedRedis) -> bool:
        with master.administrator() as connection:
            return bool(connection.info("replication")["connected_slaves"] == len(self.redis) - 1)
