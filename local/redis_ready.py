"""Whether a Redis answers commands, rather than only accepts connections."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.ports import LOOPBACK

PROBE_SECONDS = 1.0


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
    """Whether PING is answered: not while a data set is still being loaded."""
    with client(port) as connection:
        try:
            return bool(connection.ping())
        except redis.AuthenticationError:
            return True  # it answers, to those who know its password
        except (redis.RedisError, OSError):
            return False
