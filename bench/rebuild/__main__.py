"""The store rebuilt from ``accounts.banned`` beside the old one: how fast, and whether it answers the same.

``python -m bench.rebuild [--bans 100000] [--note docs/faults.md]``; ``make bench-rebuild``. The old
store is told a history (some accounts are banned twice, some reinstated) as a worker is told it. The truth is
that history as a compacted topic keeps it: the last record of each account, in another order. From it
``samehand rebuild``'s own code fills an empty Redis, is broken off half-way and goes on, while a worker
enrols new bans there, some of the old ones again, and looks up. Then both stores must hold the same
fingerprints, list the same accounts under the same keys, and answer queries with the same candidates in the
same order. Of a name that too many bear it is the same that nobody reads it.

The old store is kept between runs.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bench.rebuild.run import QUERIES, rebuilt, summary, table
from tools.reference_tables import filled_in


def main() -> None:
    """Prints a summary; fails where the stores differ, else writes a note if it is asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--note", type=Path, help="a page with a place for the table, which is written anew")
    chosen = parser.parse_args()
    one = asyncio.run(rebuilt(chosen.bans, chosen.queries))
    print(summary(one))
    if not one.found.same:
        raise SystemExit(1)
    if chosen.note:
        page = chosen.note.read_text("utf-8")
        chosen.note.write_text(filled_in(page, "rebuild", table(one)), "utf-8")


if __name__ == "__main__":
    main()
