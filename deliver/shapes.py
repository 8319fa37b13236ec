"""What is sent: an alert, the summary of a ban or a decided appeal, in the shape that the receiver reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from deliver.endpoints import Endpoint, Shape
from report.waterfall.words import in_words
from schemas.alerts import AlertSummary, EvidenceLine, MirrorAlert
from schemas.appeals import AppealDecided
from schemas.waves import WaveAlert

REASONS_MAX: Final = 10
"""Lines of evidence in a message for people, the heaviest first; the alert itself has them all."""

_SECTION_CHARACTERS_MAX: Final = 3_000  # Slack's limit on the text of a section
_HEADER_CHARACTERS_MAX: Final = 150  # and on that of a header
_SLACK_OTHERS: Final = 10  # of the members of a wave: who reads on opens the record

Type = Literal[
    "alert.opened",
    "alert.withdrawn",
    "summary.opened",
    "summary.withdrawn",
    "appeal.decided",
    "wave.opened",
    "wave.withdrawn",
]

Sendable = MirrorAlert | AlertSummary | AppealDecided | WaveAlert


class Body(Struct, frozen=True):
    """The body of the generic shape, as Standard Webhooks recommends it."""

    type: Type
    timestamp: str
    """When the alert came to be as it is, or the appeal was decided, ISO 8601."""
    data: Sendable


_PLAIN: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'", "*": "∗", "_": "_\u2060", "~": "∼"}
)
"""`&`, `<` and `>` as Slack wants them; what begins its markup as a look-alike, or kept from doing so."""

_encoder: Final = msgspec.json.Encoder(order="deterministic")


def takes(endpoint: Endpoint, alert: Sendable) -> bool:
    """Returns whether the endpoint wants it. An item of Coop is an account, which a summary is not about."""
    return endpoint.filter.takes(alert) and (endpoint.shape != "coop" or isinstance(alert, MirrorAlert))


def message_id(alert: Sendable) -> str:
    """The same at each try and each redelivery of this revision: receivers drop repeats by it."""
    if isinstance(alert, AppealDecided):
        return sha256(alert.appeal_id.encode()).hexdigest()  # the platform's own id need fit in no header
    if isinstance(alert, WaveAlert):
        return f"{alert.wave_id}.{alert.revision}"
    return f"{alert.alert_id}.{alert.revision}"


def body_of(alert: Sendable, endpoint: Endpoint) -> bytes:
    """The request's body. Equal alerts give equal bytes."""
    if isinstance(alert, MirrorAlert):
        return _encoder.encode(_MAKERS[endpoint.shape](alert, endpoint))
    if endpoint.shape == "slack":
        if isinstance(alert, WaveAlert):
            return _encoder.encode(_slack_wave(alert))
        made = _slack_appeal(alert) if isinstance(alert, AppealDecided) else _slack_summary(alert)
        return _encoder.encode(made)
    return _encoder.encode(_generic(alert, endpoint))


def _generic(alert: Sendable, endpoint: Endpoint) -> Body:
    if isinstance(alert, AppealDecided):
        return Body("appeal.decided", alert.decided_at.isoformat(), alert)
    if isinstance(alert, WaveAlert):
        type_: Type = "wave.opened" if alert.status == "open" else "wave.withdrawn"
        return Body(type_, alert.changed_at.isoformat(), alert)
    moment = alert.withdrawn_at or alert.detected_at
    return Body(type_of(alert), moment.isoformat(), alert)


def type_of(alert: MirrorAlert | AlertSummary) -> Type:
    if isinstance(alert, AlertSummary):
        return "summary.opened" if alert.status == "open" else "summary.withdrawn"
    return "alert.opened" if alert.status == "open" else "alert.withdrawn"


def coop(alert: MirrorAlert, endpoint: Endpoint) -> dict[str, object]:
    """ROOST Coop's `POST /api/v1/items/async/`: an alert is an item, its revision the item's newest state."""
    data: dict[str, object] = {
        "type": type_of(alert),
        "account": alert.key,
        "banned_account": alert.matched.key,
        "band": alert.band,
        "probability": alert.probability,
        "reasons": [f"{line.signal}: {line.because}" for line in heaviest(alert)],
        "what_else": what_else(alert),
        "policy": alert.matched.policy or "",
        "queue": alert.queue or "",
        "authority": alert.matched.authority or "",
        "revision": alert.revision,
        "detected_at": alert.detected_at.isoformat(),
        "notice": alert.notice,
    }
    if alert.withdrawn_reason is not None:
        data["withdrawn_reason"] = alert.withdrawn_reason
    return {"items": [{"id": alert.alert_id, "typeId": endpoint.item_type, "data": data}]}


