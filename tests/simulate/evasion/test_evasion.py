"""Disguises, and the strategies that use them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.evasion import edit_tables as tables
from simulate.evasion.bio_edits import HELD_OUT_BIO_EDITS, TUNING_BIO_EDITS, VALIDATION_BIO_EDITS
from simulate.evasion.edits import EDIT_SETS, HANDLE_KINDS, HELD_OUT, NAME_KINDS, TUNING, VALIDATION
from simulate.evasion.lookalikes import INNOCENT_SHARES, INNOCENTS, relative
from simulate.evasion.strategies import STRATEGIES, Strategy
from simulate.population.handles import legal
from simulate.population.people import IDENTIFYING, Person, Population, shared
from simulate.sampling import seeded
from tests.tables import for_each

# Look-alikes resemble a banned account in their own way, and are somebody else.


MAY_SHARE = {
    "namesake": {"display_name", "handle"},
    "fan": {"display_name"},
    "household": {"ip", "display_name", "device_id"},
    "neighbour": {"ip"},
    "recycled_phone": {"number"},
}


def beside(kind: str) -> list[tuple[Person, Person]]:
    population, rng = Population(1, 2_000), seeded(1, kind)
    pairs = []
    for _ in range(200):
        banned = population.person(rng)
        pairs.append((banned, INNOCENTS[kind](population, EDIT_SETS["tuning"], banned, rng)))
    return pairs


@for_each("kind", INNOCENTS)
def test_they_share_what_their_kind_shares_and_are_another_account(kind: str) -> None:
    for banned, other in beside(kind):
        assert shared(banned, other) <= MAY_SHARE[kind]
        assert other.key != banned.key
        assert other.platform != banned.platform or other.handle != banned.handle or other.handle is None
        assert other.handle is None or legal(other.platform, other.handle)


def test_namesakes_bear_the_name() -> None:
    assert all(
        (banned.given, banned.family) == (other.given, other.family) for banned, other in beside("namesake")
    )


def test_fans_say_so_in_their_handle_and_some_use_the_picture() -> None:
    pairs = beside("fan")
    assert all(other.bio and other.bio.startswith("fan account") for _, other in pairs)
    near = [
        (int(banned.avatar.pdq, 16) ^ int(other.avatar.pdq, 16)).bit_count() < 75
        for banned, other in pairs
        if banned.avatar and other.avatar
    ]
    assert 0.08 < sum(near) / len(near) < 0.35


def test_households_share_the_roof_the_name_and_seldom_the_tablet() -> None:
    pairs = beside("household")
    assert all(banned.ip == other.ip and banned.family == other.family for banned, other in pairs)
    same_device = sum(
        bool(other.device_id) and banned.device_id == other.device_id for banned, other in pairs
    )
    assert 0.05 < same_device / len(pairs) < 0.3


def test_a_recycled_number_is_the_banned_ones() -> None:
    assert all(other.number == banned.number for banned, other in beside("recycled_phone") if banned.number)


def test_relatives_share_a_device_as_often_as_asked() -> None:
    population, rng = Population(1, 500), seeded(1, "relatives")
    person = population.equipped(rng, population.person(rng), frozenset({"device"}))
    assert relative(population, person, rng, device_share=1.0).device_id == person.device_id
    assert relative(population, person, rng, device_share=0.0).device_id != person.device_id


def test_every_kind_has_a_share() -> None:
    assert set(INNOCENT_SHARES) == set(INNOCENTS)


# Every strategy carries over exactly what it documents.


PAIRS = 150


@cache
def pairs(strategy: Strategy, edits: str) -> tuple[tuple[Person, Person], ...]:
    return tuple(_pairs(strategy, edits))


def _pairs(strategy: Strategy, edits: str) -> Iterator[tuple[Person, Person]]:
    rng = seeded(strategy.number, f"test {edits}")
    population = Population(1, 10_000)
    for _ in range(PAIRS):
        banned = population.equipped(rng, population.person(rng, platform="x"), strategy.needs)
        yield banned, strategy.mirror(population, EDIT_SETS[edits], banned, rng)


every = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: f"strategy-{strategy.number}")
both_edit_sets = pytest.mark.parametrize("edits", EDIT_SETS)


@every
@both_edit_sets
def test_it_shares_what_it_says_and_nothing_else(strategy: Strategy, edits: str) -> None:
    for banned, mirror in pairs(strategy, edits):
        agreeing = shared(banned, mirror)
        carried = {field for field in strategy.shares if getattr(banned, field)}
        assert carried <= agreeing, (banned, mirror)
        # An edit that only tints a picture may move no bit of its hash.
        untouched = strategy.alters & {"avatar"}
        assert agreeing <= strategy.shares | strategy.may_share | untouched, (banned, mirror)


@every
@both_edit_sets
def test_everything_that_may_be_shared_sometimes_is(strategy: Strategy, edits: str) -> None:
    seen = Counter(field for pair in pairs(strategy, edits) for field in shared(*pair))
    assert strategy.may_share <= set(seen)


def test_all_but_the_wholly_fresh_can_be_caught() -> None:
    assert {strategy.number for strategy in STRATEGIES if strategy.catchable} == set(range(1, 8))
    assert [strategy.number for strategy in STRATEGIES] == list(range(1, 9))


@both_edit_sets
def test_the_wholly_fresh_share_nothing(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[7], edits):
        assert not shared(banned, mirror)
        assert mirror.account_id != banned.account_id
        for field in IDENTIFYING:
            value = getattr(mirror, field)
            assert not value or value != getattr(banned, field)


@both_edit_sets
def test_the_naive_with_a_suffix_keep_device_and_alter_the_handle(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[0], edits):
        assert mirror.device_id == banned.device_id
        assert mirror.handle != banned.handle


@both_edit_sets
def test_who_pays_with_the_same_card_or_bought_the_next_sim(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[5], edits):
        same_card = mirror.payment_token == banned.payment_token
        next_card = mirror.number and banned.number and mirror.number[:-2] == banned.number[:-2]
        assert same_card or next_card


@both_edit_sets
def test_weak_traces_are_a_neighbouring_address_and_a_cropped_picture(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[6], edits):
        assert banned.ip
        assert mirror.ip
        bits = 24 if isinstance(ip_address(banned.ip), IPv4Address) else 64
        assert ip_address(mirror.ip) in ip_network(f"{banned.ip}/{bits}", strict=False)
        assert banned.avatar
        assert mirror.avatar
        moved = (int(banned.avatar.pdq, 16) ^ int(mirror.avatar.pdq, 16)).bit_count()
        crop = EDIT_SETS[edits].crop
        assert crop.bits_low <= moved <= crop.bits_high


@every
def test_a_mirror_bears_a_handle_its_platform_allows(strategy: Strategy) -> None:
    for _, mirror in pairs(strategy, "held_out"):
        assert mirror.handle
        assert legal(mirror.platform, mirror.handle), mirror.handle


def test_some_come_back_on_another_platform() -> None:
    moved = [
        banned.platform != mirror.platform
        for strategy in STRATEGIES
        for banned, mirror in pairs(strategy, "tuning")
    ]
    assert 0.03 < sum(moved) / len(moved) < 0.3


# How simulated evaders edit a name or a bio.


# Edits of handles and names: they do what they say, and judging knows none of tuning's.

KINDS = sorted(TUNING)
SEEDS = range(60)


def variants(kind: str, text: str, held_out: bool) -> set[str]:
    edit = (HELD_OUT if held_out else TUNING)[kind]
    return {edit(Random(seed), text) for seed in SEEDS}


def test_all_sets_hold_the_same_kinds_with_other_operators() -> None:
    assert set(HELD_OUT) == set(TUNING) == set(VALIDATION)
    assert len(KINDS) == 20
    assert set(HANDLE_KINDS.values) | set(NAME_KINDS.values) == set(KINDS)


@for_each(
    ("tuning", "held_out"),
    [
        (tables.TUNING_AFFIXES, tables.HELD_OUT_AFFIXES),
        (tables.TUNING_WORDS, tables.HELD_OUT_SYLLABLES),
        (tables.TUNING_INVISIBLE, tables.HELD_OUT_INVISIBLE),
        (tables.TUNING_FONTS, tables.HELD_OUT_FONTS),
        (tables.TUNING_LEET.items(), tables.HELD_OUT_LEET.items()),
        (tables.TUNING_LOOK_ALIKES.items(), tables.HELD_OUT_LOOK_ALIKES.items()),
        (tables.TUNING_ACCENTS.items(), tables.HELD_OUT_ACCENTS.items()),
    ],
)
def test_no_table_of_judging_overlaps_with_its_twin(tuning: object, held_out: object) -> None:
    assert not set(tuning) & set(held_out)  # type: ignore[call-overload]  # tables of different shapes


@for_each(
    ("ours", "tuning", "held_out"),
    [
        (tables.VALIDATION_AFFIXES, tables.TUNING_AFFIXES, tables.HELD_OUT_AFFIXES),
        (tables.VALIDATION_WORDS, tables.TUNING_WORDS, tables.HELD_OUT_SYLLABLES),
        (tables.VALIDATION_INVISIBLE, tables.TUNING_INVISIBLE, tables.HELD_OUT_INVISIBLE),
        (tables.VALIDATION_FONTS, tables.TUNING_FONTS, tables.HELD_OUT_FONTS),
        (tables.VALIDATION_RESPELT.items(), tables.TUNING_LEET.items(), tables.HELD_OUT_LEET.items()),
        (
            tables.VALIDATION_LOOK_ALIKES.items(),
            tables.TUNING_LOOK_ALIKES.items(),
            tables.HELD_OUT_LOOK_ALIKES.items(),
        ),
        (tables.VALIDATION_ACCENTS.items(), tables.TUNING_ACCENTS.items(), tables.HELD_OUT_ACCENTS.items()),
    ],
)
def test_no_table_of_validating_overlaps_with_another(ours: object, tuning: object, held_out: object) -> None:
    assert not set(ours) & (set(tuning) | set(held_out))  # type: ignore[call-overload]  # as above


@for_each("kind", KINDS)
def test_each_kind_of_validating_changes_a_name_it_applies_to(kind: str) -> None:
    assert {VALIDATION[kind](Random(seed), "umar_media92") for seed in SEEDS} - {"umar_media92"}


@given(text=st.text(max_size=40), seed=st.integers(0, 2**32))
def test_any_text_survives_any_edit_the_same_way_twice(text: str, seed: int) -> None:
    for edits in (TUNING, VALIDATION, HELD_OUT):
        for kind in KINDS:
            assert edits[kind](Random(seed), text) == edits[kind](Random(seed), text), kind


def test_what_the_edits_of_validating_do() -> None:
    made = {kind: {VALIDATION[kind](Random(seed), "umarkhan92") for seed in SEEDS} for kind in KINDS}
    assert made["digits_changed"] == {f"umarkhan{number}" for number in range(93, 98)}
    assert made["repeats"] == {"umarkhann92", "umarkhannn92", "umarkhannnn92"}
    assert made["omission"] == {"umrkhan92", "umarkhn92"}
    assert {each.lower() for each in made["swap"]} == {"umarkhna92", "umarkahn92"}
    assert all(each.strip("xzoi") == "umarkhan92" for each in made["insertion"])
    assert all(len(each) == 10 and each[0] == "u" for each in made["substitution"])


@for_each("held_out", [False, True])
@for_each("kind", KINDS)
def test_each_kind_changes_a_name_it_applies_to(kind: str, held_out: bool) -> None:
    assert variants(kind, "umar_media92", held_out) - {"umar_media92"}


@for_each("held_out", [False, True])
def test_digits(held_out: bool) -> None:
    letters = {"".join(filter(str.isalpha, each)) for each in variants("digits_added", "umar", held_out)}
    assert letters == {"umar"}
    assert all(each.startswith("umar") for each in variants("digits_changed", "umar92", held_out))
    assert variants("digits_dropped", "umar92", held_out) == {"umar"}
    assert variants("digits_dropped", "umar", held_out) == {"umar"}
    assert variants("digits_changed", "umar", held_out) == {"umar"}


@for_each("held_out", [False, True])
@for_each("kind", ["affix_known", "affix_unknown"])
def test_affixes_leave_the_name_whole(kind: str, held_out: bool) -> None:
    made = variants(kind, "umarkhan", held_out)
    assert all("umarkhan" in each and len(each) > 8 for each in made)
    assert any(each.startswith("umarkhan") for each in made)
    assert any(each.endswith("umarkhan") for each in made)


@for_each("held_out", [False, True])
def test_reordering_keeps_every_token(held_out: bool) -> None:
    for each in variants("reorder", "umar_khan92", held_out):
        assert sorted(each.replace("_", "").replace(".", "")) == sorted("umarkhan92")
    assert variants("reorder", "umarkhan", held_out) == {"umarkhan"}


@for_each("held_out", [False, True])
def test_homoglyphs_keep_the_length_and_leave_the_alphabet(held_out: bool) -> None:
    for each in variants("homoglyphs", "umarkhan", held_out):
        assert len(each) == 8
        assert not each.isascii()


@for_each("held_out", [False, True])
def test_invisible_marks_do_not_show(held_out: bool) -> None:
    for each in variants("zero_width", "umarkhan", held_out):
        assert "".join(letter for letter in each if unicodedata.category(letter) != "Cf") == "umarkhan"
        assert each != "umarkhan"


@for_each("held_out", [False, True])
def test_fonts_are_compatible_letters(held_out: bool) -> None:
    for each in variants("fonts", "UmarKhan", held_out):
        assert unicodedata.normalize("NFKC", each) == "UmarKhan"
        assert not each.isascii()


def test_accents_come_off_again() -> None:
    for each in variants("accents", "umarkhan", held_out=False):
        bare = "".join(
            mark for mark in unicodedata.normalize("NFD", each) if unicodedata.category(mark) != "Mn"
        )
        assert bare == "umarkhan"
        assert each != "umarkhan"


@for_each("held_out", [False, True])
def test_one_typo_is_one_typo(held_out: bool) -> None:
    assert {len(each) for each in variants("omission", "umarkhan", held_out)} == {7}
    assert {len(each) for each in variants("insertion", "umarkhan", held_out)} == {9}
    assert all(sorted(each) == sorted("umarkhan") for each in variants("swap", "umarkhan", held_out))
    for each in variants("substitution", "umarkhan", held_out):
        assert sum(one != other for one, other in zip(each, "umarkhan", strict=True)) <= 1


def test_a_short_name_is_not_cut_to_nothing() -> None:
    assert variants("omission", "ali", held_out=True) == {"ali"}
    assert variants("digits_dropped", "a1", held_out=True) == {"a1"}


@given(text=st.text(max_size=40), seed=st.integers(0, 2**32))
def test_an_edit_set_always_changes_the_text(text: str, seed: int) -> None:
    for name, chosen in EDIT_SETS.items():
        rng = Random(seed)
        assert chosen.handle(rng, text) != text, name
        assert chosen.display_name(rng, text) != text, name
        assert chosen.bio(rng, text) != text, name


# Edits of bios leave most of the words.

BIO = "nurse | cats | Leeds | 1994 | t.me/someone"
ALL = {**TUNING_BIO_EDITS, **VALIDATION_BIO_EDITS, **HELD_OUT_BIO_EDITS}


@for_each("kind", ALL)
def test_most_words_stay(kind: str) -> None:
    kept = 3 if kind in ("cut short", "words exchanged") else 4
    for seed in range(50):
        words = set(re.findall(r"\w+", ALL[kind](Random(seed), BIO).lower()))
        assert len(words & set(re.findall(r"\w+", BIO.lower()))) >= kept


@given(text=st.text(max_size=100), seed=st.integers(0, 2**32))
def test_any_text_can_be_edited(text: str, seed: int) -> None:
    for kind, edit in ALL.items():
        assert isinstance(edit(Random(seed), text), str), kind


def test_no_family_uses_an_operator_of_another() -> None:
    families = (TUNING_BIO_EDITS, VALIDATION_BIO_EDITS, HELD_OUT_BIO_EDITS)
    assert len(ALL) == len(set(ALL.values())) == sum(map(len, families))
