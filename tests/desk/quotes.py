"""An alert that quotes two accounts, and what of its quotes a desk still keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from desk.database import schema
from desk.database.filters import Filters
from desk.feed.upkeep import erase_old
from desk.readers import Reader
from desk.review.deciding.decide import DecisionMade, ReadDecision
from schemas.alerts import EvidenceLine, without_quotes
from tests.desk.makers import a_reason
from tests.desk.people import Office
from tests.makers import NOON

DAY: Final = 86_400.0
KEEP_DAYS: Final = 240
MIRROR: Final = ReadDecision("mirror", "several-traits")
NOT_MIRROR: Final = ReadDecision("not_mirror", "common-name")
QUOTING: Final = ("verdict", "no-longer-resembles")
"""Withdrawals that quote as before; all others quote nothing."""


def a_quote(alert_id: str = "alert-1") -> str:
    return f"quoted-of-{alert_id}."


def reasons(alert_id: str = "alert-1") -> tuple[EvidenceLine, ...]:
    return (
        a_reason("handle", ours=a_quote(alert_id), theirs=f"banned {a_quote(alert_id)}"),
        a_reason("name"),
    )


async def receive(office: Office, revision: int = 1, alert_id: str = "alert-1", **given: Any) -> None:
    await office.receive(alert_id, revision=revision, reasons=reasons(alert_id), **given)


async def withdraw(office: Office, reason: str, revision: int = 2, alert_id: str = "alert-1") -> None:
    """As workers do: of most reasons without a word of either account."""
    lines = reasons(alert_id)
    told: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": reason, "withdrawn_at": NOON}
    await office.receive(
        alert_id,
        revision=revision,
        reasons=lines if reason in QUOTING else tuple(map(without_quotes, lines)),
        **told,
    )


async def decide(
    office: Office, reader: Reader, decision: ReadDecision = MIRROR, alert_id: str = "alert-1"
) -> DecisionMade:
    waiting = await office.desk.queue(reader, Filters(), limit=200)
    read_id = next(one.read_id for one in waiting if one.alert_id == alert_id)
    return await office.desk.decide(reader, read_id, decision)


async def upkeep(office: Office) -> None:
    async with office.database.begin() as connection:
        while await erase_old(connection, keep_seconds=KEEP_DAYS * DAY, now=office.clock()):
            pass


async def kept_payloads(office: Office) -> dict[str, list[str]]:
    """Every payload of both tables by alert."""
    found: dict[str, list[str]] = {}
    async with office.database.read() as connection:
        for table in (schema.evidence, schema.decided_evidence):
            for row in await connection.execute(select(table.c.alert_id, table.c.payload)):
                found.setdefault(row.alert_id, []).append(bytes(row.payload).decode())
    return found


def is_in_files(quote: str, folder: Path) -> bool:
    return any(quote.encode() in path.read_bytes() for path in folder.glob("desk.db*"))


async def decided_revisions(office: Office) -> list[int]:
    async with office.database.read() as connection:
        found = await connection.execute(select(schema.decided_evidence.c.revision))
    return sorted(found.scalars())
