"""Writing that hides: invisible characters, reversed direction, letters of two scripts in one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.normalize.text.fold import fold_handle, fold_name
from samehand.normalize.text.fold_flags import FLAGS, FoldFlags
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

_WORDS: Final = {
    FoldFlags.INVISIBLE: "invisible characters",
    FoldFlags.BIDI: "marks that reverse the direction of writing",
    FoldFlags.MIXED_SCRIPT: "letters of two scripts within a word",
}


class DisguiseSignal(SignalBase[FoldFlags]):
    """The new account's name is written to hide from a search."""

    name = "disguise"
    code = 14
    sentences: Mapping[str, str] = {"hiding": "The name is written to hide from a search."}

    def distil(self, account: Account, keyer: Keyer) -> FoldFlags | None:
        """The flags of the folds of handle and display name; ``None`` without either."""
        handle = fold_handle(account.handle, account.platform) if account.handle else None
        name = fold_name(account.display_name) if account.display_name else None
        if handle is None and name is None:
            return None
        return (handle.flags if handle else FoldFlags.NONE) | (name.flags if name else FoldFlags.NONE)

    def pack(self, trait: FoldFlags) -> bytes:
        """One byte; none without flags, as for nearly every account."""
        return bytes((int(trait),)) if trait else b""

    def unpack(self, payload: bytes) -> FoldFlags:
        return FLAGS[payload[0] % len(FLAGS)] if payload else FoldFlags.NONE

    def compare(self, ours: FoldFlags, theirs: FoldFlags, context: ComparisonContext) -> Comparison | None:
        """The level `hiding` by the new account's flags alone: how the banned account wrote is no reason."""
        if not ours:
            return None
        return Comparison("hiding", because=f"The name is written with {self._words(ours)}.")

    def most(self, trait: FoldFlags, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of `hiding`: for a new account by its own flags; a banned one may meet any account."""
        return Most(unkeyed=table.as_shipped["hiding"] if trait or banned else 0.0)

    def show(self, trait: FoldFlags, quoted: Quoted) -> str:
        return self._words(trait) or "plainly written"

    def _words(self, flags: FoldFlags) -> str:
        return " and ".join(words for flag, words in _WORDS.items() if flags & flag)

    @property
    def examples(self) -> tuple[Example, ...]:
        """Names that hide, a plain one, and one that mixes scripts between words, as many names do."""
        plain = _called("umar media")
        return (
            Example(_called("um\u200bar media"), plain, "hiding"),
            Example(_called("um\u0430r media"), plain, "hiding"),
            Example(plain, plain, None),
            Example(_called("Umar عمر"), plain, None),
        )


def _called(display_name: str) -> Account:
    return Account(platform="x", account_id="1", display_name=display_name)


OBFUSCATION: Final = DisguiseSignal()
