"""The index of the benches means what the store means."""

from __future__ import annotations

import math

from bench.index.schemes import Postings, places
from samehand.keys import PERSONAL_POSTING_CAP, SHORT_POSTING_CAP, Key, KeyKind, key_of
from store.limits import listed_at_most


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
