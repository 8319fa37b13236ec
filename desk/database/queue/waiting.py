"""What waits for whom: the queue in its order, what of it belongs together, and what one key may decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.alerts import QuotedAlertRow
from desk.database.filters import Filters, Place
from desk.database.reach import reads_policy
from desk.database.reads import RANKS, free_for
from desk.database.rows import one_of, parts_of
from desk.database.schema import AlertRow, ReadRow
from desk.database.seals import hides_twins_words

_reads, _alerts, _verdicts, _skips = schema.reads, schema.alerts, schema.verdicts, schema.skips
_evidence = schema.evidence
# Made once, since it copies its table's columns.
_contested = _reads.alias()


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A read that waits for somebody, and its alert; `quoted` with its evidence, None where nobody asked."""

    read: ReadRow
    alert: AlertRow
    quoted: QuotedAlertRow | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """One row of the queue: what of a sign-up and a family waits for somebody.

    head       what comes first of it, with its evidence
    others     the next ones, with their evidence, as many as are shown
    read_ids   of all, the head's first, as many as one key decides; empty of a single reading
    count      of all
    """

    head: WaitingRow
    others: tuple[WaitingRow, ...] = ()
    read_ids: tuple[int, ...] = ()
    count: int = 1


def _open_to(user_id: str, *, leads: bool) -> list[ColumnElement[bool]]:
    """What a person may take of readings that are joined to their alerts."""
    read_before = (
        select(_verdicts.c.verdict_id)
        .where(
            _verdicts.c.alert_id == _reads.c.alert_id,
            _verdicts.c.reviewer == user_id,
            _verdicts.c.undone_at.is_(None),
        )
        .exists()
    )
    # Correlated with nothing: the few there are are looked up once, not with every row.
    hidden = select(_contested.c.read_id).where(
        _contested.c.kind == literal_column("'appeal'"),  # not bound: the index of appeals says so too
        _contested.c.state == "open",
        hides_twins_words(user_id, _contested.c.alert_id),
    )
    conditions: list[ColumnElement[bool]] = [
        _reads.c.state == "open",
        reads_policy(user_id, _alerts.c.policy),
        # Nobody reads for the second time what they decided: not on appeal, not as the second reader.
        or_(_reads.c.kind == "first", ~read_before),
        # That an alert is contested reveals its verdict, and that of every alert decided by the same key.
        or_(_reads.c.kind != "appeal", _reads.c.read_id.not_in(hidden)),
    ]
    if not leads:
        conditions.append(_reads.c.kind != "dispute")
    return conditions


def _not_skipped(user_id: str, now: float) -> ColumnElement[bool]:
    return ~(
        select(_skips.c.until)
        .where(_skips.c.read_id == _reads.c.read_id, _skips.c.user_id == user_id, _skips.c.until > now)
        .exists()
    )


