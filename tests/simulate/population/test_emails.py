"""Mailboxes at public providers, some of them throw-aways."""

import re
from random import Random

import pytest

from simulate.population.emails import email
from simulate.population.languages import LANGUAGES, Name, tongue

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
