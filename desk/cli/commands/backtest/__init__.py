"""``samehand backtest``: how many mirrors are found, how few innocents accused, where the truth is known."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from desk.cli import output
from desk.cli.inputs.input_errors import tell_faults
from desk.cli.inputs.input_files import ACCOUNTS, BANS
from desk.cli.inputs.input_source import told
from desk.cli.inputs.oddities import tell_odd
from desk.cli.offline.offline_scoring import refuse_nothing
from desk.cli.offline.weights_file import weights_of_file
from desk.cli.options import FILE, platform_option, strict_option
from desk.cli.output_files import write
from desk.cli.run_async import awaited


@click.command("backtest", short_help="Measure precision, recall and fairness where the truth is known.")
@click.option("--bans", type=FILE, required=True, help="Banned accounts: JSONL of AccountBanned, or CSV.")
@click.option("--accounts", type=FILE, required=True, help="Accounts: JSONL of AccountCreated, or CSV.")
@click.option(
    "--truth",
    type=FILE,
    required=True,
    help="CSV of the true pairs: platform, account_id, banned_platform, banned_account_id.",
)
@click.option("--strategies", type=FILE, help="The same with a column `strategy`; 8 counts as uncatchable.")
@click.option(
    "--languages",
    type=FILE,
    help="CSV platform, account_id, language; else the names' scripts are the groups.",
)
@click.option("--weights", type=FILE, help="Another table of weights (JSON), to try it out.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write figures.json and the pictures (SVG) here; made if it is not there.",
)
@platform_option
@strict_option
@output.json_option
def command(
    bans: Path,
    accounts: Path,
    truth: Path,
    strategies: Path | None,
    languages: Path | None,
    weights: Path | None,
    out: Path | None,
    platform: str,
    strict: bool,
    as_json: bool,
) -> int:
    """Measure precision, recall and fairness where the truth is known.

    The same agents as in the worker score every account against the bans; then the pairs, best first, are
    held against the truth. Reads what `samehand simulate` writes.

    \b
    Examples:
      samehand simulate --seed 7 --accounts 20000 --out sample
      samehand backtest --bans sample/bans.jsonl --accounts sample/accounts.jsonl \\
        --truth sample/truth.csv --strategies sample/strategies.csv --out report
    """
    from desk.cli.commands.backtest.charts import charts
    from desk.cli.commands.backtest.figures import figures
    from desk.cli.commands.backtest.running import measured
    from desk.cli.commands.backtest.show import show
    from desk.cli.commands.backtest.truths import read_languages, read_strategies, read_truth

    started = time.monotonic()
    tell_odd(((bans, BANS), (accounts, ACCOUNTS)), strict=strict)
    run, scored = awaited(
        measured(
            bans,
            accounts,
            platform,
            read_truth(truth),
            now=time.time(),
            weights=None if weights is None else weights_of_file(weights),
            strategies=None if strategies is None else read_strategies(strategies),
            groups=None if languages is None else read_languages(languages),
        )
    )
    tell_faults(scored.faults)
    scored.unusable.tell()
    refuse_nothing(scored, bans, accounts)
    if not run.sign_ups:
        raise click.ClickException(f"{told(accounts)}: nothing in it can be measured")
    shown = {**figures(run), "bad_rows": len(scored.faults), "seconds": round(time.monotonic() - started, 3)}
    if out is not None:
        _write(out, {"figures.json": json.dumps(shown, indent=2) + "\n", **charts(run, shown)})
    if as_json:
        output.figures(shown)
    else:
        show(shown)
    return 0


def _write(out: Path, files: dict[str, Any]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise click.BadParameter(f"{out}: {fault.strerror}", param_hint="--out") from fault
    for name, text in files.items():
        write(out / name, text.encode(), "--out")
