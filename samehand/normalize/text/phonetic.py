"""The consonant key of a word: a name without its vowels and without the habits of romanisation.

Short vowels are not written in the Arabic script and are written in many ways in Latin (Muhammad, Mohamed,
محمد), so names are compared across spellings and scripts by their consonants alone. Input is folded ASCII;
Arabic-script text comes here romanised, so that both scripts pass through the same rules.
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
# The article grown together with its noun (alrahman). A vowel, y or l after it means that the word merely
# starts alike (Alina, Ilyas, Allah).
_JOINED_ARTICLE: Final = re.compile(r"^[aeiou]l(?=[^aeiouly].)")
# Servant-of names, of which Abdullah keeps its l: Abdul Karim, Abdelkarim, Abdurrahman, عبدالكريم (romanised
# abdalkrym).
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

# One letter of another script that Latin spellings write as several: щ, च, خ, ত্থ. Each as one character.
_ONE_LETTER: Final = {
    sound: chr(place)
    for place, sound in enumerate(
        ("shch", "sh", "ch", "kh", "th", "dh", "gh", "zh", "ph", "bh", "jh", "ts"), ord("A")
    )
}
_SEVERAL: Final = re.compile("|".join(_ONE_LETTER))

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
    word = _in_classes(word)
    head = word[:1].replace("v", "w").translate(_VOWELS)
    return without_repeats(head + word[1:].translate(_SILENT_INSIDE))


def _in_classes(word: str) -> str:
    """The word without habits of romanisation: one class for a sound's spellings, no article, no silent h."""
    if not word.isalpha():
        return ""
    word = without_repeats(word)
    if word.startswith("abd"):
        word = _SERVANT.sub("abd", word)
    elif word[1:2] == "l":
        word = _JOINED_ARTICLE.sub("", word)
    if word[-1] == "h" and word[-2:] not in _ENDING_DIGRAPHS:
        word = word[:-1]
    return _SOUND.sub(_class_of, word) if _HAS_SOUND.search(word) else word


def leaves_out_vowels(written: str, spelt: str) -> bool:
    """Whether a folded word is another but for vowels that it leaves out, as Arabic and Hebrew letters do.

    Those scripts write an a for any vowel at a word's beginning, and the vowel at its end.

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
    """The same, whichever of the two is written so."""
    return leaves_out_vowels(one, other) or leaves_out_vowels(other, one)


def _in_vowel_classes(word: str) -> str:
    return without_repeats(_in_classes(word).translate(_VOWEL_CLASS))


_remembered_key = lru_cache(maxsize=_REMEMBERED)(_key)


def by_letters(word: str) -> str:
    """A folded word with each pair of letters that writes one letter of another script as one character.

    A slip of the finger exchanges one letter, which in Latin spelling may be two or three.
    """
    return (
        _SEVERAL.sub(lambda found: _ONE_LETTER[found.group()], word) if "h" in word or "ts" in word else word
    )


def word_keys(words: list[str]) -> list[str]:
    """The key of each word of a name; that of an article is empty, unless there is nothing else."""
    if len(words) == 1:
        return [consonant_key(words[0])]
    return ["" if word in ARTICLES else consonant_key(word) for word in words]


_HAS_SOUND: Final = re.compile(r"[hqcx]|dj")
_ENDING_DIGRAPHS: Final = frozenset(_DIGRAPHS)


def _class_of(found: re.Match[str]) -> str:
    return _SOUNDS[found.group()]
