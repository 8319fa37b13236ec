"""A ban and its reinstatement, in whatever order they arrive: the later event wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.scene import Scene
from tests.faults.table import Row, Table
from tests.makers import a_ban, a_reinstatement, a_sign_up

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
THEN = NOW - timedelta(hours=2)
BAN = a_ban("lifted", handle="umar_media", device_id=DEVICE, at=THEN, banned_at=THEN)
LIFTED = a_reinstatement("lifted", at=NOW - timedelta(hours=1))
AGAIN = a_ban("lifted", handle="umar_media", device_id=DEVICE, at=NOW, banned_at=NOW)
MIRROR = a_sign_up("mirror", handle="umar_media_2", device_id=DEVICE, at=NOW)


Told = list[tuple[str, int]]


def judge(fault: str, scene: Scene, table: Table, expected: Told) -> None:
    """Exactly these alerts, in this order, each numbered by its place; a line of the table."""
    told = [(alert.status, place) for place, alert in enumerate(scene.alerts(), 1)]
    revisions = [alert.revision for alert in scene.alerts()]
    assert revisions == sorted(set(revisions))
    lost, differing = set(expected) - set(told), set(told) - set(expected)
    table.add(Row(fault, len(lost), len(differing), scene.repeats(), None, None))
    assert told == expected


def test_lifted_before_its_ban_arrives_it_never_alerts(scene: Scene, fault_table: Table) -> None:
    scene.start()
    scene.publish(scene.topics.reinstated, [LIFTED])
    scene.until(lambda: scene.settled() and scene.committed(scene.topics.reinstated), "the reinstatement")
    scene.publish(scene.topics.banned, [BAN])
    scene.until_settled()
    scene.publish(scene.topics.created, [MIRROR])
    scene.until_settled()
    judge("reinstatement before its ban", scene, fault_table, [])


def test_lifted_after_it_alerted_takes_the_alert_back_and_a_later_ban_alerts_again(
    scene: Scene, fault_table: Table
) -> None:
    scene.start()
    scene.publish(scene.topics.banned, [BAN])
    scene.publish(scene.topics.created, [MIRROR])
    scene.until_alerts(1)
    scene.until_settled()
    scene.publish(scene.topics.reinstated, [LIFTED])
    scene.until_alerts(2)
    scene.until_settled()
    scene.publish(scene.topics.banned, [AGAIN])
    scene.until_alerts(3)
    scene.until_settled()
    told: Told = [("open", 1), ("withdrawn", 2), ("open", 3)]
    judge("ban, reinstatement, ban again", scene, fault_table, told)
