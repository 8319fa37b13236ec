"""A dry run for people: the headline, what a team can read, what was missed and what was missing."""

from __future__ import annotations

from pathlib import Path

from cli import output
from cli.commands.dry_run.run import Trial
from cli.offline.known_pairs import show_diagnosis, show_known
from report.text import plural, visible


def show(trial: Trial, out: Path) -> None:
    screen, report = output.console(), trial.report
    for diagnosis in trial.asked:
        show_diagnosis(screen, diagnosis, trial.banned)
    alerts, kinds = report["alerts"], report["events"]["kinds"]
    output.line(
        screen,
        f"{plural(kinds['created'], 'sign-up')} and {plural(kinds['banned'], 'ban')}: "
        f"{alerts['likely']:,} likely, {alerts['possible']:,} possible "
        f"on {plural(alerts['accounts'], 'account')}; {plural(report['events']['bad'], 'bad record')}.",
    )
    by_you = alerts["banned_by_you"]
    if by_you["accounts"]:
        output.line(
            screen,
            f"Beside them {by_you['likely']:,} likely, {by_you['possible']:,} possible on "
            f"{plural(by_you['accounts'], 'account')} that you banned later yourselves.",
        )
    rows = [
        (
            f"{row['threshold']:g}",
            f"{row['alerts']:,}",
            f"{row['banned_by_you']:,}",
            _number(row["per_1000_sign_ups"]),
            _number(row["a_day"]),
            {None: "–", True: "yes", False: "no"}[row["fits"]],
        )
        for row in report["capacity"]["thresholds"]
    ]
    heads = (
        "from",
        "alerts",
        "of them you banned",
        "per 1,000 sign-ups",
        "a day",
        f"fits {report['capacity']['a_day']:,} a day",
    )
    screen.print(output.table(heads, rows))
    if "known" in report:
        show_known(screen, report["known"])
    for row in trial.unusable:
        output.line(screen, row)
    for kind, fields in report["fields"].items():
        if fields["empty"]:
            output.line(screen, f"Empty in every `{kind}`: {', '.join(fields['empty'])}")
    output.line(
        screen, f"Signals with nothing to compare: {', '.join(report['signals']['silent']) or 'none'}"
    )
    if "compared" in report:
        compared = report["compared"]
        for side in ("b", "a"):
            judged = ", ".join(
                f"{count:,} {verdict.replace('_', ' ')}"
                for verdict, count in compared[f"judged_{side}"].items()
            )
            output.line(
                screen,
                f"Under {side.upper()} alone: {compared[f'only_{side}']:,}"
                f"{f', of them {judged}' if judged else ''}.",
            )
        output.line(screen, f"Under both: {compared['both']:,}, {compared['other_band']:,} in another band.")
    seconds = trial.run["seconds"]
    output.line(
        screen,
        f"Read in {seconds['reading']:.1f} s, replayed in {seconds['replaying']:.1f} s "
        f"({trial.run['store']}).",
    )
    output.line(screen, f"{visible(str(out / 'report.html'), 4_096)}: open it in a browser.")
    output.line(
        screen, f"All {plural(alerts['raised'], 'alert')}: alerts.jsonl and alerts.csv in the same folder."
    )
    screen.print("Resemblance, not identity; a person decides.", style="dim")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"
