"""Appeals of holders, and lawful requests of authorities."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import pytest
from msgspec.structs import replace as replace_struct
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from desk.database import alerts, appeals, audit, holds, reads, requests, schema, users
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.schema import AppealRow, RequestRow
from desk.errors import Conflict, Forbidden, NotFound, TooLate, UnusableInput
from desk.feed.publish import VerdictPublisher
from desk.feed.upkeep import erase_old, tidy
from desk.readers import Reader
from desk.review import requests as rules
from desk.review.appeals import APPEALS_MAX
from desk.review.arrivals import Arrivals
from desk.review.audit.chain import Chain
from desk.review.case import case_file
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.deciding.review import Review
from desk.review.holdings import erase_alerts
from desk.review.requests import RequestEntry
from schemas.alerts import Matched, without_quotes
from schemas.appeals import AppealDecided, AppealMade, AppealTaken
from schemas.decoding.dates import from_seconds
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_appeal_decided
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.quotes import DAY, NOT_MIRROR, a_quote, decide, receive, upkeep, withdraw
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# A holder contests a decision: somebody else reads it anew, and what comes of it is published once.


WORDS = "I never had another account. \u202eمیں وہ نہیں ہوں\u2066 <script>alert(1)</script>"
QUOTE = "umar_media"


def an_appeal(appeal_id: str = "c-1", **given: Any) -> AppealMade:
    named = given if {"alert_id", "account_id"} & given.keys() else {"alert_id": "alert-1", **given}
    return AppealMade(**{"appeal_id": appeal_id, "words": WORDS, **named})


async def decide_waiting(
    office: Office, reader: Reader, verdict: str = "mirror", *, undoable: bool = False, **more: Any
) -> DecisionMade:
    """Decides what waits for a person; it is on its way unless it is `undoable`."""
    [waiting] = await office.desk.queue(reader, Filters())
    reason = "several-traits" if verdict == "mirror" else "other-person"
    made = await office.desk.decide(reader, waiting.read_id, ReadDecision(verdict, reason, "hate", **more))
    if not undoable:
        await sent(office)
    return made


async def sent(office: Office) -> list[tuple[str, str]]:
    """Lets everything leave that may; topic and outcome, or verdict, of each record."""
    office.clock.pass_(11)
    out = Topics()
    publisher = VerdictPublisher(office.database, "verdicts", office.clock, appeals_topic="appeals")
    while await publisher.publish(out):
        pass
    return out.told


class Topics:
    """A broker that confirms at once."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.decided: list[AppealDecided] = []

    def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Topics:
        del key, headers
        assert value is not None
        assert b"another account" not in value
        if topic == "appeals":
            read = decode_appeal_decided(value, now=float("inf"))
            assert not hasattr(read, "reason"), read
            self.decided.append(read.record)
            self.told.append((topic, read.record.outcome))
        else:
            self.told.append((topic, value.decode().partition('"verdict":"')[2].partition('"')[0]))
        return self

    def get(self, timeout: float) -> None:
        del timeout

    def close(self) -> None:
        return None


async def rows(office: Office, alert_id: str = "alert-1") -> list[AppealRow]:
    async with office.database.read() as connection:
        return (await appeals.of_alerts(connection, [alert_id]))[alert_id]


async def decided(office: Office, alert_id: str = "alert-1") -> Reader:
    """An alert that somebody decided to be a mirror; who."""
    amina = await office.hire("amina")
    await office.receive(alert_id, reasons=[a_reason(ours=QUOTE, theirs="umar")])
    await decide_waiting(office, amina)
    return amina


async def withdrawn_for(office: Office, reason: str) -> None:
    """Workers withdraw the alert, without quotes."""
    told: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": reason, "withdrawn_at": NOON}
    await office.receive(revision=2, reasons=[without_quotes(a_reason())], **told)


