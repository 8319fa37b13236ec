"""Lawful requests take two people, preserve at once, and leave a record of what was disclosed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from desk.database import audit, holds, requests, schema, users
from desk.database.engine import Database
from desk.errors import Conflict, Forbidden, NotFound, ReviewError, UnusableInput
from desk.feed.upkeep import tidy
from desk.readers import Reader
from desk.review import requests as rules
from desk.review.audit.chain import Chain
from desk.review.case import case_file
from desk.review.deciding.review import Review
from desk.review.holdings import erase_alerts
from desk.review.requests import RequestEntry
from schemas.alerts import Matched
from schemas.appeals import AppealMade, AppealTaken
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office
from tests.desk.review.quotes import DAY, NOT_MIRROR, a_quote, decide, receive, upkeep, withdraw
from tests.desk_databases import on_each_database
from tests.tables import for_each

NEW, BANNED, OTHER = "x:new-alert-1", "x:banned", "x:somebody"
AUTHORITY, REFERENCE, BASIS = (
    "Cyber Crime Wing, officer A. Khan",
    "CC/311-2026 a.khan@example.org",
    "PECA s. 31",
)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


def an_entry(office: Office, *accounts: str, **given: Any) -> RequestEntry:
    fields: dict[str, Any] = {
        "authority": AUTHORITY,
        "reference": REFERENCE,
        "legal_basis": BASIS,
        "jurisdiction": "PK",
        "kind": "e-evidence",
        "received_at": office.clock() - 60.0,
        "deadline": None,
        "accounts": accounts or (NEW,),
        **given,
    }
    return RequestEntry(**fields)


@asynccontextmanager
async def acting(office: Office, reader: Reader) -> AsyncIterator[Review]:
    async with office.database.begin() as connection:
        yield Review(connection, reader, office.desk.policy, office.clock())


async def enter(office: Office, reader: Reader, *accounts: str, **given: Any) -> int:
    async with acting(office, reader) as review:
        return await rules.enter(review, an_entry(office, *accounts, **given))


async def approved(office: Office, *accounts: str, **given: Any) -> tuple[int, Reader, Reader]:
    """A request that one person entered and another approved."""
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana, *accounts, **given)
    async with acting(office, sana) as review:
        await rules.approve(review, request_id)
    return request_id, rana, sana


def as_json(case: dict[str, Any]) -> bytes:
    return json.dumps(case).encode()


async def file_of(office: Office, reader: Reader, request_id: int, alert_id: str = "alert-1") -> bytes:
    async with acting(office, reader) as review:
        return await rules.make_file(review, request_id, alert_id, as_json)


async def state_of(office: Office, request_id: int) -> requests.RequestRow:
    async with office.database.read() as connection:
        row = await requests.find(connection, request_id)
    assert row is not None
    return row


async def held_words(office: Office, request_id: int) -> list[str]:
    """The kinds of the copies under a request that quote."""
    async with office.database.read() as connection:
        rows = await connection.execute(
            select(schema.held_copies).where(schema.held_copies.c.request_id == request_id)
        )
        found = [(row.kind, (row.payload or b"") + (row.words or "").encode()) for row in rows]
    return sorted(kind for kind, content in found if b"quoted-of" in content)


async def lines_about(office: Office, subject: str) -> list[tuple[str, dict[str, Any]]]:
    async with office.database.read() as connection:
        found = await audit.about(connection, subject, 100)
    return [(line.action, json.loads(line.detail)) for line in found]


async def assert_chained(office: Office) -> None:
    async with office.database.read() as connection:
        chain = Chain()
        chain.follow(await audit.lines(connection, 0, 10_000))
    assert chain.broken is None


async def tidied(office: Office) -> None:
    async with office.database.begin() as connection:
        await tidy(connection, office.desk.settings, office.desk.policy, now=office.clock(), steady=True)


async def quoting_alert(office: Office) -> Reader:
    """An alert that was decided, with a note and an appeal that quote its account."""
    amina = await office.hire("amina")
    await receive(office)
    await decide(office, amina)
    await office.desk.write_note(amina, "alert-1", f"Says {a_quote()}")
    contested = AppealMade(appeal_id="c-1", alert_id="alert-1", words=f"Says {a_quote()}")
    assert isinstance(await office.desk.take_appeal(contested), AppealTaken)
    return amina


QUOTING: Final = ["appeal", "decided", "evidence", "note"]


async def erased(office: Office, account: str = BANNED) -> None:
    """As `samehand account erase` does at the desk."""
    async with office.database.begin() as connection:
        await erase_alerts(connection, account, ["alert-1"], actor="command-line", now=office.clock())


async def withdrawn(office: Office) -> None:
    await withdraw(office, "account-deleted")


async def aged(office: Office) -> None:
    """Decides the appeal, and lets time go by until everything is old."""
    await decide(office, await office.hire("bilal"))
    office.clock.pass_(300 * DAY)
    await upkeep(office)


ERASURES: Final[dict[str, Callable[[Office], Any]]] = {
    "account-deleted": erased,
    "withdrawn": withdrawn,
    "kept-long-enough": aged,
}


@on_each_database
@pytest.mark.parametrize("way", ERASURES)
async def test_hold_outlasts_each_erasure_and_completes_it_when_it_ends(office: Office, way: str) -> None:
    await quoting_alert(office)
    request_id, rana, _ = await approved(office, hold_days=365)
    assert await held_words(office, request_id) == QUOTING
    await ERASURES[way](office)
    omar = await office.hire("omar", "auditor")
    opened = await office.desk.open(omar, "alert-1")
    assert [note.text for note in opened.notes] == [""], "at the desk it is erased"
    assert await held_words(office, request_id) == QUOTING, "the hold wins"
    [erasure] = [detail for action, detail in await lines_about(office, "alert-1") if action == "erased"]
    assert erasure["held"] == 4, "visibly"
    async with office.database.read() as connection:
        for account in (NEW, BANNED):  # the hold is on the first; its copies quote the second, too
            [hold] = await holds.of_account(connection, account)
            assert (hold.request_id, hold.copies, hold.erased) == (request_id, 4, 4)
    case = json.loads(await file_of(office, rana, request_id))
    assert sum("quoted-of" in json.dumps(one) for one in case.pop("held")) == 4
    assert "quoted-of" not in json.dumps(case)

    office.clock.at = (await state_of(office, request_id)).hold_until
    await tidied(office)
    assert await held_words(office, request_id) == []
    action, detail = (await lines_about(office, f"request-{request_id}"))[-1]
    reason = "account-deleted" if way == "withdrawn" else way
    assert (action, detail) == ("hold-ended", {"reason": "date", "copies": 4, "erased": {reason: 4}})
    async with office.database.read() as connection:
        assert await holds.of_account(connection, BANNED) == []


@on_each_database
@pytest.mark.parametrize("way", ERASURES)
async def test_hold_after_an_erasure_finds_nothing_and_says_so(office: Office, way: str) -> None:
    await quoting_alert(office)
    await ERASURES[way](office)
    rana = await office.hire("rana", "counsel")
    request_id = await enter(office, rana)
    assert await held_words(office, request_id) == []
    async with acting(office, rana) as review:
        view = await rules.request_view(review, request_id)
    assert [(one.account, one.copies) for one in view.accounts] == [(NEW, 0)]
    assert view.copies == {}
    assert (await lines_about(office, "request-1"))[0][1]["copies"] == 0


@on_each_database
async def test_erasure_between_two_holds_is_kept_by_the_first_alone(office: Office) -> None:
    await quoting_alert(office)
    rana = await office.hire("rana", "counsel")
    first = await enter(office, rana, NEW, reference="first")
    await erased(office)
    second = await enter(office, rana, BANNED, reference="second")
    assert (await held_words(office, first), await held_words(office, second)) == (QUOTING, [])
    async with acting(office, await office.hire("sana", "counsel")) as review:
        await rules.release(review, first)
    assert await held_words(office, first) == []


async def test_late_withdrawal_marks_copies_of_what_it_ends_alone(office: Office) -> None:
    amina = await quoting_alert(office)
    office.clock.pass_(60)
    await receive(office, revision=5)
    await office.desk.write_note(amina, "alert-1", f"Back: {a_quote()}")
    rana = await office.hire("rana", "counsel")
    request_id = await enter(office, rana)
    await withdraw(office, "reinstated", revision=2)  # which ended what stood until then
    async with office.database.read() as connection:
        copies = await holds.of_alert(connection, request_id, "alert-1")
    kept = {(copy.kind, copy.revision): copy.erased_at is None for copy in copies if copy.kind != "note"}
    assert kept == {("evidence", 5): True, ("decided", 1): False, ("appeal", None): False}
    assert len([copy for copy in copies if copy.kind == "note"]) == 2


@on_each_database
async def test_who_enters_never_approves_under_any_name_and_in_any_way(office: Office) -> None:
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana)
    async with office.database.begin() as connection:
        await users.change(connection, rana.user_id, name="renamed", initials="XX")
    for reader in (rana, replace(rana, initials="XX")):
        with pytest.raises(Forbidden, match="somebody else approves"):
            async with acting(office, reader) as review:
                await rules.approve(review, request_id)
    async with office.database.begin() as connection:
        values = {"state": "approved", "approved_at": 0.0, "approved_by": rana.user_id}
        assert not await requests.move(connection, request_id, ("entered",), **values)
    with pytest.raises(IntegrityError):
        async with office.database.engine.begin() as connection:
            await connection.execute(text("UPDATE requests SET approved_by = entered_by"))
    assert (await state_of(office, request_id)).state == "entered"
    async with acting(office, sana) as review:
        await rules.approve(review, request_id)
    row = await state_of(office, request_id)
    assert (row.state, row.entered_by, row.approved_by) == ("approved", rana.user_id, sana.user_id)


STEPS: Final = ("approve", "refuse", "withdraw", "disclose")
ALLOWED: Final = {
    "entered": {"approve", "refuse", "withdraw"},
    "approved": {"refuse", "withdraw", "disclose"},
    "refused": set[str](),
    "withdrawn": set[str](),
    "disclosed": set[str](),
}


async def step(office: Office, reader: Reader, request_id: int, name: str) -> None:
    async with acting(office, reader) as review:
        match name:
            case "approve":
                await rules.approve(review, request_id)
            case "refuse":
                await rules.refuse(review, request_id, "too-broad")
            case "withdraw":
                await rules.withdraw(review, request_id)
            case "disclose":
                files = await requests.files_of(review.connection, request_id)
                digests = [file.digest for file in files] or ["0" * 64]
                await rules.disclose(review, request_id, digests)


async def test_each_step_is_taken_from_its_states_alone_and_is_a_line_of_the_audit(office: Office) -> None:
    await receive(office)
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    ways = {
        "entered": (),
        "approved": ("approve",),
        "refused": ("refuse",),
        "withdrawn": ("withdraw",),
        "disclosed": ("approve", "file", "disclose"),
    }
    for state, way in ways.items():
        for name in STEPS:
            office.clock.pass_(1.0)
            request_id = await enter(office, rana, reference=f"{state} {name}")
            for taken in way:
                if taken == "file":
                    await file_of(office, sana, request_id)
                else:
                    await step(office, sana, request_id, taken)
            assert (await state_of(office, request_id)).state == state
            before = len(await lines_about(office, f"request-{request_id}"))
            if name in ALLOWED[state] and not (name == "disclose" and "file" not in way):
                await step(office, sana, request_id, name)
                assert len(await lines_about(office, f"request-{request_id}")) > before
            else:
                with pytest.raises((Conflict, UnusableInput)):
                    await step(office, sana, request_id, name)
                assert len(await lines_about(office, f"request-{request_id}")) == before
    await assert_chained(office)


@for_each(
    ("field", "given"),
    [
        ("authority", {"authority": "  \0 "}),
        ("authority", {"authority": "a" * 129}),
        ("reference", {"reference": ""}),
        ("legal_basis", {"legal_basis": "b" * 257}),
        ("jurisdiction", {"jurisdiction": "Pakistan"}),
        ("jurisdiction", {"jurisdiction": "P1"}),
        ("kind", {"kind": "unheard-of"}),
        ("received_at", {"received_at": 9e12}),
        ("received_at", {"received_at": float("nan")}),
        ("deadline", {"deadline": 9e9}),
        ("deadline", {"kind": "other"}),
        ("deadline", {"kind": "other", "deadline": 1.0}),
        ("deadline", {"kind": "other", "deadline": float("nan")}),
        ("deadline", {"kind": "other", "deadline": 9e12}),
        ("hold_days", {"hold_days": 0}),
        ("hold_days", {"hold_days": 367}),
        ("accounts", {"accounts": ()}),
        ("accounts", {"accounts": (" ",)}),
        ("accounts", {"accounts": ("no key",)}),
        ("accounts", {"accounts": tuple(f"x:{number}" for number in range(11))}),
    ],
)
async def test_unusable_entry_is_refused_by_its_field(
    database: Database, field: str, given: dict[str, Any]
) -> None:
    office = an_office(database)
    with pytest.raises(UnusableInput) as refused:
        rules._checked(replace(an_entry(office), **given), office.clock())
    assert refused.value.field == field


@for_each("mark", ["\u200e", "\u200f", "\u202c", "\u200b", "\ufeff", "\u2069", "\xa0"])
def test_unseen_characters_around_a_pasted_account_name_no_other_account(mark: str) -> None:
    office = an_office(None)  # type: ignore[arg-type]  # no database is asked
    entry = replace(an_entry(office), accounts=[f"{mark}{NEW}{mark} ", NEW])
    assert rules._checked(entry, office.clock())[1] == [NEW]


@for_each(("kind", "seconds"), [("e-evidence", 864_000.0), ("e-evidence-emergency", 28_800.0)])
def test_deadline_follows_from_the_kind_and_the_receipt(kind: str, seconds: float) -> None:
    entry = RequestEntry(
        authority="a",
        reference="r",
        legal_basis="b",
        jurisdiction=" de",
        kind=kind,
        received_at=1_000.0,
        deadline=None,
        accounts=["x:1"],
    )
    values, _ = rules._checked(entry, 2_000.0)
    assert (values["deadline"], values["jurisdiction"]) == (1_000.0 + seconds, "DE")


async def test_request_is_overdue_after_its_deadline_until_it_is_answered(office: Office) -> None:
    rana = await office.hire("rana", "counsel")
    emergency = await enter(office, rana, kind="e-evidence-emergency", reference="emergency")
    await enter(office, rana)
    async with acting(office, rana) as review:
        assert [line.overdue for line in await rules.lines(review, is_open=True)] == [False, False]
    office.clock.pass_(8 * 3_600.0)
    async with acting(office, rana) as review:
        listed = await rules.lines(review, is_open=True)
        assert (listed[0].row.request_id, listed[0].overdue) == (emergency, True)
    async with acting(office, await office.hire("sana", "counsel")) as review:
        await rules.withdraw(review, emergency)
        assert [line.overdue for line in await rules.lines(review, is_open=False)] == [False]


async def test_nobody_else_sees_or_answers_requests(office: Office) -> None:
    request_id, rana, _ = await approved(office)
    acts: dict[str, Callable[[Review], Any]] = {
        "enter": lambda review: rules.enter(review, an_entry(office, reference="another")),
        "approve": lambda review: rules.approve(review, request_id),
        "refuse": lambda review: rules.refuse(review, request_id, "too-broad"),
        "withdraw": lambda review: rules.withdraw(review, request_id),
        "disclose": lambda review: rules.disclose(review, request_id, ["0" * 64]),
        "extend": lambda review: rules.extend(review, request_id, 300),
        "release": lambda review: rules.release(review, request_id),
        "lines": lambda review: rules.lines(review, is_open=True),
        "view": lambda review: rules.request_view(review, request_id),
        "file": lambda review: rules.make_file(review, request_id, "alert-1", as_json),
    }
    refused: dict[str, set[str]] = {}
    for role in ("moderator", "lead", "auditor"):
        reader = await office.hire(f"a-{role}", role)
        for name, act in acts.items():
            try:
                async with acting(office, reader) as review:
                    await act(review)
            except Forbidden:
                refused.setdefault(role, set()).add(name)
            except ReviewError:
                pass
    everything = set(acts)
    assert refused == {
        "moderator": everything,
        "lead": everything,
        "auditor": everything - {"lines", "view", "file"},
    }
    with pytest.raises(NotFound):
        async with acting(office, rana) as review:
            await rules.approve(review, request_id + 1)


async def test_case_file_is_made_under_an_approved_request_on_its_accounts_alone(office: Office) -> None:
    await quoting_alert(office)
    await receive(office, alert_id="another", matched=Matched(platform="x", account_id="else"))
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana)
    with pytest.raises(Conflict):
        await file_of(office, rana, request_id)
    await step(office, sana, request_id, "approve")
    for alert_id in ("another", "unheard-of"):
        with pytest.raises(NotFound):
            await file_of(office, rana, request_id, alert_id)
    content = await file_of(office, rana, request_id)
    case = json.loads(content)
    assert case["request"]["reference"] == REFERENCE
    assert case["made_for"] == {"purpose": REFERENCE, "reader": rana.user_id}
    office.clock.pass_(5.0)
    again = await file_of(office, sana, request_id)
    digests = [sha256(it).hexdigest() for it in (content, again)]
    with pytest.raises(UnusableInput):
        async with acting(office, rana) as review:
            await rules.disclose(review, request_id, [digests[0], "0" * 64])
    async with acting(office, rana) as review:
        await rules.disclose(review, request_id, digests[:1])
    office.clock.pass_(5 * 365 * DAY)  # what was disclosed under which reference is shown years later
    await tidied(office)
    async with acting(office, await office.hire("omar", "auditor")) as review:
        view = await rules.request_view(review, request_id)
    handed = [(it.digest, it.account, it.made_by, it.handed_over_by) for it in view.files]
    assert handed == [(digests[0], NEW, rana.user_id, rana.user_id), (digests[1], NEW, sana.user_id, None)]
    assert (view.line.row.reference, view.line.row.state) == (REFERENCE, "disclosed")
    assert view.line.row.hold_ended_reason == "date"
    with pytest.raises(Conflict):
        await file_of(office, rana, request_id)


async def test_request_is_entered_once_until_it_is_refused(office: Office) -> None:
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana)
    with pytest.raises(Conflict):
        await enter(office, sana, OTHER)
    await step(office, sana, request_id, "refuse")
    assert await enter(office, rana, OTHER) != request_id


async def test_hold_is_extended_released_and_ended_by_a_refusal(office: Office) -> None:
    await quoting_alert(office)
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana, hold_days=10)
    async with acting(office, sana) as review:
        for days in (0, 5, 367):
            with pytest.raises(UnusableInput):
                await rules.extend(review, request_id, days)
        await rules.extend(review, request_id, 20)
    office.clock.pass_(15 * DAY)
    await tidied(office)
    assert await held_words(office, request_id) == QUOTING
    await step(office, sana, request_id, "refuse")
    row = await state_of(office, request_id)
    assert (row.hold_ended_by, row.hold_ended_reason, row.reason_code) == (
        sana.user_id,
        "refused",
        "too-broad",
    )
    assert await held_words(office, request_id) == []
    async with acting(office, rana) as review:
        with pytest.raises(Conflict):
            await rules.release(review, request_id)
        with pytest.raises(Conflict):
            await rules.extend(review, request_id, 9)


async def test_hold_is_ended_by_somebody_else_than_entered_the_request(office: Office) -> None:
    await quoting_alert(office)
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    request_id = await enter(office, rana)
    ways: dict[str, Callable[[Review], Any]] = {
        "release": lambda review: rules.release(review, request_id),
        "refuse": lambda review: rules.refuse(review, request_id, "too-broad"),
        "withdraw": lambda review: rules.withdraw(review, request_id),
    }
    for act in ways.values():
        with pytest.raises(Forbidden, match="somebody else ends its hold"):
            async with acting(office, rana) as review:
                await act(review)
    assert (await state_of(office, request_id)).state == "entered"
    assert await held_words(office, request_id) == QUOTING
    async with acting(office, sana) as review:
        await ways["release"](review)
    assert await held_words(office, request_id) == []
    async with acting(office, rana) as review:
        await ways["withdraw"](review)
    assert (await state_of(office, request_id)).state == "withdrawn", "no hold was left to end"


async def test_hold_that_is_due_waits_for_a_steady_clock(office: Office) -> None:
    await quoting_alert(office)
    rana = await office.hire("rana", "counsel")
    request_id = await enter(office, rana, hold_days=1)
    office.clock.pass_(2 * DAY)
    async with office.database.begin() as connection:
        await tidy(connection, office.desk.settings, office.desk.policy, now=office.clock(), steady=False)
    assert await held_words(office, request_id) == QUOTING
    await tidied(office)
    assert await held_words(office, request_id) == []


@on_each_database
async def test_hold_that_is_extended_as_its_date_comes_goes_on(office: Office) -> None:
    await quoting_alert(office)
    rana = await office.hire("rana", "counsel")
    request_id = await enter(office, rana, hold_days=1)
    office.clock.pass_(DAY)
    async with acting(office, rana) as review:
        await rules.extend(review, request_id, 90)
        upkeeping = asyncio.create_task(tidied(office))
        await asyncio.sleep(0.2)  # until it waits for this transaction
    await upkeeping
    assert await held_words(office, request_id) == QUOTING
    assert (await state_of(office, request_id)).hold_ended_at is None


async def test_audit_of_a_request_has_no_word_of_it_and_proves_its_record(office: Office) -> None:
    await quoting_alert(office)
    request_id, rana, sana = await approved(office)
    await file_of(office, rana, request_id)
    await step(office, sana, request_id, "disclose")
    await erased(office)
    office.clock.pass_(300 * DAY)
    await tidied(office)
    async with office.database.read() as connection:
        written = [line.detail for line in await audit.lines(connection, 0, 1_000)]
    await assert_chained(office)
    for word in (AUTHORITY, REFERENCE, BASIS, "khan", "@example", "quoted-of", NEW, BANNED, "PECA"):
        assert [detail for detail in written if word.lower() in detail.lower()] == [], word
    actions = [action for action, _ in await lines_about(office, f"request-{request_id}")]
    assert actions == [
        "request-entered",
        "request-approved",
        "request-file",
        "request-disclosed",
        "hold-ended",
    ]
    assert ("case-file", request_id) in [
        (action, detail.get("request")) for action, detail in await lines_about(office, "alert-1")
    ]


async def test_case_file_without_a_request_has_nothing_of_a_hold(office: Office) -> None:
    await quoting_alert(office)
    await approved(office)
    await erased(office)
    chloe = await office.hire("chloe", "lead")
    async with acting(office, chloe) as review:
        case = await case_file(review, "alert-1", purpose="appeal")
    assert "held" not in case
    assert "quoted-of" not in json.dumps(case)


async def test_case_file_has_no_trace_of_another_request(office: Office) -> None:
    await quoting_alert(office)
    first, rana, _ = await approved(office)
    await file_of(office, rana, first)
    await erased(office)
    second = await enter(office, rana, reference="another")
    async with acting(office, await office.hire("hina", "counsel")) as review:
        await rules.approve(review, second)
    chloe = await office.hire("chloe", "lead")
    async with acting(office, chloe) as review:
        of_lead = await case_file(review, "alert-1", purpose="appeal")
    of_second = json.loads(await file_of(office, rana, second))
    for case, request in ((of_lead, None), (of_second, second)):
        details = [line["detail"] for line in case["audit"]]
        assert [detail for detail in details if "held" in detail] == []
        assert {detail.get("request") for detail in details} <= {None, request}
        assert {"reason": "account-deleted", "notes": 1, "decided": 1, "appeals": 1} in details


async def test_case_file_under_a_request_names_no_relative_that_the_request_does_not(office: Office) -> None:
    for number in range(1, 4):
        await office.receive(f"alert-{number}")
    request_id, rana, _ = await approved(office, NEW, "x:new-alert-2")
    case = json.loads(await file_of(office, rana, request_id))
    assert {one["account"] for one in case["family"]} == {NEW, "x:new-alert-2"}
    assert "new-alert-3" not in json.dumps(case)


async def test_no_case_file_has_a_keyed_digest(office: Office) -> None:
    digest = "0f" * 10
    await office.receive(reasons=(a_reason("device", value_digests=((digest,),)), a_reason()))
    request_id, rana, _ = await approved(office)
    assert digest not in (await file_of(office, rana, request_id)).decode()
    async with acting(office, rana) as review:
        assert digest not in json.dumps(await case_file(review, "alert-1", purpose="appeal"))


async def test_another_decision_is_not_held_up_by_a_hold(office: Office) -> None:
    amina = await office.hire("amina")
    await receive(office)
    rana = await office.hire("rana", "counsel")
    await enter(office, rana)
    await decide(office, amina, NOT_MIRROR)
    assert (await office.desk.open(rana, "alert-1")).read is None, "counsel reads, and decides nothing"
    with pytest.raises(Forbidden):
        await office.desk.write_note(rana, "alert-1", "no")
