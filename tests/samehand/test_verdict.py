"""A verdict changes what is alerted next, and no account."""

from __future__ import annotations

from samehand.verdict import Consequence, consequence


def test_each_verdict_has_its_consequence() -> None:
    assert consequence("not_mirror") is Consequence.SUPPRESS
    assert consequence("mirror") is Consequence.JOIN
    assert consequence("unsure") is Consequence.NOTHING


def test_what_is_no_verdict_has_none() -> None:
    assert consequence("MIRROR!") is Consequence.NOTHING
