"""Statements on simulated decisions: how many break the Commission's rules, and what personal they say.

Alerts are those of simulated accounts, with real evidence; the platform's actions are drawn. A personal value
is any that the two accounts of an alert show or signed up with: names, handles, addresses, devices, payments.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from bench.page import markdown
from cli.inputs.input_files import read_accounts, read_bans
from cli.offline.offline_scoring import Offline
from desk.commission.composing import Material, Unsendable, composed, puid_of
from desk.commission.rules import violations
from samehand.elapsed import DAY_SECONDS
from schemas.accounts import Account
from schemas.actions import AccountActioned
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from simulate.config import Config
from simulate.files import write

STATEMENTS: Final = 1_000
FACTS: Final = 10_000

VALUE_CHARS_MIN: Final = 3
"""A shorter value, such as a name of two letters, is a word of any sentence."""

PLATFORM: Final = Config(seed=7, accounts=400, mirror_share=0.5, bans=40)
"""Mostly mirrors, as decisions are about."""

_CATEGORY: Final = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_TERRORIST_CONTENT")


@dataclass(frozen=True, slots=True)
class SimulatedPair:
    """An alert, and all personal values of its two accounts."""

    alert: MirrorAlert
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stated:
    """`taken` of `statements` break no rule; `personal`: values of accounts found in `facts` texts."""

    statements: int
    taken: int
    facts: int
    personal: int


def simulated_pairs(platform: Config = PLATFORM) -> list[SimulatedPair]:
    """Returns the alerts on the accounts of a simulated platform, the best of each."""
    now = platform.end_seconds + DAY_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        write(platform, Path(folder))
        bans = list(read_bans(Path(folder) / "bans.jsonl", now=now, platform="x"))
        signed_up = list(read_accounts(Path(folder) / "accounts.jsonl", now=now, platform="x"))
    values = {
        record.key: frozenset(_values(record.account))
        for line in (*bans, *signed_up)
        if not isinstance(line.outcome, Malformed)
        for record in (line.outcome,)
    }

    async def score() -> list[MirrorAlert]:
        run = Offline(now=now, first_day=True)
        await run.enrol(bans)
        await run.screen(signed_up)
        return run.scored.alerts

    return [
        SimulatedPair(alert, values.get(alert.key, frozenset()) | values.get(alert.matched.key, frozenset()))
        for alert in asyncio.run(score())
    ]


def _values(account: Account) -> Iterator[str]:
    for field in account.given:
        value = getattr(account, field)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and field != "locale" and len(text) >= VALUE_CHARS_MIN:
                yield text.casefold()
    yield account.account_id.casefold()


def personal(texts: Iterable[str], values: Iterable[str]) -> int:
    """Counts the values that stand in texts as words of their own."""
    text = " ".join(texts).casefold()
    return sum(
        re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None for value in values if value in text
    )


def an_action(pair: SimulatedPair, number: int) -> AccountActioned:
    """Returns what the platform did, drawn by a number."""
    drawn, alert = Random(number), pair.alert
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
    return AccountActioned(
        event_id=f"e-{number}",
        version=1,
        occurred_at=at,
        platform=alert.platform,
        account_id=alert.account_id,
        action=drawn.choice(("suspended", "terminated", "restricted")),
        until=drawn.choice((None, at + timedelta(days=90))),
        territory=drawn.choice(((), ("EU",), ("DE", "PK"))),
        ground=drawn.choice(("illegal", "terms")),
        clause=f"Terms, {number % 9 + 1}.{number % 5}",
        source=drawn.choice(("own-initiative", "notice", "trusted-flagger", "other-notice")),
        automated_detection=drawn.choice(("yes", "no")),
        automated_decision=drawn.choice(("fully", "partially", "no")),
        alert_id=alert.alert_id,
        registered_at=drawn.choice((None, at - timedelta(days=drawn.randrange(1, 900))))
        if alert.direction == "forward"
        else at - timedelta(days=1),
    )


def measured(statements: int = STATEMENTS, facts: int = FACTS, pairs: Sequence[SimulatedPair] = ()) -> Stated:
    """Composes statements on pairs, of which the first are held against the rules once more."""
    pairs = pairs or simulated_pairs()
    taken = found = 0
    for number in range(facts):
        pair = pairs[number % len(pairs)]
        material = Material(an_action(pair, number), pair.alert, _CATEGORY, ("mirror", None)[number % 2])
        body = composed(material, puid_of(b"bench", pair.alert.key, f"e-{number}"))
        if isinstance(body, Unsendable):
            continue
        taken += number < statements and not violations(body)
        texts = (
            body["decision_facts"],
            *(body.get(f"{kind}_content_explanation", "") for kind in ("illegal", "incompatible")),
        )
        found += personal(texts, pair.values)
    return Stated(statements, taken, facts, found)


def table(stated: Stated) -> str:
    return markdown(
        ("statements of simulated decisions", "that the rules take", "facts", "personal values in them"),
        [(f"{stated.statements:,}", f"{stated.taken:,}", f"{stated.facts:,}", f"{stated.personal:,}")],
    )
