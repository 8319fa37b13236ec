"""Writing that hides: invisible characters, reversed direction, letters of two scripts in one word."""

from __future__ import annotations

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

    def distil(self, account: Account, keyer: Keyer) -> FoldFlags | None:
        """What the fold of handle and display name had to see through; ``None`` without either."""
        handle = fold_handle(account.handle, account.platform) if account.handle else None
        name = fold_name(account.display_name) if account.display_name else None
        if handle is None and name is None:
            return None
        return (handle.flags if handle else FoldFlags.NONE) | (name.flags if name else FoldFlags.NONE)

    def pack(self, trait: FoldFlags) -> bytes:
        """One byte; nothing where nothing hides, as with nearly everybody."""
        return bytes((int(trait),)) if trait else b""

    def unpack(self, payload: bytes) -> FoldFlags:
        """Reads :meth:`pack`'s form."""
        return FLAGS[payload[0] % len(FLAGS)] if payload else FoldFlags.NONE

    def compare(self, ours: FoldFlags, theirs: FoldFlags, sight: ComparisonContext) -> Comparison | None:
        """Only the new account's writing counts: there is no reason in how the banned one wrote."""
        if not ours:
            return None
        return Comparison("hiding", f"The name is written with {self._words(ours)}.")

    def most(self, trait: FoldFlags, sight: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """Of a new account what its own writing says; of a banned one, whoever it meets may hide."""
        return Most(unkeyed=table.as_shipped["hiding"] if trait or banned else 0.0)

    def show(self, trait: FoldFlags, quoted: Quoted) -> str:
        """In words."""
        return self._words(trait) or "plainly written"

    def _words(self, flags: FoldFlags) -> str:
        return " and ".join(words for flag, words in _WORDS.items() if flags & flag)

    @property
    def examples(self) -> tuple[Example, ...]:
        """A hidden one, a plain one, and a name that mixes scripts between words, as many do."""
        plain = _called("umar media")
        return (
            Example(_called("um\u200bar media"), plain, "hiding"),
            Example(_called("um\u0430r media"), plain, "hiding"),
            Example(plain, plain, None),
            Example(_called("Umar عمر"), plain, None),
        )


def _called(display_name: str) -> Account:
    return Account(platform="x", account_id="1", display_name=display_name)


DISGUISE: Final = DisguiseSignal()
