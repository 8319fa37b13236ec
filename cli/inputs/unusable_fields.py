"""Fields of files that could not be used as they came, counted by name and reason for people and programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from agents.common.converters import account_of, fingerprints_of, unread_of
from cli import output
from cli.inputs.input_files import InputLine
from report.text import plural
from schemas.accounts import Account, AccountEvent
from schemas.malformed import Malformed
from schemas.unusable import Unusable

_NOTHING: Final = b""  # what is distilled here is thrown away: any digest will do


@dataclass(slots=True)
class UnusableFields:
    """How often each field was left out, or only a part of it was read. Both are words of the schema."""

    counts: Counter[Unusable] = field(default_factory=Counter)

    def add(self, line: InputLine[AccountEvent], *, pictures: bool = True) -> None:
        """Counts what is unusable about a line; without ``pictures`` these are not decoded, which is slow."""
        self.counts.update(line.unusable)
        if not isinstance(line.outcome, Malformed):
            self.counts.update(_unread(line.outcome, pictures=pictures))

    @property
    def figures(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for unusable, count in sorted(self.counts.items()):
            counts.setdefault(unusable.field, {})[str(unusable.reason)] = count
        return counts

    def tell(self) -> None:
        """A line for each on standard error."""
        for unusable, count in sorted(self.counts.items()):
            output.note(
                f"{unusable.field}: {unusable.reason} in {plural(count, 'record')}. "
                f"{unusable.reason.sentence}"
            )


def _unread(event: AccountEvent, *, pictures: bool) -> tuple[Unusable, ...]:
    """Fields of the right form that mean nothing. Only those that can be so are distilled."""
    given = event.account
    few = Account(
        account_id=given.account_id,
        email=given.email,
        phone=given.phone,
        ip=given.ip,
        avatar=given.avatar if pictures else None,
    )
    if not few.given:
        return ()
    account = account_of(event.platform, replace(few, avatar=None))
    (fingerprint,) = fingerprints_of(account, ((1, lambda domain, value: _NOTHING),), at=None)
    return unread_of(few, fingerprint)
