"""Gathers what Redis and the desk hold of one account, and which topics may, each with its end.

Records of topics are not read: each topic is named with the time by which a record of today is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from agents.runtime.store_factory import peppers_of, store_of
from cli.exit_codes import NotDone
from cli.opening import absence_of, desk_database
from desk.places import Place, places
from desk.settings import DeskSettings
from report.text import plural
from samehand.elapsed import DAY_SECONDS
from schemas.decoding.dates import from_seconds
from schemas.keys import AccountRef
from store.base import Ban, Remembered
from store.limits import GENERATIONS
from streams.kafka.client import admin
from streams.kafka.topics import TopicsOnBroker, look_up, names, wanted

if TYPE_CHECKING:
    from desk.review.holdings import KeptAlert
    from schemas.actions import AccountActioned

Ended = Literal["deletion", "tombstone"]
"""The record that ends a holding, as `samehand account erase` publishes it."""

Reason = Literal["ban", "retention", "decision", "marker", "copy", "hold", "not-read"]
"""Why something stays where no record ends it, or has not ended it yet."""

WHY: Final[dict[Reason, str]] = {
    "ban": "The ban is in force, and a mirror's next event alerts. A deletion does not end it; --ban does.",
    "retention": "Kafka removes no single record: a segment goes when its youngest record is old enough.",
    "decision": "A decision of a person, by ids and codes alone, stays accountable.",
    "marker": "A keyed digest keeps a record that comes late from undoing the erasure.",
    "copy": "It left samehand: who has it must remove it.",
    "hold": "A preservation hold outlasts an erasure, which is complete when the hold and its copies end.",
    "not-read": "Records of topics are not read; it may hold nothing of the account.",
}


TOPICS: Final = (
    *("created", "updated", "remembered", "scanned", "deleted", "banned", "reinstated", "actioned"),
    *("enrolled", "alerts", "shadow", "sample", "state", "waves"),
    *("verdicts", "appeals", "gate_audit", "letters"),
)
"""Topics that may name an account, by the attribute of `Names`."""


def gone_at(topic: TopicsOnBroker, written_at: float) -> float | None:
    """When a record of that moment is gone at the latest; None where no setting of the topic bounds it.

    Kafka drops whole segments: a record stays until the youngest of its segment is old enough.
    """
    configs = topic.configs or {}
    retention = int(configs.get("retention.ms", -1))
    if retention < 0 or "compact" in configs.get("cleanup.policy", "delete"):
        return None
    return written_at + (retention + int(configs.get("segment.ms", 0))) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One row. `kind`: the short name of its place; `records` None: the place was not read.

    `until`: Unix seconds, None where nothing bounds it; `ended_by`: the record that ends it, if any does;
    `reason`: why it stays all the same, None where a deletion ends it.
    """

    kind: str
    place: Place
    records: int | None
    until: float | None
    reason: Reason | None = None
    ended_by: Ended | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """The row for JSON, with the reason why it stays, if there is one, by its code and in a sentence."""
        return {
            "kind": self.kind,
            "where": self.place.name.replace("`", ""),
            "holds": self.place.holds.replace("`", ""),
            "records": self.records,
            "until": None if self.until is None else from_seconds(self.until).isoformat(timespec="seconds"),
            "kept": self.place.kept.replace("`", ""),
            **({} if self.reason is None else {"reason": self.reason, "why": WHY[self.reason]}),
        }

    @property
    def where(self) -> str:
        """The place for people, with how much is there."""
        place = self.place.name.replace("`", "")
        if self.reason == "not-read":
            return f"{place}: not read"
        return place if self.records is None else f"{place}: {plural(self.records, 'record')}"

    @property
    def until_words(self) -> str:
        return self.place.kept.replace("`", "") if self.until is None else f"until {moment_words(self.until)}"


def moment_words(seconds: float) -> str:
    return f"{from_seconds(seconds):%Y-%m-%d %H:%M} UTC"


