"""``samehand desk audit accept``: a restore is acknowledged, and nothing else is by it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.main import run
from desk.database import schema
from desk.database.engine import opened
from desk.feed.audit_heads import published_heads
from desk.review import set_aside
from desk.review.audit import Head
from streams.errors import BrokerUnavailable
from streams.kafka.client import reader
from tests.cli.books import LINES, Books, books_of
from tests.cli.running import Ran, Samehand
from tests.desk_databases import on_each_database

BACKUP = 2 * LINES + 2
"""The last line of the backup; behind it are as many lines as are written at once."""

PEOPLE = {"nadia": "auditor", "omar": "lead"}  # that somebody was added is a line
table = schema.audit


@pytest.fixture
def books(database_url: str, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Some lines of which a backup is made, and five published lines after it."""
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", broker)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("COLUMNS", "400")  # so that each sentence is a line
    for name, role in PEOPLE.items():
        assert run(["desk", "users", "add", name, "--role", role, "--link"]) == 0
    made = books_of(database_url)
    made.write()
    made.publish()
    return made


def heads_of(books: Books) -> list[Head]:
    with reader(books.settings) as opened_topic:
        return list(published_heads(opened_topic, books.topic))


def rows_of(books: Books) -> list[Any]:
    async def read() -> list[Any]:
        async with opened(books.url) as database, database.read() as connection:
            return list((await connection.execute(select(table).order_by(table.c.number))).all())

    return asyncio.run(read())


def accept(samehand: Samehand, head: object, by: str = "nadia", reason: str = "restore-311") -> Ran:
    return samehand("desk", "audit", "accept", "--head", head, "--by", by, "--reason", reason)


def verify(samehand: Samehand, *options: str) -> Ran:
    return samehand("desk", "audit", "verify", *options)


@on_each_database
def test_a_restore_is_acknowledged_and_told_ever_after(books: Books, samehand: Samehand) -> None:
    lost = heads_of(books)[-1]
    assert lost.number == BACKUP + LINES
    books.put_back(BACKUP)
    books.write(2, actor="u2")
    books.publish()
    before = verify(samehand)
    assert before.code == 1
    assert f"up to {LINES} of lines {BACKUP + 1} to {lost.number} are lost" in before.err
    assert f"samehand desk audit accept --head {lost} --by NAME" in before.err

    done = accept(samehand, lost)
    assert done.code == 0, done.err
    line = rows_of(books)[-1]
    assert f"acknowledged by line {line.number}\n" in done.out
    assert (line.actor, line.action, line.subject) == ("command-line", "heads-set-aside", str(lost))
    nadia = samehand("desk", "users", "list", "--json").figures["users"][0]
    assert nadia["name"] == "nadia"
    for _ in range(2):
        after = verify(samehand)
        assert (after.code, after.err) == (0, "")
        told = after.out.splitlines()
        held = len(heads_of(books)) - 1
        assert told[0].endswith(f" lines and {held} published heads hold")
        assert told[1].startswith(f"line {line.number}, by {nadia['user_id']} at 20")
        assert "reason restore-311, sets aside 1 published head without a line" in told[1]
        assert f"up to {LINES} of lines {BACKUP + 1} to {lost.number} are lost" in told[1]
        books.write(actor="u2")  # the desk goes on
        books.publish()
    figures = verify(samehand, "--json").figures
    assert figures["broken"] is None
    assert figures["lost_heads"] == []
    (one,) = figures["set_aside"]
    assert (one["line"], one["counts"], one["heads"]) == (line.number, True, [str(lost)])


def test_of_what_was_acknowledged_the_database_forgets_that_it_was_published(
    books: Books, samehand: Samehand
) -> None:
    lost = heads_of(books)[-1]

    async def lines_alone(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > BACKUP))

    books.change(lines_alone)
    assert accept(samehand, lost).code == 0
    books.publish()  # at the line's own number, below the one of which the note was
    assert verify(samehand).code == 0


def test_what_is_cut_off_after_an_acknowledgement_is_told(books: Books, samehand: Samehand) -> None:
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)
    assert accept(samehand, lost).code == 0
    books.write(actor="u2")
    books.publish()
    newest = heads_of(books)[-1]
    books.put_back(BACKUP + 1)  # the line that acknowledges is the last
    after = verify(samehand)
    assert after.code == 1
    assert after.err.startswith(f"line {newest.number}: it was published")
    assert str(lost) not in after.err
    books.put_back(BACKUP)  # and that line, too
    after = verify(samehand)
    assert after.code == 1
    assert str(lost) in after.err


