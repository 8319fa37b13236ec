"""What the desk takes from an alert's record: its columns, its search terms, the record without quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from desk.database.finding.folding import Term, terms
from desk.database.schema import SIGNALS_CHARS, AlertRow
from desk.review.people import people
from desk.review.reports.statistics import seconds_to_detect
from samehand.normalize.contact.redact import MASK
from samehand.normalize.text.scripts import dominant_script
from schemas.alerts import MirrorAlert, quoted_names, without_quotes
from schemas.malformed import Malformed
from schemas.wire import decode_alert, encode

_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].{0,32})?")


def facts_of(alert: MirrorAlert, *, now: float, sampled: float | None = None) -> AlertRow:
    """Returns the row of an alert. `sampled`: the probability with which it was drawn below the bands."""
    matched = alert.matched
    return AlertRow(
        alert_id=alert.alert_id,
        revision=alert.revision,
        status=alert.status,
        withdrawn_reason=alert.withdrawn_reason,
        account=alert.key,
        banned=matched.key,
        root=matched.root_id or matched.key,
        generation=matched.generation,
        platform=alert.platform,
        band=alert.band,
        direction=alert.direction,
        policy=matched.policy,
        queue=alert.queue,
        basis=matched.authority,
        language=language_of(alert),
        probability=alert.probability,
        weights_version=alert.weights_version.replace("\0", ""),
        detected_at=alert.detected_at.timestamp(),
        sampled=sampled,
        stratum=None if sampled is None or alert.drawn is None else alert.drawn.stratum,
        script=script_of(alert),
        signals=" ".join(sorted({line.signal for line in alert.evidence}))[:SIGNALS_CHARS],
        seconds_to_detect=seconds_to_detect(alert.seconds_since_ban, alert.seconds_since_event),
        arrived_at=now,
    )


def script_of(alert: MirrorAlert) -> str | None:
    """The script of the new account's names, as `samehand_judged_scripts` counts it; None: it quotes none.

    What is withdrawn quotes nothing: its row keeps the script of before.
    """
    names = quoted_names(alert)
    return str(dominant_script(names)) if names else None


def language_of(alert: MirrorAlert) -> str | None:
    """The language that the new account set, as far as the alert quotes it: `ur` of `ur-PK`."""
    for line in (*alert.evidence, *alert.counter_evidence):
        if line.signal == "locale" and (tag := _TAG.fullmatch(line.ours)):
            return tag[1].lower()
    return None


def found_by(alert: MirrorAlert) -> Iterator[Term]:
    """Yields what an alert is found by: its ids, and the names and handles that it quotes."""
    account, banned = people(alert)
    return terms(
        alert.alert_id,
        {"account": account.key, "banned": banned.key},
        {
            (side, kind): text
            for side, person in (("account", account), ("banned", banned))
            for kind, text in (("handle", person.handle), ("name", person.name))
            if text and MASK not in text
        },
    )


def unquoted(alert: MirrorAlert) -> bytes:
    """The alert without a word of either account: signals, levels and weights stay."""
    return encode(
        replace(
            alert,
            evidence=tuple(map(without_quotes, alert.evidence)),
            counter_evidence=tuple(map(without_quotes, alert.counter_evidence)),
        )
    )


def alert_of(payload: bytes) -> MirrorAlert | None:
    """The alert of a row, or None where a version wrote it that this one cannot read.

    Whatever the clock says: it may have been set back since the alert was kept.
    """
    decoded = decode_alert(payload, now=math.inf)
    if isinstance(decoded, Malformed) or not isinstance(decoded.record, MirrorAlert):
        return None
    return decoded.record
