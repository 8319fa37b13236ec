"""The profile picture, kept as a perceptual hash (PDQ, 256 bits)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from samehand.account import Account, Avatar
from samehand.frequency.rates import OF_THE_PAIR, SHARED_BEFORE
from samehand.keys import Key, KeyKind, key_of
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

PDQ_BYTES: Final = 32
QUALITY_MIN: Final = 50  # below this PDQ itself calls the hash meaningless (flat pictures, initials)
# PDQ sets those 128 of its 16 by 16 bits that lie above the median, unless most are alike: for 1,500 pictures
# of one colour it set 109 at most, in 10 different rows at most.
_BITS_SET: Final = range(115, 142)
_DIFFERENT_ROWS_MIN: Final = 12
# A hash of few rows, repeated, is a pattern, no picture (assumed; the 16 rows of a random hash differ).
_DIFFERENT_ROWS_BALANCED_MIN: Final = 5
# A key holds one block of the hash. With 13 blocks of 19 bits, 25 of a million pictures share one by chance;
# 16 blocks of 16 bits, which find edits a little better, brought 244 strangers to every look-up.
BLOCKS: Final = 13
BLOCK_BITS: Final = 19
_BLOCK_BYTES: Final = 3

# Hamming distances of 256 bits. No two unrelated photographs differed in fewer than 84 bits in 687,000 pairs
# (96 in another 9,000). Pictures that differ in fewer are alike, but the larger the distance, the more often
# it is a stock picture in another crop or frame. A crop by 4 % a side, a turn by 2 degrees and a screenshot
# change 74, 56 and 64 bits in the median.
NEAR_BITS: Final = 31
ALIKE_BITS: Final = 76
# So many pictures are found ones, which others may find as well; the rest are their owners' own. Two thirds
# of public profile pictures show a face (Gegenhuber et al., Hey there! You are using WhatsApp, arXiv
# 2511.20252); that half of the others are found is assumed.
_FOUND_SHARE: Final = 1 / 6
_LEVELS: Final = (
    (15, "same-picture"),
    (NEAR_BITS, "near-same-picture"),
    (48, "edited-picture"),
    (60, "alike-pictures"),
    (ALIKE_BITS, "distantly-alike"),
)
_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class AvatarTrait:
    """The picture's hash, its quality (0 to 100), and hashes of its other views, which are never stored."""

    pdq: bytes
    quality: int
    variants: tuple[bytes, ...] = field(default=(), compare=False)


