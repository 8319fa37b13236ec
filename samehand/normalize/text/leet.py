"""Cuts an ASCII reading into words and numbers, and reads digits and signs as letters (leet).

Digits at the ends of a word are numbers (786 is no word); digits inside stand for letters, unless there are
many (ali786khan). In a word with such letters inside, short runs at its ends are read as letters too (m3di4).
Where another reading is possible, it is kept as well.
"""

from __future__ import annotations

import re
from operator import eq
from typing import Final, NamedTuple

LEET: Final = str.maketrans("0123456789@$", "oizeasgtbgas")
"""The letter that each digit and sign most often stands for."""
_LEET_L: Final = str.maketrans("0123456789@$", "olzeasgtbgas")
# Digits that often stand for a letter where one stands alone in front (4hmed); 2, 6 and 9 are numbers there.
_LEADING: Final = frozenset("0134578")
# The digits of the Arabic chat alphabet: hamza, ain, kha, ta, ha, qaf and sad.
_CHAT_ALPHABET: Final = {"2": "", "3": "a", "5": "kh", "6": "t", "7": "h", "8": "q", "9": "s"}
_CHAT: Final = str.maketrans(_CHAT_ALPHABET)
_CHAT_WORD: Final = re.compile(r"(?<![a-z])[a-z]*(?:[2356789][a-z]+)+[2356789]?")
# From three digits on, a run inside a word is a number; at the end of a leet word likewise.
_NUMBER_DIGITS_MIN: Final = 3
_NUMBER: Final = re.compile(r"[0-9]{3,}")
_SHORT_RUN: Final = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])|[@$]")
_DIGITS: Final = "0123456789"

CHUNK: Final = re.compile(r"[a-z0-9@$]+")
_REPEAT: Final = re.compile(r"(.)\1+")
_DOUBLE_V: Final = re.compile(r"(?<!v)vv(?!v)")


class Cut(NamedTuple):
    """A text in pieces. ``readings`` are its other readings, most probable first, not yet collapsed."""

    words: list[str]
    digits: list[str]
    readings: list[str]


def cut(seen: str) -> Cut:
    """Cuts a lower-case ASCII reading into words and numbers."""
    chunks = CHUNK.findall(seen)
    if "".join(chunks).isalpha():
        return Cut(chunks, [], [])
    parts = [_cut_chunk(chunk) for chunk in chunks]
    words = [word for part in parts for word in part.words]
    digits = [number for part in parts for number in part.digits]
    if not words:
        return Cut(words, digits, [])
    readings = [
        "".join([getattr(part, kind) or "".join(part.words) for part in parts])
        for kind in ("other", "ell", "chat")
        if any(getattr(part, kind) is not None for part in parts)
    ]
    return Cut(words, digits, readings)


class _Part(NamedTuple):
    """One chunk in pieces, and its other readings, each ``None`` where there is none."""

    words: tuple[str, ...]
    digits: tuple[str, ...] = ()
    other: str | None = None
    ell: str | None = None
    chat: str | None = None


def _cut_chunk(chunk: str) -> _Part:
    if chunk.isalpha():
        return _Part((chunk,))
    core = chunk.strip(_DIGITS)
    if not core.strip("@$"):
        number = "".join(filter(str.isdigit, chunk))
        return _Part((), (number,) if number else ())
    start = chunk.index(core)
    lead, trail = chunk[:start], chunk[start + len(core) :]
    chat = chunk.translate(_CHAT) if _CHAT_WORD.fullmatch(chunk) else None
    if core.isalpha():
        if lead in _LEADING:
            word = lead.translate(LEET) + core
            ell = f"l{core}" if lead == "1" else None
            return _Part((word,), (trail,) if trail else (), other=core, ell=ell, chat=chat)
        other = chunk_as_letters(lead, core, trail) if lead else None
        return _Part((core,), tuple(filter(None, (lead, trail))), other=other, chat=chat)
    if _SHORT_RUN.search(core):
        return _leet(lead, core, trail, chat)
    pieces = tuple(piece for piece in _NUMBER.split(core) if piece)
    numbers = tuple(filter(None, (lead, *_NUMBER.findall(core), trail)))
    return _Part(pieces, numbers, other=(lead + core).translate(LEET))


def chunk_as_letters(lead: str, core: str, trail: str) -> str:
    """A chunk with all its digits read as letters, except a long number at its end, which is left out."""
    return (lead + core + (trail if len(trail) < _NUMBER_DIGITS_MIN else "")).translate(LEET)


def _leet(lead: str, core: str, trail: str, chat: str | None) -> _Part:
    """The pieces of a chunk in which digits stand for letters."""
    numbers = []
    if len(lead) >= _NUMBER_DIGITS_MIN:
        numbers.append(lead)
        lead = ""
    body, whole = lead + core, lead + core + trail
    short = len(trail) < _NUMBER_DIGITS_MIN
    if not short:
        numbers.append(trail)
    written = whole if short else body
    other = body if short else whole
    return _Part(
        (written.translate(LEET),),
        tuple(numbers),
        other=other.translate(LEET) if trail else None,
        ell=written.translate(_LEET_L) if "1" in written else None,
        chat=chat,
    )


def collapse(word: str) -> str:
    """The word with repeated letters once, vv as w and rn as m; a word with digits stays as it is."""
    if not word.isalpha():
        return word
    if "vv" in word:
        word = _DOUBLE_V.sub("w", word)
    word = without_repeats(word)
    return without_repeats(word.replace("rn", "m")) if "rn" in word else word


