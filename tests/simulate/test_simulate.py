"""Samples, and the files that they are written to."""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.malformed import Malformed
from schemas.wire import decode_banned, decode_created, encode
from simulate.config import SAMPLE_ACCOUNTS_MIN, Config
from simulate.delays import (
    DAY,
    DELAY_SECONDS_MAX,
    HOUR,
    MINUTE,
    PREPARED_SECONDS_MAX,
    heavy_tailed,
    prepared,
    within_minutes,
)
from simulate.files import SimulationSummary, simulate_command, write
from simulate.sampling import Weighted, below, between, digits, one_of, seeded, zipf
from simulate.timeline.events import PlatformTopic, SimulatedEvent
from simulate.timeline.stream import sample
from tests.tables import for_each

# Samples: their settings, delays and draws.


# Draws fall where they should, and as often.


def test_each_purpose_has_its_own_generator() -> None:
    assert seeded(1, "names").random() == seeded(1, "names").random()
    assert len({seeded(1, "names").random(), seeded(1, "bans").random(), seeded(2, "names").random()}) == 3


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20), st.integers(0, 2**32))
def test_a_weighted_draw_is_one_of_the_values(weights: list[float], seed: int) -> None:
    assert Weighted(range(len(weights)), weights).pick(Random(seed)) in range(len(weights))


def test_weights_are_kept() -> None:
    rng = Random(1)
    table = Weighted("abc", [5, 3, 2])
    seen = Counter(table.pick(rng) for _ in range(20_000))
    assert seen["a"] / 20_000 == pytest.approx(0.5, abs=0.02)
    assert seen["c"] / 20_000 == pytest.approx(0.2, abs=0.02)


def test_a_value_of_no_weight_never_comes() -> None:
    rng = Random(1)
    assert {Weighted("ab", [0, 1]).pick(rng) for _ in range(100)} == {"b"}


@for_each(("values", "weights"), [([], []), ([1], [1, 2])])
def test_weights_without_values_are_refused(values: list[int], weights: list[float]) -> None:
    with pytest.raises(ValueError, match="as many weights as values"):
        Weighted(values, weights)


def test_zipf_halves_from_rank_to_rank() -> None:
    rng = Random(3)
    names = zipf(range(1, 101), exponent=1.0, offset=0.0)
    seen = Counter(names.pick(rng) for _ in range(50_000))
    for rank in (2, 5, 10):
        assert seen[1] / seen[rank] == pytest.approx(rank, rel=0.15)


@given(st.integers(1, 10**9), st.integers(0, 2**32))
def test_below_stays_below(limit: int, seed: int) -> None:
    assert 0 <= below(Random(seed), limit) < limit


@given(st.integers(-50, 50), st.integers(0, 50), st.integers(0, 2**32))
def test_between_includes_both_ends_and_nothing_beyond(low: int, width: int, seed: int) -> None:
    assert low <= between(Random(seed), low, low + width) <= low + width


def test_every_value_of_a_short_range_comes() -> None:
    rng = Random(0)
    assert {between(rng, 1, 3) for _ in range(100)} == {1, 2, 3}
    assert {one_of(rng, "xyz") for _ in range(100)} == {"x", "y", "z"}


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_digits_have_the_length_asked(length: int, seed: int) -> None:
    drawn = digits(Random(seed), length)
    assert len(drawn) == length
    assert drawn.isdecimal()


# Sizes and spans of a run.


def test_half_a_percent_are_mirrors_and_one_ban_for_ten_sign_ups_unless_said() -> None:
    config = Config(accounts=100_000)
    assert config.mirrors == 500
    assert config.further_bans == 10_000
    assert Config(bans=7).further_bans == 7


def test_the_span_is_as_long_as_asked() -> None:
    config = Config(start=datetime(2026, 1, 1, tzinfo=UTC), days=2)
    assert config.end_seconds - config.start_seconds == 2 * 86_400
    assert config.start_seconds == datetime(2026, 1, 1, tzinfo=UTC).timestamp()


# Mirrors come minutes to weeks after a ban; some were there before it.


def test_half_return_within_eight_hours_and_some_take_weeks() -> None:
    rng = Random(1)
    delays = sorted(heavy_tailed(rng) for _ in range(10_000))
    assert median(delays) == pytest.approx(8 * HOUR, rel=0.1)
    assert delays[0] >= MINUTE
    assert delays[500] < 30 * MINUTE
    assert delays[9_500] > 7 * DAY
    assert delays[-1] <= DELAY_SECONDS_MAX


def test_the_angry_return_within_the_hour() -> None:
    rng = Random(1)
    delays = [within_minutes(rng) for _ in range(5_000)]
    assert min(delays) >= 2 * MINUTE
    assert max(delays) <= 60 * MINUTE


def test_spare_accounts_are_hours_to_weeks_old() -> None:
    rng = Random(1)
    ages = [prepared(rng) for _ in range(5_000)]
    assert median(ages) == pytest.approx(3 * DAY, rel=0.1)
    assert HOUR <= min(ages) <= max(ages) <= PREPARED_SECONDS_MAX


# The demonstration's stream has one of everything, whatever its seed.

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(event: SimulatedEvent) -> bytes:
    return event.value if isinstance(event.value, bytes) else encode(event.value)


