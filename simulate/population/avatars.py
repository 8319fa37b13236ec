"""Avatars as PDQ hashes: 256 bits, of which an edit of the picture moves some.

An unrelated photo's PDQ hash differs in 128 of 256 bits on average, because a bit says whether a frequency
lies above the median of all. How many bits an edit moves is drawn from what was measured on photos.
"""

from random import Random
from typing import NamedTuple

from simulate.sampling import Weighted, between, seeded, zipf

BITS = 256
_ODD_COLUMNS = int("aaaa" * 16, 16)
DEFAULT_SHARE = 0.16
"""Share of accounts that never changed the picture they were given."""
POPULAR_SHARE = 0.07
"""Share of accounts that use a picture from the web that many use: flags, flowers, cartoon heroes."""


class PictureHash(NamedTuple):
    """A PDQ hash (64 hexadecimal digits) and PDQ's quality, 0 to 100."""

    pdq: str
    quality: int


class Gallery:
    """The pictures that many accounts share: each platform's defaults, and the web's favourites."""

    def __init__(self, seed: int) -> None:
        rng = seeded(seed, "gallery")
        self._defaults = {}
        for platform in ("x", "facebook", "instagram", "telegram", "whatsapp", "forum"):
            # Silhouettes and initials are flat, hence their low quality.
            pictures = [_picture(rng, quality=between(rng, 20, 60)) for _ in range(6)]
            self._defaults[platform] = zipf(pictures, exponent=1.5)
        self._popular = zipf([_picture(rng, quality=between(rng, 70, 100)) for _ in range(400)])

    def avatar(self, rng: Random, platform: str) -> PictureHash:
        """What a new account shows: a default, a popular picture, or mostly a photo of its own."""
        draw = rng.random()
        if draw < DEFAULT_SHARE:
            return self._defaults[platform].pick(rng)
        if draw < DEFAULT_SHARE + POPULAR_SHARE:
            return self._popular.pick(rng)
        return photo(rng)


def photo(rng: Random) -> PictureHash:
    """A photo nobody else has; a few are too blurred or flat to say much (quality below 50)."""
    return _picture(rng, quality=between(rng, 15, 49) if rng.random() < 0.06 else between(rng, 60, 100))


def _picture(rng: Random, quality: int) -> PictureHash:
    return PictureHash(f"{rng.getrandbits(BITS):064x}", quality)


class AvatarEdit(NamedTuple):
    """An edit of a picture, and how many bits of the hash it moves: percentiles 2.5, 50 and 97.5."""

    name: str
    bits_low: int
    bits_median: int
    bits_high: int
    mirrored: bool = False

    def bits(self, rng: Random) -> int:
        """How many bits move this time."""
        if rng.random() < 0.5:
            return between(rng, self.bits_low, self.bits_median)
        return between(rng, self.bits_median, self.bits_high)


# Figures measured with pdqhash 0.2.8 on 156 cuttings (256 x 256) of the sample photos in scikit-image 0.26.
TUNING = Weighted(
    [
        AvatarEdit("JPEG quality 40", 0, 4, 12),
        AvatarEdit("scaled to 96 pixels", 0, 6, 42),
        AvatarEdit("cropped 1 % a side", 10, 20, 62),
        AvatarEdit("captioned below", 16, 38, 114),
        AvatarEdit("brightened", 0, 8, 30),
    ],
    [3, 2, 3, 1, 1],
)
# Measured likewise on 138 cuttings that PDQ calls telling.
VALIDATION = Weighted(
    [
        AvatarEdit("turned by 2 degrees", 38, 56, 80),
        AvatarEdit("screenshot, cut and darker", 34, 64, 97),
        AvatarEdit("in a circle on white", 44, 70, 116),
        AvatarEdit("banner across the top", 14, 37, 78),
        AvatarEdit("watermarked all over", 8, 16, 42),
        AvatarEdit("dark corners", 11, 22, 36),
        AvatarEdit("tinted", 0, 0, 2),
    ],
    [2, 2, 1, 2, 2, 1, 2],
)
HELD_OUT = Weighted(
    [
        AvatarEdit("cropped 2.5 % a side", 30, 50, 88),
        AvatarEdit("sticker on it", 10, 38, 93),
        AvatarEdit("blurred, more contrast", 4, 12, 40),
        AvatarEdit("sharpened", 0, 4, 20),
        AvatarEdit("red and blue exchanged", 0, 0, 20),
        AvatarEdit("mirrored", 20, 30, 66, mirrored=True),
    ],
    [1, 2, 3, 2, 1, 1],
)
TUNING_CROP = AvatarEdit("cropped 1 % a side", 10, 20, 62)
VALIDATION_CROP = AvatarEdit("turned by 2 degrees", 38, 56, 80)
HELD_OUT_CROP = AvatarEdit("cropped 2.5 % a side", 30, 50, 88)


def edited(rng: Random, avatar: PictureHash, edit: AvatarEdit) -> PictureHash:
    """The hash after the edit.

    Mirroring a picture negates its odd horizontal frequencies and so flips every second bit, give or take.
    """
    value = int(avatar.pdq, 16) ^ (_ODD_COLUMNS if edit.mirrored else 0)
    for position in rng.sample(range(BITS), edit.bits(rng)):
        value ^= 1 << position
    return PictureHash(f"{value:064x}", max(0, min(100, avatar.quality + between(rng, -8, 4))))
