"""Which pairs cannot alert whatever a full comparison says: told in a few microseconds, before one is made.

Two kinds of pairs are most of them. Those that share a key of their names and nothing else:
:func:`samehand.score.score` holds a pair of names alone below `possible` where both sides show something else
that differs (unless one is back at once under both names), so it is enough to see that nothing but the names
*can* agree. And those that share a default picture or a cliché and no name: there it is enough that what may
agree, each at its best, does not weigh as much as an alert (:mod:`samehand.most`). What a signal here calls
apart, its own comparison must call different (`tests/samehand/test_hopeless.py` holds every pair set aside to
its full score).

Of a stored record hardly anything is read. Digests are kept as they are, so that two sides which share one
show its bytes: where none of ours stands anywhere in a record, no digest agrees. Only pictures and texts,
which may resemble each other without being equal, are looked up by their places, and names are read last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import eq
from typing import Any, Final

from samehand.fingerprint import Fingerprint, Opened, moment_of, pepper_of, section, sections_begin
from samehand.frequency import Frequencies
from samehand.glance import Glance
from samehand.most import Most, Tops
from samehand.score import IDENTIFYING
from samehand.signals import POSITION, SIGNALS
from samehand.signals.avatar import ALIKE_BITS, AVATAR, PDQ_BYTES, AvatarTrait, distance
from samehand.signals.bio import ALIKE_BYTES, BIO, SIGNATURE_BYTES, BioTrait, agreeing, agreeing_with
from samehand.signals.contact import ContactTrait
from samehand.signals.crossing import CROSSING, Names, names_of
from samehand.signals.digest import DIGEST_BYTES
from samehand.signals.email import DISPOSABLE, EMAIL, EmailTrait
from samehand.signals.handle import HANDLE
from samehand.signals.mention import MENTION, MentionTrait
from samehand.signals.name import NAME
from samehand.signals.phone import PhoneTrait
from samehand.signals.reach import REACH, names_an_address, reach_of
from samehand.signals.timing import HOUR_SECONDS
from samehand.weights import Weights


def _emails(ours: EmailTrait, theirs: EmailTrait) -> bool:
    return (
        ours.local == theirs.local
        or ours.mailbox == theirs.mailbox
        or (ours.disposable and theirs.disposable)
    )


def _phones(ours: PhoneTrait, theirs: PhoneTrait) -> bool:
    return ours.block == theirs.block or ours.number == theirs.number


def _pictures(ours: AvatarTrait, theirs: AvatarTrait) -> bool:
    views = ((pdq, theirs.pdq) for pdq in (ours.pdq, *ours.variants))
    others = ((ours.pdq, pdq) for pdq in theirs.variants)
    return any(distance(*pair) <= ALIKE_BITS for pair in (*views, *others))


def _texts(ours: BioTrait, theirs: BioTrait) -> bool:
    return agreeing(ours.signature, theirs.signature) >= ALIKE_BYTES


def _contacts(ours: ContactTrait, theirs: ContactTrait) -> bool:
    if not ours.points and not theirs.points:
        return False
    there = {digest for digest, _ in theirs.points}
    here = [digest for digest, _ in ours.points]
    return not (there.isdisjoint(here) and there.isdisjoint(ours.own) and set(theirs.own).isdisjoint(here))


def _mentions(ours: MentionTrait, theirs: MentionTrait) -> bool:
    return ours.listed or theirs.listed


# Whether two traits may agree. A signal that is not here may, as soon as both sides show it.
_MAY_AGREE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "email": _emails,
    "phone": _phones,
    "device": eq,
    "payment": eq,
    "avatar": _pictures,
    "bio": _texts,
    "contact": _contacts,
    "mention": _mentions,
}
_NAMES: Final = frozenset(("handle", "name"))
_AVATAR: Final = AVATAR.code
_BIO: Final = BIO.code
_EMAIL_CODE: Final = EMAIL.code
_MENTION: Final = MENTION.code
_CONTACT: Final = POSITION["contact"]
_EMAIL: Final = POSITION["email"]
_PHONE: Final = POSITION["phone"]
_ROUNDING: Final = 1e-6
_SECOND: Final = 1.0  # what a record rounds its moment by


class Sieve:
    """Sets hopeless pairs aside, for one table of weights; made once, asked for every candidate."""

    def __init__(self, weights: Weights) -> None:
        """Reads from the table which signals may alert: those not never alone, beside the names."""
        able = [
            one for one in SIGNALS if one.name not in _NAMES and not weights.signals[one.name].never_alone
        ]
        checks = [
            (POSITION[one.name], one.name in IDENTIFYING, _MAY_AGREE.get(one.name, _always)) for one in able
        ]
        # Those that are told apart fastest and differ most often first.
        self._checks = tuple(sorted(checks, key=lambda check: not check[1]))
        self._able = able
        self._tops = Tops(weights)
        # Sums of floats differ in their last bits with the order in which they are added.
        self._alerting_min = weights.log_odds_at(weights.alerting_min) - _ROUNDING
        self._sound = all(
            _speaks_against(weights, name, level)
            for name, level in (*((one.name, "different") for one in able), ("platform", "another"))
        )

    def hopeless_among(
        self, several: Sequence[Fingerprint], records: Sequence[bytes], frequencies: Frequencies
    ) -> list[bool]:
        """Whether the full score of each packed record that an account meets must stay below `possible`.

        Never true of a pair that would have alerted, whichever of the two is the banned one. ``several`` are
        the account's fingerprints, one a pepper. A record of none of these peppers is not hopeless: whoever
        compares it finds out.

        Raises:
            UnreadableFingerprint: a record is damaged where it had to be read.
        """
        told = [False] * len(records)
        if self._sound and records:
            joined = b"".join(records)
            for one in several:
                self._tell(one, self._looked_for(one, frequencies), records, joined, told)
        return told

    def _tell(
        self, ours: Fingerprint, sought: Glance, records: Sequence[bytes], joined: bytes, told: list[bool]
    ) -> None:
        bearing, pepper_id, apart = _bearing(sought.digests, records, joined), ours.pepper_id, self._apart
        for place, record in enumerate(records):
            try:
                if pepper_of(record) != pepper_id:
                    continue
                if place not in bearing:
                    told[place] = apart(sought, record)
                    continue
            except (IndexError, ValueError):
                pass  # damaged: who reads its traits says how
            told[place] = self._trait_by_trait(ours, sought, Opened(record))

    def _apart(self, sought: Glance, record: bytes) -> bool:
        """Whether a pair that shares no digest of a signal which may alert is hopeless."""
        begins = sections_begin(record)
        if sought.anything_else and _anything_else(sought, record, begins):
            return False
        text = None if sought.bio is None else _text(sought.bio, record, begins)
        picture = _picture(sought.pictures, record, begins)
        if (
            text is None
            and not picture
            and not sought.telling.isdisjoint(begins)
            and not _at_once(sought, record)
        ):
            return True
        return (
            self._tops.sound
            and sought.most.beside_names(record, picture=picture, text=text) < self._alerting_min
            and _names_unlike(sought.names, record)
        )

    def _looked_for(self, ours: Fingerprint, frequencies: Frequencies) -> Glance:
        shown = [one for one in self._able if ours.traits[POSITION[one.name]] is not None]
        names = {one.name for one in shown}
        avatar = ours.trait("avatar") if "avatar" in names else None
        bio = ours.trait("bio") if "bio" in names else None
        email, mention = ours.trait("email"), ours.trait("mention")
        disposable = "email" in names and isinstance(email, EmailTrait) and email.disposable
        unread = tuple(one.code for one in shown if one.name not in _MAY_AGREE)
        return Glance(
            at=ours.at,
            names=names_of(ours.trait("handle"), ours.trait("name")),
            most=Most(self._tops, ours, frequencies),
            digests=tuple(dict.fromkeys(_digests(ours))),
            pictures=tuple(map(_number, (avatar.pdq, *avatar.variants)))
            if isinstance(avatar, AvatarTrait)
            else (),
            bio=_number(bio.signature) if isinstance(bio, BioTrait) else None,
            anything_else=disposable or "mention" in names or bool(unread),
            disposable=disposable,
            mentions="mention" in names,
            listed="mention" in names and isinstance(mention, MentionTrait) and mention.listed,
            telling=frozenset(one.code for one in shown if one.name in IDENTIFYING),
            unread=unread,
        )

    def _trait_by_trait(self, ours: Fingerprint, sought: Glance, theirs: Opened) -> bool:
        differs = False
        here, there = ours.traits, theirs.traits
        for place, identifying, may_agree in self._checks:
            mine, other = here[place], there[place]
            if mine is None or other is None:
                continue
            if may_agree(mine, other):
                return False
            differs = differs or identifying
        return differs and not _reaches(ours, theirs) and not _at_once(sought, theirs.record)


def _bearing(digests: Iterable[bytes], records: Sequence[bytes], joined: bytes) -> set[int]:
    """The places of the records that show any of the digests, and perhaps of others that do not."""
    bearing: set[int] = set()
    ends: list[int] = []
    for digest in digests:
        at = joined.find(digest)
        while at >= 0:
            ends = ends or list(accumulate(map(len, records)))
            place = bisect_right(ends, at)
            bearing.add(place)
            at = joined.find(digest, ends[place])
    return bearing


# Behind one byte each (a length, a quality) stand signature and hash.


def _text(sought: int, record: bytes, begins: dict[int, int]) -> BioTrait | None:
    """The record's text where it is like ours."""
    if not (at := begins.get(_BIO)):
        return None
    signature = record[at + 1 : at + 1 + SIGNATURE_BYTES]
    return BioTrait(signature, record[at]) if agreeing_with(sought, signature) >= ALIKE_BYTES else None


