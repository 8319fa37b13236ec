"""``samehand case``: everything known about one decision."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from desk.cli import output
from desk.cli.desk_database import desk_database
from desk.cli.output_files import write
from desk.text import visible
from streams.settings import Settings, load


@click.command("case", short_help="Write the case file of one alert, from the desk's database.")
@click.argument("alert")
@click.option(
    "--for", "purpose", required=True, help="What it is made for, e.g. the number of an appeal; kept."
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it as a page to print, too: HTML without a script.",
)
@output.json_option
def command(alert: str, purpose: str, page: Path | None, as_json: bool) -> int:
    """Write the case file of one alert: evidence, weights, verdicts, family, who saw it, what was erased.

    Personal values stay masked as they are in alerts. That the file was made, and what for, is a line of the
    audit. There is one for one alert, never for many.

    \b
    Examples:
      samehand case 7f3a9c01 --for appeal-311 > case.json
      samehand case 7f3a9c01 --for appeal-311 --page case.html
    """
    case = asyncio.run(_case(load(), alert, purpose))
    if page is not None:
        from desk.web.case_page import case_page

        write(page, case_page(case).encode(), "--page")
    if as_json:
        output.figures(case)
    elif page is None:
        click.echo(msgspec.json.format(msgspec.json.encode(case)).decode())
    else:
        click.echo(f"{visible(str(page))}: the case file of {visible(alert)}, to be printed.")
    return 0


async def _case(settings: Settings, alert: str, purpose: str) -> dict[str, Any]:
    from desk.review.case import case_file

    async with desk_database(settings) as connection:
        return await case_file(connection, alert, purpose=purpose, reader="command-line", now=time.time())
