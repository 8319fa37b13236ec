"""The stored formats: the frame, which is scored, and the quote, which alerts show (100 times less often).

A frame: one byte (bit 7: expires; bits 0-2: number of records), four of the account's tag, the expiry
as a big-endian double where there is one, the lengths of all records but the last, the records.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import msgspec
import numpy as np

from samehand.account import account_key
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint.distil import MOMENT_AT, Fingerprint, enrolment_keys, pack, unpack
from samehand.fingerprint.shown_since import shown_since
from samehand.keys import Key
from samehand.lineage import Descent, founder
from samehand.showings import UNKNOWN, Showings
from samehand.signals.base import Quoted
from samehand.waves.keys import WINDOW_SECONDS
from schemas.revisions import COUNTED_FROM
from schemas.unusable import FieldFault, Unusable
from store.base import BanFacts, Remembered, RememberedFacts
from store.common.key_digests import TAG_BYTES
from store.common.ranking import Bools, Ints
from store.limits import REMEMBERED_ENTRY_BYTES, REMEMBERED_OVERHEAD_BYTES

TAG = slice(1, 1 + TAG_BYTES)
_EXPIRES = 0x80
_COUNT = 0x07
_MOMENT_BYTES = 8
_EXPIRY = struct.Struct(">d")


class Frame(NamedTuple):
    """What is scored of an account: a packed fingerprint for each pepper, and the expiry (Unix seconds)."""

    tag: bytes
    expires_at: float | None
    records: tuple[bytes, ...]

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def frame_of(tag: bytes, fingerprints: Sequence[Fingerprint], expires_at: float | None) -> bytes:
    """Packs fingerprints (1 to 7) into a frame."""
    records = [pack(fingerprint) for fingerprint in fingerprints]
    head = len(records) | (_EXPIRES if expires_at is not None else 0)
    expiry = b"" if expires_at is None else struct.pack(">d", expires_at)
    lengths = b"".join(struct.pack(">I", len(record)) for record in records[:-1])
    return b"".join((bytes((head,)), tag, expiry, lengths, *records))


class FrameHeads(NamedTuple):
    """Of several frames, for each: whether it is there (not empty) and has not expired, and its moment.

    ``moments``: as entries of postings hold them, in Unix seconds, 0 where unknown.
    """

    in_force: Bools
    moments: Ints


def frame_heads(frames: Sequence[bytes], now: float) -> FrameHeads:
    """Reads the heads of frames, without the rest."""
    in_force, moments = np.zeros(len(frames), np.bool_), np.zeros(len(frames), np.int64)
    for at, frame in enumerate(frames):
        if frame:
            head = frame[0]
            in_force[at] = not head & _EXPIRES or _EXPIRY.unpack_from(frame, TAG.stop)[0] > now
            moments[at] = frame_moment(frame)
    return FrameHeads(in_force, moments)


def frame_moment(frame: bytes) -> int:
    """The moment of a frame's first record (Unix seconds in four bytes), 0 where it has none."""
    head = frame[0]
    at = TAG.stop + _MOMENT_BYTES * bool(head & _EXPIRES) + 4 * ((head & _COUNT) - 1) + MOMENT_AT
    return int.from_bytes(frame[at : at + 4], "big")


class StoredAccount(NamedTuple):
    """All that is stored of an account under its id. ``generation``: in which one it is listed; 0 of bans."""

    frame: bytes
    quote: bytes
    generation: int = 0


_RECORD = struct.Struct(">IH")


def pack_record(record: StoredAccount) -> bytes:
    """The length of the frame, the generation, the frame, the quote."""
    return _RECORD.pack(len(record.frame), record.generation) + record.frame + record.quote


def read_record(raw: bytes) -> StoredAccount | None:
    """Reads what :func:`pack_record` made; ``None`` of nothing."""
    if not raw:
        return None
    size, generation = _RECORD.unpack_from(raw)
    ends = _RECORD.size + size
    return StoredAccount(raw[_RECORD.size : ends], raw[ends:], generation)


HEAD_BYTES = _RECORD.size + TAG.stop + _MOMENT_BYTES
"""So many bytes of a record say when it expires."""


def head_expiry(head: bytes) -> float:
    """Until when a record counts, of which these are the first bytes (Unix seconds)."""
    if not head[_RECORD.size] & _EXPIRES:
        return math.inf
    expires_at: float = _EXPIRY.unpack_from(head, _RECORD.size + TAG.stop)[0]
    return expires_at


def frame_records(raw: bytes) -> tuple[bytes, ...]:
    """The records of a frame; one of a single record, as nearly all are, is not parsed further."""
    if raw[0] & _COUNT != 1:
        return read_frame(raw).records
    return (raw[TAG.stop + (_MOMENT_BYTES if raw[0] & _EXPIRES else 0) :],)