def slack(alert: MirrorAlert, endpoint: Endpoint) -> dict[str, object]:
    """A message of Slack's incoming webhooks (Block Kit); Mattermost reads its text."""
    headline = f"{alert.band.capitalize()}: an account resembles a banned one"
    lines = [f"`{escaped(alert.key)}` resembles banned `{escaped(alert.matched.key)}`"]
    if alert.status == "withdrawn":
        headline = "Withdrawn: a resemblance with a banned account"
        lines.append(f"Withdrawn: {escaped(alert.withdrawn_reason or '')}")
    sections = ["\n".join(lines)]
    if alert.status == "open":
        said = in_words(alert)
        told = [
            *(f"*For* {escaped(it)}" for it in said.strong[:REASONS_MAX]),
            *(f"*Weak* {escaped(it)}" for it in said.weak[:REASONS_MAX]),
            *(f"*Against* {escaped(it)}" for it in said.against[:REASONS_MAX]),
            *([f"*If not* {escaped(said.if_not)}"] if said.if_not else []),
            *([f"*Check* {escaped(said.check)}"] if said.check else []),
        ]
        sections.append("\n".join(told))
    facts = {
        "policy": alert.matched.policy,
        "basis": "a state's word" if alert.matched.on_state_word else "",
        "queue": alert.queue,
        "alert": alert.alert_id,
    }
    return _message(f"{headline}: {escaped(alert.key)}", headline, sections, facts, alert.notice)


def _slack_summary(summary: AlertSummary) -> dict[str, object]:
    """A message that says how many accounts got no alert of their own."""
    headline = f"{summary.withheld:,} withheld: more accounts resemble a banned one than are alerted on"
    if summary.status == "withdrawn":
        headline = "Withdrawn: the count of accounts that resemble a banned one"
    key = escaped(summary.key)
    counts = f"open alerts {summary.published:,} · withheld: likely {summary.withheld_likely:,}, possible"
    sections = [f"`{key}`\n{counts} {summary.withheld_possible:,}"]
    facts = {"policy": summary.matched.policy, "queue": summary.queue, "summary": summary.alert_id}
    return _message(f"{headline}: {key}", headline, sections, facts, summary.notice)


def _slack_wave(wave: WaveAlert) -> dict[str, object]:
    """A message that says how many accounts came together, and what they share."""
    headline = f"{len(wave.members):,} new accounts resemble each other"
    if wave.status == "withdrawn":
        headline = "Withdrawn: a wave of new accounts"
    lines = [f"`{escaped(wave.handle_pattern)}`"] if wave.handle_pattern else []
    lines += [f"{escaped(line.signal)}: {escaped(line.level)}, {line.members:,}" for line in wave.pattern]
    others = [member.account for member in wave.members if not member.banned]
    if len(others) < len(wave.members):
        shown = ", ".join(escaped(account) for account in others[:_SLACK_OTHERS])
        more = ", …" if len(others) > _SLACK_OTHERS else ""
        lines.append(f"{len(wave.members) - len(others):,} banned since; the others: {shown}{more}")
    if wave.withdrawn_reason is not None:
        lines = [f"Withdrawn: {escaped(wave.withdrawn_reason)}"]
    sections = ["\n".join(lines)] if lines else []
    return _message(headline, headline, sections, {"wave": wave.wave_id}, wave.notice)


def _slack_appeal(appeal: AppealDecided) -> dict[str, object]:
    """A message that says what came of an appeal."""
    headline, account = f"Appeal {appeal.outcome}", escaped(appeal.key)
    facts = {
        "reason": appeal.reason_code,
        "policy": appeal.policy,
        "queue": appeal.queue,
        "alert": appeal.alert_id,
    }
    sections = [f"`{account}` appeal `{escaped(appeal.appeal_id)}`"]
    return _message(f"{headline}: {account}", headline, sections, facts)


def _message(
    text: str, headline: str, sections: Sequence[str], facts: Mapping[str, str | None], notice: str = ""
) -> dict[str, object]:
    """A headline, some sections, and in small print the facts that are known, and a notice."""
    parts = [f"{name} {value}" for name, value in facts.items() if value]
    context = " · ".join(escaped(part) for part in (*parts, notice) if part)
    return {
        "text": text,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": headline[:_HEADER_CHARACTERS_MAX]}},
            *({"type": "section", "text": {"type": "mrkdwn", "text": _cut(section)}} for section in sections),
            {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(context)}]},
        ],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _SECTION_CHARACTERS_MAX else text[: _SECTION_CHARACTERS_MAX - 1] + "…"


def escaped(text: str) -> str:
    """Text of accounts that Slack shows as it is: no mention, no link, no markup, on one line."""
    return " ".join(text.translate(_PLAIN).split())


def heaviest(alert: MirrorAlert) -> list[EvidenceLine]:
    """The lines for a mirror that weigh most."""
    return sorted(alert.evidence, key=lambda line: -line.weight)[:REASONS_MAX]


def what_else(alert: MirrorAlert) -> str:
    """The sentence of the strongest innocent reason; "" of an alert that names none."""
    return alert.rivals[0].sentence if alert.rivals else ""


_MAKERS: Final[dict[Shape, Callable[[MirrorAlert, Endpoint], object]]] = {
    "generic": _generic,
    "coop": coop,
    "slack": slack,
}
