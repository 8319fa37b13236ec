"""The consonant key of a word: a name without its vowels and without the habits of romanisation.

Short vowels are not written in the Arabic script and are written in many ways in Latin (Muhammad, Mohamed,
محمد), so names are compared across spellings and scripts by their consonants alone. Input is folded ASCII;
Arabic-script text comes here romanised, so that both scripts pass through the same rules.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from samehand.normal.words import without_repeats

# The articles of Arabic names as they are written apart in Latin letters (al-Rahman, ur Rahman, Saif ul
# Islam).
ARTICLES: Final = frozenset(
    {"al", "el", "il", "ul", "ur", "ar", "as", "ash", "ad", "an", "at", "az", "us", "ud", "ol"}
)
# The article grown together with its noun (alrahman). A vowel, y or l after it means that the word merely
# starts alike (Alina, Ilyas, Allah).
_JOINED_ARTICLE: Final = re.compile(r"^[aeiou]l(?=[^aeiouly].)")
# Servant-of names, of which Abdullah keeps its l: Abdul Karim, Abdelkarim, Abdurrahman, عبدالكريم (romanised
# abdalkrym).
_SERVANT: Final = re.compile(
    r"^abd[aeiou]?(?:l(?!ah?$)|r(?=r)|s(?=s)|sh(?=sh)|z(?=z)|n(?=n)|t(?=t)|d(?=d)|[rsndzt]$)"
)
_VOWELS: Final = str.maketrans("", "", "aeiou")
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


# Consonants that a key holds only where its word does: no rule below makes one of them of another letter.
PLAIN_SOUNDS: Final = frozenset("bdhlmnprt")

# Names and the words of bios come back all the time; longer words are seldom names, and somebody could send
# many. 16,384 entries take 3 MB.
_REMEMBERED: Final = 16_384
_REMEMBERED_LENGTH_MAX: Final = 32


def consonant_key(word: str) -> str:
    """The consonants of a folded ASCII word, possibly none.

    Within the word w, v and y count as vowels, as h does at its end.

    >>> consonant_key("mohammed") == consonant_key("mhmd") == "mhmd"
    True
    """
    return _remembered_key(word) if len(word) <= _REMEMBERED_LENGTH_MAX else _key(word)


def _key(word: str) -> str:
    if not word.isalpha():
        return ""
    word = without_repeats(word)
    if word.startswith("abd"):
        word = _SERVANT.sub("abd", word)
    elif word[1:2] == "l":
        word = _JOINED_ARTICLE.sub("", word)
    if word[-1] == "h" and word[-2:] not in _ENDING_DIGRAPHS:
        word = word[:-1]
    if _HAS_SOUND.search(word):
        word = _SOUND.sub(_class_of, word)
    head = word[:1].replace("v", "w").translate(_VOWELS)
    return without_repeats(head + word[1:].translate(_SILENT_INSIDE))


_remembered_key = lru_cache(maxsize=_REMEMBERED)(_key)


def word_keys(words: list[str]) -> list[str]:
    """The key of each word of a name; that of an article is empty, unless there is nothing else."""
    if len(words) == 1:
        return [consonant_key(words[0])]
    return ["" if word in ARTICLES else consonant_key(word) for word in words]


_HAS_SOUND: Final = re.compile(r"[hqcx]|dj")
_ENDING_DIGRAPHS: Final = frozenset(_DIGRAPHS)


def _class_of(found: re.Match[str]) -> str:
    return _SOUNDS[found.group()]
