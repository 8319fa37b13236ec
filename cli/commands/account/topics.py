"""Reads every topic for records about one account.

A record of ours is about the account that it names; a dead letter may be, where its key or its bytes hold the
account's id. Nothing is committed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from cli.topics.topic_alerts import arrivals
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.keys import AccountRef
from schemas.letters import DeadLetter
from schemas.malformed import Malformed
from schemas.mapping.fields import TARGETS, Kind
from schemas.wire import (
    decode_alert,
    decode_alert_state,
    decode_appeal_decided,
    decode_enrolled,
    decode_letter,
    decode_verdict,
    decode_wave,
    encode,
)
from streams.kafka.client import admin, reader
from streams.kafka.topics import TopicsOnBroker, look_up, names
from streams.outcomes import Arrival
from streams.settings import Settings

KEPT_MAX: Final = 5_000
"""Records of one kind that are held for an export: an account has dozens. Others are counted alone."""

KEPT_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bytes of events that are held for an export: some hundred large pictures. Others are counted alone."""

_UNBOUNDED_MS: Final = 2**62
"""`max.compaction.lag.ms` is above this where nothing bounds it."""

TOPICS: Final = (
    *("created", "updated", "remembered", "scanned", "deleted", "banned", "reinstated", "actioned"),
    *("enrolled", "alerts", "shadow", "sample", "state", "waves"),
    *("verdicts", "appeals", "gate_audit", "letters"),
)
"""By the attribute of `Names`: alerts before verdicts, which name an alert alone."""

COMPACTED: Final = ("banned", "state", "waves")


@dataclass(slots=True)
class FoundRecords:
    """What one topic holds about the account. `newest`: Kafka's latest stamp, Unix seconds.

    `live`: keys whose last record has a value; on a compacted topic the others only wait for compaction.
    `named`: those among the keys of alerts' states that name the account as the first of a family alone.
    `config`: the topic as the broker has it, None where that is not said.
    """

    config: TopicsOnBroker | None
    count: int = 0
    newest: float = 0.0
    live: set[bytes | None] = field(default_factory=set)
    named: set[bytes | None] = field(default_factory=set)

    def add(self, arrival: Arrival) -> None:
        self.count += 1
        self.newest = max(self.newest, arrival.timestamp)
        self.live.add(arrival.key)

    def gone_at(self, written_at: float) -> float | None:
        """When a record of that moment is gone at the latest; None where no setting of the topic bounds it.

        Kafka drops whole segments: a record stays until the youngest of its segment is old enough.
        """
        configs = {} if self.config is None or self.config.configs is None else self.config.configs
        if "compact" in configs.get("cleanup.policy", "delete"):
            lag = int(configs.get("max.compaction.lag.ms", _UNBOUNDED_MS))
            return None if lag >= _UNBOUNDED_MS else written_at + lag / 1000
        retention = int(configs.get("retention.ms", -1))
        segment = int(configs.get("segment.ms", 0))
        return None if retention < 0 else written_at + (retention + segment) / 1000


@dataclass(slots=True)
class ScannedTopics:
    """What all topics hold about the account, by the attribute of `Names`; a missing topic is left out.

    `events`: its own records with Kafka's stamp, in the order of the topics, without fields that no schema of
    ours knows, since these may name anybody; `alerts`: the latest revision of each.
    """

    found: dict[str, FoundRecords] = field(default_factory=dict)
    events: list[tuple[Kind, float, bytes]] = field(default_factory=list)
    alerts: dict[str, MirrorAlert] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    alert_ids: set[str] = field(default_factory=set)
    beyond: int = 0
    event_bytes: int = 0


def describe(settings: Settings) -> dict[str, FoundRecords]:
    """Returns the topics that exist, without reading a record of them."""
    called = names(settings)
    with admin(settings) as client:
        there = look_up(client, [str(getattr(called, attribute)) for attribute in TOPICS])
    return {
        attribute: FoundRecords(there[name])
        for attribute in TOPICS
        if (name := str(getattr(called, attribute))) in there
    }


def scan(settings: Settings, account: AccountRef, alert_ids: Iterable[str] = ()) -> ScannedTopics:
    """Reads all topics from start to end. `alert_ids`: alerts that are known to name the account.

    Raises `BrokerUnavailable` and `BrokerRefused`.
    """
    scanned = ScannedTopics(describe(settings), alert_ids=set(alert_ids))
    with reader(settings) as opened:
        for attribute, records in scanned.found.items():
            topic = str(getattr(names(settings), attribute))
            for arrival in arrivals(opened, topic, f"reading {topic}"):
                if arrival.value is None:
                    records.live.discard(arrival.key)
                    records.named.discard(arrival.key)
                elif _takes(attribute, arrival, account, scanned):
                    records.add(arrival)
                elif attribute == "waves":  # a later record of the wave, without the account
                    records.live.discard(arrival.key)
    return scanned


