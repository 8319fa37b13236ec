"""Who decides what: draws, claims, second readers, selections, assignments, and what follows."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, notes, reads, verdicts
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.schema import VerdictRow
from desk.database.topics import outbox
from desk.errors import Conflict, Forbidden, NotFound, SelectionChanged, UnusableInput
from desk.feed.upkeep import OLD, erase_old
from desk.readers import Reader, may
from desk.review import draws
from desk.review.arrivals import Arrivals, blind_rank
from desk.review.deciding.decide import TOGETHER_MAX, DecisionMade, ReadDecision
from schemas.alerts import Matched
from schemas.decoding.dates import from_seconds
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.quotes import MIRROR, NOT_MIRROR, withdraw
from tests.desk.web.client import Client, at_the_desk, decisions, sent, the_queue
from tests.desk_databases import on_each_database
from tests.makers import a_verdict

# What is read blind is drawn evenly and stays drawn.


KEY = b"k" * 32


def test_about_the_share_that_was_asked_for_is_blind_and_another_key_draws_others() -> None:
    ids = [f"{number:032x}" for number in range(4_000)]
    ours = {one for one in ids if draws.is_blind(KEY, one)}
    assert 0.13 < len(ours) / len(ids) < 0.17
    others = {one for one in ids if draws.is_blind(b"j" * 32, one)}
    assert 0.01 < len(ours & others) / len(ids) < 0.04  # .15 squared


def test_being_blind_says_nothing_of_being_read_twice() -> None:
    ids = [f"{number:032x}" for number in range(8_000)]
    blind = [one for one in ids if draws.is_blind(KEY, one)]
    assert 0.16 < sum(draws.needs_second_reader(KEY, one) for one in blind) / len(blind) < 0.24


def test_rank_of_a_blind_reading_is_drawn_evenly() -> None:
    drawn = Counter(blind_rank(KEY, f"{number:032x}") for number in range(4_000))
    assert drawn.keys() == set(range(len(reads.RANKS)))
    assert min(drawn.values()) > 0.8 * 4_000 / len(reads.RANKS)


def test_ids_that_read_alike_side_by_side_are_drawn_apart() -> None:
    assert draws.uniform(KEY, "x", "ab", "c") != draws.uniform(KEY, "x", "a", "bc")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes; it takes 16"):
        draws.is_blind(b"abc", "1")


# What follows from a decision: undoing, second readers, families, appeals, forgetting.

UNSURE = ReadDecision("unsure", "needs-context")


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
    await decide(office, chloe, MIRROR)
    assert await independent(office) == [("first", True), ("second", True), ("dispute", True)]


async def independent(office: Office) -> list[tuple[str, bool]]:
    async with office.database.read() as connection:
        said = await verdicts.of_alert(connection, "alert-1")
    return [(one.kind, bool(one.independent)) for one in said]


async def test_what_is_read_after_others_words_were_shown_is_not_independent(office: Office) -> None:
    amina, bilal, chloe = await office.team()
    await office.receive()
    taken = await decide(office, amina)
    await office.desk.undo(amina, taken.batch)
    office.clock.pass_(121)  # it is in nobody's hands any more
    await decide(office, bilal)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, amina)
    kinds = [("first", True), ("first", False), ("take-back", False), ("appeal", False)]
    assert await independent(office) == kinds


async def test_two_readers_who_agree_are_done(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal, chloe = await office.team()
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
    assert len(taken.decided) == 5
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
    assert len(taken.decided) == 2


async def test_a_verdict_that_is_taken_back_is_read_by_somebody_who_has_not(office: Office) -> None:
    amina, bilal, chloe = await office.team()
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
    amina, bilal, chloe = await office.team()
    await office.receive()
    await decide(office, amina)
    office.clock.pass_(-600)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, bilal, NOT_MIRROR)
    async with office.database.read() as connection:
        holds = await verdicts.holding(connection, "alert-1")
        given = await verdicts.of_alert(connection, "alert-1")
    assert holds is not None
    assert holds.verdict == "not_mirror"
    steps = [later.decided_at - earlier.decided_at for earlier, later in pairwise(given)]
    assert steps == pytest.approx([0.001, 0.001], abs=1e-5), "each is later than the one before it"


async def test_auditors_see_everything_and_decide_nothing(office: Office) -> None:
    omar = await office.hire("omar", "auditor")
    await office.receive()
    [waiting] = await office.desk.queue(omar, Filters())
    with pytest.raises(Forbidden):
        await office.desk.decide(omar, waiting.read_id, MIRROR)
    for take in (office.desk.claim, office.desk.skip):
        with pytest.raises(Forbidden):
            await take(omar, waiting.read_id)
    with pytest.raises(Forbidden):
        await office.desk.write_note(omar, "alert-1", "hello")
    assert not may("unheard-of", "read")


async def test_what_is_skipped_comes_back_after_a_while(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.claim(amina, waiting.read_id)
    await office.desk.skip(amina, waiting.read_id)
    assert await waiting_for(office, amina) == []
    assert await waiting_for(office, bilal) == [("alert-1", "first")]
    await office.desk.claim(bilal, waiting.read_id)  # it is in nobody's hands
    office.clock.pass_(1_800)
    assert await waiting_for(office, amina) == [("alert-1", "first")]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_skipping_holds_no_reading_while_it_waits_for_a_decision(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.claim(amina, waiting.read_id)
    async with office.database.begin() as connection:
        await audit.lock(connection)
        skipping = asyncio.create_task(office.desk.skip(amina, waiting.read_id))
        await asyncio.wait([skipping], timeout=0.5)
        assert not skipping.done()
        await reads.release(connection, waiting.read_id, amina.user_id)
    await skipping
    assert await waiting_for(office, amina) == []


async def test_a_withdrawn_alert_leaves_the_queue_until_it_is_opened_again(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    [waiting] = await office.desk.queue(amina, Filters())
    await withdraw(office, "no-longer-resembles")
    assert await waiting_for(office, amina) == []
    with pytest.raises(Conflict, match="no-longer-resembles"):
        await office.desk.decide(amina, waiting.read_id, MIRROR)
    opened = await office.desk.open(amina, "alert-1")
    assert (opened.status, opened.withdrawn_reason) == ("withdrawn", "no-longer-resembles")
    await office.receive(revision=3)
    await office.receive(revision=2)  # late, and out of date
    assert await waiting_for(office, amina) == [("alert-1", "first")]


@pytest.mark.parametrize("anew", [True, False])
async def test_dismissed_alert_is_read_again_only_if_other_evidence_raised_it_anew(
    office: Office, anew: bool
) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    await decide(office, amina, NOT_MIRROR)
    await withdraw(office, "verdict")
    dismissed_at = from_seconds(office.clock()) if anew else None
    await office.receive(revision=3, dismissed_at=dismissed_at)
    assert await waiting_for(office, bilal) == ([("alert-1", "first")] if anew else [])


@pytest.mark.parametrize("earlier", [True, False])
async def test_verdict_of_elsewhere_closes_no_read_of_an_alert_that_was_raised_anew_since(
    office: Office, earlier: bool
) -> None:
    bilal, at = await office.hire("bilal"), office.clock()
    await office.receive(revision=3, dismissed_at=from_seconds(at))
    decided_at = from_seconds(at if earlier else at + 1.0)
    verdict = structs.replace(a_verdict("alert-1", "not_mirror"), decided_at=decided_at)
    async with office.database.begin() as connection:
        await Arrivals(connection, office.desk.policy, at).take_verdict(verdict, "v-1")
    assert await waiting_for(office, bilal) == ([("alert-1", "first")] if earlier else [])


async def test_superseded_alert_leaves_the_queue_and_says_why(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    await withdraw(office, "superseded")
    assert await waiting_for(office, amina) == []
    assert (await office.desk.open(amina, "alert-1")).withdrawn_reason == "superseded"


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


async def test_quotes_and_notes_are_erased_once_kept_long_enough(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive(reasons=[a_reason(ours="Umar", theirs="Omar")])
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


async def test_the_audit_holds_ids_and_digests_alone(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    await office.desk.open(amina, "alert-1")
    await decide(office, amina, replace(MIRROR, note="calls himself Umar"))
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 1_000)
    assert [line.action for line in lines] == ["user-added", "opened", "decided", "noted"]
    assert "Umar" not in str(lines)
    assert "amina" not in str(lines)


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
        [waiting] = await office.desk.queue(amina, Filters())
        with pytest.raises(UnusableInput):
            await office.desk.decide_together(amina, [waiting.read_id], decision)
    assert await waiting_for(office, amina) == [("alert-1", "first")]


# Several first readings are decided with one reason and undone as one, or nothing of them is.


async def receive_several(office: Office, count: int) -> None:
    """Alerts of two policies, bands and platforms."""
    for number in range(count):
        odd = number % 2 == 1
        await office.receive(
            f"alert-{number}",
            platform="telegram" if odd else "x",
            band="possible" if odd else "likely",
            matched=Matched(platform="x", account_id=f"banned-{number}", policy="spam" if odd else "hate"),
        )
        office.clock.pass_(1)


async def read_ids(client: Client) -> dict[str, int]:
    """Readings that wait, by alert."""
    return {one["alert_id"]: one["read_id"] for one in await the_queue(client)}


async def together(client: Client, chosen: list[int]) -> tuple[int, str]:
    """The status of the page's answer, and the batch that can be undone."""
    answer = await client.submit("/selection", read=list(map(str, chosen)), chosen="mirror/several-traits")
    return answer.status_code, answer.headers.get("Location", "").partition("undo=")[2]


