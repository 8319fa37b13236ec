"""``samehand learn``: what verdicts say about the weights, as a table that an operator may adopt.

The plan:

1. Read the verdicts; of each alert the latest that was given blind counts. `unsure`, what was overruled,
   and readings of golden items do not.
2. Read alerts, and pairs sampled below the bands; keep what each signal weighed in those that were judged.
3. Leave out what another table weighed, and what was held back by a rule: its sum says nothing.
4. Learn, say what changed and how well it foretells verdicts that it was not made from, write the table.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
import msgspec

from desk.cli import output
from desk.cli.inputs.input_errors import tell_faults
from desk.cli.inputs.input_files import odd_raw, read_raw, size
from desk.cli.inputs.input_source import read_bytes
from desk.cli.inputs.oddities import tell_all
from desk.cli.options import FILE
from desk.cli.output_files import write
from desk.text import plural
from samehand.errors import TooFewLabels, UnusableWeights
from samehand.scoring.learn import Label, Learned, learn
from samehand.scoring.weights import Weights, default_weights, read_weights
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.malformed import Malformed
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_alert, decode_verdict
from streams.kafka.client import Reader, reader
from streams.kafka.topics import names
from streams.settings import load

# Of each some hundred bytes are kept. Whoever judges a thousand pairs a day blind gets there in a year.
VERDICTS_MAX: Final = 400_000

Raw: TypeAlias = Iterable[tuple[str, bytes]]
Judged: TypeAlias = "dict[str, VerdictGiven]"


@dataclass(slots=True)
class _Read:
    """What was read, and what of it was left out, by reason."""

    labels: dict[str, Label] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, Malformed]] = field(default_factory=list)


@click.command("learn", short_help="Propose new signal weights from verdicts; adopts nothing.")
@click.option(
    "--verdicts",
    type=FILE,
    multiple=True,
    help="JSONL of VerdictGiven, repeatable; by default read from Kafka.",
)
@click.option(
    "--alerts", type=FILE, multiple=True, help="JSONL of MirrorAlert, repeatable; by default read from Kafka."
)
@click.option(
    "--weights",
    type=FILE,
    help="The table of weights (JSON) that scored the alerts; by default the shipped one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the proposed table (JSON) to this file; without it only the figures are printed.",
)
@output.json_option
def command(
    verdicts: tuple[Path, ...],
    alerts: tuple[Path, ...],
    weights: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Propose new signal weights from verdicts; adopts nothing.

    Uses only blind verdicts, those given before the score was shown: whoever sees a score tends to agree
    with it. Multiplies each signal's weights by a factor that fits the verdicts (0 or more, near 1 while
    there are few of them), then calibrates the probabilities. Needs 15 mirrors and 15 others. Prints the
    factors, and the loss (mean negative log-likelihood, in nats) on verdicts held out from learning.

    To adopt the result, compare it with `samehand backtest --weights`, then set SAMEHAND_WEIGHTS to it.

    \b
    Examples:
      samehand learn --out proposed.json
      samehand learn --verdicts verdicts.jsonl --alerts alerts.jsonl --json
    """
    if bool(verdicts) != bool(alerts):
        raise click.UsageError(
            "give both --verdicts and --alerts to read files, or neither to read the topics"
        )
    table, read = _table(weights), _Read()
    _read(verdicts, alerts, table, read)
    tell_faults(read.faults)
    try:
        learned = learn(list(read.labels.values()), table)
    except TooFewLabels as fault:
        raise click.ClickException(f"{fault}{_left_out(read.left_out)}") from fault
    if out is not None:
        _write(out, learned.weights)
    figures = _figures(learned, read)
    if as_json:
        output.figures(figures)
    else:
        _show(learned, read, out)
    return 0


def _table(path: Path | None) -> Weights:
    if path is None:
        return default_weights()
    try:
        return read_weights(read_bytes(path))
    except UnusableWeights as fault:
        raise click.BadParameter(f"{path}: {fault}", param_hint="--weights") from fault


def _read(verdicts: tuple[Path, ...], alerts: tuple[Path, ...], table: Weights, read: _Read) -> None:
    now = time.time()
    if verdicts:
        tell_all(sentence for path in (*verdicts, *alerts) for sentence in odd_raw(path))
        judged = _judged(_files(verdicts, "reading verdicts"), now, read)
        _labels(_files(alerts, "reading alerts"), judged, table, now, read)
        return
    settings = load()
    with reader(settings) as opened:
        called = names(settings)
        judged = _judged(_topic(opened, called.verdicts, "reading verdicts"), now, read)
        several = (called.alerts, called.sample)
        raw = chain.from_iterable(_topic(opened, topic, "reading alerts") for topic in several)
        _labels(raw, judged, table, now, read)


def _files(paths: tuple[Path, ...], label: str) -> Iterator[tuple[str, bytes]]:
    with output.progress(label, size(paths)) as hear:
        for at, path in enumerate(paths):
            with closing(read_raw(path, output.after(size(paths[:at]), hear))) as lines:
                yield from lines


