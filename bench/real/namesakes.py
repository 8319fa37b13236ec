"""Innocents who bear exactly the name of somebody banned, and share nothing else with them.

Names are drawn by language and script, by how many bear each (tools/build_namesakes.py says from what lists
and how their shares are told); the banned account and the innocent one have the same display name.
"""

from __future__ import annotations

import lzma
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

from desk.cli.backtest.intervals import Share
from samehand.account import Account
from samehand.fingerprint import Fingerprint, distil
from samehand.frequency import NothingCounted
from samehand.scoring.score import score
from samehand.weights import default_weights
from simulate.draws import seeded

NAMES: Final = Path(__file__).parent / "namesakes.txt.xz"
DRAWN: Final = 4_000
BANS: Final = 100
"""A store in which a name by itself may reach the threshold: in a larger one each pair is less likely."""
_DAY: Final = 86_400.0
# Names of the own, the father and the grandfather, where a family has none.
_WORDS: Final = {"so": ("given", "family", "family")}


@dataclass(frozen=True, slots=True)
class Bearers:
    """Names and the running sums of their shares."""

    names: tuple[str, ...]
    sums: tuple[float, ...]

    def drawn(self, rng: Random) -> str:
        """One, by how many bear it."""
        return self.names[min(bisect(self.sums, rng.random() * self.sums[-1]), len(self.names) - 1)]


Names = dict[tuple[str, str, str], Bearers]


def read_bearers(path: Path = NAMES) -> Names:
    """Names by language, kind (`given`, `family`) and script (`latin`, `own`)."""
    listed: dict[tuple[str, str, str], list[tuple[str, float]]] = defaultdict(list)
    head = ("", "", "")
    for line in lzma.decompress(path.read_bytes()).decode().splitlines():
        if line.startswith("["):
            language, kind, script = line.strip("[]").split()
            head = (language, kind, script)
        else:
            share, name = line.split(" ", 1)
            listed[head].append((name, float(share)))
    return {
        head: Bearers(tuple(name for name, _ in rows), tuple(accumulate(share for _, share in rows)))
        for head, rows in listed.items()
    }


def namesakes(*, drawn: int = DRAWN, bans: int = BANS, seed: int = 1) -> dict[str, Any]:
    """By language and script: of so many innocents the shares alarmed, with all else absent and different.

    Where all else is absent nobody knows the moments either, so that nothing speaks against a pair.
    """
    names = read_bearers()
    told: dict[str, Any] = {"innocents_each": drawn, "bans": bans}
    alarms = {"absent": 0, "different": 0}
    groups = [(language, script) for language, kind, script in names if kind == "given"]
    for language, script in groups:
        if (language, "family", script) in names:
            rng = seeded(seed, f"namesakes {language} {script}")
            own = [_name(names, language, script, rng) for _ in range(drawn)]
            row = {rest: _alarmed(own, bans, rest == "different") for rest in alarms}
            alarms = {rest: alarms[rest] + row[rest].hits for rest in alarms}
            told[f"{language}, {script}"] = {rest: share.told() for rest, share in row.items()}
    whole = drawn * (len(told) - 2)
    told["all"] = {rest: Share(count, whole).told() for rest, count in alarms.items()}
    return told


def _name(names: Names, language: str, script: str, rng: Random) -> str:
    kinds = _WORDS.get(language, ("given", "family"))
    return " ".join([_capital(names[language, kind, script].drawn(rng)) for kind in kinds])


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _alarmed(names: Sequence[str], bans: int, different: bool) -> Share:
    weights, counted = default_weights(), NothingCounted(bans)
    alarmed = 0
    for name in names:
        ours = _seen(name, "a", 60 * _DAY if different else None, different)
        theirs = _seen(name, "b", 0.0 if different else None, different)
        alarmed += score(ours, theirs, weights, counted).band != "none"
    return Share(alarmed, len(names))


def _seen(name: str, side: str, at: float | None, different: bool) -> Fingerprint:
    """An account that shows the name, and what is its own where it shows more."""
    account = Account(platform="x", account_id=side, display_name=name)
    if different:
        last = 1 + (side == "b")
        account = Account(
            platform="x",
            account_id=side,
            display_name=name,
            email=f"{side}{last}7@mail{last}.example",
            phone=f"+92300{last}23456{last}",
            device_id=f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2{last}",
            ip=f"39.4{last}.12.{last}",
        )
    return distil(account, lambda _, value: value, at=at)
