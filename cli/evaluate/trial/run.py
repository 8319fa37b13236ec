"""From what was asked to a report: reads, replays, and holds another table or other settings against it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import click

from agents.common.context import AlertPolicy
from agents.common.queries.diagnosis import PairDiagnosis
from agents.runtime.dry_run import Outcomes, Replay, SourceEvent, secret_of
from agents.runtime.store_factory import allowlist_of, stock_of
from agents.runtime.weights_of_settings import weights_of
from cli import output
from cli.evaluate.trial.against import Against, against
from cli.evaluate.trial.figures import account_groups, figures
from cli.evaluate.trial.sources import BAN_KINDS, Gathered, Topics, of_files
from cli.evaluate.trial.stores import store_for
from cli.inputs.event_files import EventFiles
from cli.inputs.input_errors import tell_faults
from cli.inputs.row_ids import by_number
from cli.offline.known_pairs import alerted_pairs, diagnosis_fields, false_alarms, known_pairs
from cli.offline.pair_watch import Watch
from report.accuracy import AccountPair
from samehand.elapsed import HOUR_SECONDS
from samehand.scoring.weights import Weights
from schemas.alerts import MirrorAlert, WithdrawnReason
from streams.kafka.topics import names
from streams.registry.transcode import required_transcoder
from streams.settings import Settings, load
from streams.settings.basis_rights import basis_rights_of


@dataclass(slots=True)
class DryRunOptions:
    """What was asked on the command line. ``bans_topic``: "" for the one that the settings name."""

    topics: tuple[str, ...]
    since: float
    until: float | None
    events: Path | None
    against: Path | None
    capacity: int
    records: int
    files: EventFiles
    why: AccountPair | None
    truth: frozenset[AccountPair] | None
    bans_file: Path | None = None
    bans_topic: str | None = None
    sign_ups_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a dry run. ``run``: what is of this run alone (times, and which store it had).

    ``alerts`` are all, the strongest first; ``taken_back`` says by id why some were. ``asked`` explains the
    pair of ``--why``; ``unusable`` says which fields could not be read; ``banned`` are all banned accounts.
    """

    report: dict[str, Any]
    run: dict[str, Any]
    alerts: list[MirrorAlert]
    taken_back: dict[str, WithdrawnReason]
    asked: list[PairDiagnosis]
    unusable: list[str]
    banned: frozenset[str]


async def dry_run(asked: DryRunOptions) -> Trial:
    """Reads, replays and counts.

    Raises ``click.ClickException`` where there is nothing to hold against one another, ``SettingsError``,
    ``StreamsError``.
    """
    settings = load()
    weights = weights_of(settings)
    other = None if asked.against is None else against(asked.against, settings)
    began = time.monotonic()
    gathered = _gathered(asked, settings)
    events = gathered.ordered(inf if asked.until is None else asked.until)
    tell_faults(gathered.faults)
    kinds = {event.kind for event in events}
    if not gathered.tally.records:
        raise click.ClickException("there is nothing to read: no record in the sources and the time given")
    if "banned" not in kinds:
        hint = (
            ""
            if asked.bans_topic is not None or asked.bans_file is not None
            else ": give --bans FILE or TOPIC"
        )
        raise click.ClickException(f"there is no ban to compare accounts with{hint}")
    if not kinds & {"created", "updated", "remembered"}:
        raise click.ClickException("there is no sign-up to look at in the sources and the time given")
    read = time.monotonic()
    watch = Watch([*(asked.truth or ()), *([] if asked.why is None else [asked.why])])
    ran, kind = await _replayed(events, weights, settings, asked.sign_ups_a_day, "replaying", watch)
    tell_faults(ran.faults)
    compared: tuple[Outcomes, Against] | None = None
    if other is not None:
        ran_b, _ = await _replayed(
            events, other.weights, other.settings, asked.sign_ups_a_day, "replaying with B"
        )
        compared = (ran_b, other)
    report = figures(gathered, events, ran, weights, capacity=asked.capacity, other=compared)
    alerts, alerted = ran.raised, alerted_pairs(ran.raised)
    banned = frozenset(
        event.arrival.key.decode() for event in events if event.kind == "banned" and event.arrival.key
    )
    if asked.truth is not None:
        diagnoses = watch.of(asked.truth, alerted)
        report["known"] = {
            **known_pairs(alerts, diagnoses, banned),
            "false_alarms": false_alarms(alerts, diagnoses, banned, account_groups(events)),
        }
    why = [] if asked.why is None else watch.of([asked.why], alerted)
    if asked.why is not None:
        report["why"] = [diagnosis_fields(diagnosis, banned) for diagnosis in why]
    replayed = time.monotonic()
    seconds = {"reading": round(read - began, 3), "replaying": round(replayed - read, 3)}
    run = {"seconds": seconds, "store": kind, "replayed_a_second": round(len(events) / (replayed - read))}
    return Trial(report, run, alerts, ran.taken_back, why, list(gathered.tally.unusable.sentences), banned)


def _gathered(asked: DryRunOptions, settings: Settings) -> Gathered:
    mappings, ours = asked.files.mappings, names(settings)
    gathered = Gathered(ours, asked.records, asked.files.localised)
    of_files(gathered, asked.events, asked.bans_file, asked.files)
    transcoder = None
    if mappings is not None:
        read = [*asked.topics, asked.bans_topic or ""]
        transcoder = required_transcoder(mappings, read, settings, time.monotonic)
    topics = Topics(settings, mappings, gathered, transcoder)
    if asked.bans_topic is not None:
        topics.read(asked.bans_topic or ours.banned, None, only=BAN_KINDS)
    for topic in dict.fromkeys(asked.topics):
        topics.read(topic, asked.since)
    return gathered


async def _replayed(
    events: list[SourceEvent],
    weights: Weights,
    settings: Settings,
    sign_ups_a_day: int | None,
    label: str,
    watch: Watch | None = None,
) -> tuple[Outcomes, str]:
    rules = AlertPolicy(
        allowlist=allowlist_of(settings),
        basis_rights=basis_rights_of(settings),
        across_platforms=settings.cross_platform,
        late_ban_seconds=settings.late_ban_hours * HOUR_SECONDS,
        stock=stock_of(settings),
    )
    async with store_for(len(events), settings) as (store, kind):
        replay = Replay(store, secret_of(events), weights, rules, watch, by_number, sign_ups_a_day)
        with output.progress(label, len(events)) as hear:
            return await replay.run(events, hear), kind