def read_frame(raw: bytes) -> Frame:
    head, here = raw[0], 1 + TAG_BYTES
    expires_at = None
    if head & _EXPIRES:
        (expires_at,) = struct.unpack_from(">d", raw, here)
        here += 8
    count = head & _COUNT
    if count == 1:
        return Frame(raw[TAG], expires_at, (raw[here:],))
    lengths = struct.unpack_from(f">{count - 1}I", raw, here)
    here += 4 * (count - 1)
    records = []
    for length in lengths:
        records.append(raw[here : here + length])
        here += length
    return Frame(raw[TAG], expires_at, (*records, raw[here:]))


def keys_of_account(account: Remembered) -> list[Key]:
    return keys_of_fingerprints(account.fingerprints) if account.keys is None else sorted(account.keys)


def is_new(account: Remembered) -> bool:
    """Returns whether the account is known to have begun within the window of waves before this state.

    Minutes are counted from 2020 on: of earlier ones nobody knows which are of one day.
    """
    begun = account.shown.begun
    return account.seen_at >= COUNTED_FROM and begun is not None and account.seen_at - begun <= WINDOW_SECONDS


def noting_keys(account: Remembered) -> Sequence[Key]:
    """The same keys in the order in which the account's signals give them."""
    if account.keys is not None:
        return account.keys
    return list(
        dict.fromkeys(key for fingerprint in account.fingerprints for key in enrolment_keys(fingerprint))
    )


def keys_of_fingerprints(fingerprints: Sequence[Fingerprint]) -> list[Key]:
    """The keys under which an account with these fingerprints is to be listed, sorted."""
    return sorted({key for fingerprint in fingerprints for key in enrolment_keys(fingerprint)})


def keys_of(records: Sequence[bytes]) -> list[Key]:
    """The blocking keys under which stored records are listed, each once, sorted.

    A record that cannot be read has none, so no look-up finds it.
    """
    keys: set[Key] = set()
    for record in records:
        with suppress(UnreadableFingerprint):
            keys.update(enrolment_keys(unpack(record)))
    return sorted(keys)


# An id of digits alone is kept as a number, nine bytes at most, if reading it back gives the same text.
_ID = re.compile(r"0|[1-9][0-9]{0,18}")


def _short_id(account_id: str) -> str | int:
    return int(account_id) if _ID.fullmatch(account_id) else account_id


def _short_unread(fields: tuple[Unusable, ...]) -> tuple[tuple[str, FieldFault], ...]:
    return tuple((unusable.field, unusable.reason) for unusable in fields)


def _unread(fields: tuple[tuple[str, FieldFault], ...]) -> tuple[Unusable, ...]:
    return tuple(Unusable(field, reason) for field, reason in fields)


# Most accounts need no more than a flag: they began at the record's moment (True), or were seen then (False).
_ShortShowings = Showings | bool | None


def _short_showings(shown: Showings, moment: float) -> _ShortShowings:
    at = math.floor(moment)
    if shown == UNKNOWN:
        return None
    if shown == Showings(at, at):
        return True
    return False if shown == Showings(None, at) else shown


def _showings(short: _ShortShowings, moment: float) -> Showings:
    if isinstance(short, Showings):
        return short
    at = math.floor(moment)
    return UNKNOWN if short is None else Showings(at if short else None, at)


class _BanWords(msgspec.Struct, array_like=True, frozen=True, omit_defaults=True):
    platform: str
    account_id: str | int
    handle: str
    display_name: str
    policy: str | None = None
    queue: str | None = None
    banned_at: float | bool | None = None  # True: when it occurred
    expires_at: float | None = None
    basis_authority: str | None = None
    basis_reference: str | None = None
    root: bytes | None = None
    generation: int = 0
    not_read: tuple[tuple[str, FieldFault], ...] = ()
    shown: _ShortShowings = None
    bio: str = ""
    basis_programmes: tuple[str, ...] = ()


class BanQuote(NamedTuple):
    """What an alert quotes of a ban; ``root`` is the digest of the family's founder, yet to be resolved."""

    facts: BanFacts
    root: bytes | None
    generation: int

    @property
    def account(self) -> str:
        """The key of the banned account."""
        return account_key(self.facts.platform, self.facts.account_id)

    def resolved(self, root_id: str | None) -> BanFacts:
        """The facts, with the founder's account key if it is known; else the account is its own founder."""
        return (
            self.facts if root_id is None else replace(self.facts, descent=Descent(root_id, self.generation))
        )


