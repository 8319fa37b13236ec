"""What a moment weighs hangs on the event's time: a worker that was down prices it as a live one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.alerts import MirrorAlert
from store.limits import SNAPSHOT_SECONDS
from tests.journeys.conftest import Platform, opened
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

BANNED_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
NAMES = ("zufar", "gulbar")  # whose mirror is read at once, and whose later
BACK = BANNED_AT + timedelta(minutes=8)


@pytest.fixture(scope="module")
def historic(tmp_path_factory: pytest.TempPathFactory, broker: str, redis_url: str) -> Iterator[Platform]:
    """A platform that tells its history with exact dates."""
    folder: Path = tmp_path_factory.mktemp("historic")
    extra = {"SAMEHAND_LATE_BAN_HOURS": "100000"}
    yield from opened(Platform(folder, broker, redis_url, extra=extra))


def profile(name: str, digit: str) -> dict[str, Any]:
    """A profile that its mirror takes up."""
    return {"handle": f"{name}_kandak{digit}", "email": f"{name}@valley.example"}


def timing(alert: MirrorAlert) -> float:
    """What the moment weighs in an alert."""
    return sum(line.weight for line in alert.evidence if line.signal == "timing")


def test_after_an_hour_of_standstill_a_return_weighs_what_it_weighed_live(historic: Platform) -> None:
    banned = historic.topics.banned
    old = [BANNED_AT - timedelta(days=n) for n in range(1, 121)]
    historic.publish(banned, *(a_ban(f"old {n}", at=at, banned_at=at) for n, at in enumerate(old)))
    historic.publish(
        banned, *(a_ban(name, at=BANNED_AT, banned_at=BANNED_AT, **profile(name, "")) for name in NAMES)
    )
    enrolled = f'samehand_events_total{{outcome="published",topic="{banned}"}}'
    historic.until(lambda: historic.metric(enrolled) >= 122, "the bans to be enrolled")
    live, later = (a_sign_up(f"new {name}", at=BACK, **profile(name, "2")) for name in NAMES)
    time.sleep(2 * SNAPSHOT_SECONDS)  # a worker's calendar may be so old
    historic.publish(historic.topics.created, live)
    historic.until(lambda: historic.alerts_on("new zufar"), "the alert")
    historic.worker.stop(60.0)
    # While nobody reads, an hour of many bans passes.
    since = [BACK + timedelta(seconds=60 + 20 * n) for n in range(150)]
    historic.publish(banned, *(a_ban(f"since {n}", at=at, banned_at=at) for n, at in enumerate(since)))
    historic.publish(historic.topics.created, later)
    historic.open()
    historic.until(lambda: historic.alerts_on("new gulbar"), "the alert on what came meanwhile")
    (told_live,), (told_later,) = historic.alerts_on("new zufar"), historic.alerts_on("new gulbar")
    assert timing(told_live) > 1.5
    assert timing(told_later) == pytest.approx(timing(told_live), abs=1e-9)
