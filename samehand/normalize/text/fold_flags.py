"""What a fold had to see through: hidden characters, reversed writing, mixed scripts."""

from __future__ import annotations

import re
from enum import IntFlag
from typing import Final

from samehand.normalize.text.scripts import RIGHT_TO_LEFT, dominant_script, has_mixed_script


class FoldFlags(IntFlag):
    """What the fold had to see through; it is evidence in itself (:mod:`samehand.signals.obfuscation`)."""

    NONE = 0
    INVISIBLE = 1
    """Characters that do not show, other than those that a script or an emoji needs."""
    BIDI = 2
    """Marks that change the direction of writing, other than the plain marks of a right-to-left text."""
    MIXED_SCRIPT = 4
    """Letters of two scripts within one word."""


# Combining flags at run time costs more than the rest of a fold, so every combination is made once.
FLAGS: tuple[FoldFlags, ...] = tuple(map(FoldFlags, range(8)))

# Letters by Unicode category that show as a blank: Hangul fillers and the like.
BLANKS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Joiners that belong to the spelling: after a letter of a script that needs them, within an emoji, and the
# tags of a flag.
_NEEDED_JOINER: Final = re.compile(
    "(?<=[\u0600-\u06ff\u0750-\u077f\u08a0-\u0dff\u1000-\u109f\u1780-\u17ff])[\u200c\u200d]"
    "|(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d|(?<=\U0001f3f4)[\U000e0020-\U000e007f]+"
)
_BIDI_MARK: Final = re.compile("[\u061c\u200e\u200f]")
_BIDI_CONTROL: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def flags_of(text: str) -> FoldFlags:
    bits = 0
    if _INVISIBLE.search(text) and _INVISIBLE.search(_NEEDED_JOINER.sub("", text)):
        bits |= 1
    if _BIDI_CONTROL.search(text) or (_BIDI_MARK.search(text) and dominant_script(text) not in RIGHT_TO_LEFT):
        bits |= 2
    if has_mixed_script(text):
        bits |= 4
    return FLAGS[bits]
