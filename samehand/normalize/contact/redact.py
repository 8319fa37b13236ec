"""Masks addresses and numbers in public words before they are quoted or kept.

People write their e-mail address or phone number into names and handles. An alert quotes the words, and
nobody needs the number to judge them. Some write it with gaps (`umar @ gmail.com`, `u m a r @ g m a i l . c o
m`), in words (`umar at gmail dot com`, `zero three zero one …`), with other signs (`umar#gmail.com`,
`39[.]40[.]12[.]7`) or in other characters (full-width, circled, of another script), so the search reads a
text as it looks. In doubt it masks, except what is frequent in names: dates, prices, versions, mentions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from samehand.normalize.contact.ordinary import is_counting, is_ordinary, is_priced, is_version, without_times
from samehand.normalize.text.fold_table import VISUAL

MASK: Final = "•••"

_Span = tuple[int, int]

# A mask separates words, so that a further pass may find what was joined to a number (`umar@gmail0301…`).
_PASSES_MAX: Final = 3

_UNSEEN: Final = frozenset(("Mn", "Me", "Cf"))  # marks on letters, and what does not show
# Other characters that look like a full stop.
_DOTS: Final = frozenset("․。｡．﹒·‧∙⋅٫۔")
# And like a comma, which parts the numbers of a list in any script.
_COMMAS: Final = frozenset("،、٬，﹐")

_MAILBOX: Final = re.compile(r"(?<![^\s@<>()•])[^\s@<>()•]+@[^\s@<>()•]+\.[^\s@<>()•]+")

# Mailboxes whose parts stand apart: first the "at", then what may follow it. A word ends at any sign,
# underscores included (`umar_at_gmail_com` is a handle).
_AT_WORD: Final = "at|arroba|собака|ایٹ|ات|एट|ऐट|এট"
# Chinese, Korean and Japanese stand without spaces.
_AT_RUN_ON: Final = "艾特|小老鼠|골뱅이|アットマーク|アット"
_AT: Final = re.compile(
    rf"(?P<sign>@)|(?P<bracketed>[\[({{<]\s?(?:@|a|et|ät|{_AT_WORD})\s?[\])}}>]|{_AT_RUN_ON})"
    rf"|(?<![^\W_])(?:{_AT_WORD})(?![^\W_])",
    re.IGNORECASE,
)
# Quick tests before patterns that must find one of these.
_MAY_SAY_AT: Final = re.compile(r"@|at|arroba|[\[({<]|[^\x00-\x7f]", re.IGNORECASE)
_MAY_NAME_HOST: Final = re.compile(r"c[\s._*-]{0,2}[o0][\s._*-]{0,2}m|#|[^\x00-\x7f]", re.IGNORECASE)
_GAP_SIGNS: Final = "_.-*|/~\"'"  # what people put around the words: `*at*`
_GAP: Final = rf"[\s{re.escape(_GAP_SIGNS)}]{{0,3}}"
_LABEL: Final = r"(?:[^\W_]|-){1,63}+"
_DOT_WORD: Final = "dot|d0t|punto|ponto|punkt|kropka|titik|точка|нокта|نقطة|نقطہ|نقطه|ڈاٹ|डॉट|ডট"
_DOT_RUN_ON: Final = "点|點|점|ドット"
_DOT_WRITTEN: Final = (
    rf"(?:(?<![^\W_])(?:{_DOT_WORD})(?![^\W_])|[\[({{<]\s?(?:\.|{_DOT_WORD})\s?[\])}}>]|{_DOT_RUN_ON})"
)
# Signs that are written for a letter, and what stands between the letters of a provider's name.
_WRITTEN_FOR: Final = {"a": "[a4@]", "e": "[e3]", "i": "[i1!|l]", "l": "[l1|i]", "o": "[o0]"}
_LETTER_GAP: Final = r"[\s._*-]{0,2}"


def _spread(words: str) -> str:
    """A pattern for words parted by bars, with gaps between their letters and other signs for them."""
    return "|".join(
        _LETTER_GAP.join(_WRITTEN_FOR.get(letter, letter) for letter in word) for word in words.split("|")
    )


# Providers whose names are no words: they make an address even without an ending. The others need one.
_SURE_NAMES: Final = "gmail|googlemail|hotmail|outlook|icloud|protonmail|rediffmail|rocketmail|ymail"
# Hosts without a dot. Not any word is one, since many write an @ for an a (`k@rim`).
_OWN_HOSTS: Final = "localhost|localdomain|mailhost|mailserver|intranet"
_NATIVE: Final = "".join(
    [
        char
        for char in "جیمیل|جی میل|جيميل|ہاٹ میل|هوتميل|जीमेल|हॉटमेल|জিমেইল|джимейл|谷歌邮箱"
        if unicodedata.category(char) not in _UNSEEN
    ]
)
_SURE: Final = f"{_spread(_SURE_NAMES)}|{_spread(_OWN_HOSTS)}|{_NATIVE}"
_PROVIDER: Final = (
    rf"(?:{_SURE}|{_spread('yahoo')}|proton|yandex|mail|live|msn|aol|gmx|zoho|tutanota|tuta|fastmail|inbox)"
)
_COM: Final = f"{_spread('com')}|کام|كوم|कॉम|ком"
# Endings that are no words of a sentence (`at the Polka Dot in Lahore`).
_ENDING: Final = "com|net|org|info|io|co|edu|gov|pk|uk|de|fr|ru|ir|af|ae|sa|tr|eu|ca|au|es|br"
# After any "at": a provider and its ending, with the dot in any spelling, or without a dot.
_AFTER_ANY: Final = (
    rf"{_GAP}{_PROVIDER}{_GAP}(?:[.,]|{_DOT_WRITTEN}){_GAP}(?:[^\W\d_]{{2,3}}|{_COM})(?![^\W_])"
    rf"|{_GAP}(?:{_SURE}|{_spread('yahoo')}){_GAP}(?:{_COM})(?![^\W_])"
)
_AFTER_WORD: Final = re.compile(
    rf"{_AFTER_ANY}|{_GAP}{_LABEL}{_GAP}{_DOT_WRITTEN}{_GAP}(?:{_ENDING})(?![^\W_])", re.IGNORECASE
)
# After an @ or a word in brackets, which signal an address: any domain, also letter by letter, or a sure
# provider alone.
_AFTER_SIGN: Final = re.compile(
    rf"{_AFTER_ANY}|{_GAP}{_LABEL}{_GAP}{_DOT_WRITTEN}{_GAP}[^\W\d_]{{2,24}}"
    rf"|\s?(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,24}}|\s?(?:{_SURE})(?![^\W_])"
    r"|\s?(?:[^\W_]\s{1,2}){2,32}\.(?:\s{1,2}[^\W\d_](?![^\W_])){2,6}",
    re.IGNORECASE,
)
# After an @ with a space before it and none behind it, which is a mention unless a provider follows.
_AFTER_MENTION: Final = re.compile(_AFTER_ANY, re.IGNORECASE)
# A provider with its ending, before which no "at" is needed (`umar.farooq.gmail.com`, `umar#gmail.com`).
_HOST: Final = re.compile(
    rf"(?:{_SURE}|{_spread('yahoo')}|yandex){_GAP}(?:(?:[.,]|{_DOT_WRITTEN}|dot){_GAP})?(?:{_COM})(?![^\W_])"
    rf"|(?<=[^\W_]#)(?:{_SURE})(?![^\W_])|(?<=[^\W_]#)(?:{_LABEL}\.){{1,4}}(?:{_ENDING})(?![^\W_])",
    re.IGNORECASE,
)
# What stands before a provider's name in a web address or a sentence, and is no mailbox.
_NO_MAILBOX: Final = frozenset(
    (
        *(
            *("www", "m", "web", "mail", "email", "e-mail", "login", "account", "accounts", "inbox"),
            *("support", "help"),
        ),
        *("smtp", "imap", "pop", "mobile", "http", "https", "contact"),
        *("my", "your", "the", "a", "an", "new", "no", "not", "or", "and", "in", "to", "is", "use", "what"),
        *("via", "by", "on", "at", "from"),
    )
)
# Signs of a sentence stand between a word and a provider without making an address of them.
_SENTENCE_SIGNS: Final = frozenset(".,:;!?-–—_/|\\()[]{}<>\"'“”‘’«»•")
_LOCAL_CHARS_MAX: Final = 64  # RFC 5321
_NO_LOCAL: Final = frozenset("@<>()[]{}•")
_SIGNS_MAX: Final = 4  # signs and spaces between a mailbox and a provider
# A character that stands alone, before the place where the search ends.
_LETTER_APART_CHARS: Final = 4
_APART: Final = re.compile(r"(?:(?<=\s)|(?<![\s\S]))([^\s@<>()\[\]{}•])\s{1,2}$")

# Seven digits or more in any grouping: the shortest phone numbers that are dialled in full. Nine where other
# signs part them, since handles part words and years by underscores (`ali_2019_786`) and names by any sign.
# Commas, colons and the signs of sums and prices do not stand within phone numbers, but for one whose first
# zero or plus no list and no price has.
_NUMBER: Final = re.compile(
    r"\+?\d(?:(?:[^\w,:;%=+$€£₹•]|_){0,4}\d){8,}|\+?\d(?:[\s().\-\u2010-\u2015]{0,4}\d){6,}"
    r"|(?<![\d,])(?:\+\d|0\d)\d{0,3}(?:,\d{1,8}){1,7}(?![\d,])"
)
_DIGITS_MIN: Final = 7
_HAS_DIGITS: Final = re.compile(rf"\d(?:\D*\d){{{_DIGITS_MIN - 1}}}")

# Internet addresses: four numbers up to 255. With other signs than full stops they need six digits, lest a
# score or a list be taken for one, and nothing like them may stand before or behind.
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_DOTTED: Final = re.compile(rf"(?<![\dvV])(?<!\d\.){_OCTET}(?:\.{_OCTET}){{3}}(?!\.?\d)(?![^\W_])")
_BETWEEN_OCTETS: Final = (
    rf"(?:[.,_/|:*-]|\s\.\s|\s?[\[({{<]\s?(?:[.,]|{_DOT_WORD})\s?[\])}}>]\s?|\s?(?:{_DOT_WORD})\s?)"
)
_DISGUISED: Final = re.compile(
    rf"(?<!\d)(?<!\d[.,_/|:*-]){_OCTET}(?P<between>{_BETWEEN_OCTETS}){_OCTET}(?:(?P=between){_OCTET}){{2}}"
    r"(?![.,_|:*-]?\d)(?![^\W_])",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"\d+")
_DISGUISED_DIGITS_MIN: Final = 6
_COLONS: Final = re.compile(r"\b[0-9a-fA-F]{1,4}(?:(?::|\[:\])[0-9a-fA-F]{0,4}){3,7}\b")
_FRAME: Final = re.compile(r"\d{1,2}(?::\d{1,2}){3}")  # hours, minutes, seconds and frames of a film
_HAS_OCTETS: Final = re.compile(r"\d(?:\D*\d){3}")

# Card numbers are recognised by their check digit, so any sign may part them.
_CARD_DIGITS: Final = range(13, 20)
_CARD: Final = re.compile(r"\d(?:[^\w•]{0,3}\d){12,}")

# Digits as words, in several languages, in Latin letters or in the language's own.
_DIGIT_NAMES: Final = """
    zero oh o nought null one two three four five six seven eight nine eins zwei drei vier fünf sechs sieben
    acht neun cero uno una dos tres cuatro cinco seis siete ocho nueve um dois três quatro sete oito nove
    zéro un une deux trois quatre cinq sept huit neuf ноль нуль один два три четыре пять шесть семь восемь
    девять sifar sifr shunya ek aik do teen tin char chaar paanch panch che chhe saat sat aath ath nau no
    sifir wahid wahed ithnan itnan thalatha talata arbaa khamsa sitta sabaa thamaniya tamanya tisaa nol kosong
    satu dua tiga empat lima enam tujuh delapan lapan sembilan sıfır bir iki üç dört beş altı yedi sekiz dokuz
    صفر واحد اثنان اثنين ثلاثة ثلاثه اربعة أربعة اربعه خمسة خمسه ستة سته سبعة سبعه ثمانية ثمانيه تسعة تسعه
    ایک دو تین چار پانچ چھ چھے سات آٹھ نو یک سه پنج شش هفت هشت نه یو دوه درې څلور پنځه شپږ اووه اته نهه
    शून्य एक दो तीन चार पाँच पांच छह सात आठ नौ শূন্য এক দুই তিন চার পাঁচ ছয় সাত আট নয়
