"""A rare word kept is enough for two names to meet, in whatever field it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.blocking.rare_words import listed_words, tried_words
from samehand.fingerprint.distil import distil, enrolment_keys, query_keys
from samehand.keys import KeyKind, kind_of
from samehand.names.word import Word
from tests.samehand.signals.test_contract import keyer


def meet(ours: Account, theirs: Account) -> bool:
    asked = query_keys(distil(ours, keyer, at=None))
    return not set(asked).isdisjoint(enrolment_keys(distil(theirs, keyer, at=None)))


def an_account(handle: str | None = None, display_name: str | None = None) -> Account:
    return Account(platform="telegram", account_id="1", handle=handle, display_name=display_name)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (an_account("zarfeshan_writes"), an_account("real_zarfeshan_poet")),
        (an_account("the_zarfeshan_poet"), an_account("zarfeshan")),
        (an_account("zarfeshan"), an_account("the_zarfeshan_poet")),
        (an_account(display_name="Zarfeshan Mobile Repair"), an_account("zarfeshan_writes")),
        (an_account("zarfeshan_writes"), an_account(display_name="Brothers of Zarfeshan in Exile")),
        (an_account(display_name="Zarfeshan Mobile"), an_account(display_name="Old Zarfeshan Poets")),
    ],
)
def test_a_rare_word_is_found_wherever_it_stands(ours: Account, theirs: Account) -> None:
    assert meet(ours, theirs)


def test_a_common_word_is_no_key() -> None:
    assert not meet(an_account("ali_mobile_repair"), an_account("ali_furniture_quetta"))


def test_at_most_two_words_are_listed_and_none_that_is_a_whole_name() -> None:
    kinds = [
        kind_of(key)
        for key in enrolment_keys(distil(an_account("zarfeshan_mirgul_wardakan"), keyer, at=None))
    ]
    assert kinds.count(KeyKind.NAMING_WORD) == 2
    kinds = [kind_of(key) for key in enrolment_keys(distil(an_account("waziristan"), keyer, at=None))]
    assert KeyKind.NAMING_WORD not in kinds


words = st.lists(st.text("abdeghiklmnoprstuz", min_size=1, max_size=9), min_size=1, max_size=10)


@given(handle=st.none() | words, name=st.none() | words)
def test_what_is_listed_is_tried(handle: list[str] | None, name: list[str] | None) -> None:
    both = [None if one is None else Word("".join(one), tuple(one), "") for one in (handle, name)]
    assert set(listed_words(*both)) <= set(tried_words(*both))