def ban_quote(facts: BanFacts, root: bytes | None) -> bytes:
    """Packs facts: ``occurred_at`` first, where scripts read it, then the rest as MessagePack."""
    words = _BanWords(
        facts.platform,
        _short_id(facts.account_id),
        facts.quoted.handle,
        facts.quoted.display_name,
        facts.policy,
        facts.queue,
        True if facts.banned_at == facts.occurred_at else facts.banned_at,
        facts.expires_at,
        facts.basis_authority,
        facts.basis_reference,
        root,
        facts.descent.generation if root else 0,
        _short_unread(facts.not_read),
        _short_showings(facts.shown, facts.occurred_at),
        facts.quoted.bio,
        facts.basis_programmes,
    )
    return struct.pack(">d", facts.occurred_at) + msgspec.msgpack.encode(words)


def read_ban_quote(raw: bytes) -> BanQuote:
    words = msgspec.msgpack.decode(raw[8:], type=_BanWords)
    (occurred_at,) = struct.unpack_from(">d", raw)
    account_id = str(words.account_id)
    facts = BanFacts(
        platform=words.platform,
        account_id=account_id,
        occurred_at=occurred_at,
        banned_at=occurred_at if words.banned_at is True else words.banned_at,
        policy=words.policy,
        basis_authority=words.basis_authority,
        basis_reference=words.basis_reference,
        basis_programmes=words.basis_programmes,
        queue=words.queue,
        expires_at=words.expires_at,
        descent=founder(account_key(words.platform, account_id)),
        quoted=Quoted(words.handle, words.display_name, words.bio),
        not_read=_unread(words.not_read),
        shown=_showings(words.shown, occurred_at),
    )
    return BanQuote(facts, words.root, words.generation)


class _RememberedWords(msgspec.Struct, array_like=True, frozen=True, omit_defaults=True):
    platform: str
    account_id: str | int
    handle: str
    display_name: str
    not_read: tuple[tuple[str, FieldFault], ...] = ()
    shown: _ShortShowings = None
    bio: str = ""


def remembered_quote(account: Remembered) -> bytes:
    """Packs what alerts quote of a remembered account: ``seen_at`` first, then the rest as MessagePack."""
    words = _RememberedWords(
        account.platform,
        _short_id(account.account_id),
        account.quoted.handle,
        account.quoted.display_name,
        _short_unread(account.not_read),
        _short_showings(account.shown, account.seen_at),
        account.quoted.bio,
    )
    return struct.pack(">d", account.seen_at) + msgspec.msgpack.encode(words)


def read_remembered_quote(raw: bytes) -> RememberedFacts:
    words = msgspec.msgpack.decode(raw[8:], type=_RememberedWords)
    (seen_at,) = struct.unpack_from(">d", raw)
    account_id = str(words.account_id)
    return RememberedFacts(
        account=account_key(words.platform, account_id),
        platform=words.platform,
        account_id=account_id,
        seen_at=seen_at,
        quoted=Quoted(words.handle, words.display_name, words.bio),
        not_read=_unread(words.not_read),
        shown=_showings(words.shown, seen_at),
    )


def read_remembered(frame: bytes, quote: bytes) -> Remembered | None:
    """The account of a stored frame and quote; ``None`` if its fingerprints cannot be read."""
    facts = read_remembered_quote(quote)
    try:
        fingerprints = tuple(unpack(record) for record in read_frame(frame).records)
    except UnreadableFingerprint:
        return None
    return Remembered(
        account=facts.account,
        account_id=facts.account_id,
        platform=facts.platform,
        seen_at=facts.seen_at,
        quoted=facts.quoted,
        fingerprints=fingerprints,
        not_read=facts.not_read,
        shown=facts.shown,
    )


def with_former(account: Remembered, frame: bytes, quote: bytes) -> Remembered:
    """An account to remember, its showings completed from the stored state that it replaces."""
    former = read_remembered(frame, quote)
    if former is None:
        return account
    packed = tuple(pack(fingerprint) for fingerprint in account.fingerprints)
    if former.seen_at == account.seen_at and packed == read_frame(frame).records:
        return replace(account, shown=former.shown)  # a redelivery
    not_read = {unusable.field for unusable in (*former.not_read, *account.not_read)}
    shown = shown_since(former.shown, former.fingerprints, account.shown, account.fingerprints, not_read)
    return replace(account, shown=shown)


def remembered_bytes(frame: bytes, quote: bytes, keys: int) -> int:
    """The estimated size of one remembered account in bytes, the same in every store."""
    return len(frame) + len(quote) + keys * REMEMBERED_ENTRY_BYTES + REMEMBERED_OVERHEAD_BYTES
