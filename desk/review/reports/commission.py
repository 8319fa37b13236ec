"""Composes statements of reasons for the DSA Transparency Database (Article 24(5)), by its field names.

Facts and explanations consist of fixed sentences and the names of traits: no value of either account can be
in them. The clause is the platform's own text, and is refused where it seems to hold a personal value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import HMAC
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import actions, alerts, verdicts
from desk.database.schema import ActionRow
from desk.review.actions import record_of
from desk.review.evidence import shown_evidence
from desk.review.people import people
from desk.review.reports.statement import MISSING, PUBLIC, Resembled, facts_of, resembled
from report.dsa import EEA, EU
from report.text import is_unseen
from samehand.normalize.contact.redact import redacted
from schemas.actions import AccountActioned
from schemas.alerts import MirrorAlert

Body = dict[str, Any]
"""The body of one statement, as JSON."""

REASONS: Final[Mapping[str, str]] = {
    "action": "A later version stored the action.",
    "alert": "It names no alert on its account that the desk can read: the facts are unknown.",
    "verdict": "The verdict that holds is not that it is a mirror: correct the action, or state it yourself.",
    "registered": "The day of registration is unknown: give registered_at on accounts.actioned.",
    "category": "The policy of its alert has no category: use --category.",
    "personal": "The clause seems to hold a personal value or a name of one of the accounts.",
    "erased": "Its clause was erased, or what the alert quoted, so that the clause cannot be checked.",
    "territory": "It holds in no country of the EEA.",
    "long": "The clause is longer than 500 characters.",
    "date": "The database refuses a day: registered before 2000, in force before 2020, or after 2038.",
    **{
        name: MISSING[name]
        for name in ("ground", "clause", "source", "automated_detection", "automated_decision")
    },
}
"""Why there is no statement on an action, by code."""

WORD_BYTES_MIN: Final = 4
"""A shorter handle or name is a part of many words: it is not looked for in a clause. In UTF-8, since two
characters are a whole name in other scripts."""

CLAUSE_CHARS_MAX: Final = 500
"""As many as the database takes. Of a value, as many characters are looked for in a clause."""

ACTIONS_AT_ONCE: Final = 500
"""Actions with their alerts: a few megabytes."""

KEY_NAME: Final = "statements"
"""Names the key of puids in the desk's database. With another key an action would be filed twice."""

_REGISTERED_MIN: Final = "2000-01-01"
_IN_FORCE_MIN: Final = "2020-01-01"
_DAY_MAX: Final = "2038-01-01"

