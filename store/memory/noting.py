"""The values that new accounts note, the reference implementation."""

from __future__ import annotations

from dataclasses import dataclass, field

from samehand.elapsed import MINUTE_SECONDS
from samehand.keys import Key
from samehand.waves.keys import NETWORK, OTHERS_MIN, WINDOW_SECONDS, noted_keys
from samehand.waves.membership import COMPARED_MAX
from store.base import Remembered
from store.common.key_digests import Addresses
from store.common.records import is_new, noting_keys
from store.limits import WAVE_NOTED


@dataclass(slots=True)
class NotedInMemory:
    """Accounts by the values that they noted, with their minutes."""

    addresses: Addresses
    noted: dict[Key, dict[str, int]] = field(default_factory=dict)
    swept_at: float = 0.0

    def note(self, account: Remembered, *, writes: bool = True) -> list[str]:
        """Notes an account's values, if it is to write; returns who came with it."""
        minute, groups = int(account.seen_at // MINUTE_SECONDS), dict[str, set[int]]()
        window = int(WINDOW_SECONDS // MINUTE_SECONDS)
        for key, group in noted_keys(noting_keys(account)) if is_new(account) else ():
            held = self.noted.get(key, {})
            here = {other for other, at in held.items() if abs(at - minute) <= window} - {account.account}
            if writes:
                held = self.noted[key] = {other: at for other, at in held.items() if at + window >= minute}
                if account.account not in held and len(held) >= WAVE_NOTED:
                    del held[next(iter(held))]
                held.setdefault(account.account, minute)
            if group == NETWORK:
                here &= groups.keys()
            for other in here:
                groups.setdefault(other, set()).add(group)
        company = [other for other, several in groups.items() if len(several) >= 2]
        company.sort(key=lambda other: (-len(groups[other]), self.addresses.account(other).raw))
        return company[:COMPARED_MAX] if len(company) >= OTHERS_MIN else []

    def sweep(self, now: float) -> None:
        """Drops what no account can meet any more, once a window."""
        if now < self.swept_at + WINDOW_SECONDS:
            return
        self.swept_at, ended = now, int((now - 2 * WINDOW_SECONDS) // MINUTE_SECONDS)
        self.noted = {
            key: kept
            for key, held in self.noted.items()
            if (kept := {account: at for account, at in held.items() if at >= ended})
        }