def _passing(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.band is not None:
        conditions += [_alerts.c.band == filters.band, _reads.c.blind.is_(False)]
        # What is seen with its score ranks by its band: the queue's index leads there at once.
        if filters.band in RANKS:
            conditions.append(_reads.c.rank == RANKS[filters.band])
    for name in ("policy", "platform", "direction", "basis", "language"):
        wanted = getattr(filters, name)
        if wanted is not None:
            conditions.append(_alerts.c[name] == wanted)
    if filters.kind is not None:
        conditions.append(_reads.c.kind == filters.kind)
    return conditions


async def arrived(
    connection: AsyncConnection,
    user_id: str,
    filters: Filters,
    *,
    since: int,
    now: float,
    leads: bool = False,
) -> int:
    """Returns how many reads after number `since` wait for a person."""
    conditions = [
        *_open_to(user_id, leads=leads),
        _not_skipped(user_id, now),
        *_passing(filters),
        _reads.c.read_id > since,
    ]
    result = await connection.execute(
        select(func.count())
        .select_from(_reads)
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(and_(*conditions))
    )
    return int(result.scalar_one())


async def newest(connection: AsyncConnection, user_id: str, *, leads: bool = False) -> int:
    """Returns the number of the newest read that waits for a person; 0 where there is none.

    The newest of all reads would reveal what was opened for others, such as a dispute by their own verdict.
    """
    result = await connection.execute(
        select(_reads.c.read_id)
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(*_open_to(user_id, leads=leads))
        .order_by(_reads.c.read_id.desc())
        .limit(1)
    )
    return result.scalar_one_or_none() or 0


async def appeals(connection: AsyncConnection, user_id: str, *, leads: bool) -> int:
    """Returns how many appeals wait for a person, counted up to 100."""
    return int((await connection.execute(_appeals(user_id, leads))).scalar_one())


# Every request asks, and to build it takes milliseconds. A desk has fewer readers.
@lru_cache(maxsize=1_000)
def _appeals(user_id: str, leads: bool) -> Select[Any]:
    joined = select(_reads.c.read_id).join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
    of_kind = joined.where(_reads.c.kind == literal_column("'appeal'"), *_open_to(user_id, leads=leads))
    return select(func.count()).select_from(of_kind.limit(100).subquery())


async def known_values(
    connection: AsyncConnection, names: Sequence[str], limit: int, *, user_id: str | None = None
) -> dict[str, list[str]]:
    """Returns the values of some columns of alerts, sorted, to narrow the queue by; those of alerts that a
    person reads. `limit`: of each column."""
    result = await connection.execute(union_all(*(_values_of(name, user_id) for name in names)))
    values: dict[str, list[tuple[int, str]]] = {name: [] for name in names}
    for row in result:
        values[row.name].append((row.number, row.value))
    return {name: [value for _, value in sorted(several)[:limit]] for name, several in values.items()}


_VALUES_MAX: Final = 1_000
"""Values of a column that are looked at, each for some microseconds: a person may read those of few alone."""


def _values_of(name: str, user_id: str | None) -> Select[Any]:
    column = _alerts.c[name]
    # From one value to the next by the column's index: DISTINCT reads every alert there is.
    known = select(func.min(column).label("value"), literal(1).label("number")).cte(
        f"known_{name}", recursive=True
    )
    following = select(func.min(column)).where(column > known.c.value).scalar_subquery()
    known = known.union_all(
        select(following, known.c.number + 1).where(known.c.value.is_not(None), known.c.number < _VALUES_MAX)
    )
    values = select(literal(name).label("name"), known.c.value, known.c.number).where(
        known.c.value.is_not(None)
    )
    if user_id is None:
        return values
    if name == "policy":
        return values.where(reads_policy(user_id, known.c.value))
    alert = _alerts.alias()
    there = exists().where(alert.c[name] == known.c.value, reads_policy(user_id, alert.c.policy))
    return values.where(there)


async def queue(
    connection: AsyncConnection,
    user_id: str,
    filters: Filters,
    *,
    now: float,
    limit: int,
    leads: bool = False,
    free: bool = False,
    after: Place | None = None,
) -> list[WaitingRow]:
    """Returns reads that wait for somebody, with what their alerts quote, in the order that the filters name.

    ``free``: only what nobody else has in hand; ``leads``: disputes between readers, too.
    """
    conditions = [*_open_to(user_id, leads=leads), _not_skipped(user_id, now), *_passing(filters)]
    if free:
        conditions.append(free_for(user_id, now))
    if after is not None:
        conditions.append(_after(after, filters))
    return await _waiting(connection, conditions, _order_of(filters), limit, quoted=True)


async def folds(
    connection: AsyncConnection,
    user_id: str,
    filters: Filters,
    *,
    now: float,
    limit: int,
    members_max: int,
    shown_max: int,
    leads: bool = False,
    after: Place | None = None,
) -> list[Fold]:
    """Returns rows of the queue as :func:`queue` orders them, each once, wherever its readings stand.

    Only first readings that show their score are folded: of others it would tell that they belong together.
    """
    conditions = [*_open_to(user_id, leads=leads), _not_skipped(user_id, now), *_passing(filters)]
    heads: dict[int, Sequence[Row[Any]]] = {}  # each with what belongs to it; nothing of a single reading
    met = set[tuple[str, str]]()
    place, size, ended = after, 2 * limit, False
    while len(heads) < limit and not ended:
        rows = await _walk(connection, conditions, filters, place, size)
        firsts = []
        for row in rows:
            place = Place(row.rank, row.waits_since, row.read_id)
            fold = row.account, row.root
            if row.folded and fold in met:
                continue
            if row.folded:
                met.add(fold)
            firsts.append(row)
            if after is None and len(heads) + len(firsts) == limit:
                break
        else:
            ended = len(rows) < size
        members = await _members(
            connection, conditions, filters, [row for row in firsts if row.folded], members_max
        )
        for row in firsts:
            belong = members.get((row.account, row.root), ()) if row.folded else ()
            # What begins before the place stands on a page before.
            if after is None or not belong or belong[0].read_id == row.read_id:
                heads[row.read_id] = belong
        size = min(4 * size, WALKED)
    shown = list(heads.items())[:limit]
    wanted = [
        read_id
        for head, belong in shown
        for read_id in (head, *(row.read_id for row in belong[: shown_max + 1]))
    ]
    waiting = await _waiting(
        connection, [_reads.c.read_id.in_(wanted)], (_reads.c.read_id,), len(wanted), quoted=True
    )
    quoted = {row.read.read_id: row for row in waiting}
    return [_fold(quoted[head], belong, quoted, shown_max) for head, belong in shown]


WALKED: Final = 2_000
"""Readings walked at once, at most: after a burst of one sign-up, or what former pages show, a page may still
have room."""


async def _walk(
    connection: AsyncConnection,
    conditions: Sequence[ColumnElement[bool]],
    filters: Filters,
    after: Place | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Returns where readings stand in the queue, after a place in it, and what they are folded by."""
    place = [] if after is None else [_after(after, filters)]
    columns = _reads.c.read_id, _reads.c.rank, _reads.c.waits_since, _folded().label("folded")
    result = await connection.execute(
        select(*columns, _alerts.c.account, _alerts.c.root)
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(*conditions, *place)
        .order_by(*_order_of(filters))
        .limit(limit)
    )
    return result.all()


async def _members(
    connection: AsyncConnection,
    conditions: Sequence[ColumnElement[bool]],
    filters: Filters,
    of: Sequence[Row[Any]],
    limit: int,
) -> dict[tuple[str, str], list[Row[Any]]]:
    """Returns the first readings of each fold of several, in the order of the queue."""
    if not of:
        return {}
    by = (_alerts.c.account, _alerts.c.root)
    counted = (
        select(
            _reads.c.read_id,
            *by,
            func.row_number().over(partition_by=by, order_by=_order_of(filters)).label("number"),
            func.count().over(partition_by=by).label("together"),
        )
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(
            _alerts.c.account.in_({row.account for row in of}),
            _alerts.c.root.in_({row.root for row in of}),
            _folded(),
            *conditions,
        )
        .subquery()
    )
    columns = counted.c
    result = await connection.execute(
        select(counted)
        .where(columns.together > 1, columns.number <= limit)
        .order_by(columns.account, columns.root, columns.number)
    )
    readings = defaultdict[tuple[str, str], list[Row[Any]]](list)
    for row in result:
        readings[row.account, row.root].append(row)
    return readings


def _fold(
    head: WaitingRow, rows: Sequence[Row[Any]], quoted: Mapping[int, WaitingRow], shown_max: int
) -> Fold:
    """Returns a row of the queue. On PostgreSQL a reading may have left it since the head was read."""
    if not rows:
        return Fold(head)
    others = [row.read_id for row in rows if row.read_id != head.read.read_id]
    shown = tuple(quoted[read_id] for read_id in others[:shown_max] if read_id in quoted)
    return Fold(head, shown, (head.read.read_id, *others), int(rows[0].together))


def _folded() -> ColumnElement[bool]:
    return and_(_reads.c.kind == "first", _reads.c.blind.is_(False))


def _after(place: Place, filters: Filters) -> ColumnElement[bool]:
    columns = _ordered_by(filters)
    here, there = tuple_(*columns), tuple_(*(literal(getattr(place, column.name)) for column in columns))
    return here < there if filters.order == "newest" else here > there


def _ordered_by(filters: Filters) -> list[ColumnElement[Any]]:
    by_age: list[ColumnElement[Any]] = [_reads.c.waits_since, _reads.c.read_id]
    return by_age if filters.order in ("oldest", "newest") else [_reads.c.rank, *by_age]


def _order_of(filters: Filters) -> list[ColumnElement[Any]]:
    newest = filters.order == "newest"
    return [column.desc() if newest else column.asc() for column in _ordered_by(filters)]


async def _waiting(
    connection: AsyncConnection,
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    limit: int,
    *,
    quoted: bool = False,
    lock: bool = False,
) -> list[WaitingRow]:
    query = (
        select(_reads, *[column for column in _alerts.c if column.name != "alert_id"])
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    if quoted:
        query = query.add_columns(_evidence.c.payload, _evidence.c.erased_at, _evidence.c.erased_reason).join(
            _evidence, _evidence.c.alert_id == _reads.c.alert_id
        )
    if lock:
        query = query.with_for_update(of=_reads, skip_locked=True)  # nothing on SQLite, with its one writer
    rows = (await connection.execute(query)).all()
    parts = zip(
        parts_of(ReadRow, rows),
        parts_of(AlertRow, rows),
        parts_of(QuotedAlertRow, rows) if quoted else [None] * len(rows),
        strict=True,
    )
    return [WaitingRow(*several) for several in parts]


async def next_of(connection: AsyncConnection, alert_id: str, user_id: str, *, leads: bool) -> ReadRow | None:
    """The read of an alert that waits for somebody, skipped or not, or None."""
    return await one_of(
        connection,
        ReadRow,
        select(_reads)
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(_reads.c.alert_id == alert_id, *_open_to(user_id, leads=leads))
        .order_by(_reads.c.read_id)
        .limit(1),
    )


async def decidable_together(
    connection: AsyncConnection,
    user_id: str,
    filters: Filters,
    *,
    now: float,
    limit: int,
    root: str | None = None,
    read_ids: Collection[int] | None = None,
    quoted: bool = False,
    lock: bool = False,
) -> list[WaitingRow]:
    """Returns first readings that one key may decide: seen with their score, and claimed by nobody else.

    `root`: of one family; `read_ids`: of these; `lock`: holds them until the transaction ends. What another
    transaction holds is left out, so that two that take several each never wait for one another.
    """
    conditions = [
        _reads.c.kind == "first",
        _reads.c.blind.is_(False),
        *_open_to(user_id, leads=False),
        _not_skipped(user_id, now),
        free_for(user_id, now),
        *_passing(filters),
    ]
    if root is not None:
        conditions.append(_alerts.c.root == root)
    if read_ids is not None:
        conditions.append(_reads.c.read_id.in_(read_ids))
    return await _waiting(connection, conditions, _order_of(filters), limit, quoted=quoted, lock=lock)


async def first_readings(
    connection: AsyncConnection, user_id: str, read_ids: Collection[int]
) -> list[WaitingRow]:
    """Returns those of some readings that are first ones and of a policy that a person reads, whatever became
    of them, with what is quoted."""
    conditions = [
        _reads.c.kind == "first",
        _reads.c.read_id.in_(read_ids),
        reads_policy(user_id, _alerts.c.policy),
    ]
    return await _waiting(connection, conditions, (_reads.c.read_id,), len(read_ids), quoted=True)
