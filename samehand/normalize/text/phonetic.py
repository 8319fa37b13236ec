"""The consonant key of a word: a name without its vowels, in one spelling for all ways to romanise it.

Arabic script does not write short vowels, and Latin script writes them in many ways (Muhammad, Mohamed,
محمد), so names are compared across spellings and scripts by their consonants alone. Input is folded ASCII;
text in Arabic script comes here romanised, so that the same rules apply to both scripts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from samehand.normalize.text.leet import without_repeats

# The articles of Arabic names as they are written apart in Latin letters (al-Rahman, ur Rahman, Saif ul
# Islam).
ARTICLES: Final = frozenset(
    {"al", "el", "il", "ul", "ur", "ar", "as", "ash", "ad", "an", "at", "az", "us", "ud", "ol"}
)
# The article joined to its noun (alrahman). A vowel, y or l after it means that the word merely starts alike
# (Alina, Ilyas, Allah).
_JOINED_ARTICLE: Final = re.compile(r"^[aeiou]l(?=[^aeiouly].)")
# Names that mean "servant of": Abdul Karim, Abdelkarim, Abdurrahman, عبدالكريم (romanised abdalkrym);
# Abdullah keeps its l.
_SERVANT: Final = re.compile(
    r"^abd[aeiou]?(?:l(?!ah?$)|r(?=r)|s(?=s)|sh(?=sh)|z(?=z)|n(?=n)|t(?=t)|d(?=d)|[rsndzt]$)"
)
_VOWELS: Final = str.maketrans("", "", "aeiou")
# w and v are written for u and o, y for i and e.
_VOWEL_CLASSES: Final = "aiu"
_VOWEL_CLASS: Final = str.maketrans("eyowv", "iiuuu")
_SILENT_INSIDE: Final = str.maketrans("", "", "aeiouwvy")

# Two letters for one sound. Those that Arabic, Persian, Urdu, French and English writers exchange share a
# class: th and s (Uthman, Usman), dh and z (Dhulfiqar, Zulfiqar), ch and sh (Chérif, Sharif), gh and g, zh
# and j, dj and j (Djamel, Jamal), ksh and x (Lakshman, Laxman). The class letters q and x are free because q
# itself is read as k and x as ks.
_DIGRAPHS: Final = {
    "sh": "q",
    "ch": "q",
    "kh": "x",
    "th": "s",
    "dh": "z",
    "gh": "g",
    "zh": "j",
    "ph": "f",
    "ck": "k",
    "dj": "j",
}
_SINGLES: Final = {"q": "k", "c": "k", "x": "ks"}
_SOUND: Final = re.compile("sch|tch|ksh|" + "|".join(_DIGRAPHS) + "|[qcx]")
_SOUNDS: Final = {**_DIGRAPHS, **_SINGLES, "sch": "q", "tch": "q", "ksh": "ks"}

# Latin spellings of one letter of another script (щ, च, خ, ত্থ), each with a character that stands for it.
_ONE_LETTER: Final = {
    sound: chr(place)
    for place, sound in enumerate(
        ("shch", "sh", "ch", "kh", "th", "dh", "gh", "zh", "ph", "bh", "jh", "ts"), ord("A")
    )
}
_SEVERAL: Final = re.compile("|".join(_ONE_LETTER))
LETTER_LENGTH_MAX: Final = max(map(len, _ONE_LETTER))
"""The most Latin letters that :func:`by_letters` reads as one letter of another script."""

# Consonants that are in a key only if they are in its word: no rule below turns another letter into one.
PLAIN_SOUNDS: Final = frozenset("bdhlmnprt")

# Names and the words of bios recur; longer words are seldom names, and an attacker could send many. 16,384
# entries take 3 MB.
_REMEMBERED: Final = 16_384
_REMEMBERED_LENGTH_MAX: Final = 32


def consonant_key(word: str) -> str:
    """The consonant key of a folded ASCII word, possibly empty.

    Within the word w, v and y count as vowels, and so does an h at its end.

    >>> consonant_key("mohammed") == consonant_key("mhmd") == "mhmd"
    True
    """
    return _remembered_key(word) if len(word) <= _REMEMBERED_LENGTH_MAX else _key(word)


def _key(word: str) -> str:
    word = _in_classes(word)
    head = word[:1].replace("v", "w").translate(_VOWELS)
    return without_repeats(head + word[1:].translate(_SILENT_INSIDE))


def _in_classes(word: str) -> str:
    """The word with one class letter for all spellings of a sound, without article and silent h."""
    if not word.isalpha():
        return ""
    word = without_repeats(word)
    if word.startswith("abd"):
        word = _SERVANT.sub("abd", word)
    elif word[1:2] == "l":
        word = _JOINED_ARTICLE.sub("", word)
    if word[-1] == "h" and word[-2:] not in _ENDING_DIGRAPHS:
        word = word[:-1]
    return _SOUND.sub(lambda match: _SOUNDS[match.group()], word) if _HAS_SOUND.search(word) else word


def leaves_out_vowels(written: str, spelt: str) -> bool:
    """Returns whether ``written`` is ``spelt`` without some vowels, as Arabic and Hebrew script write it.

    Those scripts write an a for any vowel at the beginning of a word, and keep the vowel at its end.

    >>> leaves_out_vowels("slyman", "sulaiman"), leaves_out_vowels("slman", "salmana")
    (True, False)
    """
    short, long = _in_vowel_classes(written), _in_vowel_classes(spelt)
    if not short or not long or (short[-1] in _VOWEL_CLASSES) != (long[-1] in _VOWEL_CLASSES):
        return False
    if short[0] in _VOWEL_CLASSES and long[0] in _VOWEL_CLASSES:
        short, long = short[1:], long[1:]
    letters = iter(long)
    return all(letter in letters for letter in short)


def one_leaves_out_vowels(one: str, other: str) -> bool:
    """Returns whether :func:`leaves_out_vowels` holds for the two words in either order."""
    return leaves_out_vowels(one, other) or leaves_out_vowels(other, one)


def _in_vowel_classes(word: str) -> str:
    return without_repeats(_in_classes(word).translate(_VOWEL_CLASS))


_remembered_key = lru_cache(maxsize=_REMEMBERED)(_key)


def by_letters(word: str) -> str:
    """A folded word with one character for each group of letters that writes one letter of another script.

    A typo replaces one letter of that script, which may be two or more letters in Latin spelling.
    """
    return (
        _SEVERAL.sub(lambda match: _ONE_LETTER[match.group()], word) if "h" in word or "ts" in word else word
    )


def word_keys(words: list[str]) -> list[str]:
    """The consonant key of each word of a name; empty for an article, unless it is the only word."""
    if len(words) == 1:
        return [consonant_key(words[0])]
    return ["" if word in ARTICLES else consonant_key(word) for word in words]


_HAS_SOUND: Final = re.compile(r"[hqcx]|dj")
_ENDING_DIGRAPHS: Final = frozenset(_DIGRAPHS)
