"""Innocents who bear exactly the name of somebody banned, and share nothing else with them.

Names are drawn by language and script, by how many bear each (docs/dependencies.md says from what lists); the
banned account and the innocent one have the same display name. In Latin letters they have also, in rows of
their own, the same name as their handle, and both.
"""

from __future__ import annotations

import lzma
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.real.scenes import SIGN_UPS_A_DAY
from report.share import Share
from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from simulate.sampling import seeded

NAMES: Final = Path(__file__).parent / "namesakes.txt.xz"
DRAWN: Final = 4_000
BANS: Final = 100
"""A store in which a name by itself may reach the threshold: in a larger one each pair is less likely."""
_DAY: Final = 86_400.0
# Names of the own, the father and the grandfather, where a family has none.
_WORDS: Final = {"so": ("given", "family", "family")}
_SEPARATORS: Final = ("", "_", ".")
_SHOWN: Final = {"latin": ("", "handle", "handle and name"), "own": ("",)}
"""By script, in what the name is shown: the display name, the handle, or both."""


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
    """By language, script and field: the shares of so many innocents alarmed, all else absent and different.

    Where all else is absent nobody knows the moments either, so that nothing speaks against a pair.
    """
    names = read_bearers()
    told: dict[str, Any] = {"innocents_each": drawn, "bans": bans}
    alarms: dict[str, dict[str, int]] = defaultdict(lambda: {"absent": 0, "different": 0})
    rows: dict[str, int] = defaultdict(int)
    for language, kind, script in names:
        if kind != "given" or (language, "family", script) not in names:
            continue
        for shown in _SHOWN[script]:
            rng = seeded(seed, f"namesakes {language} {script}")
            own = [_name(names, language, script, rng) for _ in range(drawn)]
            row = {rest: _alarmed(own, bans, rest == "different", shown) for rest in ("absent", "different")}
            for rest, share in row.items():
                alarms[shown][rest] += share.hits
            rows[shown] += drawn
            told[", ".join(filter(None, (language, script, shown)))] = {
                rest: share.as_json() for rest, share in row.items()
            }
    for shown, counts in alarms.items():
        told[", ".join(filter(None, ("all", shown)))] = {
            rest: Share(count, rows[shown]).as_json() for rest, count in counts.items()
        }
    return told


def _name(names: Names, language: str, script: str, rng: Random) -> str:
    kinds = _WORDS.get(language, ("given", "family"))
    return " ".join([_capital(names[language, kind, script].drawn(rng)) for kind in kinds])


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _alarmed(names: Sequence[str], bans: int, different: bool, shown: str) -> Share:
    weights, counted = default_weights(), NothingCounted(bans, SIGN_UPS_A_DAY)
    alarmed = 0
    for place, name in enumerate(names):
        # Each writes their handle in one of three ways.
        forms = place % len(_SEPARATORS), place // len(_SEPARATORS) % len(_SEPARATORS)
        one, other = (_named(name, shown, _SEPARATORS[form]) for form in forms)
        ours = _seen(one, "a", 60 * _DAY if different else None, different)
        theirs = _seen(other, "b", 0.0 if different else None, different)
        alarmed += score(ours, theirs, weights, counted).band != "none"
    return Share(alarmed, len(names))


def _named(name: str, shown: str, separator: str) -> Account:
    """An account of that name; its side is told later."""
    return Account(
        platform="x",
        account_id="",
        display_name=None if shown == "handle" else name,
        handle=name.lower().replace(" ", separator) if shown else None,
    )


def _seen(named: Account, side: str, at: float | None, different: bool) -> Fingerprint:
    """An account that shows the name, and what is its own where it shows more."""
    account = replace(named, account_id=side)
    if different:
        last = 1 + (side == "b")
        account = replace(
            account,
            email=f"{side}{last}7@mail{last}.example",
            phone=f"+92300{last}23456{last}",
            device_id=f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2{last}",
            ip=f"39.4{last}.12.{last}",
        )
    return distil(account, lambda _, value: value, at=at)
