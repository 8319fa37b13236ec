"""Bios: clichés that many share, words of one's own, addresses elsewhere."""

from collections import Counter
from random import Random

import pytest

from simulate.population import bios
from simulate.population.languages import LANGUAGES, tongue


@pytest.mark.parametrize("language", LANGUAGES)
def test_cliches_repeat_and_own_words_hardly_do(language: str) -> None:
    rng, speech = Random(1), tongue(language)
    cliches = Counter(bios.cliche(rng, speech) for _ in range(1_000))
    own = Counter(bios.own_words(rng, speech, "somebody") for _ in range(1_000))
    assert cliches.most_common(1)[0][1] > 50
    assert len(own) > 750


def test_a_quarter_of_bios_are_cliches() -> None:
    rng, speech = Random(1), tongue("en")
    plain = [bios.bio(rng, speech, "somebody").rstrip(" " + "".join(bios.EMOJI)) for _ in range(4_000)]
    share = sum(each in speech.cliches.values for each in plain) / 4_000
    assert share == pytest.approx(bios.CLICHE_SHARE, abs=0.03)


def test_a_contact_point_points_to_nobody_else() -> None:
    rng = Random(1)
    contacts = [bios.contact(rng, "سارة_2001") for _ in range(2_000)]
    assert len(set(contacts)) > 1_850
    assert any(each.startswith("t.me/+") for each in contacts)
    assert any("[at]" in each for each in contacts)


def test_who_is_asked_for_a_contact_point_gives_one() -> None:
    rng, speech = Random(1), tongue("tr")
    marks = ("t.me/", "wa.me/", "instagram.com/", "gmail", "IG: @")
    for _ in range(200):
        words = bios.own_words(rng, speech, "umut", contact_share=1.0)
        assert any(mark in words for mark in marks), words
