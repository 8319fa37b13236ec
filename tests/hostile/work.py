"""What each hostile account costs the mind; a program, so that what hangs can be ended.

``python -m tests.hostile.work`` distils, keys, packs and compares each account, and as many ordinary ones.
It prints a line of JSON an account: its name, whether it is hostile, seconds of processor time, keys tried,
bytes of its record. ``python -m tests.hostile.work growth`` prints, for each field and unit, seconds at an
eighth of a length and at the length.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import random
import sys
from collections.abc import Iterable, Iterator
from statistics import mean
from time import thread_time
from typing import Any

from agents.common.distil import account_of, quoted_of
from samehand.fingerprint.distil import distil, enrolment_keys, pack, query_keys, unpack, unread_fields
from samehand.frequency.rates import NothingCounted
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from schemas.accounts import Account
from simulate.population.people import Population
from simulate.timeline.records import created
from tests.hostile.accounts import PERSONAL, TEXTS, UNITS, accounts, filled

TIMES = 3
ORDINARY = 400
#: Of a field's limit: what is read in full of each, and all of it.
SHARES = (0.2, 1.0)


def _keyer(domain: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


_WEIGHTS, _COUNTED = default_weights(), NothingCounted()
_BANNED = distil(
    account_of(
        "telegram",
        Account(account_id="1", handle="umar_media", display_name="Umar Media", bio="News: t.me/umar_media"),
    ),
    _keyer,
    at=0.0,
)
# What is remembered between events would make the second time cheaper than the first.
_MEMORIES = [
    it
    for it in gc.get_objects()
    if isinstance(it, functools._lru_cache_wrapper) and it.cache_info().maxsize is not None
]


def cost(
    account: Account, platform: str = "telegram", *, enough: float = float("inf")
) -> tuple[float, int, int]:
    """Least seconds of some tries, keys that a look-up tries, bytes of the record.

    What takes no more than `enough` is tried once: noise makes nothing faster.
    """
    best = float("inf")
    for _ in range(TIMES):
        for memory in _MEMORIES:
            memory.cache_clear()
        begun = thread_time()
        quoted_of(account, bio=True)
        ours = account_of(platform, account)
        fingerprint = distil(ours, _keyer, at=60.0)
        unread_fields(ours)
        enrolment_keys(fingerprint)
        keys = query_keys(fingerprint)
        record = pack(fingerprint)
        # Against one that looks the same, and one that does not.
        score(fingerprint, unpack(record), _WEIGHTS, _COUNTED)
        score(fingerprint, _BANNED, _WEIGHTS, _COUNTED)
        best = min(best, thread_time() - begun)
        if best <= enough:
            break
    return best, len(keys), len(record)


def _all() -> Iterator[list[Any]]:
    rng, people = random.Random(5), Population(7, 3_000)
    cost(Account(account_id="1", handle="a", display_name="b", bio="c d", phone="+12015550123"))
    ordinary = [created(people.person(rng), 0.0) for _ in range(ORDINARY)]
    seconds = []
    for number, person in enumerate(ordinary):
        row = cost(person.account, person.platform)
        seconds.append(row[0])
        yield [f"ordinary {number}", False, *row]
    for name, account in accounts().items():
        yield [name, True, *cost(account, enough=mean(seconds))]


def _growth() -> Iterator[list[Any]]:
    for field in (*TEXTS, "links"):
        for name, unit in UNITS.items():
            for share in SHARES:
                texts = (filled(field, unit, part) for part in (share / 8, share))
                yield [f"{field}: {name}, to {share} of its limit", *_grown(*texts)]
    for name, fields in PERSONAL.items():
        [(field, value)] = fields.items()
        yield [f"sign-up: {name}", *_grown({field: value[: len(value) // 8]}, {field: value})]


def _grown(short: dict[str, Any], long: dict[str, Any]) -> tuple[float, float]:
    """Seconds of either text; the longer is tried again where it takes more than linear time does."""
    seconds, _, _ = cost(Account(account_id="1", **short))
    return seconds, cost(Account(account_id="1", **long), enough=8 * seconds)[0]


def _print(rows: Iterable[list[Any]]) -> None:
    for row in rows:
        sys.stdout.write(f"{json.dumps(row)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _print(_growth() if sys.argv[1:] == ["growth"] else _all())
