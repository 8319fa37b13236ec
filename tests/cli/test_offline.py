"""Commands that score files without servers: `score`, `backtest`, `learn`."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agents.runtime import dry_run
from cli.exit_codes import BAD_INPUT, DONE
from cli.inputs.input_files import InputLine, read_bans
from cli.offline.offline_scoring import Offline, Scored
from cli.offline.silent_signals import costs, measured
from samehand.frequency import rates
from samehand.frequency.rates import SIGN_UPS_A_DAY_UNKNOWN
from samehand.scoring.learn import learn as learn_from
from samehand.scoring.weights import default_weights, read_weights
from samehand.signals import SIGNALS, UNKEPT
from schemas.accounts import AccountBanned, AccountCreated
from schemas.alerts import MirrorAlert
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import Decoded, decode_alert, encode
from store.base import Remembered
from store.pepper.pepper import Pepper
from streams.kafka import topics
from streams.kafka.client import writer
from streams.outcomes import Dead
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.desk.makers import a_reason, an_alert
from tests.makers import NOON, a_ban, a_sign_up, a_verdict
from tests.samehand.scoring.test_learn import verdicts
from tests.tables import for_each

# Accounts of files become what a store remembers.

KEYERS = ((1, Pepper(1, b"s" * 32).digest),)


def test_an_account_is_distilled_under_every_pepper() -> None:
    (one,) = dry_run.remembered([a_sign_up("7", handle="umar")], KEYERS)
    assert isinstance(one, Remembered)
    assert (one.account, [it.pepper_id for it in one.fingerprints]) == ("telegram:7", [1])


def test_one_on_which_our_logic_fails_is_a_fault_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("quotes umar@example.com")

    monkeypatch.setattr(dry_run, "remembered_of", fail)
    (one,) = dry_run.remembered([a_sign_up()], KEYERS)
    assert isinstance(one, Dead)
    assert "umar" not in repr(one)


# What silent signals cost is what was measured, of signals that there are.


def test_figures_are_of_signals_that_there_are() -> None:
    told = measured()
    assert set(told.without) <= {*(it.name for it in SIGNALS), *UNKEPT}
    assert {"handle", "name", "email", "device", "avatar", "bio", "network"} <= set(told.without)
    assert told.pairs >= 100
    assert all(0 < it <= 1 for it in (told.recall, *told.without.values()))


def test_the_dearest_is_told_first_and_what_is_not_known_not_at_all() -> None:
    found = costs(["referrer", *measured().without])
    assert [it["without"] for it in found] == sorted(measured().without.values())
    assert "referrer" not in {it["signal"] for it in found}


# A table of weights to try out: read, or refused with the option that named it.


# Scoring without servers means what the worker means.


NOW = (NOON + timedelta(days=1)).timestamp()
CROWD = 120
TWINS: dict[str, Any] = {"handle": "zarqa_bulletin_network", "email": "zarqa.desk@example.org"}


async def run(
    bans: Iterable[InputLine[AccountBanned]], accounts: list[InputLine[AccountCreated]], **options: Any
) -> Scored:
    offline = Offline(now=NOW, **options)
    await offline.enrol(bans)
    await offline.screen(accounts)
    return offline.scored


def of_bans(*bans: AccountBanned, named: bool = True) -> list[InputLine[AccountBanned]]:
    return [InputLine(f"bans:{place}", ban, named=named) for place, ban in enumerate(bans, 1)]


def of_accounts(
    *accounts: AccountCreated, named: bool = True, dated: bool = True
) -> list[InputLine[AccountCreated]]:
    return [InputLine(f"accounts:{place}", one, named, dated) for place, one in enumerate(accounts, 1)]


async def test_the_order_of_accounts_does_not_matter() -> None:
    accounts = [a_sign_up(f"n{i}", **TWINS) for i in range(3)] + [
        a_sign_up(f"o{i}", handle="quiet_gardener") for i in range(3)
    ]
    bans = of_bans(a_ban("old", **TWINS))
    one = await run(bans, of_accounts(*accounts))
    other = await run(bans, of_accounts(*reversed(accounts)))
    assert {it.account_id: it.log_odds for it in one.alerts} == {
        it.account_id: it.log_odds for it in other.alerts
    }
    assert len(one.alerts) == 3


async def test_row_one_of_the_bans_is_not_row_one_of_the_accounts() -> None:
    scored = await run(
        of_bans(a_ban("1", **TWINS), named=False), of_accounts(a_sign_up("1", **TWINS), named=False)
    )
    assert [(it.account_id, it.matched.account_id) for it in scored.alerts] == [("1", "1")]


async def test_an_account_named_in_both_files_is_banned_and_not_its_own_mirror() -> None:
    scored = await run(of_bans(a_ban("1", **TWINS)), of_accounts(a_sign_up("1", **TWINS)))
    assert scored.alerts == []


@for_each("dated", [True, False])
async def test_an_undated_row_gives_no_evidence_of_timing(dated: bool) -> None:
    scored = await run(of_bans(a_ban(**TWINS)), of_accounts(a_sign_up(**TWINS), dated=dated))
    (alert,) = scored.alerts
    signals = {line.signal for line in (*alert.evidence, *alert.counter_evidence)}
    assert ("timing" in signals) is dated
    assert (alert.seconds_since_ban is not None) is dated


async def test_candidates_below_the_bands_come_when_asked_for() -> None:
    bans = of_bans(a_ban("old", handle="ali"))
    accounts = of_accounts(a_sign_up("new", handle="ali"))
    assert (await run(bans, accounts)).alerts == []
    (alert,) = (await run(bans, accounts, candidates=5)).alerts
    assert (alert.band, alert.matched.account_id) == ("none", "old")


def shared(scored: Scored, account_id: str = "new") -> float:
    """How sure a run is of an account, all in all."""
    return next(it.log_odds for it in scored.alerts if it.account_id == account_id)


async def test_what_everybody_before_it_shares_is_worth_less() -> None:
    crowd = [
        a_sign_up(f"c{i}", handle=f"somebody{i}x", ip="198.51.100.7", at=NOON - timedelta(hours=1))
        for i in range(CROWD)
    ]
    accounts = of_accounts(*crowd, a_sign_up("new", handle="zarqa_bulletin", ip="198.51.100.7"))
    bans = of_bans(a_ban("old", handle="zarqa_bulletin", ip="198.51.100.7"))
    counted = await run(bans, accounts, candidates=3)
    first_day = await run(bans, accounts, candidates=3, first_day=True)
    assert shared(counted) < shared(first_day)


async def test_nobody_is_judged_by_those_that_came_after_it() -> None:
    new = a_sign_up("new", handle="zarqa_bulletin", ip="198.51.100.7")
    later = [
        a_sign_up(f"c{i}", handle=f"somebody{i}x", ip="198.51.100.7", at=NOON + timedelta(hours=2))
        for i in range(CROWD)
    ]
    bans = of_bans(a_ban("old", handle="zarqa_bulletin", ip="198.51.100.7"))
    alone = await run(bans, of_accounts(new), candidates=3)
    with_later = await run(bans, of_accounts(*later, new), candidates=3)
    assert shared(with_later) == shared(alone)


async def test_fewer_sign_ups_a_day_make_a_likeness_say_more() -> None:
    def bans() -> list[InputLine[AccountBanned]]:
        return of_bans(a_ban("old", handle="zarqa_bulletin"))

    new = of_accounts(a_sign_up("new", handle="zarqa_bulletin"))
    several = [await run(bans(), new, candidates=1, sign_ups_a_day=n) for n in (1_000, 100_000, 5_000_000)]
    priors = [scored.alerts[0].prior for scored in several]
    assert priors == sorted(priors, reverse=True)
    assert priors[0] - priors[1] == pytest.approx(math.log(100))


async def test_rows_say_by_their_own_times_how_many_sign_up_a_day() -> None:
    others = [
        a_sign_up(f"c{i}", handle=f"somebody{i}x", at=NOON - timedelta(seconds=432 * i))
        for i in range(1, 400)
    ]
    of_another_year = a_sign_up("founder", handle="somebody0x", at=NOON - timedelta(days=6_000))
    of_two_days = of_accounts(of_another_year, *others, a_sign_up("new", handle="zarqa_bulletin", at=NOON))
    ban = a_ban("old", handle="zarqa_bulletin", banned_at=NOON - timedelta(minutes=10))
    by_rows = await run(of_bans(ban), of_two_days, candidates=1)
    by_option = await run(of_bans(ban), of_two_days, candidates=1, sign_ups_a_day=200)
    assert priors_of(by_rows) == pytest.approx(priors_of(by_option), abs=0.01) != []


async def test_undated_rows_do_not_say_how_many_sign_up_a_day() -> None:
    undated = of_accounts(a_sign_up("new", handle="zarqa_bulletin"), dated=False)
    unknown = await run(of_bans(a_ban("old", handle="zarqa_bulletin")), undated, candidates=1)
    given = await run(
        of_bans(a_ban("old", handle="zarqa_bulletin")),
        undated,
        candidates=1,
        sign_ups_a_day=SIGN_UPS_A_DAY_UNKNOWN,
    )
    assert priors_of(unknown) == priors_of(given) != []


def priors_of(scored: Scored) -> list[float]:
    return [alert.prior for alert in scored.alerts]


RAID = 110
"""With as many others enough to be counted by themselves, where 200 are: 500 take thrice as long."""


@pytest.fixture
def small_strata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "STRATUM_ACCOUNTS_MIN", 200)


def a_raid(at: datetime, step: timedelta) -> list[AccountCreated]:
    """Many sign-ups under one name, each from a network of its own, among as many others."""
    return [
        a_sign_up(f"{who}{i}", handle=handle, ip=f"{net}.{i // 250}.{i % 250}.9", at=at + i * step)
        for i in range(RAID)
        for who, handle, net in (("r", "qorvetzan_bulletin", 39), ("o", f"reader{chr(97 + i % 26)}{i}", 103))
    ]


@pytest.mark.usefixtures("small_strata")
async def test_a_raid_does_not_make_itself_common_however_the_file_is_sorted() -> None:
    """Nine days after the ban each row has the moment that one alone has, so that only counts can differ."""
    at = NOON - timedelta(days=9)
    bans = of_bans(a_ban("old", handle="qorvetzan_bulletin", at=at, banned_at=at))
    raid = of_accounts(*a_raid(NOON - timedelta(hours=20), timedelta(minutes=1)))
    alone = shared(await run(bans, of_accounts(a_sign_up("r0", handle="qorvetzan_bulletin"))), "r0")
    for accounts in (raid, raid[::-1]):
        scored = await run(bans, accounts)
        assert {it.account_id for it in scored.alerts} == {f"r{i}" for i in range(RAID)}
        assert min(it.log_odds for it in scored.alerts) >= alone - 1.0


@pytest.mark.usefixtures("small_strata")
async def test_nor_does_one_whose_rows_do_not_say_when() -> None:
    bans = of_bans(a_ban("old", handle="qorvetzan_bulletin"))
    raid = of_accounts(*a_raid(NOON, timedelta(0)), dated=False)
    scored = await run(bans, raid)
    assert {it.account_id for it in scored.alerts} == {f"r{i}" for i in range(RAID)}


@pytest.mark.usefixtures("small_strata")
async def test_a_name_that_was_common_a_week_ago_is() -> None:
    bans = of_bans(a_ban("old", handle="qorvetzan_bulletin", at=NOON - timedelta(days=9)))
    week_ago = a_raid(NOON - timedelta(days=7), timedelta(seconds=1))
    new = a_sign_up("new", handle="qorvetzan_bulletin")
    before = shared(await run(bans, of_accounts(new), candidates=1))
    after = shared(await run(bans, of_accounts(new, *week_ago), candidates=1))
    assert after < before - 5.0


@pytest.mark.usefixtures("small_strata")
@for_each("days", [0, 1])
async def test_a_raid_told_by_dates_without_times_does_not_make_itself_common(days: int) -> None:
    """The rows of one date, or of two that follow one another: the raid may have begun before midnight."""
    bans = of_bans(a_ban("old", handle="qorvetzan_bulletin", at=NOON - timedelta(days=9)))
    date = NOON.replace(hour=0)
    rows = a_raid(date - timedelta(days=days), timedelta(0))[:RAID] + a_raid(date, timedelta(0))[RAID:]
    scored = await run(bans, of_accounts(*rows))
    assert {it.account_id for it in scored.alerts} == {f"r{i}" for i in range(RAID)}


@for_each(("at", "dated"), [(NOON.replace(hour=0), True), (NOON, False)])
async def test_rows_of_one_date_or_none_know_of_one_another_what_others_hand_out(
    at: datetime, *, dated: bool
) -> None:
    crowd = [a_sign_up(f"c{i}", handle=f"somebody{i}x", ip="198.51.100.7", at=at) for i in range(CROWD)]
    bans = of_bans(a_ban("old", handle="zarqa_bulletin", ip="198.51.100.7", at=at - timedelta(days=1)))
    new = a_sign_up("new", handle="zarqa_bulletin", ip="198.51.100.7", at=at)
    alone = await run(bans, of_accounts(new, dated=dated), candidates=3)
    among = await run(bans, of_accounts(new, *crowd, dated=dated), candidates=3)
    assert shared(among) < shared(alone)


# `samehand score`, as a person runs it.


NAMES: dict[str, Any] = {"handle": "zarqa_bulletin_network", "email": "zarqa.desk@example.org"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, Path, str, Path]:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban("old", **NAMES))
    accounts = jsonl(
        tmp_path / "accounts.jsonl", a_sign_up("new", **NAMES), a_sign_up("other", handle="quiet_gardener")
    )
    return "--bans", bans, "--accounts", accounts


def alerts(path: Path) -> list[MirrorAlert]:
    read = [decode_alert(line, now=float("inf")) for line in path.read_bytes().splitlines()]
    return [it.record for it in read if isinstance(it, Decoded) and isinstance(it.record, MirrorAlert)]


def test_it_shows_the_alert_with_its_reasons(samehand: Samehand, files: tuple[object, ...]) -> None:
    ran = samehand("score", *files)
    assert ran.code == 0
    assert "(telegram:new) resembles banned zarqa_bulletin_network" in " ".join(ran.out.split())
    assert "2 accounts against 1 ban: 1 likely, 0 possible on 1 account; 0 bad rows" in ran.out
    assert "zarqa.desk@example.org" not in ran.out
    assert ran.err == ""


def test_the_alerts_go_to_a_file_and_the_figures_to_the_last_line(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *files, "--out", tmp_path / "out.jsonl", "--json")
    seconds = ran.figures.pop("seconds")
    assert seconds > 0
    assert len(ran.out.splitlines()) == 1, "a log stands between the figures"
    assert ran.figures == {
        "fields_unusable": [],
        "accounts": 2,
        "bans": 1,
        "alerts": {"likely": 1, "possible": 0},
        "accounts_alerted": 1,
        "candidates_below": 0,
        "bad_rows": 0,
        "seconds": seconds,
    }
    (alert,) = alerts(tmp_path / "out.jsonl")
    assert (alert.key, alert.matched.key, alert.band) == ("telegram:new", "telegram:old", "likely")
    assert abs(alert.imbalance) < 1e-9


def test_rows_without_ids_are_named_by_their_numbers(samehand: Samehand, tmp_path: Path) -> None:
    bans, accounts, out = tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / "out.jsonl"
    bans.write_text("handle\nalmaz_turgunbekov_asanov\n")
    accounts.write_text("handle\njane_roe\nALMAZ.Turgunbekov.Asanov\n")
    ran = samehand("score", "--bans", bans, "--accounts", accounts, "--out", out)
    assert ran.code == 0
    assert [(it.key, it.matched.key) for it in alerts(out)] == [("x:2", "x:1")]


def test_bad_lines_are_told_and_the_rest_goes_on(
    samehand: Samehand, files: tuple[str, Path, str, Path]
) -> None:
    files[1].write_bytes(b"{\n" + files[1].read_bytes())
    ran = samehand("score", *files, "--json")
    assert ran.code == 0
    assert ran.err.startswith(f"{files[1]}:1: not-json at $")
    assert len(ran.err.splitlines()) == 1
    assert (ran.figures["bad_rows"], ran.figures["alerts"]["likely"]) == (1, 1)


@pytest.mark.parametrize("pair", [("x:\udcff",), ("x:1", "x:\udcff")])
def test_an_account_that_is_not_utf8_is_bad_input(
    samehand: Samehand, files: tuple[object, ...], pair: tuple[str, ...]
) -> None:
    ran = samehand("score", *files, "--json", "--why", *pair)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "x:<U+DCFF>: is not UTF-8" in ran.err


def test_a_file_that_is_read_is_not_written_over(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    accounts = Path(str(files[files.index("--accounts") + 1]))
    link = tmp_path / "link"
    link.symlink_to(accounts)
    before = accounts.read_bytes()
    for out in (accounts, link):
        ran = samehand("score", *files, "--out", out)
        assert (ran.code, ran.out, accounts.read_bytes()) == (2, "", before)
        assert "is read by this command; name another file" in ran.err


def test_what_was_simulated_can_be_scored(samehand: Samehand, tmp_path: Path) -> None:
    assert samehand("simulate", "--accounts", 400, "--out", tmp_path / "s", "--json").code == 0
    bans = tmp_path / "s" / "bans.jsonl"
    ran = samehand("score", "--bans", bans, "--accounts", tmp_path / "s" / "accounts.jsonl", "--json")
    assert ran.figures["bad_rows"] == 0
    assert ran.figures["bans"] == len(list(read_bans(bans, now=2e9, platform="x")))


# `samehand learn` takes blind verdicts and their alerts, proposes a table, and says what it left out.


WEIGHED = {("handle", "same"): 8.0, ("device", "same"): 3.0, ("email", "different"): -1.0}


def an_alert_of(number: int, *, held: bool = False, **given: object) -> MirrorAlert:
    """An alert whose lines scatter about what its signals weigh."""
    chance = random.Random(number)
    lines = [
        a_reason(signal, weight + chance.uniform(-2, 2), level=level)
        for (signal, level), weight in WEIGHED.items()
    ]
    if held:
        lines.append(a_reason("rule", -1.0))
    words = {"alert_id": f"alert-{number}", "weights_version": default_weights().version, **given}
    return an_alert(*lines, prior=-9.0, **words)


def blind(number: int, verdict: Verdict) -> VerdictGiven:
    return replace(a_verdict(f"alert-{number}", verdict), blind=True)


def judged(many: int) -> list[VerdictGiven]:
    """Verdicts of somebody for whom the device alone decides."""
    verdicts = []
    for number in range(many):
        device = next(line.weight for line in an_alert_of(number).evidence if line.signal == "device")
        verdicts.append(blind(number, "mirror" if device > 3.0 else "not_mirror"))
    return verdicts


def test_it_proposes_a_table_and_adopts_nothing(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(200)))
    verdicts = jsonl(tmp_path / "verdicts.jsonl", *judged(200))
    out = tmp_path / "proposed.json"
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts, "--out", out, "--json")
    assert (ran.code, ran.err) == (DONE, "")
    assert (ran.figures["labels"], ran.figures["calibration"], ran.figures["better"]) == (200, "platt", True)
    assert ran.figures["multipliers"]["device.same"] > 1.03
    proposed = read_weights(out.read_bytes())
    assert proposed.version == ran.figures["version"]
    assert proposed.multipliers["device.same"] == pytest.approx(
        ran.figures["multipliers"]["device.same"], abs=1e-4
    )
    assert set(default_weights().multipliers.values()) == {1.0}


def test_what_says_nothing_is_left_out_and_counted(samehand: Samehand, tmp_path: Path) -> None:
    made = [an_alert_of(number) for number in range(100)]
    odd = [an_alert_of(100, held=True), an_alert_of(101, weights_version="older"), an_alert_of(102)]
    more = [
        blind(100, "mirror"),
        blind(101, "mirror"),
        blind(102, "unsure"),
        blind(103, "mirror"),
        a_verdict("alert-1", "mirror"),
    ]
    ran = samehand(
        "learn",
        *("--verdicts", jsonl(tmp_path / "verdicts.jsonl", *judged(100), *more, b"{")),
        *("--alerts", jsonl(tmp_path / "alerts.jsonl", *made, *odd, b"[]")),
        "--json",
    )
    assert ran.code == DONE
    assert ran.figures["labels"] == 100
    assert ran.figures["left_out"] == {
        "held by a rule": 1,
        "no such alert": 1,
        "not blind": 1,
        "other weights": 1,
        "unsure": 1,
    }
    assert ran.figures["bad_records"] == len(ran.err.splitlines()) == 2


def test_the_later_of_two_verdicts_counts(samehand: Samehand, tmp_path: Path) -> None:
    long_ago = datetime(2025, 3, 1, tzinfo=UTC)  # what lies ahead of the clock is read as now
    verdicts = [replace(one, decided_at=long_ago) for one in judged(60)]
    later = replace(verdicts[0], verdict="unsure", decided_at=long_ago + timedelta(hours=1))
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(60)))
    ran = samehand(
        "learn",
        *("--verdicts", jsonl(tmp_path / "verdicts.jsonl", later, *verdicts), "--alerts", alerts, "--json"),
    )
    assert (ran.figures["labels"], ran.figures["left_out"]) == (59, {"unsure": 1})


def test_too_few_verdicts_are_one_line(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", an_alert_of(1))
    verdicts = jsonl(tmp_path / "verdicts.jsonl", blind(1, "mirror"))
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts)
    assert ran.code == BAD_INPUT
    assert "1 mirrors and 0 other pairs were judged blind" in ran.err


def test_one_kind_of_file_alone_is_no_question(samehand: Samehand, tmp_path: Path) -> None:
    verdicts = jsonl(tmp_path / "verdicts.jsonl", blind(1, "mirror"))
    ran = samehand("learn", "--verdicts", verdicts)
    assert "give both --verdicts and --alerts" in ran.err
    assert ran.code != DONE


def test_what_was_overruled_later_and_golden_items_teach_nothing(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(100)))
    given = judged(100)
    first = given[0]
    other: Verdict = "not_mirror" if first.verdict == "mirror" else "mirror"
    appeal = replace(
        first,
        blind=False,
        verdict=other,
        decided_at=first.decided_at + timedelta(days=1),
        verdict_id="appeal",
    )
    agreed = replace(given[1], blind=False, decided_at=appeal.decided_at)
    golden = replace(given[2], golden=True, verdict="unsure", decided_at=appeal.decided_at)
    verdicts = jsonl(tmp_path / "verdicts.jsonl", appeal, *given, *given[:9], agreed, golden)
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts, "--json")
    assert ran.code == DONE
    assert ran.figures["labels"] == 99
    assert ran.figures["left_out"] == {"not blind": 2, "overruled": 1}


def test_what_the_topics_hold_is_learnt_from_by_the_table_of_the_settings(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = learn_from(verdicts(400, {"device.same": 0.4}), default_weights()).weights
    own = jsonl(tmp_path / "own.json", msgspec.json.encode(table))
    monkeypatch.setenv("SAMEHAND_WEIGHTS", str(own))
    settings = load()
    called = topics.names(settings)
    topics.check(settings, [*topics.wanted(settings), *topics.wanted_by_desk(settings)], create=True)
    alerts = [an_alert_of(number, weights_version=table.version) for number in range(60)]
    with writer(settings) as out:
        for topic, record in (
            *((called.alerts, alert) for alert in alerts),
            *((called.verdicts, verdict) for verdict in judged(60)),
        ):
            out.send(topic, key=b"k", value=encode(record), headers=[])
    ran = samehand("learn", "--out", tmp_path / "next.json", "--json")
    assert (ran.code, ran.figures["labels"]) == (DONE, 60)
    proposed = read_weights((tmp_path / "next.json").read_bytes())
    ratio = proposed.multipliers["device.same"] / table.multipliers["device.same"]
    assert ratio == pytest.approx(ran.figures["multipliers"]["device.same"], abs=1e-3)
    monkeypatch.delenv("SAMEHAND_WEIGHTS")
    assert "other weights" in samehand("learn", "--json").err