"""
# `double four` is one more digit.
_MANIFOLD: Final = {"double": 1, "triple": 2, "treble": 2}
# `re` does not count the spacing vowel signs of Devanagari and Bengali as letters.
_TOKEN: Final = re.compile(r"[A-Z]{2,}+(?![a-z])|[^\W\d_](?:[^\W\d_A-Z]|[\u093e-\u094c\u09be-\u09cc])*|\d")
_TOKENS_APART_CHARS_MAX: Final = 3
_TOKENS_MIN: Final = 4  # `triple` is two more
_DIFFERENT_MIN: Final = 3
# With one word among its digits, as many as a phone number with its prefix: `dua_2019_786` is a name.
_AROUND_A_WORD_MIN: Final = 10


def redacted(text: str) -> str:
    """The text with e-mail addresses, internet addresses and long numbers masked."""
    return _with_masks(text, personal_spans(text))[0]


# An alert quotes the handle and the name of an account, and its fingerprint is made of both.
@lru_cache(maxsize=4)
def personal_spans(text: str) -> tuple[_Span, ...]:
    """The places (start, end) of a text that redaction masks, in order; none overlaps another."""
    personal: list[_Span] = []
    for _ in range(_PASSES_MAX):
        masked, origins = _with_masks(text, personal)
        # The spans of something personal, in order, with the characters behind each that do not show.
        seen, places = _seen(masked)
        spans = []
        for start, end in _spans(seen):
            # Characters that do not show belong to the character before them.
            following = places[end] if end < len(places) else len(masked)
            spans.append((places[start], max(places[end - 1] + 1, following)))
        more = _merged(spans)
        if not more:
            break
        if origins:
            more = [(origins[start][0], origins[end - 1][1]) for start, end in more]
        personal = _merged([*personal, *more])
    return tuple(personal)


def _with_masks(text: str, spans: Sequence[_Span]) -> tuple[str, list[_Span]]:
    """The text with a mask for each span, and the place of each of its characters in the text itself.

    No places without a span, since they would be the same.
    """
    if not spans:
        return text, []
    parts: list[str] = []
    origins: list[_Span] = []
    done = 0
    for start, end in (*spans, (len(text), len(text))):
        parts.append(text[done:start])
        origins += [(place, place + 1) for place in range(done, start)]
        if start < len(text):
            parts.append(MASK)
            origins += [(start, end)] * len(MASK)
        done = end
    return "".join(parts), origins


def _merged(spans: Sequence[_Span]) -> list[_Span]:
    """The spans in order, those that overlap as one."""
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def as_seen(text: str) -> str:
    """The text as it looks: its digits of any script as 0 to 9, without characters that do not show."""
    return _seen(text)[0]


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
    if char in _COMMAS:
        return ","
    value = unicodedata.numeric(char, -1.0)
    if 0 <= value <= 9 and value == int(value):
        return str(int(value))
    if unicodedata.category(char) in _UNSEEN:
        return ""
    plain = unicodedata.normalize("NFKC", char)
    return plain if plain.isascii() else char


_DIGIT_WORDS: Final = frozenset(_seen(_DIGIT_NAMES)[0].split())
# Seven words or more without a gap (`zerothreezerozero…`); where one begins with another, the longer.
_GLUED: Final = re.compile(
    rf"(?>{'|'.join(sorted(_DIGIT_WORDS, key=len, reverse=True))}){{7,}}+", re.IGNORECASE
)
_LONG_WORD: Final = re.compile(r"[^\W\d_]{18,}+")  # seven of them are no shorter


@lru_cache(maxsize=4_096)  # as above
def _looks_latin(char: str) -> str:
    """The Latin letter that a letter of another script looks like; itself where there is none."""
    look = char.translate(VISUAL)
    return look if len(look) == 1 and look.isascii() and look.isalpha() else char


def _spans(seen: str) -> Iterator[_Span]:
    """The spans (start, end) of something personal, which may overlap.

    Cheap tests go first, since most texts lack the signs that each kind must have.
    """
    if _HAS_OCTETS.search(seen):
        yield from _internet_addresses(seen)
    if ":" in seen:
        yield from (match.span() for match in _COLONS.finditer(seen) if not _FRAME.fullmatch(match.group()))
    yield from _mailboxes(seen)
    if not seen.isascii():
        latin = "".join([char if char < "\x80" else _looks_latin(char) for char in seen])
        if latin != seen:
            yield from _mailboxes(latin)
            yield from _spelt_numbers(latin)
    if _HAS_DIGITS.search(seen):
        timeless = without_times(seen)
        for match in _NUMBER.finditer(timeless):
            if not is_ordinary(timeless, *match.span()):
                yield match.span()
        for match in _CARD.finditer(timeless):
            digits = "".join(filter(str.isdecimal, match.group()))
            if (
                len(digits) in _CARD_DIGITS
                and _has_check_digit(digits)
                and not is_ordinary(timeless, *match.span())
            ):
                yield match.span()
    yield from _spelt_numbers(seen)


def _internet_addresses(seen: str) -> Iterator[_Span]:
    for match in _DOTTED.finditer(seen):
        if not is_version(seen, match.start()):
            yield match.span()
    for match in _DISGUISED.finditer(seen):
        numbers = _DIGITS.findall(match.group())
        if (
            sum(map(len, numbers)) >= _DISGUISED_DIGITS_MIN
            and not is_counting(numbers)
            and not _FRAME.fullmatch(match.group())
            and not is_priced(seen, *match.span())
            and not is_version(seen, match.start())
        ):
            yield match.span()


def _mailboxes(seen: str) -> Iterator[_Span]:
    if "@" in seen:
        yield from (match.span() for match in _MAILBOX.finditer(seen))
    for match in _AT.finditer(seen) if _MAY_SAY_AT.search(seen) else ():
        start, end = match.span()
        rest = _AFTER_WORD
        if match["sign"]:
            mentions = seen[start - 1 : start].isspace() and not seen[end : end + 1].isspace()
            rest = _AFTER_MENTION if mentions else _AFTER_SIGN
        elif match["bracketed"]:
            rest = _AFTER_SIGN
        domain = rest.match(seen, end)
        if domain is not None:
            local = _local_start(seen, start)
            if local is not None:
                yield local, domain.end()
    for match in _HOST.finditer(seen) if _MAY_NAME_HOST.search(seen) else ():
        local = _local_without_at(seen, match.start())
        if local is not None:
            yield local, match.end()


def _local_without_at(seen: str, end: int) -> int | None:
    """The start of the mailbox before a provider's name that no "at" announces; ``None`` where there is none.

    Glued to the name, or parted from it by a full stop or a dash alone, any word is one that is no part of a
    web address. With another sign, as of a bracket or a bar, nothing of either side may be apart. After a
    space it must look like a mailbox.
    """
    near = end
    while near and end - near < _SIGNS_MAX and not seen[near - 1].isalnum():
        near -= 1
    signs = seen[near:end]
    local = _local_start(seen, near)
    if local is None or not seen[near - 1].isalnum():
        return None
    word = seen[local:near].strip("".join(_SENTENCE_SIGNS)).lower()
    if word.rpartition("/")[2] in _NO_MAILBOX or "://" in word:
        return None
    if not signs.isspace():
        apart = any(map(str.isspace, signs))
        return None if apart and _SENTENCE_SIGNS.issuperset("".join(signs.split())) and signs else local
    single = near - local > 1 and seen[near - 2].isspace()
    looks = single or any(char.isdigit() or char in "._-" for char in word)
    return local if looks else None


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
    if end - start == 1:  # letter by letter: the one before stands alone as well
        while (apart := _APART.search(seen, max(0, start - _LETTER_APART_CHARS), start)) and (
            end - start < 2 * _LOCAL_CHARS_MAX
        ):
            start = apart.start(1)
    return start if start < end else None


def _has_check_digit(digits: str) -> bool:
    """Luhn's rule: with every second digit from the right doubled, all digits add up to a multiple of ten."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def _spelt_numbers(seen: str) -> Iterator[_Span]:
    """The spans of numbers in which some digits are written as words."""
    for match in _GLUED.finditer(seen) if _LONG_WORD.search(seen) else ():
        if len(set(match.group().lower())) > _DIFFERENT_MIN:  # unlike `nononononononono`
            yield match.span()
    tokens = _TOKEN.findall(seen)
    if len(tokens) < _TOKENS_MIN or _DIGIT_WORDS.isdisjoint(map(str.lower, tokens)):
        return
    start = end = 0
    run: list[str] = []
    for match in _TOKEN.finditer(seen):
        word = match.group().lower()
        is_digit = word.isdecimal() or word in _DIGIT_WORDS or word in _MANIFOLD
        if run and (not is_digit or len(seen[end : match.start()].strip()) > _TOKENS_APART_CHARS_MAX):
            if _is_number(run):
                yield start, end
            run = []
        if is_digit:
            start = start if run else match.start()
            end = match.end()
            run.append(word)
    if _is_number(run):
        yield start, end


def _is_number(run: list[str]) -> bool:
    """Returns whether digits and words for digits may be a phone number, unlike `no no no no no no no`."""
    words = sum(not word.isdecimal() for word in run)
    least = _DIGITS_MIN if words > 1 else _AROUND_A_WORD_MIN
    return (
        words > 0 and sum(_MANIFOLD.get(word, 1) for word in run) >= least and len(set(run)) >= _DIFFERENT_MIN
    )
