"""Every place that keeps something of an account: what, for how long, and what ends it sooner.

`samehand account` names these places, and `docs/reference/retention.md` is generated from them. A topic or a
table of the desk without a row here fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from desk.settings import DeskSettings
from report.text import plural
from samehand.elapsed import DAY_SECONDS
from store.limits import HALF_LIFE_SECONDS, SWEEP_SECONDS
from streams.kafka.topics import TopicSpec, every


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `kept`: how long, by the settings; `sooner`: what ends it before; `tables`: of the desk."""

    name: str
    holds: str
    kept: str
    sooner: str
    tables: tuple[str, ...] = ()


NOTHING: Final = "nothing"
_PROFILE: Final = "the profile as published, with raw e-mails, phones, devices and addresses"
_QUOTES: Final = "both accounts' ids and quotes, personal values masked"

_QUOTABLE: Final = "handle, name and, with `SAMEHAND_QUOTE_BIO`, self-description to quote"

_DIGESTS: Final = "keyed digests (of addresses the latest four of thirty days), folded names"

_TOPICS: Final[Mapping[str, tuple[str, str]]] = {
    "created": (_PROFILE, NOTHING),
    "updated": (_PROFILE, NOTHING),
    "remembered": (_PROFILE, NOTHING),
    "scanned": (_PROFILE, NOTHING),
    "deleted": ("the account's id and when it was deleted", NOTHING),
    "banned": (
        "the profile at the ban, raw, with sessions, policy, basis and dates",
        "a tombstone (after a reinstatement, or by `samehand account erase --ban`), then compaction",
    ),
    "reinstated": ("the account's id, dates, and the platform's reason", NOTHING),
    "actioned": ("the account's id; what the platform did, when, where and on which ground", NOTHING),
    "alerts": (_QUOTES, "nothing: a withdrawal is one more record, mostly without quotes"),
    "shadow": (_QUOTES, NOTHING),
    "sample": (_QUOTES, NOTHING),
    "state": (
        "ids of both accounts and of the family's first, levels and weights; no quotes",
        "a tombstone (the ban ended, or an account was deleted), then compaction",
    ),
    "waves": (
        "ids and handles of a wave's accounts, and the signals that agree",
        "a record without the account (it was deleted, or its ban was lifted), then compaction",
    ),
    "verdicts": (
        "the alert's id, the verdict and its codes; of a wave the accounts that it leaves out",
        NOTHING,
    ),
    "appeals": ("ids of account, appeal and alert, the outcome and its codes", NOTHING),
    "enrolled": ("the banned account's id and dates", NOTHING),
    "letters": (
        "an unreadable record with its key, as it came: raw and not masked",
        "nothing: `samehand letters drop` marks a letter and removes none",
    ),
    "control": ("nothing of an account", NOTHING),
    "gate_audit": ("the account that a lead asked about; why, when and who", NOTHING),
    "audit": ("nothing of an account: numbers and keyed hashes of audit lines", NOTHING),
}
"""By the attribute of `Names`: what a record holds of an account, and what ends it sooner."""

DESK_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "quotes": ("evidence", "decided_evidence", "findable", "notes", "appeals"),
    "waves-at-desk": ("waves", "wave_members"),
    "decisions": ("alerts", "summaries", "reads", "skips", "verdicts", "wave_exceptions", "outbox"),
    "actions": ("actions",),
    "holds": ("held_copies",),
    "requests": ("requests", "request_accounts", "request_files"),
    "audit-log": ("audit", "heads"),
    "desk": ("users", "sessions", "links", "exposures", "reader_policies", "offsets", "secrets"),
}
"""Tables of the desk's database, by their place."""


