"""Build the fold table that samehand/normalize/ ships: which ASCII text each Unicode character is read as.

Run once per release of the table, never at run time:

    python -m venv /path/to/scratch
    /path/to/scratch/bin/pip install decancer-py==0.4.1 anyascii==0.3.3 confusable-homoglyphs==3.3.1
    /path/to/scratch/bin/python tools/build_fold_table.py

The result is samehand/normalize/text/fold_table.txt.xz; its SHA-256 is printed and goes, with a raised
FOLD_VERSION, into samehand/normalize/text/fold_table.py. A changed table means that every fingerprint has to
be indexed again.

Two readings of a character are kept:

* visual: what a person sees a Latin letter in. Marks are dropped, then the first of these that yields ASCII:
  compatibility decomposition, decancer (MIT), the UTS #39 skeleton (Unicode licence, by way of
  confusable-homoglyphs, MIT), anyascii (ISC).
* phonetic: what a reader of the character's own script says. Own tables for the Arabic, Cyrillic, Greek and
  Hebrew scripts (tools/romanise.py), anyascii for all others. Stored only where it differs
  from the visual one.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "samehand" / "normalize" / "text" / "fold_table.txt.xz"

# Beyond the planes of living scripts, letters and symbols lie only rare Han ideographs (extensions B to H:
# 88,000 entries for characters that almost nobody types). They are folded by their number at run time.
LAST_CODE_POINT = 0x1FFFF
SEPARATOR = " "
# Punctuation that means something to the fold: separators of tokens, and leet letters.
KEPT_PUNCTUATION = frozenset("!$@|_.-+/:")
# Written inside a name without dividing it (O'Brien, Qa’ida).
APOSTROPHES = frozenset("'`´’‘‛ʼʻʽʾʿ＇′ʹ՚׳\u05f3\u02b9\u02bb")
# Legal marks that decorate a name; compatibility decomposition would make letters of them.
DECORATIONS = frozenset("™℠®©℗")

# Letters by category, blank to the eye: favourites for names that look empty or identical.
BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

# Letters of living Latin alphabets that their writers spell out themselves when they have to.
SPELLED_OUT = {"ß": "ss", "ẞ": "ss", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "Ŀ": "l", "ŀ": "l"}
# Where decancer errs: it sees an e in a hooked D, and a digit in a theta.
SPELLED_OUT |= {"Ɗ": "d", "Θ": "o", "θ": "o"}
# UTS #39 sees an i in it; every typeface draws it like its capital, a bar.
SMALL_PALOCHKA = "\u04cf"
# Blocks of pictures. What resembles a letter in them (a circle, a cross) is decoration all the same.
PICTURES = (
    (0x2300, 0x2335),  # the letters of APL lie between
    (0x237B, 0x23FF),
    (0x2500, 0x27BF),
    (0x2B00, 0x2BFF),
    (0x1F000, 0x1F0FF),
    (0x1F18E, 0x1F1E5),
    (0x1F200, 0x1FBEF),
)

Reader = Callable[[str], str]


def is_dropped(char: str) -> bool:
    """Whether the character has no look of its own: controls, format characters, marks, unassigned ones."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}


def tidy(text: str) -> str:
    """Lower-case ASCII letters, digits and the kept punctuation; anything else divides."""
    kept = [c if c.isalnum() or c in KEPT_PUNCTUATION else SEPARATOR for c in text.lower()]
    return re.sub(r" +", " ", "".join(kept))


def decimal(char: str) -> str | None:
    """The digit's value as ASCII, for the decimal digits of every script."""
    value = unicodedata.decimal(char, None)
    return None if value is None else str(value)


def uts39_skeleton(table: dict[str, list[dict[str, str]]]) -> Reader:
    """The character's UTS #39 prototype where that is ASCII, else the empty string."""

    def read(char: str) -> str:
        for entry in table.get(char, []):
            prototype = re.sub("[\u200e\u200f]", "", entry["c"])
            if prototype.isascii() and any(c.isalnum() for c in prototype):
                return prototype
        return ""

    return read


def visual_reader(decancer: Reader, skeleton: Reader, anyascii: Reader) -> Reader:
    """The reading by looks: the first stage that yields an ASCII letter or digit."""

    def read(char: str) -> str:
        bare = "".join(c for c in unicodedata.normalize("NFKD", char) if not is_dropped(c))
        if not bare:
            return ""
        if char in SPELLED_OUT:
            return SPELLED_OUT[char]
        if bare.isascii():
            return tidy(bare)
        if unicodedata.category(bare[0]).startswith("P"):
            return SEPARATOR
        # decancer reads right-to-left letters by sound; UTS #39 describes their looks better.
        rtl = unicodedata.bidirectional(bare[0]) in {"R", "AL"}
        for stage in (skeleton, decancer, anyascii) if rtl else (decancer, skeleton, anyascii):
            seen = "".join(c if c.isascii() else stage(c) for c in bare)
            if seen.isascii() and any(c.isalnum() for c in seen):
                return tidy(seen).strip()
        return SEPARATOR

    return read


