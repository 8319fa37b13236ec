"""What a third family of edits draws from: it shows, before judging, whether rules hold for edits unmet.

Made from what evaders could do, not from the tables to judge with, and disjoint from those to tune with. What
was looked at here is no judge any more, so `HELD_OUT` stays untouched for that.
"""

AFFIXES = (
    *("ii", "iii", "3.0", "reloaded", "hd", "daily", "zone", "hub", "xo", "thereal"),
    *("alt", "bkp", "yt", "uk", "in", "here", "offline"),
)

WORDS = (
    *("river", "shadow", "pixel", "north", "falcon", "cherry", "echo", "storm", "velvet", "atlas", "comet"),
    *("raven", "cedar", "nova", "harbor"),
)

# Spelt otherwise and sounding the same, as in a name heard and not read.
RESPELT = {"u": "oo", "i": "y", "k": "q", "c": "k", "f": "ph", "v": "w", "w": "v", "x": "ks", "j": "z"}

# Dots and hooks below and above, as Vietnamese and romanised Arabic write them.
ACCENTS = {
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
LOOK_ALIKES = {
    "i": "ɪ",
    "u": "ս",
    "h": "հ",
    "o": "օ",
    "A": "Ꭺ",
    "M": "Ꮇ",
    "K": "Ꮶ",
    "r": "ꭇ",
}

INVISIBLE = "\u2062\u2063\u2064"

FONTS = (
    (0x1D4D0, 0x1D4EA),
    (0x1D56C, 0x1D586),
    (0x1D63C, 0x1D656),
)  # bold script, bold Fraktur, sans bold italic

VOWELS = "aeiou"
