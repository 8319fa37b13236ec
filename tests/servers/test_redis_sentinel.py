"""Sentinels that name a new master when the old one is gone."""

from __future__ import annotations

from local.waiting import wait_until
from tests.servers.redis_sentinel import SentinelTrio
from tests.tables import for_each


@for_each("harm", ["kill", "freeze"])
def test_replica_becomes_master_with_its_data(harm: str) -> None:
    with SentinelTrio() as trio:
        old, replica = trio.redis
        assert trio.master() is old
        with old.administrator() as connection:
            connection.set("ban", "1")
            assert connection.wait(1, 2_000) == 1
        getattr(old, harm)()
        assert wait_until(lambda: trio.master() is replica, 30)
        with replica.administrator() as connection:
            assert connection.get("ban") == "1"
            assert wait_until(lambda: connection.role()[0] == "master", 60)