def without_repeats(word: str) -> str:
    """The word with each letter once where it stands several times in a row."""
    # Most words repeat nothing, and this test costs a quarter of the substitution.
    return _REPEAT.sub(r"\1", word) if any(map(eq, word, word[1:])) else word


# The start of a word in camel case: UmarMedia, UMARMedia.
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Shorter pieces come from rAnDoM capitals, not from words.
_HUMP_LENGTH_MIN: Final = 3
# A capital I between small letters looks like an l.
_CAPITAL_I: Final = re.compile(r"(?<=[a-z])I(?=[a-z])")
_EXCLAMATION: Final = re.compile(r"(?<=[a-z0-9])!(?=[a-z0-9])|(?<![a-z0-9])!(?=[a-z])")
_APOSTROPHE: Final = re.compile(r"(?<=\w)['`](?=\w)")
# Letters drawn with several signs, which must touch a letter on one side, and single signs that stand for a
# letter between two others: `Ali | Khan` and `[TAG] Ali` draw nothing.
_DRAWN: Final = {
    "|\\|": "n", "/\\/": "n", "|\\/|": "m", "/v\\": "m", "\\/\\/": "w", "|-|": "h", "/-/": "h", "\\/": "v",
    "/\\": "a", "|)": "d", "[)": "d", "|>": "p", "|<": "k", "|3": "b", "|2": "r", "><": "x", "|_|": "u",
    "|": "l", "[": "c", "(": "c", "{": "c", "<": "c", "]": "j", "#": "h", "&": "e", "+": "t",
}  # fmt: skip
_DRAWN_SIGN: Final = re.compile("|".join(re.escape(sign) for sign in sorted(_DRAWN, key=len, reverse=True)))
# By the sign that they begin with, longest first.
_LONG_SIGNS: Final = {
    start: tuple(sorted((sign for sign in _DRAWN if sign[0] == start != sign), key=len, reverse=True))
    for start in {sign[0] for sign in _DRAWN}
}
_SINGLE_SIGNS: Final = frozenset(sign for sign in _DRAWN if len(sign) == 1)
_DRAWS_BESIDE: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789@$")
_MAY_DRAW: Final = re.compile(r"[|\\/<>\[\](){}#&+]")


def ascii_readings(text: str) -> tuple[str, list[str]]:
    """An ASCII text in lower case with its camel case split into words, and its other readings."""
    if text.islower() and text.isalnum():
        return text, []
    if "'" in text or "`" in text:
        text = _APOSTROPHE.sub("", text)
    seen, others = text.lower(), []
    if seen != text and not text.isupper():
        parted = _HUMP.sub(" ", text)
        if all(len(piece) >= _HUMP_LENGTH_MIN for piece in CHUNK.findall(parted.lower())):
            seen = parted.lower()
        elif _CAPITAL_I.search(text):
            others.append(_CAPITAL_I.sub("l", text).lower())
    if _MAY_DRAW.search(seen):
        drawn = _with_drawn_letters(seen)
        if drawn != seen:
            others.append(drawn)
    return seen, others


def exclamation_reading(seen: str) -> str | None:
    """The reading in which an exclamation mark that touches a letter is an i; ``None`` if there is none."""
    if "!" not in seen:
        return None
    read = _EXCLAMATION.sub("1", seen)
    return None if read == seen else read


def _with_drawn_letters(seen: str) -> str:
    """The text with letters in place of those drawn with signs.

    No regular expression does this in linear time: signs may be cut in several ways (`/\\/` is an a and a
    stroke, or an n), so an expression that must end beside a letter tries every cut of a long row, from each
    place of the row.
    """
    ends = _ends_beside_a_letter(seen)
    parts: list[str] = []
    done = 0
    for place in ends:
        if place < done:
            continue
        behind_letter = place > 0 and seen[place - 1] in _DRAWS_BESIDE
        end = _row_end(seen, place) if behind_letter else place
        if end == place:
            end = ends[place]
        if not end and behind_letter and seen[place] in _SINGLE_SIGNS and _is_beside(seen, place + 1):
            end = place + 1
        if end:
            parts += (seen[done:place], _DRAWN_SIGN.sub(lambda sign: _DRAWN[sign.group()], seen[place:end]))
            done = end
    return "".join((*parts, seen[done:]))


def _ends_beside_a_letter(seen: str) -> dict[int, int]:
    """By the place of each sign, in order: where the row of long signs ends that begins there.

    Only rows that touch a letter at their end count; 0 where there is none. Computed from the last place
    backwards, so that a row is its first sign and a row that is known already.
    """
    ends: dict[int, int] = {match.start(): 0 for match in _MAY_DRAW.finditer(seen)}
    for place in reversed(ends):
        for sign in _LONG_SIGNS.get(seen[place], ()):
            after = place + len(sign)
            if seen.startswith(sign, place) and (
                end := ends.get(after) or (after if _is_beside(seen, after) else 0)
            ):
                ends[place] = end
                break
    return ends


def _row_end(seen: str, place: int) -> int:
    """Where the row of long signs that begins at a place ends; the place itself where there is none."""
    while sign := next(
        (
            long_sign
            for long_sign in _LONG_SIGNS.get(seen[place : place + 1], ())
            if seen.startswith(long_sign, place)
        ),
        "",
    ):
        place += len(sign)
    return place


def _is_beside(seen: str, place: int) -> bool:
    return seen[place : place + 1] in _DRAWS_BESIDE
