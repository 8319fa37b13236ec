"""``python -m bench.quality [--quick] [--tuning|--validation] [--note FILE] [--json]``.

Simulated platforms of docs/quality.md, judged on held-out seeds and edits. Real names are ``bench.real``'s;
`make bench-quality` runs both.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from bench.quality.simulated import HELD_OUT_SEEDS, TUNING_SEEDS, VALIDATION_SEEDS, simulated, table
from cli import output
from tools.reference_tables import fill_in

_QUICK_SEEDS, _QUICK_ACCOUNTS = 1, 3_000
_SEEDS = {"tuning": TUNING_SEEDS, "validation": VALIDATION_SEEDS, "held_out": HELD_OUT_SEEDS}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small platform: shows that all runs")
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--tuning", action="store_true", help="the seeds and edits of tuning instead")
    side.add_argument("--validation", action="store_true", help="those beside tuning instead")
    parser.add_argument("--accounts", type=int, default=20_000, help="sign-ups a platform")
    parser.add_argument("--note", type=Path, help="fill the table of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    started = time.monotonic()
    edits = "tuning" if given.tuning else "validation" if given.validation else "held_out"
    seeds, accounts = _SEEDS[edits], given.accounts
    if given.quick:
        seeds, accounts = seeds[:_QUICK_SEEDS], _QUICK_ACCOUNTS
    with output.progress(f"judging platforms of {accounts:,} sign-ups", len(seeds)) as heard:
        figures = simulated(edits, seeds=seeds, accounts=accounts, heard=heard)
    told = {"simulated": figures, "seconds": round(time.monotonic() - started, 1)}
    if given.note is not None:
        fill_in(given.note, {"quality": table(told)})
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else table(told))


if __name__ == "__main__":
    main()
