"""Every code has one meaning, and every meaning one code."""

from __future__ import annotations

from streams.supervision import exit_codes


def test_every_code_has_a_meaning_of_its_own() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")]
    assert sorted(codes) == sorted(set(codes)) == sorted(exit_codes.MEANINGS)
    assert len(set(exit_codes.MEANINGS.values())) == len(codes)
