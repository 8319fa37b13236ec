"""Which script a text is written in, and whether scripts are mixed within one word.

Ranges are listed here and not taken from ``unicodedata``, whose Unicode version changes with the interpreter:
a stratum is part of what is stored.
"""

from __future__ import annotations

import codecs
import re
from enum import StrEnum
from typing import Final


class Script(StrEnum):
    """The writing system of a text. `other` is any script not named here, `none` a text without letters."""

    LATIN = "latin"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    ARABIC = "arabic"
    HEBREW = "hebrew"
    DEVANAGARI = "devanagari"
    HAN = "han"
    HANGUL = "hangul"
    KANA = "kana"
    OTHER = "other"
    NONE = "none"


# Letters only (marks, digits and signs belong to no script). Full-width and mathematical letters count as
# Latin, which they disguise.
LETTERS: dict[Script, str] = {
    Script.LATIN: r"A-Za-z\u00aa\u00ba"
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u1d00-\u1d25\u1d2c-\u1d5c\u1d62-\u1d65"
    r"\u1d6b-\u1d77\u1d79-\u1dbe\u1e00-\u1eff\u2071\u207f\u2090-\u209c\u2102-\u2188\u24b6-\u24e9\u2c60-\u2c7f"
    r"\ua722-\ua787\ua78b-\ua7ff\uab30-\uab64\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a"
    r"\U0001d400-\U0001d6a5\U0001f110-\U0001f189",
    Script.CYRILLIC: r"\u0400-\u0481\u048a-\u052f\u1c80-\u1c88\u1d2b\u1d78\u2de0-\u2dff"
    r"\ua640-\ua66e\ua680-\ua69d",
    Script.GREEK: r"\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03e1\u03f0-\u03ff\u1f00-\u1fbc"
    r"\u1fc2-\u1fcc\u1fd0-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ffc\U0001d6a8-\U0001d7cb",
    Script.ARABIC: r"\u0620-\u064a\u066e-\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff"
    r"\u0750-\u077f"
    r"\u0860-\u086a\u08a0-\u08c9\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc\U0001ee00-\U0001eebb",
    Script.HEBREW: r"\u05d0-\u05ea\u05ef-\u05f2\ufb1d-\ufb4f",
    Script.DEVANAGARI: r"\u0904-\u0939\u093d\u0950\u0958-\u0961\u0971-\u097f\ua8f2-\ua8fe",
    Script.HAN: r"\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufad9\U00020000-\U000323af",
    Script.HANGUL: r"\u1100-\u115e\u1161-\u11ff\u3131-\u3163\u3165-\u318e\ua960-\ua97c\uac00-\ud7fb"
    r"\uffa1-\uffdc",
    Script.KANA: r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    r"\U0001aff0-\U0001b167",
    # Armenian, Syriac to Lao, Tibetan to Cherokee and Canadian syllabics, Khmer to Vedic, Georgian and
    # Glagolitic, Bopomofo, Yi to Vai, Meetei and kin, and the supplementary alphabets.
    Script.OTHER: r"\u0531-\u0556\u0560-\u0588\u0710-\u074f\u0780-\u07ea\u0800-\u0858\u0980-\u0ddf"
    r"\u0e01-\u0e30"
    r"\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0ebd-\u0edf\u0f00\u0f40-\u0f6c\u1000-\u10ff\u1200-\u17b3\u17d7"
    r"\u1820-\u1aad\u1b05-\u1bff\u1c00-\u1c7d\u1c90-\u1cbf\u2c00-\u2c5f\u2c80-\u2dde\u3105-\u312f"
    r"\u31a0-\u31bf"
    r"\ua000-\ua63f\ua6a0-\ua6ef\ua800-\ua8b3\ua90a-\ua95f\ua980-\uab2e\uab70-\uabe2"
    r"\U00010000-\U00012fff\U00016800-\U00016fff\U0001e000-\U0001e95f",
}

RIGHT_TO_LEFT: Final = frozenset({Script.ARABIC, Script.HEBREW})

_RANGE: Final = re.compile("(.)(?:-(.))?", re.DOTALL)
_CODES: tuple[Script, ...] = (Script.NONE, *LETTERS)


def _code_of_each_character() -> bytes:
    """For each code point one byte: the place of its script in ``_CODES``, which is faster than a search."""
    codes = bytearray(0x110000)
    for code, ranges in enumerate(LETTERS.values(), 1):
        for first, last in _RANGE.findall(codecs.decode(ranges, "unicode_escape")):
            for point in range(ord(first), ord(last or first) + 1):
                codes[point] = codes[point] or code
    return bytes(codes)


_CODE_OF: Final = _code_of_each_character()
# Scripts that one language mixes by rule: Japanese kanji with kana, Korean hanja with hangul, and Bopomofo
# glosses.
_EAST_ASIAN: Final = frozenset({Script.HAN, Script.KANA, Script.HANGUL})
# A word ends at anything that is neither a letter, a mark nor an invisible joiner.
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff])*")

# The languages that are strata of their own, whatever script their names are in. Pooled by script, the names
# of people who write Latin letters besides their own looked rarer than they are, and bearers of Korean,
# Pashto and Russian names had half as many false alarms again as others. Other languages are pooled so.
_LANGUAGE_TAGS: Final = (
    "ar bal bg bn de en es fa fr ha hi id it ja kk ko ku mn mr ne pa pl ps pt ru sd so sr sw tg tr"
    " ug uk ur vi zh"
)
_LANGUAGES: Final = frozenset(_LANGUAGE_TAGS.split())
_SUBTAG_END: Final = re.compile(r"[-_.@]")


def script_codes(text: str) -> bytes:
    """One byte for each character: the place of its script in a fixed order, 0 if it is no letter."""
    return bytes(map(_CODE_OF.__getitem__, map(ord, text)))


def letter_counts(text: str) -> dict[Script, int]:
    """How many letters of each script a text holds; scripts without a letter are absent."""
    codes = script_codes(text)
    return {_CODES[code]: codes.count(code) for code in sorted(set(codes)) if code}


def dominant_script(text: str) -> Script:
    """The script of most letters, in a tie not Latin; a text with kana counts its Han letters as kana."""
    counts = letter_counts(text)
    if not counts:
        return Script.NONE
    if Script.KANA in counts:
        counts[Script.KANA] += counts.pop(Script.HAN, 0)
    return max(counts, key=lambda script: (counts[script], script is not Script.LATIN))


def has_mixed_script(text: str) -> bool:
    """Returns whether a single word mixes scripts that no language writes together (`аdmin` with a Cyrillic
    a).
    """
    if text.isascii():
        return False
    codes = script_codes(text)
    if len(set(codes) - {0}) < 2:
        return False
    # East Asian text has no spaces, not even around Latin words; that mixture says nothing.
    return any(
        len({_CODES[code] for code in set(codes[word.start() : word.end()]) if code} - _EAST_ASIAN) > 1
        for word in _WORD.finditer(text)
    )


def stratum(text: str, locale: str | None = None) -> str:
    """The group within which a name's commonness is judged: a language such as `ur`, or a script.

    ``locale`` is a BCP 47 or POSIX tag (`ur-PK`, `ur_PK.UTF-8`) or ``None``. Where its language is no stratum
    of its own, the script of ``text`` is the stratum. There are some dozens of strata, which bounds counters.
    """
    language = language_of(locale)
    return language if language in _LANGUAGES else str(dominant_script(text))


def language_of(locale: str | None) -> str:
    """The language subtag of a locale in lower case, or the empty string."""
    return _SUBTAG_END.split(locale.strip(), maxsplit=1)[0].lower() if locale else ""