async def test_several_are_decided_each_for_itself_and_undone_as_one(office: Office) -> None:
    await receive_several(office, 4)
    async with at_the_desk(office) as client:
        waiting = await read_ids(client)
        status, batch = await together(client, [waiting[f"alert-{number}"] for number in range(3)])
        assert status == 303
        assert (await read_ids(client)).keys() == {"alert-3"}
        given = await decisions(client)
        assert {(one["alert_id"], one["policy"]) for one in given} == {
            ("alert-0", "hate"),
            ("alert-1", "spam"),
            ("alert-2", "hate"),
        }
        async with office.database.read() as connection:
            lines = [line for line in await audit.lines(connection, 0, 99) if line.action == "decided"]
        assert {line.subject: json.loads(line.detail)["together"] for line in lines} == {
            "alert-0": 3,
            "alert-1": 3,
            "alert-2": 3,
        }
        assert (await client.submit(f"/undo/{batch}")).status_code == 303
        assert await read_ids(client) == waiting
    async with office.database.begin() as connection:
        assert await outbox.take(connection, now=office.clock() + 60, again_before=0, limit=9) == []


async def test_once_one_is_on_its_way_none_is_undone(office: Office) -> None:
    await receive_several(office, 3)
    async with at_the_desk(office) as client:
        _, batch = await together(client, [*(await read_ids(client)).values()])
        async with office.database.begin() as connection:
            await outbox.take(connection, now=office.clock() + 60, again_before=0, limit=1)
        assert (await client.submit(f"/undo/{batch}")).status_code == 409
        assert len(await decisions(client)) == 3


