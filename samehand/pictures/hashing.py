"""Makes perceptual hashes (PDQ) of a profile picture; needs the extra ``avatar``.

Pictures come from strangers, so the work on one is bounded before it begins: four formats, a maximum of
pixels, one frame. A picture that cannot be read becomes an :class:`Unseen` with its reason, never an
exception. To compare given hashes needs nothing of this.

The steps are fixed, because hashes of one picture agree only if it was scaled in the same way: decode (JPEGs
near 256 pixels); turn as the camera says; squeeze to a square of 256 pixels (bilinear); lay on white where it
is transparent; scale each view to 128; then PDQ. That differs from PDQ of the full picture in 13 of 256 bits
on average, and for the same picture saved again smaller in 3.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

IMAGE_BYTES_MAX: Final = 262_144
# No platform serves a larger avatar. A flat PNG takes most time for its bytes: one of this size a tenth of a
# second, and one of 4096 by 4096, which fits in the bytes as well, four times that.
PIXELS_MAX: Final = 2048 * 2048
# Each scan of a progressive JPEG refines the whole picture, and a scan that changes nothing takes twelve
# bytes: twenty thousand fit, and kept a decoder busy for minutes. Encoders write ten, plus the thumbnail's.
SCANS_MAX: Final = 32
_JPEG: Final = b"\xff\xd8"
_START_OF_SCAN: Final = b"\xff\xda"  # not in compressed data, where a zero follows each 0xff
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
_SIDE: Final = 256
_VIEW: Final = 128

# Views of the query's picture, as the share of its side that they show. A share below 1 finds a banned
# picture that is a crop of this one; one above 1 (with a mirrored margin) finds one of which this is a crop.
_SHARES: Final[tuple[float, ...]] = (1.0, 0.95, 0.9, 1.05, 1.1)
_MARGIN: Final = round(_SIDE * (max(_SHARES) - 1) / 2) + 1

Reason = Literal["extra-not-installed", "too-large", "too-many-pixels", "too-many-scans", "malformed"]
REASONS: tuple[Reason, ...] = (
    "extra-not-installed",
    "too-large",
    "too-many-pixels",
    "too-many-scans",
    "malformed",
)


@dataclass(frozen=True, slots=True)
class Picture:
    """The hash of a picture (32 bytes), its quality (0 to 100), and the hashes of its other views."""

    pdq: bytes
    quality: int
    variants: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why a picture gave no hash."""

    reason: Reason
    detail: str = ""


def installed() -> bool:
    """Returns whether the libraries of the extra ``avatar`` are installed."""
    return _libraries() is not None


@lru_cache(maxsize=2)  # an event asks twice: to count the outcome of its picture, and to distil it
def seen(image: bytes) -> Picture | Unseen:
    """The hashes of an encoded picture, or why there are none."""
    libraries = _libraries()
    if libraries is None:
        return Unseen("extra-not-installed", "install samehand[avatar]")
    if len(image) > IMAGE_BYTES_MAX:
        return Unseen("too-large", f"more than {IMAGE_BYTES_MAX // 1024} KiB")
    if image.startswith(_JPEG) and image.count(_START_OF_SCAN) > SCANS_MAX:
        return Unseen("too-many-scans", f"more than {SCANS_MAX} scans")
    pillow, ops, pdq = libraries
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damaged metadata, which is not used
        try:
            square = _square(image, pillow, ops)
        except pillow.DecompressionBombError:
            return Unseen("too-many-pixels")
        # The decoders of four formats raise various exceptions on damaged bytes, all of one meaning.
        except Exception as fault:
            return Unseen("malformed", type(fault).__name__)
    if isinstance(square, Unseen):
        return square
    margins = ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0))
    wide = pillow.fromarray(np.pad(np.asarray(square), margins, mode="reflect"))
    views = [_view(wide, share, pillow) for share in _SHARES]
    views += [np.ascontiguousarray(view[:, ::-1]) for view in views]
    (own, quality), *others = [pdq.compute(view) for view in views]
    return Picture(_bytes(own), int(quality), tuple(dict.fromkeys(_bytes(bits) for bits, _ in others)))


@cache
def _libraries() -> tuple[Any, Any, Any] | None:
    try:
        return import_module("PIL.Image"), import_module("PIL.ImageOps"), import_module("pdqhash")
    except ImportError:
        return None


def _square(image: bytes, pillow: Any, ops: Any) -> Unseen | Any:
    with pillow.open(io.BytesIO(image), formats=_FORMATS) as opened:
        width, height = opened.size
        if width * height > PIXELS_MAX:
            return Unseen("too-many-pixels", f"{width} by {height}")
        opened.draft("RGB", (_SIDE, _SIDE))
        turned = ops.exif_transpose(opened)
        if not turned.has_transparency_data:
            return _scaled(turned.convert("RGB"), pillow)
        small = _scaled(turned.convert("RGBA"), pillow)
    white = pillow.new("RGBA", small.size, "white")
    white.alpha_composite(small)
    return white.convert("RGB")


def _scaled(picture: Any, pillow: Any) -> Any:
    return picture.resize((_SIDE, _SIDE), pillow.Resampling.BILINEAR, reducing_gap=2.0)


def _view(wide: Any, share: float, pillow: Any) -> NDArray[np.uint8]:
    near = _MARGIN + _SIDE * (1 - share) / 2
    far = _MARGIN + _SIDE * (1 + share) / 2
    return np.asarray(wide.resize((_VIEW, _VIEW), pillow.Resampling.BILINEAR, box=(near, near, far, far)))


def _bytes(bits: NDArray[np.uint8]) -> bytes:
    return np.packbits(np.asarray(bits, dtype=np.uint8)).tobytes()