_DECISIONS: Final = {
    "suspended": ("decision_account", "DECISION_ACCOUNT_SUSPENDED", "end_date_account_restriction"),
    "terminated": ("decision_account", "DECISION_ACCOUNT_TERMINATED", "end_date_account_restriction"),
    # The topic does not say what was restricted; the database has a code for what no other names.
    "restricted": ("decision_visibility", ["DECISION_VISIBILITY_OTHER"], "end_date_visibility_restriction"),
}
_SOURCES: Final = {
    "own-initiative": "SOURCE_VOLUNTARY",
    "notice": "SOURCE_ARTICLE_16",
    "trusted-flagger": "SOURCE_TRUSTED_FLAGGER",
    "other-notice": "SOURCE_TYPE_OTHER_NOTIFICATION",
}
_AUTOMATED: Final = {
    "fully": "AUTOMATED_DECISION_FULLY",
    "partially": "AUTOMATED_DECISION_PARTIALLY",
    "no": "AUTOMATED_DECISION_NOT_AUTOMATED",
}
_GROUNDS: Final = {
    "illegal": (
        "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground",
        "illegal_content_explanation",
    ),
    "terms": (
        "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground",
        "incompatible_content_explanation",
    ),
}
_EXPLAINED: Final[Mapping[Resembled, str]] = {
    "banned": "The account carries on an account that the provider had banned",
    "elsewhere": "The account carries on an account that another platform had banned",
    "listed": "The account is that of a person or an organisation on an official list",
}
_RESEMBLED: Final[Mapping[Resembled, str]] = {
    "banned": "an account which the provider had banned before",
    "elsewhere": "an account which another platform had banned before",
    "listed": "the name of a person or an organisation on an official list",
}
_TRAITS: Final = {
    "handle": "the handle",
    "name": "the displayed name",
    "crossing": "the handle of one and the displayed name of the other",
    "admirer": "the way in which the name refers to the other account",
    "avatar": "the picture",
    "bio": "the self-description",
    "contact": "contact points shown in the profile",
    "mention": "mentions of the other account in the profile",
    "disguise": "a disguised spelling",
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why there is no statement: codes of `REASONS`."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What a statement rests on. `alert`: that the action names, as it was decided; `category`: that of its
    policy, with or without a keyword; `verdict`: that holds on the alert; `erased`: its clause or the quotes
    of the alert were."""

    action: AccountActioned
    alert: MirrorAlert | None
    category: tuple[str, ...]
    verdict: str | None
    erased: bool = False


def puid_of(key: bytes, account: str, event_id: str) -> str:
    """Returns the identifier under which the database knows an action. Without the key nobody can compute it
    from an account; event ids are unique within an account alone."""
    return HMAC(key, f"{len(account)}:{account}{event_id}".encode(errors="surrogatepass"), sha256).hexdigest()


def composed(material: Material, puid: str) -> Body | Lacking:
    """Returns the statement on an action that restricts something and that no authority ordered."""
    action, alert = material.action, material.alert
    if material.erased:
        return Lacking(("erased",))
    registered, territory = _registered(action, alert), _countries(action.territory)
    quoted = _as_seen(action.clause or "")
    lacking = [
        reason
        for reason, lacks in {
            "alert": alert is None,
            "verdict": material.verdict not in (None, "mirror"),
            "registered": registered is None,
            "category": not material.category,
            "territory": not territory,
            "ground": action.ground is None,
            "clause": not quoted,
            "long": len(quoted) > CLAUSE_CHARS_MAX,
            "personal": alert is not None and _is_personal(quoted, alert),
            "source": action.source is None,
            "automated_detection": action.automated_detection is None,
            "automated_decision": action.automated_decision is None,
        }.items()
        if lacks
    ]
    if lacking or alert is None or registered is None:
        return Lacking(tuple(lacking))
    field, decision, end = _DECISIONS[action.action]
    ground, clause, explanation = _GROUNDS[action.ground or ""]
    statement: Body = {
        field: decision,
        "decision_ground": ground,
        clause: quoted,
        explanation: f"{_EXPLAINED[resembled(alert)]}, which this ground does not permit. The facts say how"
        " the two agree.",
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "Account",
        "category": material.category[0],
        "territorial_scope": territory,
        "content_date": _day(registered),
        "application_date": _day(action.actioned_at or action.occurred_at),
        "decision_facts": _facts(material, alert),
        "source_type": _SOURCES[action.source or ""],
        "automated_detection": "Yes" if action.automated_detection == "yes" else "No",
        "automated_decision": _AUTOMATED[action.automated_decision or ""],
        "puid": puid,
    }
    if action.action == "restricted":
        statement["decision_visibility_other"] = "Restriction of the account"
    if action.until is not None:
        statement[end] = _day(action.until)
    if len(material.category) > 1:
        statement["category_specification"] = [material.category[-1]]
    days = [statement["content_date"], statement["application_date"], statement.get(end, _REGISTERED_MIN)]
    if days[0] < _REGISTERED_MIN or days[1] < _IN_FORCE_MIN or max(days) > _DAY_MAX:
        return Lacking(("date",))
    return statement


@dataclass(frozen=True, slots=True)
class Stated:
    """An action of the platform, and its statement or why there is none."""

    account: str
    event_id: str
    statement: Body | Lacking


async def statements(
    connection: AsyncConnection,
    *,
    platform: str,
    since: float,
    until: float,
    categories: Mapping[str, tuple[str, ...]],
    key: bytes,
) -> AsyncIterator[Stated]:
    """Yields each action of a platform that took effect in a period (Unix seconds), restricts something,
    names an alert, and was ordered by no authority.

    ``categories``: by policy of the alert, a category of the database and a keyword of it or none.
    """
    after = ("", "")
    while True:
        rows = await actions.restricting(
            connection, platform=platform, since=since, until=until, after=after, limit=ACTIONS_AT_ONCE
        )
        for stated in await _stated(connection, rows, categories, key):
            yield stated
        if len(rows) < ACTIONS_AT_ONCE:
            return
        after = (rows[-1].account, rows[-1].event_id)


async def _stated(
    connection: AsyncConnection,
    rows: Sequence[ActionRow],
    categories: Mapping[str, tuple[str, ...]],
    key: bytes,
) -> list[Stated]:
    quoted = await alerts.with_payloads(connection, {row.alert_id for row in rows if row.alert_id})
    shown = await shown_evidence(connection, quoted.values(), as_decided=True) if quoted else {}
    given = await verdicts.of_alerts(connection, set(quoted)) if quoted else {}
    stated: list[Stated] = []
    for row in rows:
        record = record_of(row)
        if record is None:
            stated.append(Stated(row.account, row.event_id, Lacking(("action",))))
            continue
        if record.source == "order":  # Article 9: there is no statement of it
            continue
        alert = quoted.get(row.alert_id or "")
        if alert is not None and alert.account != record.key:
            alert = None  # a publisher of actions could have another account's evidence published
        evidence = None if alert is None else shown.get(alert.alert_id)
        holds = None if alert is None else verdicts.holding_of(given.get(alert.alert_id, ()))
        material = Material(
            record,
            None if evidence is None else evidence.alert,
            () if alert is None else categories.get(alert.policy or "", ()),
            None if holds is None else holds.verdict,
            erased=row.erased_at is not None or (evidence is not None and evidence.erased_at is not None),
        )
        puid = puid_of(key, row.account, row.event_id)
        stated.append(Stated(row.account, row.event_id, composed(material, puid)))
    return stated


def _facts(material: Material, alert: MirrorAlert) -> str:
    stated, withheld = facts_of(alert.evidence)
    traits = [_TRAITS[signal] for signal in dict.fromkeys(fact.signal for fact in stated)]
    return " ".join(
        sentence
        for sentence, holds in (
            (f"The provider {material.action.action} an account.", True),
            (
                "Software that compares accounts had found that it resembles"
                f" {_RESEMBLED[resembled(alert)]}.",
                True,
            ),
            (f"The two agree in: {'; '.join(traits)}.", bool(traits)),
            ("Further traits agree, which are not named, since that would help evasion.", withheld),
            ("A person compared the two and confirmed the finding.", material.verdict == "mirror"),
        )
        if holds
    )


def _registered(action: AccountActioned, alert: MirrorAlert | None) -> datetime | None:
    """Returns when the account was made: as the platform says, or when it signed up if the alert came of
    that."""
    if action.registered_at is not None or alert is None:
        return action.registered_at
    if alert.direction != "forward" or alert.seconds_since_event is None:
        return None
    try:
        return alert.detected_at - timedelta(seconds=alert.seconds_since_event)
    except OverflowError:  # of a number that no date has
        return None


def _countries(territory: tuple[str, ...]) -> list[str]:
    """Returns the countries of the EEA in which an action holds; all of them where it holds everywhere."""
    unions = {"EU": EU, "EEA": EEA, "EL": frozenset({"GR"})}
    named = frozenset().union(*(unions.get(code, {code}) for code in territory or ("EEA",)))
    return sorted(named & EEA)


def _as_seen(clause: str) -> str:
    """Returns the clause in one line, without characters that nobody sees or that reorder it."""
    return "".join(char for char in " ".join(clause.split()) if not is_unseen(char)).strip()


def _is_personal(clause: str, alert: MirrorAlert) -> bool:
    words = {person.account_id for person in people(alert)}
    for line in (*alert.evidence, *alert.counter_evidence):
        if line.signal in PUBLIC:
            words |= {line.ours, line.theirs}
    letters = _letters(clause)
    return redacted(clause) != clause or any(
        len(word.encode()) >= WORD_BYTES_MIN and word in letters for word in map(_letters, words)
    )


def _letters(text: str) -> str:
    """Returns the letters and digits, however they are written and whatever stands between them."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text[:CLAUSE_CHARS_MAX]).casefold()))


def _day(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).date().isoformat()
    except OverflowError:  # the last day of the calendar, west of Greenwich: the rules refuse it
        return moment.date().isoformat()
