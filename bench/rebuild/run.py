"""One run: fills a store, rebuilds another from what compaction leaves, compares them."""

from __future__ import annotations

from collections.abc import Sequence

import agents.common.converters
import agents.enrol
from bench.index.population import Held, population
from bench.kinds import KINDS
from bench.machine import machine
from bench.rebuild import history as story
from bench.rebuild import teller
from bench.rebuild.comparison import Filled, compared
from bench.rebuild.history import Compacted, History
from bench.rebuild.rebuilding import Beside, rebuild
from bench.rebuild.report import Rebuilt
from bench.rebuild.teller import NOW, tell
from bench.recall import FIELDS, disguised
from bench.store.bans import BANNED_AT, KEYERS, a_layout, a_store
from bench.store.kept import Kept
from bench.store.server import server
from samehand.account import Account
from samehand.fingerprint.distil import distil, query_keys
from store.base import Query

QUERIES = 10_000
"""How many queries are compared."""

_LIVE = 50  # one ban in so many more arrives while the store is being rebuilt
_FILLED_BY = (story, teller, agents.common.converters, agents.enrol)


async def rebuilt(bans: int, queries: int = QUERIES) -> Rebuilt:
    """Fills, rebuilds, compares."""
    live = range(bans, bans + max(1, bans // _LIVE))
    history = History(population("diverse", live.stop))
    asked = _queries(history.held[:bans], queries)
    kept = Kept(f"rebuild-{bans}", int, also=[str(one.__file__) for one in _FILLED_BY])
    with kept.server() as ours, server() as theirs:
        old, new, worker = a_store(ours, bans), a_store(theirs, bans), a_store(theirs, bans)
        await old.open()
        await kept.filled(ours, lambda: tell(old, history.told(range(bans))))
        beside = Beside(worker, history, live, asked)
        took = await rebuild(new, theirs, Compacted(history, range(bans)), beside)
        await tell(old, (history.ban(number, at=BANNED_AT + 30) for number in live))
        found = await compared(Filled(old, ours), Filled(new, theirs), a_layout(bans), asked)
        for store in (old, new, worker):
            await store.close()
    return Rebuilt(bans=bans, took=took, found=found, machine=machine())


def _queries(held: Sequence[Held], count: int) -> list[Query]:
    edits = dict(KINDS["held_out"])
    each = max(1, count // len(edits))
    pepper_id, keyer = KEYERS[0]
    queries = []
    for one in disguised(list(held), edits, each, FIELDS["handle"]):
        account = Account(platform=one.platform, account_id="asks", handle=one.text)
        keys = query_keys(distil(account, keyer, at=NOW, pepper_id=pepper_id))
        queries.append(Query(account.key, tuple(keys)))
    return queries[:count]
