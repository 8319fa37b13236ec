"""The embedded Redis, for the demo and the tests on one machine.

Who names no user may do what a worker may, an administrator everything. The rules are read from the file that
deployments load, so whatever is tried out here with more than a worker may is refused here first, and not on
the day that the file is loaded somewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.binaries import REDIS, executable
from local.ports import LOOPBACK
from local.server import LocalServer

#: Every write is appended before it is acknowledged and synced each second: a kill -9 loses nothing that was
#: acknowledged, a power cut at most a second. No RDB snapshots beside it: they'd only fork.
DURABLE = {"appendonly": "yes", "appendfsync": "everysec", "save": ""}

#: A master waits 5 s by default for more replicas before it copies its data to the first one.
PROMPT = {"repl-diskless-sync-delay": "0"}

#: A link to `deploy/redis/users.acl`; wheels hold the file itself.
USERS: Final = Path(__file__).with_name("users.acl")
WORKER: Final = "samehand"
ADMINISTRATOR: Final = "administrator"
#: No secret: it keeps programs of ours from taking what they did not ask for, on loopback.
PASSWORD: Final = "of-embedded-servers"  # noqa: S105  # nobody is kept out by it

PROBE_SECONDS = 1.0


class EmbeddedRedis(LocalServer):
    """Valkey on loopback. ``settings`` are its configuration directives (``{"maxmemory": "64mb"}``)."""

    name: ClassVar[str] = "redis"

    def __init__(
        self, folder: Path | None = None, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder, port)
        self._settings = {**DURABLE, **PROMPT, **(settings or {})}

    @property
    def url(self) -> str:
        return f"redis://{self.address}/0"

    @property
    def administrator_url(self) -> str:
        """Its URL for who may do everything."""
        return f"redis://{ADMINISTRATOR}:{PASSWORD}@{self.address}/0"

    def administrator(self) -> redis.Redis:
        """A client that may do everything, reads text and fails at once."""
        return client(self.port, ADMINISTRATOR, PASSWORD)

    def command(self) -> list[str]:
        own = {"port": str(self.port), "bind": LOOPBACK, "dir": str(self.folder), "daemonize": "no"}
        directives = {**own, **self._settings}
        options = [part for key, value in directives.items() for part in (f"--{key}", value)]
        return [str(executable(*REDIS)), *user_options(), *options]

    def answers(self) -> bool:
        return answers_ping(self.port)


def client(port: int, username: str | None = None, password: str | None = None) -> redis.Redis:
    """A client on loopback that fails at once and is cheap to throw away."""
    return redis.Redis(
        host=LOOPBACK,
        port=port,
        username=username,
        password=password,
        socket_timeout=PROBE_SECONDS,
        socket_connect_timeout=PROBE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def answers_ping(port: int) -> bool:
    """Returns whether PING is answered: not while a data set is still being loaded."""
    with client(port) as connection:
        try:
            return bool(connection.ping())
        except redis.AuthenticationError:
            return True  # it answers, to those who know its password
        except (redis.RedisError, OSError):
            return False


def worker_rules() -> list[str]:
    """What the worker's user may do, a rule each; the first turns it on."""
    (line,) = (line for line in USERS.read_text("utf-8").splitlines() if line.startswith(f"user {WORKER} "))
    return line.split()[2:]


def administrator_rules() -> list[str]:
    """What the administrator may do: everything, under the password."""
    return ["on", f">{PASSWORD}", "~*", "&*", "+@all"]


def user_options() -> list[str]:
    """The options of a server with these two users, who also lets replicas in by the administrator's name."""
    everybody = ["--user", "default", *worker_rules(), "nopass"]
    administrator = ["--user", ADMINISTRATOR, *administrator_rules()]
    return [*everybody, *administrator, "--masteruser", ADMINISTRATOR, "--masterauth", PASSWORD]
