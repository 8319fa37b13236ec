"""Two values side by side: where they differ, what in them nobody sees, what their letters are read as."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

from report.text import JOINERS, is_unseen, seen_marks
from samehand.normalize.text.fold import fold_handle, fold_name
from samehand.normalize.text.leet import collapse
from samehand.normalize.text.scripts import LETTERS, Script, has_mixed_script

Kind = Literal["same", "other", "unseen"]

PIECES_MAX: Final = 200
"""Of one value: two texts that alternate at every letter are marked as a whole."""

SIMILARITY_MIN: Final = 0.5
"""Of two values, from 0 to 1: below it letters agree by chance, and marks would be everywhere."""

WORDS_SIMILARITY_MIN: Final = 0.25
"""Of two texts by their words, likewise: an edited self-description keeps more than a quarter of them."""

CHARACTERS_MAX: Final = 4_000
"""Of a text; longer than any platform's self-description."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a value: as in the other one, not as there, or one character that nobody sees (`name`)."""

    kind: Kind
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ComparedValues:
    """Two values, each in pieces. `ours_read`, `theirs_read`: their letters as they are read, "" where as
    written.
    """

    ours: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    same: bool
    ours_read: str = ""
    theirs_read: str = ""


def compare(signal: str, platform: str, ours: str, theirs: str) -> ComparedValues:
    """Where two quoted values differ; a value that is a statement is not compared by letter."""
    if signal == "bio":
        return compare_words(ours, theirs)
    mine, other = (ours, theirs) if signal in _READ else ("", "")
    return ComparedValues(
        *(_pieces(ours, theirs) if signal not in _WHOLE else (_plain(ours), _plain(theirs))),
        same=ours == theirs,
        ours_read=_read_as(signal, platform, mine, other),
        theirs_read=_read_as(signal, platform, other, mine),
    )


def compare_words(ours: str, theirs: str) -> ComparedValues:
    """Where two texts differ, by word: what only one of them has is marked."""
    left, right = _words(ours), _words(theirs)
    without_blanks = ([word for word in words if not word.isspace()] for words in (left, right))
    if Levenshtein.normalized_similarity(*without_blanks) < WORDS_SIMILARITY_MIN:
        mine, other = _seen("".join(left), "same", "\n"), _seen("".join(right), "same", "\n")
    else:
        mine, other = [], []
        for step in Levenshtein.opcodes(left, right):
            kind: Kind = "same" if step.tag == "equal" else "other"
            mine += _seen("".join(left[step.src_start : step.src_end]), kind, "\n")
            other += _seen("".join(right[step.dest_start : step.dest_end]), kind, "\n")
    return ComparedValues(_joined(mine), _joined(other), same=ours == theirs)


def _words(text: str) -> list[str]:
    """Words, and what stands between them; where a script writes no blanks, each letter is a word."""
    cut = text[:CHARACTERS_MAX] + ("…" if len(text) > CHARACTERS_MAX else "")
    words: list[str] = []
    former: _Role = "alone"
    for character in _BREAKS.sub("\n\n", cut.replace("\r\n", "\n")):
        role = _role(character)
        if words and (role == "attached" or role == former != "alone"):
            words[-1] += character
        else:
            words.append(character)
            former = role
    return words


_Role = Literal["blank", "letter", "attached", "alone"]


def _role(character: str) -> _Role:
    if character.isspace():
        return "blank"
    if character in JOINERS or character in _SKIN_TONES or unicodedata.category(character)[0] == "M":
        return "attached"
    if _UNSPACED.match(character):
        return "alone"
    return "letter" if character.isalnum() or character in _FLAGS else "alone"


_BREAKS: Final = re.compile(r"\n\s+\n")
_UNSPACED: Final = re.compile(
    f"[{LETTERS[Script.HAN]}{LETTERS[Script.KANA]}"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f]"  # Thai, Lao, Burmese, Khmer
)
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAGS: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""Letters that are drawn as a flag in pairs."""


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind as one piece, and no more than `PIECES_MAX` of them."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.kind == joined[-1].kind != "unseen":
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    if len(joined) <= PIECES_MAX:
        return tuple(joined)
    return (*joined[: PIECES_MAX - 1], Piece("same", "…"))


_READ: Final = frozenset({"handle", "name", "crossing"})
_WHOLE: Final = frozenset(
    {"timing", "admirer", "platform", "first_shown", "rule", "rivals", "ceiling", "prior"}
)
"""Their two values are a statement each, and letters that agree in them say nothing."""


def _pieces(ours: str, theirs: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    # An empty value resembles nothing.
    if Levenshtein.normalized_similarity(ours, theirs, score_cutoff=SIMILARITY_MIN) < SIMILARITY_MIN:
        return _plain(ours), _plain(theirs)
    left: list[Piece] = []
    right: list[Piece] = []
    for step in Levenshtein.opcodes(ours, theirs):
        kind: Kind = "same" if step.tag == "equal" else "other"
        left += _seen(ours[step.src_start : step.src_end], kind)
        right += _seen(theirs[step.dest_start : step.dest_end], kind)
    if max(len(left), len(right)) > PIECES_MAX:
        return tuple(_seen(ours, "other")[:PIECES_MAX]), tuple(_seen(theirs, "other")[:PIECES_MAX])
    return tuple(left), tuple(right)


def _plain(text: str) -> tuple[Piece, ...]:
    return tuple(_seen(text, "same")[:PIECES_MAX])


def _seen(text: str, kind: Kind, drawn: str = "") -> list[Piece]:
    """Stretches that are seen or `drawn`, and each character between them that is not."""
    made: list[Piece] = []
    stretch: list[str] = []
    for character in seen_marks(text):
        if is_unseen(character) and character not in drawn:
            if stretch:
                made.append(Piece(kind, "".join(stretch)))
                stretch.clear()
            point = f"U+{ord(character):04X}"
            made.append(Piece("unseen", point, unicodedata.name(character, point).lower()))
        else:
            stretch.append(character)
    if stretch:
        made.append(Piece(kind, "".join(stretch)))
    return made


def _read_as(signal: str, platform: str, text: str, other: str) -> str:
    """What look-alike letters are read as, where that is not what is written.

    Letters that stand for one another in any name (rn and m, doubled ones) are read so on both sides. That is
    shown only where the other value is written so: `rnartin` beside `martin`, and not a plain `bernardita`.
    """
    folded = fold_handle(text, platform) if signal == "handle" else fold_name(text)
    if folded is None:
        return ""
    read = folded.base + folded.digits if signal == "handle" else " ".join(folded.tokens)
    plain = text.casefold().lstrip("@")
    bare = "".join(filter(str.isalnum, plain))
    if read.replace(" ", "") == bare and not has_mixed_script(text):
        return ""
    letters, digits = "".join(filter(str.isalpha, bare)), "".join(filter(str.isdecimal, bare))
    usual = ("".join(map(collapse, _WORD.findall(plain))), collapse(letters) + digits)
    if text.isascii() and read.replace(" ", "") in usual:
        return read if read in _WORD.findall(other.casefold()) else ""
    return read


_WORD: Final = re.compile(r"[^\W_]+")
