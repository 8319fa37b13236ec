"""Scoring without servers means what the worker means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline, Scored, batches
from samehand.frequency import rates
from schemas.accounts import AccountBanned, AccountCreated
from schemas.malformed import Malformed
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

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


async def test_a_mirror_is_found_and_a_stranger_is_left_alone() -> None:
    scored = await run(
        of_bans(a_ban("old", **TWINS)),
        of_accounts(a_sign_up("new", **TWINS), a_sign_up("other", handle="quiet_gardener")),
    )
    assert [(it.account_id, it.matched.account_id, it.band) for it in scored.alerts] == [
        ("new", "old", "likely")
    ]
    assert (scored.bans, scored.accounts, scored.faults) == (1, 2, [])


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
        for who, handle, net in (
            ("r", "qorvetzan_bulletin", 39),
            ("o", f"reader{chr(97 + i % 26)}{i}", 103),
        )
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


async def test_rows_of_one_date_know_of_one_another_what_others_hand_out() -> None:
    date = NOON.replace(hour=0)
    crowd = [a_sign_up(f"c{i}", handle=f"somebody{i}x", ip="198.51.100.7", at=date) for i in range(CROWD)]
    bans = of_bans(a_ban("old", handle="zarqa_bulletin", ip="198.51.100.7", at=date - timedelta(days=1)))
    new = a_sign_up("new", handle="zarqa_bulletin", ip="198.51.100.7", at=date)
    alone = await run(bans, of_accounts(new), candidates=3)
    among = await run(bans, of_accounts(new, *crowd), candidates=3)
    assert shared(among) < shared(alone)


async def test_undated_rows_know_of_one_another_what_others_hand_out() -> None:
    crowd = [a_sign_up(f"c{i}", handle=f"somebody{i}x", ip="198.51.100.7") for i in range(CROWD)]
    bans = of_bans(a_ban("old", handle="zarqa_bulletin", ip="198.51.100.7"))
    new = a_sign_up("new", handle="zarqa_bulletin", ip="198.51.100.7")
    alone = await run(bans, of_accounts(new, dated=False), candidates=3)
    among = await run(bans, of_accounts(new, *crowd, dated=False), candidates=3)
    assert shared(among) < shared(alone)


async def test_a_bad_line_is_noted_with_its_address() -> None:
    bad: InputLine[AccountBanned] = InputLine("bans:1", Malformed("not-json"))
    scored = await run([bad], of_accounts(a_sign_up()))
    assert scored.faults == [("bans:1", Malformed("not-json"))]
    assert (scored.bans, scored.accounts) == (0, 1)


def test_batches_keep_order_and_rest() -> None:
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
