"""Bans that end while workers are killed: nothing stays open of them, nothing of those set again is lost."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from agents.common.tombstones import tombstone
from schemas.accounts import AccountBanned, AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.wire import Decoded, decode_alert
from store.limits import OPEN_ALERTS_A_BAN
from streams.kafka.client import writer
from tests.faults.conftest import KILLS
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.table import Row, Table
from tests.makers import a_ban, a_deletion, a_reinstatement, a_sign_up

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(hours=3)
PAIRS = 120
SWARM = OPEN_ALERTS_A_BAN + 60
KILLED = max(3, KILLS // 4)
TELLING = 3  # agents that publish alerts: each may have a batch in hand


def device(number: int) -> str:
    """A device of one pair's own."""
    return f"6f1c2e9a-33b7-4a51-9c6e-0f6b{number:08d}"


def bans(at: datetime, numbers: Iterable[int], who: str = "b") -> list[AccountBanned]:
    """Bans of accounts that share nothing with one another."""
    return [
        a_ban(f"{who}{n}", handle=f"{NAMES[n]}_media", device_id=device(n), at=at, banned_at=at)
        for n in numbers
    ]


def mirrors() -> list[AccountCreated]:
    """A mirror of each."""
    return [
        a_sign_up(f"m{n}", handle=f"{NAMES[n]}_media_2", device_id=device(n), at=THEN + timedelta(minutes=1))
        for n in range(PAIRS)
    ]


def names() -> list[str]:
    """Words that resemble no other."""
    rng = random.Random(5)
    return ["".join(rng.choices("bdfghklmnprstvz", k=9)) for _ in range(PAIRS)]


NAMES = names()


def all_open(scene: Scene) -> None:
    """Every pair was told, and everything settled."""
    scene.publish(scene.topics.banned, bans(THEN, range(PAIRS)))
    scene.publish(scene.topics.created, mirrors())
    scene.until_alerts(PAIRS)
    scene.until_settled()
    assert {alert.status for alert in scene.final().values()} == {"open"}
    assert len(scene.final()) == PAIRS


def killing(scene: Scene, seed: int) -> None:
    """Kills the worker again and again, at any moment of the first second after it is ready."""
    rng = random.Random(seed)
    worker = scene.start()
    for _ in range(KILLED):
        scene.until_ready(worker)
        time.sleep(rng.uniform(0.0, 1.0))
        worker.child.kill()
        worker = scene.start()
    scene.until_settled()


def statuses(scene: Scene) -> dict[str, MirrorAlert]:
    """What consumers are left with, by the mirror."""
    return {alert.account_id: alert for alert in scene.final().values()}


def test_lifted_and_banned_again_while_workers_are_killed(scene: Scene, fault_table: Table) -> None:
    """Both words of each ban at once, on two topics, in whatever order they are read."""
    worker = scene.start()
    all_open(scene)
    worker.child.kill()
    lifted = [a_reinstatement(f"b{n}", at=NOW - timedelta(hours=1)) for n in range(PAIRS)]
    scene.publish(scene.topics.reinstated, lifted)
    scene.publish(scene.topics.banned, bans(NOW, range(PAIRS)))
    began = time.monotonic()
    killing(scene, 1)
    scene.until(lambda: owes_nothing(scene), "the outbox to be empty")
    recovered = time.monotonic() - began
    final = statuses(scene)
    lost = sorted(name for name, alert in final.items() if alert.status != "open")
    fault_table.add(
        Row(
            f"lifted and banned again, kill -9, {KILLED} times",
            len(lost),
            0,
            scene.repeats(),
            None,
            recovered,
        )
    )
    assert lost == []
    assert len(final) == PAIRS
    assert scene.repeats() <= (TELLING + 1) * BATCH_RECORDS * KILLED


