"""What follows from a decision: undoing, second readers, families, appeals, exercises, forgetting."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from desk.database import alerts, audit, notes, schema, verdicts
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.topics import outbox
from desk.errors import Conflict, Forbidden, NotFound, UnusableInput
from desk.feed.upkeep import OLD, erase_old
from desk.readers import Reader, may
from desk.review.arrivals import Arrivals
from desk.review.audit.chain import Chain, Head, against
from desk.review.deciding.decide import DecisionMade, ReadDecision
from schemas.alerts import Matched
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Office, an_office, with_shares
from tests.desk_databases import on_each_database
from tests.makers import NOON

MIRROR = ReadDecision("mirror", "several-traits")
NOT_MIRROR = ReadDecision("not_mirror", "common-name")
UNSURE = ReadDecision("unsure", "needs-context")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def waiting_for(office: Office, reader: Reader) -> list[tuple[str, str]]:
    return [(one.alert_id, one.kind) for one in await office.desk.queue(reader, Filters())]


async def decide(office: Office, reader: Reader, decision: ReadDecision = MIRROR) -> DecisionMade:
    [first, *_] = await office.desk.queue(reader, Filters())
    return await office.desk.decide(reader, first.read_id, decision)


async def test_what_is_unsure_goes_to_somebody_else(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    await decide(office, amina, UNSURE)
    assert await waiting_for(office, amina) == []
    assert await waiting_for(office, bilal) == [("alert-1", "second")]


async def test_first_reading_hides_no_words_because_of_another_alert(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive("alert-1")
    await office.receive("alert-2")
    await decide(office, amina)
    [(left, _)] = await waiting_for(office, amina)
    assert not (await office.desk.open(bilal, left)).words_hidden


async def test_two_readers_who_differ_are_settled_by_a_third_who_leads(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    dana, chloe = await office.hire("dana"), await office.hire("chloe", "lead")
    await office.receive()
    await decide(office, amina, MIRROR)
    await decide(office, bilal, NOT_MIRROR)
    assert await waiting_for(office, dana) == []
    assert await waiting_for(office, chloe) == [("alert-1", "dispute")]


async def independent(office: Office) -> list[tuple[str, bool]]:
    async with office.database.read() as connection:
        said = await verdicts.of_alert(connection, "alert-1")
    return [(one.kind, bool(one.independent)) for one in said]


async def test_a_second_word_and_a_settling_one_are_independent(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    for reader, decision in ((amina, MIRROR), (bilal, NOT_MIRROR), (chloe, MIRROR)):
        await decide(office, reader, decision)
    assert await independent(office) == [("first", True), ("second", True), ("dispute", True)]


async def test_what_is_read_after_others_words_were_shown_is_not_independent(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    taken = await decide(office, amina)
    await office.desk.undo(amina, taken.batch)
    office.clock.pass_(121)  # it is in nobody's hands any more
    await decide(office, bilal)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, amina)
    kinds = [("first", True), ("first", False), ("take-back", False), ("appeal", False)]
    assert await independent(office) == kinds


async def test_who_did_an_exercise_is_not_blind_to_the_same_alert_any_more(office: Office) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await office.receive("alert-1", sampled=0.5, band="none")  # always blind
    await office.desk.set_golden(chloe, "alert-1", "mirror")
    assert len(await waiting_for(office, amina)) == 1, "its two readings side by side would tell"
    await decide(office, amina)
    assert await waiting_for(office, amina) == [], "while it can be undone, its score would help"
    office.clock.pass_(60)
    async with office.database.begin() as connection:
        await outbox.take(connection, now=office.clock(), again_before=0, limit=9)
    assert await waiting_for(office, amina) == [("alert-1", "first")]
    await decide(office, amina)
    async with office.database.read() as connection:
        said = await verdicts.of_alert(connection, "alert-1")
    assert [(one.golden, bool(one.blind)) for one in said] == [(True, True), (False, False)]


async def test_two_readers_who_agree_are_done(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    await decide(office, amina)
    await decide(office, bilal)
    assert await waiting_for(office, chloe) == []


async def test_undoing_calls_off_what_followed(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    taken = await decide(office, amina)
    await office.desk.undo(amina, taken.batch)
    office.clock.pass_(121)  # it was in her hands again
    assert await waiting_for(office, bilal) == [("alert-1", "first")]
    async with database.read() as connection:
        assert await verdicts.holding(connection, "alert-1") is None
        assert await outbox.waiting(connection) == (0, None)


async def test_nobody_undoes_what_another_decided(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    taken = await decide(office, amina)
    with pytest.raises(Forbidden):
        await office.desk.undo(bilal, taken.batch)
    with pytest.raises(NotFound):
        await office.desk.undo(amina, "no such batch")


@on_each_database
async def test_a_family_is_decided_by_one_key_and_undone_by_another(office: Office) -> None:
    amina = await office.hire("amina")
    for number in range(5):
        matched = Matched(platform="x", account_id=f"banned-{number}", root_id="x:root")
        await office.receive(f"alert-{number}", matched=matched)
    await office.receive("stranger")
    taken = await decide(office, amina, replace(MIRROR, family=True))
    assert len(taken.verdict_ids) == 5
    assert await waiting_for(office, amina) == [("stranger", "first")]
    assert len(await office.desk.undo(amina, taken.batch)) == 5
    assert len(await waiting_for(office, amina)) == 6


async def test_what_another_has_in_hand_is_left_out_of_a_family(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    matched = Matched(platform="x", account_id="banned", root_id="x:root")
    for number in range(3):
        await office.receive(f"alert-{number}", matched=matched)
    last = (await office.desk.queue(bilal, Filters()))[-1]
    await office.desk.claim(bilal, last.read_id)
    taken = await decide(office, amina, replace(MIRROR, family=True))
    assert len(taken.verdict_ids) == 2


async def test_a_verdict_that_is_taken_back_is_read_by_somebody_who_has_not(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    await decide(office, amina)
    office.clock.pass_(3_600)
    with pytest.raises(Forbidden):
        await office.desk.take_back(bilal, "alert-1", "appeal")
    await office.desk.take_back(chloe, "alert-1", "appeal")
    assert await waiting_for(office, amina) == []
    assert await waiting_for(office, chloe) == []
    assert await waiting_for(office, bilal) == [("alert-1", "appeal")]
    async with office.database.read() as connection:
        holds = await verdicts.holding(connection, "alert-1")
        assert holds is not None
        assert (holds.verdict, holds.kind) == ("unsure", "take-back")
    with pytest.raises(Conflict):
        await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, bilal, NOT_MIRROR)
    opened = await office.desk.open(chloe, "alert-1")
    assert [(one.verdict, one.holds) for one in opened.said][-1] == ("not_mirror", True)


async def test_the_latest_holds_though_the_clock_was_set_back(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    await decide(office, amina)
    office.clock.pass_(-600)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, bilal, NOT_MIRROR)
    async with office.database.read() as connection:
        holds = await verdicts.holding(connection, "alert-1")
    assert holds is not None
    assert holds.verdict == "not_mirror"


async def test_an_exercise_looks_like_any_other_and_decides_nothing(office: Office) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    auditor = await office.hire("omar", "auditor")
    await office.receive()
    await decide(office, chloe)
    with pytest.raises(UnusableInput):
        await office.desk.set_golden(chloe, "alert-1", "unsure")
    assert await office.desk.set_golden(chloe, "alert-1", "mirror") == 1
    assert await office.desk.set_golden(chloe, "alert-1", "mirror") == 0
    [shown] = await office.desk.queue(amina, Filters())
    assert (shown.kind, shown.blind, shown.band) == ("first", True, None)
    assert (await office.desk.open(amina, "alert-1")).sealed
    assert not (await office.desk.open(auditor, "alert-1")).sealed
    await office.desk.decide(amina, shown.read_id, NOT_MIRROR)
    async with office.database.read() as connection:
        holds = await verdicts.holding(connection, "alert-1")
        said = await verdicts.of_alert(connection, "alert-1")
    assert holds is not None
    assert holds.verdict == "mirror"
    assert [one.golden for one in said] == [False, True]


async def test_auditors_see_everything_and_decide_nothing(office: Office) -> None:
    omar = await office.hire("omar", "auditor")
    await office.receive()
    [waiting] = await office.desk.queue(omar, Filters())
    with pytest.raises(Forbidden):
        await office.desk.decide(omar, waiting.read_id, MIRROR)
    with pytest.raises(Forbidden):
        await office.desk.write_note(omar, "alert-1", "hello")
    assert not may("unheard-of", "read")


async def test_what_is_skipped_comes_back_after_a_while(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.skip(amina, waiting.read_id)
    assert await waiting_for(office, amina) == []
    assert await waiting_for(office, bilal) == [("alert-1", "first")]
    office.clock.pass_(1_800)
    assert await waiting_for(office, amina) == [("alert-1", "first")]


async def withdraw(office: Office, reason: str, revision: int = 2) -> None:
    alert = an_alert(revision=revision, status="withdrawn", withdrawn_reason=reason, withdrawn_at=NOON)
    async with office.database.begin() as connection:
        await Arrivals(connection, office.desk.policy, office.clock()).take_alert(alert)


async def test_a_withdrawn_alert_leaves_the_queue_with_its_reason(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    [waiting] = await office.desk.queue(amina, Filters())
    await withdraw(office, "no-longer-resembles")
    assert await waiting_for(office, amina) == []
    with pytest.raises(Conflict, match="no-longer-resembles"):
        await office.desk.decide(amina, waiting.read_id, MIRROR)
    opened = await office.desk.open(amina, "alert-1")
    assert (opened.status, opened.withdrawn_reason) == ("withdrawn", "no-longer-resembles")


async def test_an_alert_that_is_opened_again_waits_again(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    await withdraw(office, "no-longer-resembles")
    await office.receive(revision=3)
    assert await waiting_for(office, amina) == [("alert-1", "first")]
    await office.receive(revision=2)  # late, and out of date
    assert await waiting_for(office, amina) == [("alert-1", "first")]


async def test_a_second_reading_outlives_the_withdrawal_that_the_first_one_caused(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    await decide(office, amina, NOT_MIRROR)
    await withdraw(office, "verdict")
    assert await waiting_for(office, bilal) == [("alert-1", "second")]


async def test_notes_are_erased_when_somebody_is_reinstated_and_leave_a_mark(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    await office.desk.write_note(amina, "alert-1", "calls himself Umar")
    await withdraw(office, "reinstated")
    [note] = (await office.desk.open(amina, "alert-1")).notes
    assert (note.text, note.erased_reason) == ("", "reinstated")


@on_each_database
async def test_quotes_and_notes_are_erased_once_kept_long_enough(office: Office) -> None:
    amina = await office.hire("amina")
    alert = an_alert(a_reason(ours="Umar", theirs="Omar"))
    async with office.database.begin() as connection:
        await Arrivals(connection, office.desk.policy, office.clock()).take_alert(alert)
    await office.desk.write_note(amina, "alert-1", "calls himself Umar")

    async def erased(days: float) -> int:
        async with office.database.begin() as connection:
            return await erase_old(connection, keep_seconds=days * 86_400.0, now=office.clock())

    office.clock.pass_(10 * 86_400.0)
    assert await erased(9) == 0  # it still waits for somebody
    await decide(office, amina)
    assert await erased(9) == 0  # whoever was decided about may still complain
    office.clock.pass_(10 * 86_400.0)
    assert await erased(11) == 0
    assert await erased(9) == 1
    assert await erased(9) == 0
    opened = await office.desk.open(amina, "alert-1")
    assert opened.erased_reason == OLD
    assert [(line.ours, line.theirs, line.weight) for line in opened.alert.evidence] == [("", "", 8.0)]
    assert [note.text for note in opened.notes] == [""]
    async with office.database.read() as connection:
        stored = await alerts.evidence_of(connection, "alert-1")
        kept = await notes.of_alert(connection, "alert-1")
        lines = await audit.lines(connection, 0, 1_000)
    assert stored is not None
    assert "Umar" not in str([bytes(stored.payload), kept, lines])


@on_each_database
async def test_the_audit_holds_ids_and_digests_and_breaks_where_it_is_changed(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    await office.desk.open(amina, "alert-1")
    await decide(office, amina, replace(MIRROR, note="calls himself Umar"))

    async def followed() -> Chain:
        chain = Chain()
        async with office.database.read() as connection:
            chain.follow(await audit.lines(connection, 0, 1_000))
        return chain

    chain = await followed()
    assert chain.broken is None
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 1_000)
    assert [line.action for line in lines] == ["user-added", "opened", "decided", "noted"]
    assert "Umar" not in str(lines)
    assert "amina" not in str(lines)
    head = Head(chain.number, chain.hash)

    async with office.database.begin() as connection:
        await connection.execute(delete(schema.audit).where(schema.audit.c.number == chain.number))
    shorter = await followed()
    assert shorter.broken is None  # a chain does not see its end cut off …
    cut = against({}, shorter.number, [head])
    assert cut is not None  # … and what was published does
    assert "cut off" in cut.why

    async with office.database.begin() as connection:
        await connection.execute(
            update(schema.audit).where(schema.audit.c.number == 2).values(actor="somebody else")
        )
    broken = (await followed()).broken
    assert broken is not None
    assert broken.number == 2
    async with office.database.begin() as connection:
        await connection.execute(delete(schema.audit).where(schema.audit.c.number == 2))
    missing = (await followed()).broken
    assert missing is not None
    assert "2 is missing" in missing.why


async def test_a_case_file_tells_everything_and_that_it_was_made(office: Office) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await office.receive()
    with pytest.raises(Forbidden):
        await office.desk.case(amina, "alert-1", "curiosity")
    await decide(office, amina, replace(MIRROR, note="see the ticket"))
    with pytest.raises(UnusableInput):
        await office.desk.case(chloe, "alert-1", " \0 ")
    case = await office.desk.case(chloe, "alert-1", "appeal 311")
    told = json.dumps(case)
    assert [one["verdict"] for one in case["verdicts"]] == ["mirror"]
    assert case["verdicts"][0]["reviewer"] == amina.user_id
    assert "amina" not in told
    assert [one["text"] for one in case["notes"]] == ["see the ticket"]
    assert [one["action"] for one in case["audit"]] == ["decided", "noted", "case-file"]


async def test_a_reason_is_needed_and_a_verdict_is_one_of_three(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    for decision in (
        ReadDecision("mirror", ""),
        ReadDecision("ban", "x"),
        ReadDecision("mirror", "x", note="n" * 4_001),
    ):
        with pytest.raises(UnusableInput):
            await decide(office, amina, decision)
    assert await waiting_for(office, amina) == [("alert-1", "first")]
