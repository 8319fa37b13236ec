"""Contact points: where an account asks to be reached, and which of them are the account itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.contact.contacts import ContactPoint, Contacts, own_points, read_contacts
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.digest import DIGEST_BYTES, MASK

# Shorter than the digests of personal values, since a record of nearly every banned account holds two for its
# own handle: among a million accounts two points share a digest in one of ten million stores.
POINT_BYTES: Final = 8
POINTS_MAX: Final = 8  # points that are kept, the first ones; a profile that names more is a directory

# The kinds of points in the order of their stored numbers; append, never reorder.
_KINDS: Final = (
    *("telegram-invite", "whatsapp-invite", "discord-invite", "whatsapp", "phone", "email"),
    *("telegram", "profile", "handle", "url", "former", "wallet", "elsewhere"),
)
# Kinds that name an account. Where the profile calls that account its own, the point is kept as "former".
_ACCOUNTS: Final = frozenset(("telegram", "profile", "handle"))
_HERE: Final = _ACCOUNTS | {"former"}
# The handle of a profile on a named platform, under which its owner may come on any other.
_ELSEWHERE: Final = "elsewhere"
NAMING: Final = _HERE | {_ELSEWHERE}

# A mailbox or a number has the same digest, of the same length, in a profile and as an account's own: so a
# profile that names it and the account that signed up with it find each other.
_PERSONAL: Final = {"email": KeyKind.EMAIL, "phone": KeyKind.PHONE}


def own_kind(kind: str) -> KeyKind | None:
    """The kind of key under which accounts that signed up with such a point are listed, else ``None``."""
    return _PERSONAL.get(kind)


@dataclass(frozen=True, slots=True)
class ContactTrait:
    """Digests of the points named in bio and links, with their kinds, and of the account's own handle."""

    points: tuple[tuple[bytes, str], ...]
    own: tuple[bytes, ...]


