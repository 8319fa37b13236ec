"""What the moment of a sign-up weighs hangs on the store's other bans, and not on when the event is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.accounts import AccountBanned
from schemas.alerts import MirrorAlert
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_change, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
MIRRORED: dict[str, Any] = {"handle": "umar_media", "device_id": DEVICE, "email": "umar@example.org"}
BACK = NOON + timedelta(minutes=8)
MINUTE = timedelta(minutes=1)


def history(policy: str = "violent-extremism", bans: int = 300) -> list[AccountBanned]:
    """Bans of half a year before, one or two a day."""
    drawn = random.Random(7)
    moments = [NOON - timedelta(days=180 * drawn.random()) for _ in range(bans)]
    return [a_ban(f"old {n}", at=at, banned_at=at, policy=policy) for n, at in enumerate(moments)]


def at_once(count: int, policy: str, network: Callable[[int], str]) -> list[AccountBanned]:
    """Bans of the minutes before the one that is mirrored."""
    moments = [NOON - timedelta(seconds=1 + n % 120) for n in range(count)]
    return [
        a_ban(f"fresh {n}", at=at, banned_at=at, policy=policy, ip=network(n)) for n, at in enumerate(moments)
    ]


def every(pause: timedelta, count: int) -> list[AccountBanned]:
    """Bans after the mirror's return."""
    moments = [BACK + (n + 1) * pause for n in range(count)]
    return [a_ban(f"later {n}", at=at, banned_at=at) for n, at in enumerate(moments)]


def timing(alert: MirrorAlert) -> float:
    """What the moment weighs in an alert."""
    return sum(line.weight for line in (*alert.evidence, *alert.counter_evidence) if line.signal == "timing")


async def alerted(life: Life, *before: AccountBanned, policy: str = "violent-extremism") -> MirrorAlert:
    """The alert on a mirror that is back eight minutes after its ban, with others banned before."""
    await life.tell(life.enrol, *before)
    await life.tell(life.enrol, a_ban("77", policy=policy, **MIRRORED))
    await life.tell(life.screen, a_sign_up("900", at=BACK, **MIRRORED))
    (alert,) = [one for one in life.alerts if one.account_id == "900"]
    return alert


async def returned(life: Life, *before: AccountBanned, policy: str = "violent-extremism") -> float:
    """What the moment of that mirror weighs."""
    return timing(await alerted(life, *before, policy=policy))


async def test_where_bans_are_spread_a_return_within_minutes_weighs_and_where_all_are_fresh_nothing(
    make_life: MakeLife,
) -> None:
    spread = await returned(make_life(), *history())
    fresh = await returned(make_life(), *at_once(300, "violent-extremism", lambda n: f"40.{n % 200}.{n}.1"))
    assert spread > 3.0
    assert fresh == pytest.approx(0.0, abs=0.1)


async def test_a_backlog_and_a_replay_weigh_it_as_the_live_stream_did(make_life: MakeLife) -> None:
    live = await returned(make_life(), *history())
    # What was banned since is known by the time at which the events are read.
    backlog = make_life()
    backlog.seconds = (NOON + timedelta(hours=20)).timestamp()
    assert await returned(backlog, *history(), *every(MINUTE, 200)) == pytest.approx(live, abs=1e-9)
    # Two months later minutes are folded into days.
    replay = make_life()
    replay.seconds = (NOON + timedelta(days=80)).timestamp()
    assert await returned(replay, *history(), *every(timedelta(hours=15), 100)) == pytest.approx(
        live, abs=0.5
    )


async def test_neither_a_purge_of_spam_nor_a_farm_on_one_device_prices_a_militants_mirror(
    make_life: MakeLife,
) -> None:
    alone = await returned(make_life(), *history())
    purge = at_once(200, "spam", lambda n: f"40.{n % 200}.{n}.1")
    several = at_once(200, "violent-extremism", lambda n: f"40.1.1.{n}")
    farm = [replace(ban, account=replace(ban.account, device_id="the farm's")) for ban in several]
    networks = at_once(200, "violent-extremism", lambda n: f"40.{n % 200}.{n}.1")
    assert await returned(make_life(), *history(), *purge) == pytest.approx(alone, abs=0.01)
    # A line weighs against the strongest rival, which is another one here and there.
    one_more, many = [await alerted(make_life(), *history(), *bans) for bans in (farm[:1], farm)]
    assert many.log_odds == pytest.approx(one_more.log_odds, abs=1.2)
    assert await returned(make_life(), *history(), *networks) < alone - 3.0


async def test_a_ban_without_a_policy_is_priced_by_those_without_one(make_life: MakeLife) -> None:
    life = make_life()
    fresh = at_once(300, "spam", lambda n: f"40.{n % 200}.{n}.1")
    unnamed = [replace(ban, policy=None) for ban in (*fresh, a_ban("77", **MIRRORED))]
    await life.tell(life.enrol, *history(), *unnamed)
    await life.tell(life.screen, a_sign_up("900", at=BACK, **MIRRORED))
    assert timing(life.alerts[-1]) == pytest.approx(0.0, abs=0.1)


async def test_look_back_and_changes_weigh_it_likewise(make_life: MakeLife) -> None:
    life = make_life()
    await life.tell(life.enrol, *history())
    await life.tell(life.screen, a_sign_up("901", at=NOON - timedelta(hours=3), **MIRRORED))
    await life.ban(a_ban("77", **MIRRORED))
    (prepared,) = [one for one in life.alerts if one.account_id == "901"]
    assert prepared.direction == "lookback"
    assert timing(prepared) > 0.0
    await life.tell(life.screen, a_sign_up("902", at=BACK, handle="salma_bakes"))
    await life.tell(life.changed, a_change("902", at=BACK + MINUTE, **MIRRORED))
    (changed,) = [one for one in life.alerts if one.account_id == "902"]
    assert changed.direction == "update"
    assert timing(changed) > 3.0


async def test_a_ban_known_to_the_day_is_no_neighbour_of_anybodys_minute(make_life: MakeLife) -> None:
    life = make_life()
    await life.tell(life.enrol, *history())
    midnight = NOON - timedelta(hours=12)
    await life.tell(life.enrol, a_ban("77", banned_at=midnight, **MIRRORED))
    await life.tell(life.screen, a_sign_up("900", at=midnight + 8 * MINUTE, **MIRRORED))
    (alert,) = life.alerts
    (line,) = [one for one in (*alert.evidence, *alert.counter_evidence) if one.signal == "timing"]
    assert line.level == "within-a-week"
    assert line.theirs == "2026-11-24"
