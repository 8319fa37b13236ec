"""Everyday words are told by what they say, in every language, and no name is among them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from samehand.frequency.name_prior.decorations import DECORATIONS
from samehand.normalize.text.everyday import EVERYDAY, decorating_words, words_of
from samehand.normalize.text.fold import fold_name

NAMES: Final = Path(__file__).parents[4] / "tools" / "commonness" / "names.txt"
# Names of a language that stand first in its list are the commonest of all.
COMMONEST: Final = 60
# Words for which the list of names has a namesake: what they say is met far more often.
ALSO_NAMES: Final = frozenset(
    ["alsany", "an", "asl", "asli", "chan", "de", "fan", "hd", "hq", "i", "im", "yo"]
)

# Concepts by which accounts are decorated most are known in every language that this is about.
SPOKEN: Final = ("en", "es", "ru", "tr", "ar", "fa", "ur", "hi", "pa", "bn", "zh", "ko")


def commonest_names() -> set[str]:
    found: set[str] = set()
    listed = 0
    for line in NAMES.read_text("utf-8").splitlines():
        if line.startswith(("[", "#")):
            listed = listed if line.startswith("#") else 0
            continue
        for entry in line.split():
            listed += 1
            if listed <= COMMONEST:
                folds = map(fold_name, entry.partition("*")[0].split("|"))
                found |= {fold.base for fold in folds if fold is not None}
    return found


def test_no_word_that_decorates_is_a_common_name() -> None:
    assert sorted((DECORATIONS & commonest_names()) - ALSO_NAMES) == []


@pytest.mark.parametrize("concept", ["news", "official", "new", "page", "account", "group"])
def test_what_decorates_most_is_known_in_the_languages_this_is_about(concept: str) -> None:
    assert [language for language in SPOKEN if language not in EVERYDAY[concept]] == []


def test_a_word_read_in_sentences_only_decorates_no_name() -> None:
    assert "lama" in words_of("old")
    assert "lama" not in decorating_words()


def test_every_line_is_of_a_language_and_every_word_is_there_once() -> None:
    for concept, languages in EVERYDAY.items():
        for language, words in languages.items():
            assert re.fullmatch("[a-z]{2,3}", language), (concept, language)
            assert words, (concept, language)
            assert len(set(words)) == len(words), (concept, language)
