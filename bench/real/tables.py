"""What real names tell, as the tables of docs/quality.md: shares with their intervals, beside goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench.real.renames import YARDSTICKS
from bench.real.scenes import DELAYS, INNOCENTS, RESTS, SCENES

_GOALS_AT_TEN_MINUTES: Final = {
    "same device": "alarmed ≥ 95 %",
    "device and /24": "likely ≥ 95 %",
    "bio and /24": "alarmed ≥ 95 %",
    "whole handle and /24": "alarmed ≥ 95 %",
    "five digits behind the handle": "alarmed ≥ 50 % (alone, rest absent)",
}
_GOALS_OF_THE_INNOCENT: Final = {
    kind: "told" if "second-hand" in kind else "≤ 1 %" if "sibling" in kind else "≤ .1 %"
    for kind in INNOCENTS
}
TABLED: Final = frozenset({"renames", "families_returning", "namesakes", "scenes"})
"""Parts that have a place in a table."""
_PLACES: Final = ("alone", "among")


def tables(told: Mapping[str, Any]) -> dict[str, str]:
    """Markdown by the name of its place, for the parts that were measured."""
    found = {}
    if "renames" in told or "families_returning" in told:
        rows = [*_renames(told.get("renames")), *_families(told.get("families_returning"))]
        found["real"] = _table(("names alone", "measured", "goal"), rows)
    if "namesakes" in told:
        found["namesakes"] = _namesakes(told["namesakes"])
    if "scenes" in told:
        found["scenes"] = "\n\n".join((_mirrors(told["scenes"]), _innocents(told["scenes"]), _order(told)))
    return found


def _renames(told: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    if told is None:
        return
    who = f"{told['seeds']} seeds, {told['bans']:,} bans, {told['innocent']:,} innocent"
    for rate, goal in (("0.0001", "told"), ("0.001", "≥ 1.15, lower end above 1"), ("0.01", "≥ 1")):
        at = told[f"recall_at_{float(rate):g}"]
        beside = "–" if at["beside"] is None else f"{at['beside']:.2f}"
        low, high = at["beside_interval"]
        theirs = ", ".join(f"`{name}` {_percent(at[name])}" for name in YARDSTICKS)
        yield (
            f"renames ({who}): recall at {float(rate):g} false alarms, ours; {theirs}",
            f"{_percent(at['ours'])}; {beside} times `{at['best_yardstick']}` [{low:.2f}, {high:.2f}]",
            goal,
        )
    yield (
        "renames: mirrors alerted / innocent alarmed, all seeds",
        f"{told['alerted_mirrors']} / {told['alarmed_innocent']}",
        "told",
    )


def _families(told: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    for field, each in (told or {}).items():
        what = f"cheater families, a day after their ban, as {field.replace('_', ' ')}s"
        yield f"{what}: `possible` or better", _share(each["found"], counts=True), "≥ 80 %"
        yield f"{what}: ordinary names alarmed", _share(each["alarmed"], counts=True), "≤ 1 of 5,000"


def _namesakes(told: Mapping[str, Any]) -> str:
    heads = (
        f"alarmed of {told['innocents_each']:,} exact namesakes, {told['bans']:,} bans",
        "nothing else shown",
        "all else shown and different",
        "goal",
    )
    rows = [
        (name, _share(row["absent"]), _share(row["different"]), "≤ 1 %")
        for name, row in told.items()
        if isinstance(row, dict)
    ]
    return _table(heads, rows)


def _mirrors(told: Mapping[str, Any]) -> str:
    """A row a scene and what else is shown; in each cell alarmed, and `likely` behind the stroke."""
    heads = [f"{delay}, {_where(place, told)}" for place in _PLACES for delay in DELAYS]
    rows = []
    for scene in SCENES:
        for rest in RESTS:
            cells = [
                _both(told[place]["mirrors"][scene][f"{delay}, rest {rest}"])
                for place in _PLACES
                for delay in DELAYS
            ]
            goal = _GOALS_AT_TEN_MINUTES.get(scene, "")
            rows.append((f"{scene}, rest {rest}", *cells, goal))
    return _table((f"{told['pairs']} pairs come back with", *heads, "goal at ten minutes"), rows)


def _innocents(told: Mapping[str, Any]) -> str:
    columns = [(place, how) for place in _PLACES for how in ("innocents", "counted")]
    counted = {"innocents": "nothing counted", "counted": "its crowd counted"}
    heads = [f"{_where(place, told)}, {counted[how]}" for place, how in columns]
    rows = [
        (kind, *(_both(told[place][how][kind]) for place, how in columns), goal)
        for kind, goal in _GOALS_OF_THE_INNOCENT.items()
    ]
    return _table(("innocent", *heads, "goal"), rows)


def _order(told: Mapping[str, Any]) -> str:
    """Whether anything gets worse that should get better."""
    worse = told["scenes"]["worse"]
    if not worse:
        return "No pair gets worse when a fact is added, or when less differs."
    return "\n".join(
        (
            "Worse, though a fact was added or less differs:",
            *(f"* {line}" for line in worse),
        )
    )


def _where(place: str, told: Mapping[str, Any]) -> str:
    return "alone" if place == "alone" else f"among {told['background']:,}"


def _both(each: Mapping[str, Any]) -> str:
    return f"{_share(each['alarmed'])} / {_percent(each['likely']['value'])}"


def _share(share: Mapping[str, Any], *, counts: bool = False) -> str:
    if share["value"] is None:
        return "–"
    low, high = share["interval"]
    told = f"{_percent(share['value'])} [{_percent(low)}, {_percent(high)}]"
    return f"{told} ({share['hits']} of {share['of']})" if counts else told


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
