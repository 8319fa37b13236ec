"""Folding: the one reading of a handle, a name or a text under which disguises of it look alike.

A text is read word by word. A word of Latin letters, or of Latin letters among look-alikes, is read by its
looks; a word wholly in another script by its sound, and where its letters also pass for Latin ones (Cyrillic,
Greek, …) its looks are kept as an alternate. Then digits at the ends are split off (786 is no word), digits
inside are read as the letters they stand for, repeats are collapsed, and vv and rn are read as w and m.

``base``, ``tokens`` and ``alternates`` are lower-case ASCII. Everything here is total and deterministic; the
table and these rules together carry ``FOLD_VERSION``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntFlag

from samehand.normal.consonants import consonant_key, without_articles
from samehand.normal.handles import clean_handle, is_legal, is_made_up
from samehand.normal.scripts import LETTERS, Script, dominant_script, has_mixed_script
from samehand.normal.table import FOLD_VERSION, PHONETIC, VISUAL

__all__ = ["FOLD_VERSION", "FoldFlags", "HandleFold", "NameFold", "fold_handle", "fold_name", "fold_text"]

# Every alternate is one more probe of the index; more than four readings of one name do not occur in good
# faith.
ALTERNATES_MAX = 4
# The longest text that is folded; the schemas admit no longer bio. What lies beyond is not read.
TEXT_LENGTH_MAX = 10_000


class FoldFlags(IntFlag):
    """What the fold had to see through. Evidence by itself, judged elsewhere."""

    NONE = 0
    INVISIBLE = 1
    """Characters without a look, other than those that a script or an emoji needs."""
    BIDI = 2
    """Marks that turn the direction of writing, other than the plain ones of a right-to-left text."""
    MIXED_SCRIPT = 4
    """Letters of two scripts within one word."""
    STYLED = 8
    """Latin letters in mathematical, circled, full-width or similar dress."""
    LEET = 16
    """Digits or signs standing for letters."""
    MADE_UP = 32
    """A handle of a pattern that platforms propose by themselves."""
    ILLEGAL = 64
    """A handle that its platform would not grant today."""
    MARKED = 128
    """Two or more combining marks on one Latin letter."""


@dataclass(frozen=True, slots=True)
class HandleFold:
    """A folded handle.

    ``base`` is the skeleton: letters only, or the digits of a handle that has no letter. ``digits`` are the
    runs of digits not read as letters, joined. ``tokens`` are the folded words. ``alternates`` are other
    readings of the base, each worth a probe. ``consonants`` is the consonant key, possibly empty. ``literal``
    is the cleaned handle's lower-case letters and digits in their own script: the same literal is the same
    handle.
    """

    base: str
    digits: str
    tokens: tuple[str, ...]
    alternates: tuple[str, ...]
    consonants: str
    script: Script
    flags: FoldFlags
    literal: str


@dataclass(frozen=True, slots=True)
class NameFold:
    """A folded display name: as :class:`HandleFold`, with one consonant key (possibly empty) for each token."""

    tokens: tuple[str, ...]
    base: str
    digits: str
    alternates: tuple[str, ...]
    consonants: tuple[str, ...]
    script: Script
    flags: FoldFlags


def fold_handle(handle: str, platform: str) -> HandleFold | None:
    """The fold of a handle by its platform's rules, or ``None`` if neither letter nor digit is left of it."""
    cleaned = clean_handle(handle, platform)
    reading = _read(cleaned)
    if reading is None:
        return None
    flags = reading.flags
    if is_made_up(cleaned, platform):
        flags |= FoldFlags.MADE_UP
    if not is_legal(handle, platform):
        flags |= FoldFlags.ILLEGAL
    return HandleFold(
        base=reading.base,
        digits=reading.digits,
        tokens=tuple(map(_collapse, reading.words)),
        alternates=reading.alternates,
        consonants="".join(map(consonant_key, without_articles(reading.words))),
        script=reading.script,
        flags=flags,
        literal=_literal(cleaned, reading),
    )


def fold_name(text: str) -> NameFold | None:
    """The fold of a display name, or ``None`` if neither letter nor digit is left of it."""
    reading = _read(text)
    if reading is None:
        return None
    return NameFold(
        tokens=tuple(map(_collapse, reading.words)),
        base=reading.base,
        digits=reading.digits,
        alternates=reading.alternates,
        consonants=tuple(map(consonant_key, reading.words)),
        script=reading.script,
        flags=reading.flags,
    )


