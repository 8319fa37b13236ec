"""A store that is lost under alerts that were told: flushed, restored from an older dump, another layout.

Before it some pairs were dismissed and some accounts deleted; after it bans are lifted, pairs dismissed,
accounts deleted and banned again. Consumers, who drop what is not above the revision that they know, are left
with what they would have without it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from schemas.alerts import MirrorAlert
from schemas.record import Record
from streams.kafka.store_epoch import known_epoch
from tests.faults.scene import Scene
from tests.faults.table import Row, Table
from tests.faults.test_redis import administrator, holding
from tests.faults.test_withdrawals import device, names, owes_nothing
from tests.makers import a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(hours=3)
EACH = 5
GROUPS = ("lifted", "dismissed", "dismissed-after", "again", "deleted", "deleted-after", "left-alone")
NAMES = names()
EXPECTED = {
    "lifted": ("withdrawn", "reinstated"),
    "dismissed": ("withdrawn", "verdict"),
    "dismissed-after": ("withdrawn", "verdict"),
    "again": ("open", None),
    "deleted": ("withdrawn", "account-deleted"),
    "deleted-after": ("withdrawn", "account-deleted"),
    "left-alone": ("open", None),
}


def ids(group: str) -> list[int]:
    first = GROUPS.index(group) * EACH
    return list(range(first, first + EACH))


def bans(at: datetime, *groups: str) -> list[Record]:
    return [
        a_ban(f"b{n}", handle=f"{NAMES[n]}_media", device_id=device(n), at=at, banned_at=at)
        for group in groups
        for n in ids(group)
    ]


def taken(scene: Scene) -> dict[str, list[MirrorAlert]]:
    """What consumers take of each mirror, in their order."""
    found: dict[str, list[MirrorAlert]] = defaultdict(list)
    for alert in scene.alerts():
        several = found[alert.account_id]
        if not several or alert.revision > several[-1].revision:
            several.append(alert)
    return found


def dumped(scene: Scene) -> dict[bytes, tuple[bytes, int]]:
    """Everything in Redis, with how long it lasts."""
    with administrator(scene.redis) as connection:
        keys = list(connection.scan_iter())
        return {key: (connection.dump(key), max(0, connection.pttl(key))) for key in keys}


def restore(scene: Scene, dump: dict[bytes, tuple[bytes, int]]) -> None:
    with administrator(scene.redis) as connection:
        connection.flushall()
        for key, (value, milliseconds) in dump.items():
            connection.restore(key, milliseconds, value)


def judge(scene: Scene, group: str, moment: datetime) -> None:
    by_account = {alert.account_id: alert for alert in scene.alerts()}
    verdicts = [a_verdict(by_account[f"m{n}"].alert_id, "not_mirror") for n in ids(group)]
    scene.publish(scene.topics.verdicts, verdicts)


def ends(scene: Scene) -> dict[str, tuple[str, str | None]]:
    return {name: (it[-1].status, it[-1].withdrawn_reason) for name, it in taken(scene).items()}


def until_ends(scene: Scene, group: str, what: tuple[str, str | None]) -> None:
    scene.until(lambda: all(ends(scene).get(f"m{n}") == what for n in ids(group)), f"{group} to be {what}")


@pytest.mark.parametrize("how", ["flushed", "restored from an older dump", "laid out anew"])
def test_what_was_told_before_the_store_was_lost(scene: Scene, fault_table: Table, how: str) -> None:
    scene.publish(scene.topics.banned, bans(THEN, *GROUPS))
    worker = scene.start()
    scene.until(lambda: not holding(scene) and scene.settled(), "the bans to be enrolled")
    scene.until(lambda: known_epoch(scene.settings), "the epoch to be noted")
    older = dumped(scene)
    created = [
        a_sign_up(f"m{n}", handle=f"{NAMES[n]}_media_2", device_id=device(n), at=THEN + timedelta(minutes=1))
        for group in GROUPS
        for n in ids(group)
    ]
    scene.publish(scene.topics.created, created)
    scene.until_alerts(len(created))
    scene.until_settled()
    judge(scene, "dismissed", NOW)
    scene.publish(scene.topics.deleted, [a_deletion(f"m{n}", at=NOW) for n in ids("deleted")])
    for group in ("dismissed", "deleted"):
        until_ends(scene, group, EXPECTED[group])
    scene.until(lambda: owes_nothing(scene), "the outbox to be empty")
    told = scene.count(scene.topics.alerts)

    began = time.monotonic()
    worker.child.stop(60.0)
    if how == "flushed":
        with administrator(scene.redis) as connection:
            connection.flushall()
    elif how == "laid out anew":
        scene.environment["SAMEHAND_STORE_PREFIX"] = "samehand-2"
    else:
        restore(scene, older)
    scene.samehand("rebuild", "--json")
    scene.start()
    scene.until(lambda: not holding(scene), "the worker to be ready")

    scene.publish(
        scene.topics.reinstated,
        [a_reinstatement(f"b{n}", at=NOW - timedelta(hours=1)) for n in (*ids("lifted"), *ids("again"))],
    )
    judge(scene, "dismissed-after", NOW)
    scene.publish(scene.topics.deleted, [a_deletion(f"m{n}", at=NOW) for n in ids("deleted-after")])
    for group in ("lifted", "dismissed-after", "deleted-after"):
        until_ends(scene, group, EXPECTED[group])
    until_ends(scene, "again", ("withdrawn", "reinstated"))
    scene.publish(scene.topics.banned, bans(NOW, "again"))
    scene.until_settled()
    changed = [
        a_change(f"m{n}", handle=f"{NAMES[n]}_media_2", device_id=device(n), at=NOW)
        for group in ("again", "dismissed", "dismissed-after", "left-alone")
        for n in ids(group)
    ]
    scene.publish(scene.topics.updated, changed)
    until_ends(scene, "again", EXPECTED["again"])
    scene.until_settled()
    scene.until(lambda: owes_nothing(scene), "the outbox to be empty")

    found, records = ends(scene), taken(scene)
    wanted = {f"m{n}": EXPECTED[group] for group in GROUPS for n in ids(group)}
    differing = sorted(name for name in wanted if found.get(name) != wanted[name])
    lost = [name for name in wanted if name not in found]
    fault_table.add(
        Row(
            f"the store is {how}, alerts lifted, dismissed, deleted and banned again around it",
            len(lost),
            len(differing),
            scene.repeats(),
            None,
            time.monotonic() - began,
        )
    )
    assert differing == [], {name: found.get(name) for name in differing}
    assert scene.count(scene.topics.alerts) == told + 5 * EACH, "one a group, two where banned again"
    assert {len(records[f"m{n}"]) for n in ids("again")} == {3}
    for group in ("lifted", "deleted", "deleted-after"):
        assert not any(line.ours for n in ids(group) for line in records[f"m{n}"][-1].evidence)
    states = {it.key for it in scene.read(scene.topics.state) if it.value is not None}
    assert len(states) == len(created)
