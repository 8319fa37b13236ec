"""What distilling an account costs, part by part.

``python -m bench.distilling [--accounts 2000]``. Each part is timed by itself in processor time, in the order
and with the caches of a worker; to look at the clock costs a part some tenths of a microsecond.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from agents.common.converters import account_of, quoted_of
from bench.machine import in_words, machine
from bench.store.bans import BANNED_AT, KEYERS
from samehand.normalize.text.scripts import stratum
from samehand.signals import SIGNALS
from schemas.accounts import AccountCreated
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline.records import created
from streams.supervision.gc_tuning import collect_seldom

_SEED: Final = 11
_CROWD: Final = 20_000
_WARM_UP: Final = 200

T = TypeVar("T")


def measured(accounts: int) -> dict[str, float]:
    """Microseconds an account of each part."""
    collect_seldom()
    arrived = _sign_ups(_WARM_UP + accounts)
    for _ in range(_WARM_UP):
        _distil(next(arrived), Counter())
    spent: Counter[str] = Counter()
    for event in arrived:
        _distil(event, spent)
    return {part: nanoseconds / accounts / 1e3 for part, nanoseconds in spent.most_common()}


def _sign_ups(count: int) -> Iterator[AccountCreated]:
    rng, people = seeded(_SEED, "bench distilling"), Population(7, _CROWD)
    return (created(people.person(rng), BANNED_AT) for _ in range(count))


def _distil(event: AccountCreated, spent: Counter[str]) -> None:
    """What `agents.common.converters.remembered_of` does, timed."""

    def timed(part: str, work: Callable[..., T], *given: object) -> T:
        before = time.process_time_ns()
        answer = work(*given)
        spent[part] += time.process_time_ns() - before
        return answer

    account = timed("read", account_of, event.platform, event.account)
    timed("words to quote", quoted_of, event.account)
    for _, keyer in KEYERS:
        for signal in SIGNALS:
            timed(signal.name, signal.distil, account, keyer)
        names = f"{account.display_name or ''} {account.handle or ''}"
        timed("stratum", stratum, names, account.locale)


def table(found: dict[str, float]) -> str:
    """What a page shows of it."""
    whole = sum(found.values())
    lines = ["| part of distilling | µs an account | share |", "|---|---|---|"]
    lines += [f"| {part} | {spent:.1f} | {spent / whole:.1%} |" for part, spent in found.items()]
    return "\n".join([*lines, f"| all | {whole:.0f} | |", "", f"* on {in_words(machine())}"])


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2_000)
    print(table(measured(parser.parse_args().accounts)))


if __name__ == "__main__":
    main()