def places(settings: DeskSettings) -> dict[str, Place]:
    """All places by a short name: those of Redis, of topics (as `Names` calls them), of the desk, others."""
    dedup = _setting("DEDUP_DAYS", settings.dedup_days)
    topics = {
        topic: Place(f"topic `{spec.name}`", *_of_topic(spec, *_TOPICS[topic]))
        for topic, spec in every(settings).items()
    }
    return {
        "ban": Place(
            "Redis, bans",
            f"{_DIGESTS}, {_QUOTABLE}, policy, basis, dates",
            "as long as the ban",
            "a reinstatement, a tombstone on `accounts.banned`, or the ban's `expires_at`: it is not found "
            f"from then on, and swept out within {SWEEP_SECONDS:.0f} s",
        ),
        "remembered-account": Place(
            "Redis, remembered accounts",
            f"{_DIGESTS}, {_QUOTABLE}, since when each value was shown",
            f"{_setting('REMEMBER_DAYS', settings.remember_days)} after it was written last, and an eighth"
            " longer at most; the oldest go sooner beyond `SAMEHAND_REMEMBER_MEGABYTES`",
            "a deletion; a lifted ban",
        ),
        "alerts-in-store": Place(
            "Redis, alerts",
            _QUOTES,
            "as long as the ban",
            "a deletion of either account; the end of the ban, by its `expires_at` within "
            f"{SWEEP_SECONDS:.0f} s",
        ),
        "waves-in-store": Place(
            "Redis, waves",
            "the account's id and handle, the signals that agree; for two days keyed digests of values",
            f"{_setting('REMEMBER_DAYS', settings.remember_days)} after the wave changed last",
            "a deletion; a lifted ban",
        ),
        "family": Place(
            "Redis, families",
            "an account's family, as a keyed digest; the id of its first account",
            "as long as the verdict holds; the id as long as the ban of the first",
            "another verdict that takes it back; a reinstatement or tombstone of the first",
        ),
        "markers": Place(
            "Redis, markers",
            "keyed digests of ids, with a deletion, a lifted ban, a pair's last revision and verdict;"
            " digests of values that dismissed alerts showed; of a ban the innocent reasons of its dismissed"
            " alerts",
            f"{dedup}; of an open or judged pair as long as the store",
            "nothing; of values a deletion, of reasons the end of the ban",
        ),
        "held": Place(
            "Redis, held bans",
            "the id of a ban, a keyed digest of a value, as former versions left them",
            "some minutes after the upgrade",
            NOTHING,
        ),
        "counts": Place(
            "Redis, counts",
            "how many accounts show a value, in sketches from which no account can be read",
            f"as long as the store, halved every {plural(round(HALF_LIFE_SECONDS / DAY_SECONDS), 'day')}",
            NOTHING,
        ),
        **topics,
        **_of_desk(settings),
        "copies": Place(
            "outside samehand",
            "case files, exports, statements of reasons, alerts at webhooks, ids in logs, backups",
            "as long as their holders keep them",
            "their holders",
        ),
    }


def _of_desk(settings: DeskSettings) -> dict[str, Place]:
    days = _setting("DESK_ERASE_DAYS", settings.desk_erase_days)
    rows = {
        "quotes": (
            "desk, quotes and notes",
            "what alerts quote, as they stand and as decided; search terms; notes; holders' words in appeals;"
            " for an hour, in a folder (200 MB at most), pictures of accounts in the queue",
            f"{days} after the alert arrived or was decided last; while somebody has yet to decide, longer",
            "a deletion of either account; a reinstatement; the end of the ban",
        ),
        "waves-at-desk": (
            "desk, waves",
            "ids and handles of a wave's accounts, and the signals that agree",
            f"as long as on `alerts.waves`, {days} after the last record at most",
            "a deletion; a lifted ban; a withdrawal, but for that by a verdict",
        ),
        "decisions": (
            "desk, alerts and decisions",
            "ids of both accounts and of the family's first, levels and probability, verdicts and their"
            " exceptions",
            "for ever",
            NOTHING,
        ),
        "actions": (
            "desk, actions",
            "the account's id; what the platform did, when, where and by which clause",
            f"the clause {days} after it arrived, and as long as the alert that it names is quoted; the rest"
            " for ever, if an alert names the account",
            "for earlier actions: a deletion, a reinstatement or the end of the ban",
        ),
        "holds": (
            "desk, preservation holds",
            "copies of quotes, notes and holders' words, made when a lawful request was entered",
            "until the hold's date; it outlasts every erasure",
            "a release of the hold; a refusal or withdrawal of the request",
        ),
        "requests": (
            "desk, lawful requests",
            "ids of accounts; authority, reference and answer; digests of case files",
            "for ever",
            NOTHING,
        ),
        "audit-log": (
            "desk, audit",
            "ids of alerts and accounts, who did what and when; digests in place of texts",
            "for ever: without a line the chain of hashes breaks",
            NOTHING,
        ),
        "desk": (
            "desk, its own affairs",
            "nothing of an account: people at the desk and their work",
            f"counts of what was read {_setting('DESK_EXPOSURE_DAYS', settings.desk_exposure_days)}",
            NOTHING,
        ),
    }
    return {kind: Place(*row, DESK_TABLES[kind]) for kind, row in rows.items()}


def _of_topic(spec: TopicSpec, holds: str, sooner: str) -> tuple[str, str, str]:
    if spec.compacted:
        kept = "the last record of each key for ever"
    elif spec.retention_days is None:
        kept = "as the topic's `retention.ms` says"
    else:
        kept = plural(spec.retention_days, "day")
    return holds, kept, sooner


def _setting(name: str, days: int) -> str:
    return f"{plural(days, 'day')} (`SAMEHAND_{name}`)"
