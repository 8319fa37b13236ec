"""Handles that platforms accept, no two alike."""

import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.population.handles import NAMELESS_PLATFORMS, TakenHandles, default, fitted, handle, legal
from simulate.population.languages import LANGUAGES, tongue
from simulate.population.people import PLATFORMS

LEGAL = {
    "x": r"[A-Za-z0-9_]{4,15}",
    "instagram": r"[a-z0-9._]{3,30}",
    "telegram": r"[A-Za-z][A-Za-z0-9_]{4,31}",
    "facebook": r"[A-Za-z0-9.]{5,50}",
    "forum": r"\S{3,32}",
}


@pytest.mark.parametrize("platform", LEGAL)
@given(text=st.text(max_size=60))
def test_whatever_is_wished_is_fitted_to_the_platform(platform: str, text: str) -> None:
    given_out = fitted(platform, text)
    assert re.fullmatch(LEGAL[platform], given_out), given_out
    assert legal(platform, given_out)


@pytest.mark.parametrize("platform", LEGAL)
@pytest.mark.parametrize("language", LANGUAGES)
def test_people_form_legal_handles_of_many_kinds(platform: str, language: str) -> None:
    rng = Random(4)
    speech = tongue(language)
    made = [
        handle(rng, platform, speech, speech.given.pick(rng), speech.family.pick(rng)) for _ in range(200)
    ]
    assert all(re.fullmatch(LEGAL[platform], each) for each in made)
    assert len(set(made)) > 150
    assert 0.3 < sum(each[-1].isdigit() for each in made) / 200 < 0.9


def test_speakers_of_other_scripts_use_latin_letters_where_they_must() -> None:
    rng = Random(4)
    speech = tongue("ar")
    forum = [
        handle(rng, "forum", speech, speech.given.pick(rng), speech.family.pick(rng)) for _ in range(200)
    ]
    assert 0.2 < sum(not each.isascii() for each in forum) / 200 < 0.5


def test_defaults_are_a_piece_of_the_name_and_digits() -> None:
    assert re.fullmatch(r"Elizabe\d{8}", default(Random(1), "x", "elizabeth"))
    assert re.fullmatch(r"user\d{9}", default(Random(1), "telegram", "elizabeth"))


def test_a_taken_handle_gets_digits() -> None:
    taken = TakenHandles(1000)
    rng = Random(1)
    first, second = taken.claim(rng, "x", "ali_khan"), taken.claim(rng, "x", "Ali_Khan")
    assert first == "ali_khan"
    assert re.fullmatch(r"Ali_Khan\d{2}", second)


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
