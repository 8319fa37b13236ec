"""What a decision rests on is shown after its alert was withdrawn, and gone once it is to be forgotten."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from litestar.testing import AsyncTestClient

from desk.database import audit, reads
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.feed.upkeep import OLD
from desk.readers import Reader
from desk.review.deciding import decide as deciding
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.deciding.review import Review
from desk.review.forgetting import FORGOTTEN
from desk.web.app import create_app
from desk.web.pages.case import case_page
from tests.desk.people import PASSWORD, Office, an_office, with_shares
from tests.desk.review.quotes import (
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
from tests.makers import NOON


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


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
    assert [line.action for line in lines].count("erased") == 1


async def test_what_late_forgetting_erases_is_in_no_file(office: Office, tmp_path: Path) -> None:
    amina = await office.hire("amina")
    await receive(office)
    await decide(office, amina)
    await withdraw(office, "account-banned")
    assert is_in_files(a_quote(), tmp_path)
    await withdraw(office, "reinstated")  # under the revision that is known
    assert not is_in_files(a_quote(), tmp_path)


async def test_undoing_only_verdict_removes_its_evidence(office: Office) -> None:
    amina = await office.hire("amina")
    await receive(office)
    made = await decide(office, amina)
    assert await decided_revisions(office) == [1]
    await office.desk.undo(amina, made.batch)
    assert await decided_revisions(office) == []


async def test_undoing_one_of_two_verdicts_keeps_evidence(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    omar = await office.hire("omar", "auditor")
    await receive(office)
    await decide(office, amina)
    kept_at = office.clock()
    office.clock.pass_(5)
    made = await decide(office, bilal)
    await office.desk.undo(bilal, made.batch)
    await withdraw(office, "account-banned")
    assert (await office.desk.open(omar, "alert-1")).evidence_decided_at == kept_at


async def test_reading_undone_after_withdrawal_still_shows_evidence(office: Office) -> None:
    amina = await office.hire("amina")
    await receive(office)
    made = await decide(office, amina)
    await withdraw(office, "account-banned")
    await office.desk.undo(amina, made.batch)
    assert (await office.desk.open(amina, "alert-1")).alert.evidence[0].ours == a_quote()
    await decide(office, amina, NOT_MIRROR)
    assert (await office.desk.open(amina, "alert-1")).alert.evidence[0].ours == a_quote()


async def test_exercise_keeps_no_evidence(office: Office) -> None:
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await receive(office)
    await office.desk.set_golden(chloe, "alert-1", "mirror")
    await decide(office, bilal)
    assert await decided_revisions(office) == []


async def test_erased_evidence_is_not_kept_when_alert_is_decided_again(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
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
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
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
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
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


async def test_page_says_with_the_date_that_evidence_is_as_decided(office: Office) -> None:
    amina = await office.hire("amina")
    await office.hire("omar", "auditor")
    await receive(office)
    await decide(office, amina)
    said = "The evidence is shown as it was when decided:"
    async with AsyncTestClient(create_app(office.desk), base_url="http://127.0.0.1:6068") as client:
        await client.post("/sign-in", data={"name": "omar", "password": PASSWORD})
        assert said not in (await client.get("/alerts/alert-1")).text
        await withdraw(office, "account-banned")
        page = (await client.get("/alerts/alert-1")).text
        assert f'{said} <time datetime="{NOON:%Y-%m-%dT%H:%M}' in page
        assert "banned quoted-of-" in re.sub("<[^>]*>", "", page)
        answer = (await client.get("/api/v1/alerts/alert-1")).json()
        assert answer["evidence_decided_at"] == NOON.timestamp()
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


@pytest.mark.parametrize("seed", range(3))
async def test_no_order_leaves_a_quote_after_forgetting_or_loses_it_before(
    database: Database, seed: int, tmp_path: Path
) -> None:
    office, drawn = an_office(database), random.Random(seed)
    readers = tuple([await office.hire(name) for name in ("amina", "bilal")])
    omar = await office.hire("omar", "auditor")
    for number in range(12):
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
