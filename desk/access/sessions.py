"""Sessions: a token in the browser, its digest in the database, and an end."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit, requests, users, waves
from desk.database.queue import waiting
from desk.readers import Reader

SESSION_SECONDS_MAX: Final = 12 * 3600.0
"""A shift: a person who works longer signs in once more."""

SEEN_SECONDS: Final = 30.0
"""How exactly it is known when a session was used last; each note of it is a write."""

LINK_SECONDS: Final = 15 * 60.0
"""A one-time link is opened at once by the person who was given it."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks, and the token that a change must bring (`csrf`). `waves`, `appeals`: how many wait for them,
    None where they read no waves; `requests`: whether they see any, or may enter one."""

    reader: Reader
    digest: str
    csrf: str
    name: str
    ends_at: float
    waves: int | None = None
    appeals: int = 0
    requests: bool = False


def digest_of(token: str) -> str:
    """Returns what is kept of a token: a copy of the database cannot be used to sign in."""
    return sha256(token.encode(errors="surrogatepass")).hexdigest()


async def begin(
    connection: AsyncConnection, user_id: str, *, now: float, how: str, ends_at: float = math.inf
) -> str:
    """Begins a session. Returns its token, which is kept nowhere. `how`: password, link or oidc.

    `ends_at` (Unix seconds): no later than this.
    """
    token = secrets.token_urlsafe(32)
    await users.begin_session(
        connection,
        digest_of(token),
        user_id,
        csrf=secrets.token_urlsafe(24),
        ends_at=min(ends_at, now + SESSION_SECONDS_MAX),
        now=now,
    )
    await audit.note(connection, user_id, "signed-in", user_id, now=now, how=how)
    return token


async def find(
    connection: AsyncConnection, token: str, *, idle_seconds: float, now: float
) -> tuple[Session, bool] | None:
    """The session of a token, and whether its use should be noted; None where it has ended."""
    digest = digest_of(token)
    row = await users.session(connection, digest)
    if row is None or row.disabled_at is not None or row.ends_at <= now or row.seen_at + idle_seconds <= now:
        return None
    reader = Reader(row.user_id, row.initials, row.role)
    ends_at = min(row.ends_at, now + idle_seconds)
    of_waves = await waves.waiting(connection, row.user_id)
    of_appeals = await waiting.appeals(connection, row.user_id, leads=reader.sees_disputes)
    of_requests = reader.may("request") or (reader.sees_requests and await requests.any_known(connection))
    session = Session(reader, digest, row.csrf, row.name, ends_at, of_waves, of_appeals, of_requests)
    return session, now - row.seen_at > SEEN_SECONDS


async def link(connection: AsyncConnection, user_id: str, *, now: float) -> str:
    """A token that signs a person in once, within `LINK_SECONDS`."""
    token = secrets.token_urlsafe(32)
    await users.add_link(connection, digest_of(token), user_id, ends_at=now + LINK_SECONDS)
    return token
