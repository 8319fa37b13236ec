"""The quick measurement of a platform says what `samehand backtest` says of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.quality.platform import NOW, judged_platform
from bench.quality.simulated import figures_of, together
from bench.quality.tables import table
from cli.commands.backtest.figures import figures
from cli.commands.backtest.running import measured
from cli.inputs.event_files import EventFiles
from cli.inputs.truths import read_languages, read_strategies, read_truth
from simulate.files import simulate_command


def test_it_agrees_with_the_backtest_and_is_told_in_a_table(tmp_path: Path) -> None:
    simulate_command(11, 400, tmp_path, edits="tuning")
    quick = judged_platform(tmp_path, "one")
    full, scored, _ = asyncio.run(
        measured(
            tmp_path / "bans.jsonl",
            tmp_path / "accounts.jsonl",
            EventFiles("x", now=NOW),
            read_truth(tmp_path / "truth.csv"),
            strategies=read_strategies(tmp_path / "strategies.csv"),
            groups=read_languages(tmp_path / "languages.csv"),
        )
    )
    assert not scored.faults
    assert [one.log_odds for one in quick.judged if one.band != "none"] == [
        one.log_odds for one in full.judged if one.band != "none"
    ]
    ours, theirs = figures(quick), figures(full)
    for name in (
        "sign_ups",
        "mirrors",
        "bands",
        "recall_by_strategy",
        "blocking_recall",
        "average_precision",
    ):
        assert ours[name] == theirs[name], name

    twice = figures_of(together([quick, judged_platform(tmp_path, "other")]))
    assert twice["mirrors"] == 2 * ours["mirrors"]
    assert "average precision" in table({"simulated": twice})
