"""An account's own data as JSON types: what it showed, and what was compared, without the other account.

An alert's id is left out: it is a hash of both accounts, and a person who knows one could guess the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cli.maintain.account.holdings import Holdings
from samehand.fingerprint.distil import Fingerprint
from samehand.normalize.contact.redact import MASK
from samehand.signals import SIGNALS
from samehand.signals.base import Quoted
from schemas.alerts import MirrorAlert
from schemas.basis_rights import ALL_RIGHTS, RightsTable
from schemas.decoding.dates import from_seconds
from schemas.wire import encode

if TYPE_CHECKING:
    from desk.review.holdings import KeptAlert

LEFT_OUT: Final = (
    "the other account of each alert, and the alert's id, from which it could be found out",
    "weights, probabilities and reasons of alerts, which name the other account",
    "referrers, reasons of reinstatements and fields unknown to samehand, which may name somebody else",
    "notes of the people who decide, and who decided an action",
    "records of topics: what the platform published it has, and alerts that no desk keeps",
    "dead letters, in which no field can be read: `samehand letters`",
    "lawful requests and preservation holds, if there are any: the law may forbid naming them",
    "keyed digests, of which nobody can make a value again: their kinds are listed",
)

_MASKED: Final = ("referrer", "reason", "alert_id", "decided_by")
"""Fields of events that name somebody else, or may."""


def export(
    account: str, holdings: Holdings, *, now: float, rights: RightsTable = ALL_RIGHTS
) -> dict[str, Any]:
    """Returns the account's own data. Nothing of another account stands in it but what the holder wrote.

    ``rights`` say which bases of bans may be exported; others are masked.
    """
    shown = ((kept.shown, kept) for kept in holdings.desk if kept.shown is not None)
    alerts = sorted(shown, key=lambda pair: (pair[0].detected_at, pair[0].alert_id))
    return {
        "account": account,
        "made_at": _moment(now),
        "stored": list(_stored(holdings, rights)),
        "alerts": [_alert(account, alert, kept) for alert, kept in alerts],
        "actions": [_own(msgspec.json.decode(encode(action))) for action in holdings.actions],
        "left_out": list(LEFT_OUT),
        "not_read": holdings.not_read,
    }


def _stored(holdings: Holdings, rights: RightsTable) -> Iterator[dict[str, Any]]:
    """What Redis holds in the clear, and of what it holds digests."""
    if holdings.ban is not None:
        facts = holdings.ban.facts
        yield {
            "as": "banned",
            **_quoted(facts.quoted),
            "policy": facts.policy,
            "basis": facts.basis_authority if rights.of(facts.basis).may_be_exported else MASK,
            "occurred_at": _moment(facts.occurred_at),
            "banned_at": None if facts.banned_at is None else _moment(facts.banned_at),
            "expires_at": None if facts.expires_at is None else _moment(facts.expires_at),
            "digests": _kinds(holdings.ban.fingerprints),
        }
    if holdings.remembered is not None:
        yield {
            "as": "remembered",
            **_quoted(holdings.remembered.quoted),
            "seen_at": _moment(holdings.remembered.seen_at),
            "digests": _kinds(holdings.remembered.fingerprints),
        }


def _quoted(quoted: Quoted) -> dict[str, str | None]:
    return {"handle": quoted.handle, "display_name": quoted.display_name, "bio": quoted.bio}


def _kinds(fingerprints: Sequence[Fingerprint]) -> list[str]:
    return [
        signal.name
        for signal in SIGNALS
        if any(fingerprint.trait(signal.name) is not None for fingerprint in fingerprints)
    ]


def _own(value: Any) -> Any:
    """A record with the fields masked that may name somebody else."""
    if not isinstance(value, dict):
        return value
    return {name: MASK if name in _MASKED and inner else _own(inner) for name, inner in value.items()}


def _alert(account: str, alert: MirrorAlert, kept: KeptAlert) -> dict[str, Any]:
    is_new = alert.key == account
    verdict = kept.verdict
    return {
        "side": "new account" if is_new else "banned account",
        "other": MASK,
        "status": alert.status,
        "detected_at": alert.detected_at.isoformat(),
        "compared": [
            {"signal": line.signal, "own": own}
            for line in (*alert.evidence, *alert.counter_evidence)
            if (own := line.ours if is_new else line.theirs)
        ],
        "appeals": [
            {
                "appeal_id": appeal.appeal_id,
                "received_at": _moment(appeal.received_at),
                "words": appeal.words,
                "outcome": appeal.outcome,
            }
            for appeal in (kept.appeals if is_new else ())
        ],
        "verdict": None
        if verdict is None
        else {"verdict": verdict.verdict, "decided_at": _moment(verdict.decided_at)},
    }


def _moment(seconds: float) -> str:
    return from_seconds(seconds).isoformat(timespec="seconds")
