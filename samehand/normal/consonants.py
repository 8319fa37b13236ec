"""The consonant key of a word: what is left of a name once vowels and the habits of romanisation are taken away.

Short vowels are not written in the Arabic script and are written in many ways in Latin (Muhammad, Mohamed,
محمد), so names are compared across spellings and scripts by their consonants alone. Input is folded ASCII;
Arabic-script text comes here romanised, so that both scripts pass through the same rules.
"""

from __future__ import annotations

import re

# The articles of Arabic names as they are written apart in Latin letters (al-Rahman, ur Rahman, Saif ul
# Islam).
ARTICLES = frozenset(
    {"al", "el", "il", "ul", "ur", "ar", "as", "ash", "ad", "an", "at", "az", "us", "ud", "ol", "l"}
)
# The article grown together with its noun: alrahman, الرحمن (romanised alrhmn). A vowel or an l after it
# means that the word merely starts alike (Alina, Allah).
_JOINED_ARTICLE = re.compile(r"^[aeiou]l(?=[^aeioul].{2})")
# Servant-of names: Abdul Karim, Abdelkarim, Abdurrahman, عبدالكريم (romanised abdalkrym).
_SERVANT = re.compile(r"^abd[aeiou]?(?:l|r(?=r)|s(?=s)|sh(?=sh)|z(?=z)|n(?=n)|t(?=t)|d(?=d)|[rsndzt]$)")
# The name of God written apart or together is one word less in one of the two.
_VOWELS = re.compile(r"[aeiou]+")
_GEMINATE = re.compile(r"(.)\1+")

# Two letters for one sound. Those that Arabic, Persian, Urdu and English writers exchange share a class: th
# and s (Uthman, Usman), dh and z (Dhulfiqar, Zulfiqar), gh and g, zh and j. The class letters q, x and c are
# free because q itself is read as k, x as ks and c as k.
_DIGRAPHS = {
    "sh": "q",
    "kh": "x",
    "ch": "c",
    "th": "s",
    "dh": "z",
    "gh": "g",
    "zh": "j",
    "ph": "f",
    "ck": "k",
}
_SINGLES = {"q": "k", "c": "k", "x": "ks"}
_SOUND = re.compile("sch|tch|" + "|".join(_DIGRAPHS) + "|[qcx]")
_SOUNDS = {**_DIGRAPHS, **_SINGLES, "sch": "q", "tch": "c"}


def consonant_key(word: str) -> str:
    """The consonants of a folded ASCII word, possibly none; within it w, v and y count as vowels, as h does last.

    >>> consonant_key("mohammed") == consonant_key("mhmd") == "mhmd"
    True
    """
    if not word.isalpha():
        return ""
    word = _SERVANT.sub("abd", word)
    word = _JOINED_ARTICLE.sub("", word)
    if word.endswith("h") and not word.endswith(("sh", "kh", "ch", "th", "dh", "gh", "zh", "ph")):
        word = word.rstrip("h")
    word = _SOUND.sub(_class_of, word)
    head, tail = word[:1].replace("v", "w"), word[1:]
    tail = tail.replace("w", "").replace("v", "").replace("y", "")
    return _GEMINATE.sub(r"\1", _VOWELS.sub("", head + tail))


def without_articles(words: list[str]) -> list[str]:
    """The words without the articles of Arabic names, unless nothing else would be left."""
    kept = [word for word in words if word not in ARTICLES]
    return kept or words


def _class_of(found: re.Match[str]) -> str:
    return _SOUNDS[found.group()]
