"""Our own tables read every letter they name in plain small letters."""

from __future__ import annotations

import re

import pytest

from samehand.normalize.text.fold_table import PHONETIC
from samehand.normalize.text.romanise import ARABIC, CYRILLIC, GREEK, HEBREW, OWN_ROMANISATION


def test_every_reading_is_small_latin_letters() -> None:
    assert all(re.fullmatch(r"[a-z]*", sound) for sound in OWN_ROMANISATION.values())


@pytest.mark.parametrize(
    "table", [ARABIC, CYRILLIC, GREEK, HEBREW], ids=["arabic", "cyrillic", "greek", "hebrew"]
)
def test_the_shipped_table_was_built_from_these_readings(table: dict[str, str]) -> None:
    assert {letter: letter.translate(PHONETIC) for letter in table} == dict(table)


@pytest.mark.parametrize(
    "alphabet", ["ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي", "پچژگکیٹڈڑںےھہۓ", "ټځڅډړږښګڼېۍ"]
)
def test_the_alphabets_of_arabic_urdu_and_pashto_are_whole(alphabet: str) -> None:
    assert set(alphabet) <= set(ARABIC)


def test_what_typists_exchange_is_read_alike() -> None:
    for one, other in ("كک", "يی", "هہ", "اأ", "اإ", "زظ", "صس"):
        assert ARABIC[one] == ARABIC[other]