@pytest.mark.parametrize(
    ("verdict", "more", "outcome"),
    [("mirror", {}, "upheld"), ("mirror", {"milder": True}, "partly"), ("not_mirror", {}, "reversed")],
)
async def test_somebody_else_decides_without_the_first_verdict_and_beside_the_holders_words(
    office: Office, verdict: str, more: dict[str, Any], outcome: str
) -> None:
    amina, bilal = await decided(office), await office.hire("bilal")
    await withdrawn_for(office, "account-banned")
    taken = await office.desk.take_appeal(an_appeal())
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-1")

    assert await office.desk.queue(amina, Filters()) == []
    with pytest.raises(Forbidden):
        await office.desk.claim(amina, (await rows(office))[0].read_id)
    [waiting] = await office.desk.queue(bilal, Filters(kind="appeal"))
    opened = await office.desk.open(bilal, "alert-1")
    assert (opened.said, opened.status, opened.withdrawn_reason) == ((), "open", None)
    assert [(it.words, it.outcome) for it in opened.appeals] == [(WORDS, None)]
    assert opened.alert.evidence[0].ours == QUOTE, "as it was when it was decided"
    assert waiting.kind == "appeal"
    [seen] = (await office.desk.open(amina, "alert-1")).appeals
    assert seen.outcome is None

    made = await decide_waiting(office, bilal, verdict, undoable=True, **more)
    assert (await office.desk.open(bilal, "alert-1")).appeals == (), "while it can be undone"
    await office.desk.undo(bilal, made.batch)
    assert [it.outcome for it in await rows(office)] == [None]
    await decide_waiting(office, bilal, verdict, undoable=True, **more)
    assert await sent(office) == [("verdicts", verdict), ("appeals", outcome)]
    assert await sent(office) == []
    [seen] = (await office.desk.open(amina, "alert-1")).appeals
    assert (seen.outcome, seen.words) == (outcome, WORDS)
    view = await office.desk.account_view(amina, "x:new-alert-1")
    assert [(it.what, it.detail) for it in view.timeline if "appeal" in it.what] == [
        ("appeal decided", outcome),
        ("appealed", ""),
    ]


async def test_a_repeat_is_answered_alike_and_an_appeal_that_cannot_be_taken_says_why(office: Office) -> None:
    take = office.desk.take_appeal
    await office.receive()
    assert await take(an_appeal()) == "not-decided"
    assert await take(an_appeal(alert_id="other")) == "unknown-alert"
    assert await take(an_appeal(platform="x", account_id="nobody")) == "unknown-alert"
    amina = await office.hire("amina")
    await decide_waiting(office, amina)
    assert await take(an_appeal(alert_id="alert-1", platform="x", account_id="nobody")) == "unknown-alert"
    by_account = an_appeal(platform="x", account_id="new-alert-1")
    first = await take(by_account)
    assert first == await take(by_account) == AppealTaken(appeal_id="c-1", alert_id="alert-1")
    assert await take(replace_struct(by_account, words="something else")) == "other-body"
    assert await take(an_appeal("c-2")) == "open-appeal"
    assert len(await rows(office)) == 1
    async with office.database.read() as connection:
        lines = [line for line in await audit.about(connection, "alert-1", 99) if line.action == "appealed"]
    [line] = lines
    assert (line.actor, '"appeal":"c-1"' in line.detail, WORDS in line.detail) == ("gate", True, False)


async def test_an_alert_is_read_anew_so_often_and_no_more(office: Office) -> None:
    await decided(office)
    for number in range(APPEALS_MAX):
        assert isinstance(await office.desk.take_appeal(an_appeal(f"c-{number}")), AppealTaken)
        await decide_waiting(office, await office.hire(f"reader-{number}"))
    assert await office.desk.take_appeal(an_appeal("c-more")) == "too-many"


async def test_of_an_accounts_alerts_the_latest_one_that_holds_is_contested(office: Office) -> None:
    amina = await office.hire("amina")
    for number, verdict in enumerate(("mirror", "mirror", "not_mirror")):
        await office.receive(f"alert-{number}", account_id="new")
        await decide_waiting(office, amina, verdict)
    taken = await office.desk.take_appeal(an_appeal(platform="x", account_id="new"))
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-1")


async def test_an_appeal_is_decided_by_what_it_asks_and_nothing_else_is(office: Office) -> None:
    await decided(office)
    await office.desk.take_appeal(an_appeal())
    bilal = await office.hire("bilal")
    with pytest.raises(UnusableInput):
        await decide_waiting(office, bilal, "unsure")
    with pytest.raises(UnusableInput):
        await decide_waiting(office, bilal, "not_mirror", milder=True)
    await decide_waiting(office, bilal)
    await office.receive("alert-2")
    with pytest.raises(UnusableInput):
        await decide_waiting(office, bilal, "mirror", milder=True)


