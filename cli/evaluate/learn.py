"""``samehand learn``: what verdicts say about the weights, as a table that an operator may adopt.

The plan:

1. Read the table in force: that of the settings.
2. Read the verdicts, then alerts and pairs sampled below the bands; keep what each signal weighed in those
   that were judged (`desk.review.labels`).
3. Learn, say what changed and how well it foretells verdicts that it was not made from, write the table.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeAlias, TypeVar

import click
import msgspec

from agents.runtime.weights_of_settings import weights_of
from cli import output
from cli.inputs.input_errors import tell_all, tell_faults
from cli.inputs.input_files import odd_raw, read_raw, size
from cli.inputs.topic_alerts import values
from cli.options import FILE, OUT_FILE, option, weights_of_file
from cli.output_files import write
from desk.review.labels import judged, labels
from report.text import plural
from samehand.errors import TooFewLabels
from samehand.scoring.learn import Label, Learned, learn
from samehand.scoring.weights import Weights, default_weights
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoded, decode_alert, decode_verdict
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load

R = TypeVar("R", bound=Record)

Raw: TypeAlias = Iterable[tuple[str, bytes]]


@dataclass(slots=True)
class _Read:
    """What was read, and what of it was left out, by reason."""

    labels: dict[str, Label] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, Malformed]] = field(default_factory=list)


@click.command("learn")
@option("--verdicts", "JSONL of VerdictGiven, repeatable; by default read from Kafka.", FILE, multiple=True)
@option("--alerts", "JSONL of MirrorAlert, repeatable; by default read from Kafka.", FILE, multiple=True)
@option(
    "--weights",
    "The table of weights (JSON) that scored the alerts; by default the one in force, of files the shipped.",
    FILE,
)
@option(
    "--out", "Write the proposed table (JSON) to this file; without it only figures are printed.", OUT_FILE
)
@output.json_option
def command(
    verdicts: tuple[Path, ...], alerts: tuple[Path, ...], weights: Path | None, out: Path | None
) -> int:
    """Propose new signal weights from verdicts; adopts nothing.

    Uses only blind verdicts, those given before the score was shown: readers who see a score tend to
    agree with it. Multiplies the weight of each level of a signal, how many mirrors a ban has, and how
    common each innocent explanation is that dismissals name, by a factor that fits the verdicts (1/4 to 4,
    near 1 while there are few of them; of one reader a third count at most), then calibrates. Needs 15
    mirrors and 15 others. Prints the factors, and the loss (mean negative log-likelihood, in nats) on
    verdicts held out from learning.

    Compare the result with `samehand try --against`, then set SAMEHAND_WEIGHTS to it in workers and gates.

    \b
    Examples:
      samehand learn --out proposed.json
      samehand learn --verdicts verdicts.jsonl --alerts alerts.jsonl --json
    """
    if bool(verdicts) != bool(alerts):
        raise click.UsageError(
            "give both --verdicts and --alerts to read files, or neither to read the topics"
        )
    read = _Read()
    table = _read(verdicts, alerts, weights, read)
    tell_faults(read.faults)
    try:
        learned = learn(list(read.labels.values()), table)
    except TooFewLabels as fault:
        raise click.ClickException(f"{fault}{_left_out(read.left_out)}") from fault
    if out is not None:
        write(out, msgspec.json.format(msgspec.json.encode(learned.weights), indent=1) + b"\n", "--out")
    figures = {
        "labels": learned.labels,
        "mirrors": learned.mirrors,
        "left_out": {reason: count for reason, count in sorted(read.left_out.items()) if count},
        "bad_records": len(read.faults),
        "multipliers": {name: round(value, 4) for name, value in learned.multipliers.items()},
        "rates": {name: round(value, 4) for name, value in learned.rates.items()},
        "calibration": learned.calibration,
        "loss_before": round(learned.loss_before, 5),
        "loss_after": round(learned.loss_after, 5),
        "better": learned.better,
        "version": learned.weights.version,
    }
    return output.result(figures, *_shown(learned, read, out))


def _read(verdicts: tuple[Path, ...], alerts: tuple[Path, ...], weights: Path | None, read: _Read) -> Weights:
    """Reads labels; the table that weighed them."""
    now = time.time()
    given = None if weights is None else weights_of_file(weights)
    with ExitStack() as stack:
        if verdicts:
            tell_all(sentence for path in (*verdicts, *alerts) for sentence in odd_raw(path))
            table = given or default_weights()
            raw_verdicts, raw_alerts = _files(verdicts, "reading verdicts"), _files(alerts, "reading alerts")
        else:
            settings = load()
            opened, called = stack.enter_context(reader(settings)), names(settings)
            table = given or weights_of(settings)
            raw_verdicts = values(opened, called.verdicts, "reading verdicts")
            several = (called.alerts, called.sample)
            raw_alerts = chain.from_iterable(values(opened, topic, "reading alerts") for topic in several)
        given_verdicts = _records(raw_verdicts, decode_verdict, now, read)
        by_pair = judged((verdict for verdict in given_verdicts if not verdict.golden), read.left_out)
        records = _records(raw_alerts, decode_alert, now, read)
        shown = (record for record in records if isinstance(record, MirrorAlert))
        read.labels = labels(shown, by_pair, table, read.left_out)
    return table


def _files(paths: tuple[Path, ...], label: str) -> Iterator[tuple[str, bytes]]:
    with output.progress(label, size(paths)) as hear:
        for at, path in enumerate(paths):
            with closing(read_raw(path, output.after(size(paths[:at]), hear))) as lines:
                yield from lines


def _records(raw: Raw, decode: Callable[..., Decoded[R] | Malformed], now: float, read: _Read) -> Iterator[R]:
    for address, line in raw:
        decoded = decode(line, now=now)
        if isinstance(decoded, Malformed):
            read.faults.append((address, decoded))
        else:
            yield decoded.record


def _shown(learned: Learned, read: _Read, out: Path | None) -> Iterator[str]:
    yield (
        f"{plural(learned.labels, 'pair')} judged blind, {plural(learned.mirrors, 'mirror')} among them"
        f"{_left_out(read.left_out)}"
    )
    for factors, of in ((learned.multipliers, ""), (learned.rates, " as common an explanation")):
        for name, value in sorted(factors.items(), key=lambda named: named[1]):
            yield f"  {name:26} x {value:.2f}{of}"
    yield (
        f"loss on verdicts that it was not made from: {learned.loss_after:.4f} nats, with those in force"
        f" {learned.loss_before:.4f} ({learned.calibration})"
    )
    if not learned.better:
        yield "No better than the weights in force: nothing to adopt."
    elif out is not None:
        yield f"{out} holds {learned.weights.version}. Set SAMEHAND_WEIGHTS={out} to adopt it."


def _left_out(reasons: Counter[str]) -> str:
    counts = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()) if count)
    return f"; left out: {counts}" if counts else ""