async def test_nothing_is_decided_if_one_of_them_has_changed(database: Database) -> None:
    """In other hands, decided, withdrawn, blind, a second reading, or none at all: each is named."""
    office = an_office(database, with_shares(second_share=1.0))
    bilal = await office.hire("bilal")
    await receive_several(office, 5)
    blind = Office(an_office(database, with_shares(blind_share=1.0)).desk, office.clock)
    await blind.receive("blind")
    async with at_the_desk(office) as client:
        waiting = await read_ids(client)
        await office.desk.claim(bilal, waiting["alert-1"])
        await office.desk.decide(bilal, waiting["alert-2"], MIRROR)
        await sent(office)
        withdrawn: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated"}
        await office.receive("alert-3", revision=2, **withdrawn)
        [second] = [one["read_id"] for one in await the_queue(client) if one["kind"] == "second"]
        changed = [*(waiting[name] for name in ("alert-1", "alert-2", "alert-3", "blind")), second, 999]
        chosen = [waiting["alert-0"], waiting["alert-4"], *changed]
        with pytest.raises(SelectionChanged) as refused:
            await office.desk.decide_together(client.reader, chosen, MIRROR)
        assert refused.value.read_ids == tuple(sorted(changed))
        assert await decisions(client) == []
        page = await preview(client, waiting.values(), then="mirror/several-traits")
        assert page.count('name="read"') == 2, "what is left can be decided by the next key"
        assert "Nothing was decided" in page
        assert "In the hands of B<" in page
        # What became of the others is not told: bilal's word is not to be known before the second reading.
        assert page.count("no longer waits for you with its score") == 3
        assert (await together(client, [waiting["alert-0"], waiting["alert-4"]]))[0] == 303


async def preview(client: Client, chosen: Iterable[int | str], *, then: str = "") -> str:
    """The page of some readings, or what it answers to a button."""
    read = [str(one) for one in chosen]
    if not then:
        return (await client.get("/selection", params={"read": read})).text
    csrf = client.headers["X-CSRF-Token"]
    answer = await client.post("/selection", data={"read": read, "chosen": then, "csrf": csrf})
    return answer.text


async def test_preview_counts_bands_policies_and_platforms(office: Office) -> None:
    await receive_several(office, 3)
    async with at_the_desk(office) as client:
        page = await preview(client, (await read_ids(client)).values())
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        assert "Decide together: 3 alerts" in page
        assert "Band 2 × likely 1 × possible Policy 2 × hate 1 × spam Platform 1 × telegram 2 × x" in page