def _takes(attribute: str, arrival: Arrival, account: AccountRef, scanned: ScannedTopics) -> bool:
    """Whether a record is about the account; keeps what an export needs of it."""
    assert arrival.value is not None
    if attribute == "verdicts":
        verdict = decode_verdict(arrival.value, now=math.inf)
        return not isinstance(verdict, Malformed) and (
            verdict.record.alert_id in scanned.alert_ids or account.key in verdict.record.exceptions
        )
    if attribute == "letters":  # which hold their record as base64
        return _takes_letter(arrival.value, account, scanned)
    # Most records are passed over without decoding them. JSON may escape any character.
    named = arrival.key == account.key.encode() or _spelt(account) in arrival.value
    if not named and b"\\" not in arrival.value:
        return False
    if (kind := next((target for target in TARGETS if target == attribute), None)) is not None:
        return _takes_event(kind, arrival, account, scanned)
    if attribute == "scanned":  # of the same shape, and no record that a mapping makes
        return _takes_event("remembered", arrival, account, scanned)
    if attribute == "gate_audit":
        return arrival.key == account.key.encode()
    if attribute == "enrolled":
        enrolled = decode_enrolled(arrival.value, now=math.inf)
        return not isinstance(enrolled, Malformed) and enrolled.record.key == account.key
    if attribute == "appeals":
        decided = decode_appeal_decided(arrival.value, now=math.inf)
        return not isinstance(decided, Malformed) and decided.record.key == account.key
    if attribute == "waves":
        wave = decode_wave(arrival.value, now=math.inf)
        return not isinstance(wave, Malformed) and account.key in {
            member.account for member in wave.record.members
        }
    return _takes_alert(attribute, arrival, account, scanned)


def _takes_event(kind: Kind, arrival: Arrival, account: AccountRef, scanned: ScannedTopics) -> bool:
    decoded = TARGETS[kind].decode(arrival.value or b"", now=math.inf)
    if isinstance(decoded, Malformed):
        return arrival.key == account.key.encode()
    if decoded.record.key != account.key:
        return False
    record = encode(decoded.record)
    if len(scanned.events) < KEPT_MAX and scanned.event_bytes + len(record) <= KEPT_BYTES_MAX:
        scanned.event_bytes += len(record)
        scanned.events.append((kind, arrival.timestamp, record))
    else:
        scanned.beyond += 1
    return True


def _takes_letter(value: bytes, account: AccountRef, scanned: ScannedTopics) -> bool:
    decoded = decode_letter(value, now=math.inf)
    if isinstance(decoded, Malformed):
        return False
    letter = decoded.record
    if letter.key != account.key.encode() and not mentions(letter.value or b"", _spelt(account)):
        return False
    if len(scanned.letters) < KEPT_MAX:
        scanned.letters.append(letter)
    else:
        scanned.beyond += 1
    return True


def _takes_alert(attribute: str, arrival: Arrival, account: AccountRef, scanned: ScannedTopics) -> bool:
    record: MirrorAlert | AlertSummary
    if attribute == "state":
        state = decode_alert_state(arrival.value, now=math.inf)
        if isinstance(state, Malformed):
            return False
        record = state.record.record
    else:
        alert = decode_alert(arrival.value, now=math.inf)
        if isinstance(alert, Malformed):
            return False
        record = alert.record
    sides = {record.key, record.matched.key}
    others = {f"{other.platform}:{other.account_id}" for other in getattr(record, "others", ())}
    if account.key not in sides | others | {record.matched.root_id}:
        return False
    if attribute == "state" and account.key not in sides:
        scanned.found["state"].named.add(arrival.key)
        return False
    if account.key in sides:
        scanned.alert_ids.add(record.alert_id)
        if isinstance(record, MirrorAlert) and attribute in ("alerts", "shadow"):
            known = scanned.alerts.get(record.alert_id)
            if known is None and len(scanned.alerts) >= KEPT_MAX:
                scanned.beyond += 1
            elif known is None or known.revision <= record.revision:
                scanned.alerts[record.alert_id] = record
    return True


def mentions(value: bytes, word: bytes) -> bool:
    """Whether a word stands in bytes, with neither letter nor digit beside it."""
    at = value.find(word)
    while at >= 0:
        after = at + len(word)
        if not (value[at - 1 : at].isalnum() or value[after : after + 1].isalnum()):
            return True
        at = value.find(word, at + 1)
    return False


def _spelt(account: AccountRef) -> bytes:
    return msgspec.json.encode(account.account_id)[1:-1]
