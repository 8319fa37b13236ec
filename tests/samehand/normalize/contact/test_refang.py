"""Spelled-out signs are written as signs, and sentences are left alone."""

from __future__ import annotations

import pytest

from samehand.normalize.contact.refang import plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("t dot me slash foo", "t.me/foo"),
        ("umar [at] example (dot) org", "umar@example.org"),
        ("umar at gmail dot com", "umar@gmail.com"),
        ("t . me / foo", "t.me/foo"),
        ("ｔ．ｍｅ", "t.me"),
        ("meet me at example.com", "meet me at example.com"),
        ("this or / that", "this or / that"),
        ("a \u200b\n  b", "a b"),
    ],
)
def test_how_a_text_is_written_plainly(text: str, plain: str) -> None:
    assert plain_text(text) == plain