def fold_text(text: str) -> str:
    """A bio as folded lower-case words with single spaces between them; digits stay, leet is not read."""
    text = text[:TEXT_LENGTH_MAX]
    seen = text.lower() if text.isascii() else " ".join(_by_sound(word) for word in _words(_visible(text)))
    return " ".join(_ALPHANUMERIC.findall(seen.replace("'", "")))


# --- reading
# -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """A text as read, before its tokens are collapsed."""

    words: list[str]
    base: str
    digits: str
    alternates: tuple[str, ...]
    script: Script
    flags: FoldFlags


_ALPHANUMERIC = re.compile(r"[a-z0-9]+")
# Inside a word it divides nothing (O'Brien).
_APOSTROPHE = re.compile(r"(?<=\w)['`](?=\w)")
_HAS_LETTER = re.compile(r"[a-z]")
_CHUNK = re.compile(r"[a-z0-9@$]+")
_INNER_EXCLAMATION = re.compile(r"(?<=[a-z0-9])!(?=[a-z0-9])|(?<![a-z0-9])!(?=[a-z])")
# A hump of camel case: UmarMedia, UMARMedia.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Shorter pieces come from rAnDoM capitals, not from words.
_HUMP_LENGTH_MIN = 3


def _read(text: str) -> _Reading | None:
    text = text[:TEXT_LENGTH_MAX]
    if text.isascii():
        script, flags = Script.LATIN, 0
        seen, other = _humps(_APOSTROPHE.sub("", text)), None
    else:
        script, flags = dominant_script(text), _flags_of(text)
        seen, other = _seen(_visible(_APOSTROPHE.sub("", text)))
    chunks = _Chunks(seen)
    if not chunks.words and not chunks.digits:
        return None
    if not chunks.words:
        digits = "".join(chunks.digits)
        return _Reading([digits], digits, "", (), Script.NONE, FoldFlags(flags))
    base = _collapse("".join(chunks.words))
    alternates = _alternates(base, chunks, seen, other)
    return _Reading(
        words=chunks.words,
        base=base,
        digits="".join(chunks.digits),
        alternates=alternates,
        script=script if script is not Script.NONE else Script.LATIN,
        flags=FoldFlags(flags | (FoldFlags.LEET if chunks.leet else 0)),
    )


def _humps(text: str) -> str:
    """ASCII text in lower case, with a space at every hump of camel case."""
    if text.islower() or text.isupper():
        return text.lower()
    parted = _HUMP.sub(" ", text)
    if any(len(piece) < _HUMP_LENGTH_MIN for piece in _CHUNK.findall(parted.lower())):
        return text.lower()
    return parted.lower()


# --- leet, digits, repeats
# -----------------------------------------------------------------------------------------

_LEET = str.maketrans("0123456789@$", "oizeasgtbgas")
# The digits of the Arabic chat alphabet: hamza, ain, kha, ta, ha, qaf and sad.
_CHAT_ALPHABET = {"2": "", "3": "a", "5": "kh", "6": "t", "7": "h", "8": "q", "9": "s"}
_CHAT = str.maketrans(_CHAT_ALPHABET | {"0": "o", "1": "i", "4": "a", "@": "a", "$": "s"})
_CHAT_DIGIT = re.compile(r"[2356789]")
# Digits that the chat alphabet does not have, and long numbers: then it is leet or a year, not Arabic.
_NOT_CHAT = re.compile(r"[a-z][014@$]+[a-z]|[0-9]{3}")
# A digit run at a word's end, its core, and the run at its end. A single leading digit that often stands for
# a letter stays with the core (4hmed); longer runs and the others are numbers.
_ENDS = re.compile(r"((?:[0-9]{2,}|[269])?)(.*?)([0-9]*)", re.DOTALL)
# Three digits or more inside a word are a number (ali786khan, raza1947pk); two or one stand for letters.
_INNER_NUMBER = re.compile(r"[0-9]{3,}")
_REPEAT = re.compile(r"(.)\1+")


