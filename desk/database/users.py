"""People who may use the desk, their sessions and one-time links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, insert_new, one_of
from desk.database.schema import UserRow


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session, with its person's name, initials, role and `disabled_at`."""

    digest: str
    user_id: str
    csrf: str
    began_at: float
    seen_at: float
    ends_at: float
    name: str
    initials: str
    role: str
    disabled_at: float | None


_users, _sessions, _links = schema.users, schema.sessions, schema.links


async def add(connection: AsyncConnection, user: UserRow) -> bool:
    """Adds a person. Returns False if the name, or the subject, is taken."""
    return await insert_new(connection, _users, asdict(user))


async def find(connection: AsyncConnection, user_id: str) -> UserRow | None:
    return await one_of(connection, UserRow, select(_users).where(_users.c.user_id == user_id))


async def by_name(connection: AsyncConnection, name: str) -> UserRow | None:
    """Returns the person with this sign-in name, or None."""
    return await one_of(connection, UserRow, select(_users).where(_users.c.name == name))


async def by_subject(connection: AsyncConnection, subject: str) -> UserRow | None:
    """Returns the person with this digest of OIDC issuer and subject, or None."""
    return await one_of(connection, UserRow, select(_users).where(_users.c.subject == subject))


async def everybody(connection: AsyncConnection) -> Sequence[UserRow]:
    return await all_of(connection, UserRow, select(_users).order_by(_users.c.name))


async def initials(connection: AsyncConnection, *, in_full: bool = False) -> dict[str, str]:
    """Returns the initials of every person, or the name `in_full`, by id."""
    called = (_users.c.name if in_full else _users.c.initials).label("called")
    result = await connection.execute(select(_users.c.user_id, called))
    return {row.user_id: row.called for row in result}


async def change(connection: AsyncConnection, user_id: str, **values: Any) -> None:
    """Writes some of a person's columns."""
    await connection.execute(update(_users).where(_users.c.user_id == user_id).values(**values))


async def begin_session(
    connection: AsyncConnection, digest: str, user_id: str, *, csrf: str, ends_at: float, now: float
) -> None:
    """Keeps a session, by the digest of its token."""
    await connection.execute(
        insert(_sessions).values(
            digest=digest, user_id=user_id, csrf=csrf, began_at=now, seen_at=now, ends_at=ends_at
        )
    )


async def session(connection: AsyncConnection, digest: str) -> SessionRow | None:
    """Returns a session, or None. The caller checks whether it has ended."""
    return await one_of(
        connection,
        SessionRow,
        select(_sessions, _users.c.name, _users.c.initials, _users.c.role, _users.c.disabled_at)
        .join(_users, _users.c.user_id == _sessions.c.user_id)
        .where(_sessions.c.digest == digest),
    )


async def see_session(connection: AsyncConnection, digest: str, *, now: float) -> None:
    """Notes that a session is in use."""
    await connection.execute(update(_sessions).where(_sessions.c.digest == digest).values(seen_at=now))


async def end_session(connection: AsyncConnection, digest: str) -> None:
    await connection.execute(delete(_sessions).where(_sessions.c.digest == digest))


async def end_sessions(connection: AsyncConnection, user_id: str) -> None:
    """Ends all sessions of a person."""
    await connection.execute(delete(_sessions).where(_sessions.c.user_id == user_id))


async def sweep(connection: AsyncConnection, *, now: float) -> None:
    """Drops sessions and links that have ended."""
    await connection.execute(delete(_sessions).where(_sessions.c.ends_at <= now))
    await connection.execute(delete(_links).where(_links.c.ends_at <= now))


async def bring_back(
    connection: AsyncConnection, *, session_ends_at: float, link_ends_at: float, now: float
) -> None:
    """Repairs timestamps after the clock was set back: caps `ends_at`, and `seen_at` at `now`."""
    for table, name, latest in (
        (_sessions, "ends_at", session_ends_at),
        (_sessions, "seen_at", now),
        (_links, "ends_at", link_ends_at),
    ):
        await connection.execute(update(table).where(table.c[name] > latest).values({name: latest}))


async def add_link(connection: AsyncConnection, digest: str, user_id: str, *, ends_at: float) -> None:
    """Keeps a one-time link, by the digest of its token."""
    await connection.execute(insert(_links).values(digest=digest, user_id=user_id, ends_at=ends_at))


async def use_link(connection: AsyncConnection, digest: str, *, now: float) -> str | None:
    """Uses up a link. Returns its person, or None if it is unknown, used or expired."""
    done = await connection.execute(
        update(_links)
        .where(_links.c.digest == digest, _links.c.used_at.is_(None), _links.c.ends_at > now)
        .values(used_at=now)
        .returning(_links.c.user_id)
    )
    result = done.scalar_one_or_none()
    return None if result is None else str(result)
