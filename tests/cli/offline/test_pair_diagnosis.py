"""Why a pair was alerted on or not: one small platform for each cause, asked by `samehand try --why`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.offline.pair_diagnosis import CAUSES
from schemas.record import Record
from tests.cli.commands.dry_run.makers import PERSON, strangers
from tests.cli.running import Samehand, jsonl, settings
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

HOUR = timedelta(hours=1)
DEVICE: dict[str, Any] = {"device_id": PERSON["device_id"]}


class Platform(NamedTuple):
    """Sign-ups and bans, and settings that differ."""

    events: Sequence[Record]
    bans: Sequence[Record]
    given: dict[str, str] | None = None


def a_mirror(**profile: Any) -> Record:
    return a_sign_up("new", at=NOON + HOUR, **profile)


def alerted(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("old", **PERSON)])


def account_not_read(folder: Path) -> Platform:
    return Platform(strangers(3), [a_ban("old", **PERSON)])


def ban_not_read(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("another", handle="quiet_gardener")])


def account_banned(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("old", **PERSON), a_ban("new", **PERSON)])


def allowlisted(folder: Path) -> Platform:
    (folder / "allowed.txt").write_text("telegram:new\n")
    return Platform(*alerted(folder)[:2], {"allowlist": str(folder / "allowed.txt")})


def ban_over(folder: Path) -> Platform:
    over = a_ban("old", expires_at=NOON + HOUR / 2, **PERSON)
    return Platform([a_sign_up("new", at=NOON + 3 * HOUR, **PERSON)], [over])


def forgotten(folder: Path) -> Platform:
    early = [a_sign_up(f"stranger-{day}", at=NOON + day * 24 * HOUR) for day in range(-79, 0)]
    return Platform([a_sign_up("new", at=NOON - 80 * 24 * HOUR, **PERSON), *early], [a_ban("old", **PERSON)])


def other_platform(folder: Path) -> Platform:
    old = a_ban("old", platform="x", **PERSON)
    return Platform([a_mirror(**PERSON)], [old], {"cross_platform": "false"})


def no_shared_key(folder: Path) -> Platform:
    return Platform([a_mirror(handle="quiet_gardener")], [a_ban("old", **PERSON)])


def too_weak(folder: Path) -> Platform:
    long_ago = NOON - 60 * 24 * HOUR
    old = a_ban("old", at=long_ago, banned_at=long_ago, ip="39.40.12.77", **DEVICE)
    return Platform([a_mirror(ip="39.40.12.77", **DEVICE)], [old])


def full_posting(folder: Path) -> Platform:
    named: dict[str, Any] = {"display_name": "Umar Media"}
    decoys = [a_ban(f"decoy-{number}", **named) for number in range(300)]  # a name lists 256
    return Platform([a_mirror(**named)], [*decoys, a_ban("old", **named)])


def outranked(folder: Path) -> Platform:
    decoys = [a_ban(f"decoy-{number}", **PERSON, phone="+923001234567") for number in range(70)]
    return Platform([a_mirror(**PERSON, phone="+923001234567")], [*decoys, a_ban("old", **PERSON)])


def withheld(folder: Path) -> Platform:
    values: dict[str, Any] = {
        "email": "zarqa.desk@example.org",
        "phone": "+923001234567",
        "payment_token": "tok_5f31",
    }
    stronger = [a_ban(f"old-{name}", **{name: value}) for name, value in values.items()]
    return Platform([a_mirror(**values, **DEVICE)], [*stronger, a_ban("old", **DEVICE)])


STORIES: dict[str, Callable[[Path], Platform]] = {
    story.__name__.replace("_", "-"): story
    for story in (
        alerted, account_not_read, ban_not_read, account_banned, allowlisted, ban_over, forgotten,
        other_platform, no_shared_key, too_weak, full_posting, outranked, withheld,
    )
}  # fmt: skip


def why(samehand: Samehand, folder: Path, story: Platform, *asked: str) -> list[dict[str, Any]]:
    events, bans = jsonl(folder / "events.jsonl", *story.events), jsonl(folder / "bans.jsonl", *story.bans)
    ran = samehand(
        *("try", "--events", events, "--bans", bans, "--out", folder / "out", "--json"), "--why", *asked
    )
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = ran.figures["why"]
    return found


@for_each("cause", STORIES)
def test_each_cause_is_named(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    story = STORIES[cause](tmp_path)
    banned = "x:old" if cause == "other-platform" else "telegram:old"
    with settings(monkeypatch, **(story.given or {})):
        [one] = why(samehand, tmp_path, story, "telegram:new", banned)
    assert one["cause"].partition(":")[0] == cause
    assert one["why"] == CAUSES[cause] or cause == "too-weak"


def test_a_weak_pair_says_what_holds_it_back_and_what_one_more_fact_would_do(
    samehand: Samehand, tmp_path: Path
) -> None:
    [one] = why(samehand, tmp_path, too_weak(tmp_path), "new")  # neither the ban nor the platform is named
    assert (one["banned"], one["cause"]) == ("telegram:old", "too-weak: household")
    assert "a household explains what agrees" in one["why"]
    assert {"device", "address"} <= set(one["shared_keys"])
    lines = [*one["comparison"]["evidence"], *one["comparison"]["counter_evidence"]]
    assert sum(it["weight"] for it in lines) + one["comparison"]["prior"] == pytest.approx(
        one["comparison"]["log_odds"]
    )
    facts = {it["signal"]: it for it in one["one_more"]}
    assert facts["email"]["band"] == "likely"
    assert facts["email"]["probability"] > one["comparison"]["probability"]
    assert "device" not in facts  # it agrees already


def test_an_account_that_was_there_before_the_ban_is_compared_looking_back(
    samehand: Samehand, tmp_path: Path
) -> None:
    story = Platform([a_sign_up("new", at=NOON - HOUR, **DEVICE)], [a_ban("old", handle="zq", **DEVICE)])
    [one] = why(samehand, tmp_path, story, "telegram:new", "telegram:old")
    assert one["comparison"]["direction"] == "lookback"


def test_what_is_told_holds_no_personal_value(samehand: Samehand, tmp_path: Path) -> None:
    secret: dict[str, Any] = {"email": "zq.hidden@example.org", "phone": "+923001234567", "ip": "39.40.12.77"}
    story = Platform([a_mirror(ip=secret["ip"])], [a_ban("old", **secret)])
    told = str(why(samehand, tmp_path, story, "telegram:new", "telegram:old"))
    assert not [value for value in secret.values() if value in told]