def _topic(opened: Reader, topic: str, label: str) -> Iterator[tuple[str, bytes]]:
    partitions = opened.partitions(topic)
    with output.progress(label, sum(opened.end(topic, partition) for partition in partitions)) as hear:
        passed = 0
        for partition in partitions:
            for arrival in opened.read(topic, partition):
                hear(passed + arrival.offset)
                if arrival.value is not None:
                    yield arrival.address, arrival.value
            passed += opened.end(topic, partition)


def _judged(raw: Raw, now: float, read: _Read) -> Judged:
    """The latest blind verdict on each alert, whatever order they come in."""
    judged: Judged = {}
    overruled: Judged = {}
    for address, line in raw:
        decoded = decode_verdict(line, now=now)
        if isinstance(decoded, Malformed):
            read.faults.append((address, decoded))
            continue
        verdict = decoded.record
        known = judged.get(verdict.alert_id)
        if verdict.golden:
            read.left_out["golden"] += 1
        elif not verdict.blind:
            read.left_out["not blind"] += 1
            _note_last(verdict, overruled)
        elif known is None and len(judged) >= VERDICTS_MAX:
            read.left_out["too many"] += 1
        elif known is None or known.decided_at <= verdict.decided_at:
            judged[verdict.alert_id] = verdict
    for alert_id in [
        one for one, last in overruled.items() if one in judged and _overrules(last, judged[one])
    ]:
        del judged[alert_id]
        read.left_out["overruled"] += 1
    return judged


def _note_last(verdict: VerdictGiven, last: Judged) -> None:
    known = last.get(verdict.alert_id)
    if (known is None and len(last) < VERDICTS_MAX) or (
        known is not None and known.decided_at <= verdict.decided_at
    ):
        last[verdict.alert_id] = verdict


def _overrules(last: VerdictGiven, blind: VerdictGiven) -> bool:
    """Whether somebody who saw the score took a blind verdict back: it is no label any more."""
    return last.decided_at > blind.decided_at and last.verdict not in ("unsure", blind.verdict)


def _labels(raw: Raw, judged: Judged, table: Weights, now: float, read: _Read) -> None:
    open_ = {it.alert_id: it for it in judged.values() if it.verdict != "unsure"}
    read.left_out["unsure"] += len(judged) - len(open_)
    for address, line in raw:
        decoded = decode_alert(line, now=now)
        if isinstance(decoded, Malformed):
            read.faults.append((address, decoded))
            continue
        alert = decoded.record
        if isinstance(alert, AlertSummary):
            continue
        verdict = open_.get(alert.alert_id)
        if verdict is None or verdict.revision != alert.revision:
            continue
        del open_[alert.alert_id]
        reason = _unusable(alert, table)
        if reason is None:
            read.labels[alert.alert_id] = _label(alert, mirror=verdict.verdict == "mirror")
        else:
            read.left_out[reason] += 1
    read.left_out["no such alert"] += len(open_)


def _unusable(alert: MirrorAlert, table: Weights) -> str | None:
    if alert.weights_version != table.version:
        return "other weights"
    held = any(line.signal == "rule" for line in alert.counter_evidence)
    return "held by a rule" if held else None


def _label(alert: MirrorAlert, *, mirror: bool) -> Label:
    weighed: dict[str, float] = {}
    for line in (*alert.evidence, *alert.counter_evidence):
        weighed[line.signal] = weighed.get(line.signal, 0.0) + line.weight
    return Label(alert.prior, weighed, mirror)


def _write(path: Path, weights: Weights) -> None:
    write(path, msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n", "--out")


def _figures(learned: Learned, read: _Read) -> dict[str, Any]:
    return {
        "labels": learned.labels,
        "mirrors": learned.mirrors,
        "left_out": {reason: count for reason, count in sorted(read.left_out.items()) if count},
        "bad_records": len(read.faults),
        "multipliers": {name: round(value, 4) for name, value in learned.multipliers.items()},
        "calibration": learned.calibration,
        "loss_before": round(learned.loss_before, 5),
        "loss_after": round(learned.loss_after, 5),
        "better": learned.better,
        "version": learned.weights.version,
    }


def _show(learned: Learned, read: _Read, out: Path | None) -> None:
    screen = output.console()
    screen.print(
        f"{plural(learned.labels, 'pair')} judged blind, {plural(learned.mirrors, 'mirror')} among them"
        f"{_left_out(read.left_out)}"
    )
    for name, value in sorted(learned.multipliers.items(), key=lambda one: one[1]):
        screen.print(f"  {name:12} x {value:.2f}")
    screen.print(
        f"loss on verdicts that it was not made from: {learned.loss_after:.4f} nats, with those in force"
        f" {learned.loss_before:.4f} ({learned.calibration})"
    )
    if not learned.better:
        screen.print("No better than the weights in force: nothing to adopt.")
    elif out is not None:
        screen.print(f"{out} holds {learned.weights.version}. Set SAMEHAND_WEIGHTS={out} to adopt it.")


def _left_out(reasons: Counter[str]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()) if count)
    return f"; left out: {told}" if told else ""
