"""A dry run for people: the headline, what a team can read, what was missed and what was missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from cli import output
from cli.evaluate.trial.run import Trial
from cli.offline.known_pairs import diagnosis_shown, known_shown
from report.text import plural, visible

_MINUTES: Final = 2.5  # that a moderator needs for an alert, as --capacity supposes

_THRESHOLDS: Final[output.Columns] = {
    "from": "threshold",
    "alerts": "alerts",
    "of them you banned": "banned_by_you",
    "per 1,000 sign-ups": "per_1000_sign_ups",
    "a day": "a_day",
}


def shown(trial: Trial, out: Path) -> Iterator[RenderableType]:
    """Yields what a person reads at once; the rest is in the folder."""
    report = trial.report
    for diagnosis in trial.asked:
        yield from diagnosis_shown(diagnosis, trial.banned)
    alerts, kinds = report["alerts"], report["events"]["kinds"]
    found = _bands(alerts) if alerts["accounts"] else "no alert"
    yield (
        f"{plural(kinds['created'], 'sign-up')} and {plural(kinds['banned'], 'ban')}: {found}; "
        f"{plural(report['events']['bad'], 'bad record')}."
    )
    by_you = alerts["banned_by_you"]
    if by_you["accounts"]:
        yield f"Beside them {_bands(by_you)} that you banned later yourselves."
    capacity = report["capacity"]
    columns = {**_THRESHOLDS, f"fits {capacity['a_day']:,} a day": "fits"}
    yield output.table(columns, capacity["thresholds"])
    if "known" in report:
        yield from known_shown(report["known"])
    yield from trial.unusable
    for kind, fields in report["fields"].items():
        if fields["empty"]:
            yield f"Empty in every `{kind}`: {', '.join(fields['empty'])}"
    yield f"Signals with nothing to compare: {', '.join(report['signals']['silent']) or 'none'}"
    if "compared" in report:
        compared = report["compared"]
        for side in ("b", "a"):
            judged = {name.replace("_", " "): count for name, count in compared[f"judged_{side}"].items()}
            of_them = f", of them {output.cell(judged)}" if judged else ""
            yield f"Under {side.upper()} alone: {compared[f'only_{side}']:,}{of_them}."
        yield f"Under both: {compared['both']:,}, {compared['other_band']:,} in another band."
    seconds, store = trial.run["seconds"], trial.run["store"]
    yield f"Read in {seconds['reading']:.1f} s, replayed in {seconds['replaying']:.1f} s ({store})."
    yield f"{visible(str(out / 'report.html'), 4_096)}: open it in a browser."
    yield f"All {plural(alerts['raised'], 'alert')}: alerts.jsonl and alerts.csv in the same folder."
    yield from _verdict(report)
    yield Text("Resemblance, not identity; a person decides.", "dim")


def _bands(alerts: Mapping[str, Any]) -> str:
    return (
        f"{alerts['likely']:,} likely, {alerts['possible']:,} possible "
        f"on {plural(alerts['accounts'], 'account')}"
    )


def _verdict(report: Mapping[str, Any]) -> Iterator[str]:
    """What was found, what the platform's own bans confirm, what reading it costs, and what to do next."""
    alerts, kinds = report["alerts"], report["events"]["kinds"]
    confirmed = alerts["banned_by_you"]["accounts"]
    found = alerts["accounts"] + confirmed
    if not found:
        silent = report["signals"]["silent"]
        wanted = f" Fill what gives {', '.join(silent)} something to compare, or" if silent else " Next,"
        yield (
            f"Verdict: none of {plural(kinds['created'], 'sign-up')} resembles a ban enough for an alert."
            f"{wanted} read a longer time (--from 30d) and all of your bans."
        )
        return
    yield (
        f"Verdict: {plural(found, 'new account')} and banned ones look written in the same hand; your own "
        f"later bans confirm {confirmed:,}."
    )
    lowest = report["capacity"]["thresholds"][0]
    if lowest["a_day"] is not None:
        minutes = lowest["a_day"] * _MINUTES
        yield f"Reading all alerts takes a person about {plural(math.ceil(minutes), 'minute')} a day."
    yield "Next: read the strongest in the report, then run it live (docs/first-alert.md)."