@dataclass(slots=True)
class Holdings:
    """All rows, and what an export quotes.

    `not_read`: why a part was not looked at, by its name; `topics`: those that exist, by the attribute of
    `Names`.
    """

    rows: list[Holding] = field(default_factory=list)
    not_read: dict[str, str] = field(default_factory=dict)
    ban: Ban | None = None
    remembered: Remembered | None = None
    topics: dict[str, TopicsOnBroker] = field(default_factory=dict)
    desk: Sequence[KeptAlert] = ()
    actions: Sequence[AccountActioned] = ()


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Looks at each part that is configured, for one account at one moment (`now`, Unix seconds).

    Its methods raise `StoreError`, `StreamsError` and `NotDone` for a part that does not answer.
    """

    settings: DeskSettings
    account: AccountRef
    now: float
    found: Holdings = field(default_factory=Holdings)

    async def everything(self) -> Holdings:
        await self.store()
        await self.desk()
        self.topics()
        return self.found

    async def store(self) -> Holdings:
        settings, now = self.settings, self.now
        if settings.pepper_file is None:
            self.found.not_read["Redis"] = (
                "SAMEHAND_PEPPER_FILE is not set: without it nothing there can be found"
            )
            return self.found
        key = [self.account.key]
        store = store_of(settings, peppers_of(settings), read_only=True)
        try:
            await store.open()
            (self.found.ban,) = await store.bans(key, now=now)
            (self.found.remembered,) = await store.remembered(key, now=now)
            (about,), (on_ban,) = await store.alerts_about(key), await store.alerts_on(key)
            (descent,) = await store.descents(key)
            (wave_id,) = await store.wave_ids(key)
        finally:
            await store.close()
        if (ban := self.found.ban) is not None:
            self._add("ban", 1, ban.facts.expires_at, "ban", "tombstone")
        if (remembered := self.found.remembered) is not None:
            # Written when it was seen; a worker that was behind wrote it later, at the latest now.
            longest = settings.remember_days * DAY_SECONDS * (1 + 1 / GENERATIONS)
            seen = remembered.seen_at + longest
            self._add("remembered-account", 1, seen if seen > now else now + longest, None, "deletion")
        if alerts := len({alert.alert_id for alert in (*about, *on_ban)}):
            self._add("alerts-in-store", alerts, None, None, "deletion")
        if wave_id is not None:
            self._add("waves-in-store", 1, None, None, "deletion")
        if descent is not None:
            self._add("family", 1, None, "decision", "tombstone")
        return self.found

    def topics(self) -> None:
        """Lists the topics that exist, none of whose records is read."""
        called, needed = names(self.settings), {spec.name for spec in wanted(self.settings)}
        with admin(self.settings) as client:
            there = look_up(client, [str(getattr(called, kind)) for kind in TOPICS])
        self.found.not_read["topics"] = "their records are not read"
        for kind in TOPICS:
            topic = str(getattr(called, kind))
            if (on_broker := there.get(topic)) is not None:
                self.found.topics[kind] = on_broker
                self._add(kind, None, gone_at(on_broker, self.now), "not-read")
            elif topic in needed:  # others only some deployments have
                self.found.not_read[f"topic {topic}"] = (
                    "it does not exist, or we may not see it; SAMEHAND_TOPIC_PREFIX begins its name"
                )

    async def desk(self) -> None:
        """Looks at the desk's database."""
        if find_spec("sqlalchemy") is None:
            self.found.not_read["desk"] = "the extra samehand[desk] is not installed"
            return
        from desk.database import holds, requests, waves
        from desk.database.engine import address
        from desk.database.errors import DatabaseError
        from desk.review.actions import kept_actions
        from desk.review.holdings import ALERTS_MAX, WAVES_MAX, kept_alerts

        try:
            absence = absence_of(address(self.settings.database_url.get_secret_value()))
        except DatabaseError as fault:
            raise NotDone(str(fault)) from fault
        if absence:
            self.found.not_read["desk"] = absence
            return
        erase_seconds = self.settings.desk_erase_days * DAY_SECONDS
        async with desk_database(self.settings, reading=True) as connection:
            kept = await kept_alerts(connection, self.account.key, erase_seconds=erase_seconds)
            joined = await waves.of_account(connection, self.account.key, WAVES_MAX)
            self.found.actions = actions = await kept_actions(connection, self.account.key)
            held = await holds.of_account(connection, self.account.key)
            naming = await requests.naming(connection, self.account.key)
        self.found.desk = kept
        if len(kept) >= ALERTS_MAX:
            self.found.not_read["desk"] = f"only the newest {ALERTS_MAX:,} alerts were looked at"
        if quoting := [alert for alert in kept if alert.quoting]:
            due = [alert.due_at for alert in quoting if alert.due_at is not None]
            until = max(due) if len(due) == len(quoting) else None
            self._add("quotes", len(quoting), until, None, "deletion")
        if joined:
            until = max(wave.arrived_at for wave in joined) + erase_seconds
            self._add("waves-at-desk", len(joined), until, None, "deletion")
        if actions:
            self._add("actions", len(actions), None, None, "deletion")
        if kept:
            self._add("decisions", len(kept), None, "decision")
            self._add("audit-log", None, None, "decision")
        for hold in held:
            self._add("holds", hold.copies, hold.hold_until, "hold", name=f"request {hold.request_id}")
        if naming:
            self._add("requests", naming, None, "decision")
        if case_files := sum(alert.case_files for alert in kept):
            self._add("copies", case_files, None, "copy")

    def _add(
        self,
        kind: str,
        records: int | None,
        until: float | None,
        reason: Reason | None,
        ended_by: Ended | None = None,
        name: str | None = None,
    ) -> None:
        place = places(self.settings)[kind]
        if name is not None:
            place = replace(place, name=f"{place.name}: {name}")
        self.found.rows.append(
            Holding(kind=kind, place=place, records=records, until=until, reason=reason, ended_by=ended_by)
        )