class ContactSignal(SignalBase[ContactTrait]):
    """Both accounts ask to be reached at the same place, or one names the other."""

    name = "contact"
    code = 13
    sentences: Mapping[str, str] = {
        "shared": "Both profiles give the same contact point.",
        "announced": "The banned account's profile named this account.",
        "succeeds": "This account's profile calls the banned account its own.",
        "names-it": "This account's profile names the banned account, as critics do too.",
    }

    def distil(self, account: Account, keyer: Keyer) -> ContactTrait | None:
        """Digests of the contact points; ``None`` where there is neither a point nor a handle."""
        read = contacts_of(account)
        own = own_points(account.handle, account.platform) if account.handle else ()
        mine = tuple(digest_of(point, keyer) for point in own)
        points = {
            digest_of(point, keyer): "former"
            if point in read.claimed and point.kind in _ACCOUNTS
            else point.kind
            for point in read.points
            if point not in own
        }
        for point in read.points:
            if point.kind in ("telegram", "profile"):
                anywhere = ContactPoint("handle", point.value.rpartition(":")[2])
                if anywhere not in own:
                    points.setdefault(digest_of(anywhere, keyer), _ELSEWHERE)
        if not points and not mine:
            return None
        return ContactTrait(tuple(points.items())[:POINTS_MAX], mine)

    def pack(self, trait: ContactTrait) -> bytes:
        """The number of own digests, those digests, then (kind, digest) for each point."""
        return b"".join(
            (
                bytes((len(trait.own),)),
                *trait.own,
                *(
                    bytes((_KINDS.index(kind) if kind in _KINDS else 0xFF,)) + digest
                    for digest, kind in trait.points
                ),
            )
        )

    def unpack(self, payload: bytes) -> ContactTrait:
        here = 1 + payload[0] * POINT_BYTES
        own = tuple([payload[at : at + POINT_BYTES] for at in range(1, here, POINT_BYTES)])
        points = []
        while here < len(payload):
            kind = _KINDS[payload[here]] if payload[here] < len(_KINDS) else "other"
            start, here = here + 1, here + 1 + (POINT_BYTES if own_kind(kind) is None else DIGEST_BYTES)
            points.append((payload[start:here], kind))
        if here != len(payload):
            raise ValueError(
                f"a contact section has {len(payload)} bytes; its last contact point ends at {here}"
            )
        return ContactTrait(tuple(points), own)

    def keys(self, trait: ContactTrait) -> Iterable[Key]:
        """Every point that the profile names, and the account's own, by which profiles that name it find it.

        The two have different kinds: that two accounts have the same handle is for the handle signal to say.
        """
        return (
            *(key_of(KeyKind.CONTACT, digest) for digest, _ in trait.points),
            *(key_of(KeyKind.OWN_CONTACT, digest) for digest in trait.own),
        )

    def probes(self, trait: ContactTrait) -> Iterable[Key]:
        """The keys of profiles that name this account, and of accounts that its own profile names."""
        return (
            *(key_of(KeyKind.CONTACT, digest) for digest in trait.own),
            *(key_of(KeyKind.OWN_CONTACT, digest) for digest, kind in trait.points if kind in NAMING),
        )

    def counts(self, trait: ContactTrait) -> Iterable[Key]:
        """Every point that the profile names."""
        return (key_of(KeyKind.CONTACT, digest) for digest, _ in trait.points)

    def compare(
        self, ours: ContactTrait, theirs: ContactTrait, context: ComparisonContext
    ) -> Comparison | None:
        """A shared point, the banned account naming this one, this one naming it: the first, with the others.

        ``None`` where none of them holds. An account that had its handle before it was named is no successor:
        otherwise a banned account would name its victims.
        """
        if not ours.points and not theirs.points:
            return None
        named_there = dict(theirs.points)
        shared = [
            (digest, kind)
            for digest, kind in ours.points
            if _ELSEWHERE not in (kind, named_there.get(digest, _ELSEWHERE))
        ]
        ours_to_theirs = {kind for digest, kind in ours.points if digest in theirs.own} - {_ELSEWHERE}
        comparisons: list[Comparison] = []
        if shared:
            points = []
            for digest, kind in shared:
                shipped = _unshared(kind, context)
                rate, crowd = context.shared(KeyKind.CONTACT, digest, shipped, owned=True)
                points.append((rate, crowd, shipped, kind))
            several = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
            for rate, crowd, shipped, kind in sorted(points):
                because = f"{self.sentences['shared'][:-1]} ({kind}){several}."
                comparisons.append(Comparison("shared", rate, crowd, shipped, because=because))
        # A handle of no named platform is one of the same platform; those of others are for `reach` to price.
        here = ours.own if context.platforms[0] == context.platforms[1] else ours.own[:1]
        if context.named_first and any(named_there.get(digest) in _HERE for digest in here):
            # Who names eight accounts has announced each of them an eighth as surely.
            named = sum([kind in _HERE for _, kind in theirs.points])
            comparisons.append(Comparison("announced", min(context.u(self.name, "announced") * named, 1.0)))
        if "former" in ours_to_theirs:
            comparisons.append(_said("succeeds", context))
        if ours_to_theirs:
            comparisons.append(_said("names-it", context))
        return replace(comparisons[0], also=tuple(comparisons[1:])) if comparisons else None

    def most(self, trait: ContactTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing each point, of naming the other account, and of being named by it."""
        announced, succeeds, named_it = [
            table.nats(level, context.u(self.name, level)) for level in ("announced", "succeeds", "names-it")
        ]
        naming, named = max(succeeds, named_it), announced
        if banned:
            naming, named = named, naming
        by_key = {key_of(KeyKind.CONTACT, digest): named for digest in trait.own}
        for digest, kind in trait.points:
            if kind == _ELSEWHERE:
                continue
            rate = context.shared(KeyKind.CONTACT, digest, _unshared(kind, context), owned=True)[0]
            by_key[key_of(KeyKind.CONTACT, digest)] = table.nats("shared", rate)
            if kind in _HERE:
                by_key[key_of(KeyKind.OWN_CONTACT, digest)] = naming
        return Most(by_key=by_key)

    def show(self, trait: ContactTrait, quoted: Quoted) -> str:
        """The kinds of the points; their values may be personal and are masked."""
        return ", ".join(sorted({f"{kind} {MASK}" for _, kind in trait.points})) or MASK

    @property
    def examples(self) -> tuple[Example, ...]:
        invitation, wallet = "t.me/+AbCdEf123456", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
        banned = _invites("news", "valley_news")
        return (
            Example(_invites(f"join {invitation}"), _invites(f"new: https://{invitation}"), "shared"),
            Example(
                _invites("news", "valley_2"), _invites("backup: t.me/valley_2", "valley_news"), "announced"
            ),
            Example(_invites("we are t.me/valley_news again", "vnews_back"), banned, "names-it"),
            Example(_invites("backup of @valley_news", "vnews_back"), banned, "succeeds"),
            Example(_invites(f"BTC {wallet}"), _invites(f"donate: {wallet}"), "shared"),
            Example(_invites(f"join {invitation}"), _invites("t.me/+ZzYyXx987654"), None),
        )


def _said(level: str, context: ComparisonContext) -> Comparison:
    return Comparison(level, context.u("contact", level))


def _unshared(kind: str, context: ComparisonContext) -> float:
    return context.u("contact", kind if kind in _KINDS else "url")  # another release's is as common as a page


def contacts_of(account: Account) -> Contacts:
    """The contact points of a profile."""
    return read_contacts(account.bio or "", account.links, account.locale)


def digest_of(point: ContactPoint, keyer: Keyer) -> bytes:
    """The digest under which a contact point is kept and found."""
    if own_kind(point.kind) is not None:
        return keyer(point.kind, point.value.encode("utf-8", "surrogatepass"))
    return keyer("contact", f"{point.kind}:{point.value}".encode("utf-8", "surrogatepass"))[:POINT_BYTES]


def _invites(bio: str, handle: str | None = None) -> Account:
    return Account(platform="telegram", account_id="1", bio=bio, handle=handle)


CONTACT: Final = ContactSignal()
