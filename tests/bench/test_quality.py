"""Quality on simulated platforms and on real names."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from bench.quality import at_size
from bench.quality.at_size import ORDINARY, SPANS, Event, ScoredBan, planned
from bench.quality.platform import judged_platform
from bench.quality.simulated import figures_of, table, together
from bench.real import kinds, renames, scenes
from bench.real.__main__ import FILES, FOLDER_VARIABLE, NoRealNames, main, read_names
from bench.real.namesakes import namesakes
from bench.real.renames import Named, looked_up, returning, split
from bench.running.crowd import aged
from report.accuracy import AccountPair, JudgedRun, ScoredPair, by_strategy, figures
from simulate.evasion.channels import FRAMED, INNOCENTS, MIRRORS, NUMBERS
from simulate.evasion.strategies import STRATEGIES
from simulate.files import simulate_command
from simulate.population.languages import LANGUAGES
from simulate.sampling import seeded
from tests.bench.conftest import Threads

# Evenness is told by script as well as by language, of the same accounts.


def a_run(wrongly: dict[str, int], of: int = 1000) -> JudgedRun:
    """So many of each language are accused of what they did not do, and one mirror is found."""
    groups = {f"{language}{number}": language for language in LANGUAGES for number in range(of)}
    accused = [f"{language}{number}" for language, count in wrongly.items() for number in range(count)]
    true = AccountPair("en999", "banned")
    pairs = [ScoredPair(AccountPair(account, "banned"), 1.0, 0.4, "none", False, None) for account in accused]
    return JudgedRun(
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


# A platform that was simulated, judged and shown.


def test_two_platforms_judged_together_have_the_mirrors_of_both(tmp_path: Path) -> None:
    simulate_command(11, 400, tmp_path, edits="tuning")
    quick = judged_platform(tmp_path, "one")
    ours = figures(quick)
    assert ours["bands"]["possible"]["recall_upwards"]["value"] > 0.6
    twice = figures_of(together([quick, judged_platform(tmp_path, "other")]))
    assert twice["mirrors"] == 2 * ours["mirrors"]
    assert "average precision" in table({"simulated": twice})


def test_channels_of_a_simulated_platform_come_back_and_those_that_only_look_like_it_pass(
    tmp_path: Path,
) -> None:
    simulate_command(12, 4_000, tmp_path, channels=72)
    run = judged_platform(tmp_path, "one")
    recall = by_strategy(run)
    assert {name for name in recall if int(name) >= NUMBERS["same creator"]} == set(
        map(str, NUMBERS.values())
    )
    for name, number in NUMBERS.items():
        assert recall[str(number)]["value"] >= (0.8 if "title" in name else 0.95), name
    with (tmp_path / "innocents.csv").open(encoding="utf-8", newline="") as file:
        innocents = [row for row in csv.DictReader(file) if row["kind"] in INNOCENTS]
    accused = {judged.pair.account for judged in run.judged if judged.band != "none"}
    assert len(innocents) >= 20
    assert not [row for row in innocents if f"one/{row['platform']}:{row['account_id']}" in accused]


# Who comes to a platform of a size: each way back in each span of time, to bans as they are.


BANS, UNTIL, SEED = 40_000, 1_800_000_000.0, 3
PLAN = planned(SEED, BANS, UNTIL, a_cell=2, others=3_000)


def test_each_strategy_comes_in_each_span_and_the_sixth_twice_as_often() -> None:
    of_kinds = Counter(one.kind for one in PLAN.coming)
    for way in STRATEGIES:
        assert of_kinds[str(way.number)] == (4 if way.number == 6 else 2) * len(SPANS)
    assert 0.005 < 1 - of_kinds[ORDINARY] / 3_000 < 0.02


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


# Figures at size: weighed to a platform's share of mirrors, and told by time since the ban.


HOUR = 3_600.0


def a_mirror(kind: str = "1", *, odds: float = 9.0, band: str = "likely", since: float = HOUR) -> Event:
    return Event(kind, "x:own", since, 1, (ScoredBan("x:own", odds, 0.99, band, since),))


def an_other(*, odds: float = 3.0, band: str = "none") -> Event:
    return Event("ordinary", None, None, 1, (ScoredBan("x:somebody", odds, 0.7, band, HOUR),))


def test_others_count_as_often_as_one_mirror_in_two_hundred_asks() -> None:
    told = at_size.figures(
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
    told = at_size.figures([a_mirror("5", since=5 * 60.0), unread, an_other()])
    spans = {span: each["possible"]["recall"] for span, each in told["by_span"].items()}
    assert (spans["≤ 10 min"]["value"], spans["≤ 1 h"]["of"]) == (0.5, 0)
    assert told["within_the_hour"]["possible"]["recall"]["of"] == 2
    assert told["average_precision"]["value"] == 0.5


def test_a_pair_below_others_has_the_precision_of_its_rank_and_nobody_finds_the_eighth() -> None:
    told = at_size.figures([a_mirror(odds=1.0), Event("8", "x:own", HOUR, 0, ()), an_other(odds=2.0)])
    assert told["average_precision"]["value"] == pytest.approx(1 / (1 + told["weight_of_others"]), abs=1e-3)
    assert told["bands"]["possible"]["recall"]["of"] == 1


# The run at size, small: a store is filled, mirrors come back, and those who can be found are.


def test_naive_mirrors_are_found_among_whole_bans() -> None:
    heard: list[int] = []
    told = at_size.measured(400, a_cell=1, others=60, crowd=50, edits="tuning", heard=heard.append)
    assert (told["mirrors"], told["others"]) == ((len(STRATEGIES) + 1) * len(SPANS), 60)
    assert heard[-1] == told["mirrors"] + 60
    assert told["records_read"] > 0
    assert told["by_span"]["≤ 10 min"]["possible"]["recall"]["hits"] >= 3
    assert told["bans_of_the_last_hour"] < 5


# The bench of real names: a folder in, figures out, and one line where there is no folder.


CROWD = ["quiet_harbor", "tulip77", "northern.lights", "kzq9", "paper_boat"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = {
        "cheater_name_families.csv": "family,display_name\na,Zarfeshan\na,Zarf\u200beshan\n",
        "ordinary_handles.txt": "tulip77\npaper_boat\n",
        "handle_renames.csv": "old,new\nzarfeshan,zarfeshan_2\n",
        "proscribed_group_aliases.csv": "group,entity,alias,list\na,b,Zarfeshan Front,UN\n",
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("gone", FILES)
def test_a_missing_file_is_named(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(NoRealNames, match=gone):
        read_names(folder)


def test_without_a_folder_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench.real"])
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert main() == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert FOLDER_VARIABLE in told.err


def test_the_first_half_of_a_family_rounded_up_is_banned() -> None:
    bans, accounts = split({"a": ["one", "two", "three"], "alone": ["only"]})
    assert bans == [("a", "one"), ("a", "two")]
    assert accounts == [("a", "three")]


def test_who_is_back_a_day_after_is_found_on_its_own_family_alone() -> None:
    members = {
        "a": ["Zarfeshan Mirgul", "Zarf\u200beshan Mirgul"],
        "b": ["Wardakan Post", "Toryalai Khpalwak"],
    }
    # Two years of bans, or a day after one of them says nothing.
    rng = Random(5)
    drawn = ["".join(rng.choices("bdfghklmnprstvz", k=12)) for _ in range(80)]
    members |= {one: [one, other] for one, other in zip(drawn[:40], drawn[40:], strict=True)}
    told = returning(members, CROWD)["display_name"]
    assert told["bans"] == 42
    assert (told["found"]["hits"], told["found"]["of"]) == (1, 42)
    assert told["alarmed"]["hits"] == 0


def test_an_account_is_ranked_against_every_ban_it_resembles() -> None:
    looked = looked_up(
        [Named("zarfeshan", "handle"), Named("tulip77", "handle")], [Named("zarfeshan7", "handle")]
    )
    assert [one.ban for one in looked.found[0]] == [0]
    assert looked.bad == 0


# Accounts that changed their handle, looked up beside plain similarity of strings.


PAIRS = [
    ("zarghun_waziri", "zarghunwaziri77"),
    ("quiet_harbor", "quietharbour"),
    ("kzq9_toryalai", "northern_lights"),
    ("mirwais.ghorzang", "ghorzang_mirwais"),
    ("paper_boat", "tin_soldier"),
    ("tulip_gardens", "tulip_garden"),
]
ORDINARY_NAMES = [f"ordinary_person_{number}" for number in range(30)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(renames, "SEEDS", (1, 2))
    monkeypatch.setattr(renames, "_RESAMPLED", 20)
    return renames.renames(PAIRS, ORDINARY_NAMES)


def test_those_who_resemble_their_old_handle_are_found_and_the_others_are_not(told: dict[str, Any]) -> None:
    assert told["bans"] == 3
    assert 0 < told["recall_at_0.01"]["ours"] < 1


def test_each_yardstick_is_measured_on_the_same_accounts(told: dict[str, Any]) -> None:
    at = told["recall_at_0.01"]
    assert set(renames.YARDSTICKS) < set(at)
    assert at["best_yardstick"] in renames.YARDSTICKS
    low, high = at["beside_interval"]
    assert low <= at["beside"] <= high


# Names are drawn as people bear them, in every language, and a namesake is measured with nothing else.


NAMED_LANGUAGES = {"ur", "ps", "sd", "bal", "pa", "fa", "ar", "hi", "bn", "tr", "ru", "so", "ha", "sw", "id"}


def test_a_row_a_language_with_its_interval_and_no_alarm_where_all_else_differs() -> None:
    told = namesakes(drawn=20)
    assert {name.split(",")[0] for name in told} >= NAMED_LANGUAGES
    for row in told.values():
        if isinstance(row, dict):
            assert set(row) == {"absent", "different"}
            assert row["absent"]["interval"] is not None
            assert row["different"]["hits"] == 0
    for shown in ("handle", "handle and name"):
        assert f"tr, latin, {shown}" in told
        assert told[f"all, {shown}"]["absent"]["of"] > told["tr, latin"]["absent"]["of"]


# Scenes of real names with drawn facts: each keeps what it says and nothing else.


RENAMES = [("zarghun_waziri", "quiet_harbor"), ("kzq9_toryalai", "paper_boat")]


@pytest.fixture(scope="module")
def pairs() -> list[scenes.Banned]:
    return scenes.pairs_of(RENAMES, seed=1)


@pytest.mark.parametrize("name", scenes.SCENES)
def test_a_scene_keeps_its_facts_and_changes_the_handle_unless_that_is_the_fact(
    name: str, pairs: list[scenes.Banned]
) -> None:
    rng = seeded(1, "test")
    kept = [change(rng, pairs[0]) for change in scenes.SCENES[name]]
    fields = {field for one in kept for field in one}
    assert fields <= {*scenes._FACTS, "handle"}
    if "ip" in fields:
        (address,) = (one["ip"] for one in kept if "ip" in one)
        assert address != pairs[0].account.ip
        assert address.rsplit(".", 1)[0] == str(pairs[0].account.ip).rsplit(".", 1)[0]


@pytest.fixture(scope="module")
def all_scenes() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes, "ProcessPoolExecutor", Threads)
        return scenes.scenes(RENAMES, background=5, innocent=4, households=2, crowd=20)


def test_all_scenes_are_told_with_their_intervals_and_nothing_gets_worse(all_scenes: dict[str, Any]) -> None:
    told = all_scenes
    assert told["worse"] == []
    for place in ("alone", "among"):
        assert set(told[place]["mirrors"]) == set(scenes.SCENES)
        assert set(told[place]["innocents"]) == set(told[place]["counted"]) == set(scenes.INNOCENTS)
    device = told["alone"]["mirrors"]["same e-mail"]["10 minutes, rest absent"]
    assert device["alarmed"]["of"] == 2
    assert device["alarmed"]["interval"] is not None


def ranks(**given: int) -> dict[tuple[str, str, str], list[int]]:
    """Of one pair, 1 wherever nothing else is given by a scene's name and its delay."""
    return {
        (name, delay, rest): [given.get(f"{name} {delay}".replace(" ", "_").replace("/", ""), 1)]
        for name in scenes.SCENES
        for delay in scenes.DELAYS
        for rest in scenes.RESTS
    }


