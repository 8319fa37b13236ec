"""Since when an account shows a value is a span: certain only where every state was seen."""

from __future__ import annotations

from samehand.showings import COPYABLE, UNKNOWN, Changed, Showings, Span


def test_what_was_not_changed_is_shown_since_the_account_was_first_seen() -> None:
    shown = Showings(100, 120)
    assert {shown.of(signal) for signal in COPYABLE} == {Span(100, 120)}


def test_what_was_changed_has_a_span_of_its_own() -> None:
    picture, words = COPYABLE.index("avatar"), COPYABLE.index("bio")
    shown = Showings(100, 120, (Changed(picture, 300, 300), Changed(words, None, 400)))
    assert shown.of("avatar") == Span(300, 300)
    assert shown.of("bio") == Span(100, 400)
    assert shown.of("handle") == Span(100, 120)


def test_of_an_account_that_was_never_seen_nothing_is_known() -> None:
    assert UNKNOWN.of("avatar") == Span(None, None)
