"""The short way to tell whether an account is listed under a key agrees with the long one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.fingerprint import distil, enrolment_keys, pack, query_keys
from samehand.keys import KeyKind, key_of, kind_of, value_of
from store.listed import listed, truly
from tests.store.makers import PEPPERS

WORDS = st.sampled_from(
    ["umar", "media", "um4r", "mmedia", "salma", "x", "المجاهد", "умар", "аli", "a1b2", "ooo"]
)
HANDLES = (
    st.lists(WORDS, min_size=1, max_size=4).map("_".join) | st.text(max_size=24) | st.just("Elizabe39542212")
)
ACCOUNTS = st.builds(
    Account,
    platform=st.sampled_from(["x", "telegram", "facebook"]),
    account_id=st.just("1"),
    handle=st.none() | HANDLES,
    display_name=st.none() | st.lists(WORDS, max_size=4).map(" ".join),
    email=st.none() | st.just("umar@example.org"),
    avatar=st.none() | st.builds(Avatar, pdq=st.binary(min_size=32, max_size=32)),
    bio=st.none() | st.just("Write to t.me/umar_media or call"),
)
_, KEYER = PEPPERS.keyers[0]


@given(ACCOUNTS, ACCOUNTS, st.sampled_from(list(KeyKind)), st.binary(max_size=8))
def test_the_short_way_agrees_with_the_long_one(
    one: Account, other: Account, kind: KeyKind, value: bytes
) -> None:
    mine, theirs = (distil(account, KEYER, at=None) for account in (one, other))
    record, keys = pack(mine), set(enrolment_keys(mine))
    for key in (*keys, *query_keys(mine), *query_keys(theirs), key_of(kind, value)):
        assert listed([record], key) == (key in keys), key


@given(ACCOUNTS, ACCOUNTS)
def test_what_found_an_account_is_told_alike_but_for_words_that_it_shows(
    one: Account, other: Account
) -> None:
    mine, theirs = (distil(account, KEYER, at=None) for account in (one, other))
    record, keys = pack(mine), set(enrolment_keys(mine))
    for key in (*keys, *query_keys(mine), *query_keys(theirs)):
        told = truly([record], key, ())
        if kind_of(key) is not KeyKind.NAMING_WORD:
            assert told == (key in keys), key
        elif told != (key in keys):
            assert told, key
            assert value_of(key).decode() in f"{one.handle} {one.display_name} {mine.traits}", key


@pytest.mark.parametrize("word", ["gulzar", "waziristan", "zabulistan"])
def test_a_word_that_an_account_does_not_show_did_not_find_it(word: str) -> None:
    account = Account(platform="x", account_id="1", handle="gulzar_poet", display_name="Gulzar Waziristan")
    key = key_of(KeyKind.NAMING_WORD, word.encode())
    assert truly([pack(distil(account, KEYER, at=None))], key, ()) == (word != "zabulistan")


@given(st.binary(max_size=60), st.sampled_from(list(KeyKind)))
def test_a_damaged_record_is_listed_nowhere_or_read(record: bytes, kind: KeyKind) -> None:
    assert listed([record], key_of(kind, b"umarmedia")) in (True, False)
