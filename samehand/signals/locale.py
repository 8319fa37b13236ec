"""The language and region that the account chose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

_LOCALE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?\b")
_OTHER_LANGUAGE: Final = Comparison("other-language")


class LocaleSignal(SignalBase[str]):
    """Both accounts use the same language and region."""

    name = "locale"
    code = 9
    sentences: Mapping[str, str] = {
        "same": "Both accounts use the same language and region.",
        "other-language": "The accounts use different languages.",
    }

    def distil(self, account: Account, keyer: Keyer) -> str | None:
        """``ur-PK`` from any usual spelling (BCP 47 or POSIX), or ``None``."""
        match = _LOCALE.match(account.locale.strip()) if account.locale else None
        if match is None:
            return None
        language, region = match[1].lower(), (match[2] or "").upper()
        return f"{language}-{region}" if region else language

    def pack(self, trait: str) -> bytes:
        return trait.encode()

    def unpack(self, payload: bytes) -> str:
        return payload.decode("ascii")

    def compare(self, ours: str, theirs: str, context: ComparisonContext) -> Comparison | None:
        """The level, which weighs the same for every language.

        A weight by the language's rarity would make all speakers of a rare language look alike.
        """
        if ours == theirs:
            return Comparison("same")
        if ours.partition("-")[0] == theirs.partition("-")[0]:
            return None
        return _OTHER_LANGUAGE

    def most(self, trait: str, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of the same language and region, for any candidate."""
        return Most(unkeyed=table.as_shipped["same"])

    def show(self, trait: str, quoted: Quoted) -> str:
        """The locale as it is."""
        return trait

    @property
    def examples(self) -> tuple[Example, ...]:
        """Two spellings of one locale, two regions of one language, two languages."""
        return (
            Example(_speaks("ur_PK.UTF-8"), _speaks("ur-PK"), "same"),
            Example(_speaks("en-GB"), _speaks("en-US"), None),
            Example(_speaks("en-GB"), _speaks("ps-AF"), "other-language"),
        )


def _speaks(locale: str) -> Account:
    return Account(platform="x", account_id="1", locale=locale)


LOCALE: Final = LocaleSignal()
