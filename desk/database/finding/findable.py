"""Search terms: the ids, names and handles by which alerts and accounts are found.

Names and handles are deleted when the alert's quotes are erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.finding.folding import QUOTED_KINDS, Term, folded_id, folded_readings
from desk.database.reach import reads_alert, reads_policy
from desk.database.rows import all_of, upsert

_findable, _alerts = schema.findable, schema.alerts

_FOLDED_BY: Final = "terms-fold-version"
"""A row of `secrets`, the table of named values; it is none."""

_LAST: Final = "\U0010ffff"
"""The highest code point: a range from a prefix to the prefix with it holds everything that begins so."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A term that matched: its account, and one alert that has it; of kind `alert` that alert itself.

    `part`: position of the subquery that matched; lower is more specific.
    """

    part: int
    kind: str
    folded: str
    account: str
    alert_id: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """For one account and side: the number of alerts, and when the latest was detected (Unix seconds)."""

    account: str
    alerts: int
    latest: float


async def put(connection: AsyncConnection, alert_id: str, terms: Iterable[Term]) -> None:
    """Replaces the search terms of an alert."""
    await connection.execute(delete(_findable).where(_findable.c.alert_id == alert_id))
    await connection.execute(insert(_findable), [{"alert_id": alert_id, **term._asdict()} for term in terms])


async def erase(connection: AsyncConnection, alert_id: str) -> None:
    """Erases names and handles; ids stay, as they do in the alert."""
    mark(connection)
    await connection.execute(
        delete(_findable).where(_findable.c.alert_id == alert_id, _findable.c.kind.in_(QUOTED_KINDS))
    )


async def fold_version(connection: AsyncConnection) -> int | None:
    """Returns the version of the folding rules that made every term, None where that is unknown."""
    query = select(schema.secrets.c.value).where(schema.secrets.c.name == _FOLDED_BY)
    version = (await connection.execute(query)).scalar_one_or_none()
    return None if version is None else int(bytes(version))


async def note_fold_version(connection: AsyncConnection, version: int) -> None:
    """Notes that rules of this version made every term."""
    await upsert(connection, schema.secrets, {"name": _FOLDED_BY, "value": str(version).encode()})


async def find(connection: AsyncConnection, query: str, user_id: str, *, limit: int) -> list[FoundRow]:
    """Returns terms that begin with `query`, of alerts that a person may read: ids before names and handles,
    at most `limit` rows for each kind and reading; an exact id is the first of its kind.
    """
    may = reads_alert(user_id, _findable.c.alert_id)
    parts = [
        _beginning("alert", folded_id(query), limit, may),
        _beginning("id", folded_id(query), limit, may),
    ]
    platform, colon, account_id = query.partition(":")
    if colon and account_id:
        of_platform = _from(_findable.c.account, f"{platform.lower()}:")
        parts.append(_beginning("id", folded_id(account_id), limit, may, *of_platform))
    readings = folded_readings(query)
    parts += [_beginning(kind, folded, limit, may) for kind in QUOTED_KINDS for folded in readings]
    # SQLite takes a limit of a part only where the part is a query of its own.
    numbered = (select(literal(number).label("part"), part.subquery()) for number, part in enumerate(parts))
    rows = await all_of(connection, FoundRow, union_all(*numbered))
    return sorted(rows, key=lambda row: (row.part, row.folded, row.account, row.alert_id))


async def counts(connection: AsyncConnection, keys: Iterable[str], user_id: str) -> list[CountRow]:
    """Counts alerts per account that a person may read. An account that was both new and banned has two
    rows."""
    wanted = list(keys)
    return await all_of(
        connection,
        CountRow,
        union_all(
            *(
                select(
                    side.label("account"),
                    func.count().label("alerts"),
                    func.max(_alerts.c.detected_at).label("latest"),
                )
                .where(side.in_(wanted), reads_policy(user_id, _alerts.c.policy))
                .group_by(side)
                for side in (_alerts.c.account, _alerts.c.banned)
            )
        ),
    )


def _beginning(kind: str, prefix: str, limit: int, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = _findable.c
    # Grouped in the order of the index: what comes after the limit is not read.
    grouped = [columns.folded, columns.account]
    if kind == "alert":
        grouped.append(columns.alert_id)  # alerts of one account whose ids begin alike are several
    return (
        select(
            columns.kind,
            columns.folded,
            columns.account,
            columns.alert_id if kind == "alert" else func.max(columns.alert_id).label("alert_id"),
        )
        .where(columns.kind == kind, *_from(columns.folded, prefix), *conditions)
        .group_by(columns.kind, *grouped)
        .order_by(columns.kind, *grouped)
        .limit(limit)
    )


def _from(column: ColumnElement[str], prefix: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """All that begins with a prefix, as a range: an index leads there, and no character is a wildcard."""
    return column >= prefix, column < prefix + _LAST
