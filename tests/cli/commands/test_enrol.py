"""`samehand enrol`: bans from files reach the topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.wire import encode
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.makers import NOON, a_ban


def published() -> list[Arrival]:
    topic = names(load()).banned
    with reader(load()) as opened:
        return [it for partition in opened.partitions(topic) for it in opened.read(topic, partition)]


@pytest.mark.journey
def test_every_ban_arrives_and_bad_lines_are_told(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    bans = [a_ban(handle=f"umar{i}") for i in range(30)]
    path = jsonl(tmp_path / "bans.jsonl", *bans[:10], b"{", *bans[10:])
    ran = samehand("enrol", path, "--json")
    assert ran.code == 0
    assert (ran.figures["delivered"], ran.figures["bad_rows"]) == (30, 1)
    assert ran.err.startswith(f"{path}:11: not-json")
    assert {(it.key, it.value) for it in published()} == {(ban.key.encode(), encode(ban)) for ban in bans}


@pytest.mark.journey
def test_a_second_file_without_ids_would_overwrite_the_first(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("handle\numar\n")
    ran = samehand("enrol", tmp_path / "one.csv", tmp_path / "two.csv")
    assert ran.code == 2
    assert "without account_id" in ran.err


@pytest.mark.journey
def test_a_topic_that_is_not_there_is_not_made_by_accident(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_TOPIC_CREATE", "false")
    ran = samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban()))
    assert ran.code == 1
    assert "accounts.banned does not exist" in ran.err


def test_without_files_it_says_so(samehand: Samehand) -> None:
    ran = samehand("enrol")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


@pytest.mark.journey
def test_bans_that_have_expired_are_told(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    gone = [a_ban(handle=f"gone{i}", expires_at=NOON) for i in range(3)]
    path = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar"), *gone)
    assert "4 bans delivered, 3 of them already expired, 0 bad rows" in samehand("enrol", path).out
    figures = samehand("enrol", path, "--json").figures
    assert (figures["delivered"], figures["expired"]) == (4, 3)
