"""``samehand verdict``: a verdict on one alert, without a desk."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Final

import click

from cli import output
from cli.inputs.topic_alerts import read_topics
from cli.options import CODE, option, word
from report.text import visible
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode
from streams.kafka.client import ANSWER_MS, writer
from streams.kafka.topics import names
from streams.settings import load

_REVIEWER: Final = re.compile(r"[\w .:@/+=~-]{1,128}")
SAID: Final[dict[str, Verdict]] = {"mirror": "mirror", "not-mirror": "not_mirror", "unsure": "unsure"}


@click.command("verdict")
@click.argument("alert", metavar="ALERT_ID")
@click.argument("verdict", type=click.Choice(sorted(SAID)))
@option(
    "--reason", "Why, as a code of your own: 1 to 64 letters, digits, `_`, `.` and `-`.", CODE, required=True
)
@option("--policy", "The policy that was applied; by default that of the ban.", CODE)
@option(
    "--reviewer",
    "Who decided, as an opaque id; never a name or an address.",
    word("id", _REVIEWER, "an opaque id has 1 to 128 letters, digits and signs"),
    default="command-line",
)
@output.json_option
def command(alert: str, verdict: str, reason: str, policy: str | None, reviewer: str) -> int:
    """Publish a verdict on one alert, for its revision now on the topic; needs no desk.

    The verdict goes to the topic alerts.verdicts. The latest verdict on an alert is in force;
    `unsure` withdraws an earlier one and decides nothing. `samehand alerts list` prints the ids.

    \b
    Examples:
      samehand verdict 7f3a9c01 mirror --reason same-contact
      samehand verdict 7f3a9c01 not-mirror --reason common-name
    """
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
    words = f"{visible(alert, 128)} is {verdict} by {given.verdict_id}"
    return output.result({"verdict": json.loads(encode(given))}, words)
