"""Weights and signals without servers."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest

from cli.offline import distilled
from cli.offline.silent_signals import costs, measured, sentence
from cli.offline.weights_file import weights_of_file
from samehand.scoring.weights import default_weights
from samehand.signals import SIGNALS, UNKEPT
from store.base import Remembered
from store.pepper.pepper import Pepper
from streams.outcomes import Dead
from tests.makers import a_sign_up

# Accounts of files become what a store remembers.

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


# What silent signals cost is what was measured, of signals that there are.


def test_figures_are_of_signals_that_there_are() -> None:
    told = measured()
    assert set(told.without) <= {*(it.name for it in SIGNALS), *UNKEPT}
    assert {"handle", "name", "email", "device", "avatar", "bio", "network"} <= set(told.without)
    assert told.pairs >= 100
    assert all(0 < it <= 1 for it in (told.recall, *told.without.values()))


def test_the_dearest_is_told_first_and_what_is_not_known_not_at_all() -> None:
    found = costs(["referrer", *measured().without])
    assert [it["without"] for it in found] == sorted(measured().without.values())
    assert "referrer" not in {it["signal"] for it in found}


def test_a_sentence_says_where_it_comes_from() -> None:
    assert sentence([]) == sentence(["referrer"]) == ""
    told = sentence(["device", "email"])
    assert "On simulated platforms" in told
    assert "without device" in told


# A table of weights to try out: read, or refused with the option that named it.


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(msgspec.json.encode(default_weights()))
    assert weights_of_file(path) == default_weights()


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b"[1]"])
def test_what_is_no_table_names_the_option(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(text)
    with pytest.raises(click.BadParameter, match=r"weights\.json"):
        weights_of_file(path)
