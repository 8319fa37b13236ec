"""Edits of bios leave most of the words."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.evasion.bio_edits import HELD_OUT_BIO_EDITS, TUNING_BIO_EDITS, VALIDATION_BIO_EDITS

BIO = "nurse | cats | Leeds | 1994 | t.me/someone"
ALL = {**TUNING_BIO_EDITS, **VALIDATION_BIO_EDITS, **HELD_OUT_BIO_EDITS}


@pytest.mark.parametrize("kind", ALL)
def test_most_words_stay(kind: str) -> None:
    kept = 3 if kind in ("cut short", "words exchanged") else 4
    for seed in range(50):
        words = set(re.findall(r"\w+", ALL[kind](Random(seed), BIO).lower()))
        assert len(words & set(re.findall(r"\w+", BIO.lower()))) >= kept


@pytest.mark.parametrize("kind", ALL)
@given(text=st.text(max_size=100), seed=st.integers(0, 2**32))
def test_any_text_can_be_edited(kind: str, text: str, seed: int) -> None:
    assert isinstance(ALL[kind](Random(seed), text), str)


def test_no_family_uses_an_operator_of_another() -> None:
    families = (TUNING_BIO_EDITS, VALIDATION_BIO_EDITS, HELD_OUT_BIO_EDITS)
    assert len(ALL) == len(set(ALL.values())) == sum(map(len, families))