def _picture(sought: tuple[int, ...], record: bytes, begins: dict[int, int]) -> bool:
    """Whether the record's picture is like one of ours."""
    if not sought or not (at := begins.get(_AVATAR)):
        return False
    picture = int.from_bytes(record[at + 1 : at + 1 + PDQ_BYTES], "big")
    for one in sought:  # noqa: SIM110  # most accounts show one: `any` would take longer than that
        if (one ^ picture).bit_count() <= ALIKE_BITS:
            return True
    return False


def _anything_else(sought: Glance, record: bytes, begins: dict[int, int]) -> bool:
    """Whether any other trait that is no digest may agree."""
    if sought.mentions and (at := begins.get(_MENTION)) and (sought.listed or record[at]):
        return True
    if (
        sought.disposable
        and (at := begins.get(_EMAIL_CODE))
        and record[at + 2 * DIGEST_BYTES + 1] & DISPOSABLE
    ):
        return True
    return bool(sought.unread) and not begins.keys().isdisjoint(sought.unread)


def _names_unlike(ours: Names, record: bytes) -> bool:
    """Whether neither a name of the record resembles ours nor one kind of name the other."""
    theirs = _names_of(record)
    return (
        (ours.handle is None or theirs.handle is None or HANDLE.unlike(ours.handle, theirs.handle))
        and (ours.name is None or theirs.name is None or NAME.unlike(ours.name, theirs.name))
        and CROSSING.unlike(ours, theirs)
    )


