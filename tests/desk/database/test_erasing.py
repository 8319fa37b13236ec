"""What is erased is in no file of an SQLite database any more, a second later or after a crash."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from desk.database.engine import Database, opened
from desk.database.filters import Filters
from desk.feed.upkeep import erase_old
from desk.review.deciding.decide import ReadDecision
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office
from tests.makers import NOON

QUOTED = ("quoted-of-the-new-one", "quoted-of-the-banned-one", "written-in-a-note")
FOLDED = ("quotedofthenewone", "quotedofthebannedone")
"""The handles of the former, as they are looked for."""
OTHERS = 40
"""Alerts that are written before and after, so that pages are split and filled again."""


def found_in_files(folder: Path) -> set[str]:
    """Which of the quotes, as written or as looked for, stand in any file of a folder."""
    held = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return {quote for quote in (*QUOTED, *FOLDED) if any(quote.encode() in one for one in held)}


async def quoting(office: Office) -> None:
    """An alert that quotes both accounts, some of it at length, with a note on it; and others around it."""
    for number in range(OTHERS):
        await office.receive(f"before-{number}")
    reasons = (
        a_reason("handle", ours=QUOTED[0], theirs=QUOTED[1]),
        a_reason("bio", ours=QUOTED[0] * 40, theirs=QUOTED[1] * 40),
    )
    await office.receive(reasons=reasons)
    await office.receive(revision=2, reasons=reasons)
    amina = await office.hire("amina")
    await office.desk.write_note(amina, "alert-1", QUOTED[2])
    for number in range(OTHERS):
        await office.receive(f"after-{number}")


async def forgotten(office: Office) -> None:
    """The account is deleted: what arrives quotes nothing."""
    told: dict[str, Any] = {
        "status": "withdrawn",
        "withdrawn_reason": "account-deleted",
        "withdrawn_at": NOON,
    }
    await office.receive(revision=3, reasons=(a_reason("handle"),), **told)


async def test_what_a_deletion_erases_is_in_no_file_at_once(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        assert found_in_files(tmp_path) == {*QUOTED, *FOLDED}, "what is looked for can be found"
        await forgotten(office)
        assert found_in_files(tmp_path) == set()


async def test_what_age_erases_is_in_no_file(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        bilal = await office.hire("bilal")
        for waiting in await office.desk.queue(bilal, Filters(), limit=200):
            await office.desk.decide(bilal, waiting.read_id, ReadDecision("mirror", "several-traits"))
        assert found_in_files(tmp_path) == {*QUOTED, *FOLDED}
        office.clock.pass_(10 * 86_400.0)
        async with database.begin() as connection:
            assert await erase_old(connection, keep_seconds=86_400.0, now=office.clock()) == 2 * OTHERS + 1
        assert found_in_files(tmp_path) == set()


async def test_a_reader_who_holds_the_log_delays_it_to_the_next_transaction(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        async with database.read() as connection:
            await connection.exec_driver_sql("SELECT count(*) FROM evidence")
            await forgotten(office)
            assert found_in_files(tmp_path) != set()
        async with database.begin():
            pass  # as the feed does each half minute, when it tidies up
        assert found_in_files(tmp_path) == set()


async def test_what_a_process_left_that_was_killed_is_erased_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(_: Database) -> None:
        """Ends before the log is emptied."""

    after = tmp_path / "after"
    after.mkdir()
    folder = tmp_path / "before"
    folder.mkdir()
    with monkeypatch.context() as patched:
        async with opened(f"sqlite:///{folder / 'desk.db'}") as database:
            patched.setattr(Database, "empty_log", killed)
            office = an_office(database)
            await quoting(office)
            await forgotten(office)
            for path in folder.glob("desk.db*"):
                shutil.copy(path, after / path.name)
    assert found_in_files(after) != set()
    async with opened(f"sqlite:///{after / 'desk.db'}"):
        assert found_in_files(after) == set()
