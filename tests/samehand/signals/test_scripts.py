"""What was done to a name weighs the same, in whichever script the name is written."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final, NamedTuple

import pytest

from samehand.account import Account
from samehand.frequency.name_prior import bits
from samehand.normalize.text.everyday import EVERYDAY
from samehand.normalize.text.fold import fold_name
from samehand.scoring.weights import default_weights
from samehand.signals.cross_field import CROSS_FIELD, CrossedNames
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import SIGHT, keyer
from tests.tables import for_each

WITHIN_NATS: Final = 2.0
BITS: Final = 20.75
"""Of each whole name, and a bit more or less: below the ceiling of what a name may weigh."""


class Bearer(NamedTuple):
    """A name of two words, what stands between them, and what its writers would exchange for its parts."""

    given: str
    family: str
    latin: str  # as its bearers spell it in Latin letters
    language: str  # of the everyday words
    letters: str  # two letters of the script
    middle: str  # a word to put in, as common as the others
    other: str  # a given name of somebody else
    stranger: str  # somebody else's family name
    space: str = " "

    @property
    def whole(self) -> str:
        return f"{self.given}{self.space}{self.family}"


# The ones written first by family are so here: `given` is what stands first.
BEARERS: Final = {
    "Latin": Bearer(
        "Cassandra", "Fletcher", "Cassandra Fletcher", "en", "om", "Sullivan", "Jessica", "Mendoza"
    ),
    "Arabic": Bearer("ابتسام", "درويش", "Ibtisam Darwish", "ar", "بم", "شعبان", "محمود", "الخطيب"),
    "Devanagari": Bearer("अर्चना", "शुक्ला", "Archana Shukla", "hi", "कद", "अमृता", "प्रिया", "शर्मा"),
    "Bengali": Bearer("অনিন্দিতা", "মজুমদার", "Anindita Majumdar", "bn", "কম", "অর্পিতা", "রাহুল", "বিশ্বাস"),
    "Gurmukhi": Bearer("ਅੰਮ੍ਰਿਤ", "ਪਨੇਸਰ", "Amrit Panesar", "pa", "ਕਮ", "ਕਿਰਨ", "ਸੁਨੀਤਾ", "ਅਰੋੜਾ"),
    "Tamil": Bearer("வர்ஷா", "ராஜ்குமார்", "Varsha Rajkumar", "ta", "மத", "ஹரிஷ்", "முருகன்", "செல்வம்"),
    "Cyrillic": Bearer("Антонин", "Макаров", "Antonin Makarov", "ru", "дм", "Борисов", "Сергей", "Иванов"),
    "Hebrew": Bearer("יהושע", "גולדברג", "Yehoshua Goldberg", "he", "מד", "גבריאל", "דוד", "כהן"),
    "Hangul": Bearer("황보", "영재", "Hwangbo Yeongjae", "ko", "수지", "경숙", "김", "민준", ""),
    "Han": Bearer("欧阳", "冬梅", "Ouyang Dongmei", "zh", "文明", "建平", "王", "伟", ""),
}

Relation = Callable[[Bearer], str | None]


def _word(bearer: Bearer, concept: str) -> str | None:
    """The first of the words for it that is in the bearer's own script; ``None`` where none is listed."""
    words = EVERYDAY[concept].get(bearer.language, ())
    return next((word for word in words if word.isascii() == (bearer.language == "en")), None)


def _with(concept: str, place: str) -> Relation:
    """The name with the word where ``{1}`` stands."""

    def changed(bearer: Bearer) -> str | None:
        word = _word(bearer, concept)
        return None if word is None else place.format(bearer.whole, word)

    return changed


def _spaced(change: Callable[[Bearer], str]) -> Relation:
    """What can be done only where words are written apart."""
    return lambda bearer: change(bearer) if bearer.space else None


def _lettered(change: Callable[[Bearer], str]) -> Relation:
    """What can be done to letters, of which a syllable block or an ideograph has none."""
    return lambda bearer: change(bearer) if bearer.space else None