def phonetic_reader(own: dict[str, str], anyascii: Reader, visual: Reader) -> Reader:
    """The reading by sound: our own table first, then anyascii; Latin and symbols as they look."""

    def read(char: str) -> str:
        if char in own:
            return own[char]
        parts = unicodedata.normalize("NFKD", char)
        if any(c in own for c in parts):
            return "".join(own.get(c, "") if not c.isascii() else tidy(c) for c in parts)
        if unicodedata.name(char, "").startswith("LATIN") or not unicodedata.category(char).startswith(
            ("L", "M")
        ):
            return visual(char)
        if unicodedata.combining(char) != 0:
            return ""
        return tidy(anyascii(char)).strip()

    return read


def is_pictograph(char: str, sound: str) -> bool:
    """Emoji, and symbols that anyascii would spell out (":heart:", "<3")."""
    if any(first <= ord(char) <= last for first, last in PICTURES) and not unicodedata.category(
        char
    ).startswith("N"):
        return True
    return (
        unicodedata.category(char) in {"So", "Sk", "Sm", "Po", "Ps", "Pe", "Pi", "Pf"}
        and len(sound.strip()) != 1
    )


def entries(visual: Reader, phonetic: Reader) -> Iterator[tuple[int, str, str]]:
    """(code point, visual, phonetic) of every non-ASCII character that is not a plain separator."""
    for code in range(0x80, LAST_CODE_POINT + 1):
        char = chr(code)
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Me"} or char in APOSTROPHES | BLANKS:
            yield code, "", ""
            continue
        if char in DECORATIONS:
            continue
        digit = decimal(char)
        if digit is not None:
            yield code, digit, digit
            continue
        seen, sound = ("" if is_dropped(char) else visual(char)), phonetic(char)
        if is_pictograph(char, seen):
            seen = sound = SEPARATOR
        if (seen, sound) != (SEPARATOR, SEPARATOR):
            yield code, seen, sound


def either_letter(rows: list[tuple[int, str, str]], skeleton: Reader) -> list[tuple[int, str]]:
    """The characters read as i that look as much like an l (a bar, palochka), and that reading."""
    bars = {"l", "I", "1", "|"}
    return [
        (code, "l")
        for code, seen, _ in rows
        if seen == "i" and (skeleton(chr(code)) in bars or chr(code) == SMALL_PALOCHKA)
    ]


def encode(rows: list[tuple[int, str, str]], either: list[tuple[int, str]]) -> bytes:
    """Runs of neighbouring code points a line: ``start<TAB>reading,reading,…``.

    A line of phonetic readings starts with `=`, one of other readings by looks with `~`.
    """
    lines = []
    visual = [(code, seen) for code, seen, _ in rows if code not in UNASSIGNED]
    phonetic = [(code, sound) for code, seen, sound in rows if sound != seen]
    for mark, column in (("", visual), ("=", phonetic), ("~", either)):
        start, values = -1, [""]
        for code, value in column:
            if code != start + len(values):
                if start >= 0:
                    lines.append(f"{mark}{start:x}\t{','.join(values)}")
                start, values = code, []
            values.append(value)
        lines.append(f"{mark}{start:x}\t{','.join(values)}")
    return ("\n".join(lines) + "\n").encode("ascii")


# Characters not assigned in this Python's Unicode version are left to the run-time rule for unknown ones.
UNASSIGNED = frozenset(
    code for code in range(0x80, LAST_CODE_POINT + 1) if unicodedata.category(chr(code)) in {"Cn", "Co", "Cs"}
)


def main() -> None:
    # Build-time libraries, deliberately absent from the project's own environment.
    from anyascii import anyascii  # type: ignore[import-not-found]  # build-time only
    from decancer_py import parse  # type: ignore[import-not-found]  # build-time only

    sys.path.insert(0, str(ROOT))
    from tools.romanise import OWN_ROMANISATION

    confusables = json.loads(
        resources.files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    )
    skeleton = uts39_skeleton(confusables)
    visual = visual_reader(lambda c: str(parse(c)), skeleton, anyascii)
    rows = list(entries(visual, phonetic_reader(dict(OWN_ROMANISATION), anyascii, visual)))
    text = encode(rows, either_letter(rows, skeleton))
    TARGET.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME, format=lzma.FORMAT_XZ))
    print(f"{len(rows)} entries, {len(text)} bytes, {TARGET.stat().st_size} packed")  # noqa: T201  # a script
    print(f"sha256 {hashlib.sha256(text).hexdigest()}")  # noqa: T201  # a script


if __name__ == "__main__":
    main()
