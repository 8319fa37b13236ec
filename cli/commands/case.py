"""``samehand case``: everything known about one decision."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from cli import output
from cli.desk_database import desk_database
from cli.output_files import write
from cli.run_async import in_event_loop
from report.text import visible
from streams.settings import load
from streams.settings.basis_rights import basis_rights_of


@click.command("case", short_help="Write the case file of one alert, from the desk's database.")
@click.argument("alert", metavar="ALERT_ID")
@click.option(
    "--for",
    "purpose",
    required=True,
    metavar="PURPOSE",
    help="What the file is for, such as the number of an appeal; recorded in the audit log.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a printable page (HTML) to this file instead of JSON to standard output.",
)
@output.json_option
@in_event_loop
async def command(alert: str, purpose: str, page: Path | None, as_json: bool) -> int:
    """Write the case file of one alert, from the desk's database (SAMEHAND_DATABASE_URL).

    It holds the evidence and its weights, the verdicts, related alerts, who read the alert and what was
    erased. Personal values stay masked, as in alerts. The audit log records that the file was made, and for
    what. Use it for appeals and audits; there is no case file of several alerts.

    \b
    Examples:
      samehand case 7f3a9c01 --for appeal-311 > case.json
      samehand case 7f3a9c01 --for appeal-311 --page case.html
    """
    from desk.readers import Reader
    from desk.review.case import case_file
    from desk.review.deciding.review import Review
    from desk.review.policy import Policy

    operator = Reader("command-line", "", "auditor")
    settings = load()
    policy = Policy(key=b"", basis_rights=basis_rights_of(settings))  # nothing is drawn
    async with desk_database(settings) as connection:
        review = Review(connection, operator, policy, time.time())
        case = await case_file(review, alert, purpose=purpose)
    if page is not None:
        from desk.web.pages.case import case_page

        write(page, case_page(case).encode(), "--page")
    if as_json:
        output.figures(case)
    elif page is None:
        click.echo(msgspec.json.format(msgspec.json.encode(case)).decode())
    else:
        click.echo(f"{visible(str(page))}: the case file of alert {visible(alert)}, ready to print.")
    return 0
