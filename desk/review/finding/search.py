"""Searches accounts and alerts by how an id, a handle or a name begins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from desk.database import alerts
from desk.database.finding import findable
from desk.review.deciding.review import Review
from desk.review.evidence import pair_of, shown_evidence
from desk.review.people import Person, person_called
from desk.review.views import RelatedAlert, related

FOUND_MAX: Final = 50
"""Accounts, and alerts, that a search shows; who sees so many types another letter."""

_ROWS_MAX: Final = 4 * FOUND_MAX
"""Rows for each kind and reading: several words of one account may match."""


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account, the number of its alerts, and when the latest was detected (Unix seconds)."""

    person: Person
    alerts: int
    latest: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What matched. `more`: some matches are not shown.

    `alert_id`, `account`: the alert, or the only account's key, whose id was given in full.
    """

    accounts: tuple[FoundAccount, ...] = ()
    alerts: tuple[RelatedAlert, ...] = ()
    more: bool = False
    alert_id: str | None = None
    account: str | None = None


async def search(review: Review, query: str) -> SearchResult:
    """Returns the accounts and alerts of which an id, a handle or a name begins with a query."""
    connection = review.connection
    rows = await findable.find(connection, query, review.reader.user_id, limit=_ROWS_MAX)
    if not rows:
        return SearchResult()
    by_account = {row.account: row.alert_id for row in reversed(rows) if row.kind != "alert"}
    keys = list(dict.fromkeys(row.account for row in rows if row.kind != "alert"))
    alert_ids = [row.alert_id for row in rows if row.kind == "alert"]
    shown_keys, shown_alerts = keys[:FOUND_MAX], alert_ids[:FOUND_MAX]
    quoted = await alerts.with_payloads(connection, {*(by_account[key] for key in shown_keys), *shown_alerts})
    shown = await shown_evidence(connection, quoted.values())
    counted = {key: [0, 0.0] for key in shown_keys}
    for count in await findable.counts(connection, shown_keys, review.reader.user_id):
        total = counted[count.account]
        total[0], total[1] = total[0] + count.alerts, max(total[1], count.latest)
    ids = [key for key in keys if query in (key, key.partition(":")[2])]
    parts = Counter(row.part for row in rows)
    return SearchResult(
        accounts=tuple(
            FoundAccount(
                person_called(key, [pair_of(quoted[by_account[key]], shown)]),
                int(counted[key][0]),
                float(counted[key][1]),
            )
            for key in shown_keys
        ),
        alerts=tuple(await related(review, [quoted[alert_id] for alert_id in shown_alerts])),
        more=len(keys) > FOUND_MAX or len(alert_ids) > FOUND_MAX or max(parts.values()) >= _ROWS_MAX,
        alert_id=query if query in alert_ids else None,
        account=ids[0] if len(ids) == 1 else None,
    )
