"""The handle: the name under which an account is addressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import Final

from msgspec.structs import replace
from rapidfuzz import fuzz

from samehand.account import Account
from samehand.blocking.handle import DIGITS_MIN, NUMBER_START_MIN, listed_keys, number_start, tried_keys
from samehand.blocking.rare_words import shown_by_runs, shown_by_words
from samehand.blocking.spellings import WORD_LENGTH_MAX, cores, letters
from samehand.encoding.sixbit import SEPARATOR, pack_text, packable, unpack_text
from samehand.frequency.name_prior import bits, digit_bits
from samehand.frequency.rates import rate_of_bits
from samehand.keys import HANDLE_KINDS, Key, KeyKind, key_of, keys_of
from samehand.names.handle_trait import HandleTrait
from samehand.names.similarity import (
    LONG_BITS_MAX,
    exact_bits,
    most_bits,
    similarity,
    typos_bits,
    undone_bits,
    worth_bits,
)
from samehand.names.word import Similarity, Word
from samehand.normalize.contact.pseudonym import pseudonymous
from samehand.normalize.text.fold import fold_handle
from samehand.normalize.text.phonetic import consonant_key
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

# In two generated handles the letters are a given name that the platform cut short: one of a thousand or so,
# however rarely anybody would choose them.
_MADE_LETTERS_BITS_MAX: Final = 10.0
# No handle counts as rarer.
RATE_MIN: Final = rate_of_bits(LONG_BITS_MAX)
# Handles that may consist of a person's names, which strangers share by chance: one in 740,000, too common to
# alert alone.
_KNOWN_NAMES_BITS_MAX: Final = 19.5
# From so many bits on, a number that two otherwise different handles share is no year and no lucky number.
_NUMBER_BITS_MIN: Final = 12.0
# People who change their handle keep most of it; strangers with the same rare run have nothing else in
# common. So each tenth by which the share in common falls below this costs 2.5 bits. Chosen on a half of
# 3,275 real renames; two to three bits and .85 to .95 do as well.
_IN_COMMON: Final = 0.9
_MISSING_BITS: Final = 25.0
_UNDONE: Final = ("same", "decorated")
_ALTERNATES_MAX: Final = 3  # other readings of ambiguous glyphs; more would be guesses

# The first byte of the stored form: which fields follow the tokens, in this order.
_BASE: Final = 1
_DIGITS: Final = 2
_LITERAL: Final = 4
_CONSONANTS: Final = 8
_FIELDS: Final = (_BASE, _DIGITS, _LITERAL, _CONSONANTS)
_ANY_FIELD: Final = _BASE | _DIGITS | _LITERAL | _CONSONANTS
_AUTOMATIC: Final = 0x40
_SHORT: Final = 0x80  # six bits a letter

# The level of equal handles that consist of a person's names: strangers bear the same one.
_PERSONAL: Final = "personal-name"
# Equal bases share a key of their own, which says so.
_RESEMBLING: Final = (
    *("personal-name", "decorated", "extended", "reordered"),
    *("one-typo", "two-typos", "consonants", "part"),
)
_IN_PART: Final = ("decorated", "extended", "part")
_WHOLE_WORD: Final = (KeyKind.HANDLE_WORD,)
_WHOLE: Final = (KeyKind.HANDLE_FULL, KeyKind.HANDLE_WHOLE)
_DIFFERENT: Final = Comparison("different")


class HandleSignal(SignalBase[HandleTrait]):
    """The two handles are written alike."""

    name = "handle"
    code = 1
    sentences: Mapping[str, str] = {
        "same-handle": "The handles are the same.",
        "same": "The handles are the same but for letters that look alike, separators or digits.",
        "personal-name": "The handles are the same name of a person.",
        "decorated": "The handles are the same but for words such as “official” or “backup”.",
        "extended": "One handle is the other with something put before or after it.",
        "reordered": "The handles are made of the same words in another order.",
        "one-typo": "The handles differ in one letter.",
        "two-typos": "The handles differ in two letters.",
        "consonants": "The handles have the same consonants.",
        "same-number": "The handles have the same number.",
        "part": "The handles have a run of letters in common.",
        "different": "The handles do not resemble each other.",
    }
    group: str | None = "name"

    def distil(self, account: Account, keyer: Keyer) -> HandleTrait | None:
        """The handle, folded by the rules of its platform; ``None`` where nothing is left of it.

        An address or a number in it is kept as a digest.
        """
        handle = pseudonymous(account.handle or "", keyer)
        folded = fold_handle(handle, account.platform) if handle else None
        if folded is None or not folded.literal:
            return None
        return HandleTrait(
            literal=folded.literal[:WORD_LENGTH_MAX],
            word=Word(folded.base[:WORD_LENGTH_MAX], folded.tokens, folded.consonants[:WORD_LENGTH_MAX]),
            digits=folded.digits[:WORD_LENGTH_MAX],
            alternates=tuple(other[:WORD_LENGTH_MAX] for other in folded.alternates[:_ALTERNATES_MAX]),
            automatic=folded.made_up,
        )

    def pack(self, trait: HandleTrait) -> bytes:
        """A byte that says which fields follow, then their text; fields that others imply are left out."""
        word = trait.word
        said = {
            _BASE: "".join(word.tokens),
            _DIGITS: "",
            _LITERAL: word.base + trait.digits,
            _CONSONANTS: consonant_key("".join(word.tokens)),
        }
        fields = dict(zip(_FIELDS, (word.base, trait.digits, trait.literal, word.consonants), strict=True))
        there = {bit: text for bit, text in fields.items() if text != said[bit]}
        text = SEPARATOR.join((" ".join(word.tokens), *there.values(), *trait.alternates))
        short = packable(text)
        head = sum(there) | _AUTOMATIC * trait.automatic | _SHORT * short
        return bytes((head,)) + (pack_text(text) if short else text.encode())

    def unpack(self, payload: bytes) -> HandleTrait:
        return _unpacked(payload)

    def keys(self, trait: HandleTrait) -> Iterable[Key]:
        return listed_keys(trait)

    def probes(self, trait: HandleTrait) -> Iterable[Key]:
        return tried_keys(trait)

    def counts(self, trait: HandleTrait) -> Iterable[Key]:
        """The handle as it is written, and its base."""
        return (
            key_of(KeyKind.HANDLE_FULL, trait.literal.encode()),
            key_of(KeyKind.STEM, trait.word.base.encode()),
        )

    def compare(
        self, ours: HandleTrait, theirs: HandleTrait, context: ComparisonContext
    ) -> Comparison | None:
        """The resemblance that is worth most, with a rate from the bits of what the two have in common."""
        if ours.literal == theirs.literal:
            # The comparison of equal handles; that of equal bases holds as well (``also``).
            rate, crowd, shipped = rate_of_handle(min(ours, theirs, key=_same_bits), context)
            base = self._alike(Similarity("same", theirs.word.base, 0.0), ours, theirs, context)
            level = _PERSONAL if base.level == _PERSONAL else "same-handle"
            return Comparison(level, rate, crowd, shipped, (base,))
        resemblance = similarity(ours.word, theirs.word)
        if ours.alternates or theirs.alternates:
            readings = {ours.word.base, *ours.alternates} & {theirs.word.base, *theirs.alternates}
            if shared := max(readings, key=len, default=""):
                # `7amza_alfaris` is more than a part of `hamza_alfaris`.
                same = Similarity("same", shared, 0.0)
                resemblance = same if resemblance is None else max(same, resemblance, key=worth_bits)
        number = None
        if theirs.digits and ours.digits == theirs.digits:
            worth = digit_bits(theirs.digits)
            if worth >= _NUMBER_BITS_MIN:
                number = Comparison("same-number", rate_of_bits(worth))
        if resemblance is None:
            differ = None if ours.word.shares_a_token(theirs.word) else _DIFFERENT
            return number or differ
        alike = self._alike(resemblance, ours, theirs, context)
        return alike if number is None else replace(alike, also=(number,))

    def _alike(
        self, resemblance: Similarity, ours: HandleTrait, theirs: HandleTrait, context: ComparisonContext
    ) -> Comparison:
        level, part = resemblance.kind, resemblance.part
        number = _number_bits(level, ours.digits, theirs.digits)
        undone = level in _UNDONE
        letters = min(map(undone_bits, _undone(part, ours, theirs))) if undone else bits(part)
        letters -= resemblance.penalty_bits
        if ours.automatic and theirs.automatic:
            letters = min(letters, _MADE_LETTERS_BITS_MAX)
        if level == "same" and (ours.word.only_names or theirs.word.only_names):
            letters, level = min(letters, _KNOWN_NAMES_BITS_MAX), _PERSONAL
        if not undone and level != "reordered":
            # The share (0 to 1) of both handles, numbers included, that is in common.
            folded = fuzz.ratio(ours.word.base + ours.digits, theirs.word.base + theirs.digits)
            in_common = max(folded, fuzz.ratio(ours.literal, theirs.literal)) / 100.0
            letters -= _MISSING_BITS * max(_IN_COMMON - in_common, 0.0)
        shipped = rate_of_bits(max(letters + number, 0.0))
        rate, crowd = context.among_namesakes(KeyKind.STEM, part.encode(), shipped)
        return Comparison(level, rate, crowd, shipped)

    def most(self, trait: HandleTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """Keys of the whole handle or its base may add what its counts say; other keys show a part of it.

        Only keys that hold the number may add its bits, except those of reordered words: their number may be
        the same without a shared key that holds it. A key of an end and the number adds them to what other
        keys show; by itself it shows no letters but these two, so at least two typos lie between.
        """
        base, number = trait.word.base, digit_bits(trait.digits)
        telling = number >= _NUMBER_BITS_MIN
        numbered = table.nats("same-number", rate_of_bits(number)) if telling else 0.0

        # No key holds a single digit with letters of an end.
        unseen = number if len(trait.digits) < DIGITS_MIN else 0.0

        def same(reading: str, beside: float) -> float:
            own = exact_bits(trait.word if reading == base else Word(reading, (), ""))
            worth = rate_of_bits(own + beside)
            return table.most(_UNDONE, context.among_namesakes(KeyKind.STEM, reading.encode(), worth)[0])

        by_key = {
            key_of(KeyKind.HANDLE_WORD, alternate.encode()): same(alternate, number)
            for alternate in trait.alternates
        }
        for core in cores(base, trait.word.tokens):
            of_core = same(core, unseen)
            by_key[key_of(KeyKind.HANDLE_WORD, core.encode())] = of_core
            by_key |= dict.fromkeys(keys_of(KeyKind.HANDLE_SORTED, letters(core)[:1]), of_core)
            by_key[key_of(KeyKind.HANDLE_WHOLE, (core + trait.digits).encode())] = same(core, number)
        with_number = same(base, number)
        by_key[key_of(KeyKind.HANDLE_WORD, base.encode())] = same(base, 0.0)
        by_key |= dict.fromkeys(
            keys_of(KeyKind.HANDLE_NUMBERED, number_start(base, trait.digits)), with_number
        )
        whole = (base + trait.digits).encode()
        by_key |= dict.fromkeys([key_of(kind, whole) for kind in _WHOLE], with_number)
        literal = trait.literal.encode()
        exact, *_ = rate_of_handle(trait, context)
        by_key[key_of(KeyKind.HANDLE_FULL, literal)] = max(table.nats("same-handle", exact), with_number)

        def nats(own: float) -> float:
            return table.most(_IN_PART, context.named_at_least(rate_of_bits(own + unseen)))

        def in_any_way(beside: float) -> float:
            rate = context.named_at_least(rate_of_bits(max(most_bits(trait.word) + beside, 0.0)))
            return table.most(_RESEMBLING, rate)

        by_kind = dict.fromkeys(HANDLE_KINDS, in_any_way(unseen))
        by_kind |= dict.fromkeys(_WHOLE, max(in_any_way(number), numbered))
        # Who shares an end and the number, and no other key, writes the letters between in another way.
        besides = number * table.nats_a_bit(_RESEMBLING) if len(trait.digits) >= DIGITS_MIN else 0.0
        unlike = in_any_way(unseen - typos_bits(base))
        by_kind[KeyKind.HANDLE_NUMBERED] = max(unlike, numbered - besides)
        if len(trait.word.tokens) > 1:
            reordered = keys_of(KeyKind.HANDLE_SORTED, letters(trait.joined)[:1])
            by_key |= dict.fromkeys(reordered, in_any_way(number))
        of_parts = shown_by_words(trait.word, _WHOLE_WORD, KeyKind.HANDLE_SORTED, nats)
        return Most(
            by_kind,
            of_parts | shown_by_runs(trait.word, nats) | by_key,
            besides={KeyKind.HANDLE_NUMBERED: besides} if besides else {},
        )

    def show(self, trait: HandleTrait, quoted: Quoted) -> str:
        """The handle as it was given, or its folded form where it was not kept."""
        return quoted.handle or trait.literal

    @property
    def examples(self) -> tuple[Example, ...]:
        account = _called("umar_media")
        return (
            Example(_called("nightowl_valley"), _called("NightOwl.Valley"), "same-handle"),
            Example(_called("n1ghtowl_valley_2"), _called("nightowl_valley"), "same"),
            Example(_called("7amza_alfaris"), _called("hamza_alfaris"), "personal-name"),
            Example(_called("Umar.Media"), account, "same-handle"),
            Example(_called("umar_media_official"), account, "decorated"),
            Example(_called("umarmediaxqz"), account, "extended"),
            Example(_called("media_umar"), account, "reordered"),
            Example(_called("umar_nedia"), account, "one-typo"),
            Example(_called("umra_nedia"), account, "two-typos"),
            Example(_called("waziristan"), _called("wozerustun"), "consonants"),
            Example(_called("thenorthernvalleyxx"), _called("ournorthernvalley"), "part"),
            Example(_called("gulzar_writes"), _called("real_gulzar_poet"), "part"),
            Example(_called("salma739184"), _called("kite_739184", "instagram"), "same-number"),
            Example(_called("salma_khan"), account, "different"),
        )


# As with display names (name.py), handles that many others resemble recur. A trait takes 3 KB: 12 MB.
@lru_cache(maxsize=4_096)
def _unpacked(payload: bytes) -> HandleTrait:
    head = payload[0]
    text = unpack_text(payload[1:]) if head & _SHORT else payload[1:].decode()
    joined, *fields = text.split(SEPARATOR)
    # Most handles have no further fields: all follows from their words.
    there = {bit: fields.pop(0) for bit in _FIELDS if head & bit} if head & _ANY_FIELD else {}
    tokens = tuple(joined.split(" ")) if joined else ()
    whole = "".join(tokens)
    base, digits = there.get(_BASE, whole), there.get(_DIGITS, "")
    sounds = there[_CONSONANTS] if head & _CONSONANTS else consonant_key(whole)
    return HandleTrait(
        literal=there.get(_LITERAL, base + digits),
        word=Word(base, tokens, sounds),
        digits=digits,
        alternates=tuple(fields),
        automatic=bool(head & _AUTOMATIC),
    )


def _number_bits(kind: str, ours: str, theirs: str) -> float:
    """Bits of the number in common; with equal bases also of its start, where one was cut or counted up.

    Strangers share no more than a start by chance: the rest must be shorter.
    """
    if ours == theirs:
        return digit_bits(theirs)
    length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False)))
    if kind != "same" or length < NUMBER_START_MIN or 2 * length <= max(len(ours), len(theirs)):
        return 0.0
    return min(map(digit_bits, (ours[:length], ours, theirs)))


def _undone(part: str, ours: HandleTrait, theirs: HandleTrait) -> tuple[Word, ...]:
    """The words of a handle that is ``part`` once a disguise is undone, as each side has them."""
    if ours.word.base == theirs.word.base == part:
        return ours.words + theirs.words
    return (Word(part, (), ""),)


def rate_of_handle(trait: HandleTrait, context: ComparisonContext) -> tuple[float, int, float]:
    """The rate of having exactly this handle, how many were counted with it, and the rate before counting."""
    shipped = rate_of_bits(_same_bits(trait))
    return (*context.among_namesakes(KeyKind.HANDLE_FULL, trait.literal.encode(), shipped), shipped)


def _same_bits(trait: HandleTrait) -> float:
    """Bits of having exactly this handle."""
    return min(min(map(exact_bits, trait.words)) + digit_bits(trait.digits), LONG_BITS_MAX)


def _called(handle: str, platform: str = "telegram") -> Account:
    return Account(platform=platform, account_id="1", handle=handle)


HANDLE: Final = HandleSignal()
