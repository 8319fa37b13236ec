"""Masks addresses and numbers in public words before they are quoted or kept.

People write their e-mail address or phone number into names and handles. An alert quotes the words, and
nobody needs the number to judge them. Some write it with gaps (`umar @ gmail.com`), in words (`umar at gmail
dot com`, `zero three zero one …`) or in other characters (full-width, circled), so the search reads a text as
it looks. In doubt it masks, except what is frequent in names: years, prices, mentions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

MASK: Final = "•••"

_Span = tuple[int, int]

# A mask separates words, so that a further pass may find what was joined to a number (`umar@gmail0301…`).
_PASSES_MAX: Final = 3

# Other characters that look like a full stop.
_DOTS: Final = frozenset("․。｡．﹒·‧∙⋅")

_MAILBOX: Final = re.compile(r"(?<![^\s@<>()•])[^\s@<>()•]+@[^\s@<>()•]+\.[^\s@<>()•]+")

# Mailboxes whose parts stand apart: first the "at", then what may follow it. A word ends at any sign,
# underscores included (`umar_at_gmail_com` is a handle).
_AT_WORD: Final = "at|arroba|собака|ایٹ|एट"
_AT: Final = re.compile(
    rf"(?P<sign>@)|(?P<bracketed>[\[({{<]\s?(?:@|{_AT_WORD})\s?[\])}}>])|(?<![^\W_])(?:{_AT_WORD})(?![^\W_])",
    re.IGNORECASE,
)
_GAP_SIGNS: Final = "_.-*|/~\"'"  # what people put around the words: `*at*`
_GAP: Final = rf"[\s{re.escape(_GAP_SIGNS)}]{{0,3}}"
_LABEL: Final = r"(?:[^\W_]|-){1,63}+"
_DOT_WORD: Final = "dot|d0t|punto|ponto|punkt|точка|нокта|نقطة|ڈاٹ|डॉट"
_DOT_WRITTEN: Final = rf"(?:(?<![^\W_])(?:{_DOT_WORD})(?![^\W_])|[\[({{<]\s?(?:\.|{_DOT_WORD})\s?[\])}}>])"
# Providers whose names are no words: they make an address even without an ending. The others need one.
_SURE: Final = "gmail|googlemail|hotmail|outlook|icloud|protonmail|rediffmail|rocketmail|ymail"
_PROVIDER: Final = rf"(?:{_SURE}|yahoo|proton|yandex|mail|live|msn|aol|gmx|zoho|tutanota|tuta|fastmail|inbox)"
# Endings that are no words of a sentence (`at the Polka Dot in Lahore`).
_ENDING: Final = "com|net|org|info|io|co|edu|gov|pk|uk|de|fr|ru|ir|af|ae|sa|tr|eu|ca|au|es|br"
# After any "at": a provider and its ending, with the dot in any spelling, or without a dot.
_AFTER_ANY: Final = (
    rf"{_GAP}{_PROVIDER}{_GAP}(?:\.|{_DOT_WRITTEN}){_GAP}[^\W\d_]{{2,3}}(?![^\W_])"
    rf"|{_GAP}(?:{_SURE}|yahoo){_GAP}com(?![^\W_])"
)
_AFTER_WORD: Final = re.compile(
    rf"{_AFTER_ANY}|{_GAP}{_LABEL}{_GAP}{_DOT_WRITTEN}{_GAP}(?:{_ENDING})(?![^\W_])", re.IGNORECASE
)
# After an @ or a word in brackets, which signal an address: any domain, or a sure provider alone.
_AFTER_SIGN: Final = re.compile(
    rf"{_AFTER_ANY}|{_GAP}{_LABEL}{_GAP}{_DOT_WRITTEN}{_GAP}[^\W\d_]{{2,24}}"
    rf"|\s?(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,24}}|\s?(?:{_SURE})(?![^\W_])",
    re.IGNORECASE,
)
# After an @ with a space before it and none behind it, which is a mention unless a provider follows.
_AFTER_MENTION: Final = re.compile(_AFTER_ANY, re.IGNORECASE)
# Without any gap (`umaratgmail.com`) only a sure provider with its ending counts.
_RUN_TOGETHER: Final = re.compile(rf"at(?:{_SURE})(?:\.|dot)?com(?![^\W_])", re.IGNORECASE)
_LOCAL_CHARS_MAX: Final = 64  # RFC 5321
_NO_LOCAL: Final = frozenset("@<>()[]{}•")

# Seven digits or more in any grouping: the shortest phone numbers that are dialled in full. Nine where other
# signs part them, since handles part words and years by underscores (`ali_2019_786`) and names by any sign.
# Commas, colons and the signs of sums and prices do not stand within phone numbers.
_NUMBER: Final = re.compile(
    r"\+?\d(?:(?:[^\w,:;%=+$€£₹•]|_){0,4}\d){8,}|\+?\d(?:[\s().\-\u2010-\u2015]{0,4}\d){6,}"
)
_DIGITS_MIN: Final = 7
_HAS_DIGITS: Final = re.compile(rf"\d(?:\D*\d){{{_DIGITS_MIN - 1}}}")
# Common era, and the Muslim calendars, solar and lunar.
_YEARS: Final = re.compile(r"(?:1[349]|20)\d\d(?:[\W_]{1,4}(?:1[349]|20)\d\d)+")
_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7}\b")

# Card numbers are recognised by their check digit, so any sign may part them.
_CARD_DIGITS: Final = range(13, 20)
_CARD: Final = re.compile(r"\d(?:[^\w•]{0,3}\d){12,}")

# Digits as words, in several languages, in Latin letters or in the language's own.
_DIGIT_NAMES: Final = """
    zero oh o nought null one two three four five six seven eight nine
    cero uno dos tres cuatro cinco seis siete ocho nueve un deux trois quatre cinq sept huit neuf
    sifar sifr ek do teen tin char chaar paanch panch che chhe saat sat aath ath nau no
    ноль нуль один два три четыре пять шесть семь восемь девять
    صفر واحد اثنان اثنين ثلاثة اربعة أربعة خمسة ستة سبعة ثمانية تسعة ایک دو تین چار پانچ چھ سات آٹھ نو
    शून्य एक दो तीन चार पाँच पांच छह सात आठ नौ
