"""``samehand desk audit verify``: the chain in the database is held to the heads on a real broker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.main import run
from desk.database import audit, schema
from local.ports import take_port
from streams.kafka import topics
from streams.kafka.client import reader
from streams.settings import load
from tests.cli.books import Books, books_of, make_topic

table = schema.audit


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite's: that the chain is followed alike on both, tests of the chain itself say."""
    return f"sqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
def books(database_url: str, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Books:
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
