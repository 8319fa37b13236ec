"""What real names tell, as the tables of docs/quality.md: shares with their intervals, beside goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.page import markdown
from bench.real.scenes import DELAYS, INNOCENTS

_GOALS_AT_TEN_MINUTES: Final = {
    ("same device", "different"): "alarmed ≥ 95 %",
    ("device and /24", "different"): "likely ≥ 95 %",
    ("bio and /24", "different"): "alarmed ≥ 95 %",
    ("whole handle and /24", "different"): "alarmed ≥ 95 %",
    ("five digits behind the handle", "absent"): "alarmed ≥ 50 %, alone",
}
_GOALS_OF_THE_INNOCENT: Final = {
    kind: "" if "second-hand" in kind else "≤ 1 %" if "sibling" in kind else "≤ .1 %" for kind in INNOCENTS
}
_PLACES: Final = ("alone", "among")
_COLUMNS: Final = tuple(
    # A store of few bans prices a day like ten minutes.
    (place, delay)
    for place in _PLACES
    for delay in DELAYS
    if (place, delay) != ("alone", "a day")
)


def tables(told: Mapping[str, Any]) -> dict[str, str]:
    """Markdown by the name of its place, for the parts that were measured."""
    found = {}
    if "renames" in told or "families_returning" in told:
        rows = [*_renames(told.get("renames")), *_families(told.get("families_returning"))]
        found["real"] = markdown(("names alone", "measured", "goal"), rows)
    if "laws" in told:
        found["laws"] = "\n".join(told["laws"])
    if "kinds" in told:
        found["kinds"] = "\n".join(told["kinds"])
    if "namesakes" in told:
        found["namesakes"] = _namesakes(told["namesakes"])
    if "scenes" in told:
        found["scenes"] = "\n\n".join((_mirrors(told["scenes"]), _innocents(told["scenes"]), _order(told)))
    return found


def _renames(told: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    if told is None:
        return
    who = f"{told['seeds']} seeds, {told['bans']:,} bans, {told['innocent']:,} innocent"
    for rate, goal in (("0.001", "≥ 1.15, lower end above 1"), ("0.01", "≥ 1")):
        at = told[f"recall_at_{float(rate):g}"]
        beside = "–" if at["beside"] is None else f"{at['beside']:.2f}"
        low, high = at["beside_interval"]
        best = at["best_yardstick"]
        yield (
            f"renames: recall at {float(rate):g} false alarms",
            f"{_percent(at['ours'])}; {beside} times `{best}` ({_percent(at[best])}) [{low:.2f}, {high:.2f}]",
            goal,
        )
    yield (
        f"renames ({who}): mirrors alerted / innocent alarmed",
        f"{told['alerted_mirrors']} / {told['alarmed_innocent']}",
        "",
    )


def _families(told: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    for field, each in (told or {}).items():
        what = f"cheater families, a day after their ban, as {field.replace('_', ' ')}s"
        alarmed = each["alarmed"]
        yield (
            f"{what}: `possible` or better; ordinary names alarmed",
            f"{_share(each['found'], counts=True)}; {alarmed['hits']} of {alarmed['of']}",
            "≥ 80 %; ≤ 1 of 5,000",
        )


def _namesakes(told: Mapping[str, Any]) -> str:
    """All languages together, and the row in which most are alarmed."""
    heads = (
        f"alarmed of {told['innocents_each']:,} exact namesakes of {told['bans']:,} bans",
        "nothing else shown",
        "all else different",
        "goal",
    )
    by_name = {name: row for name, row in told.items() if isinstance(row, dict)}
    most = max(by_name, key=lambda name: by_name[name]["different"]["value"])
    shown = {"all": by_name["all"], f"most: {most}": by_name[most]}
    rows = [(name, _share(row["absent"]), _share(row["different"]), "≤ 1 %") for name, row in shown.items()]
    return markdown(heads, rows)


def _mirrors(told: Mapping[str, Any]) -> str:
    """A row a scene that has a goal; in each cell the percentages alarmed and `likely`."""
    heads = [f"{delay}, {_where(place, told)}" for place, delay in _COLUMNS]
    rows = []
    for (scene, rest), goal in _GOALS_AT_TEN_MINUTES.items():
        cells = [_both(told[place]["mirrors"][scene][f"{delay}, rest {rest}"]) for place, delay in _COLUMNS]
        rows.append((f"{scene}, rest {rest}", *cells, goal))
    return markdown(
        (f"{told['pairs']} pairs return with; % alarmed/`likely`", *heads, "goal at ten minutes"), rows
    )


def _innocents(told: Mapping[str, Any]) -> str:
    columns = [(place, how) for place in _PLACES for how in ("innocents", "counted")]
    counted = {"innocents": "", "counted": ", crowd counted"}
    heads = [f"{_where(place, told)}{counted[how]}" for place, how in columns]
    rows = [
        (kind, *(_both(told[place][how][kind]) for place, how in columns), goal)
        for kind, goal in _GOALS_OF_THE_INNOCENT.items()
    ]
    return markdown(("innocent; % alarmed/`likely`", *heads, "goal"), rows)


def _order(told: Mapping[str, Any]) -> str:
    """Returns whether anything gets worse that should get better."""
    worse = told["scenes"]["worse"]
    if not worse:
        return "No pair gets worse when a fact is added, or when less differs."
    return "\n".join(("Worse, though a fact was added or less differs:", *(f"* {line}" for line in worse)))


def _where(place: str, told: Mapping[str, Any]) -> str:
    return "alone" if place == "alone" else f"among {told['background']:,}"


def _both(each: Mapping[str, Any]) -> str:
    alarmed, likely = each["alarmed"]["value"], each["likely"]["value"]
    return "–" if alarmed is None else f"{100 * alarmed:.3g}/{100 * likely:.3g}"


def _share(share: Mapping[str, Any], *, counts: bool = False) -> str:
    if share["value"] is None:
        return "–"
    low, high = share["interval"]
    told = f"{_percent(share['value'])} [{_percent(low)}, {_percent(high)}]"
    return f"{told} ({share['hits']} of {share['of']})" if counts else told


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %"