class _Chunks:
    """A lower-case ASCII text cut into words and numbers, and what else it could have been cut into."""

    __slots__ = ("chat", "digits", "leet", "other", "words")

    def __init__(self, seen: str) -> None:
        self.words: list[str] = []
        self.digits: list[str] = []
        self.other: list[str] = []
        """The words, with numbers inside and at the end of leet words read the other way."""
        self.chat: list[str] = []
        """The words with their digits read as the Arabic chat alphabet."""
        self.leet = False
        for chunk in _CHUNK.findall(seen):
            if chunk.isalpha():
                self._add([chunk], [chunk], [chunk])
            elif _HAS_LETTER.search(chunk) is None:
                digits = "".join(filter(str.isdigit, chunk))
                if digits:
                    self.digits.append(digits)
            else:
                self._add_mixed(chunk)

    def _add(self, words: list[str], other: list[str], chat: list[str]) -> None:
        self.words += words
        self.other += other
        self.chat += chat

    def _add_mixed(self, chunk: str) -> None:
        found = _ENDS.fullmatch(chunk)
        assert found is not None, "every string matches"
        lead, core, trail = found.groups()
        if core.isalpha():
            self.digits += filter(None, (lead, trail))
            chat = core if lead not in _CHAT_ALPHABET else (lead + core).translate(_CHAT)
            self._add([core], [core], [chat])
            return
        self.leet = True
        pieces = _INNER_NUMBER.split(core)
        numbers = _INNER_NUMBER.findall(core)
        words = [piece.translate(_LEET) for piece in pieces if piece]
        whole = core.translate(_LEET)
        other = [whole] if numbers else [*words[:-1], words[-1]]
        if len(trail) in (1, 2):
            # A word with leet inside goes on with it (m3di4); the other reading keeps the number (h4ck3r5).
            words[-1] += trail.translate(_LEET)
            trail = ""
        self.digits += filter(None, (lead, *numbers, trail))
        self._add(words, other, [chunk.translate(_CHAT)])


def _collapse(word: str) -> str:
    """Repeats to one letter, vv to w and rn to m; digits stay as they are."""
    if not word.isalpha():
        return word
    word = _REPEAT.sub(r"\1", word.replace("vv", "w"))
    if "rn" in word:
        word = _REPEAT.sub(r"\1", word.replace("rn", "m"))
    return word


def _alternates(base: str, chunks: _Chunks, seen: str, other: str | None) -> tuple[str, ...]:
    """Other readings of the base, best first, each once and none of them the base itself."""
    readings: list[str] = []
    if other is not None:
        readings.append("".join(_Chunks(other).words))
    if chunks.leet:
        readings.append("".join(chunks.other))
    if "!" in seen:
        readings.append("".join(_Chunks(_INNER_EXCLAMATION.sub("i", seen)).words))
    if _CHAT_DIGIT.search(seen) and _NOT_CHAT.search(seen) is None:
        readings.append("".join(chunks.chat))
    if not readings:
        return ()
    kept = [reading for reading in dict.fromkeys(map(_collapse, readings)) if reading and reading != base]
    return tuple(kept[:ALTERNATES_MAX])


# --- other scripts
# -------------------------------------------------------------------------------------------------

_LATIN = re.compile(f"[{LETTERS[Script.LATIN]}]")
_FOREIGN_RANGES = "".join(ranges for script, ranges in LETTERS.items() if script is not Script.LATIN)
_FOREIGN = re.compile(f"[{_FOREIGN_RANGES}]")
# A foreign letter with whatever clings to it: marks and joiners of its own script.
_FOREIGN_RUN = re.compile(
    rf"[{_FOREIGN_RANGES}](?:[^A-Za-z\s_.\-]*[{_FOREIGN_RANGES}\u0900-\u0dff\u0e00-\u0eff\u064b-\u065f])?"
)
# Scripts whose letters are passed off as Latin ones within a word and for whole words.
_LOOK_ALIKE = re.compile(
    f"[{LETTERS[Script.CYRILLIC]}{LETTERS[Script.GREEK]}"
    r"\u0531-\u0588\u13a0-\u13fd\u1400-\u167f\u1d00-\u1dbf\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf"
    r"\U00010280-\U000102df\U00010300-\U0001034f\U00010400-\U0001052f]"
)
# In a Latin word a foreign run this long is a word of its own (umarعمر); a shorter one stands for its looks.
_OWN_WORD_LETTERS_MIN = 3
_WORD_BREAK = re.compile(r"[\s_.\-+/:|~]+")
# Two regional indicators are a flag; single ones are letters in disguise.
_FLAG = re.compile("(?<![\U0001f1e6-\U0001f1ff])(?:[\U0001f1e6-\U0001f1ff]{2})+(?![\U0001f1e6-\U0001f1ff])")


