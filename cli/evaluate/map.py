"""``samehand map``: what a mapping file makes of a sample, before anything runs on it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, get_args

import click
from msgspec.json import decode
from msgspec.structs import replace
from rich.console import RenderableType

from agents.common.distil import account_of, fingerprints_of
from agents.common.unusable_fields import UnusableFields
from cli import output
from cli.evaluate.guess import guess
from cli.inputs.foreign_records import compiled, of_file, of_kcat, of_topic
from cli.inputs.input_files import read_table, size
from cli.inputs.input_source import shown_path
from cli.offline.silent_signals import costs, sentence
from cli.options import FILE, Whole, flag, option
from report.text import plural, visible
from samehand.signals import SIGNALS
from schemas.accounts import AccountBanned, AccountEvent
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.fields import TARGETS, Kind
from schemas.mapping.mapper import Mapped, NotMapped, Result
from streams.outcomes import Arrival, Dead, contained
from streams.registry.transcode import Transcoder, mapped, required_transcoder
from streams.settings import load

SHOWN_MAX: Final = 20
"""Faults on the screen; ``--json`` has all that are kept."""

RECORDS: Final = 10_000
"""Of a topic: some seconds, and a field that one in a thousand fills is seen."""

Sample = Iterator[tuple[str, Arrival]]


@click.command("map")
@option("--mapping", "The mapping file (TOML); by default the one that SAMEHAND_MAPPINGS names.", FILE)
@option(
    "--sample",
    "Sample records, one value a line (with --kcat, one record a line); - is standard input.",
    FILE,
)
@flag("--kcat", "The sample is the output of `kcat -J`, with topics, keys and headers.")
@option(
    "--topic",
    "The topic to read from the broker; with --sample, the topic it was taken from, needed if the file maps "
    "several.",
    metavar="NAME",
)
@option(
    "--records",
    "How many of the topic's newest records to read from the broker.",
    Whole(1, 10_000_000),
    default=RECORDS,
)
@option(
    "--guess",
    "Print a mapping file for this table (CSV with a line of names), with what it is unsure of.",
    FILE,
    "table",
)
@output.json_option
def command(
    mapping: Path | None, sample: Path | None, kcat: bool, topic: str | None, records: int, table: Path | None
) -> int:
    """Show what a mapping file makes of sample records: how many map, which fail and why, and which fields
    stay empty.

    Use it while writing the file for `samehand bridge` (docs/mapping.md). Publishes nothing, and reads a
    topic without a consumer group, so no offset moves. Signals are listed as silent if the sample gives
    them nothing to compare: they would find no mirror.

    \b
    Examples:
      samehand map --guess users.csv > mappings.toml
      samehand map --mapping mappings.toml --sample users.jsonl
      kcat -b kafka:9092 -t shop.public.users -C -J -c 1000 -e |
        samehand map --mapping mappings.toml --kcat --sample -
      SAMEHAND_KAFKA_BROKERS=kafka:9092 \\
      samehand map --mapping mappings.toml --topic shop.public.users
    """
    if table is not None:
        return _guessed(table, topic or table.stem)
    if sample is None and (topic is None or kcat):
        raise click.UsageError("give --sample FILE, or --topic NAME to read it from the broker")
    mappings = compiled(mapping)
    tally, started = MappingTally(), time.monotonic()
    if sample is None:
        assert topic is not None
        _require(topic, mappings)
        transcoder = required_transcoder(mappings, [topic], load(), time.monotonic)
        _add(of_topic(load(), topic, records), mappings, tally, transcoder)
    else:
        of = _of(topic, mappings, kcat=kcat)
        with output.progress("mapping", size([sample])) as hear:
            read: Sample = of_kcat(sample, of, hear=hear) if kcat else of_file(sample, of, hear=hear)
            _add(read, mappings, tally)
    code = output.result(_figures(tally, time.monotonic() - started), *_shown(tally, mappings))
    if not tally.mapped:
        where = visible(topic or "") if sample is None else shown_path(sample)
        raise click.ClickException(f"{where}: {'nothing maps' if tally.records else 'holds no records'}")
    return code


def _guessed(table: Path, topic: str) -> int:
    with output.progress("guessing", None) as hear:
        rows = (decode(raw, type=dict[str, str]) for _, raw in read_table(table, hear) if raw)
        found = guess(topic, rows)
    if found is None:
        raise click.ClickException(f"{shown_path(table)}: holds no rows below a line of names")
    for why in found.unsure:
        output.note(f"unsure: {why}")
    if found.unread:
        output.note(f"not read: {visible(', '.join(found.unread), 1_000)}")
    if not output.wants_json():
        click.echo(found.toml, nl=False)
    return output.result({"mapping": found.toml, "unsure": found.unsure, "not_read": found.unread})


def _of(topic: str | None, mappings: Mappings, *, kcat: bool) -> str:
    if topic is not None:
        return _require(topic, mappings)
    if len(mappings.topics) > 1 and not kcat:
        names = ", ".join(mappings.topics)
        raise click.UsageError(f"say which topic the sample is of (--topic): {visible(names, 1_000)}")
    return next(iter(mappings.topics))


def _require(topic: str, mappings: Mappings) -> str:
    if topic not in mappings.topics:
        names = visible(", ".join(mappings.topics), 1_000)
        raise click.BadParameter(f"{visible(topic)} is not mapped; there are {names}", param_hint="--topic")
    return topic


def _add(
    sample: Sample, mappings: Mappings, tally: MappingTally, transcoder: Transcoder | None = None
) -> None:
    """Counts a sample; ``transcoder`` reads what lies on a topic in another form than JSON."""
    for address, record in sample:
        if record.topic not in mappings.topics:
            raise click.ClickException(f"{address}: its topic, {visible(record.topic)}, is not mapped")
        # Samples may be old and clocks differ: what lies ahead is found by the worker that reads it.
        now = max(time.time(), record.timestamp)
        result = mapped(mappings.topics[record.topic], record, transcoder, now=now)
        tally.add(address, record.topic, result)


def _figures(tally: MappingTally, seconds: float) -> dict[str, Any]:
    return {
        "records": tally.records,
        "mapped": {kind: tally.kinds[kind] for kind in TARGETS},
        "nothing": dict(sorted(tally.passed.items())),
        "dead": tally.dead,
        "faults": [
            {
                "records": count,
                "reason": fault.reason,
                "path": fault.path,
                "detail": fault.detail,
                "first": tally.first[fault],
            }
            for fault, count in tally.faults.most_common()
        ],
        "fields_unusable": tally.unusable.rows,
        "filled": {kind: dict(tally.filled[kind]) for kind in TARGETS if kind in tally.filled},
        "empty": {kind: tally.empty(kind) for kind in TARGETS if kind in tally.filled},
        "signals": tally.signals,
        "seconds": round(seconds, 3),
    }


def _shown(tally: MappingTally, mappings: Mappings) -> Iterator[RenderableType]:
    nothing = tally.passed.total()
    yield (
        f"{plural(tally.records, 'record')}: {tally.mapped:,} map, {nothing:,} have nothing to say, "
        f"{tally.dead:,} would be dead letters."
    )
    rows: list[tuple[str, str, int]] = []
    for (topic, number), count in sorted(tally.rules.items()):
        [rule] = [candidate for candidate in mappings.topics[topic].rules if candidate.number == number]
        when = "" if rule.when is None else f" when {visible(rule.when.text, 60)}"
        kind = rule.target.kind if rule.target else "nothing"
        rows.append((f"{visible(topic)} {number}", f"{kind}{when}", count))
    rows += [(_WHY[why], "", count) for why, count in sorted(tally.passed.items())]
    if rows:
        yield output.table({"rule": 0, "becomes": 1, "records": 2}, rows)
    for fault, count in tally.faults.most_common(SHOWN_MAX):
        first = visible(tally.first[fault], 300)
        yield f"{count:,} × {fault.reason} at {fault.path}: {fault.detail}. The first: {first}"
    yield from islice(tally.unusable.sentences, SHOWN_MAX)
    for kind in (target for target in TARGETS if target in tally.filled):
        yield f"Empty in every `{kind}`: {', '.join(tally.empty(kind)) or 'nothing'}"
    if tally.profiles:
        yield f"Signals that would be silent: {', '.join(tally.silent) or 'none'}"
        yield sentence(tally.silent)


_WHY: Final = {"no-rule": "no rule takes it", "nothing": "a rule says so", "tombstone": "tombstone"}


Side = Literal["banned", "others"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)

FAULTS_MAX: Final = 1_000
"""Kinds of faults that are kept apart: reasons and paths are few, expressions some hundreds."""

_NOTHING: Final = b""  # what is distilled here is thrown away: any digest will do
_TIMING: Final = "timing"


@dataclass(slots=True)
class MappingTally:
    """Counts of one sample; of either side ``profiles_max`` profiles are looked into for signals."""

    profiles_max: int | None = None
    records: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: Counter[Malformed] = field(default_factory=Counter)
    first: dict[Malformed, str] = field(default_factory=dict)
    """The address of the first record with each fault."""
    unusable: UnusableFields = field(default_factory=UnusableFields)
    filled: dict[Kind, Counter[str]] = field(default_factory=dict)
    profiles: Counter[Side] = field(default_factory=Counter)
    """Accounts that came with a whole profile, and were looked into."""
    speaking: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in SIDES})
    """How many of these give each signal something to compare."""

    def add(self, address: str, topic: str, result: Result) -> None:
        self.records += 1
        match result:
            case Malformed():
                if result in self.first or len(self.first) < FAULTS_MAX:
                    self.faults[result] += 1
                    self.first.setdefault(result, address)
            case NotMapped():
                self.passed[result.why] += 1
            case Mapped():
                self._mapped(topic, result)

    @property
    def mapped(self) -> int:
        return self.kinds.total()

    @property
    def dead(self) -> int:
        return self.records - self.mapped - self.passed.total()

    @property
    def silent(self) -> list[str]:
        """Signals that would compare nothing, in the order of the registry; none where no profile came."""
        there = [side for side in SIDES if self.profiles[side]]
        silent = [
            signal.name for signal in SIGNALS if not all(self.speaking[side][signal.name] for side in there)
        ]
        if self.profiles["banned"] and not self.speaking["banned"][_TIMING]:
            silent.append(_TIMING)
        return silent if there else []

    @property
    def signals(self) -> dict[str, Any]:
        """How many profiles there are, which signals they give something to compare, and what is missing."""
        return {
            "profiles": {side: self.profiles[side] for side in SIDES},
            "speaking": {side: dict(sorted(self.speaking[side].items())) for side in SIDES},
            "silent": self.silent,
            "costs": costs(self.silent),
        }

    def empty(self, kind: Kind) -> list[str]:
        """Our fields that no record of a kind filled, in the order of the record."""
        filled = self.filled.get(kind, Counter())
        return [name for name in TARGETS[kind].fields if not filled[name]]

    def _mapped(self, topic: str, result: Mapped) -> None:
        self.kinds[result.kind] += 1
        self.rules[topic, result.rule] += 1
        record = result.found.record
        self.unusable.add(record, result.found.unusable, pictures=False)
        filled = self.filled.setdefault(result.kind, Counter())
        filled.update(
            name for name, field in TARGETS[result.kind].fields.items() if _stands(record, field.path)
        )
        if isinstance(record, AccountEvent):
            side: Side = "banned" if isinstance(record, AccountBanned) else "others"
            if self.profiles_max is not None and self.profiles[side] >= self.profiles_max:
                return
            self.profiles[side] += 1
            distilled = contained(lambda _: _distilled(record), Arrival("", 0, 0, None, None))
            spoken = [] if isinstance(distilled, Dead) else distilled
            if isinstance(record, AccountBanned) and record.banned_at is not None:
                spoken.append(_TIMING)
            self.speaking[side].update(spoken)


def _stands(record: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        record = getattr(record, name, None)
    return record is not None and record != "" and record != ()


def _distilled(event: AccountEvent) -> list[str]:
    wire, avatar = event.account, event.account.avatar
    undecoded = avatar is not None and avatar.pdq is None  # an image, which takes milliseconds to hash
    account = account_of(event.platform, replace(wire, avatar=None) if undecoded else wire)
    (fingerprint,) = fingerprints_of(account, ((1, lambda domain, value: _NOTHING),), at=None)
    spoken = [
        signal.name for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True) if trait is not None
    ]
    return [*spoken, "avatar"] if undecoded else spoken
