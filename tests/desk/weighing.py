"""Tables that were learnt, and decisions about them, in which a test states only what matters."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from msgspec.structs import replace
from sqlalchemy import insert

from desk.database import schema
from desk.database.decisions import weights as rows
from desk.database.decisions.weights import DecisionRow
from desk.readers import Reader
from desk.review.facts import facts_of
from desk.review.weighing import weights
from desk.review.weighing.weights import WeightsStatus
from samehand.scoring.weights import Weights, default_weights
from schemas.alerts import MirrorAlert
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Office

SHIPPED = default_weights()
WEIGHED = {("handle", "same"): 8.0, ("device", "same"): 3.0, ("email", "different"): -1.0}
MIDDLE = 3.0
"""Nats of the device, above which whoever judges says that it is a mirror."""


def an_alert_of(number: int, *, version: str = SHIPPED.version, **given: Any) -> MirrorAlert:
    """An alert whose lines scatter about what its signals weigh."""
    chance = random.Random(number)
    lines = [
        a_reason(signal, weight + chance.uniform(-2, 2), level=level)
        for (signal, level), weight in WEIGHED.items()
    ]
    words = {
        "alert_id": f"alert-{number}",
        "account_id": f"new-{number}",
        "weights_version": version,
        **given,
    }
    return an_alert(*lines, prior=-9.0, **words)


def is_mirror(alert: MirrorAlert) -> bool:
    """What is said of an alert by somebody for whom the device alone decides."""
    return next(line.weight for line in alert.evidence if line.signal == "device") > MIDDLE


async def kept(office: Office, alerts: Iterable[MirrorAlert], *, sampled: float | None = None) -> None:
    """Alerts that arrived, with nothing that waits for anybody."""
    several = list(alerts)
    rows = [asdict(facts_of(alert, now=office.clock(), sampled=sampled)) for alert in several]
    payloads = [{"alert_id": one.alert_id, "payload": encode(one)} for one in several]
    async with office.database.begin() as connection:
        await connection.execute(insert(schema.alerts), rows)
        await connection.execute(insert(schema.evidence), payloads)


async def judged(office: Office, alerts: Iterable[MirrorAlert], **given: Any) -> None:
    """Blind verdicts on alerts, a second ago."""
    rows = [
        {
            "verdict_id": f"verdict-{one.alert_id}",
            "alert_id": one.alert_id,
            "revision": one.revision,
            "verdict": "mirror" if is_mirror(one) else "not_mirror",
            "reason_code": "several-traits",
            "reviewer": "somebody",
            "decided_at": office.clock() - 1.0,
            "blind": True,
            "kind": "first",
            **given,
        }
        for one in alerts
    ]
    async with office.database.begin() as connection:
        await connection.execute(insert(schema.verdicts), rows)


async def judged_alerts(office: Office, count: int, *, first: int = 0, **given: Any) -> list[MirrorAlert]:
    """So many alerts that arrived and were judged blind."""
    alerts = [an_alert_of(number, **given) for number in range(first, first + count)]
    await kept(office, alerts)
    await judged(office, alerts)
    return alerts


def learned(version: str = "learned-1", base: Weights = SHIPPED, **multipliers: float) -> Weights:
    """A table in which some signals weigh so many times what they did."""
    rows = {
        row: multiplier * multipliers.get(row.partition(".")[0], 1.0)
        for row, multiplier in base.multipliers.items()
    }
    return replace(base, version=version, signals=base.multiplied(rows))


def decided(decision: DecisionRow | None) -> DecisionRow:
    """A decision that there is."""
    assert decision is not None
    return decision


async def holding(office: Office) -> WeightsStatus:
    """What holds now."""
    async with office.database.read() as connection:
        return await WeightsStatus.read(connection)


async def published(office: Office) -> None:
    """What was decided, as the topic says it once the desk has read it there."""
    held = await holding(office)
    async with office.database.begin() as connection:
        for decision in (held.live, held.shadow):
            if decision is not None:
                said = weights.version_on_topic(decision)
                await rows.see(connection, decision.stage, decision.number, said, now=office.clock())


async def tried(office: Office, lead: Reader, table: Weights) -> None:
    """A table that is in shadow now, and on the topic."""
    knowing = (await holding(office)).newest
    async with office.desk.deciding(lead, knowing=knowing) as review:
        await review.try_in_shadow(
            table, reason="it tells more", figures={"labels": 40, "as_of": office.clock()}
        )
    await published(office)


async def adopted(office: Office, lead: Reader, table: Weights) -> None:
    """A table that was in shadow and is in force now."""
    await tried(office, lead, table)
    await put_in_force(office, lead)


async def put_in_force(office: Office, lead: Reader, *, shadow_hours: float = 0.0) -> None:
    """What is in shadow is in force now."""
    knowing = (await holding(office)).newest
    async with office.desk.deciding(lead, knowing=knowing) as review:
        await review.put_in_force(reason="it held", figures={}, shadow_hours=shadow_hours)


async def rolled_back(office: Office, lead: Reader) -> None:
    """What was in force before is so again."""
    knowing = (await holding(office)).newest
    async with office.desk.deciding(lead, knowing=knowing) as review:
        await review.roll_back()