async def test_other_readings_give_way_and_what_is_contested_is_not_undone(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    made = await decide_waiting(office, amina, undoable=True)
    [second] = await office.desk.queue(bilal, Filters())
    await office.desk.take_appeal(an_appeal())
    with pytest.raises(TooLate):
        await office.desk.undo(amina, made.batch)
    [waiting] = await office.desk.queue(bilal, Filters())
    assert (second.kind, waiting.kind) == ("second", "appeal")
    with pytest.raises(NotFound):
        await office.desk.decide(bilal, second.read_id, ReadDecision("mirror", "several-traits"))


@on_each_database
async def test_an_appeal_and_a_second_reading_at_once_leave_one_reading(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    bilal, dana = await office.hire("bilal"), await office.hire("dana")
    for number in range(5):
        await office.receive(alert_id := f"alert-{number}")
        await decide_waiting(office, await office.hire(f"first-{number}"))
        [second] = await office.desk.queue(bilal, Filters(kind="second"))
        made = an_appeal(f"c-{number}", alert_id=alert_id)
        agrees = ReadDecision("mirror", "several-traits")
        taken, said = await asyncio.gather(
            office.desk.take_appeal(made),
            office.desk.decide(bilal, second.read_id, agrees),
            return_exceptions=True,
        )
        assert isinstance(taken, AppealTaken), taken
        assert isinstance(said, DecisionMade | NotFound | Conflict), said
        [waiting] = await office.desk.queue(dana, Filters())
        assert waiting.kind == "appeal"
        await decide_waiting(office, dana)


async def test_a_verdict_that_is_taken_back_meanwhile_is_read_anew_once(office: Office) -> None:
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    await decide_waiting(office, chloe)
    await office.desk.take_appeal(an_appeal())
    [appeal] = await rows(office)
    assert await office.desk.take_back(chloe, "alert-1", "appeal") == appeal.read_id
    await decide_waiting(office, await office.hire("bilal"), "not_mirror")
    assert [it.outcome for it in await rows(office)] == ["reversed"]


async def test_who_read_what_was_taken_back_without_the_holders_words_does_not_decide_the_appeal(
    office: Office,
) -> None:
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await office.receive()
    await decide_waiting(office, chloe)
    before = await office.desk.take_back(chloe, "alert-1", "appeal")
    await office.desk.claim(bilal, before)
    assert isinstance(await office.desk.take_appeal(an_appeal()), AppealTaken)
    with pytest.raises(NotFound):
        await office.desk.decide(bilal, before, ReadDecision("mirror", "several-traits"))
    [appeal] = (await office.desk.open(bilal, "alert-1")).appeals
    assert appeal.words == WORDS


@pytest.mark.parametrize("reason", ["reinstated", "account-deleted"])
async def test_what_is_forgotten_lapses_and_says_so_without_a_verdict(office: Office, reason: str) -> None:
    amina = await decided(office)
    await office.desk.take_appeal(an_appeal())
    await withdrawn_for(office, reason)
    [seen] = (await office.desk.open(amina, "alert-1")).appeals
    assert (seen.words, seen.erased_reason, seen.outcome, seen.reason_code) == ("", reason, "lapsed", reason)
    assert await sent(office) == [("appeals", "lapsed")]
    async with office.database.read() as connection:
        assert {it.state for it in await reads.of_alert(connection, "alert-1")} == {"done", "gone"}


@pytest.mark.parametrize("decided_before", ["the alert", "an appeal"])
async def test_verdict_taken_back_and_appealed_is_not_undone(office: Office, decided_before: str) -> None:
    amina, lead = await office.hire("amina"), await office.hire("lead", "lead")
    await office.receive(reasons=[a_reason(ours=QUOTE, theirs="umar")])
    made = await decide_waiting(office, amina, undoable=decided_before == "the alert")
    reader = amina
    if decided_before == "an appeal":
        reader = await office.hire("bilal")
        await office.desk.take_appeal(an_appeal())
        made = await decide_waiting(office, reader, undoable=True)
    await office.desk.take_back(lead, "alert-1", "appeal")
    with pytest.raises(TooLate):
        await office.desk.undo(reader, made.batch)
    assert isinstance(await office.desk.take_appeal(an_appeal("c-2")), AppealTaken)
    with pytest.raises(TooLate):
        await office.desk.undo(reader, made.batch)
    await withdrawn_for(office, "account-banned")
    async with office.database.read() as connection:
        waiting = [it.kind for it in await reads.of_alert(connection, "alert-1") if it.state == "open"]
    assert waiting == ["appeal"]


async def test_appeal_whose_words_were_erased_is_not_opened_again(office: Office) -> None:
    await decided(office)
    bilal = await office.hire("bilal")
    await office.desk.take_appeal(an_appeal())
    made = await decide_waiting(office, bilal, undoable=True)
    await withdrawn_for(office, "account-deleted")
    with pytest.raises(TooLate):
        await office.desk.undo(bilal, made.batch)
    assert [it.outcome for it in await rows(office)] == ["upheld"]


@pytest.mark.parametrize("erased", ["by the desk", "by age", "account-deleted", "reinstated"])
async def test_appeal_is_refused_once_the_evidence_is_erased(office: Office, erased: str) -> None:
    await decided(office)
    if erased in ("by the desk", "by age"):
        async with office.database.begin() as connection:
            if erased == "by age":
                assert await erase_old(connection, keep_seconds=1.0, now=office.clock() + 99.0) == 1
            else:
                await erase_alerts(connection, "x:new-alert-1", ["alert-1"], actor="u", now=office.clock())
    else:
        await withdrawn_for(office, erased)
    assert await office.desk.take_appeal(an_appeal()) == "evidence-erased"
    await office.receive("alert-2", account_id="new-alert-1")
    assert await office.desk.take_appeal(an_appeal(platform="x", account_id="new-alert-1")) == (
        "evidence-erased"
    )
    await decide_waiting(office, await office.hire("bilal"))
    taken = await office.desk.take_appeal(an_appeal(platform="x", account_id="new-alert-1"))
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-2")


async def test_words_that_outlived_the_evidence_are_erased_by_age(office: Office) -> None:
    await decided(office)
    await office.desk.take_appeal(an_appeal())
    await decide_waiting(office, await office.hire("bilal"))
    async with office.database.begin() as connection:  # as a former release left it
        await alerts.erase(connection, "alert-1", b"", now=office.clock(), reason="account-deleted")
    async with office.database.begin() as connection:
        assert await erase_old(connection, keep_seconds=1.0, now=office.clock() + 99.0) == 1
        assert await erase_old(connection, keep_seconds=1.0, now=office.clock() + 99.0) == 0
        evidence = await alerts.evidence_of(connection, "alert-1")
    assert [it.words for it in await rows(office)] == [""]
    assert evidence is not None
    assert evidence.erased_reason == "account-deleted"


async def test_account_with_many_newer_mirrors_finds_its_own_decision(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.review.appeals.ACCOUNT_ALERTS_MAX", 2)
    await decided(office)
    own = Matched(platform="x", account_id="new-alert-1")
    for number in (1, 2):
        later = NOON + timedelta(seconds=number)
        await office.receive(f"m-{number}", account_id=f"m-{number}", matched=own, detected_at=later)
    taken = await office.desk.take_appeal(an_appeal(platform="x", account_id="new-alert-1"))
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-1")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("begun", "meanwhile"),
    [("restore", "appeal"), ("withdraw", "appeal"), ("appeal", "forget"), ("appeal", "decide")],
)
async def test_appeal_beside_another_transaction_is_neither_lost_nor_left_with_words(
    database: Database, monkeypatch: pytest.MonkeyPatch, begun: str, meanwhile: str
) -> None:
    office = an_office(database, with_shares(second_share=1.0 if meanwhile == "decide" else 0.0))
    await decided(office)
    bilal, lead = await office.hire("bilal"), await office.hire("lead", "lead")
    read_ids = [waiting.read_id for waiting in await office.desk.queue(bilal, Filters())]
    if begun == "restore":
        await office.desk.take_back(lead, "alert-1", "appeal")
    agrees = ReadDecision("mirror", "several-traits", "hate")
    acts: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "appeal": lambda: office.desk.take_appeal(an_appeal()),
        "restore": lambda: office.desk.restore(lead, "alert-1"),
        "withdraw": lambda: withdrawn_for(office, "account-banned"),
        "forget": lambda: withdrawn_for(office, "account-deleted"),
        "decide": lambda: office.desk.decide(bilal, read_ids[0], agrees),
    }
    tasks: list[asyncio.Task[object]] = []
    # Where the first one stops: before it ends readings, or with its own opened and not committed.
    module, name = (appeals, "add") if meanwhile == "forget" else (reads, "end")
    goes_on = getattr(module, name)

    async def stops(*given: Any, **named: Any) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(acts[meanwhile]()))
            await asyncio.wait(tasks, timeout=0.5)
        await goes_on(*given, **named)

    monkeypatch.setattr(module, name, stops)
    results = [await acts[begun](), *await asyncio.gather(*tasks, return_exceptions=True)]
    faults = [it for it in results if isinstance(it, Exception) and not isinstance(it, NotFound | Conflict)]
    assert faults == []
    [row] = await rows(office)
    async with office.database.read() as connection:
        waiting = [it.read_id for it in await reads.of_alert(connection, "alert-1") if it.state == "open"]
    if meanwhile == "forget":
        assert (row.words, row.outcome, waiting) == ("", "lapsed", [])
    else:
        assert (row.words, row.outcome, waiting) == (WORDS, None, [row.read_id])


