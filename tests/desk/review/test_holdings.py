"""What the desk keeps of one account is listed, and erased whatever became of its alerts."""

from __future__ import annotations

import pytest

from desk.database import audit
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.review.case import case_file
from desk.review.deciding.review import Review
from desk.review.holdings import KeptAlert, erase_alerts, kept_alerts
from schemas.alerts import Matched
from schemas.appeals import AppealMade, AppealTaken
from tests.desk.people import A_POLICY, Office, an_office
from tests.desk.review.quotes import DAY, KEEP_DAYS, a_quote, decide, kept_payloads, receive, withdraw


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


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
