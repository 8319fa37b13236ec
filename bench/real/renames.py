"""Names alone: old handles and families are banned, the new ones come back among the innocent.

Most who change a handle choose one that nobody would recognise, so recall is low for everybody: what counts
is how it compares with plain similarity of strings in the same run.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler, Levenshtein

from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline
from report.share import Share
from schemas.accounts import Account, AccountBanned, AccountCreated
from schemas.decoding.dates import from_seconds
from simulate.sampling import seeded

CANDIDATES = 10
"""How many below the bands are asked for, so that a rank can be told."""

Field = Literal["handle", "display_name"]


@dataclass(frozen=True, slots=True)
class Named:
    """One account of which only a name is known, in one field.

    ``at`` (Unix seconds) is when it was banned or made; without it nothing says when.
    """

    text: str
    field: Field
    at: float | None = None

    def profile(self, account_id: str) -> Account:
        handle, name = (self.text, None) if self.field == "handle" else (None, self.text)
        return Account(account_id=account_id, handle=handle, display_name=name)


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """One banned account that a lookup brought: the place of it in the list of bans, and how alike."""

    ban: int
    log_odds: float
    band: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run brought: for each account its candidates, best first. ``bad``: how many were no records."""

    found: tuple[tuple[ScoredCandidate, ...], ...]
    bad: int

    @property
    def alarmed(self) -> list[int]:
        return [
            place for place, several in enumerate(self.found) if any(one.band != "none" for one in several)
        ]


def looked_up(bans: Sequence[Named], accounts: Sequence[Named]) -> Looked:
    """Enrols the bans, then looks every account up among them."""
    run = Offline(now=time.time(), candidates=CANDIDATES)
    asyncio.run(_enrolled_and_screened(run, bans, accounts))
    found: list[list[ScoredCandidate]] = [[] for _ in accounts]
    for alert in run.scored.alerts:
        found[_place(alert.account_id)].append(
            ScoredCandidate(_place(alert.matched.account_id), alert.log_odds, alert.band)
        )
    ranked = tuple(tuple(sorted(several, key=lambda one: (-one.log_odds, one.ban))) for several in found)
    return Looked(ranked, len(run.scored.faults))


async def _enrolled_and_screened(run: Offline, bans: Sequence[Named], accounts: Sequence[Named]) -> None:
    now = time.time()
    await run.enrol(
        [
            InputLine(
                f"ban {place}",
                AccountBanned(
                    event_id=f"b{place}",
                    version=1,
                    occurred_at=from_seconds(now if banned.at is None else banned.at),
                    banned_at=None if banned.at is None else from_seconds(banned.at),
                    platform="x",
                    account=banned.profile(f"b{place}"),
                ),
                dated=banned.at is not None,
            )
            for place, banned in enumerate(bans)
        ]
    )
    await run.screen(
        [
            InputLine(
                f"account {place}",
                AccountCreated(
                    event_id=f"a{place}",
                    version=1,
                    occurred_at=from_seconds(now if account.at is None else account.at),
                    platform="x",
                    account=account.profile(f"a{place}"),
                ),
                dated=account.at is not None,
            )
            for place, account in enumerate(accounts)
        ]
    )


def _place(account_id: str) -> int:
    return int(account_id[1:])


DAY: Final = 86_400.0
SPREAD_SECONDS: Final = 2 * 365 * DAY
LAST_BAN: Final = 1_790_000_000.0


