"""What hides is told, what a language needs is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.fold_flags import FLAGS, FoldFlags, flags_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u\u200bm\u202ear", FoldFlags.INVISIBLE | FoldFlags.BIDI),
        ("\u3164", FoldFlags.INVISIBLE),
        ("umаr ⓤ", FoldFlags.MIXED_SCRIPT),
        ("می\u200cخواهم\u200f", FoldFlags.NONE),
        ("Umar\u200f", FoldFlags.BIDI),
        ("Nguye\u0302\u0303n", FoldFlags.NONE),
    ],
)
def test_the_flags_of_a_text(text: str, expected: FoldFlags) -> None:
    assert flags_of(text) == expected


def test_every_combination_is_at_hand() -> None:
    assert len(FLAGS) == 2 ** (len(FoldFlags.__members__) - 1)
    assert all(int(flags) == bits for bits, flags in enumerate(FLAGS))


@given(st.text())
def test_any_text_has_flags(text: str) -> None:
    assert flags_of(text) in FLAGS
