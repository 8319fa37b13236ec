"""``python -m bench.real --data DIR [--only scenes,renames] [--quick] [--note FILE] [--json]``.

What samehand makes of real names. They are no part of the project: a folder of them is given, by ``--data``
or ``SAMEHAND_REAL_NAMES``. The scenes take half an hour of two cores, most of it among background bans. Ends
with 1 where a pair of the scenes got worse by a fact more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from bench.real.report import PARTS, QUICK, NoRealNames, Sizes, report
from bench.real.tables import tables
from cli import output
from tools.reference_tables import filled_in

FOLDER_VARIABLE = "SAMEHAND_REAL_NAMES"


def main() -> int:
    """0 with the figures on standard output, 1 if a pair got worse; 2 and one line without the names."""
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get(FOLDER_VARIABLE), metavar="DIR")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, comma-separated; all of them")
    parser.add_argument("--background", type=int, help="bans behind the scenes, 100,000")
    parser.add_argument("--quick", action="store_true", help="few of everything: shows that all runs")
    parser.add_argument("--note", type=Path, help="fill the tables of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    only = given.only.split(",")
    if unknown := [part for part in only if part not in PARTS]:
        print(f"{unknown[0]} is no part; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if given.data is None:
        print(f"no real names: give a folder of them by --data or {FOLDER_VARIABLE}", file=sys.stderr)
        return 2
    sizes = QUICK if given.quick else Sizes()
    if given.background is not None:
        sizes = replace(sizes, background=given.background)
    try:
        with output.progress("parts measured", len(only)) as heard:
            told = report(Path(given.data), only=only, sizes=sizes, heard=heard)
    except NoRealNames as fault:
        print(fault, file=sys.stderr)
        return 2
    if given.note is not None:
        text = given.note.read_text("utf-8")
        for name, table in tables(told).items():
            text = filled_in(text, name, table)
        given.note.write_text(text, "utf-8")
    shown = "\n\n".join(tables(told).values())
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else shown)
    return int(bool(told.get("scenes", {}).get("worse")))


if __name__ == "__main__":
    raise SystemExit(main())
