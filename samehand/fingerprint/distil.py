"""A fingerprint: what is kept of an account, and nothing from which a personal value could be read.

It is the unit of comparison and of storage. Personal traits are keyed digests; public ones are folded.
Its packed form describes itself (one section a signal): a record written before a signal existed still
reads, and the section of a signal that no longer exists is skipped. The form is short, since a store keeps
one record for each of a million banned accounts. A change to it, or to what any signal packs, raises
``RECORD_VERSION``: a record of another version is refused, never misread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from samehand.account import Account
from samehand.blocking.spellings import WORD_LENGTH_MAX
from samehand.encoding.interned import PLATFORMS, STRATA
from samehand.errors import UnreadableFingerprint
from samehand.frequency.strata import stratum_of
from samehand.keys import Key
from samehand.normalize.contact.contacts import own_points
from samehand.normalize.text.fold import FOLD_VERSION, fold_bio, fold_handle, fold_name
from samehand.signals import BY_CODE, LISTED, PAIRWISE, POSITION, SIGNALS
from samehand.signals.base import PairSignal, Signal
from samehand.signals.contact import POINTS_MAX, contacts_of
from samehand.signals.name import WORDS_MAX

Keyer = Callable[[str, bytes], bytes]
"""Makes the digest of a personal value: (domain, value) to 10 bytes. Domains keep kinds apart."""

RECORD_VERSION: Final = 7
_DAY_SECONDS: Final = 86_400
_SECTION_LENGTH_MAX: Final = 0xFFFF
_EMPTY: Final = 0x80  # added to the code of a section without a payload, which then has no length either
_CODE_MAX: Final = _EMPTY - 1
MOMENT_AT: Final = 3
_AT_ENDS: Final = 7
# By a section's code: the place of its trait and the function that reads it. Looked up for every pair.
_READERS: Final = {code: (POSITION[signal.name], signal.unpack) for code, signal in BY_CODE.items()}
_OTHERS: Final = 0x40  # added to the code of a signal, for its values but the latest
_LISTED: Final = {signal.code | _OTHERS: (POSITION[signal.name], signal) for signal in LISTED}
_AT_LATER: Final = 0xFFFFFFFF  # stands for a moment from 2106 on, which five further bytes hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The traits of one account, in the order of :data:`samehand.signals.SIGNALS`; absent is ``None``.

    ``at`` is the account's moment in Unix seconds (creation of a new account, ban of a banned one); a
    midnight stands for its whole day (:func:`is_day`).
    ``pepper_id`` names the secret under which its digests were made: only digests of one secret compare.
    ``stratum`` is the script and language within which the commonness of its names is judged.
    """

    platform: str
    traits: tuple[object | None, ...]
    stratum: str
    at: float | None = None
    pepper_id: int = 0
    fold_version: int = FOLD_VERSION

    def trait(self, signal: str) -> object | None:
        """The trait of one signal by its name, or ``None`` where the account shows nothing."""
        return self.traits[POSITION[signal]]

    @property
    def at_is_day(self) -> bool:
        """True if the moment is known only to the day."""
        return self.at is not None and is_day(self.at)


def is_day(at: float) -> bool:
    """Returns whether a moment (Unix seconds) stands for its whole day: a UTC midnight, to the second.

    A date without a time is read as a midnight. One true moment in 86,400 is a midnight, too, and loses what
    a few hours would tell.
    """
    return int(at) % _DAY_SECONDS == 0


def distil(account: Account, keyer: Keyer, *, at: float | None, pepper_id: int = 0) -> Fingerprint:
    """The fingerprint of an account: every trait that it shows, without raw personal values.

    ``at`` is its moment in Unix seconds; ``keyer`` makes digests under the pepper ``pepper_id``.
    """
    # Platforms ask for Latin letters in handles, whatever people write otherwise.
    name = account.display_name or ""
    written = name if any(map(str.isalpha, name)) else account.handle or ""
    return Fingerprint(
        platform=account.platform,
        traits=tuple(signal.distil(account, keyer) for signal in SIGNALS),
        stratum=stratum_of(written, account.locale, account.kind),
        at=at,
        pepper_id=pepper_id,
    )


def joined(latest: Fingerprint, former: Fingerprint, days: int) -> Fingerprint:
    """The fingerprint of an account that had another one so many days before: it has those values as well.

    Both are of one pepper.
    """
    traits: list[Any] = list(latest.traits)
    for place, signal in _LISTED.values():
        traits[place] = signal.joined(traits[place], former.trait(signal.name), days)
    return replace(latest, traits=tuple(traits))


def enrolment_keys(fingerprint: Fingerprint) -> list[Key]:
    """The blocking keys under which an account is listed, each once."""
    return list(dict.fromkeys(key for signal, trait in _shown(fingerprint) for key in signal.keys(trait)))


def query_keys(fingerprint: Fingerprint) -> list[Key]:
    """The blocking keys by which an account is looked up: those of enrolment, and those for queries only."""
    return list(
        dict.fromkeys(
            key
            for signal, trait in _shown(fingerprint)
            for keys in (signal.keys(trait), signal.probes(trait))
            for key in keys
        )
    )


def _shown(fingerprint: Fingerprint) -> list[tuple[Signal[Any] | PairSignal[Any], Any]]:
    shown: list[tuple[Any, Any]] = list(zip(SIGNALS, fingerprint.traits, strict=True))
    shown += [(signal, signal.of(fingerprint.trait)) for signal in PAIRWISE]
    return [(signal, trait) for signal, trait in shown if trait is not None]


