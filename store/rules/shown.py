"""Keeps what dismissed alerts showed, by account, and what explains them, by ban: so many alerts of each at
most.

No expiry: people make dismissals, and each alert has one. A tag names the ban: the first four bytes of a
digest, as records have it; of a million bans two share one's count of dismissals once in some thousand
stores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from store.base import Shown, ShownLine
from store.limits import CLEARED_A_BAN, OPEN_ALERTS_A_BAN
from store.rules.keyspace import Command, Keyspace, command, named, write

_REASONS: Final = msgspec.msgpack.Decoder(tuple[str, ...])
_LINES: Final = msgspec.msgpack.Decoder(tuple[ShownLine, ...])


class DismissedAlerts:
    """What alerts on accounts showed to those who dismissed them (`q:`), and what explains them (`i:`)."""

    def __init__(self, keys: Keyspace) -> None:
        self._keys = keys

    async def show(self, shown: Sequence[Shown]) -> None:
        notes: list[tuple[int, str, bytes, int, tuple[object, ...]]] = []
        for account, alert_id, lines, banned, reasons in shown:
            one, other = self._keys.addresses.account(account), self._keys.addresses.account(banned)
            field = alert_id.encode()
            notes.append((self._keys.home(one.raw), f"q:{one.raw.hex()}", field, OPEN_ALERTS_A_BAN, lines))
            notes.append((self._keys.home(other.raw), f"i:{other.tag.hex()}", field, CLEARED_A_BAN, reasons))
        sizes = await self._keys.ask([command(home, "HLEN", name) for home, name, *_ in notes])
        known = await self._keys.ask([command(home, "HGET", name, field) for home, name, field, *_ in notes])
        size = {note[:2]: held for note, held in zip(notes, sizes, strict=True)}
        there = {note[:3] for note, held in zip(notes, known, strict=True) if held is not None}
        commands: list[Command] = []
        for home, name, field, most, noted in notes:
            is_known = (home, name, field) in there
            if not noted:
                commands.append(command(home, "HDEL", name, field))
                size[home, name] -= is_known
                there.discard((home, name, field))
            elif is_known or size[home, name] < most:
                commands.append(command(home, "HSET", name, field, msgspec.msgpack.encode(noted)))
                size[home, name] += not is_known
                there.add((home, name, field))
        await write(self._keys, commands)

    async def shown(self, accounts: Sequence[str]) -> list[dict[str, tuple[ShownLine, ...]]]:
        digests = [self._keys.addresses.account(account).raw for account in accounts]
        found = await self._keys.ask([named(self._keys, "HGETALL", "q", digest) for digest in digests])
        return [
            {of.decode(): _LINES.decode(lines) for of, lines in zip(raw[::2], raw[1::2], strict=True)}
            for raw in found
        ]

    async def cleared(self, account: str) -> Mapping[str, int]:
        """The dismissed alerts on a ban, by what explains them."""
        (raw,) = await self._keys.ask([self._of_ban(account, "HGETALL")])
        return Counter(reason for packed in raw[1::2] for reason in _REASONS.decode(packed))

    async def end(self, accounts: Sequence[str]) -> None:
        """Forgets what explains dismissed alerts on bans that are gone."""
        await write(self._keys, [self._of_ban(account, "DEL") for account in accounts])

    def _of_ban(self, account: str, verb: str) -> Command:
        banned = self._keys.addresses.account(account)
        return command(self._keys.home(banned.raw), verb, f"i:{banned.tag.hex()}")

    async def empty(self, accounts: Sequence[str]) -> None:
        """Forgets what alerts on deleted accounts showed, but not that they did."""
        digests = [self._keys.addresses.account(account).raw for account in accounts]
        found = await self._keys.ask([named(self._keys, "HGETALL", "q", digest) for digest in digests])
        empty = msgspec.msgpack.encode(())
        await write(
            self._keys,
            [
                named(self._keys, "HSET", "q", digest, field, empty)
                for digest, raw in zip(digests, found, strict=True)
                for field in raw[::2]
            ],
        )