def test_tombstones_deletions_and_own_bans_while_workers_are_killed(scene: Scene, fault_table: Table) -> None:
    """Whatever takes an alert back has taken it back in the end, with its reason and without a quote."""
    worker = scene.start()
    all_open(scene)
    worker.child.kill()
    third = PAIRS // 3
    with writer(scene.settings) as out:
        for n in range(third):
            emit = tombstone(f"telegram:b{n}", NOW.timestamp(), scene.topics.banned)
            out.send(emit.topic, key=emit.key, value=None, headers=list(emit.headers)).get(60.0)
    scene.publish(scene.topics.deleted, [a_deletion(f"m{n}", at=NOW) for n in range(third, 2 * third)])
    scene.publish(scene.topics.banned, bans(NOW, range(2 * third, PAIRS), "m"))
    began = time.monotonic()
    killing(scene, 2)
    scene.until(lambda: scene.committed(scene.topics.deleted) == third, "the deletions")
    scene.until(lambda: owes_nothing(scene), "the outbox to be empty")
    recovered = time.monotonic() - began
    final = statuses(scene)
    reasons = ["ban-forgotten"] * third + ["account-deleted"] * third + ["account-banned"] * third
    expected = {f"m{n}": ("withdrawn", reason) for n, reason in enumerate(reasons)}
    found = {
        name: (alert.status, alert.withdrawn_reason) for name, alert in final.items() if name in expected
    }
    left_open = sum(status == "open" for status, _ in found.values())
    differing = sum(found.get(name) != told for name, told in expected.items()) - left_open
    fault = f"tombstones, deletions and own bans, kill -9, {KILLED} times"
    fault_table.add(Row(fault, left_open, differing, scene.repeats(), None, recovered))
    assert found == expected
    assert not any(line.ours or line.theirs for alert in final.values() for line in alert.evidence)
    assert scene.repeats() <= (TELLING + 1) * BATCH_RECORDS * KILLED


@pytest.mark.thorough
def test_more_mirrors_than_a_ban_may_have_alerts_while_workers_are_killed(
    scene: Scene, fault_table: Table
) -> None:
    """What was published is withdrawn, all of it, and the summary of what was beyond the cap as well."""
    worker = scene.start()
    scene.publish(scene.topics.banned, [a_ban("b0", handle="zarghun_media", device_id=device(0), at=THEN)])
    scene.until(lambda: scene.committed(scene.topics.banned) == 1, "the ban")
    swarm = [
        a_sign_up(f"s{n}", handle=f"zarghun_media_{n}", device_id=device(0), at=THEN + timedelta(minutes=1))
        for n in range(SWARM)
    ]
    scene.publish(scene.topics.created, swarm)
    scene.until_settled()
    scene.until(lambda: summaries(scene), "the summary of the rest")
    published = statuses(scene)
    assert len(published) == OPEN_ALERTS_A_BAN
    worker.child.kill()
    scene.publish(scene.topics.reinstated, [a_reinstatement("b0", at=NOW)])
    began = time.monotonic()
    killing(scene, 3)
    scene.until(lambda: owes_nothing(scene), "the outbox to be empty")
    recovered = time.monotonic() - began
    left_open = sorted(name for name, alert in statuses(scene).items() if alert.status == "open")
    fault = f"{SWARM} mirrors of one ban, lifted, kill -9, {KILLED} times"
    fault_table.add(Row(fault, len(left_open), 0, scene.repeats(), None, recovered))
    assert left_open == []
    assert summaries(scene)[-1].status == "withdrawn"
    assert summaries(scene)[-1].withdrawn_reason == "reinstated"


def summaries(scene: Scene) -> list[AlertSummary]:
    """Those on the topic of alerts, by revision."""
    found = [decode_alert(it.value, now=math.inf) for it in scene.read(scene.topics.alerts)]
    records = [it.record for it in found if isinstance(it, Decoded)]
    return sorted((it for it in records if isinstance(it, AlertSummary)), key=lambda it: it.revision)


def owes_nothing(scene: Scene) -> bool:
    """Whether the store's outbox is empty."""
    with redis.Redis.from_url(scene.redis.administrator_url) as client:
        return not client.keys("*:owed")
