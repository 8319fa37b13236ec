"""A fingerprint: what is kept of an account, and nothing from which a personal value could be read.

It is the unit of comparison and of storage. Personal traits are keyed digests; public ones are folded.
Its packed form is self-describing (a section a signal), so that a record written before a signal
existed still reads, and a signal that is gone is passed over. It is as short as it can be and still be read
on its own: a million banned accounts keep one each. Whoever changes it, or what any signal packs, raises
``RECORD_VERSION``: a record of another version is refused, never misread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from samehand.account import Account
from samehand.errors import UnreadableFingerprint
from samehand.interned import PLATFORMS, STRATA
from samehand.keys import Key
from samehand.normal.fold import FOLD_VERSION
from samehand.normal.scripts import stratum
from samehand.signals import BY_CODE, POSITION, SIGNALS
from samehand.signals.crossing import CROSSING, Names, names_of

Keyer = Callable[[str, bytes], bytes]
"""Makes the digest of a personal value: (domain, value) to 10 bytes. Domains keep kinds apart."""

RECORD_VERSION: Final = 3
_SECTION_LENGTH_MAX: Final = 0xFFFF
_EMPTY: Final = 0x80  # added to the code of a section without a payload, which then has no length either
_CODE_MAX: Final = _EMPTY - 1
_AT: Final = 3
_AT_ENDS: Final = 7
# What reads a section, by its code, and where the trait stands: every pair that is compared goes through it.
_READERS: Final = {code: (POSITION[signal.name], signal.unpack) for code, signal in BY_CODE.items()}
_PLATFORM: Final = 7  # where each stands in a header of one byte a word
_STRATUM: Final = 8
_LAST_PLATFORM: Final = len(PLATFORMS)
_LAST_STRATUM: Final = len(STRATA)
_AT_LATER: Final = 0xFFFFFFFF  # a moment after 2106: five bytes more say when


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The traits of one account, in the order of :data:`samehand.signals.SIGNALS`; absent is ``None``.

    ``at`` is the account's moment in Unix seconds (creation of a new account, ban of a banned one).
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


def distil(account: Account, keyer: Keyer, *, at: float | None, pepper_id: int = 0) -> Fingerprint:
    """Distils an account: every trait that it shows, raw values left behind."""
    return Fingerprint(
        platform=account.platform,
        traits=tuple(signal.distil(account, keyer) for signal in SIGNALS),
        stratum=stratum(f"{account.display_name or ''} {account.handle or ''}", account.locale),
        at=at,
        pepper_id=pepper_id,
    )


def enrolment_keys(fingerprint: Fingerprint) -> list[Key]:
    """The blocking keys under which an account is listed, each once."""
    keys: list[Key] = []
    for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True):
        if trait is not None:
            keys += signal.keys(trait)
    keys += CROSSING.keys(_names(fingerprint))
    return list(dict.fromkeys(keys))


def query_keys(fingerprint: Fingerprint) -> list[Key]:
    """The blocking keys under which an account is looked up: its own, and those only a query tries."""
    keys: list[Key] = []
    for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True):
        if trait is not None:
            keys += signal.probes(trait)
    keys += CROSSING.probes(_names(fingerprint))
    return list(dict.fromkeys(keys))


def _names(fingerprint: Fingerprint) -> Names:
    return names_of(fingerprint.trait("handle"), fingerprint.trait("name"))


def pack(fingerprint: Fingerprint) -> bytes:
    """The stored form: a header, then a section (code, length, payload) a trait that is present."""
    parts = [
        bytes((RECORD_VERSION, fingerprint.fold_version, fingerprint.pepper_id)),
        _moment(fingerprint.at),
        PLATFORMS.pack(fingerprint.platform),
        STRATA.pack(fingerprint.stratum),
    ]
    for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True):
        if trait is None:
            continue
        payload = signal.pack(trait)
        if len(payload) > _SECTION_LENGTH_MAX:
            raise UnreadableFingerprint(f"the {signal.name} section is longer than a record may hold")
        parts += (
            (bytes((signal.code,)), _length(len(payload)), payload)
            if payload
            else (bytes((signal.code | _EMPTY,)),)
        )
    return b"".join(parts)


def unpack(record: bytes) -> Fingerprint:
    """Reads a stored record.

    Raises:
        UnreadableFingerprint: the bytes are no record of a version that this code reads.
    """
    try:
        at, platform, where, here = _header(record)
        fold_version, pepper_id = record[1], record[2]
        traits: list[object | None] = [None] * len(SIGNALS)
        end = len(record)
        while here < end:
            code, payload, here = _section(record, here)
            if code in _READERS:
                place, read = _READERS[code]
                traits[place] = read(payload)
    except UnreadableFingerprint:
        raise
    except (IndexError, UnicodeDecodeError, ValueError) as fault:
        raise UnreadableFingerprint(f"not a fingerprint record: {type(fault).__name__}") from fault
    return Fingerprint(
        platform=platform,
        traits=tuple(traits),
        stratum=where,
        at=at,
        pepper_id=pepper_id,
        fold_version=fold_version,
    )


class Opened:
    """A stored record of which only those traits are read that somebody asks for.

    Most candidates of a look-up are set aside by a trait or two, and reading names takes the longest.
    ``traits[place]`` is the trait of the signal that stands there in :data:`samehand.signals.SIGNALS`.

    Raises:
        UnreadableFingerprint: the bytes are no record; of a trait, when it is asked for.
    """

    __slots__ = ("_start", "pepper_id", "platform", "record")

    def __init__(self, record: bytes) -> None:
        """Reads its header."""
        self.record = record
        try:
            _, self.platform, _, self._start = _header(record)
            self.pepper_id = record[2]
        except (IndexError, UnicodeDecodeError) as fault:
            raise UnreadableFingerprint(f"not a fingerprint record: {type(fault).__name__}") from fault

    @property
    def traits(self) -> Opened:
        """Itself: its traits by their places."""
        return self

    def __getitem__(self, place: int) -> object | None:
        """One trait, read anew; ``None`` where the account shows nothing."""
        signal = SIGNALS[place]
        record, here, payload = self.record, self._start, None
        try:
            while here < len(record):
                code, found, here = _section(record, here)
                if code == signal.code:
                    payload = found
            if payload is None:
                return None
            trait: object = signal.unpack(payload)
        except (IndexError, UnicodeDecodeError, ValueError) as fault:
            raise UnreadableFingerprint(f"not a fingerprint record: {type(fault).__name__}") from fault
        return trait


def section(record: bytes, code: int) -> bytes | None:
    """The payload of one section, without reading any trait; ``None`` where the record has none.

    Raises:
        UnreadableFingerprint, IndexError, ValueError: the record is damaged before it.
    """
    here, end = _sections_start(record), len(record)
    while here < end:
        found = record[here]
        if found < _EMPTY:
            if found == code:
                return _section(record, here)[1]
            length = record[here + 1]
            here += 2
            if length == 0xFF:
                length = int.from_bytes(record[here : here + 2], "big")
                here += 2
            here += length
            if here > end:
                raise UnreadableFingerprint("the record ends in the middle of a section")
        else:
            here += 1
            if found == code | _EMPTY:
                return b""
    return None


def pepper_of(record: bytes) -> int:
    """The number of the pepper of a record. Raises ``IndexError`` where it is no record."""
    return record[2]


def moment_of(record: bytes) -> float | None:
    """The moment of a record, Unix seconds, ``None`` where it has none.

    Raises:
        UnreadableFingerprint, IndexError, UnicodeDecodeError: the record is damaged.
    """
    # As in `_sections_start`, and the words have to be known: no other header is damaged.
    if (
        record[0] == RECORD_VERSION
        and 0 < record[_PLATFORM] <= _LAST_PLATFORM
        and 0 < record[_STRATUM] <= _LAST_STRATUM
        and record[3] != 0xFF
    ):
        seconds = int.from_bytes(record[_AT:_AT_ENDS], "big")
        return float(seconds) if seconds else None
    return _header(record)[0]


def sections_begin(record: bytes) -> dict[int, int]:
    """Where in a record each section's payload begins, by its signal's code, no trait being read.

    Raises:
        UnreadableFingerprint, IndexError, UnicodeDecodeError: the record is damaged.
    """
    here = _sections_start(record)
    begins, end = {}, len(record)
    while here < end:
        code = record[here]
        if code < 0x80:  # as `_EMPTY`, written out: this loop is what most pairs cost
            length = record[here + 1]
            here += 2
            if length == 0xFF:
                length = int.from_bytes(record[here : here + 2], "big")
                here += 2
            begins[code] = here
            here += length
        else:
            here += 1
            begins[code - _EMPTY] = here
    if here != end:
        raise UnreadableFingerprint("the record ends in the middle of a section")
    return begins


def _moment(at: float | None) -> bytes:
    """Whole seconds in four bytes, at least 1; 0 is none."""
    seconds = 0 if at is None else max(1, int(at))
    if seconds < _AT_LATER:
        return seconds.to_bytes(4, "big")
    return _AT_LATER.to_bytes(4, "big") + seconds.to_bytes(5, "big")


def _header(record: bytes) -> tuple[float | None, str, str, int]:
    """Moment, platform and stratum, and where the sections begin."""
    if record[0] != RECORD_VERSION:
        raise UnreadableFingerprint(f"record version {record[0]} is not {RECORD_VERSION}")
    seconds, here = int.from_bytes(record[_AT:_AT_ENDS], "big"), _AT_ENDS
    if seconds == _AT_LATER:
        seconds, here = int.from_bytes(record[here : here + 5], "big"), here + 5
    platform, here = PLATFORMS.unpack(record, here)
    where, here = STRATA.unpack(record, here)
    return float(seconds) if seconds else None, platform, where, here


def _sections_start(record: bytes) -> int:
    # Nearly every record: a moment before 2106, and words that one byte stands for.
    if record[0] == RECORD_VERSION and record[_PLATFORM] and record[_STRATUM] and record[3] != 0xFF:
        return _STRATUM + 1
    return _header(record)[-1]


def _section(record: bytes, here: int) -> tuple[int, bytes, int]:
    """The section that begins at a place: its code, its payload, and where it ends."""
    code = record[here]
    if code & _EMPTY:
        return code & _CODE_MAX, b"", here + 1
    length, here = record[here + 1], here + 2
    if length == 0xFF:
        length, here = int.from_bytes(record[here : here + 2], "big"), here + 2
    payload = record[here : here + length]
    if len(payload) != length:
        raise UnreadableFingerprint("the record ends in the middle of a section")
    return code, payload, here + length


def _length(size: int) -> bytes:
    return bytes((size,)) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")