class AvatarSignal(SignalBase[AvatarTrait]):
    """Both accounts show the same picture, or an edit of it."""

    name = "avatar"
    code = 11
    sentences: Mapping[str, str] = {
        "same-picture": "Both accounts show the same picture.",
        "near-same-picture": "Both accounts show nearly the same picture.",
        "edited-picture": "The pictures look like edits of one another.",
        "alike-pictures": "The pictures resemble each other.",
        "distantly-alike": "The pictures resemble each other from afar.",
        "different": "The accounts show different pictures.",
    }

    def distil(self, account: Account, keyer: Keyer) -> AvatarTrait | None:
        """The given hash, or ``None`` where its quality, bits or rows say that the picture is degenerate."""
        avatar = account.avatar
        if avatar is None or len(avatar.pdq) != PDQ_BYTES or avatar.quality < QUALITY_MIN:
            return None
        rows = {avatar.pdq[start : start + 2] for start in range(0, PDQ_BYTES, 2)}
        balanced = int.from_bytes(avatar.pdq).bit_count() in _BITS_SET
        if len(rows) < (_DIFFERENT_ROWS_BALANCED_MIN if balanced else _DIFFERENT_ROWS_MIN):
            return None
        return AvatarTrait(avatar.pdq, min(avatar.quality, 100), avatar.variants)

    def pack(self, trait: AvatarTrait) -> bytes:
        """The quality, then the hash."""
        return bytes((trait.quality,)) + trait.pdq

    def unpack(self, payload: bytes) -> AvatarTrait:
        if len(payload) != 1 + PDQ_BYTES:
            raise ValueError(f"an avatar section has {len(payload)} bytes, not {1 + PDQ_BYTES}")
        return AvatarTrait(payload[1:], payload[0])

    def keys(self, trait: AvatarTrait) -> Iterable[Key]:
        """One key a block: hashes that differ in fewer bits than there are blocks certainly share one."""
        return _blocks(trait.pdq)

    def probes(self, trait: AvatarTrait) -> Iterable[Key]:
        """The keys of the picture's other views."""
        return (key for pdq in trait.variants for key in _blocks(pdq))

    def counts(self, trait: AvatarTrait) -> Iterable[Key]:
        """The whole hash: a picture that many accounts show is a default or a stock picture."""
        return (key_of(KeyKind.AVATAR, trait.pdq),)

    def compare(
        self, ours: AvatarTrait, theirs: AvatarTrait, context: ComparisonContext
    ) -> Comparison | None:
        """The level by the least number of bits in which a view of one differs from the other."""
        apart = min([distance(pdq, theirs.pdq) for pdq in (ours.pdq, *ours.variants)])
        if theirs.variants:
            apart = min(apart, *(distance(ours.pdq, pdq) for pdq in theirs.variants))
        for limit, level in _LEVELS:
            if apart <= limit:
                rate, crowd = max(_rate(level, pdq, context) for pdq in (ours.pdq, theirs.pdq))
                return Comparison(level, rate, crowd, context.u(self.name, level))
        return _DIFFERENT

    def most(self, trait: AvatarTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most that any level weighs at this picture's rate: the pair's rate is no lower than that."""
        nats = max(table.nats(level, _rate(level, trait.pdq, context)[0]) for _, level in _LEVELS)
        return Most({KeyKind.AVATAR_BLOCK: nats})

    def show(self, trait: AvatarTrait, quoted: Quoted) -> str:
        """The first 12 hex digits of the hash, by which an operator can recognise a stock picture."""
        return f"pdq {trait.pdq[:6].hex()}…"

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, and a picture too flat to say anything."""
        picture = bytes(range(0, 256, 8))
        turned = _shows(_flipped(picture, 128), variants=(_flipped(picture, 24),))
        return (
            Example(_shows(picture), _shows(picture), "same-picture"),
            Example(_shows(picture), _shows(_flipped(picture, 24)), "near-same-picture"),
            Example(_shows(picture), _shows(_flipped(picture, 40)), "edited-picture"),
            Example(_shows(picture), _shows(_flipped(picture, 55)), "alike-pictures"),
            Example(_shows(picture), _shows(_flipped(picture, 70)), "distantly-alike"),
            Example(_shows(picture), _shows(_flipped(picture, 128)), "different"),
            Example(turned, _shows(picture), "near-same-picture"),
            Example(_shows(picture, quality=10), _shows(picture, quality=10), None),
        )


def _rate(level: str, pdq: bytes, context: ComparisonContext) -> tuple[float, int]:
    """The rate of a level at this picture: a lesser likeness is as much commoner as it is shipped to be.

    Strangers show found pictures alone: a picture that nobody else was counted with is the less likely one
    of these, the more accounts were counted.
    """
    same = context.u("avatar", "same-picture")
    common = min(1.0, same / _FOUND_SHARE)
    rate, crowd = context.shared(KeyKind.AVATAR, pdq, common)
    if crowd <= OF_THE_PAIR:
        found = _FOUND_SHARE * (rate / common) ** SHARED_BEFORE  # as a gamma prior has it of rare ones
        rate *= found / (1.0 - _FOUND_SHARE + found)
    return min(1.0, rate * (context.u("avatar", level) / same)), crowd


def distance(one: bytes, other: bytes) -> int:
    """The Hamming distance of two hashes, in bits."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _blocks(pdq: bytes) -> Iterable[Key]:
    bits, block = int.from_bytes(pdq, "big"), (1 << BLOCK_BITS) - 1
    for place in range(BLOCKS):
        own = (bits >> place * BLOCK_BITS & block).to_bytes(_BLOCK_BYTES, "big")
        yield key_of(KeyKind.AVATAR_BLOCK, bytes((place,)) + own)


def _flipped(pdq: bytes, bits: int) -> bytes:
    return (int.from_bytes(pdq, "big") ^ ((1 << bits) - 1)).to_bytes(PDQ_BYTES, "big")


def _shows(pdq: bytes, quality: int = 90, variants: tuple[bytes, ...] = ()) -> Account:
    return Account(platform="x", account_id="1", avatar=Avatar(pdq=pdq, quality=quality, variants=variants))


AVATAR: Final = AvatarSignal()