async def test_queue_offers_rows_that_can_be_decided_together_and_the_whole_view(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    await office.receive("blind")
    office = Office(an_office(database).desk, office.clock)
    family = Matched(platform="x", account_id="banned", root_id="x:root", policy="hate")
    for name in ("one", "two"):
        await office.receive(
            name, account_id="new", matched=family, reasons=[a_reason(ours='"><b>', theirs="b")]
        )
    await office.receive("three", matched=Matched(platform="x", account_id="b", policy="spam"))
    await office.receive("held")
    bilal = await office.hire("bilal")
    async with at_the_desk(office) as client, at_the_desk(office, "omar", "auditor") as auditor:
        waiting = await read_ids(client)
        await office.desk.claim(bilal, waiting["held"])
        page = (await client.get("/queue?policy=hate")).text
        assert re.findall(r'name="read" value="([\d.]+)"', page) == [f"{waiting['one']}.{waiting['two']}"]
        assert "<b>" not in page
        chosen = re.findall(r'name="read" value="([\d.]+)"', (await client.get("/queue")).text)
        assert len(chosen) == 2
        assert 'name="read"' not in (await auditor.get("/queue")).text
        whole = (await client.get("/selection?all=1&policy=hate&read=999")).text
        assert re.findall(r'name="read" value="(\d+)"', whole) == [str(waiting["one"]), str(waiting["two"])]
        assert "<b>" not in whole
        # The form leads back to the view, which offers the undo, and that to the same rows.
        csrf = client.headers["X-CSRF-Token"]
        form = {"read": chosen, "chosen": "unsure/needs-context", "filters": "policy=hate", "csrf": csrf}
        answer = await client.post("/selection", data=form, follow_redirects=False)
        where = answer.headers["Location"]
        assert where.startswith("/queue?policy=hate&undo=")
        batch = where.partition("undo=")[2]
        undone = await client.post(f"/undo/{batch}", data={"csrf": csrf}, follow_redirects=False)
        again = (await client.get(undone.headers["Location"])).text
        assert again.count('name="read"') == 3
        assert (await auditor.get("/selection?all=1")).status_code == 403


@pytest.mark.parametrize(
    "read", ["x", "1..2", "-1", "1" * 16, ".".join(map(str, range(1, TOGETHER_MAX + 2)))]
)
async def test_what_names_no_readings_or_too_many_is_refused(office: Office, read: str) -> None:
    async with at_the_desk(office) as client:
        assert (await client.get(f"/selection?read={read}")).status_code == 400
        status, _ = await together(client, [])
        assert status == 400
        assert (await together(client, [*range(1, TOGETHER_MAX + 2)]))[0] == 400


@on_each_database
async def test_two_who_decide_the_same_at_once_in_either_order(office: Office) -> None:
    """One decides all, the other learns that it was too late, and neither waits for what the other holds."""
    await receive_several(office, 20)
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chosen = [one.read_id for one in await office.desk.queue(amina, Filters())]
    said = await asyncio.gather(
        office.desk.decide_together(amina, chosen, MIRROR),
        office.desk.decide_together(bilal, chosen[::-1], MIRROR),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in said) == ["DecisionMade", "SelectionChanged"], said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nobody_waits_for_a_reading_that_is_being_written(office: Office) -> None:
    """Such as one that a withdrawal ends: its transaction may in turn need the lock of the audit."""
    await receive_several(office, 2)
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chosen = [one.read_id for one in await office.desk.queue(amina, Filters())]
    async with office.database.begin() as connection:
        now = office.clock()
        assert await reads.claim(connection, chosen[1], bilal.user_id, now=now, until=now + 60)
        with pytest.raises(SelectionChanged) as refused:
            await office.desk.decide_together(amina, chosen, MIRROR)
        assert refused.value.read_ids == (chosen[1],)
    assert isinstance(await office.desk.decide_together(amina, chosen[:1], MIRROR), DecisionMade)


# What is hidden of an alert, and what is shown of it, are of one moment.


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_verdict_that_is_given_while_a_page_is_read_is_not_shown_on_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive("alert-1")
    [waiting] = await office.desk.queue(amina, Filters())
    as_it_is = verdicts.of_alert

    async def decided_meanwhile(connection: AsyncConnection, alert_id: str) -> Sequence[VerdictRow]:
        monkeypatch.setattr(verdicts, "of_alert", as_it_is)
        await office.desk.decide(amina, waiting.read_id, ReadDecision("mirror", "several-traits"))
        return await as_it_is(connection, alert_id)

    # The page asks what is hidden before, when nobody had spoken.
    monkeypatch.setattr(verdicts, "of_alert", decided_meanwhile)
    assert (await office.desk.open(bilal, "alert-1")).said == ()
