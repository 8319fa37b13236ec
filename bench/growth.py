"""How the candidates of a look-up grow with the bans: one index of handles, looked at as it filled up.

``python -m bench.growth [--bans 50000,200000,800000] [--each 100] [--json]``. The same disguises (edits of
the tuning set) of the same bans, all among the first enrolled, are looked up at each size, in postings that
mean what the store's do. What a look-up may read of a handle's postings is bounded, and so is what it finds;
what the bound and the cut cost is the recall.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from bench.index.population import population
from bench.index.postings import Postings, places
from bench.index.schemes import SCHEMES
from bench.machine import in_words, machine
from bench.recall import FIELDS, KEEP, disguised

SIZES: Final = (50_000, 200_000, 800_000)
EACH: Final = 100
"""Disguises of each kind of edit."""
_CROWD: Final = "diverse"


@dataclass(frozen=True, slots=True)
class Size:
    """What a look-up finds among so many bans: candidates before the cut, and shares of originals found."""

    bans: int
    candidates_mean: float
    candidates_p99: float
    recall: float
    recall_kept: float
    worst_kept: float
    entries_a_ban: float


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    queries: int
    sizes: list[Size]
    machine: dict[str, str | int | float]


def measured(sizes: Sequence[int] = SIZES, each: int = EACH) -> Report:
    """Fills one index and looks at it at each size, the smallest first."""
    ordered = sorted(sizes)
    bans, field, scheme = population(_CROWD, ordered[-1]), FIELDS["handle"], SCHEMES["handle"]["samehand"]
    asked = disguised(bans[: ordered[0]], field.kinds["tuning"], each, field)
    probes = [scheme.tried(one.platform, one.text) or () for one in asked]
    kinds, targets = np.array([one.kind for one in asked]), [one.target for one in asked]
    whole = Postings(scheme.listed(ban.platform, ban.handle) or () for ban in bans)
    found = []
    for size in ordered:
        postings = whole.first(size)
        answers = postings.answers(probes, KEEP)
        stood = np.array([np.inf if at is None else at for at in places(answers, targets)])
        shares = [(stood[kinds == kind] < np.inf, stood[kinds == kind] < KEEP) for kind in np.unique(kinds)]
        counts = np.diff(answers.bounds)
        found.append(
            Size(
                bans=size,
                candidates_mean=float(counts.mean()),
                candidates_p99=float(np.percentile(counts, 99)),
                recall=float(np.mean([one.mean() for one, _ in shares])),
                recall_kept=float(np.mean([kept.mean() for _, kept in shares])),
                worst_kept=min(float(kept.mean()) for _, kept in shares),
                entries_a_ban=postings.entries / size,
            )
        )
    return Report(len(asked), found, machine())


def table(one: Report) -> str:
    """For people."""
    lines = [
        "| handles | candidates before the cut, mean / p99 | recall before the cut | within the best "
        f"{KEEP} | of its worst kind | entries of postings a ban |",
        "|---" * 6 + "|",
    ]
    lines += [
        f"| {it.bans:,} | {it.candidates_mean:,.0f} / {it.candidates_p99:,.0f} | {it.recall:.3f} "
        f"| {it.recall_kept:.3f} | {it.worst_kept:.3f} | {it.entries_a_ban:.1f} |"
        for it in one.sizes
    ]
    queries = f"* {one.queries:,} disguises by edits of the tuning set, the same at every size"
    return "\n".join([*lines, "", queries, f"* on {in_words(one.machine)}"])


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", default=",".join(map(str, SIZES)))
    parser.add_argument("--each", type=int, default=EACH)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measured([int(one) for one in chosen.bans.split(",")], chosen.each)
    print(json.dumps(asdict(found), indent=1) if chosen.json else table(found))


if __name__ == "__main__":
    main()
