"""``samehand case``: everything known about one decision."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.opening import desk_database
from cli.options import OUT_FILE, option
from cli.output_files import replacing
from cli.running import in_event_loop
from desk.settings import load
from report.text import visible
from streams.settings.basis_rights import basis_rights_of


@click.command("case")
@click.argument("alert", metavar="ALERT_ID")
@option(
    "--for",
    "What the file is for, such as the number of an appeal; recorded in the audit log.",
    into="purpose",
    metavar="PURPOSE",
)
@option(
    "--request",
    "The lawful request, by its number at the desk, that the file is made under, instead of --for.",
    click.IntRange(1, 2**53 - 1),
    metavar="NUMBER",
)
@option("--page", "Write a printable page (HTML) to this file instead of JSON to standard output.", OUT_FILE)
@output.json_option
@in_event_loop
async def command(alert: str, purpose: str | None, request: int | None, page: Path | None) -> int:
    """Write the case file of one alert, from the desk's database (SAMEHAND_DATABASE_URL).

    It holds the evidence and its weights, the verdicts, related alerts, who read the alert and what was
    erased. Personal values stay masked, as in alerts. The audit log records that the file was made, and for
    what. Use it for appeals and audits; there is no case file of several alerts.

    Under a lawful request it also holds what the request's hold preserved. The request keeps the SHA-256 of
    the output, or of the page. A person hands the file over, and notes that at the desk.

    \b
    Examples:
      samehand case 7f3a9c01 --for appeal-311 > case.json
      samehand case 7f3a9c01 --for appeal-311 --page case.html
      samehand case 7f3a9c01 --request 17 --page case.html
    """
    if (purpose is None) == (request is None):
        raise click.UsageError("say what the file is for: --for PURPOSE, or --request NUMBER")
    from desk.readers import Reader
    from desk.review.case import case_file
    from desk.review.deciding.review import Review
    from desk.review.policy import Policy
    from desk.review.requests import make_file

    made: dict[str, Any] = {}

    def render(case: dict[str, Any]) -> bytes:
        made.update(case)
        if page is not None:
            from desk.web.pages.case import case_page

            return case_page(case).encode()
        # ASCII alone, so that no encoding of the terminal changes the bytes whose digest is kept.
        return f"{json.dumps(case, indent=None if output.wants_json() else 2)}\n".encode()

    operator = Reader("command-line", "", "auditor")
    settings = load()
    policy = Policy(key=b"", basis_rights=basis_rights_of(settings))  # nothing is drawn
    with nullcontext() if page is None else replacing(page, "--page") as file:
        async with desk_database(settings) as connection:
            review = Review(connection, operator, policy, time.time())
            if request is None:
                content = render(await case_file(review, alert, purpose=purpose or ""))
            else:
                content = await make_file(review, request, alert, render)
        if file is not None:
            file.write(content)
    if page is None:
        click.echo(content.decode(), nl=False)
        return 0
    return output.result(
        made, f"The case file of alert {visible(alert)}, ready to print: {visible(str(page), 4_096)}"
    )