def test_a_fact_that_takes_an_alert_away_is_told() -> None:
    assert scenes.worse(ranks()) == []
    found = scenes.worse(ranks(device_and_24_a_day=0))
    assert "same device → device and /24, a day, rest absent: 1 pairs" in found
    assert not any(line.startswith("bio") for line in found)


async def test_a_mirror_is_found_where_its_own_ban_is_alerted_on(pairs: list[scenes.Banned]) -> None:
    stage = scenes.Stage()
    one, other = await stage.enrol(pairs)
    account = replace(pairs[0].account, handle=None)
    at = pairs[0].at + scenes.DAY
    assert await stage.bands([(at, account, one), (at, account, other), (at, account, None)]) == [
        "likely",
        "none",
        "likely",
    ]


def test_an_address_is_as_common_as_the_place_that_it_belongs_to() -> None:
    def shown(kind: str) -> int:
        bans = scenes.banned_households(1, 2)
        return sum(
            account.ip == bans[0].account.ip for _, account, _ in scenes.crowd_before(kind, bans, seed=1)
        )

    told = [shown(kind) for kind in scenes.INNOCENTS]
    assert told == [4, 4, scenes.VISITORS + 1, 4, 1]


def test_a_mirror_of_the_same_creator_is_found_and_a_framed_channel_is_not_likely() -> None:
    draws = kinds._draws(3, 4, ["Zarfeshan Front"])
    found = asyncio.run(kinds._bands(MIRRORS["same creator"], draws, 3, 2))
    assert "none" not in found["8 minutes"]
    framed = asyncio.run(kinds._bands(FRAMED["victim made an admin of the banned one"], draws, 3, 2))
    assert "likely" not in framed["8 minutes"]
