"""A mailbox, a phone number or a handle that one profile names, and that the other account has.

The signal stores nothing of its own: a profile's contact points and an account's own address are stored
already, and have the same digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, cast

from msgspec.structs import replace

from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.names.handle_trait import HandleTrait
from samehand.signals.base import Example, Levels, Most, PairSignalBase, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.contact import NAMING, ContactTrait, own_kind
from samehand.signals.context import ComparisonContext
from samehand.signals.email import EmailTrait
from samehand.signals.handle import RATE_MIN, rate_of_handle
from samehand.signals.listed import Listed
from samehand.signals.phone import PhoneTrait

_LEVELS: Final = {KeyKind.EMAIL: "mailbox", KeyKind.PHONE: "number"}


class Reach(NamedTuple):
    """The mailboxes and numbers that a profile names, and those with which the account signed up.

    ``handles`` are those that the profile names, of any platform; ``handle`` is the account's own.
    """

    named: frozenset[tuple[KeyKind, bytes]]
    own: frozenset[tuple[KeyKind, bytes]]
    handles: frozenset[bytes] = frozenset()
    handle: tuple[bytes, HandleTrait] | None = None


def reach_of(contact: object, email: object, phone: object, handle: object) -> Reach | None:
    """The :class:`Reach` of an account's traits, each of which may be ``None``; ``None`` if it is empty."""
    own = {(KeyKind.EMAIL, each.mailbox) for each, _ in cast(Listed[EmailTrait] | None, email) or ()}
    own |= {(KeyKind.PHONE, each.number) for each, _ in cast(Listed[PhoneTrait] | None, phone) or ()}
    if not isinstance(contact, ContactTrait):
        return Reach(frozenset(), frozenset(own)) if own else None
    named = {(key, digest) for digest, kind in contact.points if (key := own_kind(kind)) is not None}
    handles = {digest for digest, kind in contact.points if kind in NAMING}
    bears = (contact.own[-1], handle) if contact.own and isinstance(handle, HandleTrait) else None
    return Reach(frozenset(named), frozenset(own), frozenset(handles), bears)


class ReachSignal(PairSignalBase):
    """Who asks to be reached where the other account is reached is reached by the same person."""

    name = "reach"
    beyond = frozenset(("email", "phone", "contact"))
    sentences: Mapping[str, str] = {
        "mailbox": "One account signed up with the mailbox that the other's profile names.",
        "number": "One account signed up with the number that the other's profile names.",
        "handle": "The banned account's profile named this handle on another platform.",
    }

    def of(self, trait: Traits) -> Reach | None:
        """The mailboxes, numbers and handles of an account; ``None`` where it has none."""
        return reach_of(trait("contact"), trait("email"), trait("phone"), trait("handle"))

    def keys(self, reach: Reach) -> Iterable[Key]:
        """No keys of its own: the signals of contact points, e-mail and phone list them."""
        return ()

    def probes(self, reach: Reach) -> Iterable[Key]:
        """The keys of accounts that signed up with what this profile names, and of profiles that name what
        this account signed up with.
        """
        return _keys(reach)

    def most(self, reach: Reach, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing each address, of being named by one's handle, and of naming it."""
        by_key = {}
        if banned:
            rarest = table.nats("handle", context.named_at_least(RATE_MIN))
            by_key = {key_of(KeyKind.OWN_CONTACT, digest): rarest for digest in reach.handles}
        elif reach.handle is not None:
            digest, handle = reach.handle
            rate, *_ = rate_of_handle(handle, context)
            by_key = {key_of(KeyKind.CONTACT, digest): table.nats("handle", rate)}
        for key, (kind, digest) in _keys(reach).items():
            level = _LEVELS[kind]
            by_key[key] = table.nats(
                level, context.shared(kind, digest, context.u(self.name, level), owned=True)[0]
            )
        return Most(by_key=by_key)

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        mine, other = self.of(ours), self.of(theirs)
        return None if mine is None or other is None else self.compare(mine, other, context)

    def compare(self, ours: Reach, theirs: Reach, context: ComparisonContext) -> Comparison | None:
        """The rarest address that one account names and the other has; ``None`` where there is none."""
        comparisons = []
        for kind, digest in sorted((ours.named & theirs.own) | (theirs.named & ours.own)):
            level = _LEVELS[kind]
            shipped = context.u("reach", level)
            rate, crowd = context.shared(kind, digest, shipped, owned=True)
            comparisons.append(Comparison(level, rate, crowd, shipped))
        if context.named_first and ours.handle is not None and ours.handle[0] in theirs.handles:
            comparisons.append(Comparison("handle", *rate_of_handle(ours.handle[1], context)))
        comparisons.sort(key=lambda comparison: comparison.rate or 1.0)
        return replace(comparisons[0], also=tuple(comparisons[1:])) if comparisons else None

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, in both directions, and pairs that share an address otherwise or none."""
        writes = Account(platform="x", account_id="1", email="umar.media@gmail.com")
        rings = Account(platform="x", account_id="1", phone="+92 301 2345678")
        return (
            Example(_says("write: umarmedia@googlemail.com"), writes, "mailbox"),
            Example(writes, _says("mail umar [dot] media [at] gmail.com"), "mailbox"),
            Example(_says("WhatsApp +92 301 2345678"), rings, "number"),
            Example(rings, _says("call 0092 301 2345678"), "number"),
            Example(_says("write: salma@example.org"), writes, None),
            Example(writes, writes, None),
            Example(_called("valley_2"), _says("new: t.me/valley_2"), "handle"),
        )


def _keys(reach: Reach) -> dict[Key, tuple[KeyKind, bytes]]:
    keys = {key_of(kind, digest): (kind, digest) for kind, digest in reach.named}
    return keys | {key_of(KeyKind.CONTACT, digest): (kind, digest) for kind, digest in reach.own}


def _says(bio: str) -> Account:
    return Account(platform="x", account_id="1", bio=bio)


def _called(handle: str) -> Account:
    return Account(platform="x", account_id="1", handle=handle)


OWN_CONTACT: Final = ReachSignal()
