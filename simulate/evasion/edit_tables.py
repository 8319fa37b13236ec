"""What the string edits draw from: one table to tune with, another, disjoint, to judge with.

A rule that knows the first table by heart must not look good for it, so nothing in a ``HELD_OUT`` table is in
the ``TUNING`` table beside it.
"""

TUNING_AFFIXES = ("official", "backup", "2", "real", "tv", "media", "v2", "new", "the", "channel", "_2", "pk")
HELD_OUT_AFFIXES = (
    *("hq", "live", "org", "reborn", "returns", "page", "again", "main", "acc", "original", "team", "world"),
    *(
        *("oficial", "nuevo", "cuenta", "resmi", "yedek", "kanal", "zapas", "novyi", "naya", "asli"),
        *("rasmi", "jadid"),
    ),
    *("guanfang", "xin", "gongsik", "bu"),
)

TUNING_WORDS = (
    *("sky", "moon", "king", "fire", "blue", "star", "lion", "rain", "city", "gold"),
    *("dark", "life", "game", "free", "wolf"),
)
HELD_OUT_SYLLABLES = (
    *("ba", "do", "ki", "lu", "me", "no", "ra", "si", "tu", "va"),
    *("ze", "pa", "fo", "gi", "hu", "wa", "yo", "ni", "ke", "su"),
)

TUNING_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
HELD_OUT_LEET = {"b": "8", "g": "9", "l": "1", "z": "2", "q": "9", "i": "l", "o": "00", "e": "33", "a": "44"}

TUNING_ACCENTS = {"a": "áàä", "e": "éèë", "i": "íì", "o": "óöò", "u": "úü", "n": "ñ", "c": "ç", "s": "š"}
TUNING_ACCENTS |= {"ا": "أإ", "ی": "ئ", "و": "ؤ", "е": "ё", "и": "й"}
HELD_OUT_ACCENTS = {"a": "āăą", "e": "ęėě", "i": "īį", "o": "ōőø", "u": "ūůű", "z": "żž", "l": "ł", "r": "ř"}
HELD_OUT_ACCENTS |= {letter: letter + "\u064e" for letter in "بتحدرسعفقكلمنهکگ"}  # a written short vowel

TUNING_LOOK_ALIKES = {
    "a": "а",
    "c": "с",
    "e": "е",
    "i": "і",
    "j": "ј",
    "o": "о",
    "p": "р",
    "s": "ѕ",
    "x": "х",
}
TUNING_LOOK_ALIKES |= {"y": "у", "A": "А", "B": "В", "E": "Е", "H": "Н", "K": "К", "M": "М", "T": "Т"}
TUNING_LOOK_ALIKES |= {
    "ي": "ی",
    "ك": "ک",
    "ی": "ي",
    "ک": "ك",
    "а": "a",
    "о": "o",
    "е": "e",
    "с": "c",
    "р": "p",
}
HELD_OUT_LOOK_ALIKES = {
    "a": "ɑ",
    "b": "Ь",
    "d": "ԁ",
    "g": "ɡ",
    "h": "һ",
    "i": "ι",
    "l": "ӏ",
    "n": "ո",
    "o": "ο",
}
HELD_OUT_LOOK_ALIKES |= {
    "q": "ԛ",
    "r": "г",
    "s": "ꜱ",
    "u": "υ",
    "v": "ν",
    "w": "ԝ",
    "y": "γ",
    "A": "Α",
    "E": "Ε",
}
HELD_OUT_LOOK_ALIKES |= {
    "K": "Κ",
    "M": "Μ",
    "O": "Ο",
    "T": "Τ",
    "ه": "ہ",
    "ى": "ی",
    "х": "x",
    "у": "y",
    "і": "i",
}

TUNING_INVISIBLE = "\u200b\u200c\u200d"
HELD_OUT_INVISIBLE = "\u2060\ufeff\u00ad\u200e"

# First code points of capital and small letters.
TUNING_FONTS = ((0x1D400, 0x1D41A), (0x1D5D4, 0x1D5EE), (0xFF21, 0xFF41))  # bold, sans bold, fullwidth
HELD_OUT_FONTS = ((0x1D468, 0x1D482), (0x1D670, 0x1D68A), (0x24B6, 0x24D0))  # bold italic, monospace, circled

NEIGHBOURS = {"q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok"}
NEIGHBOURS |= {
    "o": "ipl",
    "p": "ol",
    "a": "qsz",
    "s": "awdx",
    "d": "sefc",
    "f": "drgv",
    "g": "fthb",
    "h": "gyjn",
    "j": "hukm",
}
NEIGHBOURS |= {
    "k": "jil",
    "l": "kop",
    "z": "asx",
    "x": "zsdc",
    "c": "xdfv",
    "v": "cfgb",
    "b": "vghn",
    "n": "bhjm",
}
NEIGHBOURS |= {"m": "njk"}
"""Keys beside each key of a Latin keyboard."""

# What a third family of edits draws from: it shows, before judging, whether rules hold for edits unmet.
#
# Made from what evaders could do, not from the tables to judge with, and disjoint from those to tune with.
# What was looked at here is no judge any more, so `HELD_OUT` stays untouched for that.

VALIDATION_AFFIXES = (
    *("ii", "iii", "3.0", "reloaded", "hd", "daily", "zone", "hub", "xo", "thereal"),
    *("alt", "bkp", "yt", "uk", "in", "here", "offline"),
)

VALIDATION_WORDS = (
    *("river", "shadow", "pixel", "north", "falcon", "cherry", "echo", "storm", "velvet", "atlas", "comet"),
    *("raven", "cedar", "nova", "harbor"),
)

# Spelt otherwise and sounding the same, as in a name heard and not read.
VALIDATION_RESPELT = {
    "u": "oo",
    "i": "y",
    "k": "q",
    "c": "k",
    "f": "ph",
    "v": "w",
    "w": "v",
    "x": "ks",
    "j": "z",
}

# Dots and hooks below and above, as Vietnamese and romanised Arabic write them.
VALIDATION_ACCENTS = {
    "a": "ạảậ",
    "e": "ẹẻệ",
    "i": "ịỉ",
    "o": "ọỏộ",
    "u": "ụủ",
    "n": "ṇṅ",
    "s": "ṣṡ",
    "t": "ṭ",
    "h": "ḥ",
    "d": "ḍ",
}

# Letters of the phonetic alphabet, of Armenian and of Cherokee.
VALIDATION_LOOK_ALIKES = {"i": "ɪ", "u": "ս", "h": "հ", "o": "օ", "A": "Ꭺ", "M": "Ꮇ", "K": "Ꮶ", "r": "ꭇ"}

VALIDATION_INVISIBLE = "\u2062\u2063\u2064"

VALIDATION_FONTS = (
    (0x1D4D0, 0x1D4EA),
    (0x1D56C, 0x1D586),
    (0x1D63C, 0x1D656),
)  # bold script, bold Fraktur, sans bold italic

VALIDATION_VOWELS = "aeiou"
