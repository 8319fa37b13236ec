"""``python -m bench.quality [--quick] [--tuning|--validation] [--names DIR] [--note FILE] [--json]``.

Figures of docs/quality.md. Simulated platforms are judged on held-out seeds and edits; real names, where a
folder of them is given, by ``bench.real``, and laws on the half of them that tuning did not see. Recall of
the blocking keys is ``bench.recall``'s; `make bench-quality` runs both. Ends with 1 where a pair of the
scenes of real names got worse by a fact more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.quality import laws
from bench.quality.simulated import HELD_OUT_SEEDS, TUNING_SEEDS, VALIDATION_SEEDS, simulated
from bench.quality.tables import table
from bench.real.__main__ import FOLDER_VARIABLE, got_worse, shown
from bench.real.report import PARTS, QUICK, NoRealNames, Sizes, read_names, report
from bench.real.tables import tables
from cli import output
from tools.reference_tables import filled_in

_QUICK_SEEDS, _QUICK_ACCOUNTS = 1, 3_000
_SEEDS = {"tuning": TUNING_SEEDS, "validation": VALIDATION_SEEDS, "held_out": HELD_OUT_SEEDS}


def main() -> int:
    """0 with the figures on standard output; 1 if a pair got worse, 2 if the folder holds no names."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small platform: shows that all runs")
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--tuning", action="store_true", help="the seeds and edits of tuning instead")
    side.add_argument("--validation", action="store_true", help="those beside tuning instead")
    parser.add_argument("--accounts", type=int, default=20_000, help="sign-ups a platform")
    parser.add_argument("--names", type=Path, default=os.environ.get(FOLDER_VARIABLE), metavar="DIR")
    parser.add_argument("--note", type=Path, help="fill the table of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    started = time.monotonic()
    edits = "tuning" if given.tuning else "validation" if given.validation else "held_out"
    told: dict[str, Any] = {"simulated": _simulated(given, edits)}
    if given.names is not None:
        try:
            with output.progress("parts of the real names measured", len(PARTS)) as heard:
                told["real_names"] = report(
                    Path(given.names),
                    "tuning" if given.tuning else "held_out",
                    sizes=QUICK if given.quick else Sizes(),
                    heard=heard,
                )
        except NoRealNames as fault:
            print(fault, file=sys.stderr)
            return 2
        renames = read_names(Path(given.names)).renames[1::2]
        told["laws"] = [*laws.table(renames, seed=2, count=10 if given.quick else laws.PAIRS)]
    told["seconds"] = round(time.monotonic() - started, 1)
    if given.note is not None:
        text = filled_in(given.note.read_text("utf-8"), "quality", table(told))
        for name, each in tables(told.get("real_names", {})).items():
            text = filled_in(text, name, each)
        if "laws" in told:
            text = filled_in(text, "laws", "\n".join(told["laws"]))
        given.note.write_text(text, "utf-8")
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else "\n".join(_shown(told)))
    return int(got_worse(told.get("real_names", {})))


def _shown(told: dict[str, Any]) -> list[str]:
    """The table, and what real names tell where they were given."""
    named = told.get("real_names")
    return [table(told), *(["", "real names", "", shown(named), "", *told["laws"]] if named else [])]


def _simulated(given: argparse.Namespace, edits: str) -> dict[str, Any]:
    seeds: Sequence[int] = _SEEDS[edits]
    accounts = given.accounts
    if given.quick:
        seeds, accounts = seeds[:_QUICK_SEEDS], _QUICK_ACCOUNTS
    with output.progress(f"judging platforms of {accounts:,} sign-ups", len(seeds)) as hear:
        ready = 0

        def done(_seed: int) -> None:
            nonlocal ready
            ready += 1
            hear(ready)

        return simulated(edits, seeds=seeds, accounts=accounts, done=done)


if __name__ == "__main__":
    raise SystemExit(main())