async def test_words_are_erased_with_the_quotes_once_kept_long_enough(office: Office) -> None:
    await decided(office)
    await office.desk.take_appeal(an_appeal())
    office.clock.pass_(400 * 86_400)

    async def erased() -> int:
        async with office.database.begin() as connection:
            return await erase_old(connection, keep_seconds=240 * 86_400, now=office.clock())

    assert await erased() == 0, "an appeal that waits keeps its evidence"
    await decide_waiting(office, await office.hire("bilal"))
    office.clock.pass_(239 * 86_400)
    assert await erased() == 0
    office.clock.pass_(2 * 86_400)
    assert await erased() == 1
    [row] = await rows(office)
    assert (row.words, row.erased_reason, row.outcome) == ("", "kept-long-enough", "upheld")


async def test_a_verdict_from_elsewhere_is_contested_on_what_stands_now(office: Office) -> None:
    await office.receive(reasons=[a_reason(ours=QUOTE, theirs="umar")])
    given = VerdictGiven(
        alert_id="alert-1",
        revision=1,
        verdict="mirror",
        reason_code="coop",
        reviewer="coop-1",
        decided_at=from_seconds(office.clock()),
    )
    async with office.database.begin() as connection:
        await Arrivals(connection, office.desk.policy, office.clock()).take_verdict(given, "v-1")
    await office.desk.take_appeal(an_appeal())
    await withdrawn_for(office, "account-banned")
    opened = await office.desk.open(await office.hire("bilal"), "alert-1")
    assert opened.alert.evidence[0].ours == QUOTE


