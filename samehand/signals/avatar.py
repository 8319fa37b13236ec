"""The profile picture, kept as perceptual hashes (PDQ, 256 bits)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from samehand.account import Account, Avatar
from samehand.keys import Key, KeyKind
from samehand.signals.base import Example, Finding, Keyer, Quoted, Sight, SignalBase

PDQ_BYTES = 32
QUALITY_MIN = 50  # below this PDQ itself calls the hash meaningless (flat pictures, initials)
_BANDS = 16
_BAND_BYTES = PDQ_BYTES // _BANDS
_SHIPPED_SAME_RATE = 1e-4  # default avatars and stock pictures; counting shows which

# Hamming distances of 256 bits. Unrelated photographs never came closer than 84 in 687,000 pairs.
_LEVELS = (
    (15, "same-picture", "Both accounts show the same picture.", 1.0),
    (31, "near-same-picture", "Both accounts show nearly the same picture.", 1.5),
    (48, "edited-picture", "The pictures look like edits of one another.", 3.0),
    (60, "alike-pictures", "The pictures resemble each other.", 20.0),
)


@dataclass(frozen=True, slots=True)
class AvatarTrait:
    """The picture's hash, and its quality (0 to 100)."""

    pdq: bytes
    quality: int


class AvatarSignal(SignalBase[AvatarTrait]):
    """Both accounts show the same picture, or an edit of it."""

    name = "avatar"
    code = 11

    def distil(self, account: Account, keyer: Keyer) -> AvatarTrait | None:
        """The given hash where its quality says that it means something."""
        avatar = account.avatar
        if avatar is None or avatar.pdq is None or len(avatar.pdq) != PDQ_BYTES:
            return None
        quality = 100 if avatar.quality is None else avatar.quality
        return AvatarTrait(avatar.pdq, min(quality, 100)) if quality >= QUALITY_MIN else None

    def pack(self, trait: AvatarTrait) -> bytes:
        """The quality, then the hash."""
        return bytes((trait.quality,)) + trait.pdq

    def unpack(self, payload: bytes) -> AvatarTrait:
        """Reads :meth:`pack`'s form."""
        if len(payload) != 1 + PDQ_BYTES:
            raise ValueError("an avatar section has another length")
        return AvatarTrait(payload[1:], payload[0])

    def keys(self, trait: AvatarTrait) -> Iterable[Key]:
        """A key a band of 16 bits: hashes within 15 bits share one for certain."""
        return tuple(
            Key(
                KeyKind.AVATAR_BAND,
                bytes((band,)) + trait.pdq[band * _BAND_BYTES : (band + 1) * _BAND_BYTES],
            )
            for band in range(_BANDS)
        )

    def compare(self, ours: AvatarTrait, theirs: AvatarTrait, sight: Sight) -> Finding | None:
        """The level by the number of bits that differ; different pictures say little."""
        apart = distance(ours.pdq, theirs.pdq)
        for limit, level, because, wider in _LEVELS:
            if apart <= limit:
                rate, crowd = sight.shared(KeyKind.AVATAR, theirs.pdq, _SHIPPED_SAME_RATE)
                return Finding(level, because, min(1.0, rate * wider), crowd, _SHIPPED_SAME_RATE * wider)
        return Finding("different", "The accounts show different pictures.")

    def show(self, trait: AvatarTrait, quoted: Quoted) -> str:
        """The beginning of the hash, by which an operator may block a stock picture."""
        return f"pdq {trait.pdq[:6].hex()}…"

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, and a picture too flat to say anything."""
        one = bytes(range(0, 256, 8))
        return (
            Example(_shows(one), _shows(one), "same-picture"),
            Example(_shows(one), _shows(_flipped(one, 24)), "near-same-picture"),
            Example(_shows(one), _shows(_flipped(one, 40)), "edited-picture"),
            Example(_shows(one), _shows(_flipped(one, 55)), "alike-pictures"),
            Example(_shows(one), _shows(_flipped(one, 128)), "different"),
            Example(_shows(one, quality=10), _shows(one, quality=10), None),
        )


def distance(one: bytes, other: bytes) -> int:
    """The Hamming distance of two hashes, in bits."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _flipped(pdq: bytes, bits: int) -> bytes:
    return (int.from_bytes(pdq, "big") ^ ((1 << bits) - 1)).to_bytes(PDQ_BYTES, "big")


def _shows(pdq: bytes, quality: int = 90) -> Account:
    return Account(platform="x", account_id="1", avatar=Avatar(pdq=pdq, quality=quality))


AVATAR = AvatarSignal()
