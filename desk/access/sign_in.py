"""Signing in with a name and a password, with a one-time link, or by the word of a provider."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import passwords, sessions
from desk.access.oidc import SignedIn
from desk.database import audit, users
from desk.database.engine import Database
from desk.database.schema import UserRow
from desk.errors import Conflict, UnusableInput
from desk.readers import ROLES

_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,128}")
_WORDS: Final = re.compile(r"[^\W_]+")


async def with_password(database: Database, name: str, password: str, *, now: float) -> str | None:
    """Returns the token of a new session; None for a wrong name or a wrong password.

    All of them take as long as a right one, so that names cannot be found out. How often somebody may try is
    :mod:`desk.access.throttle`'s.
    """
    user = await _of_name(database, name)
    kept = None if user is None or user.disabled_at is not None else user.password
    right = await asyncio.to_thread(passwords.matches, kept or passwords.NOBODY, password)
    if user is None or kept is None or not right:
        return None
    async with database.begin() as connection:
        user = await users.find(connection, user.user_id)
        if user is None or user.disabled_at is not None or user.password != kept:  # changed meanwhile
            return None
        return await sessions.begin(connection, user.user_id, now=now, how="password")


async def note_guesses(database: Database, name: str, *, now: float) -> None:
    """Notes in the audit that somebody guesses at a person's password."""
    user = await _of_name(database, name)
    if user is None:
        return
    async with database.begin() as connection:
        await audit.note(connection, audit.SYSTEM, "guessed-at", user.user_id, now=now)


async def _of_name(database: Database, name: str) -> UserRow | None:
    known = name if _NAME.fullmatch(name) else ""  # nobody's: a text with a NUL no database can be asked for
    async with database.read() as connection:
        return await users.by_name(connection, known)


async def with_link(database: Database, token: str, *, now: float) -> str | None:
    """Returns the token of a new session; None for a link that was used, has expired or never existed."""
    async with database.begin() as connection:
        user_id = await users.use_link(connection, sessions.digest_of(token), now=now)
        user = None if user_id is None else await users.find(connection, user_id)
        if user is None or user.disabled_at is not None:
            return None
        return await sessions.begin(connection, user.user_id, now=now, how="link")


async def with_provider(database: Database, person: SignedIn, *, now: float) -> str | None:
    """Returns the token of a new session; None for a person without a role, or who was locked out.

    Roles are the provider's: a person who lost theirs, or got another, is signed out everywhere.
    """
    async with database.begin() as connection:
        user = await users.by_subject(connection, person.user_id)
        if person.role is None:
            if user is not None:
                await users.end_sessions(connection, user.user_id)
            return None
        if user is None:
            await _add_of_provider(connection, person, now=now)
        elif user.disabled_at is not None:
            return None
        elif user.role != person.role:
            await users.change(connection, user.user_id, role=person.role)
            await users.end_sessions(connection, user.user_id)
            await audit.note(
                connection, audit.SYSTEM, "role-changed", user.user_id, now=now, role=person.role
            )
        return await sessions.begin(connection, person.user_id, now=now, how="oidc", ends_at=person.ends_at)


async def _add_of_provider(connection: AsyncConnection, person: SignedIn, *, now: float) -> None:
    """Adds a person of the provider. A name that is taken here gets a suffix, and is never taken over."""
    for name in (person.name, f"{person.name}.{person.user_id[:8]}"):
        try:
            await add_user(
                connection,
                name,
                person.role or "",
                password=None,
                now=now,
                subject=person.user_id,
                user_id=person.user_id,
            )
            return
        except Conflict:
            continue
    raise Conflict("two people of the provider have one name and one digest")


async def add_user(
    connection: AsyncConnection,
    name: str,
    role: str,
    *,
    password: str | None,
    now: float,
    subject: str | None = None,
    user_id: str | None = None,
) -> str:
    """Adds a person; the opaque id, made up where none is given.

    `password` as `passwords.checked` keeps it, None: by link or `subject`.

    Raises `UnusableInput`, and `Conflict` where the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise UnusableInput("name", "a name has 1 to 128 characters and no blanks")
    if role not in ROLES:
        raise UnusableInput("role", f"is one of {', '.join(ROLES)}")
    user_id = user_id or secrets.token_hex(16)
    user = UserRow(user_id, name, initials_of(name), role, password, subject)
    if not await users.add(connection, user):
        raise Conflict(f"there is somebody called {name!r} already")
    await audit.note(connection, audit.SYSTEM, "user-added", user_id, now=now, role=role)
    return user_id


def initials_of(name: str) -> str:
    """What colleagues see of a name: `amina.khan@example.org` is AK."""
    words = _WORDS.findall(name.partition("@")[0])
    return "".join(word[0] for word in words[:2]).upper() or name[:2].upper()