# Lawful requests take two people, preserve at once, and leave a record of what was disclosed.

NEW, BANNED, OTHER = "x:new-alert-1", "x:banned", "x:somebody"
AUTHORITY, REFERENCE, BASIS = (
    "Cyber Crime Wing, officer A. Khan",
    "CC/311-2026 a.khan@example.org",
    "PECA s. 31",
)


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


async def state_of(office: Office, request_id: int) -> RequestRow:
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


async def erased(office: Office) -> None:
    """As `samehand account erase` does at the desk."""
    async with office.database.begin() as connection:
        await erase_alerts(connection, BANNED, ["alert-1"], actor="command-line", now=office.clock())


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


@pytest.mark.parametrize(
    ("database_url", "way"),
    [*(("sqlite", way) for way in ERASURES), ("postgresql", "kept-long-enough")],
    indirect=["database_url"],
)
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


@for_each("mark", ["\u200e", "\u200f", "\u202c", "\u200b", "\ufeff", "\u2069", "\xa0"])
def test_unseen_characters_around_a_pasted_account_name_no_other_account(mark: str) -> None:
    office = an_office(None)  # type: ignore[arg-type]  # no database is asked
    entry = replace(an_entry(office), accounts=[f"{mark}{NEW}{mark} ", NEW])
    assert rules._checked(entry, office.clock())[1] == [NEW]


@for_each(("kind", "seconds"), [("e-evidence", 864_000.0), ("e-evidence-emergency", 28_800.0)])
def test_deadline_follows_from_the_kind_and_the_receipt(kind: str, seconds: float) -> None:
    office = an_office(None)  # type: ignore[arg-type]  # no database is asked
    entry = an_entry(office, kind=kind, received_at=1_000.0, jurisdiction=" de")
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


async def test_case_file_is_made_under_an_approved_request_on_its_accounts_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    monkeypatch.setattr(rules, "FILES_MAX", 2)
    again = await file_of(office, sana, request_id)
    with pytest.raises(Conflict, match="no more case files"):
        await file_of(office, sana, request_id)
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
        await asyncio.wait([upkeeping], timeout=0.2)
        assert not upkeeping.done(), "it waits for this transaction"
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


async def test_another_decision_is_not_held_up_by_a_hold(office: Office) -> None:
    amina = await office.hire("amina")
    await receive(office)
    rana = await office.hire("rana", "counsel")
    await enter(office, rana)
    await decide(office, amina, NOT_MIRROR)
    assert (await office.desk.open(rana, "alert-1")).read is None, "counsel reads, and decides nothing"
    with pytest.raises(Forbidden):
        await office.desk.write_note(rana, "alert-1", "no")
