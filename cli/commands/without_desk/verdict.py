"""``samehand verdict``: a verdict on one alert, without a desk."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Final

import click

from cli import output
from cli.topics.topic_alerts import read_topics
from report.text import visible
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode
from streams.kafka.client import ANSWER_MS, writer
from streams.kafka.topics import names
from streams.settings import load

SAID: Final[dict[str, Verdict]] = {"mirror": "mirror", "not-mirror": "not_mirror", "unsure": "unsure"}
_SLUG: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


@click.command("verdict", short_help="Publish a verdict on one alert; needs no desk.")
@click.argument("alert", metavar="ALERT_ID")
@click.argument("verdict", type=click.Choice(sorted(SAID)))
@click.option(
    "--reason",
    required=True,
    metavar="CODE",
    help="Why, as a code of your own: 1 to 64 letters, digits, `_`, `.` and `-`.",
)
@click.option("--policy", metavar="CODE", help="The policy that was applied; by default that of the ban.")
@click.option(
    "--reviewer",
    default="command-line",
    metavar="ID",
    help="Who decided, as an opaque id; never a name or an address.",
)
@output.json_option
def command(alert: str, verdict: str, reason: str, policy: str | None, reviewer: str, as_json: bool) -> int:
    """Publish a verdict on one alert, for its revision now on the topic; needs no desk.

    The verdict goes to the topic alerts.verdicts. The latest verdict on an alert is in force;
    `unsure` withdraws an earlier one and decides nothing. `samehand alerts list` prints the ids.

    \b
    Examples:
      samehand verdict 7f3a9c01 mirror --reason same-contact
      samehand verdict 7f3a9c01 not-mirror --reason common-name
    """
    for option, slug in (("--reason", reason), ("--policy", policy)):
        if slug is not None and not (0 < len(slug) <= 64 and _SLUG.issuperset(slug) and slug[0].isalnum()):
            raise click.BadParameter("1 to 64 letters, digits, `_`, `.` and `-`", param_hint=option)
    if not 0 < len(reviewer) <= 128 or not reviewer.isprintable():
        raise click.BadParameter("an opaque id has 1 to 128 characters", param_hint="--reviewer")
    settings = load()
    mirrored = read_topics(settings, only=alert)
    record = mirrored.alert(alert)
    given = VerdictGiven(
        alert_id=alert,
        revision=record.revision,
        verdict=SAID[verdict],
        reason_code=reason,
        reviewer=reviewer,
        decided_at=datetime.now(UTC),
        verdict_id=secrets.token_hex(16),
        policy=policy or record.matched.policy,
    )
    with writer(settings) as out:
        sent = out.send(names(settings).verdicts, key=alert.encode(), value=encode(given), headers=[])
        sent.get(timeout=2 * ANSWER_MS / 1000)
    if as_json:
        output.figures({"verdict": json.loads(encode(given))})
    else:
        output.console().print(f"{visible(alert, 128)} is {verdict} by {given.verdict_id}")
    return 0
