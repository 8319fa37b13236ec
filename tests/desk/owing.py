"""Statements, and desks that owe some, in which a test states only what matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from desk.commission.client import CommissionClient
from desk.commission.outbox import Scope, StatementSender
from desk.database import actions, alerts, statements
from desk.database.engine import Database
from desk.database.statements import StatementRow
from desk.review.actions import row_of
from desk.review.facts import facts_of
from schemas.actions import AccountActioned
from schemas.alerts import Matched
from schemas.examples import ACTIONED
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Clock
from tests.makers import NOON
from tests.servers.transparency_database import TOKEN

KEY: Final = b"p" * 32
SECURITY: Final = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_TERRORIST_CONTENT")
CATEGORIES: Final = {"violent-extremism": SECURITY}


def a_statement(**given: Any) -> dict[str, Any]:
    """A statement that the database takes."""
    return {
        "decision_account": "DECISION_ACCOUNT_SUSPENDED",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Terms, 4.2",
        "incompatible_content_explanation": "why",
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "Account",
        "category": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "content_date": "2026-02-01",
        "application_date": "2026-03-01",
        "decision_facts": "facts",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": "TK-421_b",
        **given,
    }


def an_action(number: int = 1, **given: Any) -> AccountActioned:
    """A suspension of the account of alert ``number``, whose clause has that number."""
    fields: dict[str, Any] = {
        "event_id": f"e-{number}",
        "platform": "x",
        "account_id": f"new-{number}",
        "alert_id": f"alert-{number}",
        "occurred_at": NOON + timedelta(minutes=5),
        "until": NOON + timedelta(days=90),
        "clause": f"Terms, 4.2, case {number}",
        **given,
    }
    return replace(ACTIONED, **fields)


@dataclass
class Owing:
    """A desk that owes statements; time passes when it waits."""

    database: Database
    url: str
    clock: Clock = field(default_factory=Clock)
    waits: list[float] = field(default_factory=list)

    async def owe(self, *numbers: int, **given: Any) -> None:
        """Alerts, and actions that name them; what is given is of the actions."""
        async with self.database.begin() as connection:
            for number in numbers:
                alert = an_alert(
                    a_reason(ours="umar_media", theirs="umar.media"),
                    a_reason("device", ours="a1", theirs="a1"),
                    alert_id=f"alert-{number}",
                    account_id=f"new-{number}",
                    matched=Matched(platform="x", account_id="banned", policy="violent-extremism"),
                )
                action = an_action(number, **given)
                await alerts.put(connection, facts_of(alert, now=self.clock()), encode(alert))
                await actions.put(connection, row_of(action, encode(action), now=self.clock()), over=True)

    def sender(self, *, token: str = TOKEN, **scope: Any) -> StatementSender:
        """One that sends to the stand-in."""
        fields: dict[str, Any] = {
            "destination": self.url,
            "platform": "x",
            "since": 0.0,
            "categories": CATEGORIES,
            **scope,
        }

        async def wait(seconds: float) -> None:
            self.waits.append(seconds)
            self.clock.pass_(seconds)

        client = CommissionClient(f"{self.url}/api/v1", token, self.clock)
        return StatementSender(self.database, client, Scope(**fields), KEY, self.clock, wait)

    async def send(self, **given: Any) -> StatementSender:
        """Runs a sender to its end."""
        sender = self.sender(**given)
        try:
            await sender.run()
        finally:
            await sender.client.close()
        return sender

    async def rows(self, *states: str) -> dict[str, StatementRow]:
        """The outbox by event id; all of it, unless states are named."""
        async with self.database.read() as connection:
            there = await statements.page(
                connection,
                self.url,
                states=states or ("waiting", "sent", "refused", "unsendable"),
                limit=10_000,
            )
        return {row.event_id: row for row in there}
