"""What a dry run leaves in its folder: the report, its pages, and all alerts for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from cli.evaluate.trial.pages import OWN_NAME, pages
from cli.evaluate.trial.run import Trial
from cli.offline.silent_signals import sentence
from cli.output_files import write
from report.waterfall.words import if_not
from schemas.alerts import MirrorAlert
from schemas.wire import encode

PAGES: Final = "alerts"
"""The folder of the pages."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_REASONS: Final = 3  # of the strongest: a cell is read at a glance


def write_all(out: Path, trial: Trial) -> None:
    """Writes every file of a dry run to a folder that exists; pages of a former run go.

    Raises ``click.BadParameter`` or ``NotDone`` where that fails.
    """
    report = trial.report
    # Without the run's times: equal events leave equal files.
    write(
        out / "report.json",
        (json.dumps({"report": report}, indent=2, ensure_ascii=False) + "\n").encode(),
        "--out",
    )
    # Whole records, which `samehand learn` reads; their clock is that of the events.
    records = (
        {**msgspec.json.decode(encode(alert)), "taken_back": trial.taken_back.get(alert.alert_id)}
        for alert in trial.alerts
    )
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    write(out / "alerts.jsonl", "".join(lines).encode(), "--out")
    write(out / "alerts.csv", _table(trial).encode("utf-8-sig"), "--out")
    folder = out / PAGES
    try:
        folder.mkdir(exist_ok=True)
        for former in folder.iterdir():
            if OWN_NAME.fullmatch(former.name):  # a folder that was there may hold others' pages
                former.unlink()
    except OSError as fault:
        raise click.BadParameter(f"{folder}: {fault.strerror}", param_hint="--out") from fault
    for name, text in pages(report, trial.alerts, trial.taken_back, sentence(report["signals"]["silent"])):
        write(out / name, text.encode(), "--out")


def _hours(alert: MirrorAlert) -> float | None:
    return None if alert.seconds_since_ban is None else round(alert.seconds_since_ban / 3_600, 2)


COLUMNS: Final[Mapping[str, Callable[[MirrorAlert], object]]] = {
    "band": lambda alert: alert.band,
    "probability": lambda alert: round(alert.probability, 4),
    "platform": lambda alert: alert.platform,
    "account_id": lambda alert: alert.account_id,
    "banned_platform": lambda alert: alert.matched.platform,
    "banned_account_id": lambda alert: alert.matched.account_id,
    "policy": lambda alert: alert.matched.policy,
    "queue": lambda alert: alert.queue,
    "found": lambda alert: alert.direction,
    "hours_since_ban": _hours,
    "reasons": lambda alert: " ".join(line.because for line in alert.evidence[:_REASONS]),
    "what_else": lambda alert: if_not(alert.rivals),
}


def _table(trial: Trial) -> str:
    """CSV for spreadsheets: an apostrophe keeps other people's text from being read as a formula."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([*COLUMNS, "taken_back"])
    for alert in trial.alerts:
        cells = [of(alert) for of in COLUMNS.values()] + [trial.taken_back.get(alert.alert_id)]
        rows.writerow(
            [
                f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell
                for cell in cells
            ]
        )
    return text.getvalue()
