"""Blocking recall: how many disguised handles (or display names) still bring their banned original.

``python -m bench.recall --bans 1000000 [--field display_name] [--crowd diverse] [--edits held_out]``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from bench.index.population import CROWDS, BannedNames, population
from bench.index.schemes import SCHEMES, Postings, Scheme, folded, folded_name, places
from bench.page import in_words, machine, markdown
from simulate.evasion.edits import HELD_OUT, TUNING, Edit
from simulate.sampling import below, one_of, seeded

# One spelling and another that bearers of the same name use; applied either way.
_TUNING_SPELLINGS = (("ee", "i"), ("oo", "u"), ("ou", "u"), ("y", "i"), ("o", "u"), ("e", "i"))
_HELD_OUT_SPELLINGS = (("aa", "a"), ("ei", "ai"), ("ey", "i"), ("q", "k"), ("a", "e"), ("ph", "f"))


def _respelt(spellings: tuple[tuple[str, str], ...]) -> Edit:
    both = (*spellings, *((other, one) for one, other in spellings))

    def edit(rng: Random, text: str) -> str:
        possible = [pair for pair in both if pair[0] in text]
        if not possible:
            return text
        here, there = one_of(rng, possible)
        return text.replace(here, there, 1)

    return edit


_TUNING_WORDS = ("media", "news", "shop", "noor", "team", "khan")
_HELD_OUT_WORDS = ("press", "studio", "ali", "world", "maria", "group")
# Digits and leet are for handles; names have room for any letter.
_FOR_HANDLES = frozenset({"digits_added", "digits_changed", "digits_dropped", "leet"})


def _word_added(words: tuple[str, ...]) -> Edit:
    def edit(rng: Random, text: str) -> str:
        own = text.split()
        own.insert(below(rng, len(own) + 1), one_of(rng, words).capitalize())
        return " ".join(own)

    return edit


def _for_names(edits: Mapping[str, Edit], words: tuple[str, ...]) -> Mapping[str, Edit]:
    kept = {kind: edit for kind, edit in edits.items() if kind not in _FOR_HANDLES}
    return MappingProxyType({**kept, "word_added": _word_added(words)})


KINDS: Mapping[str, Mapping[str, Edit]] = MappingProxyType(
    {
        "tuning": MappingProxyType({**TUNING, "respelt": _respelt(_TUNING_SPELLINGS)}),
        "held_out": MappingProxyType({**HELD_OUT, "respelt": _respelt(_HELD_OUT_SPELLINGS)}),
    }
)
"""For tuning and for judging: kind of obfuscation → edit."""

NAME_KINDS: Mapping[str, Mapping[str, Edit]] = MappingProxyType(
    {
        "tuning": _for_names(KINDS["tuning"], _TUNING_WORDS),
        "held_out": _for_names(KINDS["held_out"], _HELD_OUT_WORDS),
    }
)
"""The same for display names."""


KEEP = 64
SIZES = (50_000, 200_000, 800_000)
EACH = 100
"""Bans of each size in the table of growth, and disguises of each kind there."""
_TRIES = 30  # an edit that does not apply to so many bans in turn applies to hardly any


class Disguise(NamedTuple):
    """A disguised handle or name, of what kind, and the number of the ban that it disguises."""

    kind: str
    target: int
    platform: str
    text: str


class Field(NamedTuple):
    """What is disguised and looked up: its kinds, how a ban shows it, what it folds to, if it tells."""

    kinds: Mapping[str, Mapping[str, Edit]]
    shown: Callable[[BannedNames], str]
    folds: Callable[[str, str], object | None]
    telling: Callable[[str, str], bool]


def _chosen(platform: str, handle: str) -> bool:
    """Handles that a platform made up have nothing but their digits."""
    trait = folded(platform, handle)
    return trait is not None and not trait.automatic


def _several_words(platform: str, name: str) -> bool:
    """Of those who show a first name alone there are thousands."""
    trait = folded_name(platform, name)
    return trait is not None and len(trait.words) > 1


FIELDS = {
    "handle": Field(KINDS, lambda ban: ban.handle, folded, _chosen),
    "display_name": Field(NAME_KINDS, lambda ban: ban.display_name, folded_name, _several_words),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the keys reached. Recalls are shares; candidates are counted before the cut to :data:`KEEP`."""

    keys_mean: float
    probes_mean: float
    recall: float
    recall_kept: float
    worst: float
    worst_kept: float
    candidates_mean: float
    candidates_p99: float
    entries_a_ban: float
    kinds: dict[str, tuple[float, float]]