def _names_of(record: bytes) -> Names:
    handle, name = section(record, HANDLE.code), section(record, NAME.code)
    return Names(
        None if handle is None else HANDLE.unpack(handle), None if name is None else NAME.unpack(name)
    )


def _digests(fingerprint: Fingerprint) -> list[bytes]:
    """Every digest of an account that may stand in the record of another that has it, too."""
    email, phone, contact = (fingerprint.traits[place] for place in (_EMAIL, _PHONE, _CONTACT))
    found = [
        one for one in (fingerprint.trait("device"), fingerprint.trait("payment")) if isinstance(one, bytes)
    ]
    if isinstance(email, EmailTrait):
        found += email.mailbox, email.local
    if isinstance(phone, PhoneTrait):
        found += phone.number, phone.block
    if isinstance(contact, ContactTrait):
        found += [digest for digest, _ in contact.points]
        found += contact.own
    return found


def _at_once(ours: Glance, record: bytes) -> bool:
    """Whether one may be back under both names within the hour of the other's ban."""
    at = moment_of(record)
    if ours.at is None or at is None or abs(ours.at - at) > HOUR_SECONDS + _SECOND:
        return False
    theirs = _names_of(record)
    return (
        ours.names.handle is not None
        and theirs.handle is not None
        and ours.names.name is not None
        and theirs.name is not None
        and not HANDLE.unlike(ours.names.handle, theirs.handle)
        and not NAME.unlike(ours.names.name, theirs.name)
    )


def _reaches(ours: Fingerprint, theirs: Opened) -> bool:
    """Whether one's profile names the other's own address."""
    here, there = ours.traits, theirs.traits
    if not (names_an_address(here[_CONTACT]) or names_an_address(there[_CONTACT])):
        return False
    mine, other = (reach_of(one[_CONTACT], one[_EMAIL], one[_PHONE]) for one in (here, there))
    return REACH.meets(mine, other)


def _number(hashed: bytes) -> int:
    return int.from_bytes(hashed, "big")


def _always(_ours: object, _theirs: object) -> bool:
    return True


def _speaks_against(weights: Weights, signal: str, level: str) -> bool:
    """Whether a difference cannot, in a table of somebody's own, speak for a pair."""
    return weights.signals[signal].as_shipped.get(level, 0.0) <= 0.0
