"""From one shard to four while people go on signing up: nothing is lost, said twice, or left open."""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from local.apache import ApacheKafka
from local.ports import take_port
from local.processes import Child
from local.redis import ADMINISTRATOR, PASSWORD
from schemas.alerts import MirrorAlert
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_change, a_reinstatement, a_sign_up, a_verdict

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
FAMILIES = 12
SIGN_UP_SECONDS = 0.05


def device(number: int) -> str:
    return f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d{number:04x}"


def banned(number: int) -> dict[str, Any]:
    """What an account shows, and whoever comes back as it."""
    return {"handle": f"northern_valley_{number:02}", "device_id": device(number)}


class SignUps:
    """A mirror of one ban after the other, each of another account, until it is told to stop."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.made: list[str] = []

    def _run(self) -> None:
        for number in count():
            account = f"s{number}"
            shown = {
                **banned(number % FAMILIES),
                "handle": f"northern_valley_{number % FAMILIES:02}_{number}",
            }
            self._platform.publish(
                self._platform.topics.created, a_sign_up(account, at=datetime.now(UTC), **shown)
            )
            self.made.append(account)
            if self._stop.wait(SIGN_UP_SECONDS):
                return

    def the_next_is_alerted(self) -> None:
        """Waits for a sign-up from now on, and for what is said of it."""
        so_far = len(self.made)
        self._platform.until(lambda: len(self.made) > so_far, "a sign-up")
        self._platform.until(lambda: self._platform.alerts_on(self.made[so_far]), "an alert on it")

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def test_sign_ups_go_on_through_the_whole_switch(
    tmp_path: Path, apache_kafka: ApacheKafka, redis_url: str
) -> None:
    """The worker with the former settings is stopped only once the other is at work."""
    platform = Platform(tmp_path, apache_kafka.address, redis_url)
    before = platform.settings.store_prefix
    after = f"{before}-4"
    password = tmp_path / "administrator"
    password.write_text(PASSWORD, "utf-8")
    as_administrator = {
        **platform.environment,
        "SAMEHAND_REDIS_USERNAME": ADMINISTRATOR,
        "SAMEHAND_REDIS_PASSWORD_FILE": str(password),
        "SAMEHAND_DATA_DIR": str(tmp_path),
    }
    words = [sys.executable, "-m", "cli", "rebuild"]
    into = Child(
        [*words, "--into", after, "--shards", "4", "--json"], tmp_path / "into.log", as_administrator
    )
    port = take_port()
    second = {
        **platform.environment,
        "SAMEHAND_STORE_PREFIX": after,
        "SAMEHAND_STORE_SHARDS": "4",
        "SAMEHAND_WEB_PORT": str(port.number),
    }
    worker = Child([sys.executable, "-m", "cli", "worker"], platform.log, second)
    sign_ups = SignUps(platform)
    topics = platform.topics
    try:
        platform.open()
        platform.publish(
            topics.banned,
            *(a_ban(f"b{number}", at=AGO, banned_at=AGO, **banned(number)) for number in range(FAMILIES)),
        )
        prepared = a_sign_up("prepared", handle="karakoram_songs", device_id=device(100), at=AGO)
        platform.publish(topics.created, prepared)
        for account, number in (("unlike", 0), ("lifted", 1), ("told", 2)):
            platform.publish(topics.created, a_sign_up(account, at=NOW, **banned(number)))
            platform.until(partial(platform.alerts_on, account), "an alert of before")
        platform.publish(topics.verdicts, a_verdict(platform.alerts_on("unlike")[0].alert_id, "not_mirror"))
        platform.until(
            lambda: len(platform.alerts_on("unlike")) == 2, "the withdrawal that a verdict asks for"
        )

        with sign_ups.going_on():
            into.start()
            platform.until(
                lambda: "is filled" in into.log.read_text("utf-8"), "the second layout to be filled"
            )
            during = a_ban("during", handle="hindukush_daily", device_id=device(101), at=NOW, banned_at=NOW)
            platform.publish(topics.banned, during)
            sign_ups.the_next_is_alerted()
            assert into.pid is not None, "it waits for a worker"
            worker.start()
            platform.until(lambda: into.exit_code is not None, "the hand-over")
            assert into.exit_code == 0, into.log.read_text("utf-8")
            platform.worker.stop(60.0)
            platform.port.release()
            platform.port = port
            platform.worker = worker
            platform.until(platform.ready, "the second worker")
            sign_ups.the_next_is_alerted()
        platform.until(
            lambda: alerts_by_account(platform).keys() >= {*sign_ups.made}, "an alert on each mirror"
        )

        # What was known before is known still.
        platform.publish(
            topics.banned,
            a_ban("late", handle="karakoram_songs_2", device_id=device(100), at=NOW, banned_at=NOW),
        )
        platform.until(
            lambda: platform.alerts_on("prepared"), "the alert on who prepared it before the switch"
        )
        platform.publish(topics.reinstated, a_reinstatement("b1", at=datetime.now(UTC)))
        platform.until(lambda: len(platform.alerts_on("lifted")) == 2, "the withdrawal of an alert of before")
        platform.publish(
            topics.created, a_sign_up("m", handle="hindukush_daily", device_id=device(101), at=NOW)
        )
        for account, number in (("unlike", 0), ("told", 2)):
            later = datetime.now(UTC)
            platform.publish(topics.updated, a_change(account, at=later, bio="here again", **banned(number)))
        platform.publish(topics.created, a_sign_up("last", at=datetime.now(UTC), **banned(3)))
        platform.until(
            lambda: platform.alerts_on("m") and platform.alerts_on("last") and platform.ready(),
            "all that was said since",
        )
        lifted = {account for place, account in enumerate(sign_ups.made) if place % FAMILIES == 1}
        platform.until(
            lambda: all(ends_withdrawn(alerts_by_account(platform), {*lifted, "lifted"})),
            "every alert on the lifted ban to be withdrawn",
        )
        said = alerts_by_account(platform)
        for place, account in enumerate(sign_ups.made):
            on_own = [it for it in said[account] if it.matched.account_id == f"b{place % FAMILIES}"]
            assert [it.status for it in on_own] == ["open", *["withdrawn"] * (account in lifted)], account
        assert [it.status for it in said["unlike"]] == ["open", "withdrawn"]
        assert len({it.revision for it in said["told"]}) == 1

        assert json.loads(into.log.read_text("utf-8").splitlines()[-1])["held_seconds"] < 30.0
        dropping = Child(
            [*words, "--drop", before], tmp_path / "drop.log", {**as_administrator, **second_store(second)}
        )
        dropping.start()
        platform.until(lambda: dropping.exit_code is not None, "the former layout to be dropped")
        assert dropping.exit_code == 0, dropping.log.read_text("utf-8")
        with redis.Redis.from_url(redis_url.replace("//", f"//{ADMINISTRATOR}:{PASSWORD}@")) as client:
            assert list(client.scan_iter(match=f"{before}{{*", count=1_000)) == []
        platform.publish(topics.created, a_sign_up("afterwards", at=datetime.now(UTC), **banned(4)))
        platform.until(lambda: platform.alerts_on("afterwards"), "an alert once the former is dropped")
    finally:
        for child in (into, worker):
            child.kill()
        platform.close()


def alerts_by_account(platform: Platform) -> dict[str, list[MirrorAlert]]:
    """All that was said, read once: `alerts_on` reads all of it for one account."""
    found = defaultdict[str, list[MirrorAlert]](list)
    for alert in platform.alerts():
        found[alert.account_id].append(alert)
    return found


def ends_withdrawn(said: Mapping[str, list[MirrorAlert]], accounts: Iterable[str]) -> Iterator[bool]:
    """Whether what was said last of each account's alert on the lifted ban is that it is withdrawn."""
    for account in accounts:
        on_lifted = [it for it in said[account] if it.matched.account_id == "b1"]
        yield bool(on_lifted) and on_lifted[-1].status == "withdrawn"


def second_store(environment: dict[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in ("SAMEHAND_STORE_PREFIX", "SAMEHAND_STORE_SHARDS")}