def _words(text: str) -> list[str]:
    return [word for word in _WORD_BREAK.split(text) if word]


def _visible(text: str) -> str:
    """The text without flags; everything else that does not show is dropped by the tables."""
    return _FLAG.sub(" ", text)


def _seen(text: str) -> tuple[str, str | None]:
    """The text in lower-case ASCII, and its other reading where a word of it has one."""
    words = _words(text)
    first = [_by_looks_or_sound(word) for word in words]
    if _LOOK_ALIKE.search(text) is None:
        return " ".join(first), None
    second = [_other_reading(word) for word in words]
    return " ".join(first), None if second == first else " ".join(second)


def _by_looks_or_sound(word: str) -> str:
    if _FOREIGN.search(word) is None:
        return word.translate(VISUAL)
    if _LATIN.search(word) is None:
        return word.translate(PHONETIC)
    return _FOREIGN_RUN_LONG.sub(_apart, word).translate(VISUAL)


def _by_sound(word: str) -> str:
    return _by_looks_or_sound(word)


def _other_reading(word: str) -> str:
    """By its looks what was read by its sound, and the other way round."""
    if _LATIN.search(word) is None:
        return word.translate(VISUAL)
    return word.translate(PHONETIC)


def _apart(found: re.Match[str]) -> str:
    """A foreign run within a Latin word, read by its sound if it is a word of its own."""
    run = found.group()
    return f" {run.translate(PHONETIC)} " if _LOOK_ALIKE.search(run) is None else run


_FOREIGN_RUN_LONG = re.compile(
    rf"[{_FOREIGN_RANGES}][{_FOREIGN_RANGES}\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff\u200c\u200d]"
    rf"{{{_OWN_WORD_LETTERS_MIN - 1},}}"
)


# --- flags and literal
# ---------------------------------------------------------------------------------------------

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# A joiner between letters of a script that needs it, or within an emoji, is spelling.
_NEEDED_JOINER = re.compile(
    r"(?<=[\u0600-\u06ff\u0750-\u077f\u08a0-\u0dff\u1000-\u109f\u1780-\u17ff])[\u200c\u200d]"
    "|(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d|(?<=\U0001f3f4)[\U000e0020-\U000e007f]+"
)
_BIDI_MARK = re.compile(r"[\u061c\u200e\u200f]")
_BIDI_CONTROL = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_STYLED = re.compile(
    r"[\u2102-\u2138\u24b6-\u24e9\uff21-\uff5a\U0001d400-\U0001d7ff\U0001f110-\U0001f189\u1d2c-\u1d6a]"
)
_MARKED = re.compile(
    f"[{LETTERS[Script.LATIN]}][\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{{2}}"
)
_RIGHT_TO_LEFT = frozenset({Script.ARABIC, Script.HEBREW})


def _flags_of(text: str) -> int:
    flags = 0
    if _INVISIBLE.search(_NEEDED_JOINER.sub("", text)):
        flags |= FoldFlags.INVISIBLE.value
    if _BIDI_CONTROL.search(text) or (
        _BIDI_MARK.search(text) and dominant_script(text) not in _RIGHT_TO_LEFT
    ):
        flags |= FoldFlags.BIDI.value
    if has_mixed_script(text):
        flags |= FoldFlags.MIXED_SCRIPT.value
    if _STYLED.search(text):
        flags |= FoldFlags.STYLED.value
    if _MARKED.search(unicodedata.normalize("NFD", text)):
        flags |= FoldFlags.MARKED.value
    return flags


_NOT_LITERAL = re.compile(r"[\W_]+")


def _literal(cleaned: str, reading: _Reading) -> str:
    """Lower-case letters and digits, each in its own script, composed, with the vowel signs that a script writes as
    marks; other marks fall away. Where all letters were signs in disguise, the base and its digits.
    """
    if cleaned.isascii():
        return _NOT_LITERAL.sub("", cleaned.lower())
    composed = unicodedata.normalize("NFKC", cleaned).casefold()
    return "".join(filter(_is_literal, composed)) or reading.base + reading.digits


def _is_literal(char: str) -> bool:
    return char.isalnum() or (unicodedata.category(char) in ("Mc", "Mn") and not unicodedata.combining(char))
