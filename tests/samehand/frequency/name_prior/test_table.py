"""The shipped file is the one its version names, and a damaged or foreign one is refused."""

from __future__ import annotations

import hashlib

import pytest

from samehand.frequency.name_prior import CAP_BITS, COMMONNESS_VERSION, FLOOR_BITS
from samehand.frequency.name_prior.table import STEPS_PER_BIT, TOKEN_LENGTH_MAX, parse, shipped
from samehand.normalize.text.fold_table import FOLD_VERSION

BODY = "[tokens]\n7 john king\n8.5 umarfaroq\n[letters]\n^ " + "!" * 25 + "'\n"


def a_file(
    *, version: int = COMMONNESS_VERSION, fold: int = FOLD_VERSION, body: str = BODY, sha: str = ""
) -> str:
    digest = sha or hashlib.sha256(body.encode()).hexdigest()
    return f"version {version}\nfold {fold}\nsha256 {digest}\n\n{body}"


def test_tokens_costs_and_lengths_are_read() -> None:
    table = parse(a_file())
    assert table.tokens == {"john": 7.0, "king": 7.0, "umarfaroq": 8.5}
    assert table.rows["^"][25] / STEPS_PER_BIT == 1.0
    assert table.lengths["umar"] == (2, 3, 9)


def test_a_file_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        parse(a_file(version=COMMONNESS_VERSION + 1))


def test_a_file_folded_by_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="fold version"):
        parse(a_file(fold=FOLD_VERSION + 1))


def test_a_changed_file_is_refused() -> None:
    with pytest.raises(ValueError, match="checksum"):
        parse(a_file(sha="0" * 64))


def test_a_file_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        parse(BODY)


def test_every_shipped_figure_is_within_bounds() -> None:
    table = shipped()
    assert len(table.tokens) > 40_000
    for token, own in table.tokens.items():
        assert token.isalpha()
        assert token.isascii()
        assert 2 <= len(token) <= TOKEN_LENGTH_MAX
        assert FLOOR_BITS <= own <= CAP_BITS


def test_each_context_shares_one_whole_among_the_letters() -> None:
    for context, row in shipped().rows.items():
        assert len(row) == 26
        # Rounding to a sixth of a bit moves a share by at most 6 in 100.
        assert sum(2.0 ** (-cost / STEPS_PER_BIT) for cost in row) == pytest.approx(1.0, abs=0.07), context
