"""Evenness is told by script as well as by language, of the same accounts."""

from __future__ import annotations

from bench.quality.simulated import SCRIPTS, figures_of
from bench.quality.tables import table
from cli.commands.backtest.judged import BacktestRun, ScoredPair
from cli.inputs.truths import AccountPair
from simulate.population.languages import LANGUAGES


def test_every_language_has_a_script() -> None:
    assert set(SCRIPTS) == set(LANGUAGES)


def a_run(wrongly: dict[str, int], of: int = 1000) -> BacktestRun:
    """So many of each language are accused of what they did not do, and one mirror is found."""
    groups = {f"{language}{number}": language for language in LANGUAGES for number in range(of)}
    accused = [f"{language}{number}" for language, count in wrongly.items() for number in range(count)]
    true = AccountPair("en999", "banned")
    pairs = [ScoredPair(AccountPair(account, "banned"), 1.0, 0.4, "none", False, None) for account in accused]
    return BacktestRun(
        judged=(ScoredPair(true, 9.0, 0.99, "likely", True, 60.0), *pairs),
        sign_ups=of * len(LANGUAGES),
        truth=frozenset((true,)),
        fetched=frozenset((true,)),
        strategies={true: 1},
        groups=groups,
    )


def test_one_language_of_a_script_is_hidden_among_the_others_by_script_alone() -> None:
    wrongly = dict.fromkeys(LANGUAGES, 100) | {"ps": 200, "ar": 50, "ur": 50}
    told = figures_of(a_run(wrongly))
    by_language = told["false_alarms"]["even_handedness"]
    by_script = told["false_alarms_by_script"]["even_handedness"]
    assert by_language["max_over_mean"] == 2.0
    assert by_script["max_over_mean"] == 1.0
    assert by_script["false_alarms"] == by_language["false_alarms"]
    assert by_script["per_1000"]["Arabic"]["of"] == 3000
    rows = table({"simulated": told})
    assert "false alarms by language, max over mean" in rows
    assert "false alarms by script, max over mean" in rows
