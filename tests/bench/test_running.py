"""Whole workers, measured from outside: crowds, servers, turns, instructions, and what is kept of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import Connection
from redis.exceptions import RedisError

from agents.common.distil import remembered_of
from bench import __main__ as command
from bench.__main__ import Chosen
from bench.instructions.__main__ import BANS as COUNTED_BANS
from bench.instructions.__main__ import EVENTS, MORE_MAX, Figure, NeedsReason, other, read, replaced, verdict
from bench.instructions.events import NotOnTape, Tape
from bench.page import machine
from bench.running.crowd import is_original, people, sign_ups
from bench.soak import shared, slope
from bench.store.bans import KEYERS
from bench.worker import AIOKAFKA, FULL, PASS_THROUGH, Report, Turn, rows
from samehand.frequency.rates import NothingCounted
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import default_weights

# The banned and those who sign up after them are the same in every turn, and some of them are mirrors.


BANS = 400
AT = 1_795_000_000.0


def test_one_sign_up_of_two_hundred_is_a_mirror() -> None:
    originals = [one for number, one in enumerate(people(3, BANS, range(BANS))) if is_original(number, BANS)]
    with_mirrors = sign_ups(3, BANS, originals, 400, at=AT)
    strangers = sign_ups(3, BANS, [], 400, at=AT)
    assert with_mirrors == sign_ups(3, BANS, originals, 400, at=AT)
    assert with_mirrors[:100] == strangers[:100]
    assert with_mirrors[100] != strangers[100]
    assert len({record.key for record in with_mirrors}) == 400
    assert not {record.key for record in with_mirrors} & {one.key for one in originals}


def test_a_sign_up_is_looked_up_under_at_most_71_keys_in_the_mean() -> None:
    bound, counted = UpperBound(default_weights()), NothingCounted(20_000)
    accounts = [remembered_of(one, KEYERS) for one in sign_ups(3, BANS, [], 300, at=AT)]
    keys = [len(bound.table(one.fingerprints, counted).keys) for one in accounts]
    assert sum(keys) / len(keys) <= 71


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


# The slope of a worker's memory, and the flood that shares everything.


def test_a_slope_is_in_megabytes_an_hour() -> None:
    assert slope([(second, 50_000_000 + 1_000 * second) for second in range(0, 600, 2)]) == pytest.approx(3.6)
    assert slope([(second, 50_000_000) for second in range(0, 600, 2)]) == pytest.approx(0.0, abs=1e-6)
    assert slope([(0.0, 1)]) == 0.0


def test_a_flood_shares_its_address_device_and_handle_and_nothing_else() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 20, at=1_795_000_000.0)]
    assert len({(one.account.ip, one.account.device_id, one.account.handle) for one in flood}) == 1
    assert len({one.key for one in flood}) == 20


# The figure may be lowered, or raised with a reason; and it is held only where it was counted.


HERE = {"python": "3.11.7", "numpy": "2.1"}
WITH_OTHERS = {**HERE, "numpy": "2.2"}
OLD = Figure(1_000_000, 300, 20_000, "", HERE)


def test_the_one_checked_in_is_of_what_is_counted_and_says_with_what() -> None:
    figure = read()
    assert figure.instructions_an_event > 0
    assert (figure.events, figure.bans) == (EVENTS, COUNTED_BANS)
    assert {"python", "numpy", "libc", "valgrind", "hiredis", "msgspec"} <= set(figure.counted_with)


def test_a_lower_one_takes_its_place() -> None:
    lower = msgspec.structs.replace(OLD, instructions_an_event=900_000)
    assert replaced(OLD, lower) is lower
    assert replaced(None, OLD) is OLD


def test_a_higher_one_needs_a_reason() -> None:
    higher = msgspec.structs.replace(OLD, instructions_an_event=1_000_001)
    with pytest.raises(NeedsReason, match="reason"):
        replaced(OLD, higher)
    argued = msgspec.structs.replace(higher, reason="pictures are compared too")
    assert replaced(OLD, argued) is argued


def test_counted_with_something_else_it_is_another_figure() -> None:
    new = msgspec.structs.replace(OLD, instructions_an_event=2_000_000, counted_with=WITH_OTHERS)
    assert replaced(OLD, new) is new


def test_a_twentieth_more_is_refused_and_less_is_not() -> None:
    code, line = verdict(OLD, int(1_000_000 * MORE_MAX) + 1, HERE)
    assert code == 1
    assert "REASON" in line
    assert verdict(OLD, int(1_000_000 * MORE_MAX), HERE)[0] == 0
    code, line = verdict(OLD, 500_000, HERE)
    assert code == 0
    assert "lower the figure" in line


def test_where_something_else_counts_one_line_says_what() -> None:
    code, line = verdict(OLD, 9_000_000, WITH_OTHERS)
    assert code == 0
    assert "\n" not in line
    assert "numpy 2.1, here 2.2" in line
    assert other(OLD, HERE) == []


# What Redis answered comes again, to the same questions and to no other.


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """A tape is put in for a whole process, which here goes on."""
    made = Connection._connect
    yield
    Connection._connect = made  # type: ignore[method-assign]  # what the tape put in its place


async def spoken(client: Redis, prefix: str) -> list[object]:
    """Some commands, one of them with a large answer."""
    async with client:
        name = f"{prefix}:{{0}}:tape"
        await client.set(name, b"x" * 300_000)
        answers: list[object] = [await client.get(name), await client.append(name, b"y")]
        answers.append(await client.get(name))
        await client.delete(name)
    return answers


async def test_the_same_questions_get_the_same_answers_without_a_server(
    redis_administrator: str, tmp_path: Path
) -> None:
    tape = Tape()
    tape.record()
    told = await spoken(Redis.from_url(redis_administrator), "samehand")
    assert told == [b"x" * 300_000, 300_001, b"x" * 300_000 + b"y"]
    tape.save(tmp_path / "tape")
    Tape.load(tmp_path / "tape").replay()
    assert await spoken(Redis.from_url(redis_administrator), "samehand") == told


async def test_what_nobody_asked_has_no_answer(redis_administrator: str, tmp_path: Path) -> None:
    tape = Tape()
    tape.record()
    await spoken(Redis.from_url(redis_administrator), "samehand")
    tape.save(tmp_path / "tape")
    Tape.load(tmp_path / "tape").replay()
    with pytest.raises((NotOnTape, RedisError), match="nobody asked"):
        await spoken(Redis.from_url(redis_administrator), "another")


# The command keeps what each part found, where it belongs.


def test_part_is_kept_before_the_next_one_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    out.write_text('{"lookups": []}', "utf-8")

    def broken(chosen: Chosen) -> tuple[str, object]:
        raise RuntimeError("no memory")

    def quick(chosen: Chosen) -> tuple[str, object]:
        return f"{chosen.bans} bans", {"bans": chosen.bans}

    monkeypatch.setattr(command, "PARTS", {"worker": quick, "memory": broken})
    monkeypatch.setattr(
        sys, "argv", ["bench", "--only", "worker,memory", "--bans", "10,20", "--out", str(out)]
    )
    with pytest.raises(RuntimeError, match="no memory"):
        command.main()
    assert json.loads(out.read_text("utf-8")) == {"lookups": [], "worker": {"bans": 20}}
