"""``python -m bench.real --data DIR [--edits held_out] [--json]``: what samehand makes of real names.

The names are no part of the project: a folder of them is given, by ``--data`` or ``SAMEHAND_REAL_NAMES``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.kinds import KINDS
from bench.real.names import NoRealNames
from bench.real.report import report

FOLDER_VARIABLE = "SAMEHAND_REAL_NAMES"


def main() -> int:
    """0 with the figures on standard output; 2 and one line on standard error without the names."""
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get(FOLDER_VARIABLE), metavar="DIR")
    parser.add_argument("--edits", choices=sorted(KINDS), default="held_out")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.data is None:
        print(f"no real names: give a folder of them by --data or {FOLDER_VARIABLE}", file=sys.stderr)
        return 2
    try:
        told = report(Path(given.data), given.edits)
    except NoRealNames as fault:
        print(fault, file=sys.stderr)
        return 2
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else "\n".join(lines(told)))
    return 0


def lines(told: dict[str, Any], indent: str = "") -> list[str]:
    """The figures for people: one a line, long lists by their number and their first members."""
    shown = []
    for name, value in told.items():
        if isinstance(value, dict):
            shown += [f"{indent}{name}:", *lines(value, indent + "  ")]
        elif isinstance(value, list):
            shown.append(
                f"{indent}{name}: {len(value)}" + "".join(f"\n{indent}  {one}" for one in value[:20])
            )
        else:
            shown.append(f"{indent}{name}: {value}")
    return shown


if __name__ == "__main__":
    raise SystemExit(main())
