"""``samehand alerts``: what was alerted, from the topic itself, without a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from cli import output
from cli.inputs.topic_alerts import ALERTS_MAX, MirroredAlerts, read_topics
from cli.options import flag, limit_option, option
from report.text import percent, plural, visible
from report.waterfall import terminal
from schemas.alerts import MirrorAlert
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from streams.settings import load


@click.group("alerts")
def command() -> None:
    """List alerts and show one, read from Kafka; needs no desk.

    \b
    Examples:
      samehand alerts list --limit 20
      samehand alerts list --band possible --all
      samehand alerts show 7f3a9c01
    """


@command.command("list", short_help="List alerts that await a verdict.")
@option("--band", "Only alerts of this band; by default both.", click.Choice(["likely", "possible"]))
@option("--policy", "Only alerts whose ban is under this policy.", metavar="CODE")
@flag("--all", "Also list alerts that were decided or withdrawn.", "everything")
@flag("--decided", "Only alerts on which a verdict holds, the latest decision first.")
@limit_option("alerts")
@output.json_option
def list_(band: str | None, policy: str | None, everything: bool, decided: bool, limit: int) -> int:
    """List alerts that await a verdict: band likely first, then the oldest.

    \b
    Examples:
      samehand alerts list --limit 20
      samehand alerts list --decided
      samehand alerts list --policy spam --json
    """
    if decided and everything:
        raise click.UsageError("--all lists alerts that were decided, too: give one of --all and --decided")
    mirrored = read_topics(load())
    alerts = [
        alert
        for alert in mirrored.alerts.values()
        if (band is None or alert.band == band)
        and (policy is None or alert.matched.policy == policy)
        and (everything or (_holding(alert, mirrored) is not None if decided else _waits(alert, mirrored)))
    ]
    alerts.sort(key=lambda alert: (alert.band != "likely", alert.detected_at, alert.alert_id))
    if decided:
        alerts.sort(key=lambda alert: mirrored.verdicts[alert.alert_id].decided_at, reverse=True)
    shown = alerts[:limit]
    if mirrored.unreadable:
        output.note(f"left out: {plural(mirrored.unreadable, 'record')} of the topics that cannot be read")
    if mirrored.beyond:
        output.note(f"left out: {plural(mirrored.beyond, 'alert')} above {ALERTS_MAX:,}; use `samehand desk`")
    rows = [_row(alert, mirrored) for alert in shown]
    return output.result(
        {"alerts": rows, "decided" if decided else "waiting": len(alerts)},
        *("  ".join(_words(alert, mirrored)) for alert in shown),
        f"{len(shown)} of {plural(len(alerts), 'alert')}",
    )


@command.command("show", short_help="Show one alert with its evidence.")
@click.argument("alert", metavar="ALERT_ID")
@output.json_option
def show(alert: str) -> int:
    """Show one alert: its evidence with weights in nats, their sum, and the verdict in force.

    \b
    Example:
      samehand alerts show 7f3a9c01
    """
    mirrored = read_topics(load(), only=alert)
    record = mirrored.alert(alert)
    verdict = mirrored.verdicts.get(alert)
    fields = None if verdict is None else json.loads(encode(verdict))
    decision = "" if verdict is None else ", ".join(_decision(verdict))
    return output.result(
        {"alert": json.loads(encode(record)), "verdict": fields}, terminal.alert(record), decision
    )


def _waits(alert: MirrorAlert, mirrored: MirroredAlerts) -> bool:
    return alert.status == "open" and _holding(alert, mirrored) is None


def _holding(alert: MirrorAlert, mirrored: MirroredAlerts) -> VerdictGiven | None:
    """The verdict that decides an alert; None also where the last one took another back."""
    verdict = mirrored.verdicts.get(alert.alert_id)
    return None if verdict is None or verdict.verdict == "unsure" else verdict


def _row(alert: MirrorAlert, mirrored: MirroredAlerts) -> dict[str, Any]:
    verdict = mirrored.verdicts.get(alert.alert_id)
    return {
        "alert_id": alert.alert_id,
        "revision": alert.revision,
        "status": alert.status,
        "account": alert.key,
        "banned": alert.matched.key,
        "band": alert.band,
        "probability": alert.probability,
        "policy": alert.matched.policy,
        "detected_at": alert.detected_at.isoformat(),
        "verdict": None if verdict is None else verdict.verdict,
        "reason_code": None if verdict is None else verdict.reason_code,
        "decided_at": None if verdict is None else verdict.decided_at.isoformat(),
    }


def _words(alert: MirrorAlert, mirrored: MirroredAlerts) -> Iterator[str]:
    verdict = mirrored.verdicts.get(alert.alert_id)
    yield visible(alert.alert_id, 128)
    yield f"{alert.band} {percent(alert.probability)}"
    yield f"{visible(alert.key, 289)} resembles {visible(alert.matched.key, 289)}"
    yield alert.detected_at.isoformat(sep=" ", timespec="seconds")
    if alert.status == "withdrawn":
        yield f"withdrawn: {alert.withdrawn_reason}"
    if verdict is not None:
        yield from _decision(verdict)


def _decision(verdict: VerdictGiven) -> tuple[str, str, str]:
    at = verdict.decided_at.isoformat(sep=" ", timespec="seconds")
    return verdict.verdict, visible(verdict.reason_code), at
