"""Reasons name rival explanations by the words of the mind."""

from __future__ import annotations

from desk.review.reasons import REASONS, reasons_for, rival_of
from samehand.scoring.rivals import RATED


def test_a_dismissal_names_each_rival_that_has_a_rate_by_one_code() -> None:
    named = {reason.code: reason.rival for reason in REASONS if reason.rival is not None}
    assert named == {
        "common-name": "namesake",
        "shared-network": "neighbour",
        "fan-or-parody": "copier",
        "household": "household",
        "former-holder": "former-holder",
    }
    assert sorted(named.values()) == sorted(rival.name for rival in RATED)
    assert {reason.verdict for reason in REASONS if reason.rival} == {"not_mirror"}


def test_other_codes_and_a_platforms_own_name_no_rival() -> None:
    assert [rival_of(code) for code in ("common-name", "other-person", "several-traits", "our-own", "")] == [
        "namesake",
        None,
        None,
        None,
        None,
    ]


def test_each_verdict_has_a_digit_for_each_of_its_reasons() -> None:
    assert len({reason.code for reason in REASONS}) == len(REASONS)
    assert all(len(reasons_for(verdict)) <= 9 for verdict in ("mirror", "not_mirror", "unsure"))
