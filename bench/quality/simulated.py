"""Several simulated platforms, judged as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.page import markdown
from bench.quality.platform import judged_platform, ranked
from report.accuracy import JudgedRun, false_alarms, figures
from report.share import Share
from simulate.files import simulate_command

_NAIVE, _HARDER = ("1", "2", "3", "4"), ("5", "6", "7")

Row = tuple[str, str, str]


def table(told: Mapping[str, Any]) -> str:
    """Markdown, a row a figure of the simulated platforms."""
    return markdown(("what", "measured", "goal"), _rows(told["simulated"]))


def _rows(told: Mapping[str, Any]) -> Iterator[Row]:
    sign_ups, mirrors = told["sign_ups"], told["mirrors"]
    yield (
        f"average precision, strategies 1–7 ({sign_ups:,} sign-ups, {mirrors} mirrors)",
        number_text(told["average_precision"]),
        "≥ .95",
    )
    for band, goal in (("likely", "≥ .95"), ("possible", "≥ .6")):
        each = told["bands"][band]
        yield f"precision at `{band}` and above", share_text(each["precision_upwards"]), goal
        yield f"recall at `{band}` and above", share_text(each["recall_upwards"]), ""
    own = told["bands"]["possible"]["precision"]
    yield "precision of the `possible` band by itself", share_text(own), "≥ .5"
    yield "true pairs among the candidates (blocking recall)", share_text(told["blocking_recall"]), ""
    yield "of these at `possible` and above (scoring recall)", share_text(told["scoring_recall"]), ""
    capacities = [told["capacities"][capacity] for capacity in ("5", "10", "20")]
    both = (
        f"{number_text(it['precision']['value'])} / {number_text(it['recall']['value'])}" for it in capacities
    )
    yield "precision / recall at 5, 10 and 20 alerts per 1,000 sign-ups", ", ".join(both), ""
    detected = told["time_to_detect_seconds"]
    if detected["median"] is not None:
        hours = f"{detected['median'] / 3600:.1f} h / {detected['p90'] / 3600:.1f} h"
        yield "from ban to alert, median / 90 %: when mirrors come", hours, ""
    at_20 = told["capacities"]["20"]["recall_by_strategy"]
    for what, numbers, goal in (("naive (1–4)", _NAIVE, "≥ .97"), ("harder (5–7)", _HARDER, "≥ .80")):
        yield f"recall of the {what} at 20 alerts per 1,000 sign-ups", _pooled(at_20, numbers), goal
    each_strategy = ", ".join(number_text(at_20[name]["value"]) for name in at_20)
    yield f"recall of each strategy ({', '.join(at_20)})", each_strategy, ""
    calibration = told["calibration"]
    yield "calibration error, events at .05 and above", number_text(calibration["error_unsure"]), "≤ .06"
    yield from _evenness("script", told["false_alarms_by_script"]["even_handedness"])
    yield from _evenness("language", told["false_alarms"]["even_handedness"])


def _evenness(by: str, even: Mapping[str, Any]) -> Iterator[Row]:
    low, high = even["max_over_mean_interval"]
    rates = even["per_1000"]
    most = f", most in `{max(rates, key=lambda group: rates[group]['value'])}`" if rates else ""
    yield (
        f"false alarms by {by}, max over mean (at least {even['fewest_in_a_group']} in each)",
        f"{even['max_over_mean']:.2f} [{low:.2f}, {high:.2f}]{most}",
        "≤ 1.3",
    )


def _pooled(by_strategy: Mapping[str, Any], numbers: Sequence[str]) -> str:
    some = [by_strategy[number] for number in numbers if number in by_strategy]
    return share_text(Share(sum(it["hits"] for it in some), sum(it["of"] for it in some)).as_json())


def share_text(share: Mapping[str, Any], digits: int = 3) -> str:
    """A share with its interval and counts; a dash where nothing was counted."""
    if share["value"] is None:
        return "–"
    low, high = share["interval"]
    bounds = f"{share['value']:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{bounds} ({share['hits']} of {share['of']})"


def number_text(value: float | None) -> str:
    """Three decimals; a dash where nothing was counted."""
    return "–" if value is None else f"{value:.3f}"


TUNING_SEEDS: Final = (201, 202, 203, 204, 211, 212)
"""The platforms that were looked at while weights and rules were chosen."""
VALIDATION_SEEDS: Final = (3101, 3102, 3103, 3104)
"""Those with the third family of edits, which show whether what was tuned holds beside it."""
HELD_OUT_SEEDS: Final = (28_201, 28_202, 28_203, 28_204)
"""Those that judge: run once, with edits that tuning never used; new ones for each form of the mind."""
ACCOUNTS: Final = 20_000

SCRIPTS: Final = {
    **dict.fromkeys(("ar", "ps", "ur"), "Arabic"),
    **dict.fromkeys(("en", "es", "tr"), "Latin"),
    "hi": "Devanagari",
    "ko": "Hangul",
    "ru": "Cyrillic",
    "zh": "Han",
}
"""The script that each simulated language is at home in; many of its handles are in Latin letters."""


def simulated(
    edits: str,
    *,
    seeds: Sequence[int],
    accounts: int = ACCOUNTS,
    processes: int = 2,
    heard: Callable[[int], None] = lambda ready: None,
) -> dict[str, Any]:
    """The figures over all seeds together; ``heard`` is called with how many platforms are ready."""
    with ProcessPoolExecutor(processes) as pool:
        running = [pool.submit(partial(_one, edits=edits, accounts=accounts), seed) for seed in seeds]
        for ready, each in enumerate(as_completed(running), 1):
            each.result()
            heard(ready)
        runs = [each.result() for each in running]
    return {"edits": edits, "seeds": list(seeds), "accounts": accounts, **figures_of(together(runs))}


def figures_of(run: JudgedRun) -> dict[str, Any]:
    """The figures of a run by language, and those of false alarms by script beside them."""
    return {**figures(run), "false_alarms_by_script": false_alarms(by_script(run))}


def by_script(run: JudgedRun) -> JudgedRun:
    """The same run with its accounts grouped by script, for evenness between scripts."""
    return replace(run, groups={account: SCRIPTS[group] for account, group in run.groups.items()})


def _one(seed: int, *, edits: str, accounts: int) -> JudgedRun:
    with TemporaryDirectory(prefix="samehand-quality-") as folder:
        simulate_command(seed, accounts, Path(folder), edits=edits)
        return judged_platform(Path(folder), str(seed))


def together(runs: Iterable[JudgedRun]) -> JudgedRun:
    """One run of many: pairs ranked among each other, as on one platform with one review queue."""
    several = list(runs)
    return JudgedRun(
        judged=ranked(one for run in several for one in run.judged),
        sign_ups=sum(run.sign_ups for run in several),
        truth=frozenset().union(*(run.truth for run in several)),
        fetched=frozenset().union(*(run.fetched for run in several)),
        strategies={pair: number for run in several for pair, number in run.strategies.items()},
        groups={account: group for run in several for account, group in run.groups.items()},
    )