def _cased(bearer: Bearer) -> str | None:
    return None if bearer.whole.upper() == bearer.whole else bearer.whole.upper()


_VOWELS: Final = "aeiouаеиоуыяюاويוי"
# The sign of no vowel, by the block of 128 characters: Devanagari, Bengali, Gurmukhi, Tamil.
_VIRAMAS: Final = {0x12: "\u094d", 0x13: "\u09cd", 0x14: "\u0a4d", 0x17: "\u0bcd"}


def _exchanged(word: str, letters: str) -> str:
    """The last of its letters but one is another."""
    at = _places(word)[-2]
    another = next(one for one in letters if one != word[at])
    return word[:at] + another + word[at + 1 :]


def _left_out(word: str) -> str:
    at = _places(word)[-2]
    return word[:at] + word[at + 1 :]


def _places(word: str) -> list[int]:
    """Where its consonants stand, which all scripts write as letters."""
    return [at for at, char in enumerate(word) if char.isalpha() and char.lower() not in _VOWELS]


def _vowel(bearer: Bearer) -> str:
    """The first vowel after the beginning, where vowels are letters."""
    return next((char for char in bearer.whole[1:] if char in _VOWELS), "")


def _doubled(word: str) -> str:
    """A letter stands twice; in a script whose letters carry a vowel, with the sign that it has none."""
    at = _places(word)[-2]
    return word[: at + 1] + _VIRAMAS.get(ord(word[at]) >> 7, "") + word[at:]


def _swapped(word: str) -> str:
    one, other = _places(word)[-3:-1]
    letters = list(word)
    letters[one], letters[other] = letters[other], letters[one]
    return "".join(letters)


CONCEPTS: Final = (
    *("media", "news", "official", "backup", "channel", "page", "account", "group"),
    *("archive", "second", "video", "new"),
)
RELATIONS: Final[dict[str, Relation]] = {
    **{f"{concept} behind": _with(concept, "{0} {1}") for concept in CONCEPTS},
    **{f"{concept} before": _with(concept, "{1} {0}") for concept in CONCEPTS},
    "news on both sides": _with("news", "{1} {0} {1}"),
    "media behind, without a space": _with("media", "{0}{1}"),
    "official behind, after a bar": _with("official", "{0} | {1}"),
    "the very name": lambda one: one.whole,
    "two digits behind": lambda one: f"{one.whole} 27",
    "a year behind": lambda one: f"{one.whole} 1994",
    "signs around": lambda one: f"★ {one.whole} ★",
    "a flag behind": lambda one: f"{one.whole} 🇵🇰",
    "an invisible character inside": lambda one: f"{one.given[0]}\u200b{one.whole[1:]}",
    "in brackets": lambda one: f"【{one.whole}】",
    "capitals": _cased,
    "reordered": _spaced(lambda one: f"{one.family} {one.given}"),
    "reordered, with a comma": _spaced(lambda one: f"{one.family}, {one.given}"),
    "spaces removed": _spaced(lambda one: f"{one.given}{one.family}"),
    "a dot for the space": _spaced(lambda one: f"{one.given}.{one.family}"),
    "a low line for the space": _spaced(lambda one: f"{one.given}_{one.family}"),
    "a letter exchanged in the second word": _lettered(
        lambda one: f"{one.given} {_exchanged(one.family, one.letters)}"
    ),
    "a letter exchanged in the first word": _lettered(
        lambda one: f"{_exchanged(one.given, one.letters)} {one.family}"
    ),
    "a letter left out": _lettered(lambda one: f"{one.given} {_left_out(one.family)}"),
    "a letter doubled": _lettered(lambda one: f"{_doubled(one.given)} {one.family}"),
    "a vowel left out": lambda one: one.whole.replace(_vowel(one), "", 1) if _vowel(one) else None,
    "two letters exchanged": _lettered(lambda one: f"{one.given} {_swapped(one.family)}"),
    "first word dropped": lambda one: one.family,
    "second word dropped": lambda one: one.given,
    "a word put between": _spaced(lambda one: f"{one.given} {one.middle} {one.family}"),
    "a word put behind": lambda one: f"{one.whole}{one.space}{one.middle}",
    "another first word": _spaced(lambda one: f"{one.other} {one.family}"),
    "another second word": _spaced(lambda one: f"{one.given} {one.stranger}"),
    "somebody else": lambda one: f"{one.other}{one.space}{one.stranger}",
    "spelt in Latin letters": lambda one: None if one.language == "en" else one.latin,
    "spelt in Latin letters, official behind": (
        lambda one: None if one.language == "en" else f"{one.latin} official"
    ),
}


