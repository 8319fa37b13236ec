"""What two names share never speaks against the pair, and only where nothing is shared are they different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.names.handle_trait import HandleTrait
from samehand.names.name_trait import NameTrait
from samehand.names.similarity import longest_run
from samehand.names.word import Word
from samehand.scoring.weights import default_weights
from samehand.signals.comparison import Comparison
from samehand.signals.cross_field import CROSS_FIELD, CrossedNames
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import SIGHT, keyer

# Names, family names, everyday words and letters of no list, so that what is shared is common, rare or both.
words = st.sampled_from(
    ("umar", "khan", "gulzar", "waziri", "media", "official", "news", "ali", "bob", "historian", "daya")
) | st.text("abdehimnorstuz", min_size=1, max_size=9)
phrases = st.lists(words, min_size=1, max_size=4)


def nats(signal: str, found: Comparison | None) -> float:
    if found is None:
        return 0.0
    table = default_weights().signals[signal]
    return table.as_shipped[found.level] if found.rate is None else table.nats(found.level, found.rate)


def a_handle(text: str) -> HandleTrait:
    trait = HANDLE.distil(Account(platform="facebook", account_id="1", handle=text), keyer)
    assert trait is not None
    return trait


def a_name(text: str) -> NameTrait:
    trait = NAME.distil(Account(platform="facebook", account_id="1", display_name=text), keyer)
    assert trait is not None
    return trait


def share_something(ours: Word, theirs: Word) -> bool:
    return bool(longest_run(ours.base, theirs.base)) or not set(ours.tokens).isdisjoint(theirs.tokens)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("BalancedHistorians", "UNIVERSITYHISTORIAN"),
        ("Aapkadayaram", "Dayaramkookna"),
        ("umar_media", "salma_media"),
        ("bob_smith", "bob_jones"),
    ],
)
def test_a_part_in_common_does_not_speak_against_two_handles(ours: str, theirs: str) -> None:
    found = HANDLE.compare(a_handle(ours), a_handle(theirs), SIGHT)
    assert found is None or found.level != "different"
    assert nats("handle", found) >= 0.0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("प्रिया शर्मा", "काजल शर्मा"),
        ("Umar Media", "Salma Media"),
        ("Ali Xqzvkt Bramwell Ortenzo", "Ali Zarfeshan Toryalai Nangyal"),
    ],
)
def test_a_part_in_common_does_not_speak_against_two_display_names(ours: str, theirs: str) -> None:
    found = NAME.compare(a_name(ours), a_name(theirs), SIGHT)
    assert found is None or found.level != "different"
    assert nats("name", found) >= 0.0


@given(phrases, phrases, words)
def test_handles_are_different_only_where_nothing_is_shared(
    one: list[str], other: list[str], both: str
) -> None:
    for ours, theirs in ((one, other), ([*one, both], [both, *other])):
        mine, banned = a_handle("_".join(ours)), a_handle("_".join(theirs))
        found = HANDLE.compare(mine, banned, SIGHT)
        if share_something(mine.word, banned.word):
            assert found is None or found.level != "different"
            assert nats("handle", found) >= 0.0
        elif found is not None and found.level == "different":
            assert nats("handle", found) <= 0.0


@given(phrases, phrases, words)
def test_display_names_are_different_only_where_nothing_is_shared(
    one: list[str], other: list[str], both: str
) -> None:
    for ours, theirs in ((one, other), ([*one, both], [both, *other])):
        mine, banned = a_name(" ".join(ours)), a_name(" ".join(theirs))
        found = NAME.compare(mine, banned, SIGHT)
        if share_something(mine.word, banned.word):
            assert found is None or found.level != "different"
            assert nats("name", found) >= 0.0
        elif found is not None and found.level == "different":
            assert nats("name", found) <= 0.0


@given(phrases, phrases)
def test_a_handle_and_a_display_name_across_never_speak_against_a_pair(
    one: list[str], other: list[str]
) -> None:
    mine = CrossedNames(a_handle("_".join(one)), a_name(" ".join(one)))
    banned = CrossedNames(a_handle("_".join(other)), a_name(" ".join(other)))
    assert nats("crossing", CROSS_FIELD.compare(mine, banned, SIGHT)) >= 0.0
