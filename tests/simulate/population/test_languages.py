"""The lists of each language: long enough, in their own script, with Latin spellings."""

import unicodedata

import pytest

from simulate.population.languages import LANGUAGES, Name, romanised, tongue

SCRIPTS = {"en": "LATIN", "es": "LATIN", "tr": "LATIN", "ru": "CYRILLIC", "zh": "CJK", "ko": "HANGUL"}
SCRIPTS |= {"ar": "ARABIC", "ur": "ARABIC", "ps": "ARABIC", "hi": "DEVANAGARI"}
every = pytest.mark.parametrize("code", LANGUAGES)


@every
def test_there_are_at_least_eighty_given_and_eighty_family_names(code: str) -> None:
    speech = tongue(code)
    for names in (speech.given.values, speech.family.values, speech.feminine_family.values):
        assert len({name.native for name in names}) == len(names) >= 80


@every
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


@every
def test_there_is_something_to_say(code: str) -> None:
    speech = tongue(code)
    assert min(len(speech.words), len(speech.cities), len(speech.jobs), len(speech.hobbies)) >= 12
    assert len(speech.cliches.values) >= 8
    assert all(word.isascii() and word.isalnum() for word in speech.words)


def test_russian_family_names_agree_with_the_bearer() -> None:
    speech = tongue("ru")
    assert Name("Иванова", ("ivanova",), feminine=True) in speech.feminine_family.values
    assert {name.native for name in speech.given.values if name.feminine} >= {"Елена", "Ольга"}


def test_spellings_are_listed_commonest_first() -> None:
    assert next(name for name in tongue("ar").given.values if name.native == "محمد").latin[0] == "mohamed"
    assert next(name for name in tongue("ur").given.values if name.native == "محمد").latin[0] == "muhammad"


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("Михаил", "mikhail"),
        ("Щербаков", "scherbakov"),
        ("Ксения", "kseniya"),
        ("Фёдор", "fedor"),
        ("민준", "minjun"),
        ("서연", "seoyeon"),
        ("영호", "yeongho"),
        ("María", "maria"),
        ("Muñoz", "munoz"),
        ("Yıldız", "yildiz"),
        ("Şerife", "serife"),
        ("İbrahim", "ibrahim"),
        ("Smith", "smith"),
    ],
)
def test_a_rule_spells_it(native: str, latin: str) -> None:
    assert romanised(native) == latin


def test_letters_without_a_rule_stay() -> None:
    assert romanised("王") == "王"