def split(members: dict[str, list[str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Bans and accounts, each (family, name); of two names or more the first half, rounded up, is banned."""
    bans, accounts = [], []
    for family, names in members.items():
        if len(names) > 1:
            half = (len(names) + 1) // 2
            bans += [(family, name) for name in names[:half]]
            accounts += [(family, name) for name in names[half:]]
    return bans, accounts


def returning(members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    """Both halves on one platform, as handles and as display names.

    Bans are spread evenly over two years in a drawn order; each name of the other half is back a day after
    one of its family, each of another one while there are. Ordinary names, in the same field, come all the
    while. ``found``: alerted on somebody of the own family.
    """
    fields: tuple[Field, ...] = ("handle", "display_name")
    return {field: _returning(field, members, ordinary) for field in fields}


def _returning(field: Field, members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    bans, accounts = split(members)
    rng = seeded(6, "real families")
    places = rng.sample(range(len(bans)), len(bans))
    moments = [LAST_BAN - place * SPREAD_SECONDS / len(bans) for place in places]
    own: defaultdict[str, list[float]] = defaultdict(list)
    for (family, _), moment in zip(bans, moments, strict=True):
        own[family].append(moment)
    turns: defaultdict[str, count[int]] = defaultdict(count)
    back = [
        Named(name, field, own[family][next(turns[family]) % len(own[family])] + DAY)
        for family, name in accounts
    ]
    crowd = [Named(name, field, LAST_BAN + DAY - SPREAD_SECONDS * rng.random()) for name in ordinary]
    banned = [Named(name, field, moment) for (_, name), moment in zip(bans, moments, strict=True)]
    looked = looked_up(banned, [*back, *crowd])
    # The crowd comes after them.
    found = sum(
        any(one.band != "none" and bans[one.ban][0] == family for one in several)
        for (family, _), several in zip(accounts, looked.found, strict=False)
    )
    alarmed = sum(place >= len(back) for place in looked.alarmed)
    return {
        "bans": len(bans),
        "found": Share(found, len(accounts)).as_json(),
        "alarmed": Share(alarmed, len(crowd)).as_json(),
    }


SEEDS: Final = (1, 2, 3, 4, 5)
BANS: Final = 1_000
_BACK_AT: Final = 1_790_000_000.0
_BANNED_AT: Final = _BACK_AT - 60 * 86_400.0
_FALSE_ALARM_RATES: Final = (1e-4, 1e-3, 1e-2)
_RESAMPLED: Final = 400
_NEVER: Final = -1e9  # below any score: nothing was found, or somebody else came first

YARDSTICKS: Final[dict[str, Callable[..., float]]] = {
    "ratio": fuzz.ratio,
    "jaro_winkler": JaroWinkler.normalized_similarity,
    "levenshtein": Levenshtein.normalized_similarity,
    "token_set_ratio": fuzz.token_set_ratio,
}

Scores = NDArray[np.float64]


class _Ranked:
    """The scores of one seed by one method: of mirrors whose own old handle came first, and the innocent."""

    def __init__(self, mirrors: Sequence[float], innocent: Sequence[float]) -> None:
        self.mirrors: Scores = np.asarray(mirrors, dtype=np.float64)
        self.innocent: Scores = np.asarray(innocent, dtype=np.float64)

    def recall(self, rate: float, mirrors: NDArray[np.int64], innocent: NDArray[np.int64]) -> float:
        """The share of the chosen mirrors above all but ``rate`` of the chosen innocent."""
        allowed = int(rate * len(innocent))
        highest = np.partition(self.innocent[innocent], -allowed - 1)[-allowed - 1]
        return float(np.mean(self.mirrors[mirrors] > highest))


def renames(pairs: list[tuple[str, str]], ordinary: list[str]) -> dict[str, Any]:
    """Of each seed 1,000 old handles (of fewer pairs half) as bans, their new ones as mirrors 60 days later.

    All others are innocent. An account ranks by its best candidate, and counts as found only where that is
    its own old handle. Recall is the mean over seeds at a share of false alarms; ``beside`` is ours over that
    of the best yardstick with the interval (95 %) of a bootstrap that draws the same accounts for both.
    """
    runs = [_run(seed, pairs, ordinary) for seed in SEEDS]
    told: dict[str, Any] = {
        "seeds": len(SEEDS),
        "bans": len(runs[0][0]["ours"].mirrors),
        "innocent": round(float(np.mean([len(run["ours"].innocent) for run, _ in runs]))),
        "alerted_mirrors": sum(alerted for _, (alerted, _) in runs),
        "alarmed_innocent": sum(alarmed for _, (_, alarmed) in runs),
    }
    for rate in _FALSE_ALARM_RATES:
        told[f"recall_at_{rate:g}"] = _at(rate, [run for run, _ in runs])
    return told


def _run(
    seed: int, pairs: list[tuple[str, str]], ordinary: list[str]
) -> tuple[dict[str, _Ranked], tuple[int, int]]:
    banned, others = _split(seed, pairs)
    bans = [old for old, _ in banned]
    taken = {old.casefold() for old in bans}
    innocent = [name for name in [*(new for _, new in others), *ordinary] if name.casefold() not in taken]
    names = [*(new for _, new in banned), *innocent]
    looked = looked_up(
        [Named(ban, "handle", _BANNED_AT) for ban in bans],
        [Named(name, "handle", _BACK_AT) for name in names],
    )
    best = [several[0] if several else None for several in looked.found]
    found = {
        "ours": _Ranked(
            [
                one.log_odds if one is not None and one.ban == place else _NEVER
                for place, one in enumerate(best[: len(bans)])
            ],
            [_NEVER if one is None else one.log_odds for one in best[len(bans) :]],
        )
    }
    for name, scorer in YARDSTICKS.items():
        # In lower case, which no yardstick does by itself: that is to its advantage.
        table = process.cdist(
            [name.lower() for name in names], [ban.lower() for ban in bans], scorer=scorer, dtype=np.float32
        )
        first, most = table.argmax(axis=1), table.max(axis=1)
        own = np.where(first[: len(bans)] == np.arange(len(bans)), most[: len(bans)], _NEVER)
        found[name] = _Ranked(own.tolist(), most[len(bans) :].tolist())
    alarmed = looked.alarmed
    mirrors = sum(place < len(bans) for place in alarmed)
    return found, (mirrors, len(alarmed) - mirrors)


def _split(seed: int, pairs: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    order = seeded(seed, "real renames").sample(range(len(pairs)), len(pairs))
    banned = min(BANS, len(pairs) // 2)
    return [pairs[place] for place in order[:banned]], [pairs[place] for place in order[banned:]]


def _at(rate: float, runs: list[dict[str, _Ranked]]) -> dict[str, Any]:
    whole = [(np.arange(len(run["ours"].mirrors)), np.arange(len(run["ours"].innocent))) for run in runs]
    recalls = {name: _mean(name, rate, runs, whole) for name in ("ours", *YARDSTICKS)}
    best = max(YARDSTICKS, key=lambda name: recalls[name])
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(_RESAMPLED):
        drawn = [
            (rng.integers(0, len(mirrors), len(mirrors)), rng.integers(0, len(innocent), len(innocent)))
            for mirrors, innocent in whole
        ]
        theirs = _mean(best, rate, runs, drawn)
        ratios.append(_mean("ours", rate, runs, drawn) / theirs if theirs else np.inf)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return {
        **{name: round(recall, 4) for name, recall in recalls.items()},
        "best_yardstick": best,
        "beside": round(recalls["ours"] / recalls[best], 3) if recalls[best] else None,
        "beside_interval": [round(float(low), 3), round(float(high), 3)],
    }


def _mean(
    name: str,
    rate: float,
    runs: list[dict[str, _Ranked]],
    drawn: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> float:
    recalls = [run[name].recall(rate, *chosen) for run, chosen in zip(runs, drawn, strict=True)]
    return float(np.mean(recalls))
