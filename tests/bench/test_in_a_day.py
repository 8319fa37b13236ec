"""The bench beside what one would write in a day: what either alerts is judged alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import in_a_day
from bench.in_a_day import OTHER, OURS, Alert, Turn
from bench.running.in_a_day import InADay
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres
from local.redis import EmbeddedRedis
from schemas.accounts import Account

ORIGINALS = {"mirror-1": "ban-1", "mirror-2": "ban-2"}


def test_recall_is_judged_at_the_number_of_alerts_that_samehand_sends() -> None:
    ours = [Alert("mirror-1", "ban-1", 3.0), Alert("stranger", "ban-9", 1.0)]
    other = [
        Alert("stranger", "ban-9", 2.5),
        Alert("mirror-1", "ban-2", 2.4),
        Alert("mirror-2", "ban-2", 2.0),
    ]
    turns = {OURS: [Turn(10, 1.0, 0.5, ours)], OTHER: [Turn(10, 2.0, 0.5, other)]}
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
