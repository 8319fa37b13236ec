"""The self-description, kept as a MinHash signature of its consonants.

They stay where letters are replaced by digits, spaced or run together, where emoji stand between, and where
vowels are changed or left out. Nor do strangers of one language resemble each other more by them: of 274,000
simulated pairs of ten languages one in e^4.1 is alike by a quarter and one in e^7.6 by half; by whole texts
one in e^3.5 and in e^6.9.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from samehand.account import Account
from samehand.frequency.rates import rate_of_bits
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.contact.wallets import wallet_points
from samehand.normalize.limits import BIO_CHARS
from samehand.normalize.text.fold import consonants_of, fold_bio
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

# 16 bands of 4 rows over 3-letter shingles found every edited, suffixed and reordered bio (Broder 1997
# for MinHash; the banding after Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", ch. 3).
BANDS: Final = 16
ROWS: Final = 4
_COUNTED_BANDS: Final = (
    3  # one is shared by half as many texts of a template; each more costs a count an event
)
SIGNATURE_BYTES: Final = BANDS * ROWS
_HASHES: Final = SIGNATURE_BYTES
_SHINGLE: Final = 3
# Only the low byte of each minimum is kept (b-bit minwise hashing, Li and Koenig 2010): two unrelated
# bytes agree once in 256, for which the estimate is corrected.
_CHANCE: Final = 1 / 256
_TEXT_LENGTH_MIN: Final = 12  # shorter folded texts ("hi", an emoji) are shared by everybody
_ADDRESS: Final = re.compile(r"(?<!\w)@\w|\w@[\w.-]*\.\w|://|\.\w+/", re.ASCII)
_CONSONANTS_MIN: Final = 4  # of texts of hardly anything but vowels many have the same
# Up to so many characters a text is mostly a phrase that everybody knows, and each carries little; the rest
# is prose, of which each carries 1 to 1.3 bits (Shannon 1951).
_PHRASE_LENGTH: Final = 30
_BITS_OF_PHRASES: Final = 0.3
_BITS_OF_PROSE: Final = 1.3
_NEW_IN_PROSE: Final = 0.9  # of the pieces of an ordinary text are no repetitions
_ALMOST: Final = 0.85
_MOSTLY: Final = 0.5
_PARTLY_NATS: Final = 3.9  # texts of one length are alike by a quarter
# What two texts share is rated as a text of its length, and so many bits rarer: strangers share pieces here
# and there, an editor keeps whole runs. Of 11 million simulated pairs of one language, on a fresh seed, one
# in 2^14 has a rate of 12 bits, one in 2^16 of 16, one in 2^19 of 20 and one in 2^21 of 24: there they have
# their trades and towns from short lists.
_PIECES_BITS: Final = 4.0
# Nor is it rarer than a likeness is among strangers: of 4.7 million simulated pairs of one language and of
# whatever two lengths one in e^(1 + 8.4 likeness + 2 passage) reaches it, and beyond two fifths e^33 times
# fewer for each unit of likeness more. A passage is the part of the shorter text that stands in the longer.
_STRANGERS: Final = 1.0
_STRANGERS_FALL: Final = 8.4
_PASSAGE_FALL: Final = 2.0
_SELDOM: Final = 0.4
_SELDOM_FALL: Final = 33.0
# Short texts are common since they are made of well-known phrases; a part of one at least half as much.
_IN_PART: Final = 0.5
# Texts of which a single band agrees are hardly ever more alike; a look-up finds many strangers by one band.
_BY_ONE_BAND: Final = 0.65

_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class BioTrait:
    """The low bytes of 64 minima, and the length (at most 255) of the folded text less what it repeats."""

    signature: bytes
    length: int


class BioSignal(SignalBase[BioTrait]):
    """The two accounts describe themselves in much the same words."""

    name = "bio"
    code = 12
    sentences: Mapping[str, str] = {
        "almost-same": "The self-descriptions are the same or nearly so.",
        "mostly-same": "The self-descriptions are mostly the same.",
        "partly-same": "The self-descriptions agree in part.",
        "different": "The self-descriptions are different.",
    }

    def distil(self, account: Account, keyer: Keyer) -> BioTrait | None:
        """The signature of the bio's consonants, or ``None`` where it is too short to say anything."""
        text = fold_bio(_prose(account.bio)).text if account.bio else ""
        consonants = consonants_of(text)
        if len(text) < _TEXT_LENGTH_MIN or len(consonants) < _CONSONANTS_MIN:
            return None
        pieces = np.unique(_pieces(consonants))
        # Who repeats a prayer ten times says no more than who says it once.
        once = len(pieces) / (len(consonants) - _SHINGLE + 1) / _NEW_IN_PROSE
        length = max(round(len(text) * min(once, 1.0)), _SHINGLE)
        return BioTrait(_signature(pieces), min(length, 255))

    def pack(self, trait: BioTrait) -> bytes:
        """The length, then the signature."""
        return bytes((trait.length,)) + trait.signature

    def unpack(self, payload: bytes) -> BioTrait:
        if len(payload) != 1 + _HASHES:
            raise ValueError(f"a bio section has {len(payload)} bytes, not {1 + _HASHES}")
        return BioTrait(payload[1:], payload[0])

    def keys(self, trait: BioTrait) -> Iterable[Key]:
        """One key for each band."""
        return tuple(
            key_of(KeyKind.BIO_BAND, bytes((band,)) + trait.signature[band * ROWS : (band + 1) * ROWS])
            for band in range(BANDS)
        )

    def counts(self, trait: BioTrait) -> Iterable[Key]:
        """The first bands, of 32 bits each: of texts made from one template most share one of them."""
        return [key_of(KeyKind.BIO_BAND, band) for band in _counted(trait)]

    def compare(self, ours: BioTrait, theirs: BioTrait, context: ComparisonContext) -> Comparison | None:
        """The level by the estimated share of three-letter pieces in common, of both or of the shorter."""
        likeness = resemblance(ours.signature, theirs.signature)
        if _strangers_nats(likeness, ours.length, theirs.length) < _PARTLY_NATS:
            return _DIFFERENT
        shipped = _shipped_rate(min(ours.length, theirs.length))
        if likeness >= _ALMOST:
            return self._comparison("almost-same", likeness, *_shared(context, shipped, ours), shipped)
        # A text that resembles another is no rarer than the other.
        mine, other = ours.signature, theirs.signature
        starts = range(0, SIGNATURE_BYTES, ROWS)
        bands = sum([mine[at : at + ROWS] == other[at : at + ROWS] for at in starts])
        own = _rate_in_part(min(likeness, _most_alike(bands)), ours.length, theirs.length)
        whole, crowd = _shared(context, shipped, ours, theirs)
        level = "mostly-same" if likeness >= _MOSTLY else "partly-same"
        return self._comparison(level, likeness, max(own, whole), crowd, own)

    def _comparison(
        self, level: str, likeness: float, rate: float, crowd: int, rate_unshared: float
    ) -> Comparison:
        shared = f"about {round(100 * likeness)} % of the three-letter pieces are the same"
        because = f"{self.sentences[level][:-1]}: {shared}."
        return Comparison(level, rate, crowd, rate_unshared, because=because)

    def most(self, trait: BioTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most that any level weighs: this text by its counted rate, a resembling one by its own rate."""
        whole, _ = _shared(context, _shipped_rate(trait.length), trait)

        def in_part(level: str, likeness: float) -> float:
            return table.nats(level, _rate_in_part(likeness, trait.length, math.inf))

        partly = in_part("partly-same", _MOSTLY)
        mostly = max(partly, in_part("mostly-same", _ALMOST))
        almost = max(table.nats("almost-same", whole), mostly)
        by_number = [
            almost if likeness >= _ALMOST else max(partly, in_part("mostly-same", likeness))
            for likeness in map(_most_alike, range(1, BANDS + 1))
        ]
        return Most({KeyKind.BIO_BAND: almost}, by_number=by_number)

    def show(self, trait: BioTrait, quoted: Quoted) -> str:
        """The words as they were given, or their length where they were not kept."""
        return quoted.bio or f"{trait.length}{'+' if trait.length == 255 else ''} characters"

    @property
    def examples(self) -> tuple[Example, ...]:
        account = _says("News, songs and statements of the northern valley")
        return (
            Example(account, _says("NEWS, songs and statements of the northern valley!!"), "almost-same"),
            Example(account, _says("n3ws, s0ngs 4nd statemints of the n o r thern v4lly"), "almost-same"),
            Example(account, _says("News and statements of the northern valley"), "mostly-same"),
            Example(account, _says("News, songs and statements of the southern coast"), "partly-same"),
            Example(account, _says("I bake bread in Lahore and write about my two cats."), "different"),
            Example(account, _says("hi"), None),
        )


_SHIFTS: Final = (np.uint64(29), np.uint64(32))
_HASHED_AT_ONCE: Final = 512  # a quarter of a megabyte, which a processor's cache holds
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)


@cache
def _multipliers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The odd multipliers and offsets of 64 hash functions, from a fixed seed: part of the stored form."""
    random = np.random.Generator(np.random.PCG64(20_261_124))
    odd = random.integers(0, 2**63, _HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return odd, random.integers(0, 2**63, _HASHES, dtype=np.uint64)


def _prose(bio: str) -> str:
    """The bio without its contact points, which another signal compares."""
    return " ".join(word for word in bio[:BIO_CHARS].split() if not _is_address(word))


def _is_address(word: str) -> bool:
    return word.isascii() and bool(_ADDRESS.search(word) or any(wallet_points(word)))


def _pieces(text: str) -> NDArray[np.uint64]:
    """The shingles of a text, each as a number."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    shingles = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):
        shingles = shingles * np.uint64(0x1_0001_93) + codes[place : len(codes) - _SHINGLE + 1 + place]
    return shingles


def _signature(shingles: NDArray[np.uint64]) -> bytes:
    """The MinHash signature of a text: of each hash function the low byte of the least over its shingles."""
    odd, offset = _multipliers()
    least = np.full(_HASHES, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(shingles), _HASHED_AT_ONCE):
        mixed = shingles[start : start + _HASHED_AT_ONCE, None] * odd
        mixed += offset
        mixed ^= mixed >> _SHIFTS[0]
        mixed *= _MIX  # SplitMix64's finaliser: the low byte must be well mixed
        mixed ^= mixed >> _SHIFTS[1]
        np.minimum(least, mixed.min(axis=0), out=least)
    return bytes(least.astype(np.uint8))


def resemblance(ours: bytes, theirs: bytes) -> float:
    """The estimated Jaccard resemblance (0 to 1) of the texts behind two signatures."""
    # A byte of zeros among the bits that differ is a byte that agrees.
    apart = int.from_bytes(ours, "big") ^ int.from_bytes(theirs, "big")
    return _estimated(apart.to_bytes(SIGNATURE_BYTES, "big").count(0))


def _estimated(bytes_agreeing: int) -> float:
    return max(0.0, (bytes_agreeing / _HASHES - _CHANCE) / (1 - _CHANCE))


def _most_alike(bands: int) -> float:
    """The likeness that texts are taken for at most which agree in so many bands, as their keys show."""
    return _estimated((ROWS - 1) * BANDS + bands) if bands > 1 else _BY_ONE_BAND


def _counted(trait: BioTrait) -> list[bytes]:
    starts = range(0, _COUNTED_BANDS * ROWS, ROWS)
    return [bytes((start // ROWS,)) + trait.signature[start : start + ROWS] for start in starts]


def _shared(context: ComparisonContext, shipped: float, *traits: BioTrait) -> tuple[float, int]:
    """The rate and the crowd of the commonest of the bands that are counted."""
    return max(
        context.shared(KeyKind.BIO_BAND, band, shipped) for trait in traits for band in _counted(trait)
    )


def _rate_in_part(likeness: float, ours: int, theirs: float) -> float:
    """The rate of texts of two lengths (characters) that are less alike than almost the same."""
    shorter = min(ours, theirs)
    both = _passage(likeness, ours, theirs) * (shorter - _SHINGLE + 1) + _SHINGLE - 1
    pieces = _shipped_rate(both) * rate_of_bits(_PIECES_BITS)
    alike = math.exp(-_strangers_nats(likeness, ours, theirs))
    return max(pieces, alike, _IN_PART * _shipped_rate(shorter))


def _strangers_nats(likeness: float, ours: int, theirs: float) -> float:
    """How seldom (nats) texts of strangers of two lengths are so much alike."""
    passage = _PASSAGE_FALL * _passage(likeness, ours, theirs)
    return _STRANGERS + _STRANGERS_FALL * likeness + passage + _SELDOM_FALL * max(likeness - _SELDOM, 0.0)


def _passage(likeness: float, ours: int, theirs: float) -> float:
    """The estimated part of the shorter of two texts that stands in the longer one."""
    pieces = [length - _SHINGLE + 1 for length in (ours, theirs)]
    return min(likeness / (1.0 + likeness) * sum(pieces) / min(pieces), 1.0)


def _shipped_rate(length: float) -> float:
    prose = max(length - _PHRASE_LENGTH, 0)
    return rate_of_bits(_BITS_OF_PHRASES * (length - prose) + _BITS_OF_PROSE * prose)


def _says(bio: str) -> Account:
    return Account(platform="x", account_id="1", bio=bio)


BIO: Final = BioSignal()
