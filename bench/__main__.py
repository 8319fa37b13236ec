"""``make bench``: everything that is measured here, as one table and one JSON file.

``python -m bench [--quick] [--bans 100000,1000000] [--out FILE] [--note FILE]``. ``--quick`` is a run of a
minute on a few thousand bans: it shows that everything works, and ratios to brute force grow with the bans.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bench import lookup, memory, mind

_QUICK_BANS, _QUICK_ROUNDS, _QUICK_MEMORY_BANS = "8000", 2, 2_000
_BANS, _ROUNDS, _MEMORY_BANS = "100000,1000000", 5, 50_000
_QUICK_MIND, _MIND = (2_000, 100), (20_000, 2_000)  # bans, events


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bans", help=f"sizes of the look-up bench, comma-separated; {_BANS}")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--note", type=Path, help="a file whose tables of this bench are written anew")
    chosen = parser.parse_args()
    sizes = [int(one) for one in (chosen.bans or (_QUICK_BANS if chosen.quick else _BANS)).split(",")]
    found = asyncio.run(_measured(sizes, quick=chosen.quick))
    tables = {"lookups": _lookups(found[0]), "memory": memory.table(found[1]), "mind": mind.table(found[2])}
    print("\n\n".join(tables.values()))
    if chosen.out:
        chosen.out.write_text(json.dumps(_plain(found), indent=1) + "\n", "utf-8")
    if chosen.note:
        chosen.note.write_text(filled(chosen.note.read_text("utf-8"), tables), "utf-8")


Found = tuple[list[lookup.Report], list[memory.Memory], mind.Mind]


async def _measured(sizes: list[int], *, quick: bool) -> Found:
    without = frozenset[str]()
    if find_spec("datasketch") is None:
        print("datasketch is not installed: measured without it (`make bench` installs it)", file=sys.stderr)
        without = frozenset({lookup.MINHASH})
    rounds, bans = (_QUICK_ROUNDS, _QUICK_MEMORY_BANS) if quick else (_ROUNDS, _MEMORY_BANS)
    reports = [await lookup.report(size, rounds, without) for size in sizes]
    memories = [await memory.measured(case, bans) for case in memory.CASES]
    return reports, memories, await mind.measured(*(_QUICK_MIND if quick else _MIND))


def _lookups(reports: list[lookup.Report]) -> str:
    return "\n\n".join(f"{lookup.table(one)}\n\n{lookup.summary(one)}" for one in reports)


def _plain(found: Found) -> dict[str, object]:
    return {
        "lookups": [asdict(one) for one in found[0]],
        "memory": [asdict(one) for one in found[1]],
        "mind": asdict(found[2]),
    }


def filled(text: str, tables: dict[str, str]) -> str:
    """The text with each table between its marks. Raises ``ValueError`` where there are none."""
    for name, table in tables.items():
        text, places = re.subn(
            rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", partial(_between, table), text, flags=re.DOTALL
        )
        if places != 1:
            raise ValueError(f"there is no place for {name}")
    return text


def _between(table: str, place: re.Match[str]) -> str:
    return place[1] + table + place[2]


if __name__ == "__main__":
    main()
