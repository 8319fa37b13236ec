"""The audit of a desk: verified, and its gaps accepted."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.main import run
from desk.database import audit, schema
from desk.database.engine import opened
from desk.feed.audit_heads import published_heads
from desk.review.audit import set_aside
from desk.review.audit.chain import Head
from local.ports import take_port
from streams.errors import BrokerUnavailable
from streams.kafka import topics
from streams.kafka.client import reader
from streams.settings import load
from tests.cli.books import LINES, Books, books_of, make_topic
from tests.cli.running import Ran, Samehand
from tests.desk_databases import on_each_database

# ``samehand desk audit verify``: the chain in the database is held to the heads on a real broker.


table = schema.audit


@pytest.fixture
def books(
    database_url: str, desk_tables: Path, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> Books:
    """An audit of some lines whose head was published, and as many lines after it, published as well."""
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", broker)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", topic_prefix)
    return books_of(database_url)


def verified(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """The exit code, and everything that was said."""
    capsys.readouterr()
    code = run(["desk", "audit", "verify", *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_whole_chain_holds(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.write(1)  # what is not published yet is no fault
    assert verified(capsys) == (0, "11 lines and 2 published heads hold\n")
    code, said = verified(capsys, "--json")
    told: dict[str, object] = {"lines": 11, "heads": 2, "broken": None, "lost_heads": [], "set_aside": []}
    assert (code, json.loads(said)) == (0, told)


@pytest.mark.parametrize("also_the_note", [False, True])
def test_an_end_that_was_cut_off_is_told_and_where(
    books: Books, capsys: pytest.CaptureFixture[str], also_the_note: bool
) -> None:
    async def cut(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > 8))
        if also_the_note:  # who hides a line hides that its head was published, too
            await connection.execute(delete(schema.heads))

    books.change(cut)
    assert verified(capsys, "--offline")[0] == 0, "a chain does not see its end cut off"
    told = "line 10: it was published, and the chain ends at line 8: its end was cut off\n"
    code, said = verified(capsys)
    assert (code, said.splitlines(keepends=True)[0]) == (1, told)
    books.write(3)  # and written over
    code, said = verified(capsys)
    assert code == 1
    assert said.startswith("line 10: its hash is another than was published")


def test_a_head_that_was_published_is_never_written_over(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    async def cut(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > 8))
        await connection.execute(delete(schema.heads))

    books.change(cut)
    books.write(2)
    books.publish()  # of the forged chain, under the number of a true one
    with reader(books.settings) as opened_topic:
        keys = [it.key for it in opened_topic.read(books.topic, 0)]
    assert len(keys) == 3
    assert len(set(keys)) == 3, "compaction keeps the last record of each key"
    assert verified(capsys)[0] == 1


async def altered(connection: AsyncConnection) -> None:
    await connection.execute(update(table).where(table.c.number == 3).values(actor="somebody else"))


async def reordered(connection: AsyncConnection) -> None:
    for before, after in ((3, 99), (4, 3), (99, 4)):
        await connection.execute(update(table).where(table.c.number == before).values(number=after))


async def dropped(connection: AsyncConnection) -> None:
    await connection.execute(delete(table).where(table.c.number == 3))


@pytest.mark.parametrize("deed", [altered, reordered, dropped])
def test_a_line_that_was_changed_is_told_by_its_number(
    books: Books, capsys: pytest.CaptureFixture[str], deed: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    books.change(deed)
    for options in ((), ("--offline",)):
        code, said = verified(capsys, *options)
        assert code == 1
        assert said.startswith("line 4: line 3 is missing" if deed is dropped else "line 3: its hash")


def test_a_chain_that_was_forged_with_new_hashes_is_told(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    async def forged(connection: AsyncConnection) -> None:
        lines = (await connection.execute(select(table).order_by(table.c.number))).all()
        await connection.execute(delete(table))
        previous = audit.START
        for line in lines:
            row = {**line._mapping, "actor": "somebody else" if line.number == 3 else line.actor}
            del row["hash"]
            previous = audit.hash_of(previous, *row.values())
            await connection.execute(insert(table).values(**row, hash=previous))

    books.change(forged)
    assert verified(capsys, "--offline")[0] == 0, "it is a whole chain"
    code, said = verified(capsys)
    assert code == 1
    assert said.startswith("line 5: its hash is another than was published")


def test_a_database_that_was_restored_from_an_older_copy_is_told(
    books: Books, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    assert run(["desk", "backup", str(copy)]) == 0
    books.write()
    books.publish()
    assert verified(capsys)[0] == 0
    there = Path(books.url.removeprefix("sqlite:///"))
    for beside in (there, *there.parent.glob(f"{there.name}-*")):
        beside.unlink()
    shutil.copy(copy, there)
    told = "line 15: it was published, and the chain ends at line 10: its end was cut off\n"
    code, said = verified(capsys)
    assert (code, said.splitlines(keepends=True)[0]) == (1, told)
    assert "samehand desk audit accept --head 15:" in said


def test_heads_of_a_topic_that_was_emptied_are_missed(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", f"{books.settings.topic_prefix}new.")
    code, said = verified(capsys)
    assert code == 1
    assert f"there is no topic {topics.names(load()).audit}" in said
    assert "--offline" in said
    make_topic(load())
    code, said = verified(capsys)
    assert code == 1
    assert said.startswith(f"line 10: its head was published, and is not on {topics.names(load()).audit}")


def test_who_never_published_a_head_is_told_what_is_not_noticed(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(connection: AsyncConnection) -> None:
        await connection.execute(delete(schema.heads))

    books.change(forget)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", f"{books.settings.topic_prefix}new.")
    make_topic(load())
    code, said = verified(capsys)
    assert code == 0
    told = "10 lines and no published head hold: a cut end would not be noticed yet"
    assert " ".join(said.split()) == told


def test_a_broker_that_does_not_answer_is_told_as_such(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 300)  # as long as nobody answers
    nobody = take_port()
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", f"127.0.0.1:{nobody.number}")
    code, said = verified(capsys)
    nobody.release()
    assert code == 1
    assert len(said.splitlines()) == 1
    assert "cannot be read" in said
    assert "--offline" in said


# ``samehand desk audit accept``: a restore is acknowledged, and nothing else is by it.


BACKUP = 2 * LINES + 2
"""The last line of the backup; behind it are as many lines as are written at once."""

PEOPLE = {"nadia": "auditor", "omar": "lead"}  # that somebody was added is a line


@pytest.fixture
def kept_books(
    database_url: str, desk_tables: Path, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> Books:
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
def test_a_restore_is_acknowledged_and_told_ever_after(kept_books: Books, samehand: Samehand) -> None:
    lost = heads_of(kept_books)[-1]
    assert lost.number == BACKUP + LINES
    kept_books.put_back(BACKUP)
    kept_books.write(2, actor="u2")
    kept_books.publish()
    before = verify(samehand)
    assert before.code == 1
    assert f"up to {LINES} of lines {BACKUP + 1} to {lost.number} are lost" in before.err
    assert f"samehand desk audit accept --head {lost} --by NAME" in before.err

    done = accept(samehand, lost)
    assert done.code == 0, done.err
    line = rows_of(kept_books)[-1]
    assert f"acknowledged by line {line.number}\n" in done.out
    assert (line.actor, line.action, line.subject) == ("command-line", "heads-set-aside", str(lost))
    nadia = samehand("desk", "users", "list", "--json").figures["users"][0]
    assert nadia["name"] == "nadia"
    for _ in range(2):
        after = verify(samehand)
        assert (after.code, after.err) == (0, "")
        told = after.out.splitlines()
        held = len(heads_of(kept_books)) - 1
        assert told[0].endswith(f" lines and {held} published heads hold")
        assert told[1].startswith(f"line {line.number}, by {nadia['user_id']} at 20")
        assert "reason restore-311, sets aside 1 published head without a line" in told[1]
        assert f"up to {LINES} of lines {BACKUP + 1} to {lost.number} are lost" in told[1]
        kept_books.write(actor="u2")  # the desk goes on
        kept_books.publish()
    figures = verify(samehand, "--json").figures
    assert figures["broken"] is None
    assert figures["lost_heads"] == []
    (one,) = figures["set_aside"]
    assert (one["line"], one["counts"], one["heads"]) == (line.number, True, [str(lost)])


def test_of_what_was_acknowledged_the_database_forgets_that_it_was_published(
    kept_books: Books, samehand: Samehand
) -> None:
    lost = heads_of(kept_books)[-1]

    async def lines_alone(connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.number > BACKUP))

    kept_books.change(lines_alone)
    assert accept(samehand, lost).code == 0
    kept_books.publish()  # at the line's own number, below the one of which the note was
    assert verify(samehand).code == 0


def test_what_is_cut_off_after_an_acknowledgement_is_told(kept_books: Books, samehand: Samehand) -> None:
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)
    assert accept(samehand, lost).code == 0
    kept_books.write(actor="u2")
    kept_books.publish()
    newest = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP + 1)  # the line that acknowledges is the last
    after = verify(samehand)
    assert after.code == 1
    assert after.err.startswith(f"line {newest.number}: it was published")
    assert str(lost) not in after.err
    kept_books.put_back(BACKUP)  # and that line, too
    after = verify(samehand)
    assert after.code == 1
    assert str(lost) in after.err


def test_what_was_altered_before_the_backup_is_not_acknowledged_with_it(
    kept_books: Books, samehand: Samehand
) -> None:
    hidden = heads_of(kept_books)[1]

    async def restored(connection: AsyncConnection) -> None:
        """A backup of after the deed: who wanted to be rid of line 13 wrote others over it."""
        await connection.execute(delete(table).where(table.c.number > hidden.number - 2))
        await connection.execute(delete(schema.heads))

    kept_books.change(restored)
    kept_books.write(actor="u2")
    kept_books.publish()
    kept_books.write(actor="u2")
    kept_books.publish()
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(lost.number - LINES)
    assert accept(samehand, lost).code == 0
    after = verify(samehand)
    assert after.code == 1
    assert after.err.startswith(f"line {hidden.number}: its hash is another than was published")
    assert f"sets aside 1 published head without a line ({lost})" in after.out


def test_a_line_that_only_the_database_has_acknowledges_nothing(
    kept_books: Books, samehand: Samehand
) -> None:
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)

    async def forged(connection: AsyncConnection) -> None:
        run_ = set_aside.LostHeads(BACKUP, (lost,))
        await set_aside.set_aside(connection, run_, name="nadia", reason="restore-311", now=1.0)

    kept_books.change(forged)
    kept_books.publish()  # as a desk does with any line
    for options in ((), ("--json",)):
        assert verify(samehand, *options).code == 1
    after = verify(samehand)
    assert after.err.startswith(f"line {lost.number}: ")
    assert "It does not count" in after.out
    assert verify(samehand, "--offline").code == 0


def test_a_head_that_holds_cannot_be_acknowledged(kept_books: Books, samehand: Samehand) -> None:
    refused = accept(samehand, heads_of(kept_books)[-1])
    assert refused.code == 2
    assert "nothing to acknowledge" in refused.err


def test_an_interrupted_acknowledgement_is_run_again(
    kept_books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)

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
    many = len(rows_of(kept_books))
    again = accept(samehand, lost)
    assert (again.code, len(rows_of(kept_books))) == (0, many)
    assert "acknowledged before" in again.out


def test_an_acknowledgement_of_many_heads_takes_several_lines(
    kept_books: Books, samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        kept_books.write(1)
        kept_books.publish()
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)
    monkeypatch.setattr(set_aside, "HEADS_A_LINE", 2)
    done = samehand(
        "desk", "audit", "accept", "--head", lost, "--by", "nadia", "--reason", "restore-311", "--json"
    )
    assert (done.code, len(done.figures["lines"])) == (0, 3)
    after = verify(samehand, "--json")
    assert (after.code, [len(one["heads"]) for one in after.figures["set_aside"]]) == (0, [2, 2, 1])


def test_what_is_no_restore_is_refused_and_leaves_no_line(kept_books: Books, samehand: Samehand) -> None:
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)
    many = len(rows_of(kept_books))
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
    assert len(rows_of(kept_books)) == many + 1  # that nadia is locked out


def test_a_chain_that_is_broken_inside_cannot_be_acknowledged(kept_books: Books, samehand: Samehand) -> None:
    lost = heads_of(kept_books)[-1]
    kept_books.put_back(BACKUP)

    async def altered(connection: AsyncConnection) -> None:
        await connection.execute(update(table).where(table.c.number == 3).values(actor="somebody else"))

    kept_books.change(altered)
    refused = accept(samehand, lost)
    assert refused.code == 1
    assert refused.err.startswith("samehand: line 3: its hash")
