"""People: names by Zipf, nothing in common by chance with whom they must not resemble."""

import re
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from simulate.population.devices import JUNK_IDS
from simulate.population.languages import LANGUAGES, Name, tongue
from simulate.population.people import (
    IDENTIFYING,
    LANGUAGE_WEIGHTS,
    TRAITS,
    Person,
    Population,
    display_name,
    email,
    placed,
    shared,
)
from simulate.sampling import seeded


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


def test_speakers_of_other_scripts_show_either_script(crowd: list[Person]) -> None:
    shown = [person.display_name for person in crowd if person.language == "ur" and person.display_name]
    assert (
        0.3
        < sum(any(letter.isascii() and letter.isalpha() for letter in name) for name in shown) / len(shown)
        < 0.5
    )


def test_nobody_on_a_nameless_platform_has_a_handle_and_everybody_a_number(crowd: list[Person]) -> None:
    for person in crowd:
        assert (person.handle is None) == (person.platform == "whatsapp")
        assert person.platform != "whatsapp" or person.number
        assert bool(person.number) == bool(person.phone)


@pytest.mark.parametrize("trait", TRAITS)
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


def test_shared_names_the_fields_in_which_two_agree(crowd: list[Person]) -> None:
    person = next(
        person for person in crowd if all(getattr(person, field) for field in ("email", "bio", "avatar"))
    )
    assert {"email", "bio", "avatar"} <= shared(person, person) <= set(IDENTIFYING)


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


def test_another_line_is_another_address() -> None:
    population, rng = Population(1, 500), seeded(1, "lines")
    person = placed(population.person(rng), population.networks.vpn(rng))
    assert person.network == "vpn"


def test_a_chinese_family_name_comes_first_in_its_own_script() -> None:
    speech, rng = tongue("zh"), seeded(1, "names")
    given, family = speech.given.values[0], speech.family.values[0]
    shown = {display_name(rng, speech, given, family, "x") for _ in range(200)}
    assert {"王伟", "Wei Wang"} <= shown


SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9._]*[a-z0-9])?(?:\+[a-z]+)?@[a-z0-9-]+(?:\.[a-z]+)+")
ALI = Name("علی", ("ali",))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_well_formed_mailboxes(language: str) -> None:
    rng, speech = Random(1), tongue(language)
    for _ in range(300):
        given, family = speech.given.pick(rng), speech.family.pick(rng)
        made = email(rng, language, given, family, rng.choice(["ali__khan", "a.b.c", given.native, "_x_"]))
        assert SHAPE.fullmatch(made), made


def test_each_language_has_its_own_providers() -> None:
    rng = Random(1)
    domains = {
        lang: [email(rng, lang, ALI, ALI, "ali").split("@")[1] for _ in range(500)]
        for lang in ("zh", "ru", "en")
    }
    assert domains["zh"].count("qq.com") > 150
    assert domains["ru"].count("mail.ru") > 120
    assert "qq.com" not in domains["en"]


def test_throw_aways_are_as_frequent_as_asked() -> None:
    rng = Random(1)
    assert all("@" in email(rng, "en", ALI, ALI, "ali", 1.0) for _ in range(10))
    ordinary = [email(rng, "en", ALI, ALI, "ali", 0.0).split("@")[1] for _ in range(500)]
    assert not {"mailinator.com", "yopmail.com"} & set(ordinary)
