"""Quality on simulated platforms: what is drawn, judged and told."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bench.quality import at_size, silence, size_figures
from bench.quality.plan import ORDINARY, SPANS, planned, signing_up
from bench.quality.platform import NOW, judged_platform
from bench.quality.simulated import SCRIPTS, figures_of, together
from bench.quality.size_figures import Event, ScoredBan
from bench.quality.tables import table
from bench.running.crowd import aged, people
from cli.commands.backtest.figures import figures
from cli.commands.backtest.judged import BacktestRun, ScoredPair, measured
from cli.inputs.event_files import EventFiles
from cli.inputs.truths import AccountPair, read_languages, read_strategies, read_truth
from simulate.evasion.strategies import STRATEGIES
from simulate.files import simulate_command
from simulate.population.languages import LANGUAGES

# Evenness is told by script as well as by language, of the same accounts.


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


# The quick measurement of a platform says what `samehand backtest` says of it.


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
        *("sign_ups", "mirrors", "bands", "recall_by_strategy", "blocking_recall", "average_precision"),
    ):
        assert ours[name] == theirs[name], name

    twice = figures_of(together([quick, judged_platform(tmp_path, "other")]))
    assert twice["mirrors"] == 2 * ours["mirrors"]
    assert "average precision" in table({"simulated": twice})


# A signal's fields are taken out of every record, and the platform is judged again.


def test_fields_are_taken_from_the_event_and_from_its_account() -> None:
    record = {"banned_at": "now", "platform": "x", "account": {"account_id": "1", "bio": "b", "links": []}}
    assert silence._less(record, ("bio", "links", "banned_at")) == {
        "platform": "x",
        "account": {"account_id": "1"},
    }


def test_without_names_and_words_fewer_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"all": tuple({name for several in silence.FIELDS.values() for name in several})}
    monkeypatch.setattr(silence, "FIELDS", fields)
    whole, bare = (silence.recall(run) for _, run in silence.measured((7,), 600, 40))
    assert whole > bare


# Who comes to a platform of a size: each way back in each span of time, to bans as they are.


BANS, UNTIL, SEED = 40_000, 1_800_000_000.0, 3
PLAN = planned(SEED, BANS, UNTIL, a_cell=2, others=3_000)


def test_each_strategy_comes_in_each_span_and_the_sixth_twice_as_often() -> None:
    kinds = Counter(one.kind for one in PLAN.coming)
    for way in STRATEGIES:
        assert kinds[str(way.number)] == (4 if way.number == 6 else 2) * len(SPANS)
    assert 0.005 < 1 - kinds[ORDINARY] / 3_000 < 0.02


def test_nobody_comes_before_the_ban_or_after_now_and_no_ban_is_moved() -> None:
    spans = Counter[str]()
    for one in PLAN.coming:
        assert UNTIL - 2 * 86_400 < one.at <= UNTIL
        if one.banned is None:
            continue
        since = one.at - aged(one.banned, UNTIL)
        assert since >= 0
        if not one.kind.isdigit():
            continue
        spans[next(name for name, (first, last) in SPANS.items() if first - 1 <= since <= last + 1)] += 1
    assert set(spans) == set(SPANS)


def test_a_mirror_keeps_what_its_strategy_keeps() -> None:
    plan = planned(SEED, 300, UNTIL, a_cell=1, others=20)
    numbered = enumerate(people(SEED, 300, range(300), plan.banned))
    banned = {number: person for number, person in numbered if number in plan.banned}
    assert len(banned) == len(plan.banned)
    seen = {}
    for one, person in signing_up(plan, SEED, 300, banned, "tuning"):
        seen[person.account_id] = one
        if one.kind == "1" and one.banned is not None:
            assert person.device_id == banned[one.banned].device_id
    assert len(seen) == len(plan.coming)


# Figures at size: weighed to a platform's share of mirrors, and told by time since the ban.


HOUR = 3_600.0


def a_mirror(kind: str = "1", *, odds: float = 9.0, band: str = "likely", since: float = HOUR) -> Event:
    return Event(kind, "x:own", since, 1, (ScoredBan("x:own", odds, 0.99, band, since),))


def an_other(*, odds: float = 3.0, band: str = "none", since: float = HOUR) -> Event:
    return Event("ordinary", None, None, 1, (ScoredBan("x:somebody", odds, 0.7, band, since),))


def test_others_count_as_often_as_one_mirror_in_two_hundred_asks() -> None:
    told = size_figures.figures(
        [a_mirror(), a_mirror(), *[an_other() for _ in range(9)], an_other(band="possible")]
    )
    assert told["weight_of_others"] == 39.8
    each = told["bands"]["possible"]
    assert each["precision"] == pytest.approx(2 / (2 + 39.8), abs=1e-4)
    low, high = each["precision_interval"]
    assert low < each["precision"] < high
    assert told["bands"]["likely"]["precision"] == 1.0


def test_a_mirror_that_was_not_read_is_not_found_and_counts_in_its_own_span() -> None:
    unread = Event("5", "x:own", 5 * 60.0, 0, ())
    told = size_figures.figures([a_mirror("5", since=5 * 60.0), unread, an_other()])
    assert told["by_strategy"]["5"]["≤ 10 min"]["possible"]["value"] == 0.5
    assert told["by_strategy"]["5"]["≤ 1 h"]["possible"]["of"] == 0
    assert told["within_the_hour"]["possible"]["recall"]["of"] == 2
    assert told["average_precision"]["value"] == 0.5


def test_a_pair_below_others_has_the_precision_of_its_rank_and_nobody_finds_the_eighth() -> None:
    told = size_figures.figures([a_mirror(odds=1.0), Event("8", "x:own", HOUR, 0, ()), an_other(odds=2.0)])
    assert told["average_precision"]["value"] == pytest.approx(1 / (1 + told["weight_of_others"]), abs=1e-3)
    assert told["bands"]["possible"]["recall"]["of"] == 1


def test_table_shows_recall_and_precision_of_every_span() -> None:
    told = size_figures.figures([a_mirror(), a_mirror("6, card"), an_other(band="possible")])
    text = size_figures.table({"bans": 1000, **told})
    assert "| recall of 1–7 | – | 1.000 |" in text
    assert "at 1,000 whole bans" in text


# The run at size, small: a store is filled, mirrors come back, and those who can be found are.


def test_naive_mirrors_are_found_among_whole_bans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    heard: list[int] = []
    told = at_size.measured(400, a_cell=1, others=60, crowd=50, edits="tuning", heard=heard.append)
    assert heard[-1] == told["mirrors"] + told["others"] == 9 * 6 + 60
    assert told["records_read"] > 0
    naive = [told["by_strategy"][number]["≤ 10 min"]["possible"] for number in ("1", "2", "3", "4")]
    assert sum(each["hits"] for each in naive) >= 3
    assert told["by_strategy"]["8"]["≤ 10 min"]["possible"]["hits"] == 0
    assert told["bans_of_the_last_hour"] < 5