@for_each("seed", [1, 7, 99])
@for_each("accounts", [1_000, 2_000])
def test_one_of_everything(seed: int, accounts: int) -> None:
    events = list(sample(seed, accounts, ends_at=END))
    truths = [event.label.truth for event in events if event.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}
    assert set(Counter(event.topic for event in events)) == set(PlatformTopic)
    kinds = {event.label.kind for event in events}
    assert kinds >= {"ordinary", "mirror", "malformed", "lifted", "banned"}
    assert any(event.label.resembles for event in events)


def test_the_smallest_sample_still_shows_every_strategy_and_way() -> None:
    truths = [e.label.truth for e in sample(1, SAMPLE_ACCOUNTS_MIN, ends_at=END) if e.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}


def test_nothing_happens_after_its_end() -> None:
    assert max(event.at for event in sample(accounts=500, ends_at=END)) <= END.timestamp()


def test_it_is_the_same_every_time() -> None:
    first, second = (list(sample(accounts=500, ends_at=END)) for _ in range(2))
    assert list(map(line, first)) == list(map(line, second))


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="200 accounts or more"):
        sample(accounts=100, ends_at=END)


# A run in files: each says what its name promises, and together they agree.


CONFIG = Config(seed=4, accounts=2_500, mirror_share=0.04, malformed_share=0.02, reinstated_share=0.2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationSummary]:
    out = tmp_path_factory.mktemp("run") / "new" / "folder"
    return out, write(CONFIG, out)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_the_summary_counts_what_was_asked(run: tuple[Path, SimulationSummary]) -> None:
    _, summary = run
    assert summary.sign_ups == summary.kinds.total() == summary.languages.total() == CONFIG.accounts
    assert summary.strategies.total() == CONFIG.mirrors
    assert summary.malformed > 20


def test_bans_are_those_that_stand_at_the_end(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    bans = lines(out / "bans.jsonl")
    assert all(not isinstance(decode_banned(line, now=CONFIG.end_seconds), Malformed) for line in bans)
    assert summary.topics[PlatformTopic.REINSTATED] > 10
    assert len(bans) == summary.topics[PlatformTopic.BANNED] - summary.topics[PlatformTopic.REINSTATED]


def test_accounts_are_sign_ups_and_changed_profiles(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    accounts = lines(out / "accounts.jsonl")
    assert all(not isinstance(decode_created(line, now=CONFIG.end_seconds), Malformed) for line in accounts)
    assert len(accounts) == summary.sign_ups + summary.topics[PlatformTopic.UPDATED]


def test_the_truth_names_accounts_and_bans_of_the_other_files(run: tuple[Path, SimulationSummary]) -> None:
    out, _ = run
    truth = rows(out / "truth.csv")
    assert len(truth) == CONFIG.mirrors
    bans = {(b["platform"], b["account"]["account_id"]) for b in map(json.loads, lines(out / "bans.jsonl"))}
    accounts = {
        (a["platform"], a["account"]["account_id"]) for a in map(json.loads, lines(out / "accounts.jsonl"))
    }
    assert {(row["platform"], row["account_id"]) for row in truth} <= accounts
    assert {(row["banned_platform"], row["banned_account_id"]) for row in truth} <= bans


def test_strategies_tell_of_every_mirror_how_it_came(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    told = rows(out / "strategies.csv")
    pairs = [tuple(row.values())[:4] for row in told]
    assert pairs == [tuple(row.values()) for row in rows(out / "truth.csv")]
    assert {int(row["strategy"]) for row in told} == set(summary.strategies) == set(range(1, 9))
    assert all((int(row["seconds_since_ban"]) < 0) == (row["way"] == "lookback") for row in told)


def test_innocents_are_nobody_of_the_truth(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    innocents = rows(out / "innocents.csv")
    mirrors = {(row["platform"], row["account_id"]) for row in rows(out / "truth.csv")}
    assert innocents
    assert not {(row["platform"], row["account_id"]) for row in innocents} & mirrors
    assert {row["kind"] for row in innocents} <= set(summary.kinds)


def test_every_sign_up_has_a_language(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    assert len(rows(out / "languages.csv")) == summary.sign_ups


def test_the_stream_holds_everything_broken_messages_included(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    events = [json.loads(line) for line in lines(out / "events.jsonl")]
    assert len(events) == summary.events
    broken = [b64decode(event["raw"]) for event in events if "raw" in event]
    assert len(broken) == summary.malformed
    assert all(isinstance(decode_created(raw, now=CONFIG.end_seconds), Malformed) for raw in broken)
    assert all(event["key"].startswith(event["value"]["platform"]) for event in events if "value" in event)


def test_the_command_writes_the_same_files_again_and_tells_how_far_it_is(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    first = simulate_command(
        3, 2_200, tmp_path / "a", progress=lambda done, total: heard.append((done, total))
    )
    second = simulate_command(3, 2_200, tmp_path / "b")
    assert first == second
    assert [done for done, _ in heard] == [1_000, 2_000, 2_200]
    assert {total for _, total in heard} == {2_200}
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_held_out_edits_make_other_mirrors(tmp_path: Path) -> None:
    simulate_command(3, 2_000, tmp_path / "a", edits="tuning")
    simulate_command(3, 2_000, tmp_path / "b", edits="held_out")
    assert (tmp_path / "a" / "accounts.jsonl").read_bytes() != (
        tmp_path / "b" / "accounts.jsonl"
    ).read_bytes()
