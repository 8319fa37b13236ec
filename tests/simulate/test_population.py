"""The people of a simulated platform, and how they come back after a ban."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import combinations, pairwise, product
from random import Random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.evasion import edit_tables as tables
from simulate.evasion.bio_edits import HELD_OUT_BIO_EDITS, TUNING_BIO_EDITS, VALIDATION_BIO_EDITS
from simulate.evasion.edits import EDIT_SETS, HANDLE_KINDS, HELD_OUT, NAME_KINDS, TUNING, VALIDATION
from simulate.evasion.lookalikes import INNOCENT_SHARES, INNOCENTS
from simulate.evasion.strategies import STRATEGIES, Strategy
from simulate.population import avatars, bios
from simulate.population.avatars import DEFAULT_SHARE, POPULAR_SHARE, Gallery, PictureHash, edited, photo
from simulate.population.devices import JUNK_IDS, JUNK_SHARE, device_id
from simulate.population.handles import NAMELESS_PLATFORMS, TakenHandles, fitted, handle, legal
from simulate.population.languages import LANGUAGES, tongue
from simulate.population.networks import Networks
from simulate.population.people import LANGUAGE_WEIGHTS, PLATFORMS, TRAITS, Person, Population, email, shared
from simulate.population.phones import BLOCK_NUMBERS, COUNTRIES, neighbouring, phone, written
from simulate.sampling import seeded
from simulate.timeline.records import profile
from tests.tables import for_each

# Numbers that exist in their country, however they are typed.


every = for_each("country", COUNTRIES)


@every
def test_a_number_is_valid_in_its_country(country: str) -> None:
    rng = seeded(1, country)
    for _ in range(300):
        number = phone(rng, country)
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed), number
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
        assert phonenumbers.region_code_for_number(parsed) == country, number


@every
def test_it_reads_back_however_it_is_written(country: str) -> None:
    rng = seeded(2, country)
    forms = set()
    for _ in range(300):
        number = phone(rng, country)
        typed = written(rng, number, country)
        forms.add(typed[:2])
        # 00 is what people outside North America dial and type for +.
        parsed = phonenumbers.parse("+" + typed[2:] if typed.startswith("00") else typed, country)
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number, typed
    assert len(forms) > 1


@every
def test_a_neighbouring_number_is_another_of_the_same_block(country: str) -> None:
    rng = seeded(3, country)
    for _ in range(200):
        number = phone(rng, country)
        other = neighbouring(rng, number)
        assert other != number
        assert len(other) == len(number)
        assert int(other) // BLOCK_NUMBERS == int(number) // BLOCK_NUMBERS


# The lists of each language: long enough, in their own script, with Latin spellings.


SCRIPTS = {"en": "LATIN", "es": "LATIN", "tr": "LATIN", "ru": "CYRILLIC", "zh": "CJK", "ko": "HANGUL"}
SCRIPTS |= {"ar": "ARABIC", "ur": "ARABIC", "ps": "ARABIC", "hi": "DEVANAGARI"}
languages_every = for_each("code", LANGUAGES)


@languages_every
def test_there_are_at_least_eighty_given_and_eighty_family_names(code: str) -> None:
    speech = tongue(code)
    for names in (speech.given.values, speech.family.values, speech.feminine_family.values):
        assert len({name.native for name in names}) == len(names) >= 80


@languages_every
def test_names_are_in_their_own_script_with_latin_spellings(code: str) -> None:
    speech = tongue(code)
    for name in (*speech.given.values, *speech.family.values, *speech.cities):
        letters = [letter for letter in name.native if letter.isalpha()]
        assert letters
        assert all(unicodedata.name(letter).startswith(SCRIPTS[code]) for letter in letters), name
        assert name.latin
        assert all(spelling.replace("-", "").isascii() and spelling.islower() for spelling in name.latin), (
            name
        )


# Handles that platforms accept, no two alike.


LEGAL = {
    "x": r"[A-Za-z0-9_]{4,15}",
    "instagram": r"[a-z0-9._]{3,30}",
    "telegram": r"[A-Za-z][A-Za-z0-9_]{4,31}",
    "facebook": r"[A-Za-z0-9.]{5,50}",
    "forum": r"\S{3,32}",
}


@given(text=st.text(max_size=60))
def test_whatever_is_wished_is_fitted_to_the_platform(text: str) -> None:
    for platform, form in LEGAL.items():
        given_out = fitted(platform, text)
        assert re.fullmatch(form, given_out), given_out
        assert legal(platform, given_out)


@for_each("platform", LEGAL)
@for_each("language", LANGUAGES)
def test_people_form_legal_handles_of_many_kinds(platform: str, language: str) -> None:
    rng = Random(4)
    speech = tongue(language)
    made = [
        handle(rng, platform, speech, speech.given.pick(rng), speech.family.pick(rng)) for _ in range(200)
    ]
    assert all(re.fullmatch(LEGAL[platform], each) for each in made)
    assert len(set(made)) > 150
    assert 0.3 < sum(each[-1].isdigit() for each in made) / 200 < 0.9


def test_the_same_handle_is_free_on_another_platform() -> None:
    taken = TakenHandles(1000)
    assert {taken.claim(Random(1), platform, "ali_khan") for platform in ("x", "telegram")} == {"ali_khan"}


def test_a_thousand_namesakes_all_get_a_handle_of_their_own() -> None:
    taken, rng = TakenHandles(1000), Random(1)
    made = Counter(taken.claim(rng, "x", "muhammad_abdullah_khan"[:15]) for _ in range(1000))
    assert made.most_common(1)[0][1] == 1
    assert all(legal("x", each) for each in made)


def test_every_platform_but_the_nameless_has_rules() -> None:
    assert set(PLATFORMS.values) - NAMELESS_PLATFORMS == set(LEGAL)


# People: names by Zipf, nothing in common by chance with whom they must not resemble.


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    population, rng = Population(1, 12_000), seeded(1, "crowd")
    return [population.person(rng) for _ in range(12_000)]


def test_languages_come_by_their_weights(crowd: list[Person]) -> None:
    seen = Counter(person.language for person in crowd)
    for language, percent in LANGUAGE_WEIGHTS.items():
        assert seen[language] / len(crowd) == pytest.approx(percent / 100, abs=0.012)


def test_common_names_are_common_and_most_are_rare(crowd: list[Person]) -> None:
    names = Counter((person.given, person.family) for person in crowd if person.language == "en")
    given = Counter(person.given.native for person in crowd if person.language == "en")
    assert given.most_common(1)[0][0] == "James"
    assert 0.05 < given.most_common(1)[0][1] / given.total() < 0.12
    assert given.most_common(40)[-1][1] * 5 < given.most_common(1)[0][1]
    assert names.most_common(1)[0][1] > 5
    assert sum(times == 1 for times in names.values()) > len(names) / 2


def test_ids_are_unique_and_tell_no_order(crowd: list[Person]) -> None:
    ids = [int(person.account_id) for person in crowd]
    assert len(set(ids)) == len(ids)
    assert sum(one < other for one, other in pairwise(ids)) < 0.95 * len(ids)


def test_nobody_on_a_nameless_platform_has_a_handle_and_everybody_a_number(crowd: list[Person]) -> None:
    for person in crowd:
        assert (person.handle is None) == (person.platform == "whatsapp")
        assert person.platform != "whatsapp" or person.number
        assert bool(person.number) == bool(person.phone)


@for_each("trait", TRAITS)
def test_whoever_is_equipped_has_it_and_it_tells(trait: str) -> None:
    population, rng = Population(1, 500), seeded(1, trait)
    field = {
        "contact": "links",
        "photo": "avatar",
        "device": "device_id",
        "payment": "payment_token",
        "home_line": "ip",
    }
    for _ in range(50):
        person = population.equipped(rng, population.person(rng), frozenset({trait}))
        value = getattr(person, field.get(trait, trait))
        assert value
        assert value not in JUNK_IDS


def test_a_stranger_shares_nothing_not_even_by_chance() -> None:
    population, rng = Population(1, 5_000), seeded(1, "strangers")
    for _ in range(1_000):
        person = population.person(rng)
        other = population.stranger(rng, person, person.language, person.platform)
        assert not shared(person, other)
        assert other.account_id != person.account_id
        assert (other.language, other.platform) == (person.language, person.platform)


def test_a_second_account_is_the_same_person_and_another_account() -> None:
    population, rng = Population(1, 500), seeded(1, "second")
    person = population.equipped(rng, population.person(rng, platform="x"), frozenset({"email", "device"}))
    second = population.second_account(rng, person)
    assert {"email", "device_id", "ip"} <= shared(person, second)
    assert second.account_id != person.account_id
    assert second.handle != person.handle


def test_a_change_is_made_to_the_same_account() -> None:
    population, rng = Population(1, 500), seeded(1, "changes")
    changed = Counter[str]()
    for _ in range(200):
        person = population.person(rng)
        after = population.changed(rng, person)
        assert after.key == person.key
        changed.update(
            field
            for field in ("bio", "avatar", "display_name", "handle")
            if getattr(person, field) != getattr(after, field)
        )
    assert set(changed) == {"bio", "avatar", "display_name", "handle"}


def test_what_an_account_was_before_it_became_a_mirror_tells_nothing() -> None:
    population, rng = Population(1, 500), seeded(1, "before")
    banned, mirror = population.person(rng), population.person(rng)
    before = population.before(rng, mirror, banned)
    assert before.key == mirror.key
    assert not shared(before, banned) | shared(before, mirror)


SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9._]*[a-z0-9])?(?:\+[a-z]+)?@[a-z0-9-]+(?:\.[a-z]+)+")


@for_each("language", LANGUAGES)
def test_every_language_has_well_formed_mailboxes(language: str) -> None:
    rng, speech = Random(1), tongue(language)
    for _ in range(300):
        given, family = speech.given.pick(rng), speech.family.pick(rng)
        made = email(rng, language, given, family, rng.choice(["ali__khan", "a.b.c", given.native, "_x_"]))
        assert SHAPE.fullmatch(made), made


# Bios: clichés that many share, words of one's own, addresses elsewhere.


@for_each("language", LANGUAGES)
def test_cliches_repeat_and_own_words_hardly_do(language: str) -> None:
    rng, speech = Random(1), tongue(language)
    cliches = Counter(bios.cliche(rng, speech) for _ in range(1_000))
    own = Counter(bios.own_words(rng, speech, "somebody") for _ in range(1_000))
    assert cliches.most_common(1)[0][1] > 50
    assert len(own) > 750


def test_a_contact_point_points_to_nobody_else() -> None:
    rng = Random(1)
    contacts = [bios.contact(rng, "سارة_2001") for _ in range(2_000)]
    assert len(set(contacts)) > 1_850
    assert any(each.startswith("t.me/+") for each in contacts)
    assert any("[at]" in each for each in contacts)


# Devices and browsers: mostly one's own, sometimes nobody's.


def test_a_few_device_ids_are_junk_and_the_rest_are_nobody_elses() -> None:
    rng = Random(1)
    seen = Counter(device_id(rng) for _ in range(20_000))
    junk = sum(seen.pop(each) for each in JUNK_IDS)
    assert junk / 20_000 == pytest.approx(JUNK_SHARE, abs=0.006)
    assert max(seen.values()) == 1


# Addresses of the open net, some of them shared by thousands.


@for_each("country", COUNTRIES)
def test_every_country_of_phones_has_addresses_of_the_open_net(country: str) -> None:
    networks, rng = Networks(1), seeded(1, country)
    for _ in range(300):
        line = networks.line(rng, country)
        assert ip_address(line.ip).is_global == (line.kind != "junk"), line
        assert str(ip_address(line.ip)) == line.ip or ":" in line.ip


def test_homes_are_apart_and_mobile_lines_share() -> None:
    networks, rng = Networks(1), seeded(1, "lines")
    homes = Counter(networks.home(rng, "PK").ip for _ in range(5_000))
    mobiles = Counter(networks.mobile(rng, "PK").ip for _ in range(5_000))
    assert homes.most_common(1)[0][1] <= 3
    assert mobiles.most_common(1)[0][1] > 100
    assert len([ip for ip in mobiles if "." in ip]) == 48


# Avatars: many share a picture, few share a photo, an edit moves what it says.


def distance(one: PictureHash, other: PictureHash) -> int:
    return (int(one.pdq, 16) ^ int(other.pdq, 16)).bit_count()


def test_defaults_and_favourites_are_shared_and_photos_are_not() -> None:
    gallery, rng = Gallery(1), Random(1)
    seen = Counter(gallery.avatar(rng, "x").pdq for _ in range(10_000))
    shared = sum(times for times in seen.values() if times > 1)
    assert shared / 10_000 == pytest.approx(DEFAULT_SHARE + POPULAR_SHARE, abs=0.02)


def test_unrelated_photos_are_far_apart() -> None:
    rng = Random(1)
    photos = [photo(rng) for _ in range(200)]
    assert min(distance(one, other) for one in photos for other in photos if one is not other) > 80


FAMILIES = (avatars.TUNING, avatars.VALIDATION, avatars.HELD_OUT)
CROPS = [avatars.TUNING_CROP, avatars.VALIDATION_CROP, avatars.HELD_OUT_CROP]
EDITS = [*(edit for family in FAMILIES for edit in family.values), *CROPS]


@given(seed=st.integers(0, 2**32))
def test_an_edit_moves_as_many_bits_as_it_says(seed: int) -> None:
    for edit in EDITS:
        rng = Random(seed)
        before = photo(rng)
        after = edited(rng, before, edit)
        assert len(after.pdq) == 64
        assert 0 <= after.quality <= 100
        moved = distance(before, after)
        if edit.mirrored:
            assert 128 - edit.bits_high <= moved <= 128 + edit.bits_high, edit.name
        else:
            assert edit.bits_low <= moved <= edit.bits_high, edit.name


def test_no_family_uses_an_edit_of_another() -> None:
    named = [edit.name for family in FAMILIES for edit in family.values]
    assert len(named) == len(set(named))
    assert len(set(CROPS)) == len(CROPS)


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


def test_namesakes_bear_the_name_and_a_recycled_number_is_the_banned_ones() -> None:
    for banned, other in beside("namesake"):
        assert (banned.given, banned.family) == (other.given, other.family)
    assert all(other.number == banned.number for banned, other in beside("recycled_phone") if banned.number)


def test_fans_say_so_in_their_handle_and_some_use_the_picture() -> None:
    pairs = beside("fan")
    assert all(other.bio and other.bio.startswith("fan account") for _, other in pairs)
    near = [
        distance(banned.avatar, other.avatar) < 75
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


every_strategy = for_each("strategy", STRATEGIES)
both_edit_sets = for_each("edits", EDIT_SETS)


@every_strategy
@both_edit_sets
def test_it_shares_what_it_says_and_nothing_else(strategy: Strategy, edits: str) -> None:
    for banned, mirror in pairs(strategy, edits):
        agreeing = shared(banned, mirror)
        carried = {field for field in strategy.shares if getattr(banned, field)}
        assert carried <= agreeing, (banned, mirror)
        # An edit that only tints a picture may move no bit of its hash.
        untouched = strategy.alters & {"avatar"}
        assert agreeing <= strategy.shares | strategy.may_share | untouched, (banned, mirror)


@every_strategy
@both_edit_sets
def test_everything_that_may_be_shared_sometimes_is(strategy: Strategy, edits: str) -> None:
    seen = Counter(field for pair in pairs(strategy, edits) for field in shared(*pair))
    assert strategy.may_share <= set(seen)


def test_all_but_the_wholly_fresh_can_be_caught() -> None:
    assert {strategy.number for strategy in STRATEGIES if strategy.catchable} == {*range(1, 8), 9}
    assert [strategy.number for strategy in STRATEGIES] == list(range(1, 10))


def test_return_from_the_second_device_or_the_older_mailbox_is_in_the_profile() -> None:
    for banned, mirror in pairs(STRATEGIES[8], "held_out"):
        wire = profile(banned)
        assert mirror.device_id in wire.device_ids or mirror.email in wire.emails
        assert (mirror.device_id, mirror.email) != (banned.device_id, banned.email)


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
        crop = EDIT_SETS[edits].crop
        assert crop.bits_low <= distance(banned.avatar, mirror.avatar) <= crop.bits_high


@every_strategy
def test_a_mirror_bears_a_handle_its_platform_allows(strategy: Strategy) -> None:
    for _, mirror in pairs(strategy, "held_out"):
        assert mirror.handle
        assert legal(mirror.platform, mirror.handle), mirror.handle


# Edits of handles and names: they do what they say, and judging knows none of tuning's.

KINDS = sorted(TUNING)
SEEDS = range(60)


SETS = {"tuning": TUNING, "validation": VALIDATION, "held_out": HELD_OUT}
JUDGED = for_each("edits", ["tuning", "held_out"])


def variants(kind: str, text: str, edits: str = "held_out") -> set[str]:
    return {SETS[edits][kind](Random(seed), text) for seed in SEEDS}


def test_all_sets_hold_the_same_kinds_with_other_operators() -> None:
    assert set(HELD_OUT) == set(TUNING) == set(VALIDATION)
    assert len(KINDS) == 20
    assert set(HANDLE_KINDS.values) | set(NAME_KINDS.values) == set(KINDS)


@for_each(
    "several",
    [
        (tables.TUNING_AFFIXES, tables.VALIDATION_AFFIXES, tables.HELD_OUT_AFFIXES),
        (tables.TUNING_WORDS, tables.VALIDATION_WORDS, tables.HELD_OUT_SYLLABLES),
        (tables.TUNING_INVISIBLE, tables.VALIDATION_INVISIBLE, tables.HELD_OUT_INVISIBLE),
        (tables.TUNING_FONTS, tables.VALIDATION_FONTS, tables.HELD_OUT_FONTS),
        (tables.TUNING_LEET.items(), tables.VALIDATION_RESPELT.items(), tables.HELD_OUT_LEET.items()),
        (
            tables.TUNING_LOOK_ALIKES.items(),
            tables.VALIDATION_LOOK_ALIKES.items(),
            tables.HELD_OUT_LOOK_ALIKES.items(),
        ),
        (tables.TUNING_ACCENTS.items(), tables.VALIDATION_ACCENTS.items(), tables.HELD_OUT_ACCENTS.items()),
    ],
)
def test_no_table_overlaps_with_its_twin_of_another_set(several: Sequence[Iterable[object]]) -> None:
    assert all(not set(one) & set(other) for one, other in combinations(several, 2))


@given(text=st.text(max_size=40), seed=st.integers(0, 2**32))
def test_any_text_survives_any_edit_the_same_way_twice(text: str, seed: int) -> None:
    for edits in (TUNING, VALIDATION, HELD_OUT):
        for kind in KINDS:
            assert edits[kind](Random(seed), text) == edits[kind](Random(seed), text), kind


@for_each("edits", SETS)
@for_each("kind", KINDS)
def test_each_kind_changes_a_name_it_applies_to(kind: str, edits: str) -> None:
    assert variants(kind, "umar_media92", edits) - {"umar_media92"}


@JUDGED
def test_digits(edits: str) -> None:
    letters = {"".join(filter(str.isalpha, each)) for each in variants("digits_added", "umar", edits)}
    assert letters == {"umar"}
    assert all(each.startswith("umar") for each in variants("digits_changed", "umar92", edits))
    assert variants("digits_dropped", "umar92", edits) == {"umar"}
    for kind in ("digits_dropped", "digits_changed"):
        assert variants(kind, "umar", edits) == {"umar"}


def bare(text: str) -> str:
    """A text without marks that combine or do not show, its letters in their plain form."""
    marks = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in marks if unicodedata.category(mark) not in ("Mn", "Cf"))


@for_each(
    ("kind", "edits"), [*product(["zero_width", "fonts"], ["tuning", "held_out"]), ("accents", "tuning")]
)
def test_marks_and_fonts_come_off_again(kind: str, edits: str) -> None:
    for each in variants(kind, "UmarKhan", edits):
        assert bare(each) == "UmarKhan"
        assert not each.isascii()


@JUDGED
def test_one_typo_is_one_typo(edits: str) -> None:
    assert {len(each) for each in variants("omission", "umarkhan", edits)} == {7}
    assert {len(each) for each in variants("insertion", "umarkhan", edits)} == {9}
    assert all(sorted(each) == sorted("umarkhan") for each in variants("swap", "umarkhan", edits))
    for each in variants("substitution", "umarkhan", edits):
        assert sum(one != other for one, other in zip(each, "umarkhan", strict=True)) <= 1


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


def test_no_family_uses_an_operator_of_another() -> None:
    families = (TUNING_BIO_EDITS, VALIDATION_BIO_EDITS, HELD_OUT_BIO_EDITS)
    assert len(ALL) == len(set(ALL.values())) == sum(map(len, families))