def nats(ours: str, theirs: str) -> float:
    """What two display names weigh."""
    mine, other = (
        NAME.distil(Account(platform="x", account_id="1", display_name=one), keyer) for one in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = NAME.compare(mine, other, SIGHT)
    if found is None:
        return 0.0
    table = default_weights().signals["name"]
    return table.as_shipped[found.level] if found.rate is None else table.nats(found.level, found.rate)


def crossing_nats(handle: str, theirs: str) -> float:
    mine = HANDLE.distil(Account(platform="facebook", account_id="1", handle=handle), keyer)
    other = NAME.distil(Account(platform="x", account_id="1", display_name=theirs), keyer)
    found = CROSS_FIELD.compare(CrossedNames(mine, None), CrossedNames(None, other), SIGHT)
    if found is None or found.rate is None:
        return 0.0
    return default_weights().signals["crossing"].nats(found.level, found.rate)


def by_script(relation: str) -> dict[str, float]:
    """What it weighs in each script that has it."""
    if relation == "a handle in Latin letters":
        return {
            script: crossing_nats(one.latin.lower().replace(" ", "_"), one.whole)
            for script, one in BEARERS.items()
        }
    changed = {script: (RELATIONS[relation](one), one.whole) for script, one in BEARERS.items()}
    return {script: nats(ours, theirs) for script, (ours, theirs) in changed.items() if ours is not None}


# What a script does not have, and "new" in Hebrew, which is a name as well.
SPACED: Final = frozenset(BEARERS) - {"Hangul", "Han"}
LEFT_OUT: Final = {
    "new behind": {"Hebrew"},
    "new before": {"Hebrew"},
    "capitals": frozenset(BEARERS) - {"Latin", "Cyrillic"},
    "a vowel left out": frozenset(BEARERS) - {"Latin", "Arabic", "Cyrillic", "Hebrew"},
    "spelt in Latin letters": {"Latin"},
    "spelt in Latin letters, official behind": {"Latin"},
    **dict.fromkeys(
        (
            *("reordered", "reordered, with a comma", "spaces removed"),
            *("a dot for the space", "a low line for the space", "a word put between"),
            *("a letter exchanged in the first word", "a letter exchanged in the second word"),
            *("a letter left out", "a letter doubled", "two letters exchanged"),
            *("another first word", "another second word"),
        ),
        frozenset(BEARERS) - SPACED,
    ),
}


def test_only_what_a_script_does_not_have_is_left_out() -> None:
    left_out = {relation: set(BEARERS) - set(by_script(relation)) for relation in RELATIONS}
    assert {relation: scripts for relation, scripts in left_out.items() if scripts} == LEFT_OUT


@for_each("script", BEARERS)
def test_the_names_are_alike_common(script: str) -> None:
    folded = fold_name(BEARERS[script].whole)
    assert folded is not None
    assert sum(map(bits, folded.tokens)) == pytest.approx(BITS, abs=1.0)


@for_each("relation", [*RELATIONS, "a handle in Latin letters"])
def test_a_relation_weighs_the_same_in_every_script(relation: str) -> None:
    weights = by_script(relation)
    middle = median(weights.values())
    assert {script: each for script, each in weights.items() if abs(each - middle) > WITHIN_NATS} == {}, (
        weights
    )
