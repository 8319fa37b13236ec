"""`samehand scan`: existing accounts go through workers, which are nobody here but a group far ahead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cli.checkpoint import Bookmark
from cli.inputs.event_files import EventFiles
from cli.topics import scanned_topic
from schemas.wire import Decoded, decode_scanned
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import load
from tests.cli.errands import seem_read
from tests.cli.running import Samehand, jsonl
from tests.makers import NOON, a_ban, a_sign_up

pytestmark = pytest.mark.journey


def published() -> list[Arrival]:
    topic = names(load()).scanned
    with reader(load()) as opened:
        return [it for partition in opened.partitions(topic) for it in opened.read(topic, partition)]


def test_scanned_account_has_the_profile_of_today_and_the_age_that_its_line_says(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "a.jsonl", a_sign_up("1"), a_sign_up("2", created_at=NOON), b"{")
    ran = samehand("scan", path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["bad_rows"]) == (0, 2, 1)
    assert ran.err.startswith(f"{path}:3: not-json")
    found = [decode_scanned(arrival.value, now=time.time()) for arrival in published()]
    records = {it.record.account.account_id: it.record for it in found if isinstance(it, Decoded)}
    assert {name: it.account.created_at for name, it in records.items()} == {
        "1": None,
        "2": NOON,
    }
    assert all(time.time() - it.at < 60.0 for it in records.values())


def test_interrupted_scan_continues_with_the_same_files_alone(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    topic = names(load()).scanned
    seem_read(topic)
    path = jsonl(tmp_path / "accounts.jsonl", *(a_sign_up(f"{n}") for n in range(30)))
    bookmark = Bookmark(
        tmp_path / "scan.json", topic, load().kafka_brokers[0], EventFiles("x").digest([path])
    )
    bookmark.write({0: 20})
    ran = samehand("scan", path, "--bookmark", bookmark.path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["resumed_after"]) == (0, 10, 20)
    assert not bookmark.path.exists(), "it is done"
    bookmark.write({0: 20})
    jsonl(path, *(a_sign_up(f"{n}") for n in range(29)))
    ran = samehand("scan", path, "--bookmark", bookmark.path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["resumed_after"]) == (0, 29, 0)


def test_second_scan_with_the_bookmark_of_one_that_runs_publishes_nothing(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "accounts.jsonl", a_sign_up())
    bookmark = Bookmark(tmp_path / "scan.json", "", "", "")
    with bookmark.held():
        ran = samehand("scan", path, "--bookmark", bookmark.path)
    assert (ran.code, ran.out, published()) == (1, "", [])
    assert ran.err == (
        f"samehand: {bookmark.path}: another run saves its progress there; wait until it ends, or name "
        "another file (--bookmark)\n"
    )
    assert samehand("scan", path, "--bookmark", bookmark.path).code == 0
    assert list(tmp_path.glob(".*")) == [], "no lock is left"


def test_file_of_accounts_named_as_the_bookmark_is_refused_and_stays(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "accounts.jsonl", a_sign_up())
    before = path.read_bytes()
    ran = samehand("scan", path, "--bookmark", path)
    assert path.read_bytes() == before
    assert (ran.code, published()) == (2, [])
    assert "is read by this command" in ran.err
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Umar")
    for more in ((), ("--from-start",)):
        ran = samehand("scan", path, "--bookmark", letter, *more)
        assert (ran.code, ran.out, published()) == (2, "", [])
        assert f"{letter}: is no bookmark" in ran.err
    assert letter.read_text() == "Dear Umar"


def test_scan_that_no_worker_reads_ends_and_says_so(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned_topic, "STALL_SECONDS", 0.5)
    ran = samehand("scan", jsonl(tmp_path / "accounts.jsonl", a_sign_up()), "--json")
    assert (ran.code, ran.figures["scanned"]) == (1, 0)
    assert "workers have read nothing of" in ran.err


def test_scan_waits_for_bans_that_were_published_before(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seem_read(names(load()).scanned)
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban())).code == 0
    monkeypatch.setattr(scanned_topic, "STALL_SECONDS", 0.5)
    ran = samehand("scan", jsonl(tmp_path / "accounts.jsonl", a_sign_up()))
    assert (ran.code, published()) == (1, [])
    assert "accounts.banned" in ran.err
