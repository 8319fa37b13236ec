"""An account that calls itself somebody's admirer: `northernsinger_fans`, `Northern Singer daily`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.normalize.text.everyday import words_of
from samehand.normalize.text.fold import fold_name
from samehand.signals.base import Example, PairSignalBase, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.cross_field import CrossedNames, shown_names

# Words that admirers, parodies and collectors of somebody's words add to the name, folded as handles are.
# Words that name a side rather than a liking (`supporters`, `brigade`) are left out on purpose.
_ADMIRING: Final = frozenset(
    fold.base
    for word in words_of("fan", "admirer")
    if (fold := fold_name(word)) is not None and len(fold.base) > 1
)
# From so many letters on, a word counts at the end of a handle without a separator; `fan` may end any name.
_ATTACHED_MIN: Final = 4
_ENDS: Final = frozenset(word[-_ATTACHED_MIN:] for word in _ADMIRING)


class AdmirerSignal(PairSignalBase):
    """The new account says of itself that it is somebody else, who admires."""

    name = "admirer"
    sentences: Mapping[str, str] = {
        "says-so": "The account calls itself an admirer's, as many harmless ones do."
    }

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        """The level `says-so` if our handle or name has such a word and theirs have none; else ``None``."""
        said = _admiring(shown_names(ours))
        if not said or _admiring(shown_names(theirs)):
            return None
        because = f"The account calls itself an admirer's (“{min(said)}”), as many harmless ones do."
        return Comparison("says-so", because=because)

    @property
    def examples(self) -> tuple[Example, ...]:
        """A fan account, a fan account of a banned fan account, and an account that is none."""
        return (
            Example(_called("umar_media_fans"), _called("umar_media"), "says-so"),
            Example(_called("umarmediaquotes"), _called("umar_media"), "says-so"),
            Example(_called("umar_media_fans2"), _called("umar_media_fans"), None),
            Example(_called("umar_media_2"), _called("umar_media"), None),
        )


def _admiring(names: CrossedNames) -> frozenset[str]:
    handle, name = names
    # A quick test, since every pair asks and hardly any account is one.
    if (name is None or _ADMIRING.isdisjoint(name.words)) and (
        handle is None
        or (_ADMIRING.isdisjoint(handle.word.tokens) and handle.word.base[-_ATTACHED_MIN:] not in _ENDS)
    ):
        return frozenset()
    words = frozenset(names.name.words if names.name else ())
    if names.handle:
        words |= frozenset(names.handle.word.tokens)
        base = names.handle.word.base
        words |= frozenset(
            word
            for word in _ADMIRING
            if len(word) >= _ATTACHED_MIN and len(word) < len(base) and base.endswith(word)
        )
    return words & _ADMIRING


def _called(handle: str) -> Account:
    return Account(platform="telegram", account_id="1", handle=handle)


FAN_ACCOUNT: Final = AdmirerSignal()