"""
# `double four` is one more digit.
_MANIFOLD: Final = {"double": 1, "triple": 2, "treble": 2}
# `re` does not count Devanagari's spacing vowel signs as letters.
_TOKEN: Final = re.compile(r"[A-Z]?[a-z]+|[^\W\d_](?:[^\W\d_]|[\u093e-\u0940\u0949-\u094c])*|\d")
_TOKENS_APART_CHARS_MAX: Final = 3
_TOKENS_MIN: Final = 4  # `triple` is two more
_DIFFERENT_MIN: Final = 3


def redacted(text: str) -> str:
    """The text with e-mail addresses, internet addresses and long numbers masked."""
    for _ in range(_PASSES_MAX):
        masked = _masked(text)
        if masked == text:
            break
        text = masked
    return text


def _masked(text: str) -> str:
    seen, places = _seen(text)
    spans = sorted(_spans(seen))
    if not spans:
        return text
    parts: list[str] = []
    done = 0
    for start, end in spans:
        # Characters that do not show belong to the character before them.
        following = places[end] if end < len(places) else len(text)
        first, last = places[start], max(places[end - 1] + 1, following)
        if first >= done:
            parts += (text[done:first], MASK)
        elif last <= done:
            continue
        done = last
    return "".join((*parts, text[done:]))


def _seen(text: str) -> tuple[str, range | list[int]]:
    """The text as it looks, and for each character of that its place in the original text."""
    if text.isascii():
        return text, range(len(text))
    looks: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        look = char if char < "\x80" else _look(char)
        looks.append(look)
        places += [place] * len(look)
    return "".join(looks), places


@lru_cache(maxsize=4_096)  # the characters of a few scripts; others are looked up again
def _look(char: str) -> str:
    """What a character looks like: a digit for one of any script, ASCII for its look-alike, '' for a mark."""
    if char in _DOTS:
        return "."
    value = unicodedata.numeric(char, -1.0)
    if 0 <= value <= 9 and value == int(value):
        return str(int(value))
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return ""
    plain = unicodedata.normalize("NFKC", char)
    return plain if plain.isascii() else char


_DIGIT_WORDS: Final = frozenset(_seen(_DIGIT_NAMES)[0].split())


def _spans(seen: str) -> Iterator[_Span]:
    """The spans (start, end) of something personal, which may overlap.

    Cheap tests go first, since most texts lack the signs that each kind must have.
    """
    if "." in seen or ":" in seen:
        yield from (found.span() for found in _ADDRESS.finditer(seen))
    lower = seen.lower()
    if "@" in lower or "at" in lower or "arroba" in lower or not lower.isascii():
        yield from _mailboxes(seen)
    if _HAS_DIGITS.search(seen):
        for found in _NUMBER.finditer(seen):
            if not _YEARS.fullmatch(found.group()):
                yield found.span()
        for found in _CARD.finditer(seen):
            digits = "".join(filter(str.isdecimal, found.group()))
            if len(digits) in _CARD_DIGITS and _has_check_digit(digits):
                yield found.span()
    yield from _spelt_numbers(seen)


def _mailboxes(seen: str) -> Iterator[_Span]:
    if "@" in seen:
        yield from (found.span() for found in _MAILBOX.finditer(seen))
    for found in _AT.finditer(seen):
        start, end = found.span()
        rest = _AFTER_WORD
        if found["sign"]:
            mentions = seen[start - 1 : start].isspace() and not seen[end : end + 1].isspace()
            rest = _AFTER_MENTION if mentions else _AFTER_SIGN
        elif found["bracketed"]:
            rest = _AFTER_SIGN
        domain = rest.match(seen, end)
        if domain is not None:
            local = _local_start(seen, start)
            if local is not None:
                yield local, domain.end()

    for found in _RUN_TOGETHER.finditer(seen):
        local = _local_start(seen, found.start())
        if local is not None:
            yield local, found.end()


def _local_start(seen: str, end: int) -> int | None:
    """The start of the local part that ends before the place ``end``; ``None`` where there is none."""
    while end and (seen[end - 1].isspace() or seen[end - 1] in _GAP_SIGNS):
        end -= 1
    start = end
    while (
        start
        and end - start < _LOCAL_CHARS_MAX
        and not seen[start - 1].isspace()
        and seen[start - 1] not in _NO_LOCAL
    ):
        start -= 1
    return start if start < end else None


def _has_check_digit(digits: str) -> bool:
    """Luhn's rule: with every second digit from the right doubled, all digits add up to a multiple of ten."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def _spelt_numbers(seen: str) -> Iterator[_Span]:
    """The spans of numbers in which some digits are written as words."""
    tokens = _TOKEN.findall(seen)
    if len(tokens) < _TOKENS_MIN or _DIGIT_WORDS.isdisjoint(map(str.lower, tokens)):
        return
    start = end = 0
    run: list[str] = []
    for found in _TOKEN.finditer(seen):
        word = found.group().lower()
        is_digit = word.isdecimal() or word in _DIGIT_WORDS or word in _MANIFOLD
        if run and (not is_digit or found.start() - end > _TOKENS_APART_CHARS_MAX):
            if _is_number(run):
                yield start, end
            run = []
        if is_digit:
            start = start if run else found.start()
            end = found.end()
            run.append(word)
    if _is_number(run):
        yield start, end


def _is_number(run: list[str]) -> bool:
    """Whether digits and words for digits may be a phone number, unlike `no no no no no no no`."""
    return (
        sum(_MANIFOLD.get(word, 1) for word in run) >= _DIGITS_MIN
        and len(set(run)) >= _DIFFERENT_MIN
        and not all(map(str.isdecimal, run))
    )
