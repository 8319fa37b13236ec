"""``samehand explain``: the score of one pair, reason by reason."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import click

from agents.common.converters import (
    account_of,
    evidence_lines,
    fingerprints_of,
    quoted_of,
    rival_shares,
)
from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.single_record import Profile, read_banned, read_sign_up
from cli.options import COUNT, FILE, OUT_FILE
from cli.output_files import write
from report.text import visible
from report.waterfall import svg as waterfall
from report.waterfall import terminal
from report.waterfall.steps import steps
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from schemas.alerts import EvidenceLine, RivalShare
from store.pepper.pepper import SECRET_BYTES_MIN, Pepper


@click.command("explain", short_help="Show why two accounts resemble each other, reason by reason.")
@click.argument("new", metavar="A.json", type=FILE)
@click.argument("banned", metavar="B.json", type=FILE)
@click.option("--svg", type=OUT_FILE, help="Also draw the reasons as a waterfall chart (SVG) in this file.")
@click.option(
    "--bans",
    type=COUNT,
    default=0,
    help="How many accounts are banned: with more of them, a chance resemblance to one is likelier.",
)
@files_options
@output.json_option
def command(new: Path, banned: Path, svg: Path | None, bans: int, files: EventFiles, as_json: bool) -> int:
    """Show why two accounts resemble each other: A as if it were new, B as if it were banned.

    Prints every piece of evidence for and against, its weight in nats (natural log-odds), their sum, what
    else it could be, and the band: likely, possible or below. Uses the shipped weights, and the shipped
    figures of how common values are. Needs no servers and keeps nothing.

    Each file holds one JSON object: an AccountCreated, an AccountBanned, or just an account's fields
    (docs/reference/events.md); with --mapping or --kcat, one record of a topic, or a CSV file with one row.
    One of them may be `-`, standard input.

    \b
    Examples:
      samehand explain new.json banned.json
      samehand explain new.json banned.json --bans 100000 --svg why.svg
      samehand explain new.csv banned.csv --mapping users.toml --region PK
    """
    ours, theirs = read_sign_up(new, files), read_banned(banned, files)
    pepper = Pepper(1, secrets.token_bytes(SECRET_BYTES_MIN))  # nothing is kept: any secret will do
    mine, other = _distilled(ours, pepper), _distilled(theirs, pepper)
    result = score(mine, other, default_weights(), NothingCounted(bans), policy=theirs.policy)
    evidence, against = evidence_lines(
        result, mine, other, quoted_of(ours.account), quoted_of(theirs.account)
    )
    title = f"{_name(ours)} beside banned {_name(theirs)}"
    if svg is not None:
        drawn = steps(result.prior, evidence, against, result.log_odds)
        verdict = terminal.band_and_probability(result.band, result.probability).plain
        write(svg, waterfall.svg(title, drawn, verdict, rival_shares(result)).encode(), "--svg")
    if as_json:
        output.figures(_figures(result, evidence, against))
        return 0
    screen = output.console()
    screen.print(title, style="bold")
    screen.print(terminal.waterfall(result.prior, evidence, against, result.log_odds))
    screen.print(terminal.what_else(rival_shares(result)))
    screen.print(terminal.band_and_probability(result.band, result.probability))
    return 0


def _distilled(profile: Profile, pepper: Pepper) -> Fingerprint:
    account = account_of(profile.platform, profile.account)
    return fingerprints_of(account, ((pepper.pepper_id, pepper.digest),), at=profile.at)[0]


def _name(profile: Profile) -> str:
    return visible(f"{profile.platform}:{profile.account.account_id}")


def _figures(
    result: Score, evidence: tuple[EvidenceLine, ...], against: tuple[EvidenceLine, ...]
) -> dict[str, Any]:
    def rows(lines: tuple[EvidenceLine | RivalShare, ...]) -> list[dict[str, Any]]:
        return [{name: getattr(line, name) for name in line.__struct_fields__} for line in lines]

    return {
        "prior": result.prior,
        "log_odds": result.log_odds,
        "probability": result.probability,
        "band": result.band,
        "rivals": rows(rival_shares(result)),
        "evidence": rows(evidence),
        "counter_evidence": rows(against),
    }
