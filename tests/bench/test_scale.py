"""The table of workers and shards, and what masters tell of themselves."""

from __future__ import annotations

from bench.machine import machine
from bench.running.filled import environment, fill, pepper_file
from bench.scale import Report, Row, Setting, masters, summary, table

ROWS = [
    Row(Setting(1, 1, 1), 4_000.0, 1_000.0, 4_000.0, 70_000.0, 600.0, 20.0, 200.0),
    Row(Setting(3, 12, 1), 6_000.0, 4_000.0, 40_000.0, 800_000.0, 600.0, 20.0, 100.0),
]


def test_each_setting_is_held_against_the_first() -> None:
    told = table(Report(1_000, 400, ROWS, machine()))
    assert "| one Redis | 1 | 4,000 + 1,000 | 1.00 | 4,000 + 70,000 | 200 |" in told
    assert "| cluster of 3, 12 shards | 1 | 6,000 + 4,000 | 2.00 | 40,000 + 800,000 | 100 |" in told


def test_bytes_are_multiplied_to_the_goal() -> None:
    told = summary(Report(1_000, 400, ROWS, machine()))
    assert "one Redis 40.0 to Redis and 700.0 from it" in told
    assert "of Kafka 6.0 read and 0.2 written" in told


def test_every_master_of_a_cluster_is_counted_and_has_its_share() -> None:
    with masters(3) as servers:
        own = {**environment(servers.url, pepper_file(), 1_000), "SAMEHAND_STORE_SHARDS": "6"}
        before = servers.spent()
        fill(own, 30, 1, range(30))
        after = servers.spent()
        assert all(client.dbsize() > 0 for client in servers.clients)
    assert after.bytes_in - before.bytes_in > 30 * 500
    assert after.bytes_out > before.bytes_out
    assert after.seconds >= before.seconds
