"""The audit is watched, and a gap in it is acknowledged by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from desk.access.sign_in import add_user
from desk.database import audit as rows
from desk.database import schema, users
from desk.database.audit import AuditRow, hash_of
from desk.database.engine import Database
from desk.review.audit.chain import SET_ASIDE, Chain, Head, head_of
from desk.review.audit.set_aside import AuditComparison, LostHeads, compare, set_aside, up_to
from desk.review.audit.watch import AuditWatch
from desk.telemetry import DeskMetrics
from tests.tables import for_each

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


async def hash_at(database: Database, number: int) -> str:
    async with database.read() as connection:
        return str((await rows.lines(connection, number - 1, 1))[0].hash)


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
        await rows.note_head(connection, last.number, last.hash, now=9.0)
    await cut(database, 2)
    watch = AuditWatch(database, AT_ONCE)
    await watch.look()
    assert watch.broken is not None
    assert watch.broken.number == LINES


async def put_back(database: Database, after: int) -> None:
    """As a restored backup is, on which people go on."""
    await cut(database, after)
    async with database.begin() as connection:
        await connection.execute(delete(schema.heads).where(schema.heads.c.number > after))
        await rows.note(connection, actor="u2", action="decided", subject="a", now=9.0)


async def acknowledge(database: Database, *lost: Head, kept: int) -> None:
    async with database.begin() as connection:
        if await users.by_name(connection, "nadia") is None:
            await add_user(connection, "nadia", "auditor", password=None, now=1.0)
        run = LostHeads(kept, lost)
        await set_aside(connection, run, name="nadia", reason="restore-311", now=9.0)


async def test_a_restore_under_a_desk_at_work_is_quiet_once_it_is_acknowledged(
    database: Database, watch: AuditWatch
) -> None:
    published = Head(LINES - 1, await hash_at(database, LINES - 1))  # and one more line was seen
    async with database.begin() as connection:
        await rows.note_head(connection, published.number, published.hash, now=1.0)
    await look(watch, ROUND)
    await put_back(database, LINES - 3)
    registry = CollectorRegistry()
    metrics = DeskMetrics(registry)
    for _ in range(2 * ROUND):
        await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 1
    await acknowledge(database, published, kept=LINES - 3)
    with capture_logs() as told:
        for _ in range(3 * ROUND):
            await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 0
    assert [(it["event"], it["reason"]) for it in told] == [
        ("published heads of the audit are set aside", "restore-311")
    ]
    await cut(database, LINES - 3)  # what is lost then is told as ever
    await look(watch, 2 * ROUND)
    assert watch.broken is not None


async def test_an_acknowledgement_that_comes_in_the_middle_of_a_round_counts_as_well(
    database: Database, watch: AuditWatch
) -> None:
    lost = Head(LINES, await hash_at(database, LINES))
    async with database.begin() as connection:
        await rows.note_head(connection, lost.number, lost.hash, now=1.0)
    await cut(database, LINES - 1)
    await watch.look()  # it has read the note
    await acknowledge(database, lost, kept=LINES - 1)
    await look(watch, 3 * ROUND)
    assert watch.broken is None


# Which heads a restored backup left behind, and what a line that sets some aside covers.


def chain_of(count: int, told: Mapping[int, object] | None = None) -> tuple[Chain, dict[int, str]]:
    """A chain of so many lines, some of which set aside what is told; and the hash of each."""
    chain, hashes = Chain(), dict[int, str]()
    for number in range(1, count + 1):
        detail = (told or {}).get(number)
        words = ("u1", "decided" if detail is None else SET_ASIDE, "a1", json.dumps(detail or {}))
        line = AuditRow(number, 1.0, *words, hash_of(chain.hash, number, 1.0, *words))
        chain.follow([line])
        hashes[number] = line.hash
    assert chain.broken is None
    return chain, hashes


def lost(number: int, letter: str = "a") -> Head:
    """A head of a line that the chain does not have."""
    return Head(number, letter * 64)


def heads(numbers: Sequence[int], hashes: Mapping[int, str]) -> list[Head]:
    return [Head(number, hashes[number]) for number in numbers]


def aside(*of: Head) -> dict[str, object]:
    return {"by": "u1", "reason": "restore", "kept": 10, "heads": [str(one) for one in of]}


def test_what_was_published_before_a_restore_is_one_run() -> None:
    chain, hashes = chain_of(12)
    before, after = heads([5, 10], hashes), heads([12], hashes)
    gone = [lost(11), lost(13), lost(13), lost(15)]  # sent twice where its confirmation was lost
    assert compare(chain, hashes, [*before, *gone, *after]).runs == (
        LostHeads(10, (lost(11), lost(13), lost(15))),
    )


def test_what_two_restores_left_behind_are_two_runs() -> None:
    chain, hashes = chain_of(10)
    gone = [lost(12), lost(15), lost(11, "b"), lost(14, "b")]
    found = compare(chain, hashes, [*heads([10], hashes), *gone]).runs
    assert found == (LostHeads(10, (lost(12), lost(15))), LostHeads(10, (lost(11, "b"), lost(14, "b"))))


def test_what_was_lost_before_a_head_that_holds_is_a_run_of_its_own() -> None:
    chain, hashes = chain_of(20)
    found = compare(chain, hashes, [lost(10), *heads([15], hashes), lost(18), lost(21)])
    assert found.runs == (LostHeads(0, (lost(10),)), LostHeads(15, (lost(18), lost(21))))
    assert up_to(found.runs, lost(18)) == LostHeads(15, (lost(18),)), "what came after it is not named"
    assert up_to(found.runs, lost(21)) == found.runs[1]
    assert up_to(found.runs, lost(15)) is None


def with_a_line(
    told: object, published_before: Sequence[Head], published_after: Sequence[Head], *, bears: bool = True
) -> AuditComparison:
    """A chain of eleven lines, whose last says what is told and whose head was published as such, or not."""
    chain, hashes = chain_of(11, {11: told})
    own = Head(11, hashes[11], sets_aside=bears)
    return compare(chain, hashes, [*heads([10], hashes), *published_before, own, *published_after])


def test_what_a_line_names_is_set_aside_and_nothing_else() -> None:
    told = with_a_line(aside(lost(13)), [lost(12), lost(13), lost(14)], [])
    assert [one.number for one in told.counted] == [11]
    assert [run.heads for run in told.runs] == [(lost(12),), (lost(14),)]
    assert told.broken is not None
    assert told.broken.number == 12


def test_a_line_whose_head_was_not_published_for_that_sets_nothing_aside() -> None:
    told = with_a_line(aside(lost(13)), [lost(13)], [], bears=False)
    assert (told.counted, [one.number for one in told.uncounted]) == ((), [11])
    assert told.broken is not None


def test_a_line_sets_nothing_aside_that_was_published_after_it() -> None:
    told = with_a_line(aside(lost(12), lost(13)), [lost(12)], [lost(13)])
    assert [run.heads for run in told.runs] == [(lost(13),)]
    assert told.broken is not None


@for_each(
    "told",
    [{}, {"by": "u1"}, aside(), {**aside(lost(12)), "heads": [12]}, {**aside(lost(12)), "kept": "no"}, "all"],
)
def test_a_line_that_somebody_else_wrote_sets_nothing_aside(told: object) -> None:
    found = with_a_line(told or {"heads": []}, [lost(12)], [])
    assert (found.counted, found.uncounted) == ((), ())
    assert found.broken is not None


def test_of_a_run_below_what_holds_the_line_before_it_is_what_was_kept() -> None:
    chain, hashes = chain_of(20)
    for later in ([], heads([15], hashes)):
        told = compare(chain, hashes, [*heads([10, 20], hashes), lost(12), lost(22), *later])
        assert told.runs == (LostHeads(10, (lost(12), lost(22))),)


def test_what_is_no_head_is_none() -> None:
    digest = "a" * 64
    assert head_of(f"12:{digest}") == lost(12) == Head(12, digest, sets_aside=True)
    for text in ("", "12", f"0:{digest}", f"12:{digest.upper()}", f"12:{digest}\n", f"{'9' * 19}:{digest}"):
        assert head_of(text) is None
