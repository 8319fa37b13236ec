"""A holder contests a decision: somebody else reads it anew, and what comes of it is published once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from desk.database import alerts, appeals, audit, reads
from desk.database.appeals import AppealRow
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.errors import Conflict, Forbidden, NotFound, TooLate, UnusableInput
from desk.feed.publish import VerdictPublisher
from desk.feed.upkeep import erase_old
from desk.readers import Reader
from desk.review.appeals import APPEALS_MAX
from desk.review.arrivals import Arrivals
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.holdings import erase_alerts
from schemas.alerts import Matched, without_quotes
from schemas.appeals import AppealDecided, AppealMade, AppealTaken
from schemas.decoding.dates import from_seconds
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_appeal_decided
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk_databases import on_each_database
from tests.makers import NOON

WORDS = "I never had another account. \u202eمیں وہ نہیں ہوں\u2066 <script>alert(1)</script>"
QUOTE = "umar_media"


def an_appeal(appeal_id: str = "c-1", **given: Any) -> AppealMade:
    named = given if {"alert_id", "account_id"} & given.keys() else {"alert_id": "alert-1", **given}
    return AppealMade(**{"appeal_id": appeal_id, "words": WORDS, **named})


@pytest.fixture
async def office(database: Database) -> Office:
    return an_office(database)


async def decide(
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
    await decide(office, amina)
    return amina


async def withdrawn(office: Office, reason: str) -> None:
    """Workers withdraw the alert, without quotes."""
    told: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": reason, "withdrawn_at": NOON}
    await office.receive(revision=2, reasons=[without_quotes(a_reason())], **told)


@pytest.mark.parametrize(
    ("verdict", "more", "outcome"),
    [
        ("mirror", {}, "upheld"),
        ("mirror", {"milder": True}, "partly"),
        ("not_mirror", {}, "reversed"),
    ],
)
async def test_somebody_else_decides_without_the_first_verdict_and_beside_the_holders_words(
    office: Office, verdict: str, more: dict[str, Any], outcome: str
) -> None:
    amina, bilal = await decided(office), await office.hire("bilal")
    await withdrawn(office, "account-banned")
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

    made = await decide(office, bilal, verdict, undoable=True, **more)
    assert (await office.desk.open(bilal, "alert-1")).appeals == (), "while it can be undone"
    await office.desk.undo(bilal, made.batch)
    assert [it.outcome for it in await rows(office)] == [None]
    await decide(office, bilal, verdict, undoable=True, **more)
    assert await sent(office) == [("verdicts", verdict), ("appeals", outcome)]
    assert await sent(office) == []
    [seen] = (await office.desk.open(amina, "alert-1")).appeals
    assert (seen.outcome, seen.words) == (outcome, WORDS)
    view = await office.desk.account_view(amina, "x:new-alert-1")
    assert [(it.what, it.detail) for it in view.timeline if "appeal" in it.what] == [
        ("appeal decided", outcome),
        ("appealed", ""),
    ]


@on_each_database
async def test_a_repeat_is_answered_alike_and_an_appeal_that_cannot_be_taken_says_why(office: Office) -> None:
    take = office.desk.take_appeal
    await office.receive()
    assert await take(an_appeal()) == "not-decided"
    assert await take(an_appeal(alert_id="other")) == "unknown-alert"
    assert await take(an_appeal(platform="x", account_id="nobody")) == "unknown-alert"
    amina = await office.hire("amina")
    await decide(office, amina)
    assert await take(an_appeal(alert_id="alert-1", platform="x", account_id="nobody")) == "unknown-alert"
    by_account = an_appeal(platform="x", account_id="new-alert-1")
    first = await take(by_account)
    assert first == await take(by_account) == AppealTaken(appeal_id="c-1", alert_id="alert-1")
    assert await take(replace(by_account, words="something else")) == "other-body"
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
        await decide(office, await office.hire(f"reader-{number}"))
    assert await office.desk.take_appeal(an_appeal("c-more")) == "too-many"


async def test_of_an_accounts_alerts_the_latest_one_that_holds_is_contested(office: Office) -> None:
    amina = await office.hire("amina")
    for number, verdict in enumerate(("mirror", "mirror", "not_mirror")):
        await office.receive(f"alert-{number}", account_id="new")
        await decide(office, amina, verdict)
    taken = await office.desk.take_appeal(an_appeal(platform="x", account_id="new"))
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-1")


async def test_an_appeal_is_decided_by_what_it_asks_and_nothing_else_is(office: Office) -> None:
    await decided(office)
    await office.desk.take_appeal(an_appeal())
    bilal = await office.hire("bilal")
    with pytest.raises(UnusableInput):
        await decide(office, bilal, "unsure")
    with pytest.raises(UnusableInput):
        await decide(office, bilal, "not_mirror", milder=True)
    await decide(office, bilal)
    await office.receive("alert-2")
    with pytest.raises(UnusableInput):
        await decide(office, bilal, "mirror", milder=True)


async def test_other_readings_give_way_and_what_is_contested_is_not_undone(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    made = await decide(office, amina, undoable=True)
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
        await decide(office, await office.hire(f"first-{number}"))
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
        await decide(office, dana)


async def test_a_verdict_that_is_taken_back_meanwhile_is_read_anew_once(office: Office) -> None:
    chloe = await office.hire("chloe", "lead")
    await office.receive()
    await decide(office, chloe)
    await office.desk.take_appeal(an_appeal())
    [appeal] = await rows(office)
    assert await office.desk.take_back(chloe, "alert-1", "appeal") == appeal.read_id
    await decide(office, await office.hire("bilal"), "not_mirror")
    assert [it.outcome for it in await rows(office)] == ["reversed"]


async def test_who_read_what_was_taken_back_without_the_holders_words_does_not_decide_the_appeal(
    office: Office,
) -> None:
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await office.receive()
    await decide(office, chloe)
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
    await withdrawn(office, reason)
    [seen] = (await office.desk.open(amina, "alert-1")).appeals
    assert (seen.words, seen.erased_reason, seen.outcome, seen.reason_code) == ("", reason, "lapsed", reason)
    assert await sent(office) == [("appeals", "lapsed")]
    async with office.database.read() as connection:
        assert {it.state for it in await reads.of_alert(connection, "alert-1")} == {"done", "gone"}


@pytest.mark.parametrize("decided_before", ["the alert", "an appeal"])
async def test_verdict_taken_back_and_appealed_is_not_undone(office: Office, decided_before: str) -> None:
    amina, lead = await office.hire("amina"), await office.hire("lead", "lead")
    await office.receive(reasons=[a_reason(ours=QUOTE, theirs="umar")])
    made = await decide(office, amina, undoable=decided_before == "the alert")
    reader = amina
    if decided_before == "an appeal":
        reader = await office.hire("bilal")
        await office.desk.take_appeal(an_appeal())
        made = await decide(office, reader, undoable=True)
    await office.desk.take_back(lead, "alert-1", "appeal")
    with pytest.raises(TooLate):
        await office.desk.undo(reader, made.batch)
    assert isinstance(await office.desk.take_appeal(an_appeal("c-2")), AppealTaken)
    with pytest.raises(TooLate):
        await office.desk.undo(reader, made.batch)
    await withdrawn(office, "account-banned")
    async with office.database.read() as connection:
        waiting = [it.kind for it in await reads.of_alert(connection, "alert-1") if it.state == "open"]
    assert waiting == ["appeal"]


async def test_appeal_whose_words_were_erased_is_not_opened_again(office: Office) -> None:
    await decided(office)
    bilal = await office.hire("bilal")
    await office.desk.take_appeal(an_appeal())
    made = await decide(office, bilal, undoable=True)
    await withdrawn(office, "account-deleted")
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
        await withdrawn(office, erased)
    assert await office.desk.take_appeal(an_appeal()) == "evidence-erased"
    await office.receive("alert-2", account_id="new-alert-1")
    assert await office.desk.take_appeal(an_appeal(platform="x", account_id="new-alert-1")) == (
        "evidence-erased"
    )
    await decide(office, await office.hire("bilal"))
    taken = await office.desk.take_appeal(an_appeal(platform="x", account_id="new-alert-1"))
    assert taken == AppealTaken(appeal_id="c-1", alert_id="alert-2")


@on_each_database
async def test_words_that_outlived_the_evidence_are_erased_by_age(office: Office) -> None:
    await decided(office)
    await office.desk.take_appeal(an_appeal())
    await decide(office, await office.hire("bilal"))
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
        "withdraw": lambda: withdrawn(office, "account-banned"),
        "forget": lambda: withdrawn(office, "account-deleted"),
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
    await decide(office, await office.hire("bilal"))
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
    await withdrawn(office, "account-banned")
    opened = await office.desk.open(await office.hire("bilal"), "alert-1")
    assert opened.alert.evidence[0].ours == QUOTE