def disguised(bans: list[BannedNames], edits: Mapping[str, Edit], each: int, field: Field) -> list[Disguise]:
    """So many disguises a kind, of bans drawn at random among those whose handle or name tells anything."""
    rng = seeded(5, "bench recall")
    asked = []
    for kind, edit in edits.items():
        wanted = each
        for _ in range(each * _TRIES):
            target = below(rng, len(bans))
            platform, shown = bans[target].platform, field.shown(bans[target])
            changed = edit(rng, shown)
            if changed == shown or not field.telling(platform, shown) or not field.folds(platform, changed):
                continue
            asked.append(Disguise(kind, target, platform, changed))
            wanted -= 1
            if not wanted:
                break
    return asked


def measured(scheme: Scheme, shown: list[tuple[str, str]], asked: list[Disguise]) -> Outcome:
    """Enrols the bans under a scheme and looks every disguise up."""
    postings = Postings(scheme.listed(platform, text) or () for platform, text in shown)
    probes = [scheme.tried(one.platform, one.text) or () for one in asked]
    answers = postings.answers(probes, KEEP)
    stood = places(answers, [one.target for one in asked])
    kinds = {
        kind: (
            float(np.mean([place is not None for place in own])),
            float(np.mean([place is not None and place < KEEP for place in own])),
        )
        for kind in dict.fromkeys(one.kind for one in asked)
        if (own := [place for place, one in zip(stood, asked, strict=True) if one.kind == kind])
    }
    found, kept = zip(*kinds.values(), strict=True)
    sizes = np.diff(answers.bounds)
    return Outcome(
        float(postings.keys_each.mean()),
        float(np.mean([len(keys) for keys in probes])),
        float(np.mean(found)),
        float(np.mean(kept)),
        min(found),
        min(kept),
        float(sizes.mean()),
        float(np.percentile(sizes, 99)),
        postings.entries / len(shown),
        kinds,
    )


def growth(sizes: Sequence[int] = SIZES, each: int = EACH) -> dict[int, Outcome]:
    """The same disguises of the same handles, all among the first enrolled, looked up at each size."""
    bans, field, scheme = population("diverse", max(sizes)), FIELDS["handle"], SCHEMES["handle"]
    asked = disguised(bans[: min(sizes)], field.kinds["tuning"], each, field)
    shown = [(ban.platform, ban.handle) for ban in bans]
    return {size: measured(scheme, shown[:size], asked) for size in sorted(sizes)}


def growth_table(found: Mapping[int, Outcome]) -> str:
    """What docs/scale.md shows of it."""
    heads = (
        "handles",
        "candidates before the cut, mean / p99",
        "recall before the cut",
        f"within the best {KEEP}",
        "of its worst kind",
        "entries of postings a ban",
    )
    rows = (
        (
            f"{size:,}",
            f"{it.candidates_mean:,.0f} / {it.candidates_p99:,.0f}",
            f"{it.recall:.3f}",
            f"{it.recall_kept:.3f}",
            f"{it.worst_kept:.3f}",
            f"{it.entries_a_ban:.1f}",
        )
        for size, it in found.items()
    )
    return f"{markdown(heads, rows)}\n\n* on {in_words(machine())}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=400, help="disguises a kind")
    parser.add_argument("--crowd", choices=sorted(CROWDS), default="simulated")
    parser.add_argument("--edits", choices=sorted(KINDS), default="held_out")
    parser.add_argument("--field", choices=sorted(FIELDS), default="handle")
    chosen = parser.parse_args()
    bans = population(chosen.crowd, chosen.bans)
    field, scheme = FIELDS[chosen.field], SCHEMES[chosen.field]
    asked = disguised(bans, field.kinds[chosen.edits], chosen.each, field)
    one = measured(scheme, [(ban.platform, field.shown(ban)) for ban in bans], asked)
    print(f"{'keys':>6}{'tried':>7}{'recall':>8}{'kept':>7}{'worst':>7}{'kept':>7}{'cands':>8}{'p99':>7}")
    print(
        f"{one.keys_mean:6.1f}{one.probes_mean:7.1f}{one.recall:8.3f}{one.recall_kept:7.3f}"
        f"{one.worst:7.3f}{one.worst_kept:7.3f}{one.candidates_mean:8.0f}{one.candidates_p99:7.0f}"
    )
    for kind, (found, kept) in one.kinds.items():
        print(f"{kind:22}{found:8.3f}{kept:7.3f}")


if __name__ == "__main__":
    main()
