"""Labelled pairs of names: how well the score of the names alone tells one bearer from two."""

from __future__ import annotations

from typing import Any

from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.normalize.text.scripts import Script, dominant_script
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights

Scored = list[tuple[float, bool]]


def labelled(pairs: list[tuple[str, str, bool]]) -> dict[str, Any]:
    """Each pair scored as two display names and nothing else; all, and by whether scripts differ."""
    scored = [(_log_odds(one, other), match, _kind(one, other)) for one, other, match in pairs]
    kinds = {
        "all": None,
        "latin": "latin",
        "across_scripts": "across_scripts",
        "other_script": "other_script",
    }
    return {
        name: _figures([(odds, match) for odds, match, of in scored if kind in (None, of)])
        for name, kind in kinds.items()
    }


def average_precision(scored: Scored) -> float | None:
    """The mean precision at the rank of each match; pairs of equal score share the mean of their order."""
    matches = sum(match for _, match in scored)
    if not matches:
        return None
    total, seen, true = 0.0, 0, 0
    for odds in sorted({odds for odds, _ in scored}, reverse=True):
        tied = [match for each, match in scored if each == odds]
        seen, true = seen + len(tied), true + sum(tied)
        total += sum(tied) * true / seen
    return total / matches


def roc_area(scored: Scored) -> float | None:
    """The share of (match, non-match) pairs in which the match scores higher; a tie counts half."""
    matches = [odds for odds, match in scored if match]
    others = [odds for odds, match in scored if not match]
    if not matches or not others:
        return None
    won = sum((one > other) + (one == other) / 2 for one in matches for other in others)
    return won / (len(matches) * len(others))


def _figures(scored: Scored) -> dict[str, Any]:
    precision, area = average_precision(scored), roc_area(scored)
    return {
        "pairs": len(scored),
        "matches": sum(match for _, match in scored),
        "average_precision": None if precision is None else round(precision, 4),
        "roc_area": None if area is None else round(area, 4),
    }


def _log_odds(one: str, other: str) -> float:
    return score(_named(one), _named(other), default_weights(), NothingCounted()).log_odds


def _named(name: str) -> Fingerprint:
    return distil(Account(platform="x", account_id="1", display_name=name), lambda _, value: value, at=None)


def _kind(one: str, other: str) -> str:
    scripts = {dominant_script(one), dominant_script(other)}
    if len(scripts) > 1:
        return "across_scripts"
    return "latin" if scripts == {Script.LATIN} else "other_script"
