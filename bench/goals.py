"""The goals of performance, each held against what ``bench.json`` has of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

INSTRUCTIONS: Final = Path(__file__).with_name("instructions") / "figure.json"
RELEASE_INSTRUCTIONS: Final = 10_650_000
"""Instructions an event of release 0.2.0 (e3ebd5d), counted as today's are."""

Seen = tuple[str, bool]
"""What was measured, in words, and whether it meets the goal."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One row. `seen` gets the part of ``bench.json``; `LookupError`: it lacks the figure."""

    text: str
    part: str
    seen: Callable[[Any], Seen]


def table(found: Mapping[str, Any]) -> str:
    """Returns the page's table; a goal whose part was never measured says so."""
    lines = ["| goal | measured | |", "|---|---|---|"]
    for goal in GOALS:
        try:
            words, holds = goal.seen(found[goal.part])
            lines.append(f"| {goal.text} | {words} | {'holds' if holds else '**missed**'} |")
        except LookupError:
            lines.append(f"| {goal.text} | not measured | |")
    return "\n".join(lines)


def with_instructions(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parts with the noted instructions beside them, which ``bench.json`` does not repeat."""
    return {**found, "instructions": json.loads(INSTRUCTIONS.read_text("utf-8"))}


def _lookup(contender: str, least: float, bans: int) -> Callable[[Any], Seen]:
    def seen(reports: Any) -> Seen:
        rows = {row["contender"]: row for row in _sized(reports, bans)["rows"]}
        ours, other = rows["samehand"], rows[contender]
        words = f"{other['slower']:.1f} times; recall {ours['recall']:.3f} against {other['recall']:.3f}"
        return words, other["slower"] >= least and ours["recall"] >= other["recall"]

    return seen


def _sized(reports: Any, bans: int) -> Any:
    for report in reports:
        if report["bans"] == bans:
            return report
    raise LookupError(f"nothing was measured at {bans} bans")


def _beside_release(figure: str, most: float) -> Callable[[Any], Seen]:
    def seen(ratios: Any) -> Seen:
        ratio = ratios[figure]
        return f"{ratio:.2f}", ratio <= most

    return seen


def _read(against: Any) -> Seen:
    kilobytes, records = against["bytes_an_event"] / 1_000, against["records_an_event"]
    return f"{kilobytes:.0f} KB, {records:.1f} records", kilobytes <= 36 and records <= 1.5


def _latency(broker: str) -> Callable[[Any], Seen]:
    def seen(reports: Any) -> Seen:
        [report] = [report for report in reports if report["broker"] == broker]
        [rate] = [rate for rate in report["rates"] if rate["rate"] == 200]
        p50, p99 = rate["p50_ms"], rate["p99_ms"]
        return f"{p50:.0f} / {p99:.0f} ms ({report['bans']:,} bans)", p50 <= 25 and p99 <= 100

    return seen


def _searchable(reports: Any) -> Seen:
    most = max(rate["searchable_p99_seconds"] for report in reports for rate in report["rates"][:2])
    return f"≤ {most:g} s", most <= 1.0


def _two_workers(scale: Any) -> Seen:
    one, two = scale["rows"][:2]
    cost = two["worker_microseconds"] + two["redis_microseconds"]
    ratio = 2 * (one["worker_microseconds"] + one["redis_microseconds"]) / cost
    return f"{ratio:.2f} times", ratio >= 1.9


def _growth(scale: Any) -> Seen:
    sizes = {size["bans"]: size for size in scale["sizes"]}
    growth = sizes[1_000_000]["growth"] / sizes[100_000]["growth"]
    return f"{growth:.2f} times", growth <= 1.15


def _in_a_day(report: Any) -> Seen:
    ours, other = report["rows"][:2]
    words = f"{ours['faster']:.1f} times; recall {ours['recall']:.3f} against {other['recall']:.3f}"
    return words, ours["faster"] >= 2 and ours["recall"] > other["recall"]


def _instructions(figure: Any) -> Seen:
    ratio = figure["instructions_an_event"] / RELEASE_INSTRUCTIONS
    return f"{ratio:.2f} in Python", ratio <= 0.6


def _pass_through(report: Any) -> Seen:
    [worker] = [row for row in report["rows"] if row["contender"] == "samehand worker"]
    return f"{worker['ratio']:.3f} ({report['bans']:,} bans)", worker["ratio"] >= 0.25


def _compared(reports: Any) -> Seen:
    a_second = reports[0]["unspared"] / reports[0]["seconds"]["unspared"]
    return f"{a_second:,.0f}", a_second >= 20_000


def _bounded(reports: Any) -> Seen:
    seconds = reports[0]["seconds"]
    a_second = reports[0]["pairs"] / (seconds["read"] + seconds["score"])
    return f"{a_second:,.0f}", a_second >= 250_000


def _bytes(case: str, most: float, *, quotes: bool = False) -> Callable[[Any], Seen]:
    def seen(cases: Any) -> Seen:
        [report] = [report for report in cases if report["case"] == case]
        quoted = report["parts"]["what alerts quote"]
        size = quoted if quotes else report["total"] - quoted
        return f"{size:.0f}", size <= most

    return seen


def _gate(loaded: Any) -> Seen:
    p50, p99 = loaded["p50_ms"], loaded["p99_ms"]
    return f"{p50:.0f} / {p99:.0f} ms ({loaded['bans']:,} bans)", p50 <= 15 and p99 <= 60


def _desk(timed: Any) -> Seen:
    worst = max(timed, key=lambda request: request["p99_ms"] / request["goal_ms"])
    words = f"{worst['p99_ms']:.0f} of {worst['goal_ms']:.0f} ms: {worst['request']} on {worst['database']}"
    return words, all(request["p99_ms"] <= request["goal_ms"] for request in timed)


def _reports(reports: Any) -> Seen:
    worst = max(report["seconds"] for report in reports)
    differing = sum(report["differing"] for report in reports)
    words = f"{worst:.0f} s, {differing} differ ({reports[0]['alerts']:,} alerts)"
    return words, worst <= 60 and not differing


GOALS: Final = (
    Goal(
        "worker and Redis beside release 0.2.0, 100,000 bans: ≤ .5 of its time",
        "against",
        _beside_release("both", 0.5),
    ),
    Goal("bytes from Redis ≤ 36 KB and records read ≤ 1.5 an event, 100,000 bans", "against", _read),
    Goal("instructions an event: ≤ .6 of release 0.2.0", "instructions", _instructions),
    Goal(
        "two workers, two partitions: ≥ 1.9 times the events a second of processor time",
        "scale",
        _two_workers,
    ),
    Goal("an event's cost from 100,000 to a million bans: ≤ 1.15 times", "scale", _growth),
    Goal("event to alert at 200 a second, embedded broker: ≤ 25 / 100 ms", "latency", _latency("embedded")),
    Goal("the same on Apache Kafka", "latency", _latency("kafka")),
    Goal("a ban is searchable within 1 s", "latency", _searchable),
    Goal("a worker at a quarter of pass-through", "worker", _pass_through),
    Goal("≥ 2 times what one would write in a day, at better recall", "in_a_day", _in_a_day),
    Goal(
        "look-ups ≥ 4 times as fast as pg_trgm, 100,000 bans",
        "lookups",
        _lookup("PostgreSQL pg_trgm (GIN)", 4, 100_000),
    ),
    Goal(
        "≥ 8 times MinHashLSH on Redis, 100,000 bans",
        "lookups",
        _lookup("datasketch MinHashLSH on Redis", 8, 100_000),
    ),
    Goal(
        "≥ 150 times `process.extract`, a million bans",
        "lookups",
        _lookup("rapidfuzz process.extract", 150, 1_000_000),
    ),
    Goal("≥ 20,000 full comparisons a second", "mind", _compared),
    Goal("≥ 250,000 pairs a second, by the bound or in full", "mind", _bounded),
    Goal("bytes a ban, handle alone: index and record ≤ 160", "memory", _bytes("handle alone", 160)),
    Goal("every field but the picture: ≤ 600", "memory", _bytes("every field, no picture", 600)),
    Goal(
        "what alerts quote of a whole account: ≤ 120",
        "memory",
        _bytes("every field, no picture", 120, quotes=True),
    ),
    Goal("gate at 200 calls a second: ≤ 15 / 60 ms", "gate", _gate),
    Goal("desk, 50,000 alerts: pages ≤ 200 ms, decisions ≤ 100 ms at p99", "desk", _desk),
    Goal("report of a year with a million alerts: ≤ 60 s, sums as written", "reports", _reports),
)
