"""Several simulated platforms, judged as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.quality.platform import judged_platform, ranked
from cli.commands.backtest.figures import false_alarms, figures
from cli.commands.backtest.judged import BacktestRun
from simulate.files import simulate_command

TUNING_SEEDS: Final = (201, 202, 203, 204, 211, 212)
"""The platforms that were looked at while weights and rules were chosen."""
VALIDATION_SEEDS: Final = (3101, 3102, 3103, 3104)
"""Those with the third family of edits, which show whether what was tuned holds beside it."""
HELD_OUT_SEEDS: Final = (28_201, 28_202, 28_203, 28_204)
"""Those that judge: run once, with edits that tuning never used; new ones for each form of the mind."""
_ACCOUNTS: Final = 20_000

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
    accounts: int = _ACCOUNTS,
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


def figures_of(run: BacktestRun) -> dict[str, Any]:
    """The figures of a backtest by language, and those of false alarms by script beside them."""
    return {**figures(run), "false_alarms_by_script": false_alarms(by_script(run))}


def by_script(run: BacktestRun) -> BacktestRun:
    """The same run with its accounts grouped by script, for evenness between scripts."""
    return replace(run, groups={account: SCRIPTS[group] for account, group in run.groups.items()})


def _one(seed: int, *, edits: str, accounts: int) -> BacktestRun:
    with TemporaryDirectory(prefix="samehand-quality-") as folder:
        simulate_command(seed, accounts, Path(folder), edits=edits)
        return judged_platform(Path(folder), str(seed))


def together(runs: Iterable[BacktestRun]) -> BacktestRun:
    """One run of many: pairs ranked among each other, as on one platform with one review queue."""
    several = list(runs)
    return BacktestRun(
        judged=ranked(one for run in several for one in run.judged),
        sign_ups=sum(run.sign_ups for run in several),
        truth=frozenset().union(*(run.truth for run in several)),
        fetched=frozenset().union(*(run.fetched for run in several)),
        strategies={pair: number for run in several for pair, number in run.strategies.items()},
        groups={account: group for run in several for account, group in run.groups.items()},
    )
