"""The invitations to a channel or a group: what both lead to, and what one prints of the other's.

The signal stores nothing of its own: the digest of an invitation is that of a contact point that prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.signals.base import Example, Levels, Most, PairSignalBase, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.contact import ContactTrait
from samehand.signals.context import ComparisonContext
from samehand.signals.runs import RunsTrait

_INVITES: Final = frozenset(("telegram-invite", "whatsapp-invite", "discord-invite"))


class Invitations(NamedTuple):
    """Digests of the invitations to an account, as its platform states them, and of those that it prints."""

    own: frozenset[bytes]
    printed: frozenset[bytes]


class InvitationSignal(PairSignalBase):
    """One invitation leads to both, or one of them prints the other's."""

    name = "invitation"
    beyond = frozenset(("contact",))
    sentences: Mapping[str, str] = {
        "same-invite": "One invitation leads to both.",
        "printed": "One prints the other's invitation, as anybody can.",
    }

    def of(self, trait: Traits) -> Invitations | None:
        """The invitations of an account; ``None`` where it has and prints none."""
        own, contact = _invites(trait), trait("contact")
        points = contact.points if isinstance(contact, ContactTrait) else ()
        printed = [digest for digest, kind in points if kind in _INVITES]
        return Invitations(frozenset(own), frozenset(printed)) if own or printed else None

    def keys(self, invitations: Invitations) -> Iterable[Key]:
        """The invitations to the account: those that it prints are listed as contact points."""
        return [key_of(KeyKind.CONTACT, digest) for digest in sorted(invitations.own)]

    def most(
        self, invitations: Invitations, context: ComparisonContext, table: Levels, *, banned: bool
    ) -> Most:
        """The weight of sharing each invitation."""
        by_key = {}
        for level, digests in (("printed", invitations.printed), ("same-invite", invitations.own)):
            for digest in digests:
                rate = context.shared(KeyKind.CONTACT, digest, context.u(self.name, level), owned=True)[0]
                by_key[key_of(KeyKind.CONTACT, digest)] = table.nats(level, rate)
        return Most(by_key=by_key)

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        """The closest of the levels, with the other; ``None`` where no invitation leads to both.

        An account that was there before it could be named is none that was named.
        """
        if not (_invites(ours) or _invites(theirs)):  # as with nearly every pair
            return None
        mine, other = self.of(ours), self.of(theirs)
        if mine is None or other is None:
            return None
        claimed = (mine.own & other.printed) | (mine.printed & other.own) if context.came_after else ()
        comparisons = []
        for level, digests in (("same-invite", mine.own & other.own), ("printed", claimed)):
            shipped = context.u(self.name, level)
            if digests:  # the rarest: an invitation that a crowd prints hides no other
                counted = [context.shared(KeyKind.CONTACT, digest, shipped, owned=True) for digest in digests]
                comparisons.append(Comparison(level, *min(counted), shipped))
        return replace(comparisons[0], also=tuple(comparisons[1:])) if comparisons else None

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, in both directions, and what contact points say already."""
        invited, prints = _invited("t.me/+AbCdEf123456"), _printing("join t.me/+AbCdEf123456")
        return (
            Example(invited, _invited("https://t.me/joinchat/AbCdEf123456"), "same-invite"),
            Example(_invited("https://discord.gg/xYz12345"), _invited("discord.gg/xYz12345"), "same-invite"),
            Example(invited, prints, "printed"),
            Example(prints, invited, "printed"),
            Example(prints, prints, None),
            Example(invited, _invited("t.me/+ZzYyXx987654"), None),
        )


def _invites(trait: Traits) -> tuple[bytes, ...]:
    runs = trait("runs")
    return runs.invites if isinstance(runs, RunsTrait) else ()


def _invited(link: str) -> Account:
    return Account(platform="telegram", account_id="group:1", kind="group", invite_links=(link,))


def _printing(bio: str) -> Account:
    return Account(platform="telegram", account_id="1", bio=bio)


INVITATION: Final = InvitationSignal()
