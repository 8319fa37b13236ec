"""``samehand backtest``: how many mirrors are found, how few innocents accused, where the truth is known."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import tell_faults, tell_unusable
from cli.inputs.input_files import ACCOUNTS, BANS
from cli.inputs.input_source import shown_path
from cli.offline.known_pairs import causes_of
from cli.offline.offline_scoring import refuse_nothing
from cli.offline.weights_file import weights_of_file
from cli.options import FILE, OUT_FOLDER, accounts_option, bans_option, strict_option, weights_option
from cli.output_files import make_folder, write
from cli.run_async import awaited


@click.command(
    "backtest", short_help="Measure precision, recall and fairness where the true mirrors are known."
)
@bans_option
@accounts_option
@click.option(
    "--truth",
    type=FILE,
    required=True,
    help="CSV of the true pairs, columns platform, account_id, banned_platform, banned_account_id.",
)
@click.option(
    "--strategies",
    type=FILE,
    help="CSV like --truth with a column `strategy`, 1 to 8; recall leaves out 8, which shares nothing.",
)
@click.option(
    "--languages",
    type=FILE,
    help="CSV of columns platform, account_id, language: false alarms are compared between languages; "
    "without it between the scripts of the names.",
)
@weights_option()
@click.option(
    "--out",
    type=OUT_FOLDER,
    metavar="DIR",
    help="Write figures.json and charts (SVG) to this folder, which is created if missing.",
)
@files_options
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
    files: EventFiles,
    strict: bool,
    as_json: bool,
) -> int:
    """Measure precision, recall and fairness where the true mirrors are known.

    Scores every account against the bans with the worker's own code, and compares the pairs it finds,
    best first, with the true pairs. Use it before you adopt other weights, or to check samehand on pairs
    that you have verified. Reads what `samehand simulate` writes; needs no servers.

    \b
    Examples:
      samehand simulate --seed 7 --accounts 20000 --out sample
      samehand backtest --bans sample/bans.jsonl \\
        --accounts sample/accounts.jsonl --truth sample/truth.csv \\
        --strategies sample/strategies.csv --out report
    """
    from cli.commands.backtest.charts import charts
    from cli.commands.backtest.figures import figures
    from cli.commands.backtest.judged import measured
    from cli.commands.backtest.show import show
    from cli.inputs.truths import read_languages, read_strategies, read_truth

    started = time.monotonic()
    files.tell_odd((bans, BANS), (accounts, ACCOUNTS), strict=strict)
    run, scored, missed = awaited(
        measured(
            bans,
            accounts,
            files,
            read_truth(truth),
            weights=None if weights is None else weights_of_file(weights),
            strategies=None if strategies is None else read_strategies(strategies),
            groups=None if languages is None else read_languages(languages),
        )
    )
    tell_faults(scored.faults)
    tell_unusable(scored.unusable)
    refuse_nothing(scored, bans, accounts)
    if not run.sign_ups:
        raise click.ClickException(f"{shown_path(accounts)}: nothing in it can be measured")
    shown = {
        **figures(run),
        "missed": causes_of(missed),
        "bad_rows": len(scored.faults),
        "seconds": round(time.monotonic() - started, 3),
    }
    if out is not None:
        make_folder(out, "--out")
        files_out = {"figures.json": json.dumps(shown, indent=2) + "\n", **charts(run, shown)}
        for name, text in files_out.items():
            write(out / name, text.encode(), "--out")
    if as_json:
        output.figures(shown)
    else:
        show(shown)
    return 0
