"""A run in files: each says what its name promises, and together they agree."""

import csv
import json
from base64 import b64decode
from pathlib import Path

import pytest

from schemas.malformed import Malformed
from schemas.wire import decode_banned, decode_created
from simulate.config import Config
from simulate.files import SimulationSummary, simulate_command, write
from simulate.timeline.events import PlatformTopic

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
