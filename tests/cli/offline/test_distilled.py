"""Accounts of files become what a store remembers."""

from __future__ import annotations

import pytest

from cli.offline import distilled
from store.base import Remembered
from store.pepper.pepper import Pepper
from streams.outcomes import Dead
from tests.makers import a_sign_up

KEYERS = ((1, Pepper(1, b"s" * 32).digest),)


def test_an_account_is_distilled_under_every_pepper() -> None:
    (one,) = distilled.remembered([a_sign_up("7", handle="umar")], KEYERS)
    assert isinstance(one, Remembered)
    assert (one.account, [it.pepper_id for it in one.fingerprints]) == ("telegram:7", [1])


def test_one_on_which_our_logic_fails_is_a_fault_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("quotes umar@example.com")

    monkeypatch.setattr(distilled, "remembered_of", fail)
    (one,) = distilled.remembered([a_sign_up()], KEYERS)
    assert isinstance(one, Dead)
    assert "umar" not in repr(one)
