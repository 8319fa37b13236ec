"""Erases an account by the records that workers know, and draws up a receipt.

1. `accounts.deleted` gets a deletion: workers forget the remembered account and withdraw its alerts. With
   `ban`, `accounts.banned` gets the tombstone, which ends the ban.
2. At the desk every alert that names the account loses its quotes, also those that were withdrawn before, of
   which workers publish nothing more (docs/adr/0029-withdrawals.md).
3. Redis is asked until what these records end is gone, or the time is up.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agents.common.tombstones import tombstone
from cli import output
from cli.exit_codes import NotDone
from cli.maintain.account.holdings import Ended, Gatherer, Holding, Holdings
from cli.opening import desk_database
from desk.places import places
from desk.settings import DeskSettings
from schemas.accounts import AccountDeleted
from schemas.decoding.dates import from_seconds
from schemas.keys import AccountRef
from schemas.wire import encode
from store.errors import StoreError
from streams.kafka.client import ANSWER_MS, writer
from streams.kafka.topics import names
from streams.outcomes import Emit, batches

POLL_SECONDS: Final = 0.5

_IN_STORE: Final = frozenset({"ban", "remembered-account", "alerts-in-store", "waves-in-store", "family"})


@dataclass(slots=True)
class Receipt:
    """What an erasure did. `asked`: what the published records end, and was not seen to be gone."""

    account: str
    at: float
    dry_run: bool
    published: dict[str, str] = field(default_factory=dict)
    erased: list[Holding] = field(default_factory=list)
    asked: list[Holding] = field(default_factory=list)
    remains: list[Holding] = field(default_factory=list)
    not_read: dict[str, str] = field(default_factory=dict)

    def move(self, kinds: Set[str]) -> None:
        """Moves rows from `asked` to `erased`."""
        self.erased += [row for row in self.asked if row.kind in kinds]
        self.asked = [row for row in self.asked if row.kind not in kinds]

    @property
    def pending(self) -> bool:
        """True if something that was there is not gone yet."""
        return not self.dry_run and any(row.records is not None for row in self.asked)

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "at": from_seconds(self.at).isoformat(timespec="seconds"),
            "dry_run": self.dry_run,
            "published": self.published,
            "erased": [row.figures for row in self.erased],
            "asked": [row.figures for row in self.asked],
            "remains": [row.figures for row in self.remains],
            "not_read": self.not_read,
        }


def foreseen(
    settings: DeskSettings, account: AccountRef, holdings: Holdings, *, ban: bool, now: float
) -> Receipt:
    """The receipt of a dry run: what would be asked for, and what would remain."""
    ending, where = _ending(ban=ban), places(settings)
    asked = [row for row in holdings.rows if row.ended_by in ending]
    if "Redis" in holdings.not_read:  # workers do their part whether or not this command sees it
        kinds = ("remembered-account", "alerts-in-store", *(("ban",) if ban else ()))
        asked += [Holding(kind=kind, place=where[kind], records=None, until=None) for kind in kinds]
    return Receipt(
        account.key,
        now,
        dry_run=True,
        asked=asked,
        remains=list(_remaining(settings, holdings, ending)),
        not_read=dict(holdings.not_read),
    )


async def erase(
    settings: DeskSettings,
    account: AccountRef,
    holdings: Holdings,
    receipt: Receipt,
    *,
    ban: bool,
    wait_seconds: float,
) -> None:
    """Publishes, erases at the desk, waits for workers, and notes each in the receipt, as `foreseen` drew it.

    Raises `BrokerUnavailable` and `BrokerRefused`. Once the records are published nothing raises: the receipt
    says what was not reached.
    """
    now = receipt.at
    receipt.dry_run = False
    # Never before what it ends: this machine's clock may be slower than the workers'.
    seen_at = holdings.remembered.seen_at if holdings.remembered else now
    banned_at = holdings.ban.facts.occurred_at if holdings.ban else now
    for word, address in _publish(settings, account, ban=ban, at=max(now, seen_at, banned_at)):
        receipt.published[word] = address
    output.note(f"published; waiting for workers, {wait_seconds:g} seconds at most")
    try:
        await _erase_at_desk(settings, account, holdings, now=now)
    except NotDone as fault:
        receipt.not_read["desk"] = fault.message
    else:
        receipt.move({"quotes", "actions", "waves-at-desk"})
    if settings.pepper_file is not None:
        await _await_workers(settings, account, receipt, _ending(ban=ban), wait_seconds)


def require_topics(settings: DeskSettings, holdings: Holdings, *, ban: bool) -> None:
    """Raises `NotDone` unless the topics of an erasure exist: some brokers would create them."""
    for attribute in ("deleted", "banned") if ban else ("deleted",):
        if attribute not in holdings.topics:
            raise NotDone(
                f"nothing was published: topic {getattr(names(settings), attribute)} does not exist, or we "
                "may not see it; is SAMEHAND_TOPIC_PREFIX the one of the workers?"
            )


def _ending(*, ban: bool) -> frozenset[Ended | None]:
    return frozenset({"deletion", "tombstone"} if ban else {"deletion"})


def _publish(
    settings: DeskSettings, account: AccountRef, *, ban: bool, at: float
) -> Iterator[tuple[str, str]]:
    """Yields what each record says that was published, and its address."""
    called = names(settings)
    deletion = AccountDeleted(
        event_id=f"erasure-{secrets.token_hex(8)}",
        version=1,
        occurred_at=from_seconds(at),
        platform=account.platform,
        account_id=account.account_id,
    )
    records = {"deletion": Emit(called.deleted, account.key.encode(), encode(deletion))}
    if ban:
        records["tombstone"] = tombstone(account.key, at, called.banned)
    with writer(settings) as out:
        for word, emit in records.items():
            sent = out.send(emit.topic, key=emit.key, value=emit.value, headers=list(emit.headers))
            there = sent.get(timeout=2 * ANSWER_MS / 1000)
            yield word, f"{emit.topic}:{there.partition}:{there.offset}"


async def _erase_at_desk(
    settings: DeskSettings, account: AccountRef, holdings: Holdings, *, now: float
) -> None:
    alert_ids = [alert.row.alert_id for alert in holdings.desk if alert.quoting]
    if not (alert_ids or holdings.actions or any(row.kind == "waves-at-desk" for row in holdings.rows)):
        return
    from desk.review.actions import forget_account
    from desk.review.holdings import BATCH, REASON, erase_alerts, leave_waves

    async with desk_database(settings) as connection:
        await forget_account(connection, account.key, now=now, reason=REASON)
        await leave_waves(connection, account.key)
    for some in batches(alert_ids, BATCH):
        async with desk_database(settings) as connection:
            await erase_alerts(connection, account.key, some, actor="command-line", now=now)


async def _await_workers(
    settings: DeskSettings,
    account: AccountRef,
    receipt: Receipt,
    ending: frozenset[Ended | None],
    wait_seconds: float,
) -> None:
    """Moves to `erased` what is gone from Redis, at the latest when the time is up."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            holdings = await Gatherer(settings, account, time.time()).store()
        except StoreError as fault:
            receipt.not_read["Redis"] = str(fault)
            return
        still = {row.kind for row in holdings.rows if row.ended_by in ending}
        if not still or time.monotonic() >= deadline:
            break
        await asyncio.sleep(POLL_SECONDS)
    receipt.move(_IN_STORE - still)


def _remaining(
    settings: DeskSettings, holdings: Holdings, ending: frozenset[Ended | None]
) -> Iterator[Holding]:
    for row in holdings.rows:
        if row.kind == "deleted":  # which has just been written
            yield replace(row, reason="retention")
        elif row.ended_by not in ending and row.kind != "copies":
            yield row
    where = places(settings)
    yield Holding(kind="markers", place=where["markers"], records=None, until=None, reason="marker")
    yield Holding(kind="copies", place=where["copies"], records=None, until=None, reason="copy")
