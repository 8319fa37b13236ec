"""The self-description names a listed organisation: the second reason beside a name that is like its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from samehand.account import Account
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.watchlist.name_words import WORD_BYTES, any_in, contains, naming_words, telling_words
from samehand.watchlist.platforms import ORGANISATIONS, is_list

# The first byte of the stored form.
_LISTED: Final = 1
_NAMED: Final = 2


@dataclass(frozen=True, slots=True)
class MentionTrait:
    """Hashed words in their order: those of an alias (``listed``), or those of an account's bio.

    ``named``: whether the account's own handle or display name contains one of the words. True for every
    listed organisation, and for an account that bears part of an organisation's name and mentions it.
    """

    words: tuple[bytes, ...]
    listed: bool
    named: bool


class MentionSignal(SignalBase[MentionTrait]):
    """The bio of one contains the name of the other, which is an organisation on an official list.

    It has no blocking key: who only writes about an organisation is never looked at.
    """

    name = "mention"
    code = 15
    sentences: Mapping[str, str] = {"names-it": "The self-description names the listed organisation as well."}

    def distil(self, account: Account, keyer: Keyer) -> MentionTrait | None:
        """The words of a listed organisation's name, or of an account's bio.

        ``None`` without words, and for listed persons: a bio that repeats its owner's name is no second
        reason.
        """
        listed = account.platform == ORGANISATIONS
        if is_list(account.platform) and not listed:
            return None
        text = account.display_name if listed else account.bio
        words = telling_words(text) if text else []
        if not words:
            return None
        named = listed or any_in(words, f"{account.handle or ''} {account.display_name or ''}")
        return MentionTrait(naming_words(words), listed, named)

    def pack(self, trait: MentionTrait) -> bytes:
        """A byte of flags (``listed``, ``named``), then the words."""
        return bytes((_LISTED * trait.listed | _NAMED * trait.named,)) + b"".join(trait.words)

    def unpack(self, payload: bytes) -> MentionTrait:
        if payload[0] > (_LISTED | _NAMED) or len(payload) % WORD_BYTES != 1:
            raise ValueError("a mention section has unknown flags, or ends within a word")
        words = [payload[at : at + WORD_BYTES] for at in range(1, len(payload), WORD_BYTES)]
        return MentionTrait(tuple(words), bool(payload[0] & _LISTED), bool(payload[0] & _NAMED))

    def compare(
        self, ours: MentionTrait, theirs: MentionTrait, context: ComparisonContext
    ) -> Comparison | None:
        """The level `names-it` if our bio contains the listed organisation's name, else ``None``."""
        if ours.listed or not theirs.listed or not contains(ours.words, theirs.words):
            return None
        return Comparison("names-it")

    def most(self, trait: MentionTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of `names-it`, for candidates that share a key of a name.

        A listed organisation is found by its name alone: an account that resembles it and mentions it has a
        word of its name in its own names.
        """
        says = table.as_shipped["names-it"] if trait.named and trait.listed == banned else 0.0
        return Most(unkeyed=says, beside="name")

    def show(self, trait: MentionTrait, quoted: Quoted) -> str:
        """The organisation's name as listed; for an account the number of words, kept as hashes only."""
        if trait.listed and quoted.display_name:
            return quoted.display_name
        return f"{len(trait.words)} words"

    @property
    def examples(self) -> tuple[Example, ...]:
        """A bio that names the organisation in another spelling, and bios that do not."""
        listed = Account(
            platform=ORGANISATIONS, account_id="XX:1:1", display_name="Tehrik-e Northern Valley Front"
        )
        return (
            Example(_says("Voice of the Tehreek e Northern Valley Front!", "Tehreek"), listed, "names-it"),
            Example(_says("Hiking in a northern valley, front row seats"), listed, None),
            Example(_says("hi"), listed, None),
        )


def _says(bio: str, display_name: str | None = None) -> Account:
    return Account(platform="x", account_id="1", bio=bio, display_name=display_name)


MENTION: Final = MentionSignal()
