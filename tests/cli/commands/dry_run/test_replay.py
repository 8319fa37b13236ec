"""Each event in its turn: looking back, bans that end, rows without a date, whatever the order of files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cli.commands.dry_run.replay import in_batches
from cli.commands.dry_run.sources import SourceEvent
from schemas.mapping.fields import Kind
from streams.outcomes import Arrival
from tests.cli.commands.dry_run.makers import PERSON, a_platform, strangers
from tests.cli.running import Samehand
from tests.makers import NOON, a_ban, a_sign_up


def test_files_in_another_order_have_the_same_alerts(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    backwards = tmp_path / "backwards.jsonl"
    backwards.write_bytes(b"".join(reversed(events.read_bytes().splitlines(keepends=True))))
    told = [
        samehand("try", "--events", it, "--bans", bans, "--out", tmp_path / "out", "--json").figures["best"]
        for it in (events, backwards)
    ]
    assert told[0] == told[1]


def test_an_account_that_was_there_before_the_ban_is_found_looking_back(
    samehand: Samehand, tmp_path: Path
) -> None:
    early = a_sign_up("prepared", at=NOON - timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, early, *strangers(3))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["directions"]["lookback"] == 1
    assert ran.figures["best"][0]["direction"] == "lookback"


def test_a_ban_that_ended_before_the_account_came_alerts_nobody(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(minutes=30), **PERSON)
    late = a_sign_up("mirror", at=NOON + timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, late, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 0


def test_what_expired_later_was_taken_back(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(hours=2), **PERSON)
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON)
    later = a_sign_up("later", at=NOON + timedelta(hours=9), handle="quite.another")
    events, bans = a_platform(tmp_path, mirror, later, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["alerts"]["taken_back"] == {"ban-expired": 1}
    assert {line["ours"] for line in ran.figures["best"][0]["evidence"]} == {""}


def test_rows_without_a_date_are_judged_all_the_same(samehand: Samehand, tmp_path: Path) -> None:
    bans, events = tmp_path / "bans.csv", tmp_path / "events.csv"
    bans.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\n")
    events.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\nqwrt,\n")
    first, second = (
        samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json") for _ in "ab"
    )
    assert first.code == 0, first.err
    assert first.figures["alerts"]["raised"] == 1
    assert first.figures["events"]["without_a_date"] == 3
    assert first.figures["best"] == second.figures["best"]


def an_event(kind: Kind, account: str, at: float) -> SourceEvent:
    return SourceEvent(at, kind, Arrival(kind, 0, 0, account.encode(), b"{}", (), at), f"{kind}:{account}")


def test_bans_and_sign_ups_that_alternate_are_taken_in_few_batches() -> None:
    kinds: tuple[Kind, Kind] = ("created", "banned")
    hour = [an_event(kinds[place % 2], f"x:{place}", float(place)) for place in range(400)]
    bans, sign_ups = in_batches(hour)
    assert {it.kind for it in bans} == {"banned"}
    assert {it.kind for it in sign_ups} == {"created"}
    assert sorted(it.at for it in [*bans, *sign_ups]) == [it.at for it in hour]


def test_what_happens_to_one_account_keeps_its_order() -> None:
    told: list[tuple[Kind, str]] = [
        ("created", "x:1"),
        ("banned", "x:2"),
        ("banned", "x:1"),
        ("reinstated", "x:1"),
        ("created", "x:3"),
        ("banned", "x:1"),
    ]
    taken = [it for batch in in_batches([an_event(*it, 0.0) for it in told]) for it in batch]
    theirs = [it.kind for it in taken if it.arrival.key == b"x:1"]
    assert theirs == [kind for kind, key in told if key == "x:1"]
    assert len(taken) == len(told)


def test_who_comes_after_a_ban_has_ended_is_not_held_against_it() -> None:
    told: list[tuple[Kind, str]] = [("created", "x:1"), ("reinstated", "x:2"), ("created", "x:3")]
    taken = in_batches([an_event(*it, 0.0) for it in told])
    assert [[it.arrival.key for it in batch] for batch in taken] == [[b"x:1"], [b"x:2"], [b"x:3"]]


def test_a_mirror_that_signs_up_within_the_hour_is_found_whichever_of_the_two_came_first(
    samehand: Samehand, tmp_path: Path
) -> None:
    bans = tuple(
        a_ban(
            f"b{n}",
            at=NOON + timedelta(minutes=2 * n),
            banned_at=NOON + timedelta(minutes=2 * n),
            handle=f"quite.other{n}",
        )
        for n in range(9)
    )
    ban = a_ban("banned", at=NOON + timedelta(minutes=10), banned_at=NOON + timedelta(minutes=10), **PERSON)
    before = a_sign_up("before", at=NOON + timedelta(minutes=7), **PERSON)
    after = a_sign_up("after", at=NOON + timedelta(minutes=13), **PERSON)
    events, listed = a_platform(tmp_path, before, after, *strangers(20), bans=(*bans, ban))
    ran = samehand("try", "--events", events, "--bans", listed, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 2