def test_what_was_altered_before_the_backup_is_not_acknowledged_with_it(
    books: Books, samehand: Samehand
) -> None:
    hidden = heads_of(books)[1]

    async def restored(connection: AsyncConnection) -> None:
        """A backup of after the deed: who wanted to be rid of line 13 wrote others over it."""
        await connection.execute(delete(table).where(table.c.number > hidden.number - 2))
        await connection.execute(delete(schema.heads))

    books.change(restored)
    books.write(actor="u2")
    books.publish()
    books.write(actor="u2")
    books.publish()
    lost = heads_of(books)[-1]
    books.put_back(lost.number - LINES)
    assert accept(samehand, lost).code == 0
    after = verify(samehand)
    assert after.code == 1
    assert after.err.startswith(f"line {hidden.number}: its hash is another than was published")
    assert f"sets aside 1 published head without a line ({lost})" in after.out


def test_a_line_that_only_the_database_has_acknowledges_nothing(books: Books, samehand: Samehand) -> None:
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)

    async def forged(connection: AsyncConnection) -> None:
        run_ = set_aside.LostHeads(BACKUP, (lost,))
        await set_aside.set_aside(connection, run_, name="nadia", reason="restore-311", now=1.0)

    books.change(forged)
    books.publish()  # as a desk does with any line
    for options in ((), ("--json",)):
        assert verify(samehand, *options).code == 1
    after = verify(samehand)
    assert after.err.startswith(f"line {lost.number}: ")
    assert "It does not count" in after.out
    assert verify(samehand, "--offline").code == 0


def test_a_head_that_holds_cannot_be_acknowledged(books: Books, samehand: Samehand) -> None:
    refused = accept(samehand, heads_of(books)[-1])
    assert refused.code == 2
    assert "nothing to acknowledge" in refused.err


def test_an_interrupted_acknowledgement_is_run_again(
    books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)

    async def away(*_: object, **__: object) -> None:
        raise BrokerUnavailable("Kafka: it went away")

    with monkeypatch.context() as patch:
        patch.setattr("desk.feed.audit_heads.publish_setting_aside", away)
        broke = accept(samehand, lost)
    assert broke.code == 1
    assert "run this again" in broke.err
    assert verify(samehand).code == 1
    assert accept(samehand, lost).code == 0
    assert verify(samehand).code == 0
    many = len(rows_of(books))
    again = accept(samehand, lost)
    assert (again.code, len(rows_of(books))) == (0, many)
    assert "acknowledged before" in again.out


def test_an_acknowledgement_of_many_heads_takes_several_lines(
    books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        books.write(1)
        books.publish()
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)
    monkeypatch.setattr(set_aside, "HEADS_A_LINE", 2)
    done = samehand(
        "desk", "audit", "accept", "--head", lost, "--by", "nadia", "--reason", "restore-311", "--json"
    )
    assert (done.code, len(done.figures["lines"])) == (0, 3)
    after = verify(samehand, "--json")
    assert (after.code, [len(one["heads"]) for one in after.figures["set_aside"]]) == (0, [2, 2, 1])


def test_what_is_no_restore_is_refused_and_leaves_no_line(books: Books, samehand: Samehand) -> None:
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)
    many = len(rows_of(books))
    for head, by, reason, told in (
        ("1311", "nadia", "restore-311", "no NUMBER:HASH"),
        (f"{lost}0", "nadia", "restore-311", "no NUMBER:HASH"),
        (f"{lost.number}:{'0' * 64}", "nadia", "restore-311", "is not on"),
        (lost, "nadia", "the disk was full", "is no code"),
        (lost, "omar", "restore-311", "no auditor"),
        (lost, "nobody", "restore-311", "nobody called"),
    ):
        refused = accept(samehand, head, by, reason)
        assert refused.code == 2, (head, by, reason)
        assert told in refused.err
    assert run(["desk", "users", "set", "nadia", "--out"]) == 0
    assert accept(samehand, lost).code == 2
    assert len(rows_of(books)) == many + 1  # that nadia is locked out


def test_a_chain_that_is_broken_inside_cannot_be_acknowledged(books: Books, samehand: Samehand) -> None:
    lost = heads_of(books)[-1]
    books.put_back(BACKUP)

    async def altered(connection: AsyncConnection) -> None:
        await connection.execute(update(table).where(table.c.number == 3).values(actor="somebody else"))

    books.change(altered)
    refused = accept(samehand, lost)
    assert refused.code == 1
    assert refused.err.startswith("samehand: line 3: its hash")
