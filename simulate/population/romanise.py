"""How people spell their own names in Latin letters, where a rule says it well enough."""

import unicodedata

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya".replace("-", "").split(
            " "
        ),
        strict=True,
    )
)
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i -".replace(" -", "").split(" ")
_FINALS = "- k k k n n n t l l l l l l l l m p p t t ng t t k t p t".replace("-", "").split(" ")
_HANGUL_FIRST, _HANGUL_LAST = 0xAC00, 0xD7A3
# Letters that have no decomposition in Unicode.
_LATIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "ß": "ss", "đ": "d"})


def romanised(text: str) -> str:
    """Lower-case Latin letters for Latin, Cyrillic and Hangul text; other letters stay as they are.

    Hangul follows the Revised Romanisation by syllable, without assimilation, as names are written.
    """
    decomposed = unicodedata.normalize("NFD", "".join(map(_letter, text.lower())).translate(_LATIN))
    return "".join(mark for mark in decomposed if unicodedata.category(mark) != "Mn")


def _letter(letter: str) -> str:
    if _HANGUL_FIRST <= ord(letter) <= _HANGUL_LAST:
        initial, rest = divmod(ord(letter) - _HANGUL_FIRST, 21 * 28)
        vowel, final = divmod(rest, 28)
        return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
    return _CYRILLIC.get(letter, letter)
