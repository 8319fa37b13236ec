"""Entities of FollowTheMoney: who is listed, by which names, and what a hostile line costs."""

from __future__ import annotations

import pytest

from samehand.watchlist.entry import WatchlistEntry
from tests.watchlists.makers import FTM, entries, faults, front_and_person, names, source
from watchlists import ftm


def test_listed_entities_are_read_in_both_editions() -> None:
    rows = list(ftm.read_lines(source(b"\xef\xbb\xbf" + FTM), authority="XX"))
    front, person = front_and_person(entries(rows))
    assert front == WatchlistEntry(
        authority="XX",
        reference="xx-front",
        aliases=front.aliases,
        programmes=("xx_list", "XX-TERROR"),
    )
    assert list(names(front).items()) == [
        ("Northern Valley Liberation Front", False),
        ("جبهة تحرير الوادي الشمالي", False),
        ("Valley Brigades of the North", False),
        ("Old Valley Front", False),
        ("NVLF", True),
    ]
    assert person.programmes == ("xx_list", "Example Regime"), "of a nested sanction"
    assert [row.where for row in rows if row.outcome is None] == ["line 4", "line 5", "line 6"]


def test_whoever_may_be_a_person_is_one() -> None:
    either = entries(ftm.read_lines(source(FTM), authority="XX"))[2]
    assert (either.reference, either.person) == ("xx-either", True)


@pytest.mark.parametrize(
    "topic", ["sanction.linked", "sanction.control", "sanction.counter", "role.pep", "role.journo", "crime"]
)
def test_no_other_topic_makes_a_listing(topic: str) -> None:
    raw = FTM.replace(b'"sanction","crime.terror"', f'"{topic}"'.encode())
    assert "xx-front" not in {
        entry.reference for entry in entries(ftm.read_lines(source(raw), authority="XX"))
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not-json"),
        ("[]", "wrong-type"),
        ('{"id":1,"schema":"Person"}', "wrong-type"),
        ('{"op":"ADD","entity":{"id":"xx","schema":"Person"}}', "wrong-type"),
        ('{"id":"x","schema":"Person","properties":{"name":"not a list"}}', "wrong-type"),
        ('{"id":"x","schema":"Person","properties":{"topics":["sanction"]}}', "missing-field"),
        ('{"id":"","schema":"Person","properties":{"topics":["sanction"],"name":["A"]}}', "missing-field"),
        ('{"id":"x","schema":"Person","other":' + "[" * 100_000, "nested-too-deep"),
        ('{"id":"x","other":"' + "y" * 2_000 + '"}', "too-large"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_is_read(
    line: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "too-large":
        monkeypatch.setattr(ftm, "LINE_BYTES_MAX", 900)
    raw = FTM.split(b"\n", 1)[0] + b"\n\n" + line.encode() + b"\n" + FTM
    rows = list(ftm.read_lines(source(raw), authority="XX"))
    assert faults(rows) == [("line 3", reason)]
    assert len(rows) == 8, "an empty line is none"


def test_a_stream_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftm, "FILE_BYTES_MAX", 2_000)
    rows = list(ftm.read_lines(source(FTM * 10), authority="XX"))
    assert faults(rows) == [(rows[-1].where, "too-large")]
