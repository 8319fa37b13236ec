"""What silent signals cost is what was measured, of signals that there are."""

from __future__ import annotations

from cli.offline.silent_signals import costs, measured, sentence
from samehand.signals import SIGNALS, UNKEPT


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
