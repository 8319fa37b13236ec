"""The embedded Redis: durable on a kill, and as the settings say."""

from __future__ import annotations

import pytest
import redis

from local.redis import EmbeddedRedis


def test_acknowledged_writes_outlive_a_kill() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as connection:
            for number in range(1_000):
                connection.set(f"account:{number}", number)
        server.kill()
        server.start()
        with server.administrator() as connection:
            assert connection.dbsize() == 1_000


def test_settings_reach_it() -> None:
    limits = {"maxmemory": "16mb", "maxmemory-policy": "noeviction"}
    with EmbeddedRedis(settings=limits) as server, server.administrator() as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with pytest.raises(redis.OutOfMemoryError):
            fill(connection)


def fill(connection: redis.Redis) -> None:
    """Write more than 16 MiB."""
    for number in range(200):
        connection.set(str(number), "x" * 100_000)


def test_frozen_it_hangs_and_thawed_it_answers() -> None:
    with EmbeddedRedis() as server:
        server.freeze()
        assert not server.answers()
        server.thaw()
        assert server.answers()


def test_url_is_for_clients() -> None:
    with EmbeddedRedis() as server, redis.Redis.from_url(server.url) as connection:
        assert connection.ping()
