"""Who comes in, and for how long."""

from __future__ import annotations

import pytest

from desk.access import sessions
from desk.access.passwords import fault_of
from desk.access.sessions import LINK_SECONDS, SESSION_SECONDS_MAX
from desk.access.sign_in import (
    add_user,
    initials_of,
    with_link,
    with_password,
)
from desk.database import users
from desk.database.engine import Database
from desk.errors import Conflict, UnusableInput
from tests.desk.people import PASSWORD, Office, an_office
from tests.desk_databases import on_each_database
from tests.tables import for_each

IDLE_SECONDS = 1_800.0


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def is_in(office: Office, token: str) -> bool:
    async with office.database.read() as connection:
        found = await sessions.find(connection, token, idle_seconds=IDLE_SECONDS, now=office.clock())
    return found is not None


async def enter(office: Office, name: str, password: str = PASSWORD) -> str | None:
    return await with_password(office.database, name, password, now=office.clock())


async def test_the_right_password_begins_a_session_and_no_other_does(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    assert await is_in(office, token)
    assert await enter(office, "amina", "correct horse batterz") is None
    assert await enter(office, "nobody") is None
    assert await enter(office, "amina", "x" * 100_000) is None


async def test_a_session_ends_when_it_lies_idle_and_after_a_shift_whatever_is_done(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    office.clock.pass_(IDLE_SECONDS - 1)
    assert await is_in(office, token)
    office.clock.pass_(1)
    assert not await is_in(office, token)
    token = await enter(office, "amina")
    assert token is not None
    office.clock.pass_(SESSION_SECONDS_MAX)
    async with office.database.begin() as connection:
        await users.see_session(connection, sessions.digest_of(token), now=office.clock())
    assert not await is_in(office, token)


async def test_somebody_who_left_is_out_at_once(office: Office) -> None:
    reader = await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    async with office.database.begin() as connection:
        await users.change(connection, reader.user_id, disabled_at=office.clock())
    assert not await is_in(office, token)
    assert await enter(office, "amina") is None


@on_each_database
async def test_a_link_signs_in_once_and_not_for_ever(office: Office) -> None:
    reader = await office.hire("amina")
    async with office.database.begin() as connection:
        first = await sessions.link(connection, reader.user_id, now=office.clock())
        second = await sessions.link(connection, reader.user_id, now=office.clock())
    assert await with_link(office.database, first, now=office.clock()) is not None
    assert await with_link(office.database, first, now=office.clock()) is None
    office.clock.pass_(LINK_SECONDS)
    assert await with_link(office.database, second, now=office.clock()) is None
    assert await with_link(office.database, "no such link", now=office.clock()) is None


async def test_the_database_holds_neither_passwords_nor_tokens(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    async with office.database.read() as connection:
        [user] = await users.everybody(connection)
        session = await users.session(connection, sessions.digest_of(token))
    assert user.password is not None
    assert user.password.startswith("$argon2id$")
    assert session is not None
    assert token not in str(session)


@on_each_database
async def test_a_name_is_one_persons(office: Office) -> None:
    await office.hire("amina")
    with pytest.raises(Conflict, match="amina"):
        await office.hire("amina")


@pytest.mark.parametrize(
    ("name", "role", "field"),
    [
        ("", "lead", "name"),
        ("two words", "lead", "name"),
        ("line\nfeed", "lead", "name"),
        ("amina", "owner", "role"),
    ],
)
async def test_what_cannot_be_used_is_named(office: Office, name: str, role: str, field: str) -> None:
    async with office.database.begin() as connection:
        with pytest.raises(UnusableInput) as fault:
            await add_user(connection, name, role, password=None, now=0.0)
    assert fault.value.field == field


@for_each(
    ("name", "initials"),
    [("amina", "A"), ("amina.khan@example.org", "AK"), ("عمر.خان", "عخ"), ("...", ".."), ("a-b-c", "AB")],
)
def test_initials_are_what_colleagues_see(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_password_is_long_rather_than_strange() -> None:
    assert fault_of("x" * 11)
    assert not fault_of("x" * 12)
    assert fault_of("x" * 257)
