"""The audit is watched while the desk runs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, update

from desk.database import audit as rows
from desk.database import schema
from desk.database.engine import Database
from desk.review.audit.chain import Head, head_of
from desk.review.audit.watch import AuditWatch
from desk.review.finding import decided
from tests.desk.people import Office, an_office, with_shares
from tests.desk.quotes import decide
from tests.desk.web.client import Client, at_the_desk, page_at

# The audit is watched while the desk runs, a bounded piece at a time.


LINES = 7
AT_ONCE = 3
ROUND = LINES // AT_ONCE + 1  # looks


async def write(database: Database, count: int) -> None:
    async with database.begin() as connection:
        for number in range(count):
            await rows.note(connection, actor="u1", action="decided", subject=f"a{number}", now=number + 0.5)


@pytest.fixture
async def watch(database: Database) -> AuditWatch:
    """A watch that has followed a whole chain once."""
    await write(database, LINES)
    made = AuditWatch(database, AT_ONCE)
    await look(made, ROUND)
    assert made.broken is None
    return made


async def look(watch: AuditWatch, times: int) -> None:
    for _ in range(times):
        await watch.look()


async def change(database: Database, number: int) -> None:
    async with database.begin() as connection:
        where = schema.audit.c.number == number
        await connection.execute(update(schema.audit).where(where).values(actor="somebody else"))


async def cut(database: Database, after: int) -> None:
    async with database.begin() as connection:
        await connection.execute(delete(schema.audit).where(schema.audit.c.number > after))


async def test_an_empty_audit_holds_and_so_does_one_that_grows(database: Database) -> None:
    watch = AuditWatch(database, AT_ONCE)
    await look(watch, 2)
    for _ in range(3):
        await write(database, LINES)
        await look(watch, 20)
        assert watch.broken is None


async def test_a_line_that_was_followed_already_is_followed_again(
    database: Database, watch: AuditWatch
) -> None:
    await change(database, 5)
    await look(watch, ROUND)
    assert watch.broken is not None
    assert watch.broken.number == 5


async def test_a_break_is_told_until_a_whole_round_has_held(database: Database, watch: AuditWatch) -> None:
    await change(database, 5)
    while watch.broken is None:
        await watch.look()
    async with database.begin() as connection:
        where = schema.audit.c.number == 5
        await connection.execute(update(schema.audit).where(where).values(actor="u1"))
    told = []
    for _ in range(ROUND):
        told.append(watch.broken is not None)
        await watch.look()
    assert all(told), "half a round is no proof"
    assert watch.broken is None


async def test_an_end_that_is_cut_off_meanwhile_is_noticed(database: Database, watch: AuditWatch) -> None:
    await cut(database, LINES - 1)
    for _ in range(2):
        await look(watch, ROUND)
        assert watch.broken is not None
        assert (watch.broken.number, "cut off" in watch.broken.why) == (LINES, True)


async def test_a_chain_that_is_written_anew_meanwhile_is_noticed(
    database: Database, watch: AuditWatch
) -> None:
    await cut(database, 0)
    await write(database, 2)
    await look(watch, 1)
    assert watch.broken is not None
    await cut(database, 0)
    async with database.begin() as connection:
        for _ in range(LINES + 1):
            await rows.note(connection, actor="u2", action="decided", subject="a", now=1.0)
    await look(watch, ROUND)
    assert watch.broken is not None
    assert "anew" in watch.broken.why


async def test_an_end_that_was_cut_off_before_the_start_is_noticed_by_its_published_head(
    database: Database,
) -> None:
    await write(database, LINES)
    async with database.begin() as connection:
        last = await rows.last(connection)
        assert last is not None
        await rows.note_head(connection, last.number, last.hash)
    await cut(database, 2)
    watch = AuditWatch(database, AT_ONCE)
    await watch.look()
    assert watch.broken is not None
    assert watch.broken.number == LINES


async def test_page_shows_lines_page_by_page_and_no_lead_what_they_must_not_know(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decided, "LINES", 3)
    office = an_office(database, with_shares(second_share=1.0))
    await office.receive()
    amina = await office.hire("amina")
    await decide(office, amina)
    rana = await office.hire("rana", "counsel")
    await office.desk.open(rana, "alert-1")
    async with database.begin() as connection:
        await rows.note(connection, "rana", "request-entered", "request-1", now=1.0)
    watch = AuditWatch(database)
    async with at_the_desk(office, "omar", "auditor") as client:
        assert "yet to be followed" in (await client.get("/audit")).text
        await office.desk.metrics.watch(watch)
        pages = [page async for page in pages_of(client)]
        assert len(pages) > 2
        assert "The chain holds." in pages[0]
        for said in ("request-1", "decided", ">amina<", 'href="/find?q=alert-1"'):
            assert said in "".join(pages), said
        await change(database, 1)
        await office.desk.metrics.watch(watch)
        assert "does not hold.</strong> 1<" in (await client.get("/audit")).text
    async with at_the_desk(office, "chloe", "lead") as client:
        seen = "".join([page async for page in pages_of(client)])
        assert ">amina<" in seen
        for hidden in ("request-1", "alert-1", '"By"><bdi>rana', "decided<"):
            assert hidden not in seen, hidden
    for role in ("moderator", "counsel"):
        async with at_the_desk(office, role, role) as client:
            assert (await client.get("/audit")).status_code == 403


async def pages_of(client: Client) -> AsyncIterator[str]:
    """The audit's page and those after it."""
    where = "/audit"
    while where:
        page = (await client.get(where)).text
        yield page
        where = "".join(re.findall(r'href="(/audit\?before=\d+)"', page))


async def test_menu_has_what_a_role_may_see_and_nothing_that_is_empty(office: Office) -> None:
    whole = ["figures", "readers", "audit"]
    for role, own in {"moderator": [], "lead": whole, "auditor": whole, "counsel": ["requests"]}.items():
        menu = (await page_at(office, "/queue", role, role)).partition("</nav>")[0]
        assert re.findall(r'<a href="/(\w+)"', menu) == ["queue", "find", "decided", *own], role


# A head is named by its number and hash.


def test_what_is_no_head_is_none() -> None:
    digest = "a" * 64
    assert head_of(f"12:{digest}") == Head(12, digest)
    for text in ("", "12", f"0:{digest}", f"12:{digest.upper()}", f"12:{digest}\n", f"{'9' * 19}:{digest}"):
        assert head_of(text) is None
