"""The tables of whole workers, gates and shards; tests/stress judges the runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import in_a_day, worker
from bench.gate import Loaded
from bench.gate import table as gate_table
from bench.in_a_day import OTHER, OURS, Alert
from bench.in_a_day import Turn as InADayTurn
from bench.latency import Latency
from bench.latency import Report as LatencyReport
from bench.latency import summary as latency_summary
from bench.latency import table as latency_table
from bench.machine import machine
from bench.running.crowd import sign_ups
from bench.running.filled import environment, fill, pepper_file
from bench.running.in_a_day import InADay
from bench.running.scene import Spent
from bench.scale import Report as ScaleReport
from bench.scale import Row, Setting, Size, masters
from bench.scale import summary as scale_summary
from bench.scale import table as scale_table
from bench.soak import Report as SoakReport
from bench.soak import shared, slope
from bench.soak import summary as soak_summary
from bench.soak import table as soak_table
from bench.worker import (
    AIOKAFKA,
    FULL,
    PASS_THROUGH,
    UNCOMPILED,
    Report,
    Turn,
    contenders,
    rows,
    summary,
    table,
)
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres
from local.redis import EmbeddedRedis
from schemas.accounts import Account

# The table of whole workers; the run itself is judged by tests/stress.


def a_turn(worker_seconds: float, events: int = 100) -> Turn:
    return Turn(events, 2.0, worker_seconds / events * 1e6, 0.5 / events * 1e6, alerts=3)


@pytest.fixture
def report() -> Report:
    found = {
        PASS_THROUGH: [a_turn(0.1), a_turn(0.2), a_turn(0.1)],
        FULL: [a_turn(0.4), a_turn(0.4), a_turn(0.8)],
        AIOKAFKA: [a_turn(0.2), a_turn(0.2), a_turn(0.2)],
    }
    return Report(1_000, "embedded", 3, rows(found), found, machine())


def test_a_ratio_is_the_median_of_the_turns_own(report: Report) -> None:
    assert report.ratio == pytest.approx(0.25)  # of 0.25, 0.5 and 0.125
    full = next(row for row in report.rows if row.contender == FULL)
    assert full.worker_microseconds == pytest.approx(4_000)
    assert full.redis_microseconds == pytest.approx(5_000)
    assert full.events_a_second == pytest.approx(50)


def test_a_worker_in_python_stands_beside_one_on_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "form", lambda: "compiled")
    assert contenders() == (PASS_THROUGH, FULL, UNCOMPILED, AIOKAFKA)
    monkeypatch.setattr(worker, "form", lambda: "python")
    assert contenders() == (PASS_THROUGH, FULL, AIOKAFKA)


def test_the_table_has_a_line_a_contender(report: Report) -> None:
    told = table(report)
    assert "1,000 bans, embedded broker" in told
    assert f"| {FULL} | 250 | 4,000 + 5,000 | 50 | 0.250 |" in told
    assert "goal: 0.25 of pass-through, reached 0.250" in summary(report)


# The table of latencies; the run itself is judged by tests/stress.


def a_rate(rate: int, behind_seconds: float) -> Latency:
    return Latency(
        rate=rate,
        events=rate * 10,
        lost=0,
        alerts=rate,
        p50_ms=20.0,
        p99_ms=90.0,
        searchable_p99_seconds=0.25,
        busy=0.5,
        behind_seconds=behind_seconds,
    )


def test_a_rate_that_was_too_much_is_told_as_such() -> None:
    report = LatencyReport(1_000, "embedded", [a_rate(50, 0.4), a_rate(500, 31.0)], machine())
    told = latency_table([report])
    assert "| 50 | embedded | 20.0 / 90.0 | ≤ 0.25 | 0.50 | yes |" in told
    assert "| 500 | embedded | 20.0 / 90.0 | ≤ 0.25 | 0.50 | no: 31 s behind |" in told
    assert "50 + 500 alerts timed; 0 events lost" in latency_summary([report])


# The table of workers and shards, and what masters tell of themselves.


ROWS = [
    Row(Setting(1, 1, 1), 4_000.0, 1_000.0, 4_000.0, 70_000.0, 600.0, 20.0, 200.0),
    Row(Setting(3, 12, 1), 6_000.0, 4_000.0, 40_000.0, 800_000.0, 600.0, 20.0, 100.0),
]


def test_each_setting_is_held_against_the_first() -> None:
    told = scale_table(ScaleReport(1_000, 400, ROWS, machine()))
    assert "| one Redis | 1 | 4,000 + 1,000 | 1.00 | 4,000 + 70,000 | 200 |" in told
    assert "| cluster of 3, 12 shards | 1 | 6,000 + 4,000 | 2.00 | 40,000 + 800,000 | 100 |" in told


def test_a_store_of_each_size_is_held_against_the_first() -> None:
    sizes = [Size(100_000, 1_500.0, 500.0, 1.0), Size(1_000_000, 1_600.0, 620.0, 1.11)]
    told = scale_table(ScaleReport(1_000, 400, ROWS, machine(), sizes))
    assert "| 100,000 | 1,500 + 500 | 1.00 |" in told
    assert "| 1,000,000 | 1,600 + 620 | 1.11 |" in told


def test_bytes_are_multiplied_to_the_goal() -> None:
    told = scale_summary(ScaleReport(1_000, 400, ROWS, machine()))
    assert "one Redis 40.0 to Redis and 700.0 from it" in told
    assert "of Kafka 6.0 read and 0.2 written" in told


def test_every_master_of_a_cluster_has_its_share_of_the_bans() -> None:
    with masters(3) as (url, clients):
        own = {**environment(url, pepper_file(), 1_000), "SAMEHAND_STORE_SHARDS": "6"}
        fill(own, 30, 1, range(30))
        assert len(clients) == 3
        assert all(client.dbsize() > 0 for client in clients)


# What a gate did under load, as a row.


LOADED = Loaded(
    bans=3_000,
    calls_a_second=80,
    deadline_ms=150,
    calls=640,
    p50_ms=15.0,
    p99_ms=60.5,
    processor_ms_a_call=3.11,
    outcomes={"clear": 600, "alert": 10, "undecided: overloaded": 30},
    load_average=0.4,
)


def test_what_was_not_decided_in_time_is_not_counted_as_decided() -> None:
    head, _, row = gate_table(LOADED).splitlines()
    assert row == "| 3,000 | 80 | 150 | 610 of 640 | 15 | 60.5 | 3.11 | 0.4 |"
    assert head.count("|") == row.count("|")


# The slope of a worker's memory, and the flood that shares everything.


def test_a_slope_is_in_megabytes_an_hour() -> None:
    assert slope([(second, 50_000_000 + 1_000 * second) for second in range(0, 600, 2)]) == pytest.approx(3.6)
    assert slope([(second, 50_000_000) for second in range(0, 600, 2)]) == pytest.approx(0.0, abs=1e-6)
    assert slope([(0.0, 1)]) == 0.0


def test_a_flood_shares_its_address_device_and_handle_and_nothing_else() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 20, at=1_795_000_000.0)]
    assert len({(one.account.ip, one.account.device_id, one.account.handle) for one in flood}) == 1
    assert len({one.key for one in flood}) == 20


def test_the_table_holds_all_against_before_and_says_whether_it_is_flat() -> None:
    flood = [
        Spent(1.0, worker, redis, 0.0, 0.0) for worker, redis in ((2e-3, 5e-4), (3e-3, 7e-4), (1.9e-3, 5e-4))
    ]
    found = SoakReport(1_000, 20.0, 240_000, 200.0, 201.0, 5.0, flood, machine())
    assert "| the flood | 3,000 + 700 | 1.50 |" in soak_table(found)
    assert found.half_hour_mb == pytest.approx(5.0 / 2)
    assert "goal 5: reached" in soak_summary(found)
    assert "goal 5: missed" in soak_summary(replace(found, last_slope_mb_an_hour=11.0))


# The bench beside what one would write in a day: what either alerts is judged alike.


ORIGINALS = {"mirror-1": "ban-1", "mirror-2": "ban-2"}


def test_recall_is_judged_at_the_number_of_alerts_that_samehand_sends() -> None:
    ours = [Alert("mirror-1", "ban-1", 3.0), Alert("stranger", "ban-9", 1.0)]
    other = [
        Alert("stranger", "ban-9", 2.5),
        Alert("mirror-1", "ban-2", 2.4),
        Alert("mirror-2", "ban-2", 2.0),
    ]
    turns = {OURS: [InADayTurn(0.1, 0.05, ours)], OTHER: [InADayTurn(0.2, 0.05, other)]}
    mine, its = in_a_day._rows(turns, ORIGINALS)
    assert (mine.recall, mine.faster, mine.alerts) == (0.5, 2.0, 2)
    assert (its.recall, its.faster, its.alerts) == (0.0, 1.0, 3), "its third is beyond as many as ours"


def test_a_shared_value_outranks_a_similar_name(postgres: EmbeddedPostgres) -> None:
    bans = [
        Account(account_id="shares", email="umar@example.org", handle="somebody"),
        Account(account_id="resembles", handle="umar_media", display_name="Umar Media"),
    ]
    with EmbeddedRedis() as server:
        other = InADay(postgres.make("in_a_day"), server.administrator_url)
        other.fill(bans)
        seen = {"account_id": "new", "email": "umar@example.org", "handle": "umar_media_2"}
        assert [one["banned_id"] for one in other.alerts({"account": seen})] == ["shares"]
        assert list(other.alerts({"account": {"account_id": "new", "handle": "zzz"}})) == []
        other.close()


def test_without_its_environment_it_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_a_day, "_PYTHON", tmp_path / "python")
    with pytest.raises(NotAvailable, match="make bench"):
        in_a_day.measured(10, 10, 1)
