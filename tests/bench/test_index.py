"""The index of the benches lists, reads and asks as the store does."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.index.schemes import SCHEMES, Postings, Scheme, places
from bench.recall import growth, growth_table
from samehand.keys import PERSONAL_POSTING_CAP, SHORT_POSTING_CAP, Key, KeyKind, key_of
from store.limits import listed_at_most
from tests.tables import for_each

# The index of the benches asks as look-ups do.


@for_each("scheme", SCHEMES.values())
def test_query_tries_what_an_account_lists(scheme: Scheme) -> None:
    assert {*(scheme.listed("x", "salma khan92") or ())} <= {*(scheme.tried("x", "salma khan92") or ())}


# The index of the benches means what the store means.


def key(value: str, kind: KeyKind = KeyKind.HANDLE_WORD) -> Key:
    return key_of(kind, value.encode())


def test_rarer_keys_count_for_more() -> None:
    postings = Postings([[key("rare"), key("common")], [key("common")], [], []])
    answers = postings.answers([[key("rare"), key("common")]], 64)
    assert answers.accounts.tolist() == [0, 1]
    assert answers.bits.tolist() == [math.log2(4) + math.log2(2), math.log2(2)]
    assert places(answers, [1]) == [1.0]


def test_who_shares_no_key_is_not_found() -> None:
    assert places(Postings([[key("a")], [key("b")]]).answers([[key("a")]], 64), [1]) == [None]


def test_a_full_posting_keeps_those_who_came_first() -> None:
    device = key("f3b1c9d2", KeyKind.DEVICE)
    answers = Postings([[device]] * (PERSONAL_POSTING_CAP + 5)).answers([[device]], 64)
    assert answers.accounts.tolist() == list(range(PERSONAL_POSTING_CAP))


def test_a_name_that_too_many_bear_proposes_nobody() -> None:
    run, rare = key("umarm", KeyKind.NAMING_RUN), key("rare")
    listed = [[run]] * SHORT_POSTING_CAP
    assert len(Postings(listed).answers([[run]], 64).accounts) == SHORT_POSTING_CAP
    assert Postings([*listed, [run, rare]]).answers([[run, rare]], 64).accounts.tolist() == [
        SHORT_POSTING_CAP
    ]


def test_entries_beyond_a_cap_are_not_held() -> None:
    run = key("umarm", KeyKind.NAMING_RUN)
    most = listed_at_most(KeyKind.NAMING_RUN)
    assert Postings([[run]] * (most + 5)).entries == most


# The same disguises, looked up among more and more bans.


def test_the_same_disguises_find_more_strangers_and_hardly_lose_their_originals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = growth((600, 150), 4)
    few, many = found[150], found[600]
    assert many.candidates_mean > few.candidates_mean
    assert many.candidates_p99 >= many.candidates_mean
    assert few.recall >= few.recall_kept >= few.worst_kept > 0
    assert few.recall > 0.8
    assert "| 600 |" in growth_table(found)
