"""Writes the dashboards beside this file; `--check` says instead whether they are current.

Needs the packages of requirements/ops.lock: `make dashboards`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from detection import detection
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from overview import overview
from store_and_streams import store_and_streams

HERE = Path(__file__).resolve().parent
DASHBOARDS = {"overview": overview, "detection": detection, "store-and-streams": store_and_streams}


def rendered() -> dict[Path, str]:
    """Each dashboard's file and what belongs in it."""
    return {
        HERE / f"{name}.json": json.dumps(
            made().build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False
        )
        + "\n"
        for name, made in DASHBOARDS.items()
    }


def main(arguments: list[str]) -> int:
    """0, or 1 where a file is not current."""
    stale = {
        path: text
        for path, text in rendered().items()
        if not path.is_file() or path.read_text("utf-8") != text
    }
    if "--check" in arguments:
        sys.stdout.writelines(f"{path.name} is not current: make dashboards\n" for path in stale)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
