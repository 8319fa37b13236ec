"""Keys of display names and of rare words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.blocking.display_name import listed_keys
from samehand.blocking.rare_words import listed_words, tried_words
from samehand.fingerprint.distil import distil, enrolment_keys, query_keys
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.names.name_trait import NameTrait
from samehand.names.word import Word
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import keyer

# A display name finds itself again with words put in, left out, glued on, turned about or misspelt.


def spelt(name: str) -> NameTrait:
    """A display name, folded."""
    account = Account(platform="facebook", account_id="1", display_name=name)
    trait = NAME.distil(account, lambda domain, value: b"")
    assert trait is not None
    return trait


def tried(name: NameTrait) -> set[Key]:
    """All keys under which it is looked up."""
    return {*NAME.keys(name), *NAME.probes(name)}


def kinds_shared(banned: str, new: str) -> set[KeyKind]:
    """The kinds of key under which a new name finds a banned one."""
    return {kind_of(key) for key in set(listed_keys(spelt(banned))) & tried(spelt(new))}


@pytest.mark.parametrize(
    ("banned", "new", "kind"),
    [
        ("Umar Farooqi", "Umar Farooqi Press", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Umar Maria Farooqi", KeyKind.NAME_INITIAL),
        ("Umar Farooqi Waziri", "Umar Waziri", KeyKind.NAME_PAIR),
        ("Umar Farooqi", "Farooqi Umar", KeyKind.NAME_LETTERS),
        ("Official Umar Farooqi", "Farooqi Umar", KeyKind.NAME_TOKENS),
        ("Umar Farooqi", "Official Farooqi Umar Backup", KeyKind.NAME_INITIAL),
        ("Zarghun Kakar", "Zorghun Kakir", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "UmarFarooqi", KeyKind.NAME_WORD),
        ("Umar Farooqi", "umarfarooqixyz", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "Umar Farooqiofficial", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "Umar Faroqqi", KeyKind.NAME_LETTERS),
        ("Umar Farooqi", "Umar Fxrooqy", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Media Umar Fxrooqy", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Omar Faruqi Media", KeyKind.NAME_CONSONANTS),
        ("Umar Farooqi", "Umar Frooqil", KeyKind.NAME_CONSONANTS),
    ],
)
def test_a_disguised_name_finds_the_original(banned: str, new: str, kind: KeyKind) -> None:
    assert kind in kinds_shared(banned, new)


def test_a_handle_and_a_name_meet_by_a_run_of_letters() -> None:
    handle = HANDLE.distil(Account(platform="x", account_id="2", handle="zorghunkakir"), lambda d, v: b"")
    assert handle is not None
    shared = set(HANDLE.keys(handle)) & tried(spelt("Zarghun Kakar"))
    assert {kind_of(key) for key in shared} == {KeyKind.NAMING_RUN}


def test_a_single_word_lists_no_pairs() -> None:
    assert {kind_of(key) for key in listed_keys(spelt("Umar"))} == {KeyKind.NAME_WORD}


WORDS = st.lists(
    st.text(st.characters(categories=["L", "M", "N", "So"]), min_size=1, max_size=70), max_size=12
)


@given(WORDS.map(" ".join))
def test_whatever_is_listed_is_tried_and_there_are_only_so_many(name: str) -> None:
    account = Account(platform="facebook", account_id="1", display_name=name)
    trait = NAME.distil(account, lambda domain, value: b"")
    if trait is None:
        return
    assert len(set(listed_keys(trait))) <= 80
    assert len(tried(trait)) <= 300
    assert all(value_of(key) for key in tried(trait))


# A rare word kept is enough for two names to meet, in whatever field it stands.


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
