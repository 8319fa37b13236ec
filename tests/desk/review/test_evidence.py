"""What a decision rests on, what platforms did about it, and when either is forgotten."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import actions, audit, reads, schema
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.errors import Forbidden
from desk.feed import consume
from desk.feed.consume import Consumer
from desk.feed.upkeep import OLD
from desk.readers import Reader
from desk.review.actions import ActionView, forget_account, take_action
from desk.review.arrivals import Arrivals
from desk.review.case import case_file
from desk.review.deciding import decide as deciding
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.deciding.review import Review
from desk.review.forgetting import FORGOTTEN
from desk.review.holdings import KeptAlert, erase_alerts, kept_alerts
from desk.review.people import people, person_called, person_of, quoted_bios
from desk.web.pages.case import case_page
from schemas.actions import AccountActioned
from schemas.alerts import Matched, MirrorAlert
from schemas.appeals import AppealMade, AppealTaken
from schemas.examples import ACTIONED
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoded, decode_actioned, encode
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY, PASSWORD, Office, an_office, with_shares
from tests.desk.quotes import (
    DAY,
    KEEP_DAYS,
    MIRROR,
    NOT_MIRROR,
    QUOTING,
    a_quote,
    decide,
    decided_revisions,
    is_in_files,
    kept_payloads,
    receive,
    upkeep,
    withdraw,
)
from tests.desk.web.client import browsing, sent
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.patience import patient

# What a decision rests on is shown after its alert was withdrawn, and gone once it is to be forgotten.


async def test_page_and_case_quote_evidence_as_decided_after_platform_banned_account(office: Office) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await receive(office)
    await decide(office, amina)
    decided_at = office.clock()
    office.clock.pass_(60)
    await withdraw(office, "account-banned")
    opened = await office.desk.open(chloe, "alert-1")
    assert [line.ours for line in opened.alert.evidence] == [a_quote(), ""]
    assert opened.alert.evidence[0].because == "The handles are the same."
    assert (opened.status, opened.withdrawn_reason) == ("withdrawn", "account-banned")
    assert (opened.alert.status, opened.alert.revision) == ("withdrawn", 2)
    assert (opened.evidence_decided_at, opened.erased_at) == (decided_at, None)
    case = await office.desk.case(chloe, "alert-1", "appeal 311")
    assert case["alert"]["evidence"][0]["ours"] == a_quote()
    assert case["evidence_decided_at"] == decided_at
    assert "as it was when decided" in case_page(case)
    await withdraw(office, "account-banned")  # again
    assert await office.desk.open(chloe, "alert-1") == opened


@pytest.mark.parametrize("reason", sorted(FORGOTTEN))
async def test_forgetting_erases_evidence_as_decided_and_says_why(office: Office, reason: str) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await receive(office)
    await decide(office, amina)
    await withdraw(office, "account-banned")
    await withdraw(office, reason, revision=3)
    opened = await office.desk.open(chloe, "alert-1")
    assert {line.ours for line in opened.alert.evidence} == {""}
    assert (opened.evidence_decided_at, opened.erased_reason) == (None, reason)
    assert opened.erased_at == office.clock()
    case = await office.desk.case(chloe, "alert-1", "appeal 311")
    assert case["erased"] == {"at": office.clock(), "reason": reason}
    assert a_quote() not in str(await kept_payloads(office))
    async with office.database.read() as connection:
        lines = await audit.about(connection, "alert-1", 100)
    [erased] = [line.detail for line in lines if line.action == "erased"]
    assert erased == f'{{"appeals":0,"decided":1,"notes":0,"reason":"{reason}"}}'


async def test_repeats_change_nothing_and_late_forgetting_spares_later_decisions(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await receive(office)
    await decide(office, amina, ReadDecision("unsure", "needs-context"))
    await receive(office, revision=3)
    await decide(office, bilal)
    assert await decided_revisions(office) == [1, 3]
    for _ in range(2):
        await withdraw(office, "reinstated", revision=2)
        assert str(await kept_payloads(office)).count(f'"ours":"{a_quote()}"') == 2  # of the alert and of 3
    async with office.database.read() as connection:
        lines = await audit.about(connection, "alert-1", 100)
    [erased] = [line.detail for line in lines if line.action == "erased"]
    assert erased == '{"appeals":0,"decided":1,"notes":0,"reason":"reinstated"}'


async def test_reading_undone_after_withdrawal_still_shows_evidence(office: Office) -> None:
    amina = await office.hire("amina")
    await receive(office)
    made = await decide(office, amina)
    await withdraw(office, "account-banned")
    await office.desk.undo(amina, made.batch)
    assert (await office.desk.open(amina, "alert-1")).alert.evidence[0].ours == a_quote()
    await decide(office, amina, NOT_MIRROR)
    assert (await office.desk.open(amina, "alert-1")).alert.evidence[0].ours == a_quote()


async def test_erased_evidence_is_not_kept_when_alert_is_decided_again(office: Office) -> None:
    amina, bilal, chloe = await office.team()
    await receive(office)
    await decide(office, amina)
    office.clock.pass_(KEEP_DAYS * DAY + 1)
    await upkeep(office)
    opened = await office.desk.open(chloe, "alert-1")
    assert (opened.evidence_decided_at, opened.erased_reason) == (None, OLD)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, bilal)
    assert a_quote() not in str(await kept_payloads(office))


async def test_appeal_reader_sees_evidence_as_decided_and_not_that_it_was(office: Office) -> None:
    amina, bilal, chloe = await office.team()
    await receive(office)
    await decide(office, amina)
    await withdraw(office, "account-banned")
    await office.desk.take_back(chloe, "alert-1", "appeal")
    office.clock.pass_(60)
    opened = await office.desk.open(bilal, "alert-1")
    assert opened.words_hidden
    assert opened.alert.evidence[0].ours == a_quote()
    assert (opened.status, opened.alert.status, opened.alert.revision) == ("open", "open", 1)
    assert (opened.evidence_decided_at, opened.erased_at, opened.alert.withdrawn_reason) == (None, None, None)


async def test_second_reader_of_withdrawn_alert_sees_evidence_by_the_blind_rule(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    amina, bilal, chloe = await office.team()
    await receive(office)
    await decide(office, amina)
    await withdraw(office, "account-banned")
    await office.desk.take_back(chloe, "alert-1", "appeal")
    opened = await office.desk.open(bilal, "alert-1")
    assert opened.sealed
    assert (opened.alert.band, opened.alert.log_odds) == ("none", 0.0)
    assert a_quote() in {line.ours for line in opened.alert.evidence}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_forgetting_that_meets_a_decision_in_the_middle_erases_its_evidence(office: Office) -> None:
    """A copy that is not committed yet cannot be erased: forgetting waits for it."""
    amina = await office.hire("amina")
    await receive(office)
    [waiting] = await office.desk.queue(amina, Filters())
    async with office.database.begin() as connection:
        review = Review(connection, amina, office.desk.policy, office.clock())
        await deciding.decide(review, waiting.read_id, MIRROR)
        forgetting = asyncio.create_task(withdraw(office, "reinstated"))
        await asyncio.wait([forgetting], timeout=0.5)
        assert not forgetting.done()
    await forgetting
    assert await decided_revisions(office) == [1]
    assert a_quote() not in str(await kept_payloads(office))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_alert_arrives_while_a_decision_is_in_the_middle_and_its_withdrawal_waits(
    office: Office,
) -> None:
    await receive(office)
    async with office.database.begin() as connection:
        await audit.lock(connection)
        async with asyncio.timeout(patient(30)):
            await receive(office, alert_id="alert-2")
            await receive(office, revision=2)
        forgetting = asyncio.create_task(withdraw(office, "reinstated", revision=3))
        await asyncio.wait([forgetting], timeout=0.5)
        assert not forgetting.done()
        # It holds no alert that a decision needs.
        await connection.execute(select(schema.alerts).with_for_update(nowait=True))
    await forgetting


async def test_page_says_with_the_date_that_evidence_is_as_decided(office: Office) -> None:
    amina = await office.hire("amina")
    await office.hire("omar", "auditor")
    await receive(office)
    await decide(office, amina)
    said = "The evidence is shown as it was when decided:"
    async with browsing(office) as client:
        await client.post("/sign-in", data={"name": "omar", "password": PASSWORD})
        assert said not in (await client.get("/alerts/alert-1")).text
        await withdraw(office, "account-banned")
        page = (await client.get("/alerts/alert-1")).text
        assert f'{said} <time datetime="{NOON:%Y-%m-%dT%H:%M}' in page
        assert "banned quoted-of-" in re.sub("<[^>]*>", "", page)
        await withdraw(office, "account-deleted", revision=3)
        page = (await client.get("/alerts/alert-1")).text
        assert said not in page
        assert "What it quoted was erased:" in page
        assert "one of the two accounts was deleted" in page
        assert "quoted-of-" not in re.sub("<[^>]*>", "", page)


@dataclass
class Model:
    """What must be kept of one alert, by the rules alone."""

    alert_id: str
    arrived_at: float
    revision: int = 1
    is_open: bool = True
    quotes: bool = True
    kept: set[int] = field(default_factory=set)
    given: list[tuple[Reader, DecisionMade, int, float]] = field(default_factory=list)

    @property
    def shown(self) -> bool:
        return self.quotes or bool(self.kept)


STEPS: Final = (
    "decide",
    "decide",
    "decide",
    "undo",
    "reopen",
    "withdraw",
    "withdraw",
    "forget",
    "late",
    "days",
)


@dataclass
class Life:
    """Takes steps with one alert of a desk, and follows them in a model."""

    office: Office
    drawn: random.Random
    readers: tuple[Reader, ...]
    model: Model

    async def step(self, name: str) -> None:
        office, model = self.office, self.model
        office.clock.pass_(office.desk.policy.claim_seconds + 1)  # so that nobody has it in hand
        match name:
            case "decide":
                await self._decide(self.drawn.choice(self.readers))
            case "undo" if model.given:
                reader, made, revision, _ = model.given.pop()
                await office.desk.undo(reader, made.batch)
                if model.is_open and all(other != revision for _, _, other, _ in model.given):
                    model.kept.discard(revision)
            case "reopen":
                model.revision += 1
                await receive(office, model.revision, model.alert_id)
                model.is_open = model.quotes = True
            case "withdraw" if model.is_open:
                await self._withdraw(self.drawn.choice(("account-banned", "account-banned", *QUOTING)))
            case "forget":
                await self._withdraw(self.drawn.choice(sorted(FORGOTTEN)))
                model.kept.clear()
            case "late":
                late = self.drawn.randint(1, model.revision)
                await withdraw(office, "reinstated", late, model.alert_id)
                model.kept = {number for number in model.kept if number >= late}
            case "days":
                office.clock.pass_(self.drawn.choice((100, 150, 250)) * DAY)
                await self._age()

    async def _decide(self, reader: Reader) -> None:
        model = self.model
        waiting = await self.office.desk.queue(reader, Filters(), limit=200)
        if any(one.alert_id == model.alert_id for one in waiting):
            decision = self.drawn.choice((MIRROR, ReadDecision("unsure", "needs-context")))
            made = await decide(self.office, reader, decision, model.alert_id)
            model.given.append((reader, made, model.revision, self.office.clock()))
            if model.is_open and model.quotes:
                model.kept.add(model.revision)

    async def _withdraw(self, reason: str) -> None:
        self.model.revision += 1
        self.model.is_open, self.model.quotes = False, reason in QUOTING
        await withdraw(self.office, reason, self.model.revision, self.model.alert_id)

    async def _age(self) -> None:
        model, before = self.model, self.office.clock() - KEEP_DAYS * DAY
        async with self.office.database.read() as connection:
            waits = any(read.state == "open" for read in await reads.of_alert(connection, model.alert_id))
        await upkeep(self.office)
        moments = (model.arrived_at, *(decided_at for _, _, _, decided_at in model.given))
        if not waits and all(moment < before for moment in moments):
            model.quotes = False
            model.kept.clear()


@pytest.mark.parametrize("seed", range(2))
async def test_no_order_leaves_a_quote_after_forgetting_or_loses_it_before(
    database: Database, seed: int, tmp_path: Path
) -> None:
    office, drawn = an_office(database), random.Random(seed)
    readers = tuple([await office.hire(name) for name in ("amina", "bilal")])
    omar = await office.hire("omar", "auditor")
    for number in range(10):
        alert_id = f"alert-{number}"
        await receive(office, alert_id=alert_id)
        life = Life(office, drawn, readers, Model(alert_id, office.clock()))
        steps: list[str] = []
        for _ in range(8):
            steps.append(drawn.choice(STEPS))
            await life.step(steps[-1])
            opened = await office.desk.open(omar, alert_id)
            assert (a_quote(alert_id) in str(opened.alert)) == life.model.shown, steps
            payloads = (await kept_payloads(office))[alert_id]
            assert any(a_quote(alert_id) in payload for payload in payloads) == life.model.shown, steps
            assert is_in_files(a_quote(alert_id), tmp_path) == life.model.shown, steps


# What an alert quotes is erased by age or by a withdrawal, in any order, and not a day before.


@pytest.mark.parametrize("reason", sorted(FORGOTTEN))
async def test_late_withdrawal_erases_the_notes_written_before_it(office: Office, reason: str) -> None:
    amina = await office.hire("amina")
    await receive(office)
    await decide(office, amina)
    await office.desk.write_note(amina, "alert-1", "He is @quoted, I know him.")
    office.clock.pass_(60)
    await receive(office, revision=3)
    await office.desk.write_note(amina, "alert-1", "Back again.")
    await withdraw(office, reason, revision=2)
    opened = await office.desk.open(amina, "alert-1")
    assert [note.text for note in opened.notes] == ["", "Back again."]


# What the desk keeps of one account is listed, and erased whatever became of its alerts.


async def listed(office: Office, account: str) -> dict[str, KeptAlert]:
    async with office.database.read() as connection:
        kept = await kept_alerts(connection, account, erase_seconds=KEEP_DAYS * DAY)
    return {alert.row.alert_id: alert for alert in kept}


async def test_erasure_reaches_what_workers_withdraw_no_more(office: Office) -> None:
    amina, omar = await office.hire("amina"), await office.hire("omar", "auditor")
    for alert_id in ("decided", "changed", "waits"):
        await receive(office, alert_id=alert_id)
    await receive(office, alert_id="another's", matched=Matched(platform="x", account_id="other"))
    office.clock.pass_(DAY)
    await decide(office, amina, alert_id="decided")
    await office.desk.write_note(amina, "decided", f"Says {a_quote('decided')}")
    due_at = (await listed(office, "x:banned"))["decided"].due_at
    assert due_at == office.clock() + KEEP_DAYS * DAY
    contested = AppealMade(appeal_id="c-1", alert_id="decided", words=f"Says {a_quote('decided')}")
    assert isinstance(await office.desk.take_appeal(contested), AppealTaken)
    await withdraw(office, "account-banned", alert_id="decided")
    await withdraw(office, "no-longer-resembles", alert_id="changed")
    async with office.database.begin() as connection:
        await case_file(Review(connection, omar, A_POLICY, office.clock()), "decided", purpose="appeal")

    before = await listed(office, "x:banned")
    assert {alert_id: alert.quoting for alert_id, alert in before.items()} == dict.fromkeys(before, True)
    assert set(before) == {"decided", "changed", "waits"}
    now = office.clock()
    assert (before["decided"].due_at, before["decided"].case_files) == (None, 1), "an appeal waits"
    assert (before["changed"].due_at, before["waits"].due_at) == (now + (KEEP_DAYS - 1) * DAY, None)
    assert {alert.side for alert in before.values()} == {"banned"}
    assert [alert.side for alert in (await listed(office, "x:new-waits")).values()] == ["account"]

    for _ in range(2):  # once more is harmless
        async with office.database.begin() as connection:
            await erase_alerts(connection, "x:banned", before, actor="command-line", now=now)
    after = await listed(office, "x:banned")
    assert [alert.quoting for alert in after.values()] == [False] * 3
    assert [(it.words, it.outcome) for it in after["decided"].appeals] == [("", "lapsed")]
    assert after["decided"].verdict == before["decided"].verdict, "the decision stays"
    payloads = await kept_payloads(office)
    quoting = {alert_id for alert_id, some in payloads.items() if any("quoted-of" in it for it in some)}
    assert quoting == {"another's"}
    async with office.database.read() as connection:
        lines = await audit.about(connection, "x:banned", 10)
    assert [(line.actor, line.action) for line in lines] == [("command-line", "account-erased")] * 2
    waiting = [one.alert_id for one in await office.desk.queue(amina, Filters(), limit=200)]
    assert waiting == ["another's"]


# What platforms did arrives in any order, is shown where it reveals no verdict, and is forgotten.

CLAUSE = "Terms, 4.2"


def an_action(minutes: float = 0.0, **given: Any) -> AccountActioned:
    """What a platform did about the new account of `alert-1`."""
    fields: dict[str, Any] = {
        "event_id": "e-1",
        "platform": "x",
        "account_id": "new-alert-1",
        "occurred_at": NOON + timedelta(minutes=minutes),
        "until": None,
        "clause": CLAUSE,
        "alert_id": "alert-1",
        **given,
    }
    return replace(ACTIONED, **fields)


async def act(office: Office, record: AccountActioned) -> bool:
    async with office.database.begin() as connection:
        return await take_action(connection, record, now=office.clock())


async def clauses(office: Office, account: str = "x:new-alert-1") -> dict[str, str | None]:
    """The clause of each kept action, by event."""
    async with office.database.read() as connection:
        return {row.event_id: _clause(row.payload) for row in await actions.of_account(connection, account)}


def _clause(payload: bytes) -> str | None:
    return CLAUSE if CLAUSE.encode() in payload else None


async def arrive(connection: AsyncConnection, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    for record in records:
        if isinstance(record, MirrorAlert):
            await Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(record)
        else:
            assert isinstance(record, AccountActioned)
            await take_action(connection, record, now=NOON.timestamp())
    rows = await connection.execute(select(schema.actions).order_by(schema.actions.c.event_id))
    return [tuple(row) for row in rows]


async def test_order_of_actions_corrections_and_withdrawal_changes_no_row(database: Database) -> None:
    told = an_alert(alert_id="alert-1", account_id="new-alert-1")
    ended = replace(
        told,
        revision=2,
        status="withdrawn",
        withdrawn_reason="reinstated",
        withdrawn_at=NOON + timedelta(minutes=30),
    )
    history = (
        told,
        ended,
        an_action(1, action="restricted"),
        an_action(2, action="terminated"),
        an_action(2, action="suspended"),
        an_action(40, event_id="e-2"),
    )
    ends, drawn = set(), random.Random(7)
    for _ in range(24):
        records = drawn.sample(history, len(history))
        async with database.read() as connection:  # which keeps nothing of it
            ends.add(tuple(await arrive(connection, records)))
            assert tuple(await arrive(connection, drawn.sample(history, len(history)))) in ends, "a replay"
    [(first, second)] = ends
    assert first[3] == "terminated"
    assert [CLAUSE.encode() in row[7] for row in (first, second)] == [False, True]


@on_each_database
async def test_one_platforms_event_does_not_overwrite_anothers(office: Office) -> None:
    await act(office, an_action())
    await act(office, an_action(5, platform="y", action="nothing"))
    assert await clauses(office) == {"e-1": CLAUSE}


@pytest.mark.parametrize("known", [1, 3])
@pytest.mark.parametrize("reason", ["reinstated", "account-deleted"])
async def test_withdrawal_forgets_the_actions_it_ends(office: Office, reason: str, known: int) -> None:
    """Also one that arrives after a later revision."""
    await receive(office, revision=known)
    await act(office, an_action(-9))
    await act(office, an_action(-9, event_id="unnamed", alert_id=None))
    await act(office, an_action(-9, account_id="banned", event_id="of-ban", alert_id=None))
    await withdraw(office, reason)
    forgotten_with_ban = None if reason == "reinstated" else CLAUSE
    assert await clauses(office, "x:banned") == {"of-ban": forgotten_with_ban}
    forgotten_with_account = None if reason == "account-deleted" else CLAUSE
    assert await clauses(office) == {"e-1": None, "unnamed": forgotten_with_account}
    async with office.database.read() as connection:
        [line] = [it for it in await audit.about(connection, "alert-1", 9) if "actions" in it.detail]
    assert (line.actor, json.loads(line.detail)) == (audit.SYSTEM, {"reason": reason, "actions": 2})
    assert not await act(office, an_action(-9))
    assert await act(office, an_action(9, clause=CLAUSE)), "its correction"
    assert (await clauses(office))["e-1"] is None


async def test_age_erases_clause_and_drops_actions_on_accounts_without_alert(office: Office) -> None:
    await receive(office)
    amina = await office.hire("amina")
    await act(office, an_action())
    await act(office, an_action(account_id="other", event_id="e-9", alert_id=None))
    office.clock.pass_(DAY)
    await decide(office, amina)
    office.clock.pass_((KEEP_DAYS - 0.5) * DAY)
    await upkeep(office)
    assert await clauses(office) == {"e-1": CLAUSE}, "as long as the evidence of its alert"
    assert await clauses(office, "x:other") == {}
    office.clock.pass_(DAY)
    await upkeep(office)
    assert await clauses(office) == {"e-1": None}


async def test_erased_account_keeps_no_clause(office: Office) -> None:
    await receive(office)
    await act(office, an_action())
    await act(office, an_action(account_id="other", event_id="e-9", alert_id=None))
    async with office.database.begin() as connection:
        for account in ("x:new-alert-1", "x:other"):
            await forget_account(connection, account, now=office.clock(), reason="account-deleted")
    assert (await clauses(office), await clauses(office, "x:other")) == ({"e-1": None}, {})
    for record in (an_action(), an_action(account_id="other", event_id="e-9", alert_id=None)):
        assert not await act(office, record), "the topic is read again"
    assert (await clauses(office), await clauses(office, "x:other")) == ({"e-1": None}, {})
    assert await act(office, an_action(9, account_id="other", event_id="e-10", alert_id=None))


async def test_second_reader_and_reader_of_other_policies_do_not_see_the_action(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe, omar = await office.hire("chloe", "lead"), await office.hire("omar", "auditor")
    await receive(office, matched=Matched(platform="x", account_id="banned", policy="hate"))
    await decide(office, amina)
    await sent(office)
    await act(office, an_action())
    await act(office, an_action(event_id="unnamed", alert_id=None))
    await act(office, an_action(account_id="other", alert_id=None))

    async def seen(reader: Any, account: str = "x:new-alert-1") -> list[ActionView]:
        return await office.desk.actions(reader, account)

    assert [len(await seen(reader)) for reader in (amina, bilal, omar)] == [2, 0, 2]
    await decide(office, bilal)
    await sent(office)
    assert len(await seen(bilal)) == 2
    await office.desk.name_policies(chloe, bilal.user_id, ["spam"])
    assert [len(await seen(reader)) for reader in (amina, bilal, omar)] == [2, 0, 2]
    assert [len(await seen(reader, "x:other")) for reader in (amina, bilal, omar)] == [1, 0, 1]
    await office.desk.name_policies(chloe, bilal.user_id, [""])
    assert (len(await seen(bilal)), len(await seen(bilal, "x:other"))) == (0, 1)
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    assert (len(await seen(bilal)), len(await seen(bilal, "x:other"))) == (2, 0)


async def test_action_on_another_account_that_names_a_hidden_alert_is_hidden(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal, chloe = await office.team()
    await receive(office)
    await decide(office, amina)
    await sent(office)
    await act(office, an_action(account_id="other"))
    await act(office, an_action(account_id="other", event_id="e-2", alert_id=None))

    async def seen(reader: Any) -> list[str]:
        return [view.event_id for view in await office.desk.actions(reader, "x:other")]

    assert [await seen(reader) for reader in (amina, bilal)] == [["e-1", "e-2"], ["e-2"]]
    with pytest.raises(Forbidden):
        await office.desk.statement(chloe, "x:other", "e-1", "en")


@pytest.mark.parametrize(
    ("action", "minutes", "status", "counted"),
    [
        ("suspended", -90, "open", 1),
        ("terminated", -90, "open", 1),
        ("suspended", -30, "open", 0),
        ("restricted", -90, "open", 0),
        ("suspended", -90, "withdrawn", 0),
    ],
)
async def test_action_without_own_ban_is_counted(
    office: Office, action: str, minutes: float, status: str, counted: int
) -> None:
    await receive(office)
    if status == "withdrawn":
        await withdraw(office, "account-banned")
    await act(office, an_action(minutes, action=action))

    async def count() -> int:
        async with office.database.read() as connection:
            return await actions.without_ban(connection, now=office.clock())

    assert await count() == counted
    await act(office, an_action(minutes + 1, event_id="e-2", action="nothing"))
    assert await count() == 0, "it was lifted"


async def test_bad_field_is_counted_and_bad_record_is_dead(office: Office) -> None:
    topic = Names().actioned
    consumer = Consumer(office.database, Names(), office.desk.policy, office.clock)
    odd = encode(an_action()).replace(b'"own-initiative"', b'"dream"').replace(b'{"event', b'{"odd":1,"event')
    endless = encode(an_action(event_id="e-2")).replace(b'"territory":["DE","PK"]', b'"territory":["Moon"]')
    batch = [Arrival(topic, 0, at, b"k", value) for at, value in enumerate((odd, endless, odd))]
    assert [(it.offset, why.path) for it, why in consumer.dead(batch)] == [(1, "$.territory")]
    applied = await consumer.apply(batch)
    assert (applied.actions, applied.refused) == (1, ((topic, "bad-format"),))
    left_out = {(topic, "source", "bad-format"), (topic, "unknown", "unknown-field")}
    assert set(applied.unusable) == left_out


async def test_action_is_decoded_once_as_it_is_applied(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes | None] = []

    def counting(value: bytes | None, *, now: float) -> Decoded[AccountActioned] | Malformed:
        decoded.append(value)
        return decode_actioned(value, now=now)

    monkeypatch.setattr(consume, "decode_actioned", counting)
    values = [encode(an_action()), b"{}"]
    batch = [Arrival(Names().actioned, 0, at, b"k", value) for at, value in enumerate(values)]
    applied = await Consumer(office.database, Names(), office.desk.policy, office.clock).apply(batch)
    assert (applied.actions, len(applied.refused)) == (1, 1)
    assert decoded == values


# Accounts by what an alert quotes of them.


def test_people_quoted_by_one_line_have_a_name_or_handle_alone() -> None:
    ours, theirs = people(an_alert(a_reason("name", ours="Omar", theirs="Umar")))
    assert (ours.name, ours.handle, ours.key) == ("Omar", "", "x:new")
    assert (theirs.name, theirs.handle, theirs.key) == ("Umar", "", "x:banned")


def test_person_of_a_key_has_no_words() -> None:
    person = person_of("x:a:b")
    assert (person.platform, person.account_id, person.name) == ("x", "a:b", "")


def test_bios_are_those_of_the_first_line_that_quotes_one() -> None:
    bio = a_reason("bio", ours="Traveller", theirs="12 characters")
    assert quoted_bios(an_alert(a_reason("name", ours="Omar"), a_reason("bio"), bio)) == ("Traveller", "")
    assert quoted_bios(an_alert(a_reason("name", ours="Omar"))) == ("", "")


def test_account_is_called_by_the_first_alert_that_quotes_it() -> None:
    bare = people(an_alert(a_reason("device")))
    quoted = people(an_alert(a_reason("handle", ours="umar_media", theirs="umar")))
    assert person_called("x:new", [bare, quoted]).handle == "umar_media"
    assert person_called("x:banned", [bare, quoted]).handle == "umar"
    assert person_called("x:other", [quoted]) == person_of("x:other")
