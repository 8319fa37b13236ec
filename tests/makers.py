"""Makers: records in which a test states only what matters, the rest being plain and unremarkable."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from samehand.names.word import Word
from samehand.normalize.text.fold import fold_handle
from schemas.accounts import (
    Account,
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountEvent,
    AccountReinstated,
    AccountRemembered,
    AccountScanned,
    AccountUpdated,
    Basis,
)
from schemas.record import Record
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode
from streams.outcomes import Arrival

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""The moment at which stories begin, unless they say otherwise."""

_numbers = itertools.count(1)

E = TypeVar("E", bound=AccountEvent)


def a_ban(
    account_id: str | None = None,
    *,
    platform: str = "telegram",
    at: datetime = NOON,
    banned_at: datetime | None = NOON,
    policy: str = "violent-extremism",
    queue: str = "extremism",
    expires_at: datetime | None = None,
    because_of: str | None = None,
    **profile: Any,
) -> AccountBanned:
    """A banned account."""
    number = next(_numbers)
    return AccountBanned(
        event_id=f"ban-{number}",
        version=1,
        occurred_at=at,
        banned_at=banned_at,
        platform=platform,
        policy=policy,
        basis=Basis(authority="platform", reference=f"case-{number}"),
        queue=queue,
        expires_at=expires_at,
        because_of=because_of,
        account=Account(account_id=account_id or f"banned-{number}", **profile),
    )


def _event(of: type[E], name: str, account_id: str, at: datetime, profile: dict[str, Any]) -> E:
    return of(
        event_id=f"{name}-{next(_numbers)}",
        version=1,
        occurred_at=at,
        platform=profile.pop("platform", "telegram"),
        account=Account(account_id=account_id, **profile),
    )


def a_sign_up(
    account_id: str | None = None, *, at: datetime = NOON + timedelta(minutes=10), **profile: Any
) -> AccountCreated:
    """A new account, ten minutes after the ban that most stories begin with."""
    return _event(AccountCreated, "created", account_id or f"new-{next(_numbers)}", at, profile)


def a_change(
    account_id: str, *, at: datetime = NOON + timedelta(minutes=20), **profile: Any
) -> AccountUpdated:
    """The profile of an account after a change."""
    return _event(AccountUpdated, "updated", account_id, at, profile)


def an_old_account(
    account_id: str | None = None, *, at: datetime = NOON - timedelta(days=1), **profile: Any
) -> AccountRemembered:
    """An account that was there long before, as a snapshot tells of it."""
    return _event(AccountRemembered, "remembered", account_id or f"old-{next(_numbers)}", at, profile)


def a_listed_account(
    account_id: str, *, at: datetime = NOON + timedelta(minutes=20), **profile: Any
) -> AccountScanned:
    """An account of a list that is scanned."""
    return _event(AccountScanned, "scanned", account_id, at, profile)


def a_deletion(
    account_id: str, *, platform: str = "telegram", at: datetime = NOON + timedelta(minutes=30)
) -> AccountDeleted:
    """The end of an account by its owner's will."""
    return AccountDeleted(
        event_id=f"deleted-{next(_numbers)}",
        version=1,
        occurred_at=at,
        platform=platform,
        account_id=account_id,
    )


def a_reinstatement(
    account_id: str, *, platform: str = "telegram", at: datetime = NOON + timedelta(hours=1)
) -> AccountReinstated:
    """A ban lifted an hour later."""
    return AccountReinstated(
        platform=platform, account_id=account_id, reinstated_at=at, reason="appeal granted"
    )


def a_verdict(alert_id: str, verdict: Verdict, *, revision: int = 1) -> VerdictGiven:
    """What a moderator says of an alert."""
    return VerdictGiven(
        alert_id=alert_id,
        revision=revision,
        verdict=verdict,
        reason_code="looked-at-both",
        reviewer="reviewer-7",
        decided_at=NOON + timedelta(minutes=40),
    )


def arrival(
    record: Record | bytes | None,
    *,
    topic: str = "topic",
    key: bytes | None = None,
    offset: int | None = None,
    headers: Mapping[str, bytes] | None = None,
) -> Arrival:
    """A record as it comes from a topic; bytes stay what they are, however wrong."""
    value = encode(record) if isinstance(record, Record) else record
    found = getattr(record, "key", None)
    return Arrival(
        topic=topic,
        partition=0,
        offset=next(_numbers) if offset is None else offset,
        key=key if key is not None else found.encode() if isinstance(found, str) else None,
        value=value,
        headers=tuple((headers or {}).items()),
        timestamp=NOON.timestamp(),
    )


def a_word(handle: str) -> Word:
    """A handle as comparisons read it."""
    folded = fold_handle(handle, "telegram")
    assert folded is not None
    return Word(folded.base, folded.tokens, folded.consonants)