def pack(fingerprint: Fingerprint) -> bytes:
    """The stored form: a header, then a section (code, length, payload) for each trait that is present.

    Raises:
        UnreadableFingerprint: a section would be longer than 65,535 bytes.
    """
    # Whole seconds, at least 1, in four bytes (nine from 2106 on); 0 stands for no moment.
    seconds = 0 if fingerprint.at is None else max(1, int(fingerprint.at))
    later = b"" if seconds < _AT_LATER else seconds.to_bytes(5, "big")
    parts = [
        bytes((RECORD_VERSION, fingerprint.fold_version, fingerprint.pepper_id)),
        min(seconds, _AT_LATER).to_bytes(4, "big") + later,
        PLATFORMS.pack(fingerprint.platform),
        STRATA.pack(fingerprint.stratum),
    ]
    for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True):
        if trait is None:
            continue
        payload = signal.pack(trait)
        if len(payload) > _SECTION_LENGTH_MAX:
            raise UnreadableFingerprint(
                f"the {signal.name} section has {len(payload):,} bytes, more than {_SECTION_LENGTH_MAX:,}"
            )
        size = len(payload)
        if not size:
            parts.append(bytes((signal.code | _EMPTY,)))
            continue
        parts += (bytes((signal.code,)), _length(size), payload)
    for code, (place, listed) in _LISTED.items():
        held: Any = fingerprint.traits[place]
        if held is not None and (payload := listed.pack_others(held)):
            parts += (bytes((code,)), _length(len(payload)), payload)
    return b"".join(parts)


def _length(size: int) -> bytes:
    return bytes((size,)) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")


def unpack(record: bytes) -> Fingerprint:
    """Reads a stored record.

    Raises:
        UnreadableFingerprint: the bytes are no record of a version that this code reads.
    """
    try:
        at, platform, where, here = _header(record)
        fold_version, pepper_id = record[1], record[2]
        traits: list[Any] = [None] * len(SIGNALS)
        end = len(record)
        while here < end:
            code = record[here] & _CODE_MAX
            length, here = (0, here + 1) if record[here] & _EMPTY else (record[here + 1], here + 2)
            if length == 0xFF:
                length, here = int.from_bytes(record[here : here + 2], "big"), here + 2
            payload = record[here : here + length]
            if len(payload) != length:
                raise UnreadableFingerprint("the record ends in the middle of a section")
            if code in _READERS:
                place, read = _READERS[code]
                traits[place] = read(payload)
            elif code in _LISTED:
                place, listed = _LISTED[code]
                if (latest := traits[place]) is not None:
                    traits[place] = listed.unpack_others(latest, payload)
            here += length
    except UnreadableFingerprint:
        raise
    except (IndexError, UnicodeDecodeError, ValueError) as fault:
        raise UnreadableFingerprint(
            f"the bytes are no fingerprint record ({type(fault).__name__})"
        ) from fault
    return Fingerprint(
        platform=platform,
        traits=tuple(traits),
        stratum=where,
        at=at,
        pepper_id=pepper_id,
        fold_version=fold_version,
    )


def moment_of(record: bytes) -> float | None:
    """The moment of a record, Unix seconds, ``None`` where it has none.

    Raises:
        UnreadableFingerprint, IndexError, UnicodeDecodeError: the bytes are no record.
    """
    return _header(record)[0]


def _header(record: bytes) -> tuple[float | None, str, str, int]:
    """Moment, platform, stratum, and the offset where the sections begin."""
    if record[0] != RECORD_VERSION:
        raise UnreadableFingerprint(
            f"the record has version {record[0]}; this program reads version {RECORD_VERSION}"
        )
    seconds, here = int.from_bytes(record[MOMENT_AT:_AT_ENDS], "big"), _AT_ENDS
    if seconds == _AT_LATER:
        seconds, here = int.from_bytes(record[here : here + 5], "big"), here + 5
    platform, here = PLATFORMS.unpack(record, here)
    where, here = STRATA.unpack(record, here)
    return float(seconds) if seconds else None, platform, where, here


def unread_fields(account: Account) -> tuple[str, ...]:
    """The fields that were read in part only, so that a value missing there may merely not have been read.

    Any of `handle`, `display_name`, `bio` and `links`, in this order.
    """
    folded = fold_handle(account.handle, account.platform) if account.handle else None
    name = fold_name(account.display_name) if account.display_name else None
    whole = {
        "handle": folded is None or (folded.whole and len(folded.base) <= WORD_LENGTH_MAX),
        "display_name": name is None
        or (
            name.whole
            and len(name.tokens) <= WORDS_MAX
            and all(len(word) <= WORD_LENGTH_MAX for word in name.tokens)
        ),
    }
    if account.bio or account.links:
        # Whether their contact points were kept, too: first those of the links, then those of the bio.
        contacts = contacts_of(account)
        own = own_points(account.handle, account.platform) if account.handle else ()
        kept = [place for place, point in enumerate(contacts.points) if point not in own]
        left_out = kept[POINTS_MAX:]
        whole["bio"] = (
            fold_bio(account.bio or "").whole
            and contacts.bio_whole
            and not any(place >= contacts.of_links for place in left_out)
        )
        whole["links"] = contacts.links_whole and not any(place < contacts.of_links for place in left_out)
    return tuple(field for field, is_whole in whole.items() if not is_whole)
