"""Forget: a deleted account is no longer remembered."""

from __future__ import annotations

from collections.abc import Sequence

from agents.house import House
from agents.reading import itself, read_all
from schemas.wire import decode_deleted
from streams.outcomes import Arrival, Outcome


class Forget:
    """Deletions of accounts end their being remembered."""

    def __init__(self, house: House) -> None:
        """Takes the surroundings."""
        self._house = house

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """One outcome an arrival."""
        outcomes, gone = read_all(arrivals, decode_deleted, self._house, itself)
        if gone:
            accounts = [(event.key, event.at) for _, event in gone]
            await self._house.ask(self._house.store.forget(accounts, now=self._house.now()))
        return outcomes
